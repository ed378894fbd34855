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

wait_for 60 "the cluster's answer" "Bring a majority of its control planes back" api_answers
if node_ready "$LOST_NAME" >/dev/null 2>&1; then
  fail "$LOST_NAME is not lost: its node is Ready" "Remove its line instead, so that it is drained first"
fi
if [ "$ETCD" = stacked ]; then
  remove_lost_member "$LOST_NAME" "$LOST_ADDRESS"
fi
remove_node "$LOST_NAME"
