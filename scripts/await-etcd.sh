#!/usr/bin/env bash
# Waits till every member of etcd is healthy: those of a new etcd have been started, and wait for each other.
# shellcheck source=scripts/lib/base.sh
. lib/base.sh
# shellcheck source=scripts/lib/etcd-member.sh
. lib/etcd-member.sh

all_healthy() {
  local member status=0
  for member in $MEMBERS; do
    member_at "https://${member#*=}:2379" endpoint health || status=1
  done
  return "$status"
}

know_programs
wait_for 180 "health of every etcd member ($MEMBERS)" \
  "See \`journalctl -u etcd\` on each of them; they must reach each other's ports 2379 and 2380" all_healthy
