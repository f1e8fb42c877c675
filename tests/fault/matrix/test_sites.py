#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""sites.py overlooks no call: names as compilers spell them, and a library in which nothing is found is not a library
without system calls."""

import argparse
import os
import pathlib
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "..", "linking"))

import sites        # pylint: disable=wrong-import-position
import tap          # pylint: disable=wrong-import-position

NAMES = {
    "xlnk_sys_stat": "xlnk_sys_stat",
    "xlnk_sys_stat.part.0": "xlnk_sys_stat",
    "xlnk_sys_poll.constprop.0": "xlnk_sys_poll",
    "xlnk_sys_unlink_at.constprop.0.isra.0": "xlnk_sys_unlink_at",
    "xlnk_sys_close@plt": "xlnk_sys_close",
    "open64@@GLIBC_2.2.5": "open64",
    "read@Base": "read",
    "chardev_alloc+0x42": None,
}


def check_names():
    for name, function in NAMES.items():
        text = f"0000000000001000 <caller.part.0>:\n    1000:\tcall   2000 <{name}>\n    1005:\tret\n"
        rows = list(sites.read_instructions(text))
        tap.require(rows == [("caller.part.0", 0x1000, "call", function, 0x1005)], f"{name}: {rows}")


def check_inlined():
    """Its calls are nobody's, and that is said."""
    found = [("chardev_close", 0x10, "call", "close", 0x15), ("chardev_close", 0x15, "call", "xlnk_sys_close", 0x1a)]
    place = ("xlnksyscall.c:72", "xlnk_sys_close", ["xlnk_sys_close", "chardev_close"])
    seen, complaints = sites.sort_out(found, [place, place], "a library", ())
    tap.require(not seen and len(complaints) == 2 and "link-time" in complaints[0], f"{seen} {complaints}")


def check_library(library, wrappers):
    seen, complaints = sites.find(library, "library")
    tap.require(len(seen) > 50 and not complaints, f"{len(seen)} call instructions, {complaints}")
    tap.require(len(wrappers) > 20, f"only {wrappers}")
    missing = sites.find_missing(seen, wrappers, "library")
    tap.require(not missing, "\n".join(missing))


def check_overlooked(library, wrappers):
    seen, _ = sites.find(library, "library")
    rest = {place: site for place, site in seen.items() if site.wrapper != "xlnk_sys_ioctl"}
    missing = sites.find_missing(rest, wrappers, "library")
    tap.require(len(missing) == 1 and missing[0].endswith("xlnk_sys_ioctl"), f"{missing}")


def check_silent_objdump(library):
    path = os.environ["PATH"]
    with tempfile.TemporaryDirectory() as directory:
        objdump = pathlib.Path(directory, "objdump")
        objdump.write_text("#!/bin/sh\n", encoding="utf-8")
        objdump.chmod(0o755)
        os.environ["PATH"] = f"{directory}:{path}"
        seen, complaints = sites.find(library, "library")
        os.environ["PATH"] = path
    tap.require(not seen and len(complaints) == 1, f"{seen} {complaints}")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--library", required=True)
    parser.add_argument("--wrappers", required=True, help="xlnksyscall.c")
    options = parser.parse_args()
    wrappers = sites.read_definitions(options.wrappers)
    steps = [
        ("a function by any name that a compiler gives it", check_names),
        ("a function that was inlined is told", check_inlined),
        ("an objdump that prints nothing is told", lambda: check_silent_objdump(options.library)),
        ("a function that nothing is seen to call is told", lambda: check_overlooked(options.library, wrappers)),
        ("the library calls each of them", lambda: check_library(options.library, wrappers)),
    ]
    tap.report(steps)


if __name__ == "__main__":
    main()
