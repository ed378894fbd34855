# A host of two families of addresses.
# shellcheck shell=bash

# Lines for sysctl. A host that forwards no longer listens to routers, and would lose the addresses and routes that it
# has from them, unless it is told to.
forward_ipv6() {
  local interface
  interface=$(ip -6 -o address show to "$NODE_ADDRESS6" | awk '{ print $2; exit }')
  [ -n "$interface" ] || fail "this host does not have the address $NODE_ADDRESS6" \
    "Give it to one of its interfaces, or correct address6 in the cluster file"
  # 0 is left alone: there the addresses come from elsewhere.
  [ "$(cat "/proc/sys/net/ipv6/conf/$interface/accept_ra")" = 0 ] || printf 'net/ipv6/conf/%s/accept_ra = 2\n' "$interface"
  printf 'net.ipv6.conf.all.forwarding = 1\n'
}
