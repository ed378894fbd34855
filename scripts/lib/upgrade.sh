# A control plane in another version: its static pods first, then the node. Any control plane may be the first one.
# shellcheck shell=bash
# shellcheck source=scripts/lib/etcd-pods.sh
. lib/etcd-pods.sh
# shellcheck source=scripts/lib/roll.sh
. lib/roll.sh

readonly MANIFESTS=/etc/kubernetes/manifests BACKUPS=/etc/kubernetes/tmp

# kubeadm takes the old manifest away before it puts the new one there: a host that lost power between the two has
# neither, and one of the copies that kubeadm keeps.
restore_manifests() {
  local name copy
  [ -d "$BACKUPS" ] || return 0
  for name in etcd kube-apiserver kube-controller-manager kube-scheduler; do
    [ -e "$MANIFESTS/$name.yaml" ] && continue
    copy=$(find "$BACKUPS" -path "*/kubeadm-backup-manifests*/$name.yaml" -printf '%T@ %p\n' | sort -n | tail -n 1 | cut -d ' ' -f 2-)
    [ -z "$copy" ] || put "$copy" "$MANIFESTS/$name.yaml" 600 || :
  done
}

# What kubeadm keeps in the cluster as its version: `kubeadm upgrade apply` writes it when its own host is done.
read_cluster_version() {
  kube -n kube-system get configmap kubeadm-config -o 'jsonpath={.data.ClusterConfiguration}' |
    awk '$1 == "kubernetesVersion:" { print $2 }' >"$WORK/cluster"
  [ -s "$WORK/cluster" ]
}

cluster_differs() {
  [ "$(cat "$WORK/cluster")" != "v$KUBERNETES_VERSION" ]
}

static_pods_differ() {
  local name
  for name in kube-apiserver kube-controller-manager kube-scheduler; do
    grep -q "image: .*/$name:v$KUBERNETES_VERSION\$" "$MANIFESTS/$name.yaml" || return 0
  done
  return 1
}

others_are_well() {
  local members healthy
  list_members || return 1
  members=$(wc -l <"$WORK/members")
  healthy=$(etcd_healthy "https://$NODE_ADDRESS:2379")
  printf 'of the %s other etcd members only %s are healthy\n' "$((members - 1))" "$healthy"
  [ "$healthy" -ge $((members - 1)) ]
}

# etcd's member here restarts, and so does the API server: all the others have to be well for that.
check_others() {
  if [ "$ETCD" = external ]; then
    wait_for 15 "readiness of every other API server" \
      "Bring them back first: while this one restarts, somebody else has to serve" other_servers_ready
    return
  fi
  know_members
  if grep -q ', true$' "$WORK/members"; then
    fail "etcd has a learner: another member is just joining" "Let it finish, then run \`pulumi up\` again"
  fi
  wait_for 15 "health of every other etcd member" \
    "Bring them back first: while this one restarts, the majority would be at stake" others_are_well
}

# A kubelet of another release takes the same manifests for other pods, and starts them anew some seconds after it was
# started itself. It says which pods it means; the API says which of them are there and Ready.
static_pods_settled() {
  local ready='{range .items[*]}{.metadata.annotations.kubernetes\.io/config\.mirror} '
  ready+='{.status.conditions[?(@.type=="Ready")].status}{"\n"}{end}'
  kube get --raw "/api/v1/nodes/$NODE_NAME/proxy/pods" | grep -o '"kubernetes.io/config.hash":"[^"]*"' |
    cut -d '"' -f 4 | sed 's/$/ True/' | sort -u >"$WORK/meant" || return 1
  kube get pods --all-namespaces --field-selector "spec.nodeName=$NODE_NAME" -o "jsonpath=$ready" | sort -u >"$WORK/there" || return 1
  comm -23 "$WORK/meant" "$WORK/there" >"$WORK/awaited"
  cat "$WORK/awaited"
  [ -s "$WORK/meant" ] && [ ! -s "$WORK/awaited" ]
}

list_nodes() {
  kube get nodes -o name >"$WORK/nodes"
}

upgrade_static_pods() {
  check_others
  read_package_lists
  install_wanted kubeadm
  # Of an upgrade before this one: every member is well, so nobody goes back to that copy of the data.
  rm -rf "$BACKUPS"/kubeadm-backup-etcd-*
  # A setting that came with this release, or one that went with it, is kubeadm's to write into the new manifests.
  keep_cluster_settings
  keep_kubelet_settings
  if cluster_differs || [ "$(cat "$STATE/applying" 2>/dev/null || :)" = "$KUBERNETES_VERSION" ]; then
    # What it does for the whole cluster comes after the version is written, so that it is begun again if it broke off.
    printf '%s\n' "$KUBERNETES_VERSION" >"$STATE/applying"
    do_step "kubeadm upgrade apply" kubeadm upgrade apply --yes --config upgrade.yaml
    rm "$STATE/applying"
  else
    do_step "kubeadm upgrade node" kubeadm upgrade node --config upgrade.yaml
  fi
  await_own_health
  # The last one upgraded has had CoreDNS' deployment written anew.
  wait_for 60 "the list of nodes" "See that the API answers, then run \`pulumi up\` again" list_nodes
  if [ "$(wc -l <"$WORK/nodes")" -gt 1 ]; then
    do_step "spreading CoreDNS over nodes" spread_dns
  fi
}

# The caller says with await_own_health when this host's API server and etcd member are well.
upgrade_control_plane() {
  know_node
  wait_for 60 "the cluster's version" "See that the API answers" read_cluster_version
  refuse_older "$(cat "$WORK/cluster")" "the cluster runs"
  if static_pods_differ || cluster_differs || kubelet_differs || [ -e "$STATE/applying" ]; then
    await_own_health
    upgrade_static_pods
  elif containerd_differs || settings_differ; then
    check_others
  fi
  roll : static_pods_settled
}
