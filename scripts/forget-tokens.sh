#!/usr/bin/env bash
# Ends the timer that keeps a token for elastic pools.
# shellcheck source=scripts/lib/base.sh
. lib/base.sh

if [ -e /etc/systemd/system/kubeadm-ha-tokens.timer ]; then
  do_step "ending the timer" systemctl disable --now kubeadm-ha-tokens.timer
fi
rm -f /etc/systemd/system/kubeadm-ha-tokens.service /etc/systemd/system/kubeadm-ha-tokens.timer
rm -rf /usr/local/lib/kubeadm-ha
do_step "telling systemd of it" systemctl daemon-reload
