#!/usr/bin/env bash
# Makes this host a worker, or finds that it is one. Joins with the node's own identity: no token.
# shellcheck source=scripts/lib/base.sh
. lib/base.sh
# shellcheck source=scripts/lib/cluster.sh
. lib/cluster.sh
# shellcheck source=scripts/lib/clean.sh
. lib/clean.sh
: "${ENDPOINT:?}"

readonly KUBELET=/etc/kubernetes/kubelet.conf

wait_for_runtime
refuse_other_cluster discovery.conf
if [ -e "$STATE/joining" ] && [ -s "$KUBELET" ] && KUBECONFIG=$KUBELET node_ready "$NODE_NAME" >/dev/null 2>&1; then
  rm "$STATE/joining" # broke off after the join had come to its end
fi
if [ ! -s "$KUBELET" ] || [ -e "$STATE/joining" ]; then
  export KUBECONFIG=$WORK/discovery.conf
  wait_for 120 "the answer of a cluster at $ENDPOINT" "See that this host reaches the endpoint" api_answers
  if [ -e "$STATE/joining" ] || [ -e /etc/kubernetes/pki/ca.crt ]; then
    clean_node
  fi
  : >"$STATE/joining"
  do_step "kubeadm join" kubeadm join --config kubeadm.yaml
  rm "$STATE/joining"
fi
export KUBECONFIG=$KUBELET
wait_for 60 "the answer of a cluster at $ENDPOINT" "See that this host reaches the endpoint" api_answers
register_again_if_gone
wait_for 240 "the node's readiness" "See \`journalctl -u kubelet\` on the host" node_ready "$NODE_NAME"
