# What kubelets and kube-proxy are told, kept in the cluster: a control plane's part.
# shellcheck shell=bash
: "${KUBELET_CONFIG:?}" "${PROXY_CONFIG:?}"

# Everything that kubeadm wants to know of the cluster beside what is kept.
with_components() {
  wait_for 60 "the cluster's version" "See that the API answers" read_cluster_version
  sed "s|^kubernetesVersion: .*|kubernetesVersion: $(cat "$WORK/cluster")|" cluster.yaml >"$1"
  printf -- '---\n' >>"$1"
  cat components.yaml >>"$1"
}

# keep_kubelet_settings: what nodes that join begin with, and those that run are given in their turn.
keep_kubelet_settings() {
  is_noted kubelet "$KUBELET_CONFIG" && return
  with_components all.yaml
  do_step "keeping the kubelets' settings in the cluster" kubeadm init phase upload-config kubelet --config all.yaml \
    --kubeconfig "$KUBECONFIG"
  note kubelet "$KUBELET_CONFIG"
}

# In $WORK/proxy: kube-proxy's image; nothing when the site has put something else in its place.
read_proxy() {
  kube -n kube-system get daemonset kube-proxy --ignore-not-found \
    -o 'jsonpath={.spec.template.spec.containers[0].image}' >"$WORK/proxy"
}

# The first pods with new settings are well; the rest follows, as long as they are, without us.
proxy_begins_well() {
  kube -n kube-system get daemonset kube-proxy -o "jsonpath={.metadata.generation} {.status.observedGeneration} \
{.status.updatedNumberScheduled} {.status.numberUnavailable}" >"$WORK/proxies" &&
    awk '$1 == $2 && $3 > 0 && $4 + 0 == 0 { well = 1 } { print } END { exit !well }' "$WORK/proxies"
}

# settle_proxy: by whichever control plane finds kube-proxy in the wanted version first; an upgrade brings that last.
settle_proxy() {
  is_noted proxy "$PROXY_CONFIG" && return
  wait_for 60 "what kube-proxy runs" "See that the API answers" read_proxy
  case $(cat "$WORK/proxy") in
    '') return ;;
    *":v$KUBERNETES_VERSION") ;;
    *) return ;;
  esac
  with_components all.yaml
  do_step "giving kube-proxy its settings" kubeadm init phase addon kube-proxy --config all.yaml --kubeconfig "$KUBECONFIG"
  # It reads them when it starts.
  do_step "restarting kube-proxy, node by node" kube -n kube-system patch daemonset kube-proxy --type merge \
    -p "{\"spec\": {\"template\": {\"metadata\": {\"annotations\": {\"kubeadm-ha/settings\": \"$PROXY_CONFIG\"}}}}}"
  wait_for 180 "health of the first kube-proxy with new settings" \
    "See \`kubectl -n kube-system logs -l k8s-app=kube-proxy\`; the other nodes keep theirs meanwhile" proxy_begins_well
  note proxy "$PROXY_CONFIG"
}
