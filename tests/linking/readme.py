#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Types the commands of README.md, in this build directory: every line of its ```sh blocks. Also checks that each file
it names is there. Reports TAP."""

import argparse
import pathlib
import re
import shlex

import tap
from tap import require, run


def shell_lines(text):
    blocks = re.findall(r"^```sh\n(.*?)^```$", text, re.M | re.S)
    return [line for block in blocks for line in block.splitlines() if line.strip()]


def check_command(line, source, build):
    # as a shell does; the build directory of the README is in the source directory, this one need not be
    words = [word.replace("=../", f"={source}/") for word in shlex.split(line)]
    require(words[:4] == ["meson", "devenv", "-C", "build"], "does not begin as a command for the build directory")
    words[3] = str(build)
    text = run(*words)
    require("no leak, no hazard" in text, text)


def check_files(text, source):
    named = set(re.findall(r"\]\(([^)#:]+)\)", text)) | set(re.findall(r"^(scripts/\S+)", text, re.M))
    require(len(named) > 3, f"only {named} named")
    for name in named:
        require((source / name).exists(), f"{name} is not there")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--source", type=pathlib.Path, required=True)
    parser.add_argument("--build", type=pathlib.Path, required=True)
    options = parser.parse_args()
    text = (options.source / "README.md").read_text(encoding="utf-8")

    lines = shell_lines(text)
    steps = [("the files it names are there", lambda: check_files(text, options.source)),
             ("it has a pipeline", lambda: require(any("xlnkaccel" in line for line in lines), "no line to run"))]
    steps += [(line, lambda line=line: check_command(line, options.source, options.build)) for line in lines]
    tap.report(steps)


if __name__ == "__main__":
    main()
