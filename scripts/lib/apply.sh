# Applying a set of manifests, and taking out of the cluster what is in none of them any more. What a set has brought is
# noted in the cluster, so that whichever control plane acts knows it.
# shellcheck shell=bash
# shellcheck source=scripts/lib/proxy.sh
. lib/proxy.sh

# What data, or objects of others, may hang on: it stays when its manifest is gone.
readonly STAYING=' Namespace CustomResourceDefinition PersistentVolume PersistentVolumeClaim '

apply() {
  kube apply --server-side --force-conflicts --field-manager kubeadm-ha -f "$1"
}

# Manifests at an address, held to their checksums: the file `sources` has lines `file sha256 url`.
fetch_sources() {
  local set=$1 file wanted url got
  [ -s "$set/sources" ] || return 0
  while read -r file wanted url; do
    do_step "fetching $url" proxied curl -fsSL --retry 3 --max-time 120 -o "$set/$file" "$url"
    got=$(sha256sum "$set/$file" | cut -d ' ' -f 1)
    [ "$got" = "$wanted" ] || fail "$url has the checksum $got, not $wanted" \
      "Find out what has changed there before you write the new checksum into the cluster file"
  done <"$set/sources"
}

# Lines `group version kind namespace name` of what is in a file. No server is asked: a kind may not exist yet.
objects_in() {
  kubectl label --local -f "$1" kubeadm-ha/listed=yes \
    -o 'go-template={{.apiVersion}} {{.kind}} {{or .metadata.namespace "default"}} {{.metadata.name}}{{"\n"}}' |
    sed -E 's|^([^/ ]+)/([^ ]+) |\1 \2 |; t; s|^|- |'
}

# List every manifest of a set in $WORK/SET.wanted.
list_wanted() {
  local set=$1 file
  : >"$WORK/$set.wanted"
  for file in "$set"/*.yaml; do
    [ -e "$file" ] || continue
    if ! objects_in "$file" >>"$WORK/$set.wanted" 2>>"$LOG"; then
      fail "manifest ${file##*/} of the list cannot be read" "See the end of $LOG on the host, and mend the manifest"
    fi
  done
}

read_noted() {
  kube -n kube-system get configmap "kubeadm-ha-$1" --ignore-not-found -o 'jsonpath={.data.objects}' >"$WORK/$1.noted"
}

# note SET FILE: keeps the list in the cluster.
note() {
  kube -n kube-system create configmap "kubeadm-ha-$1" --from-file=objects="$2" --dry-run=client -o yaml >"$WORK/note.yaml" &&
    apply "$WORK/note.yaml"
}

# An object that another version of its group describes now is the same object.
no_longer_wanted() {
  # By the file's name: counting lines would take the second file for the first one where nothing is wanted.
  awk '{ key = $1 " " $3 " " $4 " " $5 } FILENAME == ARGV[1] { wanted[key] = 1; next } !(key in wanted)' \
    "$WORK/$1.wanted" "$WORK/$1.noted"
}

# A kind that is gone has taken its objects along.
delete_object() {
  local group=$1 version=$2 kind=$3 namespace=$4 name=$5 said
  [ "$group" = - ] || version=$group/$version
  printf '{"apiVersion":"%s","kind":"%s","metadata":{"namespace":"%s","name":"%s"}}' \
    "$version" "$kind" "$namespace" "$name" >"$WORK/object.json"
  said=$(kube delete --ignore-not-found --timeout=60s -f "$WORK/object.json" 2>&1) || case $said in
    *'no matches for kind'*) ;;
    *)
      printf '%s\n' "$said"
      return 1
      ;;
  esac
}

take_out() {
  local group version kind namespace name
  no_longer_wanted "$1" >"$WORK/gone"
  while read -r group version kind namespace name; do
    case $STAYING in
      *" $kind "*) printf 'stays: %s %s\n' "$kind" "$name" >>"$LOG" ;;
      *)
        wait_for 120 "removing $kind $namespace/$name" "See what keeps it (its finalizers), then run \`pulumi up\` again" \
          delete_object "$group" "$version" "$kind" "$namespace" "$name"
        ;;
    esac
  done <"$WORK/gone"
}

# apply_set SET: brings the cluster to what is in the folder SET; an empty one, or none, takes everything out.
apply_set() {
  local set=$1 file
  fetch_sources "$set"
  list_wanted "$set"
  wait_for 60 "the list of what was applied before" "See that the API answers" read_noted "$set"
  [ -s "$WORK/$set.wanted" ] || [ -s "$WORK/$set.noted" ] || return 0
  # Noted before it is applied: a run that breaks off forgets nothing.
  sort -u "$WORK/$set.wanted" "$WORK/$set.noted" | grep . >"$WORK/$set.both"
  wait_for 60 "noting what is applied" "See that the API answers" note "$set" "$WORK/$set.both"
  for file in "$set"/*.yaml; do
    # Asked again while a kind that the file itself brings, or a webhook, is not there yet.
    [ ! -e "$file" ] || wait_for 120 "applying manifest ${file##*/} of the list" \
      "The lines above say what the API has against it" apply "$file"
  done
  take_out "$set"
  wait_for 60 "noting what is applied" "See that the API answers" note "$set" "$WORK/$set.wanted"
}
