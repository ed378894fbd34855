#!/usr/bin/env bash
# Mounts the machine's second volume at the folder that is the first argument. It runs at each start, before sshd, and
# formats nothing that holds anything. From the first time on it is in fstab, so that etcd never starts without it.
set -euo pipefail
folder=$1

# Volumes have other names at each start. Disks of the machine itself are of another model, and lose what they hold.
second_volume() {
  local root
  root=$(lsblk --noheadings --list --inverse --output NAME,TYPE "$(findmnt --noheadings --output SOURCE /)" |
    awk '$2 == "disk" { print $1 }')
  lsblk --nodeps --noheadings --list --output NAME,TYPE,MODEL | awk -v root="$root" '
    $1 != root && $2 == "disk" && (/Amazon Elastic Block Store/ || $1 ~ /^xvd/) { print "/dev/" $1; exit }'
}

if mountpoint --quiet "$folder"; then
  exit 0
fi
for _ in $(seq 60); do
  device=$(second_volume)
  [ -z "$device" ] || break
  sleep 1
done
if [ -z "$device" ]; then
  echo "etcd-volume: there is no second volume after a minute; nothing is mounted at $folder" >&2
  exit 1
fi
status=0
blkid --probe "$device" >/dev/null || status=$?
case $status in
  0) ;;
  2) mkfs.ext4 -q "$device" ;; # there is nothing that it knows
  *)
    echo "etcd-volume: what $device holds cannot be told (blkid: $status); it is left as it is" >&2
    exit 1
    ;;
esac
mkdir -p "$folder"
if ! grep -q " $folder " /etc/fstab; then
  echo "UUID=$(blkid --match-tag UUID --output value "$device") $folder ext4 defaults,noatime 0 2" >>/etc/fstab
fi
systemctl daemon-reload
mount "$folder"
