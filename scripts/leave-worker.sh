#!/usr/bin/env bash
# Takes this worker out: its pods, its node, then everything on the host. A node may do all of that for itself.
# shellcheck source=scripts/lib/base.sh
. lib/base.sh
# shellcheck source=scripts/lib/cluster.sh
. lib/cluster.sh
# shellcheck source=scripts/lib/drain.sh
. lib/drain.sh
# shellcheck source=scripts/lib/clean.sh
. lib/clean.sh

if [ -s /etc/kubernetes/kubelet.conf ] && [ ! -e "$STATE/joining" ]; then
  export KUBECONFIG=/etc/kubernetes/kubelet.conf
  wait_for 60 "the cluster's answer" "A worker leaves a cluster that answers; if this host is lost, say \`lost: true\`" api_answers
  if ! node_gone; then # an API that does not answer is no proof: leaving asks again
    drain
    do_step "stopping the kubelet" systemctl stop kubelet
    remove_node "$NODE_NAME"
  fi
fi
clean_node
