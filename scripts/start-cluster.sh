#!/usr/bin/env bash
# Starts the cluster: kubeadm init, once in the life of a stack. A host that finds a cluster behind the endpoint, or data
# of one on its disk, starts nothing.
# shellcheck source=scripts/lib/base.sh
. lib/base.sh
# shellcheck source=scripts/lib/cluster.sh
. lib/cluster.sh
# shellcheck source=scripts/lib/authorities.sh
. lib/authorities.sh
# shellcheck source=scripts/lib/etcd-client.sh
. lib/etcd-client.sh
# shellcheck source=scripts/lib/external.sh
. lib/external.sh
# shellcheck source=scripts/lib/settings.sh
. lib/settings.sh
# shellcheck source=scripts/lib/hooks.sh
. lib/hooks.sh
# shellcheck source=scripts/lib/static-pods.sh
. lib/static-pods.sh
# shellcheck source=scripts/lib/local-endpoint.sh
. lib/local-endpoint.sh
: "${ENDPOINT:?}" "${ETCD:?}" "${KUBELET_CONFIG:?}" "${PROXY_CONFIG:?}"

export KUBECONFIG=$WORK/admin.conf

discard_half_a_start() {
  # shellcheck source=scripts/lib/clean.sh
  . lib/clean.sh
  clean_node
}

# kubeadm asks for the API at its endpoint: of a balancer that does not pass it on it says only that time has run out.
init() {
  (do_step "kubeadm init" kubeadm init --config kubeadm.yaml) 2>"$WORK/said" && return
  if [ "$CHECK_BALANCER" = yes ] && shows_certificate "$NODE_ADDRESS:6443" && ! shows_certificate "$ENDPOINT"; then
    fail "this host's API server runs, and cannot be reached through the balancer at $ENDPOINT" "$HOW_TO_BALANCE"
  fi
  cat "$WORK/said" >&2
  exit 1
}

wait_for_runtime
if [ -e "$STATE/started" ]; then
  wait_for 180 "the API's answer at $ENDPOINT" \
    "This host has started the cluster before; bring its control planes back" api_answers
  exit 0
fi
resumed=no
if [ -e "$STATE/starting" ]; then
  resumed=yes
  # Interrupted: nobody has joined what never came to its end, so nothing is lost with it.
  discard_half_a_start
elif endpoint_answers pki/ca.crt >/dev/null 2>&1; then
  exit 0
elif [ "$(curl -sk -o /dev/null -w '%{http_code}' --max-time 5 "https://$ENDPOINT/readyz" || :)" != 000 ]; then
  fail "another cluster answers at $ENDPOINT" "Choose a free endpoint address, or take that cluster down first"
elif [ -e /etc/kubernetes/manifests/kube-apiserver.yaml ] || [ -d "${ETCD_DATA:-/var/lib/etcd}/member" ]; then
  fail "this host holds the data of a cluster that this stack does not know" \
    "If it may go, run \`kubeadm reset\` there; if not, choose another host"
fi
if [ "$ETCD" = external ]; then
  await_etcd
  # What an interrupted start has written there is found again by the next one.
  [ "$resumed" = yes ] || ! holds_a_cluster || fail "etcd holds the objects of another cluster" \
    "Use an etcd of this cluster's own; if those objects may go, remove all under /registry/ with etcdctl"
else
  note_etcd_data
fi

await_balancer
node_hooks before-join
: >"$STATE/starting"
install_authorities
install_server_files
# What kubeadm asks at the endpoint has to be answered before it ends.
place_static_pods || :
if has_local_endpoint; then
  mean_by_endpoint "$NODE_ADDRESS"
fi
init
wait_for 120 "the API's answer at $ENDPOINT" "See that the balancer reaches this host's port 6443" api_answers
# kubeadm always makes a token, good for a day. Nobody joins with it: nodes have identities of their own.
do_step "removing kubeadm's token" kube -n kube-system delete secrets \
  --field-selector type=bootstrap.kubernetes.io/token
note cluster "$(cluster_digest)"
note kubelet "$KUBELET_CONFIG"
note proxy "$PROXY_CONFIG"
touch "$STATE/started"
rm "$STATE/starting"
