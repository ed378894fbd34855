# Debian and Ubuntu, as lib/system.sh describes it: apt and dpkg.
# shellcheck shell=bash

export DEBIAN_FRONTEND=noninteractive

architecture() {
  dpkg --print-architecture
}

package_of() {
  printf '%s\n' "$1" # the names used here are Debian's
}

installed() {
  dpkg-query -W -f '${db:Status-Status} ${Version}\n' "$1" 2>/dev/null |
    awk '$1 == "installed" { sub(/-.*/, "", $2); print $2 }'
}

installed_packages() {
  dpkg-query -W -f '${Package} ${db:Status-Status}\n' | awk '$2 == "installed" { print $1 }' | sort
}

package_at() {
  printf '%s=%s-*\n' "$1" "$2"
}

read_package_lists() {
  # A host that lost power while it installed something has to end that first.
  if [ -n "$(dpkg --audit)$(find /var/lib/dpkg/updates -name '[0-9]*' 2>/dev/null || :)" ]; then
    wait_for 120 "the end of what dpkg has begun" "See what holds dpkg's lock on the host" dpkg --force-confold --configure -a
  fi
  do_step "reading the package lists" proxied apt-get -q update
}

install_packages() {
  proxied apt-get -q -y --no-install-recommends --allow-change-held-packages --allow-downgrades \
    -o Dpkg::Options::=--force-confold -o DPkg::Lock::Timeout=120 install "$@"
}

fetch_packages() {
  install_packages --download-only "$@"
}

hold_packages() {
  apt-mark hold "$@"
}

remove_packages() {
  apt-get -q -y --allow-change-held-packages -o DPkg::Lock::Timeout=120 purge "$@"
}

install_key() {
  put "$2" "/etc/apt/keyrings/kubeadm-ha-$1.asc" 644 || :
}

# A repository of containerd's has a folder for each system and a suite for each release, Kubernetes' is flat.
write_repositories() {
  local pair name url
  for pair; do
    name=${pair%%=*} url=${pair#*=}
    case $name in
      containerd) url="$url/$SYSTEM $(os_release VERSION_CODENAME) stable" ;;
      *) url="$url /" ;;
    esac
    printf 'deb [signed-by=/etc/apt/keyrings/kubeadm-ha-%s.asc] %s\n' "$name" "$url"
  done >"$WORK/sources"
  put sources /etc/apt/sources.list.d/kubeadm-ha.list 644 || :
}

forget_repositories() {
  rm -rf /etc/apt/sources.list.d/kubeadm-ha.list /etc/apt/keyrings/kubeadm-ha-*.asc
}
