#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# coverage.sh: builds with gcc's counters, runs the tests that show behaviour on the emulated board, and prints which
# lines of allocator/ and plugin/ they executed. Fails below 95 % of either.
#
# Programs that are killed by others keep their counts to themselves, so the numbers are lower bounds.

# shellcheck source=scripts/setup.sh
source "$(dirname "${BASH_SOURCE[0]}")/setup.sh"

coverage=$top/build-coverage
build_tools+=(gcc gcovr)

# Counters tell lines executed, not time, evictions or compilers: of boards that differ only in the dice one is enough,
# and what measures bytes for each frame, or proves a model, executes nothing that others do not.
chosen_tests ()
{
  meson test -C "$coverage" --list 2>/dev/null |
    sed -En 's,^gst-xlnk:(check|ledger|tools|coherence)[^/]* / ,,p' |
    grep -Ev '\(.*seed|^steady-state|^installation$|^readme$|^offload-(pictures|streams) ' |
    grep -Ev '^coherence-(model|mutations|ring|device|arm)'
}

need_packages "${build_packages[@]}" gcovr

say 'Building with counters'
CC=gcc configure "$coverage" -Db_coverage=true -Dbuildtype=debug -Dintrospection=disabled
meson configure "$coverage" -Dc_link_args=-Wl,-u,__gcov_dump    # for tests/coverage/dying.c
compile "$coverage"
find "$coverage" -name '*.gcda' -delete

say 'Running the tests'
mapfile -t tests < <(chosen_tests)
status=0
LD_PRELOAD=$coverage/tests/coverage/libdying.so CK_TIMEOUT_MULTIPLIER=10 meson test -C "$coverage" --no-rebuild --print-errorlogs --quiet --timeout-multiplier 5 \
  --logbase coverage "${tests[@]}" || status=$?

say 'Lines executed'
"$top/scripts/coverage-report.py" "$coverage"
exit "$status"
