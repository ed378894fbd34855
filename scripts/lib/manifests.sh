# The static pods of a control plane that runs, when they are told something else: kubeadm renders them aside, and what
# differs is put in place, one component after another. One that does not come up gets its old manifest back, so that
# a bad setting costs one API server for some minutes and is kept nowhere.
# shellcheck shell=bash

readonly SERVERS='kube-apiserver kube-controller-manager kube-scheduler'
# A new API server is there within 20 s; on a slow disk, with a large etcd, it takes minutes.
readonly COMES_UP_SECONDS=${COMES_UP_SECONDS:-300}

render_manifests() {
  mkdir -p rendered
  do_step "rendering the manifests" env "KUBEADM_INIT_DRYRUN_DIR=$WORK/rendered" \
    kubeadm init phase control-plane all --dry-run --config cluster.yaml
}

differing_manifests() {
  local name
  for name in $SERVERS; do
    cmp -s "rendered/$name.yaml" "$MANIFESTS/$name.yaml" || printf '%s\n' "$name"
  done
}

# What the API says of a static pod here: which manifest it is of, whether it is Ready, how often it was started again.
read_static_pod() {
  local columns='{.metadata.annotations.kubernetes\.io/config\.mirror} {.status.conditions[?(@.type=="Ready")].status}'
  kube -n kube-system get pod "$1-$NODE_NAME" --ignore-not-found \
    -o "jsonpath=$columns {.status.containerStatuses[0].restartCount}" >"$WORK/static-pod"
}

# comes_up COMPONENT OLD: whether its pod gets Ready, and is of another manifest than OLD. One that ends again and again
# is given up early.
comes_up() {
  local end=$((SECONDS + COMES_UP_SECONDS)) mirror ready restarts
  while [ "$SECONDS" -lt "$end" ]; do
    # No line, as of an API that does not answer, is no answer.
    if read_static_pod "$1" 2>>"$LOG" && read -r mirror ready restarts < <(cat "$WORK/static-pod" && echo) &&
      [ -n "$mirror" ] && [ "$mirror" != "$2" ]; then
      [ "$ready" != True ] || return 0
      [ "${restarts:-0}" -lt 3 ] || return 1
    fi
    sleep 0.5
  done
  return 1
}

last_words() {
  local container
  container=$(crictl ps --all --quiet --latest --name "^$1\$")
  [ -z "$container" ] || crictl logs --tail 5 "$container" 2>&1 | cut -c -400 | sed 's/^/  | /' >&2
}

replace_manifest() {
  local name=$1 old
  wait_for 60 "what the API knows of $name" "See that the API answers" read_static_pod "$name"
  old=$(cut -d ' ' -f 1 "$WORK/static-pod")
  mkdir -p old
  cp -p "$MANIFESTS/$name.yaml" old/
  printf '\n== %s %s gets another manifest\n' "$(date -u +%FT%TZ)" "$name" >>"$LOG"
  diff "old/$name.yaml" "rendered/$name.yaml" >>"$LOG" || : # says how they differ, which is what is asked
  put "rendered/$name.yaml" "$MANIFESTS/$name.yaml" 600 || :
  if ! comes_up "$name" "$old"; then
    last_words "$name"
    put "old/$name.yaml" "$MANIFESTS/$name.yaml" 600 || :
    await_own_health
    fail "$name did not come up with its new settings" \
      "It has its old ones back; correct what the lines above complain of, then run \`pulumi up\` again"
  fi
}

# Whether the API servers of all other control planes are Ready: this one goes away for a moment.
other_servers_ready() {
  local name ready
  kube -n kube-system get pods -l component=kube-apiserver \
    -o 'jsonpath={range .items[*]}{.spec.nodeName} {.status.conditions[?(@.type=="Ready")].status}{"\n"}{end}' \
    >"$WORK/servers" || return 1
  while read -r name ready; do
    [ "$name" = "$NODE_NAME" ] || [ "$ready" = True ] || { printf 'the API server of %s is not Ready\n' "$name" && return 1; }
  done <"$WORK/servers"
}

# roll_manifests: one control plane at a time comes here; the caller has brought its kubeadm to the wanted version.
roll_manifests() {
  local name
  render_manifests
  differing_manifests >"$WORK/differing"
  if [ -s "$WORK/differing" ]; then
    check_others
    wait_for 15 "readiness of every other API server" "Bring that control plane back first: this one restarts" other_servers_ready
    while read -r name; do
      replace_manifest "$name"
    done <"$WORK/differing"
    await_own_health
  fi
  remove_old_server_files
}
