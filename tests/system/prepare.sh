#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# prepare.sh DIR: everything a guest machine is made of, from the distribution's armhf packages:
#
#   DIR/sysroot       headers and libraries to cross-build against
#   DIR/rootfs.cpio   GStreamer's tools, its base plugins and busybox: what every guest starts from
#   DIR/kernel        the stock kernel, its device trees and modules
#   DIR/headers       what a module for that kernel is built with
#   DIR/cross.ini     for meson setup --cross-file
#
# A second run does nothing, and needs no network. Exit status 77: this cannot be done here, for the reason printed.

set -euo pipefail
export LC_ALL=C.UTF-8

here=$(cd "$(dirname "$0")" && pwd)
[ $# -eq 1 ] || { echo "usage: prepare.sh DIR" >&2; exit 64; }
mkdir -p "$1"
dir=$(cd "$1" && pwd)
triplet=arm-linux-gnueabihf

skip ()
{
  printf 'prepare.sh: SKIPPED: %s\n' "$*" >&2
  exit 77
}

say ()
{
  printf 'prepare.sh: %s\n' "$*" >&2
}

need ()
{
  local lacking=() pair
  for pair; do
    command -v "${pair%%=*}" >/dev/null || lacking+=("${pair##*=}")
  done
  [ "${#lacking[@]}" -eq 0 ] || skip "these packages are missing on this machine: ${lacking[*]}"
}

# step NAME: runs the function make_NAME unless it has been done by the scripts as they are now.
step ()
{
  local stamp=$dir/$1.stamp
  [ "$(cat "$stamp" 2>/dev/null)" = "$version" ] && return
  say "preparing $1"
  "make_$1" || exit $?
  printf '%s\n' "$version" >"$stamp"
}

# One index that lags or is out of reach is no reason to give up: what matters is that the packages are in the others.
make_lists ()
{
  apt-get -qq update >"$dir/update.log" 2>&1 || say "going on without an index: $(grep -m 1 '^E:' "$dir/update.log")"
  apt-cache show "linux-image-armmp:$guest_arch" >/dev/null 2>&1 ||
    skip "this machine's package sources give no linux-image-armmp for $guest_arch: $(tail -n 1 "$dir/update.log")"
}

make_sysroot ()
{
  rm -rf "$dir/sysroot"
  fetch_closure sysroot libc6-dev libgstreamer1.0-dev libgstreamer-plugins-base1.0-dev ||
    skip "the $guest_arch packages to build against cannot be had"
  unpack_closure sysroot "$dir/sysroot"
  cat >"$dir/cross.ini" <<INI
[binaries]
c = '$triplet-gcc'
ar = '$triplet-ar'
strip = '$triplet-strip'
pkgconfig = 'pkg-config'

[properties]
sys_root = '$dir/sysroot'
pkg_config_libdir = '$dir/sysroot/usr/lib/$triplet/pkgconfig:$dir/sysroot/usr/share/pkgconfig'
needs_exe_wrapper = true

[built-in options]
c_args = ['--sysroot=$dir/sysroot']
c_link_args = ['--sysroot=$dir/sysroot']

[host_machine]
system = 'linux'
cpu_family = 'arm'
cpu = 'cortex-a9'
endian = 'little'
INI
}

# No configuration scripts run: the plugins need none. What only people read stays out.
make_rootfs ()
{
  local root=$dir/rootfs
  rm -rf "$root"
  fetch_closure rootfs busybox-static gstreamer1.0-tools gstreamer1.0-plugins-base ||
    skip "the $guest_arch packages for the guest cannot be had"
  unpack_closure rootfs "$root"
  rm -rf "$root"/usr/share/{doc,man,locale,info,lintian,bug,fonts,icons,X11,perl,perl5,i18n,zoneinfo,bash-completion} \
    "$root"/usr/lib/"$triplet"/{perl,perl-base,gconv,dri} "$root"/var/cache "$root"/usr/lib/debug
  find "$root" -name 'libLLVM*' -delete
  mkdir -p "$root"/{proc,sys,dev,tmp,run,root,lib/modules}
  (cd "$root" && find . -print0 | cpio --quiet --null -o -H newc -R 0:0) >"$dir/rootfs.cpio.new"
  mv "$dir/rootfs.cpio.new" "$dir/rootfs.cpio"
}

make_kernel ()
{
  local image tree=$dir/kernel/tree
  rm -rf "$dir/kernel"
  image=$(real_package linux-image-armmp linux-image-)
  unpack_package "$image" "$tree" || skip "the kernel package $image cannot be had"
  printf '%s\n' "${image#linux-image-}" >"$dir/kernel/release"
  cp "$tree"/boot/vmlinuz-* "$dir/kernel/vmlinuz"
  cp "$tree"/usr/lib/linux-image-*/exynos4210-smdkv310.dtb "$dir/kernel/smdkv310.dtb"
}

# The headers are the guest's; the programs that build with them (linux-kbuild) must run here.
make_headers ()
{
  local release tree=$dir/headers common kbuild
  release=$(cat "$dir/kernel/release")
  rm -rf "$tree"
  unpack_package "linux-headers-$release" "$tree" || skip "linux-headers-$release cannot be had"
  common=$(sed -n 's#^include /usr/src/\([^/]*\)/Makefile#\1#p' "$tree/usr/src/linux-headers-$release/Makefile")
  unpack_package "$common" "$tree" || skip "$common cannot be had"
  kbuild=$(basename "$(readlink "$tree/usr/src/linux-headers-$release/scripts" || readlink "$tree/usr/src/$common/scripts" |
    sed 's#/scripts##')")
  case $kbuild in linux-kbuild-*) ;; *) kbuild=linux-kbuild-${release%%.*}.$(cut -d. -f2 <<<"$release") ;; esac
  unpack_package "$kbuild:$host_arch" "$tree" || skip "$kbuild for $host_arch cannot be had"
  sed -i "s#/usr/src/$common#$tree/usr/src/$common#g" "$tree/usr/src/linux-headers-$release/Makefile"
}

need "$triplet-gcc=gcc-arm-linux-gnueabihf" qemu-system-arm=qemu-system-arm cpio=cpio meson=meson ninja=ninja-build \
  make=make pkg-config=pkg-config dpkg=dpkg apt-get=apt apt-cache=apt
# shellcheck source=packages.sh
. "$here/packages.sh"
version=$(cat "$here/prepare.sh" "$here/packages.sh" | sha256sum)
setup_apt "$dir/apt"
for name in sysroot rootfs kernel headers; do
  [ "$(cat "$dir/$name.stamp" 2>/dev/null)" = "$version" ] || step lists
  step "$name"
done
