# etcd on a host of its own: where its parts are, and asking its members.
# shellcheck shell=bash
# shellcheck source=scripts/lib/members.sh
. lib/members.sh
: "${ETCD_VERSION:?}" "${ETCD_DATA:?}" "${MEMBERS:?}"

# shellcheck disable=SC2034  # each of the scripts uses some of them
readonly UNIT=/etc/systemd/system/etcd.service CONFIG=/etc/etcd/etcd.yaml MEMBER_PKI=/etc/etcd/pki PROGRAMS=/usr/local/bin
# Where preparation leaves the programs: on a host that runs, it is the member's own turn that puts them to use.
readonly STAGED_ETCD=$STATE/etcd-$ETCD_VERSION
# Whose data is here: the authority of this stack's etcd.
# shellcheck disable=SC2034
readonly OURS=$STATE/etcd-authority

# member_at ENDPOINT COMMAND…: etcdctl, asked at one address. Who only wants to know whether somebody is there has less
# patience than the default.
member_at() {
  local endpoint=$1
  shift
  timeout 30 "$STAGED_ETCD/etcdctl" --endpoints="$endpoint" --dial-timeout=3s --command-timeout="${ETCD_PATIENCE:-5s}" \
    --cacert=pki/ca.crt --cert=pki/member.crt --key=pki/member.key "$@"
}

# etcdctl at any member that answers, the one that ETCD_NOT_ON names aside.
etcdctl() {
  local member
  for member in $MEMBERS; do
    [ "${member%%=*}" = "${ETCD_NOT_ON:-}" ] && continue
    if member_at "https://${member#*=}:2379" "$@"; then
      return
    fi
  done
  printf 'no etcd member could run etcdctl %s\n' "$*" >&2
  return 1
}

know_programs() {
  [ -x "$STAGED_ETCD/etcdctl" ] || fail "etcd $ETCD_VERSION is not there yet" \
    "Prepare the host first: run \`pulumi up\` without --target"
}

has_data() {
  [ -d "$ETCD_DATA/member" ]
}

# own_line: this host's member as the others list it, in $WORK/members.
own_line() {
  awk -F ', ' -v name="$NODE_NAME" -v peer="https://$NODE_ADDRESS:2380" '$3 == name || $4 == peer' "$WORK/members"
}

# Emptied, not removed: it may be a disk of its own.
discard_data() {
  [ -d "$ETCD_DATA" ] || return 0
  find "$ETCD_DATA" -mindepth 1 -delete
}
