#!/usr/bin/env bash
# Makes this host a worker, or finds that it is one and brings it to the wanted versions and settings. Joins, and does
# the rest, with the node's own identity: no token.
# shellcheck source=scripts/lib/base.sh
. lib/base.sh
# shellcheck source=scripts/lib/cluster.sh
. lib/cluster.sh
# shellcheck source=scripts/lib/clean.sh
. lib/clean.sh
# shellcheck source=scripts/lib/roll.sh
. lib/roll.sh
# shellcheck source=scripts/lib/settings.sh
. lib/settings.sh
# shellcheck source=scripts/lib/kubelet.sh
. lib/kubelet.sh
# shellcheck source=scripts/lib/hooks.sh
. lib/hooks.sh
# shellcheck source=scripts/lib/static-pods.sh
. lib/static-pods.sh
# shellcheck source=scripts/lib/local-endpoint.sh
. lib/local-endpoint.sh
: "${ENDPOINT:?}"

readonly KUBELET=/etc/kubernetes/kubelet.conf

# Lines `name version` of every API server, in $WORK/planes: the endpoint answers with any of them, so each is asked.
ask_control_planes() {
  local name address version
  kube get nodes -l node-role.kubernetes.io/control-plane \
    -o 'jsonpath={range .items[*]}{.metadata.name} {.status.addresses[?(@.type=="InternalIP")].address}{"\n"}{end}' \
    >"$WORK/addresses" || return 1
  : >"$WORK/planes"
  while read -r name address; do
    printf 'asking the API server of %s\n' "$name"
    version=$(kube --server "https://$address:6443" get --raw /version </dev/null) || return 1
    printf '%s %s\n' "$name" "$(sed -n 's/.*"gitVersion": "v\([^"]*\)".*/\1/p' <<<"$version")" >>"$WORK/planes"
  done <"$WORK/addresses"
  [ -s "$WORK/planes" ]
}

# A kubelet may never be newer than an API server.
check_control_planes() {
  local name version
  wait_for 60 "an answer of every API server" "Bring that control plane back, or say \`lost: true\` of it" ask_control_planes
  while read -r name version; do
    ! older "$version" "$KUBERNETES_VERSION" || fail "the API server of $name is $version, older than the kubelet would be" \
      "Control planes come first: run \`pulumi up\` again, without --target"
  done <"$WORK/planes"
}

# Between the pods' leaving and the new kubelet, so that the old one never starts with the new one's settings.
new_kubelet_settings() {
  if kubelet_differs; then
    do_step "kubeadm upgrade node" kubeadm upgrade node --config upgrade.yaml
  fi
}

upgrade_worker() {
  know_node
  if kubelet_differs; then
    check_control_planes
  fi
  roll new_kubelet_settings true
}

# A worker's own proxy first, if it has one by now; then any control plane that lives.
seek() {
  # shellcheck disable=SC2086  # a list of words
  seek_endpoint discovery.conf 127.0.0.1 ${CONTROL_PLANES:-}
}

wait_for_runtime
refuse_other_cluster discovery.conf
install_patches
seek
if [ -e "$STATE/joining" ] && [ -s "$KUBELET" ] && KUBECONFIG=$KUBELET node_ready "$NODE_NAME" >/dev/null 2>&1; then
  rm "$STATE/joining" # broke off after the join had come to its end
fi
if [ -s "$KUBELET" ] && [ ! -e "$STATE/joining" ]; then
  export KUBECONFIG=$KUBELET
  wait_for 60 "the answer of a cluster at $ENDPOINT" "See that this host reaches the endpoint" api_answers
  register_again_if_gone
  node_hooks before-join
  upgrade_worker
  settle_kubelet
else
  export KUBECONFIG=$WORK/discovery.conf
  wait_for 120 "the answer of a cluster at $ENDPOINT" "See that this host reaches the endpoint" api_answers
  if [ -e "$STATE/joining" ] || [ -e /etc/kubernetes/pki/ca.crt ]; then
    clean_node
    seek
  fi
  ready_to_join
  node_hooks before-join
  : >"$STATE/joining"
  do_step "kubeadm join" kubeadm join --config kubeadm.yaml
  rm "$STATE/joining"
  export KUBECONFIG=$KUBELET
  wait_for 60 "the answer of a cluster at $ENDPOINT" "See that this host reaches the endpoint" api_answers
  register_again_if_gone
fi
apply_api_proxy
apply_static_pods
settle_endpoint 127.0.0.1
wait_for 240 "the node's readiness" "See \`journalctl -u kubelet\` on the host" node_ready "$NODE_NAME"
node_hooks after-join
