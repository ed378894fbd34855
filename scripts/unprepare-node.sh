#!/usr/bin/env bash
# Gives the host back as it was: the packages that preparing it installed, and every file of ours.
# shellcheck source=scripts/lib/base.sh
. lib/base.sh
# shellcheck source=scripts/lib/clean.sh
. lib/clean.sh
# shellcheck source=scripts/lib/hosts-file.sh
. lib/hosts-file.sh
# shellcheck source=scripts/lib/system.sh
. lib/system.sh

no_containers() {
  [ -z "$(crictl ps --quiet)$(crictl pods --quiet)" ]
}

# A shim whose container ended while nobody listened stays for good.
end_shims() {
  pkill -KILL -f '^/usr/bin/containerd-shim-runc-v2 -namespace k8s.io ' || [ $? -eq 1 ]
}

remove_own_member() {
  timeout 120 kubeadm reset phase remove-etcd-member 2>&1 | tee "$WORK/said"
  ! grep -qE 'Unable to fetch|Failed to remove' "$WORK/said" # kubeadm takes either for success
}

# A join that failed is in no state: when its host's line goes, nobody has asked this node to leave. It leaves with what
# kubeadm gave it, where a cluster answers: a member of etcd that is gone would go on to count.
leave_unasked() {
  local own=/etc/kubernetes/admin.conf
  [ -s "$own" ] || own=/etc/kubernetes/kubelet.conf
  [ -s "$own" ] || return 0
  kubectl --kubeconfig "$own" --request-timeout=15s get --raw /readyz >>"$LOG" 2>&1 || return 0
  if [ -e /etc/kubernetes/manifests/etcd.yaml ]; then
    do_step "removing the etcd member" remove_own_member
  fi
  do_step "removing the node" kubectl --kubeconfig "$own" --request-timeout=30s delete node "$NODE_NAME" --ignore-not-found
}

# The host has become another node in the meantime, under a new address or name: it is not this step's any more.
if [ -s "$STATE/host" ] && [ "$(cat "$STATE/host")" != "$NODE_NAME $NODE_ADDRESS" ]; then
  exit 0
fi

leave_unasked
clean_node # also what a join that was interrupted has left

mapfile -t packages < <(added_packages packages)
if [ ${#packages[@]} -gt 0 ]; then
  if systemctl -q is-active containerd; then
    # Stopped by itself containerd leaves its pods alone, and a shim for each of them.
    do_step "removing pods" crictl rmp --all --force
    wait_for 30 "the end of the last container" "See \`crictl ps\` on the host" no_containers
    do_step "stopping containerd" systemctl stop containerd kubelet
  fi
  end_shims
  do_step "removing the packages that were installed" remove_packages "${packages[@]}"
fi
if grep -q '^#kubeadm-ha# ' /etc/fstab; then
  sed -i 's/^#kubeadm-ha# //' /etc/fstab
  swapon -a
fi
sed '/# kubeadm-ha\(-endpoint\)\?$/d' /etc/hosts >"$WORK/hosts"
write_hosts
forget_repositories
if [ -d /etc/systemd/system/containerd.service.d ]; then
  rm -f /etc/systemd/system/containerd.service.d/kubeadm-ha-proxy.conf
  rmdir --ignore-fail-on-non-empty /etc/systemd/system/containerd.service.d
  systemctl daemon-reload
fi
# A runtime that was here before keeps what it has: Docker's containers may be among it.
if [ -z "$(installed containerd.io)" ]; then
  rm -rf /etc/containerd /var/lib/containerd /run/containerd
fi
rm -rf /etc/modules-load.d/kubeadm-ha.conf /etc/sysctl.d/90-kubeadm-ha.conf /etc/crictl.yaml /etc/cni /var/lib/kubelet /opt/cni \
  /etc/kubernetes "$STATE" "$(dirname "$LOG")"
