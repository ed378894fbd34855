# The way out of a site that has no other, for those commands alone that go there: kubeadm would pass it on to its pods.
# shellcheck shell=bash

# proxied COMMAND…: runs it with the proxy, where there is one.
proxied() {
  if [ -z "${PROXY_HTTP:-}${PROXY_HTTPS:-}" ]; then
    "$@"
    return
  fi
  env ${PROXY_HTTP:+"http_proxy=$PROXY_HTTP" "HTTP_PROXY=$PROXY_HTTP"} \
    ${PROXY_HTTPS:+"https_proxy=$PROXY_HTTPS" "HTTPS_PROXY=$PROXY_HTTPS"} \
    "no_proxy=${PROXY_EXCEPT:-}" "NO_PROXY=${PROXY_EXCEPT:-}" "$@"
}
