# Kubernetes' and containerd's packages: which versions are there, and installing those that are wanted.
# shellcheck shell=bash
: "${KUBERNETES_VERSION:?}" "${CONTAINERD_VERSION:?}"

export DEBIAN_FRONTEND=noninteractive

readonly OURS='kubelet kubeadm kubectl containerd.io'

# installed PACKAGE: its version without the packager's part; nothing when it is not, or only half, installed.
installed() {
  dpkg-query -W -f '${db:Status-Status} ${Version}\n' "$1" 2>/dev/null |
    awk '$1 == "installed" { sub(/-.*/, "", $2); print $2 }'
}

wanted() {
  case $1 in
    containerd.io) printf '%s\n' "$CONTAINERD_VERSION" ;;
    *) printf '%s\n' "$KUBERNETES_VERSION" ;;
  esac
}

# missing PACKAGE…: those of them that are not there in the wanted version, as apt-get is asked for them.
missing() {
  local package version
  for package; do
    version=$(wanted "$package")
    [ "$(installed "$package")" = "$version" ] || printf '%s=%s-*\n' "$package" "$version"
  done
}

# Held packages may be changed by us: the version is what the cluster file says.
apt_install() {
  apt-get -q -y --no-install-recommends --allow-change-held-packages --allow-downgrades \
    -o Dpkg::Options::=--force-confold -o DPkg::Lock::Timeout=120 install "$@"
}

read_package_lists() {
  # A host that lost power while it installed something has to end that first.
  if [ -n "$(dpkg --audit)$(find /var/lib/dpkg/updates -name '[0-9]*' 2>/dev/null || :)" ]; then
    wait_for 120 "the end of what dpkg has begun" "See what holds dpkg's lock on the host" dpkg --force-confold --configure -a
  fi
  do_step "reading the package lists" apt-get -q update
}

# What a step adds to the host goes again when it is undone.
note_packages() {
  dpkg-query -W -f '${Package}\n' | sort >"$WORK/packages.before"
}
record_packages() {
  dpkg-query -W -f '${Package}\n' | sort | comm -13 "$WORK/packages.before" - >"$WORK/packages.added"
  touch "$STATE/packages"
  sort -u "$WORK/packages.added" "$STATE/packages" -o "$STATE/packages"
}

# install_wanted PACKAGE…: brings those that differ to the wanted version. The package lists have been read.
install_wanted() {
  local -a differing
  mapfile -t differing < <(missing "$@")
  [ ${#differing[@]} -eq 0 ] && return
  note_packages
  do_step "installing ${differing[*]}" apt_install "${differing[@]}"
  # shellcheck disable=SC2086  # a list of words
  do_step "holding the packages" apt-mark hold $OURS
  record_packages
}
