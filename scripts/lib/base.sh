# What every step has: one run at a time on a host, a log, errors that say the way out, waiting with a deadline.
# shellcheck shell=bash
set -euo pipefail
: "${STEP:?}" "${NODE_NAME:?}" "${NODE_ADDRESS:?}"

readonly STATE=/var/lib/kubeadm-ha
readonly LOG=/var/log/kubeadm-ha/$STEP.log
readonly WORK=$PWD

# When the connection drops, the step still comes to its end: nothing may die of a reader that is gone.
trap '' PIPE
trap 'rm -rf "$WORK"' EXIT
trap 'fail "was ended before it was done" "Look into $LOG on the host, then run \`pulumi up\` again"' TERM INT HUP

# What programs print is read and compared, in the words and the order that they have without anybody's language.
export LC_ALL=C.UTF-8
# kubectl keeps what it learns of an API; nothing of that stays on the host.
export KUBECACHEDIR=$WORK/kubectl-cache

# fail PROBLEM REMEDY: ends the step with one sentence on standard error.
fail() {
  trap - TERM INT HUP
  printf 'error: %s: %s: %s. %s.\n' "$NODE_NAME" "$STEP" "$1" "$2" >&2
  exit 1
}

# do_step WHAT COMMAND…: runs it with its output in the log; a failure shows the log's end.
do_step() {
  local what=$1 status=0 from
  shift
  printf '\n== %s %s\n' "$(date -u +%FT%TZ)" "$what" >>"$LOG"
  from=$(wc -l <"$LOG")
  "$@" >>"$LOG" 2>&1 </dev/null || status=$?
  [ "$status" -eq 0 ] && return
  tail -n "+$((from + 1))" "$LOG" | tail -n 15 | cut -c -400 | sed 's/^/  | /' >&2
  fail "$what failed with status $status" "The lines above are the end of $LOG on the host; mend it and run \`pulumi up\` again"
}

# wait_for SECONDS WHAT REMEDY COMMAND…: repeats the command till it succeeds, or ends the step.
wait_for() {
  local seconds=$1 what=$2 remedy=$3 end
  shift 3
  end=$((SECONDS + seconds))
  until "$@" >"$WORK/last" 2>&1 </dev/null; do
    if [ "$SECONDS" -ge "$end" ]; then
      tail -n 5 "$WORK/last" | cut -c -400 | sed 's/^/  | /' >&2
      fail "$what did not happen within $seconds s" "$remedy"
    fi
    sleep 0.5
  done
}

# again_while PATTERN SECONDS COMMAND…: runs it again, for so long, as long as it fails and says so.
again_while() {
  local pattern=$1 end=$((SECONDS + $2)) status
  shift 2
  while :; do
    status=0
    "$@" 2>&1 | tee "$WORK/said" || status=$?
    if [ "$status" -eq 0 ] || [ "$SECONDS" -ge "$end" ] || ! grep -qE "$pattern" "$WORK/said"; then
      return "$status"
    fi
    sleep 1
  done
}

# put SOURCE TARGET MODE: installs a file in one rename; true when that changed something. Until then its name begins with
# a dot: the kubelet would take any other file beside a manifest for a second pod of the same name, and start neither.
put() {
  local source=$1 target=$2 mode=$3 fresh
  fresh=$(dirname "$2")/.$(basename "$2").new
  if cmp -s "$source" "$target" && [ "$(stat -c %a "$target")" = "$mode" ]; then
    return 1
  fi
  # Callers ask what put says, which switches `set -e` off in here.
  if ! { mkdir -p "$(dirname "$target")" && install -m "$mode" "$source" "$fresh" && mv "$fresh" "$target"; }; then
    fail "$target cannot be written" "See that the disk is neither full nor read-only, then run \`pulumi up\` again"
  fi
}

mkdir -p "$STATE" "$(dirname "$LOG")" /run/lock
chmod 700 "$STATE" "$(dirname "$LOG")"
exec 9>/run/lock/kubeadm-ha
flock -w 900 9 || fail "another step has been running on this host for 15 minutes" \
  "See what holds /run/lock/kubeadm-ha on the host, then run \`pulumi up\` again"
# A step that was killed could not tidy up; nobody else runs now.
find /run -maxdepth 1 -name 'kubeadm-ha.*' ! -path "$WORK" -mmin +60 -exec rm -rf {} +
