# What the cluster is told to run with. Which settings it has been given is noted in a ConfigMap of its own, by a digest
# each: what kubeadm keeps is written with its defaults, and cannot be compared.
# shellcheck shell=bash

readonly NOTED=kubeadm-ha-settings
# Files of the API server's own, where its pod finds them.
readonly SERVER_FILES=/etc/kubernetes/kubeadm-ha

# In $WORK/noted: the digest that was noted last under a key; nothing when there is none.
read_noted() {
  kube -n kube-system get configmap "$NOTED" --ignore-not-found -o "jsonpath={.data.$1}" >"$WORK/noted"
}

# is_noted KEY DIGEST
is_noted() {
  wait_for 60 "what the cluster was told last" "See that the API answers" read_noted "$1"
  [ "$(cat "$WORK/noted")" = "$2" ]
}

# note KEY DIGEST: each key has a manager of its own, so that none takes another one's away.
note() {
  printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: %s, namespace: kube-system}\ndata: {%s: "%s"}\n' \
    "$NOTED" "$1" "$2" >"$WORK/note.yaml"
  wait_for 60 "noting what the cluster was told" "See that the API answers, then run \`pulumi up\` again" \
    kube apply --server-side --force-conflicts --field-manager "kubeadm-ha-$1" -f "$WORK/note.yaml"
}

# The version is not among them: kubeadm writes it itself, at the end of an upgrade.
cluster_digest() {
  sed -n '/^kind: ClusterConfiguration$/,$p' cluster.yaml | grep -v '^kubernetesVersion: ' | sha256sum | cut -c -12
}

# keep_cluster_settings: what control planes that join, and upgrades, begin with. Under the version that the cluster has.
keep_cluster_settings() {
  local digest
  digest=$(cluster_digest)
  is_noted cluster "$digest" && return
  wait_for 60 "the cluster's version" "See that the API answers" read_cluster_version
  sed "s|^kubernetesVersion: .*|kubernetesVersion: $(cat "$WORK/cluster")|" cluster.yaml >kept.yaml
  do_step "keeping the settings in the cluster" kubeadm init phase upload-config kubeadm --config kept.yaml \
    --kubeconfig "$KUBECONFIG"
  note cluster "$digest"
}

# install_patches: kubeadm's patches beside this step, and none of another one, where kubeadm is told to look for them:
# it takes no relative path.
install_patches() {
  mkdir -p patches
  rm -rf "$STATE/patches"
  cp -r patches "$STATE/patches"
}

# install_server_files: before the manifest that names them. Their digest goes into the manifest, by a patch, since an
# API server reads most of them only when it starts.
install_server_files() {
  local file
  mkdir -p patches
  if [ -d server ]; then
    for file in server/*; do
      put "$file" "$SERVER_FILES/${file#server/}" 600 || :
    done
    printf 'metadata:\n  annotations:\n    kubeadm-ha/files: "%s"\n' "$(cat server/* | sha256sum | cut -c -12)" \
      >patches/kube-apiserver+merge.yaml
  fi
  install_patches
}

# Those that no manifest names any more.
remove_old_server_files() {
  local file
  for file in "$SERVER_FILES"/*; do
    [ ! -e "$file" ] || [ -e "server/${file##*/}" ] || rm "$file"
  done
}
