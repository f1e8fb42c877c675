#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Checks coherence.pml exhaustively with spin, and that each rule taken away breaks it.

  model.py MODEL BUILD_DIR [--long]

--long instead checks the largest state space: 22 million states, 70 seconds, 3 GB of memory. Exit status 77 (skip)
without spin or gcc.
"""
import sys
from concurrent.futures import ThreadPoolExecutor

import spin

BY_ADDRESS, ARM, ARM64 = 1, 2, 3
NAMES = {BY_ADDRESS: 'by address', ARM: "ARM's driver", ARM64: "arm64's driver"}

WHOLE = [(BY_ADDRESS, 3), (ARM, 2), (ARM64, 3)]
WHOLE_LONG = [(ARM, 3)]

BROKEN = [(BY_ADDRESS, rule) for rule in (
    'WITHOUT_EXCLUSION', 'WITHOUT_READER_EXCLUSION', 'WITHOUT_WRITER_EXCLUSION', 'WITHOUT_INVALIDATE',
    'WITHOUT_INVALIDATE_TO_WRITE', 'WITHOUT_EXPOSED_INVALIDATE', 'WITHOUT_CPU_DIRTY', 'WITHOUT_EXPOSED_CLEAN',
    'WITHOUT_CLEAN', 'WITHOUT_CLEAN_TO_WRITE', 'WITHOUT_CLEAN_TO_READ', 'WITHOUT_DEVICE_DIRTY',
    'WITHOUT_HAND_OUT_OF_OPEN', 'WITHOUT_HAND_OUT_OF_DIRTY', 'WITHOUT_MUTEX')] + [
    (ARM, 'WITHOUT_SECOND_PASS'), (ARM, 'WITH_ACTION_1'), (ARM, 'WITHOUT_DIFFERENCE'),
    (ARM64, 'WITHOUT_REFUSAL'), (ARM64, 'WITHOUT_CLEAN_BEFORE_ACTION_1'), (ARM64, 'WITHOUT_DIFFERENCE')]


def check(model, build, primitives, lines, rule=None):
    options = [f'-DPRIMITIVES={primitives}', f'-DLINES={lines}'] + ([f'-D{rule}'] if rule else [])
    # Most of the time for a broken rule goes into the compiler.
    return spin.search(model, build, options, '-O0' if rule else '-O2')


def main():
    model, build = sys.argv[1:3]
    if spin.missing():
        print(f'SKIPPED: no {spin.missing()} here, so the state machine is not model-checked')
        return 77
    whole = WHOLE_LONG if '--long' in sys.argv else WHOLE
    broken = [] if '--long' in sys.argv else BROKEN
    bad = 0
    with ThreadPoolExecutor(2) as pool:
        results = pool.map(lambda c: check(model, build, *c), whole)
        for (primitives, lines), (errors, states, why) in zip(whole, results):
            bad += errors != 0
            print(f'{NAMES[primitives]}, {lines} lines: {states} states, '
                  f'{"WRONG: " + why if errors else "no stale read, no lost write"}')
        results = pool.map(lambda c: check(model, build, c[0], 2, c[1]), broken)
        for (primitives, rule), (errors, states, why) in zip(broken, results):
            bad += errors == 0
            print(f'{NAMES[primitives]}, {rule}: {"caught: " + why if errors else "NOT CAUGHT"} ({states} states)')
    return 1 if bad else 0


if __name__ == '__main__':
    sys.exit(main())
