# Taking Kubernetes off a host: what kubeadm, the kubelet, the network plugin and kube-proxy left. The inverse of a join.
# shellcheck shell=bash

# Whether a table has nothing but base chains that let everything pass: what iptables leaves behind of itself.
is_empty_table() {
  nft list table "$1" "$2" | tr -d ' \t\n' |
    grep -qE '^table(ip6?)[a-z]+\{(chain[A-Z]+\{type[a-z]+hook[a-z]+priority[a-z0-9+-]+;policyaccept;\})*\}$'
}

# Rules that kube-proxy, flannel and the kubelet made; a firewall of the host's own stays.
remove_rules() {
  local family name
  for family in iptables ip6tables; do
    command -v "$family-save" >/dev/null || continue
    "$family-save" >"$WORK/rules"
    grep -qE 'KUBE-|CNI-|FLANNEL' "$WORK/rules" || continue
    grep -vE 'KUBE-|CNI-|FLANNEL' "$WORK/rules" | "$family-restore"
  done
  command -v nft >/dev/null || return 0
  nft list tables | awk '{ print $2, $3 }' >"$WORK/tables"
  while read -r family name; do
    case $family/$name in
      */kube-proxy | */flannel-ipv4 | */flannel-ipv6) nft delete table "$family" "$name" ;;
      ip*/mangle | ip*/nat | ip*/filter)
        if is_empty_table "$family" "$name"; then
          nft delete table "$family" "$name"
        fi
        ;;
    esac
  done <"$WORK/tables"
}

remove_interfaces() {
  local interface
  for interface in cni0 flannel.1 flannel-v6.1; do
    if ip link show "$interface" >/dev/null 2>&1; then
      ip link delete "$interface"
    fi
  done
}

# Of a stacked member. The folder may be a disk of its own, and stays then.
clean_etcd_data() {
  local data=/var/lib/etcd
  [ ! -s "$STATE/etcd-data" ] || data=$(cat "$STATE/etcd-data")
  [ -d "$data" ] || return 0
  find "$data" -mindepth 1 -delete
  rmdir "$data" 2>>"$LOG" || printf '%s stays: it is a disk of its own\n' "$data" >>"$LOG"
}

# kube-vip takes it away when it ends in order; the host may have been cut off, or the pod killed.
remove_virtual_address() {
  local address interface
  [ -s "$STATE/virtual-address" ] || return 0
  address=$(cat "$STATE/virtual-address")
  ip -4 -o address show to "$address/32" | awk '{ print $2 }' >"$WORK/interfaces"
  while read -r interface; do
    ip address delete "$address/32" dev "$interface"
  done <"$WORK/interfaces"
  rm "$STATE/virtual-address"
}

# What kubeadm could not unmount may be somebody's data: a volume of the same disk looks like a folder.
refuse_mounts() {
  local below
  below=$(awk -v folder="$1/" 'index($2, folder) == 1 { print $2 }' /proc/self/mounts | paste -sd ' ')
  [ -z "$below" ] || fail "something is still mounted: ${below:0:400}" \
    "End what uses it, and unmount it (findmnt), then run \`pulumi up\` again"
}

# clean_node: needs no cluster; can be run on a host in any state.
clean_node() {
  if command -v kubeadm >/dev/null; then
    systemctl stop kubelet
    do_step "kubeadm reset" timeout 180 kubeadm reset --force --skip-phases=remove-etcd-member,preflight \
      --cri-socket unix:///run/containerd/containerd.sock
  fi
  remove_interfaces
  remove_virtual_address
  remove_rules
  # The folder stays: containerd watches it, and ends when it goes.
  if [ -d /etc/cni/net.d ]; then
    find /etc/cni/net.d -mindepth 1 ! -name '.*' -delete
  fi
  clean_etcd_data
  refuse_mounts /var/lib/kubelet
  rm -rf /var/lib/cni /run/flannel /etc/kubernetes "$STATE/hooks" \
    "$STATE/joining" "$STATE/starting" "$STATE/started" "$STATE/etcd-data"
  find /var/lib/kubelet -mindepth 1 -xdev -delete 2>>"$LOG" || fail "/var/lib/kubelet could not be emptied" \
    "See what is mounted there (findmnt), then run \`pulumi up\` again"
}
