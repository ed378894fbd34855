#!/usr/bin/env bash
# Takes a host that is gone for good out of the cluster, from a control plane that lives: its etcd member, its node.
# shellcheck source=scripts/lib/base.sh
. lib/base.sh
# shellcheck source=scripts/lib/cluster.sh
. lib/cluster.sh
# shellcheck source=scripts/lib/etcd-pods.sh
. lib/etcd-pods.sh
: "${ETCD:?}" "${LOST_NAME:?}" "${LOST_ADDRESS:?}"

export KUBECONFIG=$WORK/admin.conf

# In $WORK/readiness: what the API knows of the node. One that does not answer says nothing, and proves nothing lost.
read_readiness() {
  kube get node "$LOST_NAME" --ignore-not-found -o 'jsonpath={.status.conditions[?(@.type=="Ready")].status}' >"$WORK/readiness"
}

wait_for 60 "the cluster's answer" "Bring a majority of its control planes back" read_readiness
if [ "$(cat "$WORK/readiness")" = True ]; then
  fail "$LOST_NAME is not lost: its node is Ready" "Remove its line instead, so that it is drained first"
fi
if [ "$ETCD" = stacked ]; then
  remove_lost_member "$LOST_NAME" "$LOST_ADDRESS"
fi
remove_node "$LOST_NAME"
