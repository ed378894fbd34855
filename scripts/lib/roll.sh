# Bringing a node that runs to the wanted versions and settings, in its turn. What differs is read from the host and the
# API each time, so that a run which was interrupted, wherever it was, goes on from what is there.
# shellcheck shell=bash
# shellcheck source=scripts/lib/packages.sh
. lib/packages.sh
# shellcheck source=scripts/lib/runtime.sh
. lib/runtime.sh
# shellcheck source=scripts/lib/drain.sh
. lib/drain.sh

# The kubelet's version that the node says it runs, without the `v`: what is installed may not have been started.
read_kubelet() {
  kube get node "$NODE_NAME" -o 'jsonpath={.status.nodeInfo.kubeletVersion}' >"$WORK/kubelet"
  [ -s "$WORK/kubelet" ]
}

kubelet_differs() {
  [ -n "$(missing kubelet)" ] || [ "$(cat "$WORK/kubelet")" != "v$KUBERNETES_VERSION" ]
}

# older A B: whether version A is older than B.
older() {
  [ "$1" != "$2" ] && [ "$(printf '%s\n' "$1" "$2" | sort -V | head -n 1)" = "$1" ]
}

refuse_older() {
  ! older "$KUBERNETES_VERSION" "${1#v}" || fail "$2 $1, which is newer than $KUBERNETES_VERSION" \
    "Put kubernetes.version to ${1#v} or newer: nothing goes back"
}

# What this host has, in $WORK/kubelet, before anything is decided.
know_node() {
  wait_for 60 "what this node runs" "See that the API answers" read_kubelet
  refuse_older "$(cat "$WORK/kubelet")" "this node runs kubelet"
  check_staged
}

runs_wanted() {
  read_kubelet && [ "$(cat "$WORK/kubelet")" = "v$KUBERNETES_VERSION" ] && node_ready "$NODE_NAME"
}

# roll BETWEEN SETTLED: a new kubelet or a new containerd takes the pods away first; new settings alone do not, since
# containers run on. BETWEEN is run when the pods have left and before the packages; the node is back in service when
# SETTLED comes true.
roll() {
  # shellcheck disable=SC2086  # a list of words
  if [ -n "$(missing $OURS)" ]; then
    # While the pods are still here.
    read_package_lists
    install_wanted kubeadm kubectl
  fi
  if kubelet_differs || containerd_differs; then
    drain_for_a_while
    "$1"
    install_wanted kubelet containerd.io
    apply_runtime
    do_step "starting the kubelet" systemctl restart kubelet
    wait_for 240 "the node's readiness with kubelet $KUBERNETES_VERSION" "See \`journalctl -u kubelet\` on the host" runs_wanted
    wait_for 240 "the end of what the new kubelet begins" "See \`crictl ps -a\` on the host" "$2"
  elif settings_differ; then
    apply_runtime
  fi
  back_in_service
}

# A host that was a node when it was prepared, and has left since, still has what it had.
ready_to_join() {
  # shellcheck disable=SC2086  # a list of words
  if [ -n "$(missing $OURS)" ]; then
    read_package_lists
    install_wanted $OURS
  fi
  check_staged
  if ! cmp -s "$STAGED" /etc/containerd/config.toml || proxy_differs; then
    apply_runtime
  fi
}
