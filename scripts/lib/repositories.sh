# Where packages and images come from, and whom to believe about them.
# shellcheck shell=bash
# shellcheck source=scripts/lib/system.sh
. lib/system.sh

# trust NAME KEY_URL FINGERPRINT: installs the key of a repository, given as a file or fetched and compared.
trust() {
  local name=$1 url=$2 wanted=$3 got
  if [ ! -s "keys/$name.asc" ]; then
    mkdir -p keys
    do_step "fetching the key of the $name packages" proxied curl -fsSL --retry 3 --max-time 60 -o "keys/$name.asc" "$url"
    got=$(gpg --no-options --homedir "$WORK" --with-colons --show-keys "keys/$name.asc" 2>>"$LOG" | awk -F : '$1 == "fpr" { print $10; exit }')
    [ "$got" = "$wanted" ] || fail "$url is the key $got, not $wanted" \
      "Find out why before trusting it; if the repository has a new key, set packages.$name.key"
  fi
  install_key "$name" "keys/$name.asc"
}

# tools_to_trust FILE KEY_URL…: what trust needs where a key has to be fetched, noted in a list of packages. With keys at
# hand there is nothing to do.
tools_to_trust() {
  local list=$1
  shift
  if [ -n "$*" ] && ! { command -v curl && command -v gpg; } >/dev/null; then
    read_package_lists
    add_packages "$list" ca-certificates curl "$(package_of gpg)"
  fi
}

# The mirrors of registries. containerd reads them anew with every pull.
install_mirrors() {
  local registry
  for registry in certs.d/*/; do
    [ -d "$registry" ] || continue
    put "${registry}hosts.toml" "/etc/containerd/${registry}hosts.toml" 644 || :
  done
}
