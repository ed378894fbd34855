#!/usr/bin/env bash
# The cluster of stack dev as an administrator would script it, to be measured against: every host at once, nothing
# waits that need not wait, one SSH connection a host. It is for bare hosts and for one time: it mends nothing.
#   by-hand.sh FOLDER SSH_CONFIG     FOLDER has `settings` and a folder of files for each host
# Leaves FOLDER/times (`seconds begin|end phase host`), FOLDER/log.HOST and FOLDER/admin.conf.
set -euo pipefail
cd "$1"
ssh_config=$2
# shellcheck source=/dev/null
. ./settings
: "${balancers:?}" "${control_planes:?}" "${workers:?}" "${virtual_address:?}" "${port:?}" "${kubernetes:?}" \
  "${containerd:?}"
read -ra planes <<<"$control_planes"
first=${planes[0]}
patience=600

stamp() {
  printf '%s %s %s %s\n' "$EPOCHREALTIME" "$@" >>"times"
}

# on HOST FUNCTION ARGUMENT…: runs a function of this file there; what it prints goes to the host's log.
on() {
  local host=$1 function=$2
  shift 2
  stamp begin "$function" "$host"
  ssh -F "$ssh_config" -o ControlMaster=auto -o ControlPath="$PWD/ssh-%h" -o ControlPersist=yes "$host" bash -s >>"log.$host" 2>&1 <<<"
    set -euo pipefail
    export DEBIAN_FRONTEND=noninteractive
    cd /root/files
    $(declare -f "$function")
    $function $*"
  stamp end "$function" "$host"
}

# send HOST: its files, over the connection that stays open for all that follows.
send() {
  tar -C "$1" -cf - . | ssh -F "$ssh_config" -o ControlMaster=auto -o ControlPath="$PWD/ssh-%h" \
    -o ControlPersist=yes "$1" 'mkdir -m 700 /root/files && tar -C /root/files -xf -' >>"log.$1" 2>&1
}

# reached WHAT: something that another host's branch has come to. await WHAT: waits for that.
reached() {
  : >"reached.$1"
}

await() {
  local end=$((SECONDS + patience))
  until [ -e "reached.$1" ]; do
    if [ -e failed ] || [ "$SECONDS" -ge "$end" ]; then
      echo "by hand: $1 was not reached" >&2
      return 1
    fi
    sleep 0.05
  done
}

# --- what is done on hosts ---------------------------------------------------

# shellcheck disable=SC2317  # these run on hosts
balance() {
  local virtual_address=$1 port=$2 address=$3 interface
  apt-get -q update
  apt-get -q -y --no-install-recommends install haproxy keepalived
  interface=$(ip -4 -o address show | awk -v ip="$address" '{ split($4, a, "/"); if (a[1] == ip) { print $2; exit } }')
  install -m 644 kubernetes-ca.crt haproxy.cfg /etc/haproxy/
  # shellcheck disable=SC2016  # keepalived's variable
  printf '$INTERFACE=%s\n' "$interface" >/etc/keepalived/kubeadm-ha-interface.conf
  printf '#!/bin/sh\nexec curl -sf -o /dev/null --max-time 1 http://127.0.0.1:8404/healthz\n' \
    >/usr/local/sbin/kubeadm-ha-check-haproxy
  chmod 755 /usr/local/sbin/kubeadm-ha-check-haproxy
  install -m 644 keepalived.conf /etc/keepalived/
  systemctl -q enable haproxy keepalived
  systemctl restart haproxy keepalived
  timeout 60 bash -c "until (exec 3<>/dev/tcp/$virtual_address/$port); do sleep 0.2; done"
}

# shellcheck disable=SC2317
prepare() {
  local kubernetes=$1 containerd=$2 address=$3 name=$4 image
  local -a pulls=()
  echo "$address $name" >>/etc/hosts
  if [ -d pki ]; then
    mkdir -p /etc/kubernetes
    cp -r pki /etc/kubernetes/
  fi
  printf 'overlay\nbr_netfilter\n' >/etc/modules-load.d/kubernetes.conf
  modprobe -a overlay br_netfilter || echo "no modules here: they are built in, or kubeadm will tell"
  printf '%s\n' 'net.ipv4.ip_forward = 1' '-net.bridge.bridge-nf-call-iptables = 1' \
    '-net.bridge.bridge-nf-call-ip6tables = 1' >/etc/sysctl.d/90-kubernetes.conf
  sysctl -q -p /etc/sysctl.d/90-kubernetes.conf
  mkdir -p /etc/apt/keyrings
  cp keys/*.asc /etc/apt/keyrings/
  cp kubernetes.list /etc/apt/sources.list.d/
  apt-get -q update
  apt-get -q -y --no-install-recommends install "kubelet=$kubernetes-*" "kubeadm=$kubernetes-*" \
    "kubectl=$kubernetes-*" "containerd.io=$containerd-*" ca-certificates conntrack curl ethtool gpg iproute2 \
    iptables kmod openssl socat
  apt-mark hold kubelet kubeadm kubectl containerd.io
  cp config.toml /etc/containerd/
  cp -r certs.d /etc/containerd/
  echo 'runtime-endpoint: unix:///run/containerd/containerd.sock' >/etc/crictl.yaml
  systemctl -q enable containerd kubelet
  systemctl restart containerd
  timeout 60 bash -c 'until crictl info >/dev/null; do sleep 0.1; done'
  while read -r image; do
    crictl pull "$image" </dev/null &
    pulls+=("$!")
  done <images
  for image in "${pulls[@]}"; do
    wait "$image"
  done
}

# shellcheck disable=SC2317
init() {
  kubeadm init --config kubeadm.yaml
  cp /etc/kubernetes/admin.conf /root/files/admin.conf
}

# shellcheck disable=SC2317
network() {
  export KUBECONFIG=/root/files/admin.conf
  kubectl apply --server-side -f manifests
  kubectl -n kube-system patch deployment coredns --type strategic --patch '
spec:
  template:
    spec:
      topologySpreadConstraints:
        - maxSkew: 1
          minDomains: 2
          topologyKey: kubernetes.io/hostname
          whenUnsatisfiable: DoNotSchedule
          labelSelector: {matchLabels: {k8s-app: kube-dns}}'
}

# shellcheck disable=SC2317
join() {
  sed -i "s/AUTHORITY/$1/" kubeadm.yaml
  kubeadm join --config kubeadm.yaml
}

# shellcheck disable=SC2317
ready() {
  export KUBECONFIG=/root/files/admin.conf
  kubectl wait --for=create --timeout=120s "${@/#/node/}"
  kubectl wait --for=condition=Ready --timeout=240s "${@/#/node/}"
  kubectl -n kube-system delete secrets --field-selector type=bootstrap.kubernetes.io/token
}

# --- what is done here -------------------------------------------------------

# authority FILE NAME: a key and a certificate that signs.
authority() {
  mkdir -p "$(dirname "pki/$1")"
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 3650 -keyout "pki/$1.key" \
    -out "pki/$1.crt" -subj "/CN=$2" -config <(printf '[req]\ndistinguished_name=dn\n[dn]\n') \
    -addext basicConstraints=critical,CA:TRUE -addext subjectKeyIdentifier=hash \
    -addext keyUsage=critical,digitalSignature,keyEncipherment,keyCertSign
}

authorities() {
  authority ca kubernetes
  authority front-proxy-ca front-proxy-ca
  authority etcd/ca etcd-ca
  openssl ecparam -name prime256v1 -genkey -noout -out pki/sa.key
  openssl ec -in pki/sa.key -pubout -out pki/sa.pub
}

# Each branch is one host's way from bare to Ready.
balancer() {
  cp pki/ca.crt "$1/kubernetes-ca.crt"
  send "$1"
  on "$1" balance "$virtual_address" "$port" "${address[$1]}"
  reached "balance.$1"
}

node() {
  send "$1"
  on "$1" prepare "$kubernetes" "$containerd" "${address[$1]}" "$1"
}

first_plane() {
  local balancer
  cp -r pki "$first/"
  node "$first"
  for balancer in $balancers; do
    await "balance.$balancer"
  done
  on "$first" init
  reached "join.$first"
  on "$first" network
}

# plane HOST BEFORE: etcd takes one member at a time, so a control plane joins when the one before it has joined.
plane() {
  cp -r pki "$1/"
  node "$1"
  await "join.$2"
  on "$1" join "$digest"
  reached "join.$1"
}

worker() {
  node "$1"
  await "join.$first"
  on "$1" join "$digest"
}

# branch FUNCTION ARGUMENT…: runs it beside the others; the first that fails ends them all. Not behind `||`, where the
# shell would go on after an error.
branches=()
branch() {
  (
    trap '[ $? -eq 0 ] || : >failed' EXIT
    "$@"
  ) &
  branches+=("$!")
}

close() {
  local socket
  for socket in ssh-*; do
    [ ! -S "$socket" ] || ssh -F "$ssh_config" -o ControlPath="$socket" -O exit lab 2>>log.here
  done
}
trap close EXIT

umask 077
stamp begin authorities -
authorities 2>>log.here
digest=$(openssl x509 -in pki/ca.crt -pubkey -noout | openssl pkey -pubin -outform DER | sha256sum | cut -d ' ' -f 1)
stamp end authorities -

branch first_plane
for host in $balancers; do
  branch balancer "$host"
done
for index in "${!planes[@]}"; do
  [ "$index" -eq 0 ] || branch plane "${planes[index]}" "${planes[index - 1]}"
done
for host in $workers; do
  branch worker "$host"
done
for pid in "${branches[@]}"; do
  wait "$pid"
done
# shellcheck disable=SC2086  # names, one word each
on "$first" ready $control_planes $workers
ssh -F "$ssh_config" -o ControlPath="$PWD/ssh-%h" "$first" cat /root/files/admin.conf >admin.conf
