#!/usr/bin/env bash
# Takes a snapshot of this host's etcd member, looks whether it is whole, and removes the oldest ones beyond those that are
# kept. A timer runs it on the host, without anybody's `up`; anybody may: systemctl start kubeadm-ha-snapshot. What became
# of it is noted in etcd, where scripts/verify reads it. With the argument `forget` that note is taken back.
set -euo pipefail
: "${NODE_NAME:?}" "${ETCD:?}" "${SNAPSHOTS:?}"

PROGRAM=$(cd "$(dirname "$0")" && pwd)
readonly PROGRAM NOTE=/kubeadm-ha/snapshots/$NODE_NAME
# How long a member that does not answer is waited for, in seconds: it may just be restarting.
readonly PATIENCE=${PATIENCE:-300}
if [ "$ETCD" = stacked ]; then
  readonly TOOLS=$PROGRAM PKI=/etc/kubernetes/pki/etcd CERTIFICATE=healthcheck-client
else
  readonly TOOLS=/usr/local/bin PKI=/etc/etcd/pki CERTIFICATE=member
fi

# fail PROBLEM REMEDY
fail() {
  note "$1"
  printf 'error: %s: the snapshot of etcd: %s. %s.\n' "$NODE_NAME" "$1" "$2" >&2
  exit 1
}

# note PROBLEM: what there is, and what was in the way; nothing of it is a reason to fail. It is a copy of what the journal
# has, for those who do not log in here.
note() {
  local newest
  newest=$(snapshots 2>/dev/null | sed -n 1p) || newest=
  newest=${newest#"$NODE_NAME-"}
  ask 10 put "$NOTE" "$(printf '{"taken": "%s", "problem": "%s"}' "${newest%.db}" "$1")" >/dev/null ||
    printf 'etcd did not take a note of it\n' >&2
}

# ask SECONDS COMMAND…: etcdctl, asked at this host's own member.
ask() {
  local seconds=$1
  shift
  timeout --kill-after=5 "$seconds" "$TOOLS/etcdctl" --endpoints=https://127.0.0.1:2379 --cacert="$PKI/ca.crt" \
    --cert="$PKI/$CERTIFICATE.crt" --key="$PKI/$CERTIFICATE.key" "$@"
}

# Names of this host's, the newest first.
snapshots() {
  find "$SNAPSHOTS" -maxdepth 1 -type f -name "$NODE_NAME-[0-9]*T[0-9]*Z.db" -printf '%f\n' | sort -r
}

# A stacked member's tools are in its image, which nothing but the kubelet unpacks: they are taken from where it runs, and
# kept, since to restore a snapshot they are needed when it does not.
bring_tools() {
  local container process tool
  [ "$ETCD" = stacked ] || return 0
  container=$(crictl ps --quiet --state running --name '^etcd$') || return 1
  [ -n "$container" ] || return 1
  process=$(crictl inspect --output go-template --template '{{.info.pid}}' "${container%%$'\n'*}") || return 1
  for tool in etcdctl etcdutl; do
    cmp -s "/proc/$process/root/usr/local/bin/$tool" "$TOOLS/$tool" && continue
    install -m 700 "/proc/$process/root/usr/local/bin/$tool" "$TOOLS/.$tool.new" && mv "$TOOLS/.$tool.new" "$TOOLS/$tool" ||
      return 1
  done
}

member_answers() {
  bring_tools && ask 10 endpoint health
}

await_member() {
  local end=$((SECONDS + PATIENCE))
  until member_answers >"$WORK/said" 2>&1; do
    if [ "$SECONDS" -ge "$end" ]; then
      tail -n 5 "$WORK/said" >&2
      fail "this host's member does not answer" "See \`crictl ps -a\` on a control plane, \`journalctl -u etcd\` on an etcd host"
    fi
    sleep 2
  done
}

# etcd ends what it sends with the SHA-256 of it, which a damaged copy no longer fits.
is_whole() {
  local size
  size=$(stat -c %s "$FRESH")
  [ $((size % 512)) -eq 32 ] &&
    [ "$(head -c -32 "$FRESH" | sha256sum | cut -d ' ' -f 1)" = "$(tail -c 32 "$FRESH" | od -An -v -tx1 | tr -d ' \n')" ] &&
    "$TOOLS/etcdutl" snapshot status "$FRESH" --write-out=json
}

# The one just taken stays whatever the clock said when older ones got their names.
prune() {
  local old
  while read -r old; do
    rm -f "$SNAPSHOTS/$old"
  done < <(snapshots | awk -v taken="$NAME" -v keep="$KEEP" '$0 != taken && ++kept >= keep')
}

# By the interpreter of its first line, with the way out of the site where there is one.
run_then() {
  local words way=()
  read -ra words < <(sed -n '1s/^#! *//p' "$PROGRAM/then")
  [ -z "${PROXY_HTTP:-}" ] || way+=("http_proxy=$PROXY_HTTP" "HTTP_PROXY=$PROXY_HTTP")
  [ -z "${PROXY_HTTPS:-}" ] || way+=("https_proxy=$PROXY_HTTPS" "HTTPS_PROXY=$PROXY_HTTPS")
  [ ${#way[@]} -eq 0 ] || way+=("no_proxy=${PROXY_EXCEPT:-}" "NO_PROXY=${PROXY_EXCEPT:-}")
  (cd / && env "${way[@]}" timeout --kill-after=10 "$THEN_SECONDS" "${words[@]:-/bin/sh}" "$PROGRAM/then" "$SNAPSHOTS/$NAME")
}

if [ "${1:-}" = forget ]; then
  ask 10 del "$NOTE" >/dev/null
  exit
fi

: "${KEEP:?}" "${THEN_SECONDS:?}"
umask 077
WORK=$(mktemp -d)
NAME=$NODE_NAME-$(date -u +%Y%m%dT%H%M%SZ).db
readonly WORK NAME FRESH=$SNAPSHOTS/.$NODE_NAME.new
trap 'rm -rf "$WORK" "$FRESH" "$FRESH.part"' EXIT

[ -d "$SNAPSHOTS" ] || fail "$SNAPSHOTS is not there" "Mount it, or run \`pulumi up\` again"
rm -f "$FRESH" "$FRESH.part" # of a run that was ended
await_member
ask 800 snapshot save "$FRESH" >"$WORK/said" 2>&1 || {
  tail -n 5 "$WORK/said" >&2
  fail "it could not be taken" "See the lines above, and that $SNAPSHOTS has room: \`df -h $SNAPSHOTS\`"
}
is_whole || fail "what was taken is damaged" "See that the disk of $SNAPSHOTS is well (\`dmesg\`); those before it are kept"
chmod 600 "$FRESH"
sync "$FRESH"
mv "$FRESH" "$SNAPSHOTS/$NAME"
sync "$SNAPSHOTS"
prune
if [ -e "$PROGRAM/then" ]; then
  run_then || fail "it was taken, and \`then\` failed with status $?" "See what it said above"
fi
note ''
printf '%s/%s\n' "$SNAPSHOTS" "$NAME"
