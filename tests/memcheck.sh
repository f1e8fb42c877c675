#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# memcheck.sh VALGRIND [OPTION…] -- PROGRAM [ARGUMENT…]
#
# Runs a test under memcheck, and fails if memcheck reports an error of any of its processes: also of one that is killed
# before it can return an exit status, or whose status nobody looks at.
#
# The cases of a test of libcheck are processes of their own, unless XLNK_TEST_MEMCHECK_FORK says no.
#
# A script is run as it is: it finds in XLNK_TEST_MEMCHECK, a line for each argument, what to put before its programs.
set -euo pipefail

memcheck=()
while [ "$1" != -- ]; do
  memcheck+=("$1")
  shift
done
shift

logs=$(mktemp -d "${TMPDIR:-/tmp}/xlnk-memcheck-XXXXXX")
trap 'rm -rf "$logs"' EXIT
memcheck+=("--log-file=$logs/%p")

export CK_FORK=${XLNK_TEST_MEMCHECK_FORK:-yes}
status=0
if [[ $1 = *.sh ]]; then
  XLNK_TEST_MEMCHECK=$(printf '%s\n' "${memcheck[@]}") "$@" || status=$?
else
  "${memcheck[@]}" "$@" || status=$?
fi

# Lines with two dashes are valgrind's remarks about itself.
if grep -rhs '^==[0-9]*==' "$logs" >&2; then
  [ "$status" -ne 0 ] || status=99
fi
exit "$status"
