#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# test.sh: builds and tests everything, from a clean checkout on a fresh machine. A step that fails does not stop the
# others, but the script fails in the end. Last line: how many tests passed and failed, over all steps.

# shellcheck source=scripts/setup.sh
source "$(dirname "${BASH_SOURCE[0]}")/setup.sh"

test_packages=(
  "${build_packages[@]}"
  clang 'libclang-rt-dev?' llvm valgrind libc6-dbg g++ make
  # the model of the rules; the tests of GStreamer's own source; the boards' processors; a real kernel
  spin dpkg-dev gcc-arm-linux-gnueabihf gcc-aarch64-linux-gnu libc6-dev-armhf-cross libc6-dev-arm64-cross
  qemu-user-static qemu-system-arm cpio
)
build_tools+=(gcc g++ clang valgrind make)

summary=()
passed=0 failed=0 skipped=0

# The numbers of a run of meson test, from its log, and the tests that failed: passed, failed, skipped, names.
count_results ()
{
  python3 - "$1" <<'PYTHON'
import json, sys
tests = [json.loads(line) for line in open(sys.argv[1], encoding="utf-8")]
skipped = [test for test in tests if test["result"] == "SKIP"]
failed = [test for test in tests if test["result"] not in ("SKIP", "OK", "EXPECTEDFAIL")]
names = [test["name"].split(" / ")[-1] + " (" + test["result"].lower() + ")" for test in failed]
print(len(tests) - len(failed) - len(skipped), len(failed), len(skipped), ", ".join(names))
PYTHON
}

# run_tests NAME DIR ARGUMENT…: its numbers go into the totals; a run that finds no test is a failure.
run_tests ()
{
  local name=$1 dir=$2 status=0 results p f s names
  shift 2
  rm -f "$dir/meson-logs/$name".* "$dir/meson-logs/$name"-*
  meson test -C "$dir" --no-rebuild --print-errorlogs --logbase "$name" "$@" || status=$?
  results=$(count_results "$(printf '%s\n' "$dir/meson-logs/$name"*.json)") || results='0 1 0'
  read -r p f s names <<<"$results"
  passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
  note="$p passed, $f failed, $s skipped${names:+: $names}"
  [ "$status" -eq 0 ] && [ $((p + s)) -gt 0 ]
}

# step TITLE COMMAND…: one section of the output and one line of the summary.
step ()
{
  local title=$1 start=$SECONDS failed_before=$failed verdict="${green}ok${plain}  "
  shift
  note=''
  printf '\n'
  say "$title"
  if ! "$@"; then
    verdict="${red}FAIL${plain}"
    # Not a test of meson's, but nobody should read "0 failed" under it.
    [ "$failed" -gt "$failed_before" ] || failed=$((failed + 1))
  fi
  summary+=("$(printf '  %s %5d s  %-32s %s' "$verdict" $((SECONDS - start)) "$title" "$note")")
}

build_gcc ()
{
  CC=gcc configure "$build" --werror && compile "$build"
}

build_clang ()
{
  CC=clang configure "$top/build-clang" --werror && compile "$top/build-clang"
}

build_sanitized ()
{
  CC=clang configure "$top/build-sanitize" --werror -Db_sanitize=address,undefined -Db_lundef=false \
    -Dintrospection=disabled -Dfuzzers=enabled && compile "$top/build-sanitize"
}

build_threads ()
{
  CC=clang configure "$top/build-thread" --werror -Db_sanitize=thread -Db_lundef=false \
    -Dintrospection=disabled -Dexamples=disabled -Dtools=disabled && compile "$top/build-thread"
}

# What is told apart below: users of an installation, other processors, a real kernel. All else is "plain".
apart=(--no-suite installation --no-suite readme --no-suite cross --no-suite system)

test_plain ()
{
  run_tests plain "$build" "${apart[@]}"
}

test_users ()
{
  run_tests users "$build" --suite installation --suite readme
}

test_cross ()
{
  run_tests cross "$build" --suite cross
}

test_system ()
{
  run_tests system "$build" --suite system
}

test_sanitized ()
{
  UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1 \
    run_tests sanitized "$top/build-sanitize" "${apart[@]}"
}

# What has GStreamer in it is not for ThreadSanitizer: tests/threads/README.md.
test_threads ()
{
  run_tests threads "$top/build-thread" --suite threads
}

test_valgrind ()
{
  run_tests memcheck "$build" --setup valgrind
}

# A target, because it wraps the processes for which a fault is planned, not the whole test.
test_matrix_valgrind ()
{
  meson compile -C "$build" matrix-memcheck
}

need_packages "${test_packages[@]}"

step 'Build with gcc, no warnings' build_gcc
step 'Build with clang, no warnings' build_clang
step 'Build with ASan and UBSan' build_sanitized
step 'Build with TSan' build_threads
step 'Tests' test_plain
step 'README and installation' test_users
step 'Tests under ASan and UBSan' test_sanitized
step 'Tests under ThreadSanitizer' test_threads
step 'Tests under valgrind' test_valgrind
step 'The fault matrix under valgrind' test_matrix_valgrind
step 'On the boards'\'' processors' test_cross
step 'On a real kernel' test_system

printf '\n'
say "Summary, after $((SECONDS / 60)) min $((SECONDS % 60)) s"
printf '%s\n' "${summary[@]}"
printf '\n%d passed, %d failed' "$passed" "$failed"
[ "$skipped" -eq 0 ] || printf ', %d skipped' "$skipped"
printf '\n'
[ "$failed" -eq 0 ]
