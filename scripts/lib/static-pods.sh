# Static pods of the API's endpoint. A step brings them as static-pods/NAME.yaml; the kubelet runs what lies in its folder.
# shellcheck shell=bash
# shellcheck source=scripts/lib/host.sh
. lib/host.sh

# place_static_pods: true when that changed something.
place_static_pods() {
  local file interface changed=1
  for file in static-pods/*.yaml; do
    [ -e "$file" ] || continue
    # Callers ask what this says, which switches `set -e` off in here.
    interface=$(own_interface) || exit 1
    sed -e "s/@INTERFACE@/$interface/" -e "s/@ADDRESS@/$NODE_ADDRESS/" "$file" >"$WORK/static-pod"
    # Before the pod can take the address, so that whoever cleans the host knows of it.
    if [ -n "${VIRTUAL_ADDRESS:-}" ]; then
      printf '%s\n' "$VIRTUAL_ADDRESS" >"$STATE/virtual-address"
    fi
    if put static-pod "/etc/kubernetes/manifests/${file##*/}" 600; then
      changed=0
    fi
  done
  return "$changed"
}

# Each of them, as this step brought it: an older one that still ends does not count.
static_pods_run() {
  local file revision pod
  for file in static-pods/*.yaml; do
    [ -e "$file" ] || continue
    revision=$(awk '$1 == "kubeadm-ha/revision:" { print $2 }' "$file")
    pod=$(crictl pods --quiet --state ready --label "kubeadm-ha/revision=$revision") || return 1
    if [ -z "$pod" ] || [ -z "$(crictl ps --quiet --state running --pod "$pod")" ]; then
      printf '%s does not run yet\n' "${file##*/}"
      return 1
    fi
  done
}

has_static_pods() {
  compgen -G 'static-pods/*.yaml' >/dev/null
}

# apply_static_pods: brings them to what the step says, and waits till they run and the API answers at its endpoint.
apply_static_pods() {
  has_static_pods || return 0
  place_static_pods || :
  wait_for 120 "the start of this host's static pods" "See \`crictl ps -a\` and \`journalctl -u kubelet\` on the host" static_pods_run
  # The virtual address moves when the pod that had it is another one.
  wait_for 60 "the API's answer at its endpoint" "See \`crictl ps -a\` on the control planes" api_answers
}

# withdraw_static_pods: takes them away in order, so that the virtual address is given up before the host leaves.
withdraw_static_pods() {
  local file
  has_static_pods || return 0
  for file in static-pods/*.yaml; do
    [ ! -e "$file" ] || rm -f "/etc/kubernetes/manifests/${file##*/}"
  done
  wait_for 60 "the end of this host's static pods" "See \`crictl pods\` on the host" static_pods_ended
}

static_pods_ended() {
  local file name
  for file in static-pods/*.yaml; do
    [ -e "$file" ] || continue
    name=$(basename "$file" .yaml)
    [ -z "$(crictl ps --quiet --state running --name "^$name\$")" ] || return 1
  done
}
