#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Every system call of the library fails in turn; see README.md."""

import argparse
import collections
import concurrent.futures
import os
import sys
import tempfile
import time

import expected
import sites
from board import Board

Fault = collections.namedtuple("Fault", "scenario site functions place call use result onwards before")
Verdict = collections.namedtuple("Verdict", "fault run recovered crash leak critical unclear other missed seconds", defaults=[0])


class Matrix:
    def __init__(self, options):
        self.options = options
        self.sites, self.complaints = sites.find(options.library, expected.LIBRARY)
        _, complaints = sites.find(options.plugin)
        wrappers = sites.read_definitions(options.wrappers)
        self.complaints += complaints + sites.find_missing(self.sites, wrappers, expected.LIBRARY)
        if options.ctl:
            self.add_tool()
            self.complaints += sites.find_missing(self.sites, wrappers - expected.NOT_OF_THE_TOOL, expected.TOOL)
        # With GStreamer's registry of plugins, which the first board makes and all others read.
        self.directory = tempfile.TemporaryDirectory(prefix="fault-matrix-")
        self.callers = sites.Callers({expected.LIBRARY: options.library, **({expected.TOOL: options.ctl} if options.ctl else {})})
        self.functions = collections.defaultdict(frozenset)
        self.baseline = {}
        self.uses = {}

    def add_tool(self):
        """The module stands for the tool if the same calls are in it."""
        module, complaints = sites.find(self.options.ctl, expected.TOOL, expected.ELSEWHERE)
        tool, _ = sites.find(self.options.tool, expected.TOOL)
        self.sites.update(module)
        self.complaints += complaints
        self.complaints += [f"{site.place}: {site.wrapper} in {site.function} is not in both the tool and its module"
                            for site in set(module.values()) ^ set(tool.values())]

    def new_board(self):
        return Board(self.options.emulator, [*self.options.wrapper, self.options.worker], self.options.ctl,
                     os.path.join(self.directory.name, "registry"))

    def count(self, scenario, calls):
        """How often which site makes which call. The innermost frame that is the one of a site made it."""
        counts = collections.Counter()
        self.callers.learn({frame for _, frames in calls for frame in frames})
        for call, frames in calls:
            place = next((frame for frame in frames if frame in self.sites), None)
            if place:
                counts[place, call] += 1
                self.functions[scenario, place, call] |= self.callers.functions(frames[frames.index(place):])
        return counts

    def fault(self, scenario, place, call, use, result, onwards=False, before=None):
        return Fault(scenario, self.sites[place], self.functions[scenario, place, call], place, call, use, result, onwards, before)

    def learn(self):
        """Each scenario without faults: what it makes, and which site makes which calls how often."""
        board = self.new_board()
        names = [name for name in board.scenarios() if self.options.only in name]
        board.close()
        for name, (run, calls) in zip(names, self.trace_all(names, lambda name: (name,), lambda name: name)):
            self.baseline[name], self.uses[name] = run, self.count(name, calls)

    def spell(self, fault):
        name, address = fault.place
        text = (f"{fault.call}@{name}+{address:#x}:{fault.use}{'-' if fault.onwards else ''}"
                f":{fault.result}")
        return f"{self.spell(fault.before)},{text}" if fault.before else text

    def explore(self, faults):
        """What is called only because something else has failed fails as well: @faults, each with those calls behind it."""
        more, known = {}, {key for counts in self.uses.values() for key in counts}
        traces = self.trace_all(faults, lambda fault: (fault.scenario, self.spell(fault)), lambda fault: fault.scenario)
        for fault, (_, calls) in zip(faults, traces):
            for place, call in sorted(self.count(fault.scenario, calls).keys() - known):
                known.add((place, call))
                for result in expected.RESULTS[call].split()[:1 if self.options.short else None]:
                    more[place, call, result] = self.fault(fault.scenario, place, call, 1, result, before=fault)
        return list(more.values())

    def broken(self):
        return [f"{name}: {run}" for name, run in self.baseline.items()
                if not run.done or run.criticals or run.left or run.hazards or run.end != "exit 0"
                or (run.live and not expected.keeps_the_dead(name))]

    def plan(self):
        """In each scenario each call of each site at its first, middle and last use, and from the first on; there one result
        after the other, and at its first use anywhere all of them."""
        if self.options.short:
            return self.plan_short()
        faults, seen, turn = [], set(), 0
        for scenario, counts in self.uses.items():
            for (place, call), count in counts.items():
                results = expected.RESULTS[call].split()
                lasting = [result for result in results if result != "EINTR"]
                if self.options.long:
                    uses = sorted(set(range(1, min(count, 20) + 1)) | {count // 2 + 1, count})
                    faults += [self.fault(scenario, place, call, use, result) for use in uses for result in results]
                    faults += [self.fault(scenario, place, call, use, result, True)
                               for use in uses for result in lasting]
                    continue
                if (place, call) not in seen:
                    seen.add((place, call))
                    faults += [self.fault(scenario, place, call, 1, result) for result in results]
                    faults += [self.fault(scenario, place, call, 1, result, True) for result in lasting]
                for use in sorted({1, count // 2 + 1, count}):
                    turn += 1
                    faults.append(self.fault(scenario, place, call, use, results[turn % len(results)]))
                faults.append(self.fault(scenario, place, call, 1, lasting[turn % len(lasting)], True))
                if "ENOENT" in results and count > 1:
                    faults.append(self.fault(scenario, place, call, count, "ENOENT", True))
        return sorted(set(faults), key=lambda fault: (fault.scenario, fault.place, fault.call, fault.use,
                                                             fault.result, fault.onwards))

    def plan_short(self):
        """Each call of each site once, with one result, where it is met first: where somebody else has died, since more
        depends on it there, or else in the simplest program. With a wrapper, which makes everything slow, a site that the
        compiler has made several of is one."""
        faults, dead = {}, sorted(name for name in self.uses if name.startswith(("after-a-death", "ctl-")))
        for scenario in dict.fromkeys((*dead, *self.uses)):
            for (place, call), count in self.uses[scenario].items():
                key = (self.sites[place], self.sites[place].copy) if self.options.wrapper else place
                result = next(result for result in expected.RESULTS[call].split() if result != "EINTR")
                faults.setdefault((key, call, 1), self.fault(scenario, place, call, 1, result, True))
                if result == "ENOENT" and count > 1:
                    faults.setdefault((key, call, 2), self.fault(scenario, place, call, count, result, True))
        return list(faults.values())

    def dead(self, scenario):
        """What is left for people after most of these, when the dead were not given back all that they left."""
        if not expected.keeps_the_dead(scenario):
            return self.baseline[scenario]
        return max((run for name, run in self.baseline.items() if expected.keeps_the_dead(name)),
                   key=lambda run: (run.lost, len(run.ledger)))

    @staticmethod
    def loses(run, good):
        return run.lost > good.lost or len(run.ledger) > len(good.ledger)

    @staticmethod
    def firsts(faults):
        """One of each call of each site that is not made up for at once, all files that are not there, and all that somebody
        else has."""
        found = {}
        for fault in faults:
            special = fault.result if fault.result in ("ENOENT", "EAGAIN") else None
            if fault.onwards and (fault.use == 1 or special):
                found.setdefault((fault.place, fault.call, special, fault.use > 1), fault)
        return list(found.values())

    def judge(self, fault, run):
        good = self.baseline[fault.scenario]
        missed = run.hits <= bool(fault.before)
        whole = run.done and run.data == good.data
        new_errors = [error for error in run.errors if error not in good.errors]
        crash = run.end != "exit 0"
        both = [one for one in (fault.before, fault) if one]
        leaks = [what for what in run.left if not any(expected.may_leave(one, what) for one in both)]
        if self.loses(run, good if whole else self.dead(fault.scenario)) and not any(expected.may_leak(one) for one in both):
            leaks.append(f"{run.lost} buffers")
        unclear = other = None
        told = any(expected.names(one, error) for one in both for error in run.errors)
        if not missed and not crash:
            if whole and not new_errors:
                if not expected.recovers(fault, run):
                    unclear = "nothing came of it, and expected.py does not say why that is right"
            elif run.done and run.data != good.data and fault.site.object == expected.TOOL:
                if not any(expected.may_differ(one, told) for one in both):
                    unclear = "exit status 0, though that is not what it says without the fault"
            elif not told:
                unclear = "no error names what failed"
        if run.hazards:
            other = f"{run.hazards} hazards"
        elif run.live < good.live:
            other = f"{good.live - run.live} buffers freed that were to stay"
        return Verdict(fault, run, not missed and whole and not new_errors, crash, leaks, run.criticals, unclear, other, missed)

    def run_one(self, board, fault):
        text, start = self.spell(fault), time.monotonic()
        run = board.run(fault.scenario, text)
        # Threads may have taken another turn this time.
        for _ in range(2):
            if run.hits > bool(fault.before) or run.end != "exit 0":
                break
            run = board.run(fault.scenario, text)
        return self.judge(fault, run)._replace(seconds=time.monotonic() - start)

    def share(self, work, items, scenario):
        """What @work makes of all items, in their order: it gets a board and one board's share of them."""
        jobs = self.options.jobs or min(16, (1 if self.options.wrapper else 4) * (os.cpu_count() or 1))
        numbers = range(len(items))
        alone = [n for n in numbers if scenario(items[n]) in expected.DEFAULT_LEDGER]
        shared = [n for n in numbers if scenario(items[n]) not in expected.DEFAULT_LEDGER]
        parts = [part for part in (alone, *(shared[i::jobs] for i in range(jobs))) if part]

        def take(part):
            board = self.new_board()
            results = [work(board, items[n]) for n in part]
            board.close()
            return zip(part, results)

        with concurrent.futures.ThreadPoolExecutor(jobs + 1) as pool:
            found = dict(pair for pairs in pool.map(take, parts) for pair in pairs)
        return [found[n] for n in numbers]

    def trace_all(self, items, arguments, scenario):
        return self.share(lambda board, item: board.trace(*arguments(item)), items, scenario)

    def inject(self, faults):
        return self.share(self.run_one, faults, lambda fault: fault.scenario)


def describe(verdict):
    fault, run = verdict.fault, verdict.run
    lines = [f"{fault.scenario}: use {fault.use}{' and all later' if fault.onwards else ''} of {fault.call} in {fault.site.function} ({fault.site.place}, "
             f"{fault.site.wrapper}) -> {fault.result}; {run.end}, {run.hits} hits, {'done' if run.done else 'not done'}"]
    if fault.before:
        lines.append(f"    after use {fault.before.use}{' and all later' if fault.before.onwards else ''} of "
                     f"{fault.before.call} in {fault.before.site.function} -> {fault.before.result}")
    for title in ("errors", "refused", "logs", "criticals", "left", "output"):
        lines += [f"    {title}: {text}" for text in getattr(run, title)[:6]]
    lines += [f"    | {line}" for line in run.last_words.splitlines()[-60:]]
    if run.live or run.ledger or run.hazards:
        lines.append(f"    {run.live} live, {run.lost} lost, {run.hazards} hazards, {run.ledger}")
    return lines


def comment(lines):
    for line in lines:
        print(f"# {line}")


def print_table(verdicts):
    """What came of each call of each site, for people."""
    table = collections.defaultdict(lambda: collections.defaultdict(set))
    for verdict in verdicts:
        fault, run = verdict.fault, verdict.run
        what = "made up for" if verdict.recovered else "; ".join(run.errors) or "; ".join(run.refused) or run.end
        table[fault.site, fault.call][what].add(f"{fault.result} ({fault.scenario})")
    for (site, call), outcomes in sorted(table.items(), key=lambda item: (item[0][0].place, item[0][1])):
        comment([f"{site.place}: {call} by {site.wrapper} in {site.function}"])
        for what, results in outcomes.items():
            comment([f"    {', '.join(sorted(results)[:3])}: {what}"])


class Tap:
    def __init__(self):
        self.count = self.failed = 0

    def check(self, title, problems, limit=int(os.environ.get("FAULT_LIMIT", "12"))):
        self.count += 1
        self.failed += bool(problems)
        print(f"{'not ok' if problems else 'ok'} {self.count} - {title}")
        for problem in problems[:limit]:
            comment(problem if isinstance(problem, list) else [problem])
        if len(problems) > limit:
            comment([f"and {len(problems) - limit} more"])
        sys.stdout.flush()


def report(tap, matrix, verdicts):
    hit = [verdict for verdict in verdicts if not verdict.missed]
    covered = {verdict.fault.site for verdict in hit}
    unexplained = [f"{site.object}: {site.place}: {site.wrapper} in {site.function}"
                   for site in sorted(set(matrix.sites.values()) - covered) if not expected.cannot_be_reached(site, matrix.options.sanitized)]
    met = {verdict.fault.place for verdict in hit}
    if not covered:
        unexplained.append("no call was met by a fault")

    tap.check("every site of a system call has failed", unexplained, 100)
    tap.check("each process ends by itself", [describe(verdict) for verdict in hit if verdict.crash])
    tap.check("nothing is left", [describe(verdict) for verdict in hit if verdict.leak])
    tap.check("no criticals and no warnings of GLib", [describe(verdict) for verdict in hit if verdict.critical])
    tap.check("each error names what failed, or nothing is lost", [
        [*describe(verdict), f"    {verdict.unclear}"] for verdict in hit if verdict.unclear])
    tap.check("no hazards", [describe(verdict) for verdict in hit if verdict.other])
    firsts = [verdict for verdict in verdicts if verdict.missed and verdict.fault.use == 1]
    tap.check("each fault happens where it was put", [describe(verdict) for verdict in firsts
                                                      if not expected.may_miss(verdict.fault)])
    comment([""])
    for name in sorted({site.object for site in matrix.sites.values()}):
        report_sites(name, matrix, covered, met)
    comment([
        f"scenarios {len(matrix.baseline)}, injections {len(verdicts)}, of those met {len(hit)}",
        f"with buffers that the next process gave back {sum(v.run.live > v.run.lost for v in hit)}",
        f"made up for {sum(verdict.recovered for verdict in hit)}, "
        f"told {sum(not verdict.recovered for verdict in hit)}",
        f"crashes {sum(verdict.crash for verdict in hit)}, leaks {sum(bool(verdict.leak) for verdict in hit)}, "
        f"criticals {sum(bool(verdict.critical) for verdict in hit)}, "
        f"unclear {sum(bool(verdict.unclear) for verdict in hit)}, "
        f"hazards {sum(bool(verdict.other) for verdict in hit)}",
    ])


def report_sites(name, matrix, covered, met):
    """The numbers of one library. What nothing in it calls is not to be covered."""
    mine = {site for site in matrix.sites.values() if site.object == name}
    dead = {site for site in mine - covered if expected.cannot_be_reached(site, matrix.options.sanitized)}
    comment([f"{name}: sites {len(mine - dead)}, covered {len(mine & covered)}"
             f" ({sum(site in mine for site in matrix.sites.values())} call instructions, "
             f"{sum(place[0] == name for place in met)} met)"])
    for site in sorted(mine - covered):
        comment([f"    not covered: {site.place}: {site.wrapper} in {site.function}: "
                 f"{expected.cannot_be_reached(site, matrix.options.sanitized) or 'WHY?'}"])


def print_slowest(verdicts, count):
    for verdict in sorted(verdicts, key=lambda verdict: -verdict.seconds)[:count]:
        comment([f"{verdict.seconds:.2f} s: {describe(verdict)[0]}"])


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--emulator", required=True)
    parser.add_argument("--worker", required=True)
    parser.add_argument("--library", required=True)
    parser.add_argument("--plugin", required=True)
    parser.add_argument("--wrappers", required=True, help="xlnksyscall.c")
    parser.add_argument("--tool", help="xlnk-ctl")
    parser.add_argument("--ctl", help="the module with xlnk-ctl in it")
    parser.add_argument("--jobs", type=int, help="boards at once: their programs mostly wait, but not under a wrapper")
    parser.add_argument("--long", action="store_true", help="every use, every result")
    parser.add_argument("--short", action="store_true", help="every call of every site once, with one result")
    parser.add_argument("--sanitized", action="store_true", help="the programs have a sanitizer in them")
    parser.add_argument("--wrapper", action="append", default=[], help="a word of what the programs run under")
    parser.add_argument("--table", action="store_true", help="say what came of each call")
    parser.add_argument("--slowest", type=int, default=0, metavar="N", help="say which runs took longest")
    parser.add_argument("--only", default="", help="scenarios whose name holds this")
    matrix = Matrix(parser.parse_args())
    tap = Tap()
    if matrix.sites and not sites.tell_lines(matrix.sites):
        print("TAP version 13\n1..0 # SKIP the library has no debug information: build with -g")
        sys.exit(0)

    print("TAP version 13\n1..9")
    tap.check("every system call goes through one file, and is seen to", matrix.complaints)
    started = time.monotonic()
    matrix.learn()
    if matrix.options.wrapper:
        comment([f"scenarios {len(matrix.baseline)}, traced in {time.monotonic() - started:.0f} s"])
    tap.check("without faults each scenario gets all it wants", matrix.broken())
    faults = matrix.plan()
    if matrix.options.wrapper:
        comment([f"at first {len(faults)} faults: each call of each of {len({fault.site for fault in faults})} sites, of "
                 f"{len(set(matrix.sites.values()))}, once"])
        sys.stdout.flush()
    verdicts = matrix.inject(faults + matrix.explore(matrix.firsts(faults)))
    if matrix.options.table:
        print_table(verdicts)
    print_slowest(verdicts, matrix.options.slowest)
    report(tap, matrix, verdicts)
    sys.exit(1 if tap.failed else 0)


if __name__ == "__main__":
    main()
