# SPDX-License-Identifier: LGPL-2.1-or-later
"""Exhaustive searches with spin, for the models of this directory and of others."""
import os
import re
import shutil
import subprocess
import tempfile


def missing():
    """A tool that is not here, or None."""
    return next((tool for tool in ('spin', 'gcc') if not shutil.which(tool)), None)


def search(model, build, options, optimise='-O1', depth=8000000):
    """The number of errors and states, and what failed."""
    os.makedirs(build, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=build) as work:
        subprocess.run(['spin', '-a', *options, os.path.abspath(model)], cwd=work, check=True, stdout=subprocess.DEVNULL)
        subprocess.run(['gcc', optimise, '-w', '-DSAFETY', '-DCOLLAPSE', '-DMEMLIM=8000', '-o', 'pan', 'pan.c'], cwd=work,
                       check=True)
        out = subprocess.run(['./pan', f'-m{depth}'], cwd=work, check=True, capture_output=True, text=True).stdout
    errors = re.search(r'errors: (\d+)', out)
    states = re.search(r'(\d+) states, stored', out)
    why = re.search(r'pan:1: (.*) \(at depth', out)
    if not errors or not states or 'too small' in out or 'out of memory' in out or 'exhausted' in out:
        raise SystemExit(f'the search for {options} is not complete:\n{out}')
    return int(errors[1]), int(states[1]), why[1] if why else ''
