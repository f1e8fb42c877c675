#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# build.sh SOURCE DIR: prepares what guests are made of (prepare.sh), cross-builds the project and the driver for them,
# and packs DIR/initrd. A second run does what has changed. Exit status 77: cannot be done here.

set -euo pipefail
export LC_ALL=C.UTF-8

source=$(cd "$1" && pwd)
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$2"
dir=$(cd "$2" && pwd)
prepared=$dir/prepared
log=$dir/build.log

exec 9>"$dir/lock"
flock 9
: >"$log"

logged ()
{
  "$@" >>"$log" 2>&1 || { tail -n 40 "$log" >&2; echo "build.sh: \"$*\" failed" >&2; exit 1; }
}

build_project ()
{
  # What meson found once is in the sysroot; with another sysroot, it must look again.
  cmp -s "$prepared/sysroot.stamp" "$dir/guest/sysroot.stamp" || rm -rf "$dir/guest"
  if [ ! -f "$dir/guest/build.ninja" ]; then
    logged meson setup "$dir/guest" "$source" --cross-file "$prepared/cross.ini" -Dintrospection=disabled
    cp "$prepared/sysroot.stamp" "$dir/guest/"
  fi
  logged ninja -C "$dir/guest"
}

build_module ()
{
  local release
  release=$(cat "$prepared/kernel/release")
  mkdir -p "$dir/module"
  cp -u "$here"/module/* "$dir/module/"
  logged make -C "$prepared/headers/usr/src/linux-headers-$release" ARCH=arm CROSS_COMPILE=arm-linux-gnueabihf- \
    "M=$dir/module" modules
}

# The kernel takes archives one after the other: the distribution's part stays as it is.
pack ()
{
  local root=$dir/root guest=$dir/guest
  rm -rf "$root"
  mkdir -p "$root"/xlnk/{bin,lib,plugins,data}
  cp "$here/guest/init" "$root/init"
  cp "$here/guest/guest.sh" "$here"/guest/*.suite "$dir/module/xlnk.ko" "$root/xlnk/"
  find "$guest/allocator" -maxdepth 1 -name '*.so*' ! -type d -exec cp -P {} "$root/xlnk/lib/" \;
  cp "$guest"/plugin/libgstxlnk.so "$guest"/tests/system/pl330/libgstxlnkpl330.so "$root/xlnk/plugins/"
  find "$guest"/tests/{check,emulator,system} -maxdepth 2 -type f -perm /111 -name '*.so' -exec cp {} "$root/xlnk/lib/" \;
  find "$guest"/{examples,tests/check,tests/emulator,tests/fault,tests/system} -maxdepth 2 -type f -perm /111 ! -name '*.so' \
    -exec cp {} "$root/xlnk/bin/" \;
  cp "$source"/tests/data/bbb-640x360-5s.ogv "$root/xlnk/data/clip.ogv"
  arm-linux-gnueabihf-strip --strip-debug "$root"/xlnk/{bin,lib,plugins}/* "$root/xlnk/xlnk.ko" 2>>"$log"
  (cd "$root" && find . -print0 | cpio --quiet --null -o -H newc -R 0:0) >"$dir/project.cpio"
  cat "$prepared/rootfs.cpio" "$dir/project.cpio" >"$dir/initrd.new"
  mv "$dir/initrd.new" "$dir/initrd"
}

"$here/prepare.sh" "$prepared" 9>&-
build_project
build_module
pack
