#!/usr/bin/env bash
# Brings etcd's programs to a host: out of the image that Kubernetes publishes, by way of containerd. Starts nothing, and
# a member that runs is not disturbed: its own turn puts them to use (run-etcd.sh).
# shellcheck source=scripts/lib/base.sh
. lib/base.sh
# shellcheck source=scripts/lib/host.sh
. lib/host.sh
# shellcheck source=scripts/lib/repositories.sh
. lib/repositories.sh
: "${ETCD_VERSION:?}" "${ETCD_IMAGE:?}" "${CONTAINERD_VERSION:?}" "${CONTAINERD_URL:?}" "${ARCHITECTURES:?}"

readonly STAGED_ETCD=$STATE/etcd-$ETCD_VERSION IMAGE_ROOT=$STATE/etcd-image
readonly NAMES='etcd etcdctl etcdutl'

programs_there() {
  local name
  for name in $NAMES; do
    [ -x "$STAGED_ETCD/$name" ] || return 1
  done
  [[ $("$STAGED_ETCD/etcd" --version) == "etcd Version: $ETCD_VERSION"$'\n'* ]]
}

install_containerd() {
  local -a wanted
  mapfile -t wanted < <(package_at containerd.io "$CONTAINERD_VERSION")
  tools_to_trust etcd-packages "${CONTAINERD_KEY_URL:-}"
  trust containerd "${CONTAINERD_KEY_URL:-}" "${CONTAINERD_KEY_FINGERPRINT:-}"
  write_repositories "containerd=$CONTAINERD_URL"
  [ -n "$(installed ca-certificates)" ] || wanted+=(ca-certificates)
  if [ "$(installed containerd.io)" != "$CONTAINERD_VERSION" ] || [ ${#wanted[@]} -gt 1 ]; then
    read_package_lists
    add_packages etcd-packages "${wanted[@]}"
  fi
  do_step "holding the package" hold_packages containerd.io
}

images() {
  ctr --namespace kubeadm-ha images "$@"
}

# By the client itself: it has the way out of the site, which the service was not told.
pull_image() {
  proxied timeout 600 ctr --namespace kubeadm-ha images pull --local --hosts-dir /etc/containerd/certs.d "$ETCD_IMAGE"
}

containerd_answers() {
  ctr version
}

unmount_image() {
  if mountpoint -q "$IMAGE_ROOT"; then
    umount "$IMAGE_ROOT"
  fi
}

fetch_programs() {
  local name
  install_mirrors
  do_step "starting containerd" systemctl start containerd
  wait_for 60 "containerd's answer" "See \`journalctl -u containerd\` on the host" containerd_answers
  do_step "pulling $ETCD_IMAGE" pull_image
  unmount_image
  mkdir -p "$IMAGE_ROOT" "$STAGED_ETCD"
  do_step "opening $ETCD_IMAGE" images mount "$ETCD_IMAGE" "$IMAGE_ROOT"
  for name in $NAMES; do
    put "$IMAGE_ROOT/usr/local/bin/$name" "$STAGED_ETCD/$name" 755 || :
  done
  do_step "closing $ETCD_IMAGE" images unmount --rm "$IMAGE_ROOT"
  do_step "removing $ETCD_IMAGE" images rm --sync "$ETCD_IMAGE"
  # It has done its work, and etcd wants the host for itself.
  do_step "stopping containerd" systemctl disable --now containerd
  rm -rf "$IMAGE_ROOT"
}

check_architecture 'there are'
claim_host
if ! programs_there; then
  install_containerd
  fetch_programs
  programs_there || fail "$ETCD_IMAGE does not hold etcd $ETCD_VERSION" "Correct etcd.version, or what the mirror serves"
fi
