#!/usr/bin/env bash
# Has this host take snapshots of its etcd member by a timer, and takes one now: what fails here would fail unseen later.
# shellcheck source=scripts/lib/base.sh
. lib/base.sh
: "${ETCD:?}" "${SNAPSHOTS:?}"

readonly PROGRAM=/usr/local/lib/kubeadm-ha-snapshots UNITS=/etc/systemd/system UNIT=kubeadm-ha-snapshot

take_one() {
  systemctl start "$UNIT.service" && return
  journalctl -u "$UNIT.service" --output cat --no-pager --lines 8
  systemctl -q is-enabled "$UNIT.timer" || discard
  return 1
}

# Of a first run that fails there is no step that would take anything back.
discard() {
  rm -rf "$PROGRAM" "$UNITS/$UNIT.service" "$UNITS/$UNIT.timer"
  systemctl reset-failed "$UNIT.service" || : # there is no such unit where it did not even begin
  systemctl daemon-reload
}

# Folders on the way to it are for everybody to pass, which a step's own umask would not let them be.
(umask 022 && mkdir -p "$SNAPSHOTS" "$PROGRAM")
do_step "making $SNAPSHOTS root's alone" chown root:root "$SNAPSHOTS"
chmod 700 "$SNAPSHOTS" "$PROGRAM"
put take-snapshot.sh "$PROGRAM/take-snapshot.sh" 700 || :
if [ -e 'then' ]; then
  put 'then' "$PROGRAM/then" 700 || :
else
  rm -f "$PROGRAM/then"
fi
changed=no
for unit in "$UNIT.service" "$UNIT.timer"; do
  if put "$unit" "$UNITS/$unit" 644; then
    changed=yes
  fi
done
if [ "$changed" = yes ]; then
  do_step "telling systemd of the timer" systemctl daemon-reload
fi
# Before the timer is there: one that cannot do its work is not left behind.
do_step "taking a snapshot of etcd" take_one
do_step "enabling the timer" systemctl -q enable "$UNIT.timer"
# Also one that runs: it goes by the times that it began with.
do_step "starting the timer" systemctl restart "$UNIT.timer"
