# Lines of ours in /etc/hosts, each with a mark at its end: unpreparing a host takes them out again.
# shellcheck shell=bash

# As cloud-init calls it on Debian and Ubuntu.
readonly HOSTS_TEMPLATE=/etc/cloud/templates/hosts.debian.tmpl

# write_hosts: makes $WORK/hosts the host's. Where cloud-init manages the file, as in Debian's images for clouds, it makes
# it anew with every start of the host, without our lines, unless they are in what it makes it from.
write_hosts() {
  # Written in place: in some containers /etc/hosts is a mount, which cannot be renamed over.
  cmp -s "$WORK/hosts" /etc/hosts || cat "$WORK/hosts" >/etc/hosts
  [ -e "$HOSTS_TEMPLATE" ] || return 0
  sed '/# kubeadm-ha\(-endpoint\)\?$/d' "$HOSTS_TEMPLATE" >"$WORK/hosts-template"
  grep -E '# kubeadm-ha(-endpoint)?$' "$WORK/hosts" >>"$WORK/hosts-template" || [ $? -eq 1 ]
  put "$WORK/hosts-template" "$HOSTS_TEMPLATE" 644 || :
}

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
  write_hosts
}
