#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The end of demo.sh: what happened, from the element's own numbers and the emulated board's report.

demo-summary.py FRAMES NUMBERS REPORT SHEET: exit status 0 only if everything holds.
"""

import json
import os
import struct
import sys


def read_numbers(path):
    """Lines of `NAME VALUE`, the output of contact-sheet."""
    with open(path, encoding="utf-8") as lines:
        return {name: int(value) for name, value in (line.split() for line in lines)}


def png_size(path):
    """Width and height in the first chunk of a PNG file."""
    with open(path, "rb") as png:
        head = png.read(24)
    if len(head) < 24 or head[:8] != b"\x89PNG\r\n\x1a\n":
        raise ValueError(f"{path} is not a PNG file")
    return struct.unpack(">II", head[16:24])


def mib(size):
    return f"{size / 2**20:.1f} MiB"


def main():
    frames, (numbers, report, sheet) = int(sys.argv[1]), sys.argv[2:]
    numbers = read_numbers(numbers)
    with open(report, encoding="utf-8") as file:
        board = json.load(file)
    width, height = png_size(sheet)

    core, = board["cores"]
    maintenance = board["counters"]
    hazards = sum(hazard["count"] for hazard in board["hazards"].values())
    synced = maintenance["flushed-bytes"] + maintenance["invalidated-bytes"]
    passed = numbers["frames"] == numbers["arrived"] == numbers["contiguous"] == frames

    # (what, value, in words, does it hold)
    rows = [
        ("frames", numbers["arrived"], f"of {frames}, {numbers['contiguous']} in contiguous memory", passed),
        ("copies", numbers["copies"], f"{mib(numbers['copied-bytes'])} copied on the way to the core", numbers["copies"] == 0),
        ("jobs", core["finished"], f"of {core['jobs']} done by the core “{core['name']}”, which read"
         f" {mib(core['bytes-read'])} and wrote {mib(core['bytes-written'])}", core["jobs"] == core["finished"] == frames),
        ("bytes synced", synced, f"{mib(synced)} flushed or invalidated, {maintenance['needed']} times needed,"
         f" {maintenance['redundant']} times not", maintenance["redundant"] == 0),
        ("CMA used", numbers["peak-usage"], f"{mib(numbers['peak-usage'])} at the peak, of {mib(board['cma'])}",
         0 < numbers["peak-usage"] <= board["cma"]),
        ("leaks", board["live-blocks"], f"{maintenance['allocs']} buffers allocated, {maintenance['frees']} freed",
         board["live-blocks"] == 0 and board["cma-free"] == board["cma"]),
        ("hazards", hazards, f"driver {board['driver']} on {board['arch']}, cache lines of {board['line']} bytes",
         hazards == 0),
    ]

    print()
    for what, value, words, holds in rows:
        print(f"  {'✓' if holds else '✗'} {what:<13}{value:>9}   {words}")
    print(f"\n    contact sheet, {width}×{height}: {os.path.relpath(sheet)}\n")
    return 0 if all(holds for *_, holds in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
