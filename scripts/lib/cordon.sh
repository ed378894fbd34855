# Out of service for a while and back. The node says of itself who has cordoned it.
# shellcheck shell=bash

# What an upgrade puts on a node that it has cordoned: one without it was cordoned by somebody else, and stays so.
readonly CORDONED=kubeadm-ha/cordoned

# In $WORK/cordon: whether the node is cordoned, and whether by an upgrade.
read_cordon() {
  kube get node "$NODE_NAME" -o "jsonpath={.spec.unschedulable} {.metadata.annotations.$CORDONED}" >"$WORK/cordon"
}

know_cordon() {
  wait_for 60 "the state of this node" "See that the API answers" read_cordon
}

# Mark and cordon come and go in one change: no interruption leaves one without the other.
mark_cordon() {
  know_cordon
  grep -q '^true' "$WORK/cordon" && return
  wait_for 60 "cordoning the node" "See that the API answers, then run \`pulumi up\` again" kube patch node "$NODE_NAME" \
    --type merge -p "{\"metadata\": {\"annotations\": {\"$CORDONED\": \"upgrade\"}}, \"spec\": {\"unschedulable\": true}}"
}

# back_in_service: undoes mark_cordon, also that of a run which was interrupted.
back_in_service() {
  know_cordon
  grep -q ' upgrade$' "$WORK/cordon" || return 0
  wait_for 60 "uncordoning the node" "See that the API answers, then run \`pulumi up\` again" kube patch node "$NODE_NAME" \
    --type merge -p "{\"metadata\": {\"annotations\": {\"$CORDONED\": null}}, \"spec\": {\"unschedulable\": null}}"
}
