# An endpoint that is a name, and on every node means another address: on a control plane its own, on a worker loopback,
# where HAProxy answers; on a node that has neither yet, a control plane that lives. Only clusters with such an endpoint
# say CONTROL_PLANES, the addresses of those there are.
# shellcheck shell=bash
# shellcheck source=scripts/lib/hosts-file.sh
. lib/hosts-file.sh
: "${ENDPOINT:?}"

readonly LINE='# kubeadm-ha-endpoint'

has_local_endpoint() {
  [ -n "${CONTROL_PLANES:-}" ]
}

# mean_by_endpoint ADDRESS: what the name means on this host from now on.
mean_by_endpoint() {
  sed "/$LINE\$/d" /etc/hosts >"$WORK/hosts"
  printf '%s %s %s\n' "$1" "${ENDPOINT%:*}" "$LINE" >>"$WORK/hosts"
  write_hosts
}

# ready_at ADDRESS: whether an API server of this cluster is ready there.
ready_at() {
  curl -sS --fail --connect-timeout 2 --max-time 5 --cacert "$WORK/endpoint-ca.crt" \
    --resolve "$ENDPOINT:$1" "https://$ENDPOINT/readyz"
}

first_ready() {
  local address
  for address; do
    if ready_at "$address"; then
      printf '%s\n' "$address" >"$WORK/ready"
      return
    fi
  done
  return 1
}

know_authority() {
  authority_of "$1" | base64 -d >"$WORK/endpoint-ca.crt"
}

# seek_endpoint KUBECONFIG ADDRESS…: the name means the first of the addresses that answers, whichever are lost.
# The kubeconfig says whom to trust.
seek_endpoint() {
  has_local_endpoint || return 0
  know_authority "$1"
  shift
  wait_for 120 "the answer of a control plane at one of $*" "Bring a majority of the control planes back" first_ready "$@"
  mean_by_endpoint "$(cat "$WORK/ready")"
}

# other_control_planes: their addresses, this host's left out.
other_control_planes() {
  local address
  for address in ${CONTROL_PLANES:-}; do
    [ "$address" = "$NODE_ADDRESS" ] || printf '%s ' "$address"
  done
}

# kube-proxy has /etc/hosts as it was when its container started.
kube_proxy_follows() {
  local container pod stale=0
  for container in $(crictl ps --quiet --state running --name '^kube-proxy$'); do
    pod=$(crictl inspect --output go-template --template '{{ index .status.labels "io.kubernetes.pod.uid" }}' "$container") || return 1
    if ! grep -qF "$(grep "$LINE\$" /etc/hosts)" "/var/lib/kubelet/pods/$pod/etc-hosts"; then
      stale=1
      crictl stop "$container"
    fi
  done
  return "$stale"
}

# settle_endpoint ADDRESS: what the name means for good, once that address answers.
settle_endpoint() {
  has_local_endpoint || return 0
  wait_for 120 "the answer of the API at $1 on this host" "See \`crictl ps -a\` on the host" ready_at "$1"
  if ! grep -q "^$1 .*$LINE\$" /etc/hosts; then
    mean_by_endpoint "$1"
    # It would stay with the control plane that it has found, also when that one hangs.
    do_step "restarting the kubelet, for its new way to the API" systemctl restart kubelet
  fi
  wait_for 60 "kube-proxy with the new address of the API" "See \`crictl ps -a\` on the host" kube_proxy_follows
}

# apply_api_proxy: what has changed of its settings, without an end to the connections that are open.
apply_api_proxy() {
  local changed=no container pid
  [ -e api-proxy/haproxy.cfg ] || return 0
  # HAProxy is nobody special there, and has to read it.
  install -d -m 755 /etc/kubernetes/api-proxy
  # kubeadm's copy of the authority, written by this step's strict mode, is for root alone.
  put endpoint-ca.crt /etc/kubernetes/api-proxy/ca.crt 644 && changed=yes
  put api-proxy/haproxy.cfg /etc/kubernetes/api-proxy/haproxy.cfg 644 && changed=yes
  [ "$changed" = yes ] || return 0
  for container in $(crictl ps --quiet --state running --name '^api-proxy$'); do
    pid=$(crictl inspect --output go-template --template '{{ .info.pid }}' "$container")
    do_step "loading haproxy.cfg" kill -USR2 "$pid"
  done
}
