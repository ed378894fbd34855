# Kubernetes' and containerd's packages: which versions are there, and installing those that are wanted.
# shellcheck shell=bash
# shellcheck source=scripts/lib/system.sh
. lib/system.sh
: "${KUBERNETES_VERSION:?}" "${CONTAINERD_VERSION:?}"

readonly OURS='kubelet kubeadm kubectl containerd.io'

wanted() {
  case $1 in
    containerd.io) printf '%s\n' "$CONTAINERD_VERSION" ;;
    *) printf '%s\n' "$KUBERNETES_VERSION" ;;
  esac
}

# missing PACKAGE…: those of them that are not there in the wanted version, as the system is asked for them.
missing() {
  local package version
  for package; do
    version=$(wanted "$package")
    [ "$(installed "$package")" = "$version" ] || package_at "$package" "$version"
  done
}

# install_wanted PACKAGE…: brings those that differ to the wanted version. The package lists have been read.
install_wanted() {
  local -a differing
  mapfile -t differing < <(missing "$@")
  [ ${#differing[@]} -eq 0 ] && return
  add_packages packages "${differing[@]}"
  # shellcheck disable=SC2086  # a list of words
  do_step "holding the packages" hold_packages $OURS
}
