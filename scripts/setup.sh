# shellcheck shell=bash disable=SC2034
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# setup.sh: what demo.sh and test.sh have in common. Sourced: packages, build directories, output.

set -euo pipefail

# Messages of tools and the order of sorted lists must not depend on who runs this, nor must sudo or apt wait for an
# answer on an input that may be closed.
export LC_ALL=C.UTF-8
unset LANGUAGE CDPATH
exec </dev/null

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build=$top/build
logs=$build/logs
mkdir -p "$logs"

# The registry of plugins belongs to this build, not to the user's home, which may not even exist.
export GST_REGISTRY=$build/registry.bin

build_packages=(
  gcc libc6-dev meson ninja-build pkg-config python3
  libgstreamer1.0-dev libgstreamer-plugins-base1.0-dev libxml2-dev libjson-glib-dev
  gstreamer1.0-tools gstreamer1.0-plugins-base gstreamer1.0-plugins-good
  'gobject-introspection?' 'libgirepository1.0-dev?'
)
build_tools=(cc meson ninja pkg-config python3 gst-launch-1.0)

if [ -t 1 ]; then
  bold=$'\e[1m' green=$'\e[32m' red=$'\e[31m' plain=$'\e[0m'
else
  bold='' green='' red='' plain=''
fi

say ()
{
  printf '%s==>%s %s\n' "$bold" "$plain" "$*"
}

die ()
{
  printf '%s: %s\n' "${0##*/}" "$*" >&2
  exit 1
}

# logged LOG COMMAND…: runs quietly; of a failure, shows the end of the log.
logged ()
{
  local log=$1 status=0
  shift
  "$@" >"$log" 2>&1 || status=$?
  if [ "$status" -ne 0 ]; then
    tail -n 40 "$log" >&2
    printf '%s: "%s" failed (status %d); all of its output is in %s\n' "${0##*/}" "$*" "$status" "$log" >&2
  fi
  return "$status"
}

is_installed ()
{
  dpkg-query -W -f='${db:Status-Status}\n' "$1" 2>/dev/null | grep -qx installed
}

# Those of the named packages that are missing. NAME? is wanted only where the distribution has it.
missing_packages ()
{
  local package
  for package; do
    is_installed "${package%\?}" || printf '%s\n' "$package"
  done
}

known_packages ()
{
  local package
  for package; do
    case $package in
      *\?) ! apt-cache show "${package%\?}" >/dev/null 2>&1 || printf '%s\n' "${package%\?}" ;;
      *) printf '%s\n' "$package" ;;
    esac
  done
}

as_root ()
{
  if [ "$(id -u)" -eq 0 ]; then
    env PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin" "$@"
  else
    sudo "$@"
  fi
}

apt_install ()
{
  as_root env DEBIAN_FRONTEND=noninteractive \
    apt-get -qq -y --no-install-recommends -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 install "$@"
}

# Elsewhere than on Debian and its kin, we can only look for what the build needs, and say so.
check_tools ()
{
  local tool module lacking=()
  for tool in "${build_tools[@]}"; do
    command -v "$tool" >/dev/null || lacking+=("$tool")
  done
  for module in gstreamer-1.0 gstreamer-video-1.0 gstreamer-allocators-1.0 gstreamer-app-1.0; do
    pkg-config --exists "$module" 2>/dev/null || lacking+=("$module (pkg-config)")
  done
  [ "${#lacking[@]}" -eq 0 ] && return
  printf '%s: this is not Debian or Ubuntu, so please install, by its own means:\n' "${0##*/}" >&2
  printf '  %s\n' "${lacking[@]}" >&2
  printf 'On Debian the packages are: %s\n' "${*//\?/}" >&2
  exit 1
}

# need_packages PACKAGE…: installs what is missing; a second run finds nothing to do and says nothing.
need_packages ()
{
  if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
    check_tools "$@"
    return
  fi

  # Not through <(…), which needs /proc: a bare chroot may have none.
  local missing sure
  missing=$(missing_packages "$@")
  sure=$(sed '/?$/d' <<<"$missing" | paste -s -d ' ')
  if [ -n "$sure" ]; then
    [ "$(id -u)" -eq 0 ] || command -v sudo >/dev/null ||
      die "packages are missing, and there is no sudo. As root, run: apt-get install --no-install-recommends $sure"
    say "Installing packages: $sure"
    logged "$logs/apt-update.log" as_root apt-get -qq update
  fi
  # shellcheck disable=SC2086
  read -ra packages_to_install <<<"$(known_packages $missing | paste -s -d ' ')"
  [ "${#packages_to_install[@]}" -eq 0 ] || logged "$logs/apt-install.log" apt_install "${packages_to_install[@]}"
}

# configure DIR OPTION…: sets a build directory up, or takes the one of an earlier run, with these options.
configure ()
{
  local dir=$1 log=$logs/${1##*/}-setup.log
  shift
  if [ -f "$dir/meson-private/coredata.dat" ]; then
    logged "$log" meson setup --reconfigure "$dir" "$top" "$@"
  else
    logged "$log" meson setup "$dir" "$top" "$@"
  fi
}

# compile DIR [TARGET…]
compile ()
{
  logged "$logs/${1##*/}-compile.log" ninja -C "$@"
}
