# SPDX-License-Identifier: LGPL-2.1-or-later
"""An emulated board with a worker on it (worker.c)."""

import dataclasses
import os
import subprocess
import tempfile

CORES = ["copy=copy", "other=copy", "byaddress=copy,base=0x43c80000", "lost=copy,irq=lost,latency=3ms", "silent=copy,irq=none",
         "dma=dma-loopback,length-width=26", "slow=copy,latency=40ms"]


@dataclasses.dataclass
class Run:
    """What is seen of one run; see witness.h and worker.c."""
    done: bool = False
    errors: list = dataclasses.field(default_factory=list)
    refused: list = dataclasses.field(default_factory=list)
    logs: list = dataclasses.field(default_factory=list)
    criticals: list = dataclasses.field(default_factory=list)
    left: list = dataclasses.field(default_factory=list)
    output: list = dataclasses.field(default_factory=list)
    ledger: list = dataclasses.field(default_factory=list)
    data: str = ""
    end: str = "nothing"
    last_words: str = ""
    hits: int = 0
    live: int = 0
    lost: int = 0
    hazards: int = 0

    def take(self, line):
        kind, _, text = line.partition(" ")
        lists = {"error": self.errors, "refused": self.refused, "log": self.logs, "critical": self.criticals,
                 "left": self.left, "output": self.output, "ledger": self.ledger}
        if kind in lists:
            lists[kind].append(text)
        elif kind in ("hits", "live", "lost", "hazards"):
            setattr(self, kind, int(text))
        elif kind == "done":
            self.done = True
        elif kind == "data":
            self.data = text
        else:
            self.end = line


class Board:
    def __init__(self, emulator, worker, ctl, registry):
        self.directory = tempfile.TemporaryDirectory(prefix="fault-matrix-")
        self.trace_file = os.path.join(self.directory.name, "trace")
        self.stderr = open(os.path.join(self.directory.name, "stderr"), "w+", encoding="utf-8", errors="replace")
        cores = [word for core in CORES for word in ("--core", core)]
        environment = dict(os.environ, GST_REGISTRY_1_0=registry, LC_ALL="C.UTF-8",
                           **({"FAULT_CTL": os.path.abspath(ctl)} if ctl else {}))
        self.process = subprocess.Popen([emulator, "--cma", "32M", "--trace", self.trace_file, *cores, "--", *worker],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.stderr, text=True,
                                        errors="replace", env=environment)

    def close(self):
        """The worker's exit status."""
        self.process.stdin.close()
        status = self.process.wait()
        self.stderr.close()
        self.directory.cleanup()
        return status

    def said(self, start=0):
        self.stderr.seek(start)
        return self.stderr.read()

    def ask(self, command):
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()
        for line in self.process.stdout:
            if line == ".\n":
                return
            yield line.rstrip("\n")
        raise RuntimeError(f"the worker is gone after `{command}'\n{self.said()}")

    def scenarios(self):
        return list(self.ask("list"))

    def run(self, scenario, faults="-"):
        run, start = Run(), self.stderr.seek(0, os.SEEK_END)
        for line in self.ask(f"run {scenario} {faults}"):
            run.take(line)
        if run.end != "exit 0":
            run.last_words = self.said(start)
        return run

    def trace(self, scenario, faults="-"):
        """A run, and (call, [(object, address)]) of each call it made."""
        run, start = Run(), self.stderr.seek(0, os.SEEK_END)
        open(self.trace_file, "w", encoding="utf-8").close()
        for line in self.ask(f"trace {scenario} {self.trace_file} {faults}"):
            run.take(line)
        if run.end != "exit 0" or not run.done:
            run.last_words = self.said(start)
        with open(self.trace_file, encoding="utf-8") as lines:
            return run, [parse_trace(line.split()) for line in lines]


def parse_trace(words):
    frames = [word.rpartition("+") for word in words[3:]]
    return words[1], [(name, int(address, 16)) for name, _, address in frames]
