#!/usr/bin/env bash
# Has this control plane keep a token that machines of elastic pools join with, and remove nodes whose machine is gone: a
# timer of its own, which needs nobody to run `up`. Every control plane has it, and any of them is enough.
# shellcheck source=scripts/lib/base.sh
. lib/base.sh
: "${REGION:?}" "${PARAMETER:?}"

readonly FOLDER=/usr/local/lib/kubeadm-ha UNITS=/etc/systemd/system

give_out() {
  systemctl start kubeadm-ha-tokens.service && return
  journalctl -u kubeadm-ha-tokens --output cat --no-pager --lines 4
  sleep 5
  return 1
}

command -v python3 >/dev/null || fail "has no python3, by which AWS is asked" "Install it, or choose an image that has it"
printf '{"region": "%s", "parameter": "%s"}\n' "$REGION" "$PARAMETER" >"$WORK/tokens.json"
put tokens.json "$FOLDER/tokens.json" 644 || :
for file in aws_api.py tokens.py; do
  put "$file" "$FOLDER/$file" 644 || :
done
changed=no
for unit in kubeadm-ha-tokens.service kubeadm-ha-tokens.timer; do
  if put "$unit" "$UNITS/$unit" 644; then
    changed=yes
  fi
done
if [ "$changed" = yes ]; then
  do_step "telling systemd of the timer" systemctl daemon-reload
fi
do_step "starting the timer" systemctl enable --now kubeadm-ha-tokens.timer
# Once now: what fails here would fail unseen later. A right that was just given takes AWS a while.
wait_for 120 "giving out a token" "See the lines above, and \`journalctl -u kubeadm-ha-tokens\` on the host" give_out
