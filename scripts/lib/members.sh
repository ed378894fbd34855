# etcd's membership, and what may be done to it. Whoever sources this has an `etcdctl` that asks a member which answers.
# shellcheck shell=bash

# Lines `id, status, name, peers, clients, is learner`.
etcd_members() {
  etcdctl member list
}

# The members, in $WORK/members. Just after a start nobody may answer yet.
know_members() {
  wait_for 60 "the list of etcd members" \
    "Without a majority of them nothing about membership is safe: bring them back" list_members
}

list_members() {
  etcd_members >"$WORK/members"
}

# etcd_member_id NAME ADDRESS, in $WORK/members: nothing when there is no such member. A member that was added and never started has no name
# yet, so its peer address counts too.
etcd_member_id() {
  awk -F ', ' -v name="$1" -v peer="https://$2:2380" \
    '$3 == name || $4 == peer { print $1 }' "$WORK/members"
}

# etcd_allows WANTED_MEMBERS HEALTHY_LEFT: the majority rule on the members there will be.
etcd_allows() {
  [ "$2" -ge $(($1 / 2 + 1)) ]
}

# etcd_healthy EXCEPT: how many members answer, one client address aside (or none, when it is empty). `endpoint health` exits with 1 when one of
# them does not, which is no error here.
etcd_healthy() {
  local report
  report=$(etcdctl endpoint health --cluster 2>&1 || [ $? -eq 1 ])
  # A sick member makes etcdctl ask the next one too: each address counts once.
  printf '%s\n' "$report" | awk '/ is healthy/ { print $1 }' | sort -u | grep -cvxF "${1:-no address}" || [ $? -eq 1 ]
}

# remove_member ID: takes a member out, whoever is asked. etcd refuses every change for some seconds after another member
# has come back, and calls itself unhealthy ("strict reconfiguration check"), so it is asked again.
remove_member() {
  wait_for 60 "the removal of the etcd member $1" "See that all other members are well, then run \`pulumi up\` again" \
    member_removed "$1"
}

# The list decides: a removal that was answered too late has happened all the same.
member_removed() {
  local listed
  etcdctl member remove "$1"
  listed=$(etcd_members) && ! grep -q "^$1," <<<"$listed"
}

# remove_lost_member NAME ADDRESS: takes the member of a host that is gone for good out, when the majority bears it.
remove_lost_member() {
  local id members healthy
  know_members
  id=$(etcd_member_id "$1" "$2")
  [ -n "$id" ] || return 0
  members=$(wc -l <"$WORK/members")
  healthy=$(etcd_healthy "https://$2:2379")
  etcd_allows "$((members - 1))" "$healthy" || fail "of the $((members - 1)) etcd members that would be left only $healthy are healthy" \
    "Bring the others back first: this removal would cost the majority"
  remove_member "$id"
}
