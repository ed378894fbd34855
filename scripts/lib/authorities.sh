# The authorities of the cluster, put where kubeadm looks for them before it makes its own leaf certificates.
# shellcheck shell=bash

# Where a stacked member's data is going to be, for whoever cleans the host.
note_etcd_data() {
  printf '%s\n' "${ETCD_DATA:?}" >"$WORK/etcd-data"
  put etcd-data "$STATE/etcd-data" 600 || :
}

install_authorities() {
  local file
  while read -r file; do
    case $file in
      *.key) put "$file" "/etc/kubernetes/$file" 600 || : ;;
      *) put "$file" "/etc/kubernetes/$file" 644 || : ;;
    esac
  done < <(find pki -type f)
}
