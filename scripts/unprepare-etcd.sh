#!/usr/bin/env bash
# Gives an etcd host back as it was: the packages that preparing it installed, and every file of ours.
# shellcheck source=scripts/lib/base.sh
. lib/base.sh
# shellcheck source=scripts/lib/system.sh
. lib/system.sh

# The host has become another one in the meantime, under a new address or name: it is not this step's any more.
if [ -s "$STATE/host" ] && [ "$(cat "$STATE/host")" != "$NODE_NAME $NODE_ADDRESS" ]; then
  exit 0
fi
if mountpoint -q "$STATE/etcd-image"; then
  umount "$STATE/etcd-image"
fi
if [ -s "$STATE/etcd-packages" ]; then
  mapfile -t packages < <(added_packages etcd-packages)
  if [ ${#packages[@]} -gt 0 ]; then
    do_step "removing the packages that were installed" remove_packages "${packages[@]}"
  fi
  # A runtime that was here before keeps what it has.
  if [ -z "$(installed containerd.io)" ]; then
    rm -rf /etc/containerd /var/lib/containerd /run/containerd
  fi
fi
forget_repositories
rm -rf "$STATE" "$(dirname "$LOG")"
