#!/usr/bin/env bash
# Ends this host's snapshots of etcd. Those that it has taken stay: they are nobody's to lose.
# shellcheck source=scripts/lib/base.sh
. lib/base.sh
: "${ETCD:?}" "${SNAPSHOTS:?}"

readonly PROGRAM=/usr/local/lib/kubeadm-ha-snapshots UNITS=/etc/systemd/system UNIT=kubeadm-ha-snapshot

if [ -e "$UNITS/$UNIT.timer" ]; then
  do_step "ending the timer" systemctl disable --now "$UNIT.timer"
fi
if [ -e "$UNITS/$UNIT.service" ]; then
  # One that is being taken leaves nothing behind.
  do_step "ending a snapshot that is being taken" systemctl stop "$UNIT.service"
fi
if [ -e "$PROGRAM/take-snapshot.sh" ]; then
  # Nobody looks for the note any more; an etcd that does not answer may keep it.
  bash "$PROGRAM/take-snapshot.sh" forget >>"$LOG" 2>&1 ||
    printf 'etcd keeps the note of the last snapshot\n' >>"$LOG"
fi
if systemctl -q is-failed "$UNIT.service"; then
  do_step "forgetting that the last one failed" systemctl reset-failed "$UNIT.service"
fi
rm -rf "$PROGRAM" "$UNITS/$UNIT.service" "$UNITS/$UNIT.timer" "/var/lib/systemd/timers/stamp-$UNIT.timer"
do_step "telling systemd of it" systemctl daemon-reload
