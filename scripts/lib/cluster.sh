# Looking at the cluster through its API, with the kubeconfig that KUBECONFIG names.
# shellcheck shell=bash

kube() {
  kubectl --request-timeout=15s "$@"
}

api_answers() {
  kube get --raw /readyz
}

# At the endpoint, with our authority: anything else that listens there does not count.
endpoint_answers() {
  curl -sS --fail --max-time 5 --cacert "$1" "https://$ENDPOINT/readyz"
}

# Whether the API says that there is no such node: an API that does not answer says nothing.
node_gone() {
  local found
  found=$(kube get node "$NODE_NAME" --ignore-not-found -o name) && [ -z "$found" ]
}

# Asked again when an API server goes away in the middle of it, as they do when a whole cluster is taken down.
remove_node() {
  wait_for 60 "removing the node $1" "See that the API answers, then run \`pulumi up\` again" \
    kube delete node "$1" --ignore-not-found
}

# A node that somebody deleted comes back when its kubelet starts.
register_again_if_gone() {
  if node_gone; then
    do_step "restarting the kubelet, whose node is gone" systemctl restart kubelet
  fi
}

# The authority that a kubeconfig trusts.
authority_of() {
  awk '$1 == "certificate-authority-data:" { print $2 }' "$1"
}

# A host that is in another cluster stays there: nothing of it is ours to remove.
refuse_other_cluster() {
  local kubelet=/etc/kubernetes/kubelet.conf
  if [ -s "$kubelet" ] && [ "$(authority_of "$kubelet")" != "$(authority_of "$1")" ]; then
    fail "this host is a node of another cluster" "If it may go, run \`kubeadm reset\` there; if not, choose another host"
  fi
}

# Where the network is somebody else's business, a node that lacks nothing else is as ready as it can be.
node_ready() {
  local said condition='.status.conditions[?(@.type=="Ready")]'
  said=$(kube get node "$1" -o "jsonpath={$condition.status} {$condition.message}") || return 1
  case $said in
    True*) ;;
    'False container runtime network not ready: '*) [ "${NETWORK:-ours}" = none ] ;;
    *) return 1 ;;
  esac
}

# kubeadm starts both copies of CoreDNS when there is one node, and there they would stay: names would be lost with it.
# This way the second waits for a second node.
spread_dns() {
  kube -n kube-system patch deployment coredns --type strategic --patch '
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
