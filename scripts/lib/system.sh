# What differs between operating systems, behind these names: another family of them is one more file like lib/debian.sh,
# and a line below. Package names that families do not share are told by `package_of`.
#
#   architecture               the host's, as Kubernetes names it: amd64, arm64
#   package_of THING           the family's name of a package that has another one elsewhere
#   installed PACKAGE          its version without the packager's part; nothing when it is not, or only half, installed
#   installed_packages         names of all that is installed, sorted
#   package_at PACKAGE VERSION how install_packages and fetch_packages are asked for exactly that version
#   read_package_lists         ends what an interruption has left half installed, and learns what the repositories have
#   install_packages WORD…     installs without asking; may change, also lower, what is held; leaves settings as they are
#   fetch_packages WORD…       downloads what installing them would take, and installs nothing
#   hold_packages PACKAGE…     keeps the system's own updates off them
#   remove_packages PACKAGE…   removes them with their settings, held or not
#   install_key NAME FILE      trusts a key for the repository of that name alone
#   write_repositories WORD…   makes NAME=URL pairs this step's repositories; those of an earlier run are replaced
#   forget_repositories        removes them and their keys
# shellcheck shell=bash
# shellcheck source=scripts/lib/proxy.sh
. lib/proxy.sh

# os_release KEY: one value of the file by which a system says what it is. A shell of its own, since its names are common.
os_release() (
  file=/etc/os-release
  [ -r "$file" ] || file=/usr/lib/os-release
  # shellcheck source=/dev/null
  [ ! -r "$file" ] || . "$file"
  printf '%s\n' "${!1:-}"
)

SYSTEM=$(os_release ID)

case $SYSTEM in
  debian | ubuntu)
    # shellcheck source=scripts/lib/debian.sh
    . lib/debian.sh
    ;;
  *)
    named=$(os_release PRETTY_NAME)
    fail "runs ${named:-an unknown system}" "Debian and Ubuntu are supported; install one of them"
    ;;
esac

# What a step adds to the host goes again when it is undone.
note_packages() {
  installed_packages >"$WORK/packages.before"
}

# record_packages FILE: adds what came since then to a list in the host's state.
record_packages() {
  installed_packages | comm -13 "$WORK/packages.before" - >"$WORK/packages.added"
  touch "$STATE/$1"
  sort -u "$WORK/packages.added" "$STATE/$1" -o "$STATE/$1"
}
