# etcd's members in pods of the control planes, asked through the API.
# shellcheck shell=bash
# shellcheck source=scripts/lib/members.sh
. lib/members.sh

# etcdctl in the etcd pod of a living control plane: the tool is in the image and the certificates beside it.
etcdctl() {
  local pod pods
  pods=$(kube -n kube-system get pods -l component=etcd --no-headers -o wide | awk '$2 == "1/1" { print $1 }')
  for pod in $pods; do
    [ "$pod" = "etcd-${ETCD_NOT_ON:-}" ] && continue
    if timeout 30 kubectl -n kube-system exec "$pod" -c etcd -- etcdctl --endpoints=https://127.0.0.1:2379 \
      --cacert=/etc/kubernetes/pki/etcd/ca.crt --cert=/etc/kubernetes/pki/etcd/healthcheck-client.crt \
      --key=/etc/kubernetes/pki/etcd/healthcheck-client.key "$@"; then
      return
    fi
  done
  printf 'no etcd pod that is ready could run etcdctl %s\n' "$*" >&2
  return 1
}
