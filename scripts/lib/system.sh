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
#   new_packages WORD…         names of what installing them would add
#   fetch_packages WORD…       downloads what installing them would take, and installs nothing
#   hold_packages PACKAGE…     keeps the system's own updates off them, if nothing does yet
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

# add_packages FILE WORD…: installs them. What comes with them goes again when the step is undone: it is in a list of the
# host's state before, so that a run which breaks off forgets nothing, and without what the system itself installs meanwhile.
add_packages() {
  local list=$STATE/$1
  shift
  # Where it cannot be said, installing fails too, and says why.
  new_packages "$@" >"$WORK/packages.new" 2>>"$LOG" || : >"$WORK/packages.new"
  touch "$list"
  sort -u "$WORK/packages.new" "$list" -o "$list"
  do_step "installing $*" install_packages "$@"
}

# added_packages FILE: those of the list that are still there.
added_packages() {
  [ ! -s "$STATE/$1" ] || sort "$STATE/$1" | comm -12 - <(installed_packages)
}
