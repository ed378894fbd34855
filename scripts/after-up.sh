#!/usr/bin/env bash
# Runs what the user wants done when all nodes have joined, on whichever control plane is the first one now.
# shellcheck source=scripts/lib/base.sh
. lib/base.sh
# shellcheck source=scripts/lib/cluster.sh
. lib/cluster.sh
# shellcheck source=scripts/lib/hooks.sh
. lib/hooks.sh

export KUBECONFIG=$WORK/admin.conf NODE_NAME NODE_ADDRESS

wait_for 120 "the cluster's answer" "Bring its control planes back" api_answers
run_hooks after-up
