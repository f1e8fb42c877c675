#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# run.sh SOURCE DIR SUITE [OPTION…] [-- COMMAND…]: builds what is not built yet and runs one list of tests in a guest. Prints TAP; says
# why if it cannot be done here.

here=$(cd "$(dirname "$0")" && pwd)
source=$1 dir=$2 suite=$3
shift 3
mkdir -p "$dir"

"$here/build.sh" "$source" "$dir" 2> >(tee "$dir/$suite.err" >&2)
status=$?
if [ "$status" -eq 77 ]; then
  printf '1..0 # SKIP %s\n' "$(sed -n 's/.*SKIPPED: //p' "$dir/$suite.err" | tail -n 1)"
  exit 0
fi
[ "$status" -eq 0 ] || exit "$status"
kernel=$dir/prepared/kernel
exec "${PYTHON:-python3}" "$here/guest.py" --kernel "$kernel/vmlinuz" --dtb "$kernel/smdkv310.dtb" --initrd "$dir/initrd" \
  "$suite" "$@"
