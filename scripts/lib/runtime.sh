# containerd: its settings, and whether what runs is what is installed and written.
# shellcheck shell=bash

# Where preparation leaves config.toml: on a node that runs, it is the node's own turn that puts it to use.
readonly STAGED=$STATE/config.toml

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

settings_differ() {
  ! cmp -s "$STAGED" /etc/containerd/config.toml || settings_are_newer
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
  if [ "$restart" = yes ] || ! systemctl -q is-active containerd; then
    do_step "starting containerd" systemctl restart containerd
  fi
  wait_for_runtime
}

# The settings that lie on the host are those that this step was made for.
check_staged() {
  : "${RUNTIME_CONFIG:?}"
  if [ ! -s "$STAGED" ] || [[ $(sha256sum <"$STAGED") != "$RUNTIME_CONFIG"* ]]; then
    fail "containerd's settings are not there yet" "Prepare the host first: run \`pulumi up\` without --target"
  fi
}
