# containerd: its settings, and whether what runs is what is installed and written.
# shellcheck shell=bash

# Where preparation leaves config.toml: on a node that runs, it is the node's own turn that puts it to use.
readonly STAGED=$STATE/config.toml
# The way out for images, laid beside in the same way; empty where there is no proxy.
readonly STAGED_PROXY=$STATE/proxy.conf PROXY_DROP_IN=/etc/systemd/system/containerd.service.d/kubeadm-ha-proxy.conf

# The version that answers, which is the old one till containerd is restarted.
running_containerd() {
  crictl version 2>/dev/null | awk '$1 == "RuntimeVersion:" { sub(/^v/, "", $2); sub(/[-+~].*/, "", $2); print $2 }'
}

# Whether containerd was started before its settings were written: an interruption between the two is found here.
settings_are_newer() {
  local pid age written
  pid=$(systemctl show --property MainPID --value containerd)
  [ "${pid:-0}" -gt 0 ] && [ -e /etc/containerd/config.toml ] || return 1
  age=$(ps -o etimes= -p "$pid") || return 1
  written=$(($(date +%s) - $(stat -c %Y /etc/containerd/config.toml)))
  [ "$written" -lt $((age - 1)) ]
}

proxy_differs() {
  if [ -s "$STAGED_PROXY" ]; then
    ! cmp -s "$STAGED_PROXY" "$PROXY_DROP_IN"
  else
    [ -e "$PROXY_DROP_IN" ]
  fi
}

settings_differ() {
  ! cmp -s "$STAGED" /etc/containerd/config.toml || proxy_differs || settings_are_newer
}

apply_proxy() {
  proxy_differs || return 0
  if [ -s "$STAGED_PROXY" ]; then
    put "$STAGED_PROXY" "$PROXY_DROP_IN" 644 || :
  else
    rm -f "$PROXY_DROP_IN"
  fi
  # So that an interruption before the restart is found by the age of this file.
  [ ! -e /etc/containerd/config.toml ] || touch /etc/containerd/config.toml
  do_step "telling systemd of containerd's proxy" systemctl daemon-reload
}

containerd_differs() {
  local running
  [ -z "$(missing containerd.io)" ] || return 0
  running=$(running_containerd) || return 1
  [ -n "$running" ] && [ "$running" != "$CONTAINERD_VERSION" ]
}

# Containers run on while containerd restarts.
apply_runtime() {
  local restart=no
  if settings_differ || containerd_differs; then
    restart=yes
  fi
  put "$STAGED" /etc/containerd/config.toml 644 || :
  apply_proxy
  if [ "$restart" = yes ] || ! systemctl -q is-active containerd; then
    do_step "starting containerd" systemctl restart containerd
  fi
  wait_for_runtime
}

# The settings that lie on the host are those that this step was made for.
check_staged() {
  : "${RUNTIME_CONFIG:?}"
  if [ ! -s "$STAGED" ] || [[ $(cat "$STAGED" "$STAGED_PROXY" 2>/dev/null | sha256sum) != "$RUNTIME_CONFIG"* ]]; then
    fail "containerd's settings are not there yet" "Prepare the host first: run \`pulumi up\` without --target"
  fi
}
