#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Runs fuzz targets.

  fuzz.py test SECONDS SOURCE_DIR BUILD_DIR NAME COMMAND...
      the corpus and what was found before, once each, with leaks looked for; then new inputs for SECONDS
  fuzz.py long SOURCE_DIR BUILD_DIR NAME COMMAND... [+ NAME COMMAND...]...
      new inputs for XLNK_FUZZ_SECONDS (3600) each, in parallel over the processors; what is worth keeping is
      in BUILD_DIR/long/NAME, beside the log

COMMAND is a libFuzzer program, perhaps on an emulated board. Without a finding the exit status is 0.
"""
import concurrent.futures
import os
import pathlib
import re
import shutil
import subprocess
import sys

# A new process after so many seconds: GLib never forgets the name of a field.
SLICE = 600


class Target:
    def __init__(self, source, build, name, command):
        self.name = name
        self.command = command
        self.source = pathlib.Path(source)
        self.build = pathlib.Path(build)
        dictionary = self.source / "dictionaries" / f"{name}.dict"
        self.options = ["-timeout=120", "-rss_limit_mb=4096"]
        if dictionary.exists():
            self.options.append(f"-dict={dictionary}")
        self.known = [str(d / name) for d in (self.source / "corpus", self.source / "regressions") if (d / name).is_dir()]

    def run(self, log, arguments, leaks):
        environment = os.environ.copy()
        # Pieces of a slice would hide what touches them too late.
        environment["G_SLICE"] = "always-malloc"
        environment["ASAN_OPTIONS"] = "detect_leaks=1:fast_unwind_on_malloc=0" if leaks else "detect_leaks=0"
        environment["LSAN_OPTIONS"] = f"suppressions={self.source / '../check/lsan.supp'}:print_suppressions=0"
        environment["UBSAN_OPTIONS"] = "halt_on_error=1:print_stacktrace=1"
        arguments = [*self.command, f"-detect_leaks={int(leaks)}", *self.options, *arguments]
        log.write((" ".join(arguments) + "\n").encode())
        log.flush()
        return subprocess.run(arguments, env=environment, stdout=log, stderr=subprocess.STDOUT, check=False).returncode

    def replay(self, log, directory, *inputs):
        return self.run(log, ["-runs=0", f"-artifact_prefix={directory}/found-", *inputs], True) == 0

    def fuzz(self, log, directory, seconds, *arguments):
        """What is new goes to the directory. Tells whether it found nothing."""
        return self.run(log, [f"-max_total_time={seconds}", "-print_final_stats=1", f"-artifact_prefix={directory}/found-",
                              *arguments, str(directory / "corpus"), *self.known], False) == 0


def count_executions(path):
    return sum(map(int, re.findall(r"number_of_executed_units: (\d+)", path.read_text(errors="replace"))))


def report(target, path, seconds, good):
    executions = count_executions(path)
    print(f"{target.name}: {executions} executions in {seconds} s, {executions // max(seconds, 1)} per second: "
          f"{'no finding' if good else 'FOUND SOMETHING'}", flush=True)
    if not good:
        print(path.read_bytes()[-8000:].decode(errors="replace"))
        print(f"all of it is in {path}, and the input beside it", flush=True)


def test(seconds, source, build, name, *command):
    target = Target(source, build, name, command)
    directory = target.build / "found" / name
    shutil.rmtree(directory, ignore_errors=True)
    (directory / "corpus").mkdir(parents=True)
    path = directory / "log"
    with open(path, "wb") as log:
        good = target.replay(log, directory, *target.known) and target.fuzz(log, directory, seconds, "-seed=1")
    report(target, path, int(seconds), good)
    return good


def fuzz_long(target, seconds):
    directory = target.build / "long" / target.name
    (directory / "corpus").mkdir(parents=True, exist_ok=True)
    path = directory / "log"
    left, good = seconds, True
    with open(path, "wb") as log:
        while left > 0 and good:
            good = target.fuzz(log, directory, min(left, SLICE))
            left -= SLICE
        good = good and target.replay(log, directory, str(directory / "corpus"))
    report(target, path, seconds, good)
    return good


def split(arguments):
    groups = [[]]
    for argument in arguments:
        if argument == "+":
            groups.append([])
        else:
            groups[-1].append(argument)
    return groups


def long(source, build, *arguments):
    seconds = int(os.environ.get("XLNK_FUZZ_SECONDS", "3600"))
    targets = [Target(source, build, group[0], group[1:]) for group in split(arguments)]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        results = list(pool.map(lambda target: fuzz_long(target, seconds), targets))
    return all(results)


def main():
    return {"test": test, "long": long}[sys.argv[1]](*sys.argv[2:])


if __name__ == "__main__":
    sys.exit(0 if main() else 1)
