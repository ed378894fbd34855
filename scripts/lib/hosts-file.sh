# Lines of ours in /etc/hosts, each with a mark at its end: unpreparing a host takes them out again.
# shellcheck shell=bash

# The API's name, where the host's DNS does not have it at that address. A line that is there stays: a name server on the
# host itself may answer from /etc/hosts, as if DNS had the name.
name_endpoint() {
  local line
  [ -n "${ENDPOINT_NAME:-}" ] || return 0
  line="${ENDPOINT_ADDRESS:?} $ENDPOINT_NAME # kubeadm-ha"
  if ! grep -qxF "$line" /etc/hosts && getent -s dns ahostsv4 "$ENDPOINT_NAME" |
    awk -v wanted="$ENDPOINT_ADDRESS" '$1 == wanted { found = 1 } END { exit !found }'; then
    return
  fi
  printf '%s\n' "$line" >>"$WORK/hosts"
}

# A host name that does not resolve costs ten seconds for every static pod: the kubelet waits for DNS.
name_host() {
  sed '/# kubeadm-ha$/d' /etc/hosts >"$WORK/hosts"
  printf '%s %s # kubeadm-ha\n' "$NODE_ADDRESS" "$NODE_NAME" >>"$WORK/hosts"
  if [ "$(hostname)" != "$NODE_NAME" ] && ! getent hosts "$(hostname)" >/dev/null; then
    printf '%s %s # kubeadm-ha\n' "$NODE_ADDRESS" "$(hostname)" >>"$WORK/hosts"
  fi
  name_endpoint
  # Written in place: in some containers /etc/hosts is a mount, which cannot be renamed over.
  cmp -s "$WORK/hosts" /etc/hosts || cat "$WORK/hosts" >/etc/hosts
}
