# What a node's kubelet is told, on a node that runs. Pods run on while their kubelet restarts, so nothing is drained.
# shellcheck shell=bash
: "${KUBELET_CONFIG:?}"

readonly KUBELET_SETTINGS=/var/lib/kubelet/config.yaml
# There from before the kubelet's settings are written until it runs with them.
readonly KUBELET_RESTARTS=$STATE/kubelet-restarts
# A kubelet is there within 10 s; with hundreds of pods it takes a minute.
readonly KUBELET_COMES_UP_SECONDS=${KUBELET_COMES_UP_SECONDS:-120}

# A node may read it itself, and waits here for nothing: control planes come first.
check_kubelet_settings() {
  is_noted kubelet "$KUBELET_CONFIG" || fail "the cluster has not been given these kubelet settings yet" \
    "Control planes come first: run \`pulumi up\` again, without --target"
}

kubelet_setting() {
  awk -v key="$1:" '$1 == key { print $2 }' "$KUBELET_SETTINGS"
}

kubelet_lives() {
  local port
  port=$(kubelet_setting healthzPort)
  curl -sS --fail --max-time 2 "http://127.0.0.1:${port:-10248}/healthz"
}

kubelet_comes_up() {
  local end=$((SECONDS + KUBELET_COMES_UP_SECONDS))
  until kubelet_lives >>"$LOG" 2>&1 && node_ready "$NODE_NAME" 2>>"$LOG"; do
    [ "$SECONDS" -lt "$end" ] || return 1
    sleep 0.5
  done
}

# settle_kubelet: in this node's turn. One that does not come up gets its old settings back.
settle_kubelet() {
  local old=$STATE/kubelet-settings restart=no
  check_kubelet_settings
  if [ -e "$KUBELET_RESTARTS" ]; then
    restart=yes # what it runs with, the old settings or those of a run that broke off, nobody knows
  else
    cp -p "$KUBELET_SETTINGS" "$old"
    : >"$KUBELET_RESTARTS"
  fi
  do_step "writing the kubelet's settings" kubeadm upgrade node phase kubelet-config --config upgrade.yaml
  # kubeadm keeps a copy of what it replaces, each time.
  rm -rf /etc/kubernetes/tmp/kubeadm-kubelet-config*
  if [ "$restart" = yes ] || ! cmp -s "$KUBELET_SETTINGS" "$old"; then
    do_step "restarting the kubelet" systemctl restart kubelet
    if ! kubelet_comes_up; then
      journalctl -u kubelet --no-pager --output cat --lines 200 | awk '/^E|command failed|failed to/' | tail -n 5 |
        cut -c -400 | sed 's/^/  | /' >&2
      put "$old" "$KUBELET_SETTINGS" 644 || :
      do_step "restarting the kubelet with its old settings" systemctl restart kubelet
      rm "$KUBELET_RESTARTS"
      fail "the kubelet did not come up with its new settings" \
        "It has its old ones back; correct what the lines above complain of, then run \`pulumi up\` again"
    fi
  fi
  rm "$KUBELET_RESTARTS"
}
