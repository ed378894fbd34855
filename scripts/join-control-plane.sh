#!/usr/bin/env bash
# Makes this host a control plane, with an etcd member where etcd is stacked, or finds that it is one and brings it to the
# wanted versions, settings and names. Never starts a cluster. Prints the ends of its certificates as JSON.
# shellcheck source=scripts/lib/base.sh
. lib/base.sh
# shellcheck source=scripts/lib/cluster.sh
. lib/cluster.sh
# shellcheck source=scripts/lib/authorities.sh
. lib/authorities.sh
# shellcheck source=scripts/lib/clean.sh
. lib/clean.sh
# shellcheck source=scripts/lib/etcd-client.sh
. lib/etcd-client.sh
# shellcheck source=scripts/lib/upgrade.sh
. lib/upgrade.sh
# shellcheck source=scripts/lib/settings.sh
. lib/settings.sh
# shellcheck source=scripts/lib/manifests.sh
. lib/manifests.sh
# shellcheck source=scripts/lib/external.sh
. lib/external.sh
# shellcheck source=scripts/lib/components.sh
. lib/components.sh
# shellcheck source=scripts/lib/kubelet.sh
. lib/kubelet.sh
# shellcheck source=scripts/lib/hooks.sh
. lib/hooks.sh
# shellcheck source=scripts/lib/static-pods.sh
. lib/static-pods.sh
# shellcheck source=scripts/lib/local-endpoint.sh
. lib/local-endpoint.sh
: "${ENDPOINT:?}" "${ETCD:?}"

export KUBECONFIG=$WORK/admin.conf

refuse_other_cluster admin.conf

own_api_ready() {
  curl -sS --fail --max-time 5 --cacert pki/ca.crt "https://$NODE_ADDRESS:6443/readyz"
}

# With an etcd elsewhere there is no member here to wait for.
own_member_started() {
  [ "$ETCD" = stacked ] || return 0
  list_members &&
    grep -q "started, $NODE_NAME, https://$NODE_ADDRESS:2380, .*, false$" "$WORK/members"
}

await_own_health() {
  wait_for 180 "an answer of this host's API server" "See \`crictl ps -a\` on the host" own_api_ready
  wait_for 120 "a started etcd member on this host" "See \`crictl ps -a\` on the host" own_member_started
}

is_joined() {
  local last=etcd
  [ "$ETCD" = stacked ] || last=kube-apiserver
  [ ! -e "$STATE/joining" ] && [ -s "/etc/kubernetes/manifests/$last.yaml" ] && [ -s /etc/kubernetes/kubelet.conf ]
}

discard_half_a_member() {
  local id
  ETCD_NOT_ON=$NODE_NAME know_members
  id=$(etcd_member_id "$NODE_NAME" "$NODE_ADDRESS")
  if [ -n "$id" ]; then
    ETCD_NOT_ON=$NODE_NAME remove_member "$id"
  fi
}

# A join that broke off may have left a member, a node or files. All of it is this host's own, and goes.
discard_half_a_join() {
  if [ "$ETCD" = stacked ]; then
    discard_half_a_member
  fi
  do_step "removing the unfinished node" kube delete node "$NODE_NAME" --ignore-not-found
  clean_node
}

# The rule of quorum on the members there will be: a new member may not cost the majority.
check_quorum() {
  local members healthy
  know_members
  if grep -q ', true$' "$WORK/members"; then
    fail "etcd has a learner already: $(grep ', true$' "$WORK/members" | cut -d , -f 3)" \
      "One member joins at a time; let that one finish, or remove it, then run \`pulumi up\` again"
  fi
  members=$(wc -l <"$WORK/members")
  healthy=$(etcd_healthy '')
  etcd_allows "$((members + 1))" "$((healthy + 1))" || fail "only $healthy of $members etcd members are healthy" \
    "A new member now could cost the majority; bring the others back first"
}

certificate_ends() {
  local file separator='{' stacked='etcd/server etcd/peer etcd/healthcheck-client'
  [ "$ETCD" = stacked ] || stacked=
  for file in apiserver apiserver-kubelet-client apiserver-etcd-client front-proxy-client $stacked; do
    printf '%s"%s": "%s"' "$separator" "$file" \
      "$(date -u -d "$(openssl x509 -noout -enddate -in "/etc/kubernetes/pki/$file.crt" | cut -d = -f 2)" +%FT%TZ)"
    separator=', '
  done
  printf '}\n'
}

# In $WORK/marked: this node, if it has kubeadm's label.
read_marked() {
  kube get nodes -l node-role.kubernetes.io/control-plane --field-selector "metadata.name=$NODE_NAME" -o name >"$WORK/marked"
}

# A join that broke off before kubeadm's last word, and a node that registered again after somebody had deleted it, are
# without: nobody would find this control plane by its label, and everybody's pods would come here.
mark_control_plane() {
  wait_for 60 "the marks of this node" "See that the API answers" read_marked
  [ -s "$WORK/marked" ] ||
    do_step "marking the node as a control plane" kubeadm init phase mark-control-plane --config cluster.yaml
}

# The API server of a host that broke off in the middle of joining says nothing about the cluster.
seek() {
  if [ -e "$STATE/joining" ]; then
    # shellcheck disable=SC2046  # a list of words
    seek_endpoint admin.conf $(other_control_planes)
  else
    # shellcheck disable=SC2046
    seek_endpoint admin.conf "$NODE_ADDRESS" $(other_control_planes)
  fi
}

wait_for_runtime
seek
wait_for 120 "the answer of a cluster at $ENDPOINT" \
  "This stack has started one: bring its control planes back; a second one is never started" api_answers
if [ -e "$STATE/joining" ] && own_api_ready && own_member_started && node_ready "$NODE_NAME"; then
  rm "$STATE/joining" # broke off after the join had come to its end
fi >/dev/null 2>&1
restore_manifests
install_server_files
if is_joined; then
  node_hooks before-join
  if [ "$ETCD" = external ]; then
    install_etcd_client
  fi
  mend_pair
  register_again_if_gone
  upgrade_control_plane
  roll_manifests
  keep_kubelet_settings
  settle_kubelet
else
  if [ -e "$STATE/joining" ] || [ -e /etc/kubernetes/manifests/kube-apiserver.yaml ] || [ -d "${ETCD_DATA:-/var/lib/etcd}/member" ]; then
    discard_half_a_join
  fi
  if [ "$ETCD" = stacked ]; then
    check_quorum
    note_etcd_data
  else
    wait_for 60 "etcd's answer" "See that this host reaches one of $ETCD_ENDPOINTS" any_endpoint_healthy
  fi
  ready_to_join
  node_hooks before-join
  : >"$STATE/joining"
  install_authorities
  install_server_files # what was there went with the half of a join
  keep_cluster_settings
  keep_kubelet_settings
  if ! (do_step "kubeadm join" kubeadm join --config kubeadm.yaml); then
    discard_half_a_join # the next \`up\` may not come back to it: a learner would keep others from joining
    exit 1
  fi
  rm "$STATE/joining"
fi
await_own_health
keep_cluster_settings
settle_endpoint "$NODE_ADDRESS"
apply_static_pods
settle_proxy
serve_names
await_way_through_balancer
register_again_if_gone
wait_for 240 "the node's readiness" "See \`kubectl describe node $NODE_NAME\`" node_ready "$NODE_NAME"
mark_control_plane
node_hooks after-join
certificate_ends
