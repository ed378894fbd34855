# The authorities of the cluster, put where kubeadm looks for them before it makes its own leaf certificates.
# shellcheck shell=bash

install_authorities() {
  local file
  while read -r file; do
    case $file in
      *.key) put "$file" "/etc/kubernetes/$file" 600 || : ;;
      *) put "$file" "/etc/kubernetes/$file" 644 || : ;;
    esac
  done < <(find pki -type f)
}
