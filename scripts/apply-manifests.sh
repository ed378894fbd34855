#!/usr/bin/env bash
# Applies the cluster's own manifests: the network between pods, and what nodes may do. Runs on whichever control plane
# is the first one now.
# shellcheck source=scripts/lib/base.sh
. lib/base.sh
# shellcheck source=scripts/lib/cluster.sh
. lib/cluster.sh
# shellcheck source=scripts/lib/apply.sh
. lib/apply.sh
: "${SEVERAL_NODES:?}" "${FURTHER:?}"

export KUBECONFIG=$WORK/admin.conf

wait_for 120 "the cluster's answer" "Bring its control planes back" api_answers
for manifest in manifests/*.yaml; do
  do_step "applying $manifest" apply "$manifest"
done
apply_set network
if [ "$FURTHER" = no ]; then
  apply_set further # there is none: what the last ones brought goes
fi
if [ "$SEVERAL_NODES" = yes ]; then
  do_step "spreading CoreDNS over nodes" spread_dns
fi
