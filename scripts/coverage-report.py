#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Prints which lines of allocator/ and plugin/ a build with -Db_coverage=true has executed so far.

gcovr reads the counters. What it does not do, and this does: a header that is reached through two directories is one
file, and each directory has a total and a limit of its own.
"""
import argparse
import json
import pathlib
import re
import subprocess
import sys
import tempfile

TOP = pathlib.Path(__file__).resolve().parent.parent
ROOMS = ("allocator", "plugin")


def read_counters(build):
    """{path relative to the top: {line: times executed}}"""
    with tempfile.TemporaryDirectory() as directory:
        out = pathlib.Path(directory) / "coverage.json"
        roots = sorted({re.escape(str(root / room)) for root in (TOP, build) for room in ROOMS})
        subprocess.run(["gcovr", "--root", TOP, "--object-directory", build, "--json", out, build]
                       + [f"--filter={root}/" for root in roots], check=True)
        report = json.loads(out.read_text(encoding="utf-8"))
    files = {}
    for entry in report["files"]:
        path = (TOP / entry["file"]).resolve().relative_to(TOP)
        if path.parts[0] not in ROOMS:
            continue
        lines = files.setdefault(path, {})
        for line in entry["lines"]:
            if not line.get("gcovr/noncode"):
                number = line["line_number"]
                lines[number] = lines.get(number, 0) + line["count"]
    return files


def spans(numbers):
    """[1, 2, 3, 7] → "1-3 7" """
    runs = []
    for number in numbers:
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return " ".join(str(a) if a == b else f"{a}-{b}" for a, b in runs)


def print_row(name, counted, executed, missing=""):
    percent = 100 * executed / counted if counted else 100
    print(f"{name:46} {counted:6} {executed:6} {percent:6.1f} %  {missing}".rstrip())
    return percent


def print_room(room, files):
    total = done = 0
    for path, lines in sorted(files.items()):
        if path.parts[0] != room:
            continue
        missing = [number for number, count in sorted(lines.items()) if count == 0]
        print_row(str(path), len(lines), len(lines) - len(missing), spans(missing))
        total += len(lines)
        done += len(lines) - len(missing)
    if total == 0:
        sys.exit(f"coverage: no counters of {room}/: run the tests of a build with -Db_coverage=true first")
    percent = print_row(f"{room}/ in total", total, done)
    print()
    return percent


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("build", type=pathlib.Path, help="the build directory")
    parser.add_argument("--limit", type=float, default=95, help="per cent below which this fails (default: 95)")
    options = parser.parse_args()

    files = read_counters(options.build.resolve())
    print(f"{'file':46} {'lines':>6} {'run':>6} {'':>6}    not run")
    low = [room for room in ROOMS if print_room(room, files) < options.limit]
    if low:
        sys.exit(f"coverage: below {options.limit} % in {' and '.join(room + '/' for room in low)}")


if __name__ == "__main__":
    main()
