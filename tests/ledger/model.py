#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Checks ledger.pml exhaustively with spin, and that each rule taken away breaks it.

  model.py MODEL BUILD_DIR [--long]

--long gives the stranger one operation more. Exit status 77 (skip) without spin or gcc.
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile

BROKEN = ('WITHOUT_ZEROING', 'WITHOUT_LOCK', 'LOCK_AFTER_NAME', 'WITHOUT_LINK_CHECK', 'ID_AFTER_IOCTL', 'WITHOUT_COOKIE',
          'WITHOUT_LIVENESS', 'WITHOUT_SECOND_LOOK', 'WITHOUT_FREEING', 'WITHOUT_OWNERS_LOOK', 'WITHOUT_EXPOSED',
          'EXPOSED_AFTER_ADDRESS', 'WITHOUT_ARMED', 'ARMED_AFTER_START', 'RESET_IN_WINDOW')


def check(model, build, options):
    """The number of errors and states, and what failed."""
    with tempfile.TemporaryDirectory(dir=build) as work:
        subprocess.run(['spin', '-a', *options, model], cwd=work, check=True, stdout=subprocess.DEVNULL)
        subprocess.run(['gcc', '-O1', '-w', '-DSAFETY', '-DCOLLAPSE', '-DMEMLIM=8000', '-o', 'pan', 'pan.c'], cwd=work,
                       check=True)
        out = subprocess.run(['./pan', '-m1000000'], cwd=work, check=True, capture_output=True, text=True).stdout
    errors = re.search(r'errors: (\d+)', out)
    states = re.search(r'(\d+) states, stored', out)
    why = re.search(r'pan:1: (.*) \(at depth', out)
    if not errors or not states or 'too small' in out or 'out of memory' in out or 'exhausted' in out:
        raise SystemExit(f'the search for {options} is not complete:\n{out}')
    return int(errors[1]), int(states[1]), why[1] if why else ''


def main():
    model, build = os.path.abspath(sys.argv[1]), sys.argv[2]
    for tool in ('spin', 'gcc'):
        if not shutil.which(tool):
            print(f'SKIPPED: no {tool} here, so the ledger is not model-checked (apt-get install {tool})')
            return 77
    os.makedirs(build, exist_ok=True)
    if '--long' in sys.argv:
        errors, states, why = check(model, build, ['-DOPERATIONS=2'])
        print(f'two operations: {states} states, {"WRONG: " + why if errors else "nothing is freed that is not ours"}')
        return errors != 0
    errors, states, why = check(model, build, [])
    bad = errors != 0
    print(f'{states} states, {"WRONG: " + why if errors else "nothing is freed that is not ours, nothing is lost"}', flush=True)
    for rule in BROKEN:
        errors, states, why = check(model, build, [f'-D{rule}'])
        bad += errors == 0
        print(f'{rule}: {"caught: " + why if errors else "NOT CAUGHT"} ({states} states)', flush=True)
    return 1 if bad else 0


if __name__ == '__main__':
    sys.exit(main())
