# The names in the API server's certificate. The API server takes a new certificate from the disk while it runs.
# shellcheck shell=bash

readonly CERTIFICATE=/etc/kubernetes/pki/apiserver

# names_in FILE: the DNS names and addresses in a certificate, sorted, one a line.
names_in() {
  openssl x509 -in "$1" -noout -ext subjectAltName | tr ',' '\n' | sed -n -E 's/^ *(DNS|IP Address):(.*)$/\2/p' | sort -u
}

# A key that does not belong to its certificate is what an interruption between the two files leaves.
pair_matches() {
  [ "$(openssl x509 -in "$CERTIFICATE.crt" -noout -pubkey)" = "$(openssl pkey -in "$CERTIFICATE.key" -pubout)" ]
}

# kubeadm makes the certificate beside the authority in this step's own folder, so that it can be looked at first.
make_certificate() {
  # Here it does nothing for a cluster, so its own version is the one to name.
  sed -e "s|^kind: ClusterConfiguration\$|&\ncertificatesDir: $WORK/pki|" \
    -e "s|^kubernetesVersion: .*|kubernetesVersion: $(kubeadm version -o short)|" cluster.yaml >certificate.yaml
  rm -f pki/apiserver.crt pki/apiserver.key
  do_step "making the API server's certificate" kubeadm init phase certs apiserver --config certificate.yaml
}

# install_pair FOLDER: the key first; while they do not match, the API server keeps what it has.
install_pair() {
  put "$1/apiserver.key" "$CERTIFICATE.key" 600 || :
  put "$1/apiserver.crt" "$CERTIFICATE.crt" 644 || :
}

mend_pair() {
  pair_matches && return
  make_certificate
  install_pair pki
}

# shows_certificate HOST:PORT: whether what is connected to there has this host's certificate of an API server.
shows_certificate() {
  local shown
  shown=$(timeout 10 openssl s_client -connect "$1" </dev/null 2>/dev/null |
    openssl x509 -noout -fingerprint -sha256) &&
    [ "$shown" = "$(openssl x509 -in "$CERTIFICATE.crt" -noout -fingerprint -sha256)" ]
}

# The API server sees at once that a file has changed, and looks every minute in any case.
is_served() {
  local end=$((SECONDS + 90))
  until shows_certificate "$NODE_ADDRESS:6443"; do
    [ "$SECONDS" -lt "$end" ] || return 1
    sleep 0.5
  done
}

# Asks kubeadm only when the names differ from the list, which is written as kubeadm would.
serve_names() {
  names_in "$CERTIFICATE.crt" >"$WORK/names.now"
  sort -u names | cmp -s - "$WORK/names.now" && return
  make_certificate
  if names_in pki/apiserver.crt | cmp -s - "$WORK/names.now"; then
    return # another way to write the same
  fi
  # For control planes that join later.
  do_step "keeping the names in the cluster" kubeadm init phase upload-config kubeadm --config cluster.yaml \
    --kubeconfig "$KUBECONFIG"
  mkdir -p old
  cp -p "$CERTIFICATE.crt" "$CERTIFICATE.key" old/
  install_pair pki
  if ! is_served; then
    install_pair old
    fail "the API server did not take its new certificate" \
      "The old one is back; see \`crictl logs\` of kube-apiserver on the host, then run \`pulumi up\` again"
  fi
}
