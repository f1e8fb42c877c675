#!/usr/bin/env bash
# GStreamer's own tests of memories, buffers, pools and metas, on our allocator and our pool, on the emulated board.
#
#   conformance.sh WORK-DIRECTORY XLNK-EMULATE HOOK-LIBRARY COMPILER [ARGUMENT…]
#
# The tests' text is not touched: hook.h goes in front of it. Prints a line for each, such as "gstmemory 13/13".
set -euo pipefail

work=$1
emulate=$2
hook=$3
shift 3
here=$(cd "$(dirname "$0")" && pwd)
sources=${XLNK_CONFORMANCE_SOURCES:-$work/sources}
failed=0

memcheck=()
[ -z "${XLNK_TEST_MEMCHECK:-}" ] || mapfile -t memcheck <<< "$XLNK_TEST_MEMCHECK"

# How many checks each has in GStreamer 1.22: fewer would mean that some were left out.
expected() {
  case "$(pkg-config --modversion gstreamer-1.0) $1" in
    "1.22."*" gstmemory") echo 13 ;;
    "1.22."*" gstbuffer") echo 20 ;;
    "1.22."*" gstbufferpool") echo 10 ;;
    "1.22."*" gstmeta") echo 12 ;;
    *) echo "" ;;
  esac
}

build() {
  local name=$1
  shift
  # shellcheck disable=SC2046
  "$@" -g -O1 -w -DCONFORMANCE_TEST -include "$here/hook.h" "$sources/gst/$name.c" -o "$work/$name" \
    $(pkg-config --cflags --libs gstreamer-check-1.0 gstreamer-1.0) "$hook" -Wl,-rpath,"$(dirname "$hook")"
}

# The hook must really be in: the renamed functions are what the binary asks for.
check_hook() {
  local wanted undefined
  undefined=$(nm -u "$work/$1")
  wanted=conformance_check_init
  [ "$1" != gstbufferpool ] || wanted="$wanted conformance_buffer_pool_new"
  for function in $wanted; do
    case "$undefined" in
      *"$function"*) ;;
      *) echo "$1 is not compiled with our hook: it does not call $function" >&2; return 1 ;;
    esac
  done
}

# The number behind "allocs" in the emulator's report.
allocations() {
  sed -n 's/.*"allocs": *\([0-9]*\).*/\1/p' "$1" | head -n 1
}

run() {
  local name=$1 log="$work/$1.log" report="$work/$1.json" status=0 checks bad wanted
  GST_REGISTRY_1_0="$work/registry" CK_DEFAULT_TIMEOUT=60 \
    "${memcheck[@]}" "$emulate" --strict --report "$report" -- "$work/$name" > "$log" 2>&1 || status=$?
  checks=$(sed -n 's/^[0-9]*%: Checks: \([0-9]*\),.*/\1/p' "$log")
  bad=$(sed -n 's/^[0-9]*%: Checks: [0-9]*, Failures: \([0-9]*\), Errors: \([0-9]*\).*/\1 + \2/p' "$log")
  echo "$name $((${checks:-0} - (${bad:-0})))/${checks:-0}"
  wanted=$(expected "$name")
  if [ "$status" != 0 ] || [ "$(allocations "$report")" = 0 ] || [ "${wanted:-$checks}" != "$checks" ]; then
    echo "$name: status $status, $(allocations "$report") allocations, ${wanted:-any number of} checks expected" >&2
    cat "$log" >&2
    failed=1
  fi
}

mkdir -p "$work"
if [ -z "${XLNK_CONFORMANCE_SOURCES:-}" ]; then
  "$here/sources.sh" "$sources"
fi
for name in gstmemory gstbuffer gstbufferpool gstmeta; do
  build "$name" "$@"
  check_hook "$name"
  run "$name"
done
exit $failed
