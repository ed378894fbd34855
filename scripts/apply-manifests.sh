#!/usr/bin/env bash
# Applies the cluster's own manifests: the network between pods, and what nodes may do. Runs on whichever control plane
# is the first one now.
# shellcheck source=scripts/lib/base.sh
. lib/base.sh
# shellcheck source=scripts/lib/cluster.sh
. lib/cluster.sh
: "${SEVERAL_NODES:?}"

export KUBECONFIG=$WORK/admin.conf

wait_for 120 "the cluster's answer" "Bring its control planes back" api_answers
for manifest in manifests/*.yaml; do
  do_step "applying $manifest" kube apply --server-side --force-conflicts --field-manager kubeadm-ha -f "$manifest"
done
if [ "$SEVERAL_NODES" = yes ]; then
  do_step "spreading CoreDNS over nodes" spread_dns
fi
