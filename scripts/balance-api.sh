#!/usr/bin/env bash
# Makes this host one of the balancers: HAProxy before the API servers, keepalived for the virtual address.
# shellcheck source=scripts/lib/base.sh
. lib/base.sh
# shellcheck source=scripts/lib/host.sh
. lib/host.sh
# shellcheck source=scripts/lib/system.sh
. lib/system.sh
: "${VIRTUAL_ADDRESS:?}" "${PORT:?}"

install_balancer() {
  local program missing=()
  for program in haproxy keepalived curl; do
    command -v "$program" >/dev/null || missing+=("$program")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  read_package_lists
  add_packages balancer-packages "${missing[@]}"
}

# The interface that has this host's address carries the virtual one too.
write_interface() {
  local interface
  # Callers ask what this says, which switches `set -e` off in here.
  interface=$(own_interface) || exit 1
  # shellcheck disable=SC2016  # keepalived's variable, not the shell's
  printf '$INTERFACE=%s\n' "$interface" >"$WORK/interface"
  put interface /etc/keepalived/kubeadm-ha-interface.conf 644
}

write_check() {
  printf '#!/bin/sh\nexec curl -sf -o /dev/null --max-time 1 http://127.0.0.1:8404/healthz\n' >"$WORK/check"
  put check /usr/local/sbin/kubeadm-ha-check-haproxy 755
}

virtual_address_answers() {
  timeout 2 bash -c "exec 3<>/dev/tcp/$VIRTUAL_ADDRESS/$PORT"
}

install_balancer

changed=no
put kubernetes-ca.crt /etc/haproxy/kubernetes-ca.crt 644 && changed=yes
do_step "checking haproxy.cfg" haproxy -c -f haproxy.cfg
put haproxy.cfg /etc/haproxy/haproxy.cfg 644 && changed=yes
do_step "enabling HAProxy" systemctl -q enable haproxy keepalived
if [ "$changed" = yes ] || ! systemctl -q is-active haproxy; then
  # A reload lets connections that are open live on.
  do_step "loading haproxy.cfg" systemctl reload-or-restart haproxy
fi

haproxy_alive() {
  curl -sf --max-time 1 http://127.0.0.1:8404/healthz
}
wait_for 20 "HAProxy's answer" "See \`journalctl -u haproxy\` on the host" haproxy_alive

changed=no
write_interface && changed=yes
write_check && changed=yes
put keepalived.conf /etc/keepalived/keepalived.conf 644 && changed=yes
do_step "checking keepalived.conf" keepalived --config-test --use-file /etc/keepalived/keepalived.conf
if [ "$changed" = yes ] || ! systemctl -q is-active keepalived; then
  do_step "loading keepalived.conf" systemctl reload-or-restart keepalived
fi
wait_for 60 "an answer at $VIRTUAL_ADDRESS:$PORT" \
  "See \`journalctl -u keepalived -u haproxy\`; the hosts must reach each other by VRRP (IP protocol 112)" virtual_address_answers
