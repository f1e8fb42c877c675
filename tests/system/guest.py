#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""
guest.py: boots a guest machine, lets it run one list of tests and says in TAP what came of them.

The machine has two Cortex-A9 and a PL330, as every Zynq-7000 has. The guest speaks on its serial console. Lines that
begin with "@" are for us:

  @begin NAME              a test begins; what follows is its output
  @loses N                 the next test may leave just N buffers behind
  @end STATUS LIVE         it ended; so many buffers are alive in the driver
  @sha256 ADDRESS LENGTH   asks for the digest of physical memory, seen from outside: one line goes back
  @finished                all tests of the list ran

A line "call NAME = OUTCOME # REASON" says what came of a system call. A command on this machine can be given that makes
the same calls on the emulated board: the outcomes must be equal, or differ where there is a reason. Each is a check.

Each "ok" and "not ok" of a test is one check. Its exit status is another, and its live buffers are one more. The guest's
clock may run twice too fast, so all limits are on the host's: for the whole run, and for the silence between two lines.
"""

import argparse
import hashlib
import json
import os
import queue
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

TAP = re.compile(r"(not )?ok\b(?: \d+)?(?: -)? ?(.*)")
# gst-check names a case FILE:GROUP:CASE: Passed
CALL = re.compile(r"call (.+?) = (.*?)(?: # (.*))?$")
CHECK_CASE = re.compile(r"\S+\.c:\w+:(\w+: )")
PLAN = re.compile(r"1\.\.(\d+)\s*(# *SKIP.*)?$", re.IGNORECASE)


class Qmp:
    """The machine's own monitor: physical memory as a device would see it."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.settimeout(30)
        for attempt in range(100):
            try:
                self.socket.connect(path)
                break
            except OSError:
                if attempt == 99:
                    raise
                time.sleep(0.1)
        self.stream = self.socket.makefile("rw")
        self.stream.readline()
        self.command("qmp_capabilities")

    def command(self, name, **arguments):
        json.dump({"execute": name, "arguments": arguments}, self.stream)
        self.stream.write("\n")
        self.stream.flush()
        while True:
            answer = json.loads(self.stream.readline())
            if "error" in answer:
                raise RuntimeError(f"{name}: {answer['error']['desc']}")
            if "return" in answer:
                return answer["return"]

    def digest(self, address, length):
        with tempfile.NamedTemporaryFile() as file:
            self.command("pmemsave", val=address, size=length, filename=file.name)
            return hashlib.sha256(file.read()).hexdigest()


class Machine:
    """QEMU, its serial console as lines, and its monitor."""

    def __init__(self, arguments, directory):
        monitor = os.path.join(directory, "monitor")
        command = [
            "qemu-system-arm", "-M", "smdkc210", "-smp", "2", "-no-reboot", "-display", "none", "-monitor", "none",
            "-serial", "stdio", "-qmp", f"unix:{monitor},server=on,wait=off",
            "-kernel", arguments.kernel, "-dtb", arguments.dtb, "-initrd", arguments.initrd,
            "-append", "console=ttySAC0,115200n8 rdinit=/init panic=-1 loglevel=1 printk.devkmsg=on "
            f"cma={arguments.cma} suite={arguments.suite}"]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT, start_new_session=True)
        self.lines = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()
        self.qmp = Qmp(monitor)

    def _read(self):
        for line in self.process.stdout:
            self.lines.put(line.decode("utf-8", "replace").rstrip("\r\n"))
        self.lines.put(None)

    def cpu_seconds(self):
        """The processor time that the machine has had: other than the clock's, it does not depend on who else is busy."""
        with open(f"/proc/{self.process.pid}/stat", encoding="ascii") as file:
            fields = file.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def answer(self, text):
        self.process.stdin.write(text.encode() + b"\n")
        self.process.stdin.flush()

    def stop(self):
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


class Report:
    """Numbers the checks and prints them as they come."""

    def __init__(self):
        self.count = 0
        self.failures = 0

    def check(self, good, text):
        self.count += 1
        self.failures += not good
        print(f"{'ok' if good else 'not ok'} {self.count} - {text}", flush=True)

    def note(self, text):
        print(f"# {text}", flush=True)


class Reference:
    """What the emulated board answers to the calls that the guest makes."""

    def __init__(self, command):
        self.outcomes = {}
        if not command:
            return
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, timeout=120, check=True)
        for line in done.stdout.splitlines():
            call = CALL.match(line)
            if call:
                self.outcomes[call[1]] = call[2]

    def compare(self, call, report):
        name, outcome, reason = call.groups()
        expected = self.outcomes.pop(name, "nothing: no such call")
        if outcome == expected and reason:
            report.check(False, f"{name}: equal, but there is a reason to differ: {reason}")
        elif outcome == expected:
            report.check(True, f"{name}: {outcome}")
        else:
            report.check(bool(reason), f"{name}: kernel: {outcome}; emulator: {expected}; {reason or 'no reason known'}")

    def conclude(self, report):
        for name in self.outcomes:
            report.check(False, f"{name}: the kernel was not asked")


class Test:
    """One test of the guest, while it runs."""

    def __init__(self, name, may_lose, cpu_seconds):
        self.name = name
        self.may_lose = may_lose
        self.output = []
        self.checks = 0
        self.failed = False
        self.planned = None
        self.start = time.monotonic()
        self.cpu_start = cpu_seconds

    def take(self, line, report):
        self.output.append(line)
        plan = PLAN.match(line)
        result = TAP.match(line)
        if plan:
            self.planned = int(plan[1])
        elif result:
            self.checks += 1
            self.failed |= bool(result[1])
            case = CHECK_CASE.sub(r"\1", result[2])
            report.check(not result[1], f"{self.name}: {case}")

    def end(self, status, live, cpu_seconds, report):
        good = [
            (status == 0, f"{self.name}: exit status {status}"),
            (live == self.may_lose, f"{self.name}: {live} buffers left behind, {self.may_lose} expected"),
        ]
        if self.planned is not None:
            good.append((self.planned == self.checks, f"{self.name}: {self.checks} of {self.planned} checks ran"))
        for result, text in good:
            report.check(result, text)
            self.failed |= not result
        report.note(f"{self.name}: {time.monotonic() - self.start:.1f} s, {cpu_seconds - self.cpu_start:.1f} s of CPU")
        if self.failed:
            self.show(report)

    def show(self, report):
        report.note(f"what {self.name} said:")
        for line in self.output[-200:]:
            report.note(f"  {line}")


class Run:
    """Follows the console until the guest is done, or out of time."""

    def __init__(self, machine, arguments, report):
        self.machine = machine
        self.report = report
        self.deadline = time.monotonic() + arguments.timeout
        self.silence = arguments.silence
        self.reference = Reference(arguments.reference)
        self.verbose = arguments.verbose
        self.test = None
        self.may_lose = 0
        self.finished = False
        self.stray = []

    def next_line(self):
        left = min(self.silence, self.deadline - time.monotonic())
        return self.machine.lines.get(timeout=max(left, 0.1))

    def obey(self, words):
        if words[0] == "begin":
            self.test = Test(" ".join(words[1:]), self.may_lose, self.machine.cpu_seconds())
            self.may_lose = 0
        elif words[0] == "loses":
            self.may_lose = int(words[1])
        elif words[0] == "end" and self.test:
            self.test.end(int(words[1]), int(words[2]), self.machine.cpu_seconds(), self.report)
            self.test = None
        elif words[0] == "sha256":
            self.machine.answer(self.machine.qmp.digest(int(words[1], 0), int(words[2], 0)))
        elif words[0] == "finished":
            self.finished = True

    def take(self, line):
        if self.verbose:
            print(f"| {line}", file=sys.stderr, flush=True)
        if line.startswith("@"):
            self.obey(line[1:].split())
        elif self.test and (call := CALL.match(line)):
            self.reference.compare(call, self.report)
        elif self.test:
            self.test.take(line, self.report)
        else:
            self.stray.append(line)

    def follow(self):
        try:
            while (line := self.next_line()) is not None:
                self.take(line)
        except queue.Empty:
            self.report.note("the guest was stopped: out of time, or silent for too long")

    def conclude(self):
        if self.test:
            self.report.check(False, f"{self.test.name}: came to an end")
            self.test.show(self.report)
        self.reference.conclude(self.report)
        self.report.check(self.finished, "the guest ran its whole list")
        if not self.finished or self.report.failures:
            for line in self.stray[-100:]:
                self.report.note(line)


def parse():
    parser = argparse.ArgumentParser(
        description="Boots a guest that runs a list of tests; prints TAP.",
        epilog="After --: a command whose answers to system calls the guest's are compared with.")
    parser.add_argument("--kernel", required=True)
    parser.add_argument("--dtb", required=True)
    parser.add_argument("--initrd", required=True)
    parser.add_argument("--cma", default="64M", help="contiguous memory of the guest")
    parser.add_argument("--timeout", type=float, default=600, help="seconds for the whole run")
    parser.add_argument("--silence", type=float, default=180, help="seconds without a line")
    parser.add_argument("--verbose", action="store_true", help="show the console on stderr")
    parser.add_argument("suite", help="the list of tests")
    end = sys.argv.index("--") if "--" in sys.argv else len(sys.argv)
    arguments = parser.parse_args(sys.argv[1:end])
    arguments.reference = sys.argv[end + 1:]
    return arguments


def main():
    arguments = parse()
    report = Report()
    start = time.monotonic()
    with tempfile.TemporaryDirectory() as directory:
        machine = Machine(arguments, directory)
        run = Run(machine, arguments, report)
        try:
            run.follow()
        finally:
            machine.stop()
    run.conclude()
    print(f"1..{report.count}")
    report.note(f"{report.count} checks, {report.failures} failed, {time.monotonic() - start:.0f} s")
    return 1 if report.failures else 0


if __name__ == "__main__":
    sys.exit(main())
