# A balancer that somebody else runs: whether it takes connections, and whether it passes them on to this host. Nothing
# of it is asked unless CHECK_BALANCER says so: for other kinds of endpoint nobody sets it.
# shellcheck shell=bash
# shellcheck source=scripts/lib/names.sh
. lib/names.sh
: "${ENDPOINT:?}"

readonly CHECK_BALANCER=${CHECK_BALANCER:-no}
HOW_TO_BALANCE="It has to pass TCP on, TLS untouched, to port 6443 of every control plane, here $NODE_ADDRESS:6443;"
HOW_TO_BALANCE+=" where that cannot be seen from here, set endpoint.checkBackends: false"
readonly HOW_TO_BALANCE

endpoint_accepts() {
  # shellcheck disable=SC2016  # for the inner shell
  timeout 5 bash -c 'exec 3<>"/dev/tcp/${1%:*}/${1##*:}"' bash "$ENDPOINT"
}

# A control plane may be the endpoint itself: before its API server there is nothing to ask.
is_endpoint() {
  [ "${ENDPOINT%:*}" = "$NODE_ADDRESS" ] && return
  getent ahostsv4 "${ENDPOINT%:*}" | awk -v own="$NODE_ADDRESS" '$1 == own { found = 1 } END { exit !found }'
}

await_balancer() {
  [ "$CHECK_BALANCER" = yes ] && ! is_endpoint || return 0
  wait_for 20 "a balancer that takes connections at $ENDPOINT" "$HOW_TO_BALANCE" endpoint_accepts
}

# Each connection may go to another control plane: asked till it is this one that shows its certificate.
await_way_through_balancer() {
  [ "$CHECK_BALANCER" = yes ] || return 0
  wait_for 90 "a connection through the balancer at $ENDPOINT to this host's API server" \
    "$HOW_TO_BALANCE" shows_certificate "$ENDPOINT"
}
