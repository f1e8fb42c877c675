# SPDX-License-Identifier: LGPL-2.1-or-later
"""Steps that run commands, reported in the Test Anything Protocol."""

import subprocess
import sys


class Failure(Exception):
    """What did not hold, in words."""


class Skipped(Exception):
    """Why a step cannot be taken on this machine."""


def require(holds, words):
    if not holds:
        raise Failure(words)


def run(*command, expect=0, **options):
    """The output of a command that ends with status @expect (None: any but 0)."""
    done = subprocess.run(command, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          stdin=subprocess.DEVNULL, check=False, **options)
    as_expected = done.returncode != 0 if expect is None else done.returncode == expect
    require(as_expected, f"{' '.join(map(str, command))}: status {done.returncode}\n{done.stdout}")
    return done.stdout


def report(steps):
    """Takes each (title, function) in turn and exits. A step that is needed by later ones is the caller's matter."""
    failures = 0
    print("TAP version 13")
    print(f"1..{len(steps)}")
    for number, (title, step) in enumerate(steps, 1):
        try:
            step()
            print(f"ok {number} - {title}", flush=True)
        except Skipped as why:
            print(f"ok {number} - {title} # SKIP {why}", flush=True)
        except Failure as why:
            failures += 1
            print(f"not ok {number} - {title}", flush=True)
            print("".join(f"# {line}\n" for line in str(why).splitlines()), end="", flush=True)
    sys.exit(1 if failures else 0)
