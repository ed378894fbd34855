#!/usr/bin/env bash
# Takes a host that is gone for good out of the cluster, from a control plane that lives: its etcd member, its node.
# shellcheck source=scripts/lib/base.sh
. lib/base.sh
# shellcheck source=scripts/lib/cluster.sh
. lib/cluster.sh
: "${LOST_NAME:?}" "${LOST_ADDRESS:?}"

export KUBECONFIG=$WORK/admin.conf

wait_for 60 "the cluster's answer" "Bring a majority of its control planes back" api_answers
if node_ready "$LOST_NAME" >/dev/null 2>&1; then
  fail "$LOST_NAME is not lost: its node is Ready" "Remove its line instead, so that it is drained first"
fi
know_members
id=$(etcd_member_id "$LOST_NAME" "$LOST_ADDRESS")
if [ -n "$id" ]; then
  members=$(wc -l <"$WORK/members")
  healthy=$(etcd_healthy "https://$LOST_ADDRESS:2379")
  etcd_allows "$((members - 1))" "$healthy" || fail "of the $((members - 1)) etcd members that would be left only $healthy are healthy" \
    "Bring the others back first: this removal would cost the majority"
  do_step "removing the etcd member $id of $LOST_NAME" etcdctl member remove "$id"
  if etcd_members | grep -q "^$id,"; then
    fail "the other members still list $id of $LOST_NAME" "Run \`pulumi up\` again"
  fi
fi
remove_node "$LOST_NAME"
