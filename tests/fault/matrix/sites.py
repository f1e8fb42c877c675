# SPDX-License-Identifier: LGPL-2.1-or-later
"""Where a built library asks something of the kernel: the call instructions to the functions of xlnksyscall.c.

A site is a line of the source, however often the compiler has put it into the object code. So that the same is expected of
it whatever the compiler inlines, a call has the names of all functions of that file that led to it."""

import dataclasses
import functools
import os
import re
import subprocess

WRAPPERS = "xlnksyscall.c"

# What must not be called from anywhere else: system calls by the C library's names, and GLib's functions around them.
SYSTEM_CALLS = set("""
    open open64 openat openat64 __open_2 __open64_2 __openat_2 __openat64_2 creat close dup dup2 dup3 pipe pipe2
    read write pread pread64 pwrite pwrite64 readv writev __read_chk __pread_chk __pread64_chk lseek lseek64 ioctl
    mmap mmap64 munmap mremap mprotect madvise mlock munlock msync
    stat lstat fstat stat64 lstat64 fstat64 fstatat fstatat64 statx statfs fstatfs statfs64 fstatfs64 access faccessat
    realpath __realpath_chk readlink readlinkat opendir fdopendir readdir readdir64 fopen fopen64 fdopen
    flock fcntl fcntl64 lockf ftruncate ftruncate64 truncate fallocate posix_fallocate posix_fallocate64 fchmod chmod
    unlink unlinkat rename renameat renameat2 link linkat symlink symlinkat mkdir mkdirat rmdir
    eventfd poll ppoll __poll_chk __ppoll_chk select pselect epoll_wait getrandom syscall kill socket
    g_file_get_contents g_file_set_contents g_file_test g_dir_open g_dir_read_name g_open g_access g_stat g_unlink
    g_mkdir g_mkdir_with_parents g_poll
""".split())


@dataclasses.dataclass(frozen=True, order=True)
class Site:
    wrapper: str
    function: str                       # that it is written in
    place: str
    object: str
    copy: str = dataclasses.field(compare=False)                # the function that the compiler has put it into


HEAD = re.compile(r"^(\w+) \(")
FUNCTION = re.compile(r"^[0-9a-f]+ <(.+)>:$")
INSTRUCTION = re.compile(r"^ *([0-9a-f]+):\t(\S+) *(.*)$")
# What a compiler has cut off or specialised (open.part.0, open.constprop.0.isra.0) stands for the function.
TARGET = re.compile(r"<([A-Za-z_]\w*)(?:\.[\w.]+)?(?:@plt|@@?[\w.]+|@Base)?>")
DEFINITION = re.compile(r"^(xlnk_sys_\w+) \(", re.MULTILINE)
CALLS = {"call", "callq", "bl", "blx"}
JUMPS = {"jmp", "jmpq", "b"}


def disassemble(library):
    """(function, address, mnemonic, name of the target or None, address of the next instruction) of each instruction."""
    return read_instructions(subprocess.run(["objdump", "-d", "--no-show-raw-insn", "-w", library], check=True, text=True,
                                            stdout=subprocess.PIPE).stdout)


def read_instructions(text):
    """The same, of what objdump has printed."""
    function, pending = None, None
    for line in text.splitlines():
        header, match = FUNCTION.match(line), INSTRUCTION.match(line)
        if header:
            function = header.group(1)
        if not match:
            continue
        address = int(match.group(1), 16)
        if pending:
            yield (*pending, address)
        target = TARGET.search(match.group(3))
        pending = (function, address, match.group(2), target.group(1) if target else None)


def look_up(library, addresses):
    """(file:line, function, inlined functions) of each address, the innermost first."""
    command = [os.environ.get("ADDR2LINE", "addr2line"), "-a", "-f", "-i", "-e", library]
    text = subprocess.run(command, check=True, text=True, stdout=subprocess.PIPE,
                          input="".join(f"{address:#x}\n" for address in addresses)).stdout
    found = []
    for line in text.splitlines():
        if line.startswith("0x"):
            found.append([])
        else:
            found[-1].append(line)
    return [(*find_source(lines[1].split(" ")[0]), lines[::2]) for lines in found]


@functools.lru_cache(None)
def read_lines(path):
    if not os.path.exists(path):
        return []
    with open(path, encoding="utf-8") as lines:
        return list(lines)


def find_source(place):
    """file:line, and the function there: not every compiler says what it has inlined in a way that addr2line knows."""
    path, _, number = place.rpartition(":")
    heads = (HEAD.match(line) for line in reversed(read_lines(path)[:int(number) if number.isdigit() else 0]))
    return os.path.basename(place), next((head.group(1) for head in heads if head), None)


def tell_lines(sites):
    """Whether the object code says what it was made of."""
    return any(re.search(r":\d+$", site.place) for site in sites.values())


class Callers:
    """What the frames on a stack are, by their addresses in @libraries (name: file)."""

    def __init__(self, libraries):
        self.libraries = libraries
        self.known = {}

    def learn(self, frames):
        for name, library in self.libraries.items():
            new = sorted({frame for frame in frames if frame[0] == name} - self.known.keys())
            # A frame has the address after the call.
            self.known.update(zip(new, look_up(library, [address - 1 for _, address in new])))

    def functions(self, frames):
        """From the one that made the call at the innermost frame to the one that another file has called."""
        files, found = set(), []
        for frame in frames:
            if frame not in self.known:
                break
            place, inner, names = self.known[frame]
            files.add(place.split(":")[0])
            if len(files) > 1:
                break
            found += [inner, *(name.split(".")[0] for name in names)]
        return frozenset(filter(None, found))


def read_definitions(path):
    """The functions of xlnksyscall.c."""
    with open(path, encoding="utf-8") as source:
        return set(DEFINITION.findall(source.read()))


def find_missing(sites, definitions, name):
    """The functions of xlnksyscall.c that nothing in the library @name was seen to call: then sites may be overlooked."""
    found = {site.wrapper for site in sites.values() if site.object == name}
    return [f"{name}: nothing is seen to call {wrapper}" for wrapper in sorted(definitions - found)]


def find(library, name=None, passes=()):
    """The sites of a library, by its name and the addresses after their calls, as a trace has them; and what is wrong with
    it, but for what @passes: file, function of the C library or GLib, why."""
    rows = list(disassemble(library))
    if not rows:
        return {}, [f"{library}: objdump finds no instructions in it"]
    found = [row for row in rows if row[3] and (row[2] in CALLS or row[2] in JUMPS)]
    return sort_out(found, look_up(library, [row[1] for row in found]), name, passes)


def sort_out(found, places, name, passes):
    """The same, of instructions and the places that they are from."""
    sites, complaints = {}, []
    for (function, _, mnemonic, target, after), (place, inner, names) in zip(found, places):
        if function.startswith("xlnk_sys_") or "@" in function:
            continue
        if place.startswith(WRAPPERS):
            wrapper = next((one for one in names if one.startswith("xlnk_sys_")), None)
            if wrapper and (target.startswith("xlnk_sys_") or target in SYSTEM_CALLS):
                complaints.append(f"{place}: {wrapper} has become part of {function}: built with link-time optimisation")
        elif target.startswith("xlnk_sys_") and mnemonic in CALLS:
            outer = function.split(".")[0]
            # What the compiler has merged of several lines has line 0, and is the same wherever it is.
            written = "several lines" if place.endswith(":0") else inner or names[0]
            sites[name, after] = Site(target, written, place, name, outer)
        elif target.startswith("xlnk_sys_"):
            complaints.append(f"{place}: {function} jumps to {target}: built without -fno-optimize-sibling-calls")
        elif target in SYSTEM_CALLS and (place.split(":")[0], re.sub("64$", "", target)) not in [row[:2] for row in passes]:
            complaints.append(f"{place}: {function} calls {target}, not by way of {WRAPPERS}")
    return sites, complaints
