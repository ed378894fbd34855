#!/usr/bin/env bash
# Takes this host's member out of etcd, asked of the others, and etcd off the host. The last member ends etcd.
# shellcheck source=scripts/lib/base.sh
. lib/base.sh
# shellcheck source=scripts/lib/etcd-member.sh
. lib/etcd-member.sh

# Said of every attempt, since others may be leaving at the same time, as when all is destroyed.
has_left() {
  local id members healthy
  list_members || return 1
  members=$(wc -l <"$WORK/members")
  id=$(etcd_member_id "$NODE_NAME" "$NODE_ADDRESS")
  if [ -z "$id" ] || [ "$members" -eq 1 ]; then
    return 0
  fi
  if grep ', true$' "$WORK/members" | grep -qv "^$id,"; then
    printf 'etcd has a learner: another member is just joining\n'
    return 1
  fi
  healthy=$(etcd_healthy "https://$NODE_ADDRESS:2379")
  if ! etcd_allows "$((members - 1))" "$healthy"; then
    printf 'of the %s etcd members that would be left only %s are healthy\n' "$((members - 1))" "$healthy"
    return 1
  fi
  ETCD_NOT_ON=$NODE_NAME member_removed "$id"
}

if has_data && cmp -s "$OURS" pki/ca.crt; then
  know_programs
  wait_for 60 "this member's leave of the others" \
    "A majority has to be left and agree: bring the others back first; if this host is lost, say \`lost: true\`" has_left
  # Nobody else's data is touched: what is not ours was refused when the member was to begin.
  do_step "stopping etcd" systemctl disable --now etcd
  discard_data
  rmdir "$ETCD_DATA" 2>>"$LOG" || printf '%s stays: it is a disk of its own, or in use\n' "$ETCD_DATA" >>"$LOG"
fi
if [ -e "$UNIT" ] && grep -q kubeadm-ha "$UNIT"; then
  do_step "stopping etcd" systemctl disable --now etcd
  rm -rf /etc/etcd "$PROGRAMS"/{etcd,etcdctl,etcdutl}
  rm "$UNIT"
  do_step "forgetting the unit" systemctl daemon-reload
fi
if [ -e "$STATE/etcd-user" ]; then
  do_step "removing the user etcd" userdel etcd
fi
rm -rf "$STATE/etcd-user" "$STATE/etcd-begun" "$OURS"
