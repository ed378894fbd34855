#!/usr/bin/env bash
# Makes this host a worker, or finds that it is one. Joins with the node's own identity: no token.
# shellcheck source=scripts/lib/base.sh
. lib/base.sh
# shellcheck source=scripts/lib/cluster.sh
. lib/cluster.sh
# shellcheck source=scripts/lib/clean.sh
. lib/clean.sh
: "${ENDPOINT:?}"

export KUBECONFIG=$WORK/discovery.conf

if [ ! -s /etc/kubernetes/kubelet.conf ] || [ -e "$STATE/joining" ]; then
  wait_for 120 "the answer of a cluster at $ENDPOINT" "See that this host reaches the endpoint" api_answers
  if [ -e /etc/kubernetes ] || [ -e "$STATE/joining" ]; then
    clean_node
  fi
  : >"$STATE/joining"
  do_step "kubeadm join" kubeadm join --config kubeadm.yaml
  rm "$STATE/joining"
fi
export KUBECONFIG=/etc/kubernetes/kubelet.conf
wait_for 240 "the node's readiness" "See \`journalctl -u kubelet\` on the host" node_ready
