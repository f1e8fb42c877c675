#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Breaks what the device ring does about caches, in copies of its library, and demands that the random programs or the
threads notice it on an emulated board.

  ring.py SOURCE_ROOT BUILD_DIR FLAGS XLNK_EMULATE TEST_DEVICE TEST_THREADS -- CC...
"""
import glob
import os
import re
import shlex
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

sys.dont_write_bytecode = True  # not into the source tree
from mutations import mutate

DEVICE = 'allocator/device/'
MAINTAIN = DEVICE + 'xlnkmaintain.c'
CHARDEV = DEVICE + 'xlnkchardev.c'
BLOCK = DEVICE + 'xlnkblock.c'
OPERATIONS = 300000
ARCHITECTURE = {'arm': 'arm', 'arm64': 'arm64', 'arm64-driver': 'arm64', 'threads': 'arm64'}

# on which board it shows by the bytes that are read, name, file, old text, new text
MUTATIONS = [
    ('arm', 'one pass to invalidate', CHARDEV,
     'if (result == 0 && maintenance == XLNK_MAINTAIN_INVALIDATE)', 'if (0)'),
    ('arm', 'the length without the offset', CHARDEV,
     'MIN (range.end, extent->length)', 'MIN (range.end - range.start, extent->length)'),
    ('arm', 'only the first of several ranges', MAINTAIN,
     'size_t last = xlnk_ranges_length (lines) - 1;', 'size_t last = 0;'),
    ('arm', 'more is taken as covered than was', CHARDEV,
     'covered->end = range.end;', 'covered->end = extent->length;'),
    ('arm', 'a hand-out maintains nothing', BLOCK,
     'exposed = carry_out (block, xlnk_coherence_plan_expose (&block->coherence), error);',
     'xlnk_coherence_plan_expose (&block->coherence); xlnk_coherence_commit (&block->coherence); exposed = true;'),
    ('arm', 'cached memory taken for uncached', BLOCK,
     'xlnk_coherence_init (&block->coherence, size, device->line, extent->cached);',
     'xlnk_coherence_init (&block->coherence, size, device->line, false);'),
    ('arm64', 'no barrier', MAINTAIN, '  xlnk_hw_barrier ();\n', ''),
    ('arm64', 'clean where invalidate is due', MAINTAIN,
     '      xlnk_hw_clean_invalidate (base', '      xlnk_hw_clean (base'),
    ('arm64', 'the address without the offset', MAINTAIN,
     'xlnk_hw_clean (base + range.start', 'xlnk_hw_clean (base'),
    ('arm64', 'only the first of several ranges by address', MAINTAIN,
     'i < xlnk_ranges_length (&plan->lines)', 'i < 1'),
    ('arm64-driver', 'action 0 alone', CHARDEV,
     'arm64 ? XLNK_ACTION_INVALIDATE : XLNK_ACTION_FLUSH', 'XLNK_ACTION_FLUSH'),
    ('arm64-driver', 'action 1 without action 0', CHARDEV,
     'int result = cache_control (device, extent->phys, end, XLNK_ACTION_FLUSH);',
     'int result = arm64 && maintenance == XLNK_MAINTAIN_INVALIDATE ? 0 '
     ': cache_control (device, extent->phys, end, XLNK_ACTION_FLUSH);'),
    ('threads', 'a map without the mutex', BLOCK,
     '  pthread_mutex_lock (&block->mutex);\n  plan = xlnk_coherence_plan_map (&block->coherence, access, range);',
     '  plan = xlnk_coherence_plan_map (&block->coherence, access, range);\n'
     '  if (plan)\n    mapped = carry_out (block, plan, error);\n  else\n'
     '    g_set_error (error, XLNK_ERROR, XLNK_ERROR_CONFLICT, "conflict");\n  return mapped;'),
]

# Seldom or never visible in the bytes of one thread: it costs time, or waits for a store in the middle of maintenance.
# Caught by results and work.
BY_WORK_ONLY = [
    ('arm', 'action 1 to invalidate', CHARDEV,
     'arm64 ? XLNK_ACTION_INVALIDATE : XLNK_ACTION_FLUSH', 'XLNK_ACTION_INVALIDATE'),
    ('arm', 'what the prefix covered is forgotten', CHARDEV, 'covered->start = 0;', 'covered->start = range.start;'),
    ('arm', 'the whole block each time', CHARDEV,
     'MIN (range.end, extent->length)', 'extent->length + 0 * range.end'),
    ('arm', 'only the first hand-out cleans', BLOCK,
     'exposed = carry_out (block, xlnk_coherence_plan_expose (&block->coherence), error);',
     'exposed = block->coherence.exposed || '
     'carry_out (block, xlnk_coherence_plan_expose (&block->coherence), error);'),
    ('arm64-driver', 'action 1 beside a writer', MAINTAIN,
     '      || !xlnk_coherence_cpu_writes (&block->coherence, prefix))', '      || prefix.end > 0)'),
]


class Ring:
    def __init__(self, root, build, flags, emulate, device, threads, cc):
        self.root, self.build, self.emulate, self.cc = root, build, emulate, cc
        self.programs = {'threads': threads, 'other': device}
        self.flags = [f for f in flags if not f.startswith('-l') and not f.startswith('-L')]
        self.flags += ['-I' + os.path.join(root, DEVICE), '-D_GNU_SOURCE', '-D_FILE_OFFSET_BITS=64', '-fPIC',
                       '-DG_LOG_DOMAIN="gst-xlnk"', '-O1', '-g', '-w']
        self.libs = [f for f in flags if f.startswith('-l') or f.startswith('-L')] + ['-lpthread']
        os.makedirs(build, exist_ok=True)

    def compile(self, source, name):
        out = os.path.join(self.build, name)
        subprocess.run([*self.cc, '-c', source, '-o', out, *self.flags], check=True)
        return out

    def objects(self):
        sources = sorted(glob.glob(os.path.join(self.root, DEVICE, '*.c')))
        with ThreadPoolExecutor(2) as pool:
            return dict(pool.map(lambda s: (os.path.relpath(s, self.root),
                                            self.compile(s, os.path.basename(s) + '.o')), sources))

    def link(self, objects, name):
        where = os.path.join(self.build, name)
        os.makedirs(where, exist_ok=True)
        subprocess.run([*self.cc, '-shared', '-Wl,-soname,libxlnkdevicetest.so', *objects.values(), '-o',
                        os.path.join(where, 'libxlnkdevicetest.so'), *self.libs], check=True)
        return where

    def mutant(self, mutation, name, objects):
        source = os.path.join(self.build, name + '.c')
        mutate(self.root, source, mutation[1:])
        return self.link({**objects, mutation[2]: self.compile(source, name + '.o')}, name)

    def run(self, where, board, *options):
        """None, or how it was caught."""
        program = self.programs.get(board, self.programs['other'])
        arguments = [] if board == 'threads' else [
            '--board', board, '--operations', str(OPERATIONS), '--print', os.path.join(where, 'shrunk.c'), *options]
        environment = {**os.environ, 'LD_LIBRARY_PATH': where + ':' + os.environ.get('LD_LIBRARY_PATH', '')}
        try:
            done = subprocess.run([self.emulate, '--arch', ARCHITECTURE[board], '--cma', '1M', '--seed', '1', '--',
                                   program, *arguments], capture_output=True, text=True, check=False, timeout=120,
                                  env=environment)
        except subprocess.TimeoutExpired:
            return 'it hangs'
        if done.returncode == 0:
            return None
        caught = re.search(r'caught after .*', done.stdout)
        if not caught and board != 'threads':
            raise SystemExit(f'{where} on {board} failed oddly: {done.returncode}\n{done.stdout}{done.stderr}')
        return caught[0] if caught else f'exit status {done.returncode}'


def main():
    dashes = sys.argv.index('--')
    root, build, flags, emulate, device, threads = sys.argv[1:dashes]
    ring = Ring(root, build, shlex.split(flags), emulate, device, threads, sys.argv[dashes + 1:])
    objects = ring.objects()
    whole = ring.link(objects, 'whole')
    for board in ARCHITECTURE:
        caught = ring.run(whole, board)
        if caught:
            raise SystemExit(f'the ring fails on {board} without any mutation: {caught}')

    def one(index):
        by_bytes = index < len(MUTATIONS)
        mutation = MUTATIONS[index] if by_bytes else BY_WORK_ONLY[index - len(MUTATIONS)]
        where = ring.mutant(mutation, f'ring-{index}', objects)
        return mutation, ring.run(where, mutation[0], *(['--bytes-only'] if by_bytes else []))

    missed = 0
    with ThreadPoolExecutor(2) as pool:
        for mutation, caught in pool.map(one, range(len(MUTATIONS) + len(BY_WORK_ONLY))):
            missed += caught is None
            print(f'{mutation[0]}, {mutation[1]}: {caught or "NOT CAUGHT"}')
    total = len(MUTATIONS) + len(BY_WORK_ONLY)
    print(f'{total - missed} of {total} mutations caught')
    return 1 if missed else 0


if __name__ == '__main__':
    sys.exit(main())
