#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Breaks each rule of the coherence table in turn, in a copy, and demands that the random sequences notice.

A mutation is a textual substitution that must apply exactly once: if the source has moved on, this fails rather than
test nothing. For the first one caught, the printed C program is compiled too: it must fail with the mutation and
pass without it.

  mutations.py SOURCE_ROOT BUILD_DIR CFLAGS -- CC...
"""
import os
import re
import shlex
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

RULES = 'allocator/device/xlnkcoherence.c'
BACK_ENDS = 'tests/coherence/simulated.c'
SUPPORT = ['caches', 'simulated', 'minimum', 'events', 'access', 'sequence', 'random-sequence', 'shrink']
PRIMITIVES = ['arm', 'arm64', 'arm64-driver']
OPERATIONS = 600000

# These cost time or refuse what is allowed. All others must also be caught by the bytes that are read alone, without a
# look at results and work.
WASTEFUL = {
    'device WRITE maps suffer each other',
    'device READ maps exclude each other',
    'CPU maps exclude each other',
    'ranges that touch are in conflict',
    'a CPU map invalidates its whole range',
    'an exposed CPU map disturbs writers',
    'a CPU READ unmap counts as a write',
    'every CPU unmap cleans',
    'an exposed CPU READ unmap cleans',
    'an exposed unmap stays dirty after its clean',
    'written bytes are entered without their lines',
    'a device map invalidates too',
    'a device map cleans its whole range',
    'a device READ unmap counts as a write',
    'a hand-out cleans under READ maps',
    'a clean does not take from cpu_dirty',
    'an invalidate does not take from cpu_dirty',
    'an invalidate does not take from device_dirty',
    'only what was asked is taken, not what was covered',
    'maps are told apart by range alone',
    'uncached memory is maintained',
    'lines are not rounded down',
    'lines are not rounded up',
}

# name, file, old text, new text
MUTATIONS = [
    # any map
    ('device maps exclude nobody', RULES,
     'return (is_device (a) || is_device (b)) && (is_write (a) || is_write (b));', 'return a == b && false;'),
    ('a device WRITE map suffers CPU readers', RULES,
     '(is_write (a) || is_write (b));', '(is_cpu_write (a) || is_cpu_write (b) || (is_device (a) && is_device (b) '
     '&& (is_write (a) || is_write (b))));'),
    ('a device READ map suffers CPU writers', RULES,
     '(is_write (a) || is_write (b));', '((is_device (a) && is_write (a)) || (is_device (b) && is_write (b)));'),
    ('device WRITE maps suffer each other', RULES,
     'return (is_device (a) || is_device (b)) &&', 'return is_device (a) != is_device (b) &&'),
    ('device READ maps exclude each other', RULES,
     '(is_write (a) || is_write (b));', '(is_write (a) || is_write (b) || (is_device (a) && is_device (b)));'),
    ('CPU maps exclude each other', RULES,
     'return (is_device (a) || is_device (b)) && (is_write (a)', 'return (is_write (a)'),
    ('conflicts are seen per byte, not per line', RULES,
     'if (excludes (access, map->access) && ranges_meet (lines, xlnk_coherence_lines (state, map->range)))',
     'if (excludes (access, map->access) && ranges_meet (range, map->range) && lines.end)'),
    ('ranges that touch are in conflict', RULES,
     'return a.start < b.end && b.start < a.end;', 'return a.start <= b.end && b.start <= a.end;'),
    # CPU map
    ('a CPU map does not invalidate', RULES,
     'xlnk_ranges_add_common (&plan->lines, &state->device_dirty, lines);', ';'),
    ('a CPU map only cleans', RULES,
     '  }\n  return finish (state, XLNK_MAINTAIN_INVALIDATE);', '  }\n  return finish (state, XLNK_MAINTAIN_CLEAN);'),
    ('a CPU map invalidates its whole range', RULES,
     'xlnk_ranges_add_common (&plan->lines, &state->device_dirty, lines);', 'xlnk_ranges_add (&plan->lines, lines);'),
    ('a CPU WRITE map does not invalidate', RULES,
     'xlnk_ranges_add_common (&plan->lines, &state->device_dirty, lines);',
     'if (!is_write (access)) xlnk_ranges_add_common (&plan->lines, &state->device_dirty, lines);'),
    ('an exposed CPU map takes only what the device is known to have written', RULES,
     'xlnk_ranges_add (&plan->lines, lines);\n    remove_cpu_written',
     'xlnk_ranges_add_common (&plan->lines, &state->device_dirty, lines);\n    remove_cpu_written'),
    ('an exposed CPU map disturbs writers', RULES, '    remove_cpu_written (state, &plan->lines);\n', ''),
    ('readers shield an exposed CPU map from invalidation', RULES,
     'if (is_cpu_write (map_at (state, i)->access))\n      xlnk_ranges_remove',
     'if (!is_device (map_at (state, i)->access))\n      xlnk_ranges_remove'),
    # CPU unmap
    ('a CPU unmap forgets what was written', RULES,
     'if (state->cached && is_write (access))', 'if (state->cached && is_write (access) && is_device (access))'),
    ('a CPU READ unmap counts as a write', RULES,
     'if (state->cached && is_write (access))', 'if (state->cached && (is_write (access) || !is_device (access)))'),
    ('only the first of equal unmaps counts', RULES,
     '    enter_written (state, plan->access, plan->range);',
     '    if (find_map (state, plan->access, plan->range)) enter_written (state, plan->access, plan->range);'),
    ('an exposed CPU unmap does not clean', RULES,
     'if (state->exposed && is_cpu_write (access))', 'if (0 && is_cpu_write (access))'),
    ('every CPU unmap cleans', RULES,
     'if (state->exposed && is_cpu_write (access))', 'if (is_cpu_write (access))'),
    ('an exposed CPU READ unmap cleans', RULES,
     'if (state->exposed && is_cpu_write (access))', 'if (state->exposed && !is_device (access))'),
    ('an exposed unmap stays dirty after its clean', RULES,
     '  /* After the unmap has entered', '  if (plan->access == XLNK_ACCESS_WRITE) return;\n  /* After the unmap'),
    ('written bytes are entered without their lines', RULES,
     'is_device (access) ? &state->device_dirty : &state->cpu_dirty,\n        xlnk_coherence_lines (state, range));',
     'is_device (access) ? &state->device_dirty : &state->cpu_dirty, range);'),
    # device map
    ('a device map does not clean', RULES,
     'xlnk_ranges_add_common (&plan->lines, &state->cpu_dirty, lines);\n    return finish', 'return finish'),
    ('a device WRITE map does not clean', RULES,
     '    xlnk_ranges_add_common (&plan->lines, &state->cpu_dirty, lines);\n    return finish',
     '    if (!is_write (access))\n      xlnk_ranges_add_common (&plan->lines, &state->cpu_dirty, lines);\n'
     '    return finish'),
    ('a device READ map does not clean', RULES,
     '    xlnk_ranges_add_common (&plan->lines, &state->cpu_dirty, lines);\n    return finish',
     '    if (is_write (access))\n      xlnk_ranges_add_common (&plan->lines, &state->cpu_dirty, lines);\n'
     '    return finish'),
    ('a device map invalidates too', RULES,
     '    return finish (state, XLNK_MAINTAIN_CLEAN);\n  }', '    return finish (state, XLNK_MAINTAIN_INVALIDATE);\n  }'),
    ('a device map cleans its whole range', RULES,
     'xlnk_ranges_add_common (&plan->lines, &state->cpu_dirty, lines);\n    return finish',
     'xlnk_ranges_add (&plan->lines, lines);\n    return finish'),
    # device unmap
    ('a device unmap forgets what was written', RULES,
     'if (state->cached && is_write (access))', 'if (state->cached && is_cpu_write (access))'),
    ('a device READ unmap counts as a write', RULES,
     'if (state->cached && is_write (access))', 'if (state->cached && (is_write (access) || is_device (access)))'),
    ('the two sets are swapped', RULES,
     'is_device (access) ? &state->device_dirty : &state->cpu_dirty',
     'is_device (access) ? &state->cpu_dirty : &state->device_dirty'),
    # address handed out
    ('a hand-out does not clean what is dirty', RULES,
     '  xlnk_ranges_add_common (&plan->lines, &state->cpu_dirty, xlnk_coherence_lines (state, all));\n', ''),
    ('a hand-out does not clean under open maps', RULES, '  add_cpu_written (state, &plan->lines);\n', ''),
    ('a hand-out cleans under READ maps', RULES,
     'if (is_cpu_write (map_at (state, i)->access))\n      xlnk_ranges_add',
     'if (!is_device (map_at (state, i)->access))\n      xlnk_ranges_add'),
    ('a hand-out does not expose', RULES, '    state->exposed = true;\n', ''),
    # flush and invalidate
    ('a flush does only what is due', RULES,
     'XLNK_EVENT_FLUSH, 0, range);\n\n  xlnk_ranges_add (&plan->lines, xlnk_coherence_lines (state, range));',
     'XLNK_EVENT_FLUSH, 0, range);\n\n  xlnk_ranges_add_common (&plan->lines, &state->cpu_dirty, '
     'xlnk_coherence_lines (state, range));'),
    ('an invalidate only cleans', RULES,
     '  xlnk_ranges_add (&plan->lines, xlnk_coherence_lines (state, range));\n'
     '  return finish (state, XLNK_MAINTAIN_INVALIDATE);',
     '  xlnk_ranges_add (&plan->lines, xlnk_coherence_lines (state, range));\n'
     '  return finish (state, XLNK_MAINTAIN_CLEAN);'),
    # commit
    ('a clean does not take from cpu_dirty', RULES, 'if (plan->maintenance != XLNK_MAINTAIN_NONE)', 'if (0)'),
    ('an invalidate does not take from cpu_dirty', RULES,
     'if (plan->maintenance != XLNK_MAINTAIN_NONE)', 'if (plan->maintenance == XLNK_MAINTAIN_CLEAN)'),
    ('an invalidate does not take from device_dirty', RULES,
     'if (plan->maintenance == XLNK_MAINTAIN_INVALIDATE)', 'if (0)'),
    ('a clean takes from device_dirty', RULES,
     'if (plan->maintenance == XLNK_MAINTAIN_INVALIDATE)', 'if (plan->maintenance != XLNK_MAINTAIN_NONE)'),
    ('only what was asked is taken, not what was covered', BACK_ENDS,
     '    caches_arm_action_0 (&block->caches, covered.end);\n  xlnk_ranges_add (&plan->lines, covered);',
     '    caches_arm_action_0 (&block->caches, covered.end);'),
    ('a failed map is open', RULES,
     '  if (plan->event == XLNK_EVENT_UNMAP) {\n',
     '  if (plan->event == XLNK_EVENT_MAP) open_map (state, plan->access, plan->range);\n'
     '  if (plan->event == XLNK_EVENT_UNMAP) {\n'),
    ('a failed clean counts as done', RULES,
     '  plan->event = XLNK_EVENT_NONE;\n}\n\nconst',
     '  xlnk_ranges_remove_set (&state->cpu_dirty, &plan->lines);\n  plan->event = XLNK_EVENT_NONE;\n}\n\nconst'),
    ('a failed invalidate counts as done', RULES,
     '  plan->event = XLNK_EVENT_NONE;\n}\n\nconst',
     '  if (plan->maintenance == XLNK_MAINTAIN_INVALIDATE)\n'
     '    xlnk_ranges_remove_set (&state->device_dirty, &plan->lines);\n'
     '  plan->event = XLNK_EVENT_NONE;\n}\n\nconst'),
    # maps
    ('equal maps are one', RULES, '    map->count++;\n', '    ;\n'),
    ('maps are told apart by range alone', RULES,
     'if (map->access == access && map->range.start', 'if (map->range.start'),
    ('maps are told apart by start alone', RULES, ' && map->range.end == range.end)', ')'),
    # lines and memory
    ('uncached memory is maintained', RULES, '  if (!state->cached)\n', '  if (0)\n'),
    ('lines are not rounded down', RULES,
     'return (XlnkRange) { range.start & ~mask, (end + mask) & ~mask };',
     'return (XlnkRange) { range.start, (end + mask) & ~mask };'),
    ('lines are not rounded up', RULES,
     'return (XlnkRange) { range.start & ~mask, (end + mask) & ~mask };',
     'return (XlnkRange) { range.start & ~mask, end };'),
    ('lines are of the wrong size', RULES, 'const size_t mask = state->line - 1;', 'const size_t mask = 15;'),
    # the primitives
    ('ARM: one pass to invalidate', BACK_ENDS,
     '  if (plan->maintenance == XLNK_MAINTAIN_INVALIDATE)\n    caches_arm_action_0', '  if (0)\n    caches_arm_action_0'),
    ('ARM: action 1 to invalidate', BACK_ENDS,
     '    return false;\n  caches_arm_action_0 (&block->caches, covered.end);\n  if (fail)\n    return false;\n'
     '  if (plan->maintenance == XLNK_MAINTAIN_INVALIDATE)\n    caches_arm_action_0 (&block->caches, covered.end);',
     '    return false;\n  if (plan->maintenance == XLNK_MAINTAIN_INVALIDATE)\n'
     '    memset (block->caches.work.flush, 0, sizeof block->caches.work.flush);\n'
     '  caches_arm_action_0 (&block->caches, covered.end);\n  if (fail)\n    return false;\n'
     '  if (plan->maintenance == XLNK_MAINTAIN_INVALIDATE) {\n'
     '    caches_arm_action_1 (&block->caches, covered.end);\n'
     '    memset (block->caches.work.invalidate, 0, sizeof block->caches.work.invalidate);\n'
     '    for (size_t i = 0; i < LINES && i * 32 < covered.end; i++) block->caches.work.flush[i] = 2;\n  }'),
    ('arm64: no barrier', BACK_ENDS, '  caches_barrier (&block->caches);\n', ''),
    ('arm64: clean where invalidate is due', BACK_ENDS,
     '      caches_clean_invalidate (&block->caches, xlnk_ranges_get (&plan->lines, i));',
     '      caches_clean (&block->caches, xlnk_ranges_get (&plan->lines, i));'),
    ('arm64 driver: action 1 beside a writer', BACK_ENDS,
     'if (plan->maintenance == XLNK_MAINTAIN_INVALIDATE && xlnk_coherence_cpu_writes (&block->state, covered))',
     'if (0)'),
    ('arm64 driver: action 1 without action 0', BACK_ENDS,
     '  caches_arm64_action_0 (&block->caches, covered.end);\n  if (fail)',
     '  if (plan->maintenance == XLNK_MAINTAIN_CLEAN)\n    caches_arm64_action_0 (&block->caches, covered.end);\n'
     '  else\n    for (size_t i = 0; i < LINES && i * 64 < covered.end; i++) block->caches.work.flush[i]++;\n  if (fail)'),
    ('arm64 driver: action 0 alone', BACK_ENDS,
     '    caches_arm64_action_1 (&block->caches, covered.end);',
     '    for (size_t i = 0; i < LINES && i * 64 < covered.end; i++) block->caches.work.invalidate[i]++;'),
]


def mutate(root, out, mutation):
    """A copy of the mutated file. The text must be there once, and change."""
    name, path, old, new = mutation
    with open(os.path.join(root, path), encoding='utf-8') as source:
        text = source.read()
    if text.count(old) != 1 or old == new:
        raise SystemExit(f'mutation "{name}" applies {text.count(old)} times to {path}, not once')
    with open(out, 'w', encoding='utf-8') as copy:
        copy.write(text.replace(old, new))


class Tests:
    def __init__(self, root, build, flags, cc):
        self.root, self.build, self.cc = root, build, cc
        self.flags = flags + ['-I' + os.path.join(root, d) for d in ('allocator/device', 'tests/coherence')]
        os.makedirs(build, exist_ok=True)

    def path(self, name):
        return os.path.join(self.build, name)

    def compile(self, source, name):
        self.run([*self.cc, '-O1', '-g', '-c', source, '-o', self.path(name), *self.cflags()])
        return self.path(name)

    def cflags(self):
        return [f for f in self.flags if not f.startswith('-l') and not f.startswith('-L')] + ['-D_GNU_SOURCE']

    def link(self, objects, name):
        libs = [f for f in self.flags if f.startswith('-l') or f.startswith('-L')]
        self.run([*self.cc, *objects, '-o', self.path(name), *libs])
        return self.path(name)

    @staticmethod
    def run(command):
        subprocess.run(command, check=True)

    def objects(self):
        """Of everything that no mutation touches, and of the originals."""
        sources = {name: f'tests/coherence/{name}.c' for name in [*SUPPORT, 'test-sequences']}
        sources['ranges'] = 'allocator/device/xlnkranges.c'
        sources['rules'] = RULES
        with ThreadPoolExecutor(2) as pool:
            made = pool.map(lambda s: (s[0], self.compile(os.path.join(self.root, s[1]), s[0] + '.o')),
                            sources.items())
        return dict(made)

    def mutant(self, index, objects):
        source = self.path(f'mutant-{index}.c')
        mutate(self.root, source, MUTATIONS[index])
        slot = 'rules' if MUTATIONS[index][1] == RULES else 'simulated'
        return {**objects, slot: self.compile(source, f'mutant-{index}.o')}

    def sequences(self, program, primitives, printed, *options):
        done = subprocess.run([program, '--board', primitives, '--operations', str(OPERATIONS),
                               '--print', printed, *options], capture_output=True, text=True, check=False)
        if done.returncode == 0:
            return None
        caught = re.search(r'caught after (\d+) operations', done.stdout)
        shrunk = re.search(r'shrunk to (\d+) operations: (.*)', done.stdout)
        if not caught or not shrunk:
            raise SystemExit(f'{program} {primitives} failed oddly: {done.returncode}\n{done.stdout}{done.stderr}')
        return int(caught[1]), int(shrunk[1]), shrunk[2], primitives

    def try_mutation(self, index, objects):
        program = self.link(self.mutant(index, objects).values(), f'mutant-{index}')
        tries = [self.sequences(program, p, self.path(f'shrunk-{index}-{p}.c')) for p in PRIMITIVES]
        damage = [] if MUTATIONS[index][0] in WASTEFUL else [
            self.sequences(program, p, self.path(f'damage-{index}.c'), '--bytes-only') for p in PRIMITIVES]
        return [t for t in tries if t], [t for t in damage if t]

    def replay(self, index, primitives, objects):
        """The printed program must fail with the mutation, and only with it."""
        printed = self.compile(self.path(f'shrunk-{index}-{primitives}.c'), 'shrunk.o')
        for name, parts, expected in (('broken', self.mutant(index, objects), 1), ('whole', objects, 0)):
            parts = {k: v for k, v in parts.items() if k != 'test-sequences'}
            program = self.link([printed, *parts.values()], 'replay-' + name)
            status = subprocess.run([program], stdout=subprocess.DEVNULL, check=False).returncode
            if status != expected:
                raise SystemExit(f'the program printed for "{MUTATIONS[index][0]}" exits with {status}, '
                                 f'not {expected}, on the {name} rules')


def report(tests, objects, index, caught, damage):
    name = MUTATIONS[index][0]
    if not caught or (not damage and name not in WASTEFUL):
        print(f'{name}: NOT CAUGHT{" by its damage" if caught else ""}')
        return False
    operations, shrunk, why, primitives = min(caught)
    tests.replay(index, primitives, objects)
    print(f'{name}: caught after {operations} operations, shrunk to {shrunk} ({primitives}, {len(caught)} of '
          f'{len(PRIMITIVES)}): {why}')
    if damage:
        operations, shrunk, why, primitives = min(damage)
        print(f'    by its damage after {operations}, shrunk to {shrunk} ({primitives}): {why}')
    return True


def main():
    dashes = sys.argv.index('--')
    root, build, flags = sys.argv[1:dashes]
    tests = Tests(root, build, shlex.split(flags), sys.argv[dashes + 1:])
    objects = tests.objects()
    whole = tests.link(objects.values(), 'whole')
    for primitives in PRIMITIVES:
        if tests.sequences(whole, primitives, tests.path('whole.c')):
            raise SystemExit(f'the rules fail on {primitives} without any mutation')
    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(lambda i: tests.try_mutation(i, objects), range(len(MUTATIONS))))
    missed = 0
    for index, (caught, damage) in enumerate(results):
        if not report(tests, objects, index, caught, damage):
            missed += 1
    print(f'{len(MUTATIONS) - missed} of {len(MUTATIONS)} mutations caught, each replayed from its printed program')
    return 1 if missed else 0


if __name__ == '__main__':
    sys.exit(main())
