# Debian and Ubuntu, as lib/system.sh describes it: apt and dpkg.
# shellcheck shell=bash

# needrestart, which Ubuntu has, would restart what runs, also on a node whose turn it is not.
export DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=yes

# The system's own updates hold apt's locks for minutes after a host's first start. apt itself would wait for one of them
# alone, and not for that of its lists. Not read-only: several libraries of one step source this one.
LOCKED='Could not get lock|Unable to (lock|acquire)|locked by another process' LOCK_SECONDS=300

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
  do_step "reading the package lists" again_while "$LOCKED" "$LOCK_SECONDS" proxied apt-get -q update
}

install_packages() {
  again_while "$LOCKED" "$LOCK_SECONDS" proxied apt-get -q -y --no-install-recommends --allow-change-held-packages \
    --allow-downgrades -o Dpkg::Options::=--force-confold install "$@"
}

# Lines of a simulation: `Inst NAME (VERSION …)`, with the old version in brackets before it where there is one.
new_packages() {
  apt-get -q -y --no-install-recommends --allow-change-held-packages --allow-downgrades --simulate install "$@" |
    awk '$1 == "Inst" && $3 !~ /^\[/ { print $2 }'
}

fetch_packages() {
  install_packages --download-only "$@"
}

hold_packages() {
  # Asked first, since it is said each time: a run may have broken off between installing and this.
  [ -n "$(comm -23 <(printf '%s\n' "$@" | sort) <(apt-mark showhold | sort))" ] || return 0
  again_while "$LOCKED" "$LOCK_SECONDS" apt-mark hold "$@"
}

remove_packages() {
  again_while "$LOCKED" "$LOCK_SECONDS" apt-get -q -y --allow-change-held-packages purge "$@"
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
