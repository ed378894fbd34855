#!/usr/bin/env bash
# Takes the etcd member of a host that is gone for good out, from a member that lives.
# shellcheck source=scripts/lib/base.sh
. lib/base.sh
# shellcheck source=scripts/lib/etcd-member.sh
. lib/etcd-member.sh
: "${LOST_NAME:?}" "${LOST_ADDRESS:?}"

know_programs
if member_at "https://$LOST_ADDRESS:2379" endpoint health >>"$LOG" 2>&1; then
  fail "$LOST_NAME is not lost: its etcd member answers" "Remove its line instead, so that it leaves by itself"
fi
remove_lost_member "$LOST_NAME" "$LOST_ADDRESS"
