#!/usr/bin/env bash
# Applies what of the provider's own runs in the cluster, and waits until it has found this node's machine: till then no
# node takes pods. Runs on whichever control plane is the first one now.
# shellcheck source=scripts/lib/base.sh
. lib/base.sh
# shellcheck source=scripts/lib/cluster.sh
. lib/cluster.sh
# shellcheck source=scripts/lib/apply.sh
. lib/apply.sh

export KUBECONFIG=$WORK/admin.conf

# The kubelet sets this taint when it registers its node, and the cloud controller manager alone takes it away.
machine_found() {
  local taints
  taints=$(kube get node "$NODE_NAME" -o 'jsonpath={.spec.taints[*].key}') || return 1
  case " $taints " in
    *' node.cloudprovider.kubernetes.io/uninitialized '*)
      printf 'node %s is still to be found by the cloud controller manager\n' "$NODE_NAME"
      kube -n kube-system get pods -l app=aws-cloud-controller-manager -o wide
      return 1
      ;;
  esac
}

wait_for 120 "the cluster's answer" "Bring its control planes back" api_answers
apply_set cloud
wait_for 240 "finding the machine of this node" \
  "See \`kubectl -n kube-system logs -l app=aws-cloud-controller-manager\`: it needs its image, AWS's API and the role's rights" \
  machine_found
