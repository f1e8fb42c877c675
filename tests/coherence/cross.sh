#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# cross.sh ARCH SOURCE DIR XLNK_EMULATE [OPERATIONS]: builds for armhf or arm64 and runs there, under qemu-user, what
# depends on word size, struct layout and instructions: the rules, the random programs and the device ring.
#
#   DIR/sysroot   the distribution's headers and libraries for ARCH, unpacked
#   DIR/build     the build
#
# xlnk-emulate itself stays native: the heap has one layout for all, and the foreign preload library goes in by qemu's
# -E. A second run downloads nothing. Exit status 77: this cannot be done here, for the reason printed.

set -euo pipefail
export LC_ALL=C.UTF-8

[ $# -ge 4 ] || { echo "usage: cross.sh ARCH SOURCE DIR XLNK_EMULATE [OPERATIONS]" >&2; exit 64; }
arch=$1 source=$(cd "$2" && pwd) emulate=$(realpath "$4") operations=${5:-200000}
mkdir -p "$3"
dir=$(cd "$3" && pwd)

case $arch in
  armhf) triplet=arm-linux-gnueabihf family=arm cpu=cortex-a9 qemu=qemu-arm-static board=arm ;;
  arm64) triplet=aarch64-linux-gnu family=aarch64 cpu=cortex-a53 qemu=qemu-aarch64-static board=arm64 ;;
  *) echo "cross.sh: $arch is neither armhf nor arm64" >&2; exit 64 ;;
esac

skip ()
{
  printf 'cross.sh: SKIPPED: nothing was tested on %s: %s\n' "$arch" "$*" >&2
  exit 77
}

need ()
{
  local pair
  for pair; do
    command -v "${pair%%=*}" >/dev/null || skip "no ${pair%%=*} here (apt-get install ${pair##*=})"
  done
}

prepare_sysroot ()
{
  [ ! -e "$dir/sysroot.done" ] || return 0
  # shellcheck source=../system/packages.sh disable=SC1091
  . "$source/tests/system/packages.sh"
  # shellcheck disable=SC2034
  guest_arch=$arch
  (
    setup_apt "$dir/apt"
    apt-get -qq update >"$dir/update.log" 2>&1 || true  # an index that lags may be one that is not needed
    fetch_closure sysroot libc6-dev libgstreamer1.0-dev libgstreamer-plugins-base1.0-dev >"$dir/fetch.log" 2>&1
  ) || skip "the $arch packages cannot be had: $(tail -n 1 "$dir/fetch.log" 2>/dev/null || tail -n 1 "$dir/update.log")"
  apt_dir=$dir/apt
  rm -rf "$dir/sysroot"
  unpack_closure sysroot "$dir/sysroot"
  touch "$dir/sysroot.done"
}

write_cross_file ()
{
  cat >"$dir/cross.ini" <<INI
[binaries]
c = '$triplet-gcc'
ar = '$triplet-ar'
strip = '$triplet-strip'
pkgconfig = 'pkg-config'
exe_wrapper = ['$qemu', '-L', '$dir/sysroot']

[properties]
sys_root = '$dir/sysroot'
pkg_config_libdir = '$dir/sysroot/usr/lib/$triplet/pkgconfig:$dir/sysroot/usr/share/pkgconfig'

[built-in options]
c_args = ['--sysroot=$dir/sysroot']
c_link_args = ['--sysroot=$dir/sysroot']

[host_machine]
system = 'linux'
cpu_family = '$family'
cpu = '$cpu'
endian = 'little'
INI
}

# Only what is run below. Programs that start others cannot be: without binfmt, qemu-user does not follow an exec.
build ()
{
  [ -e "$dir/build/build.ninja" ] || meson setup "$dir/build" "$source" --cross-file "$dir/cross.ini" \
    -Dintrospection=disabled -Dexamples=disabled -Dwerror=true >"$dir/setup.log" 2>&1 ||
    { tail -n 20 "$dir/setup.log" >&2; exit 1; }
  ninja -j2 -C "$dir/build" "$@" >"$dir/build.log" 2>&1 || { grep -v '^\[' "$dir/build.log" | tail -n 40 >&2; exit 1; }
}

failed=0

# run NAME COMMAND…
run ()
{
  local name=$1 status=0
  shift
  "$@" >"$dir/$name.log" 2>&1 || status=$?
  if [ "$status" -eq 0 ]; then
    printf '%s: ok: %s\n' "$arch" "$name"
  else
    failed=1
    printf '%s: FAILED with %s: %s\n' "$arch" "$status" "$name"
    tail -n 20 "$dir/$name.log"
  fi
  grep -h 'operations' "$dir/$name.log" || true
}

guest ()
{
  "$qemu" -L "$dir/sysroot" -E LD_LIBRARY_PATH="$dir/build/allocator" "$@"
}

# on_board EMULATOR_OPTIONS -- PROGRAM…
on_board ()
{
  local options=()
  while [ "$1" != -- ]; do
    options+=("$1")
    shift
  done
  shift
  "$emulate" --strict "${options[@]}" -- "$qemu" -L "$dir/sysroot" -E LD_LIBRARY_PATH="$dir/build/allocator" \
    -E LD_PRELOAD="$dir/build/emulator/libxlnkemulator.so" "$@"
}

need "$triplet-gcc=gcc-$triplet" "$qemu=qemu-user-static" meson=meson ninja=ninja-build pkg-config=pkg-config \
  apt-get=apt dpkg=dpkg
prepare_sysroot
write_cross_file
tests=$dir/build/tests/coherence
checks=$dir/build/tests/check
build tests/coherence/test-{ranges,rules,hw,sequences,device} emulator/libxlnkemulator.so \
  tests/check/check-device-{block,copy,lost}

run ranges guest "$tests/test-ranges"
run rules guest "$tests/test-rules"
run hw guest "$tests/test-hw"
for name in arm arm64 arm64-driver; do
  run "sequences-$name" guest "$tests/test-sequences" --board "$name" --operations "$operations"
done
for name in arm arm64; do
  run "device-$name" on_board --arch "$name" --cma 1M --seed 1 -- \
    "$tests/test-device" --board "$name" --operations "$operations"
done
run device-copy guest "$checks/check-device-copy"
export XLNK_TEST_SHIFT=16 XLNK_TEST_IDS=4095    # of the default driver
run device-block on_board --arch "$board" --cma 32M -- "$checks/check-device-block"
# qemu-user does not know MADV_DONTFORK, so the two tests that look for its effect cannot hold.
run device-lost on_board --arch "$board" --cma 32M -- "$checks/check-device-lost" \
  -s /device-lost/child-frees-nothing -s /device-lost/grandchild-frees-nothing
exit "$failed"
