#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Checks ledger.pml exhaustively with spin, and that each rule taken away breaks it.

  model.py MODEL BUILD_DIR [--long]

--long gives the stranger one operation more. Exit status 77 (skip) without spin or gcc.
"""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'coherence'))
import spin  # noqa: E402 (it is next door)

BROKEN = ('WITHOUT_ZEROING', 'WITHOUT_LOCK', 'LOCK_AFTER_NAME', 'WITHOUT_LINK_CHECK', 'ID_AFTER_IOCTL', 'WITHOUT_COOKIE',
          'WITHOUT_LIVENESS', 'WITHOUT_SECOND_LOOK', 'WITHOUT_FREEING', 'WITHOUT_OWNERS_LOOK', 'WITHOUT_EXPOSED',
          'OVERWRITTEN_FORGOTTEN', 'EXPOSED_AFTER_ADDRESS', 'WITHOUT_ARMED', 'ARMED_AFTER_START', 'RESET_IN_WINDOW',
          'FREEING_BY_FORCE')


def main():
    model, build = sys.argv[1:3]
    if spin.missing():
        print(f'SKIPPED: no {spin.missing()} here, so the ledger is not model-checked')
        return 77
    if '--long' in sys.argv:
        errors, states, why = spin.search(model, build, ['-DOPERATIONS=2'])
        print(f'two operations: {states} states, {"WRONG: " + why if errors else "nothing is freed that is not ours"}')
        return errors != 0
    errors, states, why = spin.search(model, build, [])
    bad = errors != 0
    print(f'{states} states, {"WRONG: " + why if errors else "nothing is freed that is not ours, nothing is lost"}', flush=True)
    for rule in BROKEN:
        errors, states, why = spin.search(model, build, [f'-D{rule}'])
        bad += errors == 0
        print(f'{rule}: {"caught: " + why if errors else "NOT CAUGHT"} ({states} states)', flush=True)
    return 1 if bad else 0


if __name__ == '__main__':
    sys.exit(main())
