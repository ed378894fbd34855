# A host as such: what it is, whose it is, and what it knows of itself.
# shellcheck shell=bash

# check_architecture WHAT: fails unless packages are there for the host's architecture.
check_architecture() {
  local architecture
  architecture=$(architecture)
  case " $ARCHITECTURES " in
    *" $architecture "*) ;;
    *) fail "is of the architecture $architecture, which $1 no packages for here" \
      "Choose a host of one of these: $ARCHITECTURES" ;;
  esac
}

# A host that came to be prepared under another name or address is no longer that of an earlier step.
claim_host() {
  printf '%s %s\n' "$NODE_NAME" "$NODE_ADDRESS" >"$WORK/host"
  put host "$STATE/host" 600 || :
}

# Prints the interface that has the host's address.
own_interface() {
  local interface
  interface=$(ip -4 -o address show | awk -v ip="$NODE_ADDRESS" '{ split($4, a, "/"); if (a[1] == ip) { print $2; exit } }')
  [ -n "$interface" ] || fail "no interface has the address $NODE_ADDRESS" "Correct the host's address in the cluster file"
  printf '%s\n' "$interface"
}

# A host that has just booted answers SSH before its containerd does.
wait_for_runtime() {
  wait_for 120 "containerd's answer" "See \`journalctl -u containerd\` on the host" crictl info
}
