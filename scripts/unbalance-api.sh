#!/usr/bin/env bash
# Takes the balancer off this host: the virtual address moves to another one first, as when the host is lost.
# shellcheck source=scripts/lib/base.sh
. lib/base.sh
# shellcheck source=scripts/lib/system.sh
. lib/system.sh

for unit in keepalived haproxy; do
  if systemctl -q is-active "$unit"; then
    do_step "stopping $unit" systemctl stop "$unit"
  fi
done
mapfile -t packages < <(added_packages balancer-packages)
if [ ${#packages[@]} -gt 0 ]; then
  do_step "removing the packages that were installed" remove_packages "${packages[@]}"
fi
rm -rf /etc/keepalived /etc/haproxy /usr/local/sbin/kubeadm-ha-check-haproxy "$STATE" "$(dirname "$LOG")"
