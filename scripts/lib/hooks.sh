# Scripts of the user's own. Each is run once on a host, and again when its content is another one.
# shellcheck shell=bash
# shellcheck source=scripts/lib/proxy.sh
. lib/proxy.sh

# run_hook SECONDS FILE: by the interpreter of its first line, since /run may not execute anything.
run_hook() (
  read -ra words < <(sed -n '1s/^#! *//p' "$2")
  cd /
  umask 022 # what it writes is for whom it says, as when it is run by hand
  # What it leaves running, such as an agent, does not keep the host's next step waiting.
  # shellcheck disable=SC2016  # for the inner shell
  proxied timeout --kill-after=10 "$1" bash -c 'exec 9>&- "$@"' bash "${words[@]:-/bin/sh}" "$WORK/$2" || {
    status=$?
    [ "$status" -ne 124 ] || printf 'it was ended after %s s: raise its timeoutSeconds if it needs more\n' "$1"
    exit "$status"
  }
)

# run_hooks KIND: those beside this step that have not run here as they are. What they print is in the log.
run_hooks() {
  local kind=$1 seconds name file done_file
  [ -s "hooks/$kind" ] || return 0
  mkdir -p "$STATE/hooks"
  while read -r seconds name; do
    file=hooks/$kind.d/$name done_file=$STATE/hooks/$kind.$name
    sha256sum <"$file" >"$WORK/hook"
    cmp -s "$WORK/hook" "$done_file" && continue
    do_step "running the hook $kind ${name#*-}" run_hook "$seconds" "$file"
    put hook "$done_file" 600 || :
  done <"hooks/$kind"
}

# node_hooks KIND: the same with what a node knows of itself, and without the administrator's kubeconfig.
node_hooks() (
  [ -s "hooks/$1" ] || exit 0
  unset KUBECONFIG
  NODE_GROUP=$(cat hooks/group)
  export NODE_NAME NODE_ADDRESS NODE_GROUP KUBERNETES_VERSION
  run_hooks "$1"
)
