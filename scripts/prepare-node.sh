#!/usr/bin/env bash
# Makes an operating system ready for Kubernetes: kernel, container runtime, packages, images. Prints, as its product,
# the time and, in base64, a certificate request for the identity the node will have.
#
# All hosts are prepared at once, so a node that runs is not disturbed: what would restart something there is fetched and
# laid beside, and put to use when the node's turn comes (lib/roll.sh).
# shellcheck source=scripts/lib/base.sh
. lib/base.sh
# shellcheck source=scripts/lib/host.sh
. lib/host.sh
# shellcheck source=scripts/lib/hosts-file.sh
. lib/hosts-file.sh
# shellcheck source=scripts/lib/packages.sh
. lib/packages.sh
# shellcheck source=scripts/lib/repositories.sh
. lib/repositories.sh
# shellcheck source=scripts/lib/runtime.sh
. lib/runtime.sh
# shellcheck source=scripts/lib/families.sh
. lib/families.sh
: "${KUBERNETES_URL:?}" "${CONTAINERD_URL:?}" "${ARCHITECTURES:?}" "${KEEP_SWAP:?}" "${FAMILIES:?}"

# A node that joined, and did not break off in the middle of it.
is_node() {
  [ -s /etc/kubernetes/kubelet.conf ] && [ ! -e "$STATE/joining" ] && [ ! -e "$STATE/starting" ]
}

prepare_kernel() {
  local module
  if [ "$KEEP_SWAP" = no ] && [ -n "$(tail -n +2 /proc/swaps)" ]; then
    do_step "turning swap off" swapoff -a
  fi
  if [ "$KEEP_SWAP" = no ] && grep -qE '^[^#]\S*\s+\S+\s+swap\s' /etc/fstab; then
    do_step "keeping swap off" sed -i -E '/^[^#]\S*\s+\S+\s+swap\s/s/^/#kubeadm-ha# /' /etc/fstab
  fi
  printf 'overlay\nbr_netfilter\n' >"$WORK/modules"
  put modules /etc/modules-load.d/kubeadm-ha.conf 644 || :
  for module in overlay br_netfilter; do
    # Built into some kernels, and kubeadm's preflight checks what matters: its word counts, not modprobe's.
    modprobe "$module" >>"$LOG" 2>&1 || printf 'modprobe %s failed\n' "$module" >>"$LOG"
  done
  # A leading '-' passes over a key that this kernel does not have.
  printf '%s\n' 'net.ipv4.ip_forward = 1' '-net.bridge.bridge-nf-call-iptables = 1' \
    '-net.bridge.bridge-nf-call-ip6tables = 1' >"$WORK/sysctl"
  if [ "$FAMILIES" != 4 ]; then
    forward_ipv6 >>"$WORK/sysctl"
  fi
  put sysctl /etc/sysctl.d/90-kubeadm-ha.conf 644 || :
  do_step "setting kernel parameters" sysctl -q -p /etc/sysctl.d/90-kubeadm-ha.conf
}

# Tools by the names that Debian gives their packages.
readonly TOOLS='ca-certificates conntrack curl ethtool gpg iproute2 iptables kmod openssl procps socat'

prepare_packages() {
  local tool package missing_tools=() differing
  tools_to_trust packages "${KUBERNETES_KEY_URL:-}${CONTAINERD_KEY_URL:-}"
  trust kubernetes "${KUBERNETES_KEY_URL:-}" "${KUBERNETES_KEY_FINGERPRINT:-}"
  trust containerd "${CONTAINERD_KEY_URL:-}" "${CONTAINERD_KEY_FINGERPRINT:-}"
  write_repositories "kubernetes=$KUBERNETES_URL" "containerd=$CONTAINERD_URL"
  for tool in $TOOLS; do
    package=$(package_of "$tool")
    [ -n "$(installed "$package")" ] || missing_tools+=("$package")
  done
  # shellcheck disable=SC2086  # a list of words
  mapfile -t differing < <(missing $OURS)
  if [ ${#missing_tools[@]} -gt 0 ] || [ ${#differing[@]} -gt 0 ]; then
    read_package_lists
  fi
  if is_node; then
    [ ${#missing_tools[@]} -eq 0 ] || add_packages packages "${missing_tools[@]}"
    [ ${#differing[@]} -eq 0 ] || do_step "fetching ${differing[*]}" fetch_packages "${differing[@]}"
  elif [ ${#missing_tools[@]} -gt 0 ] || [ ${#differing[@]} -gt 0 ]; then
    add_packages packages "${missing_tools[@]}" "${differing[@]}"
  fi
  # shellcheck disable=SC2086  # a list of words
  do_step "holding the packages" hold_packages $OURS
}

configure_containerd() {
  put config.toml "$STAGED" 600 || :
  put proxy.conf "$STAGED_PROXY" 600 || :
  install_mirrors
  printf 'runtime-endpoint: unix:///run/containerd/containerd.sock\n' >"$WORK/crictl"
  put crictl /etc/crictl.yaml 644 || :
  is_node && return
  do_step "enabling containerd" systemctl -q enable containerd kubelet
  # Written by the package as it comes, with Kubernetes' part turned off.
  apply_runtime
}

pull_images() {
  local image
  local -a running=()
  while read -r image; do
    crictl inspecti -q "$image" >/dev/null 2>&1 </dev/null && continue
    timeout 600 crictl pull "$image" >"$WORK/pull.${image//[^a-zA-Z0-9]/-}" 2>&1 </dev/null &
    running+=("$!:$image")
  done <images
  for image in "${running[@]}"; do
    wait "${image%%:*}" && continue
    tail -n 3 "$WORK/pull.$(tr -c 'a-zA-Z0-9\n' '-' <<<"${image#*:}")" | cut -c -400 | sed 's/^/  | /' >&2
    fail "pulling ${image#*:} failed" "See that the host reaches the registry, or name a mirror under registries"
  done
}

# The private key stays on this host; what is printed is the request that the program signs.
request_identity() {
  if [ ! -s "$STATE/node.csr" ] || [ "$(openssl req -in "$STATE/node.csr" -noout -subject -nameopt multiline | awk '/commonName/ { print $3 }')" != "system:node:$NODE_NAME" ]; then
    do_step "making the node's key" openssl ecparam -genkey -name prime256v1 -noout -out "$STATE/node.key"
    do_step "making the node's certificate request" openssl req -new -sha256 -key "$STATE/node.key" \
      -subj "/O=system:nodes/CN=system:node:$NODE_NAME" -out "$STATE/node.csr.new"
    date +%s >"$STATE/node.csr.time"
    mv "$STATE/node.csr.new" "$STATE/node.csr"
  fi
  printf '%s %s\n' "$(cat "$STATE/node.csr.time")" "$(openssl req -in "$STATE/node.csr" -outform DER | base64 -w 0)"
}

check_architecture "Kubernetes $KUBERNETES_VERSION has"
claim_host
name_host
prepare_kernel
prepare_packages
configure_containerd
pull_images
request_identity
