# etcd as control planes use one that does not run on them: whether it answers with the client certificate that lies beside
# the step, and whether it holds a cluster already.
# shellcheck shell=bash

# ask_etcd ENDPOINT PATH CURL_OPTION…
ask_etcd() {
  local endpoint=$1 path=$2
  shift 2
  curl -sS --max-time 5 --cacert pki/etcd/ca.crt --cert pki/apiserver-etcd-client.crt --key pki/apiserver-etcd-client.key \
    "$@" "$endpoint$path"
}

# Which of them are not healthy is what it prints.
every_endpoint_healthy() {
  local endpoint said status=0
  for endpoint in ${ETCD_ENDPOINTS:?}; do
    said=$(ask_etcd "$endpoint" /health 2>&1) || :
    case $said in
      *'"health":"true"'*) ;;
      *)
        printf '%s: %s\n' "$endpoint" "$said"
        status=1
        ;;
    esac
  done
  return "$status"
}

any_endpoint_healthy() {
  local endpoint
  for endpoint in ${ETCD_ENDPOINTS:?}; do
    ask_etcd "$endpoint" /health | grep -q '"health":"true"' && return
  done
  return 1
}

await_etcd() {
  wait_for 60 "health of etcd at every one of its addresses" \
    "See that etcd runs there, that this host reaches its port, and that the client certificate is one it takes" every_endpoint_healthy
}

# holds_a_cluster: whether there are objects of Kubernetes' in it. /registry/ and what comes after it, in base64.
holds_a_cluster() {
  local endpoint said
  for endpoint in ${ETCD_ENDPOINTS:?}; do
    said=$(ask_etcd "$endpoint" /v3/kv/range --fail -X POST \
      -d '{"key": "L3JlZ2lzdHJ5Lw==", "range_end": "L3JlZ2lzdHJ5MA==", "count_only": true}' 2>>"$LOG") || continue
    [[ $said == *'"count":"'* ]] && return
    return 1
  done
  # A proxy before it, or a setting of its owner's: nothing is known, and kubeadm's own checks have the word.
  printf 'etcd did not say whether it holds objects\n' >>"$LOG"
  return 1
}

# What the API servers show etcd, taken up from the disk with the next connection.
install_etcd_client() {
  local file
  for file in etcd/ca.crt apiserver-etcd-client.key apiserver-etcd-client.crt; do
    put "pki/$file" "/etc/kubernetes/pki/$file" 600 || :
  done
}
