# Taking the pods off this node, as the node itself: a node may cordon itself and evict its own pods.
# shellcheck shell=bash
# shellcheck source=scripts/lib/cordon.sh
. lib/cordon.sh
: "${DRAIN_SECONDS:?}" "${DELETE_UNMANAGED_PODS:?}"

# Lines `namespace name owner` of the pods that have to go: no mirror pods, no daemons, nothing that has ended.
pods_to_go() {
  local columns='{.metadata.namespace}{"\t"}{.metadata.name}{"\t"}{.status.phase}{"\t"}'
  columns+='{.metadata.ownerReferences[0].kind}{"\n"}'
  kube get pods --all-namespaces --field-selector "spec.nodeName=$NODE_NAME" \
    -o "jsonpath={range .items[*]}$columns{end}" | awk -F '\t' '$3 != "Succeeded" && $3 != "Failed" && $4 != "DaemonSet" && $4 != "Node" {
      print $1, $2, ($4 == "" ? "-" : $4) }'
}

# In $WORK/takers: other nodes that could take pods. Where there are none, waiting for a disruption budget would be
# waiting for ever.
read_takers() {
  local columns='{.metadata.name}{"\t"}{.spec.unschedulable}{"\t"}{.status.conditions[?(@.type=="Ready")].status}'
  columns+='{"\t"}{.spec.taints[?(@.effect=="NoSchedule")].key}{"\n"}'
  kube get nodes -o "jsonpath={range .items[*]}$columns{end}" |
    awk -F '\t' -v me="$NODE_NAME" '$1 != me && $2 != "true" && $3 == "True" && $4 == "" { print $1 }' >"$WORK/takers"
}

send_away() {
  local namespace=$1 pod=$2
  # An API that does not answer does not say that there are none.
  read_takers || return 1
  if [ -s "$WORK/takers" ]; then
    printf '{"apiVersion":"policy/v1","kind":"Eviction","metadata":{"namespace":"%s","name":"%s"}}' \
      "$namespace" "$pod" | kube create --raw "/api/v1/namespaces/$namespace/pods/$pod/eviction" -f -
  else
    kube -n "$namespace" delete pod "$pod" --wait=false --ignore-not-found
  fi
}

list_pods_to_go() {
  pods_to_go >"$WORK/pods.next" && mv "$WORK/pods.next" "$WORK/pods"
}

# drain: cordons this node and returns when its pods are gone, or ends the step with their names.
drain() {
  take_pods_off leaves
}

# drain_for_a_while: the same for a node that comes back. One that cannot be drained is back in service at once.
drain_for_a_while() {
  take_pods_off returns
}

take_pods_off() {
  local end=$((SECONDS + DRAIN_SECONDS)) namespace pod owner unmanaged when state='the node stays cordoned'
  when="and run \`pulumi up\` before the removal"
  if [ "$1" = returns ]; then
    when="and run \`pulumi up\` again" state='the node is in service again'
  fi
  wait_for 60 "the list of this node's pods" "See that the API answers" list_pods_to_go
  unmanaged=$(awk '$3 == "-" { print $1 "/" $2 }' "$WORK/pods" | paste -sd ' ')
  if [ -n "$unmanaged" ] && [ "$DELETE_UNMANAGED_PODS" = no ]; then
    [ "$1" = leaves ] || back_in_service # cordoned by an earlier run
    fail "no controller would create these pods again: $unmanaged" \
      "Move or delete them, or set drain.deleteUnmanagedPods $when"
  fi
  if [ "$1" = returns ]; then
    mark_cordon
  else
    wait_for 60 "cordoning the node" "See that the API answers, then run \`pulumi up\` again" kube cordon "$NODE_NAME"
  fi
  while [ -s "$WORK/pods" ]; do
    if [ "$SECONDS" -ge "$end" ]; then
      [ "$1" = leaves ] || back_in_service
      fail "after $DRAIN_SECONDS s these pods are still here: $(awk '{ print $1 "/" $2 }' "$WORK/pods" | paste -sd ' ')" \
        "See what keeps them (kubectl get pdb -A); $state; run \`pulumi up\` again, or raise drain.timeoutSeconds first"
    fi
    while read -r namespace pod owner; do
      # Refused while a disruption budget does not allow it: asked again in a moment.
      send_away "$namespace" "$pod" >>"$LOG" 2>&1 </dev/null || printf 'not yet: %s/%s of a %s\n' "$namespace" "$pod" "$owner" >>"$LOG"
    done <"$WORK/pods"
    sleep 1
    # An API that does not answer leaves the list as it was: asked again in a moment.
    list_pods_to_go 2>>"$LOG" || :
  done
}
