#!/usr/bin/env bash
# Takes this control plane out: its pods, its etcd member, its node, then everything on the host. The last one of a
# cluster ends the cluster.
# shellcheck source=scripts/lib/base.sh
. lib/base.sh
# shellcheck source=scripts/lib/cluster.sh
. lib/cluster.sh
# shellcheck source=scripts/lib/etcd-pods.sh
. lib/etcd-pods.sh
# shellcheck source=scripts/lib/drain.sh
. lib/drain.sh
# shellcheck source=scripts/lib/clean.sh
. lib/clean.sh
# shellcheck source=scripts/lib/static-pods.sh
. lib/static-pods.sh
# shellcheck source=scripts/lib/local-endpoint.sh
. lib/local-endpoint.sh
: "${ETCD:?}"

export KUBECONFIG=$WORK/admin.conf

leave_etcd() {
  local id members healthy
  know_members
  members=$(wc -l <"$WORK/members")
  id=$(etcd_member_id "$NODE_NAME" "$NODE_ADDRESS")
  if [ -z "$id" ] || [ "$members" -eq 1 ]; then
    return
  fi
  if grep ', true$' "$WORK/members" | grep -qv "^$id,"; then
    fail "etcd has a learner: another member is just joining" "Let it finish, then run \`pulumi up\` again"
  fi
  healthy=$(etcd_healthy "https://$NODE_ADDRESS:2379")
  etcd_allows "$((members - 1))" "$healthy" || fail "of the $((members - 1)) etcd members that would be left only $healthy are healthy" \
    "Bring the others back first: this removal would cost the majority"
  withdraw_api_server
  ETCD_NOT_ON=$NODE_NAME remove_member "$id"
}

# It would lose its etcd and still listen: a balancer that looks at ports alone would go on sending to it, and this
# script is one of its clients. It lets nobody in from its end's beginning on; who is in may stay some seconds longer.
withdraw_api_server() {
  rm -f /etc/kubernetes/manifests/kube-apiserver.yaml
  wait_for 90 "the end of this host's API server" "See \`crictl ps\` on the host" api_server_refuses
}

# 7: nobody listens.
api_server_refuses() {
  local status=0
  curl -sk -o /dev/null --max-time 3 "https://$NODE_ADDRESS:6443/livez" || status=$?
  [ "$status" -eq 7 ]
}

# Other control planes, in $WORK/others: with an etcd elsewhere their nodes are what says that the cluster goes on. An API
# that does not answer does not say that there are none.
list_others() {
  kube get nodes -l node-role.kubernetes.io/control-plane -o name >"$WORK/planes" &&
    { grep -vxF "node/$NODE_NAME" "$WORK/planes" >"$WORK/others" || [ $? -eq 1 ]; }
}

others_go_on() {
  if [ "$ETCD" = stacked ]; then
    know_members
    [ "$(wc -l <"$WORK/members")" -gt 1 ]
  else
    wait_for 60 "the list of control planes" "See that the API answers" list_others
    [ -s "$WORK/others" ]
  fi
}

# The manifest that a join writes last.
last=etcd
[ "$ETCD" = stacked ] || last=kube-apiserver
if [ -s "/etc/kubernetes/manifests/$last.yaml" ]; then
  # The API server here loses its etcd on the way: another one is asked, as long as there is one.
  # shellcheck disable=SC2046  # a list of words
  seek_endpoint admin.conf $(other_control_planes) "$NODE_ADDRESS"
  wait_for 60 "the cluster's answer" "A control plane leaves through a living one; if this host is lost, say \`lost: true\`" \
    api_answers
  if others_go_on; then
    node_gone || drain
    withdraw_static_pods
    # Whoever has the address asks itself, and the API server here goes: it has to be elsewhere for this host too.
    remove_virtual_address
    if [ "$ETCD" = stacked ]; then
      leave_etcd
    fi
    # The API server here goes too: stop it, so that nobody is sent to it while the host is cleaned.
    systemctl stop kubelet
    remove_node "$NODE_NAME"
  fi
fi
clean_node
