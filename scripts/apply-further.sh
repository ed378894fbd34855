#!/usr/bin/env bash
# Applies the further manifests of the cluster file, and removes what is in none of them any more. Runs on whichever
# control plane is the first one now.
# shellcheck source=scripts/lib/base.sh
. lib/base.sh
# shellcheck source=scripts/lib/cluster.sh
. lib/cluster.sh
# shellcheck source=scripts/lib/apply.sh
. lib/apply.sh

export KUBECONFIG=$WORK/admin.conf

wait_for 120 "the cluster's answer" "Bring its control planes back" api_answers
apply_set further
