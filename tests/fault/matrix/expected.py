# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the kernel may say, and what is to come of it: the tables of the fault matrix."""

import errno
import os
import re

# The objects that the faults are in, by the names under which the loader knows them.
LIBRARY = "libgstxlnk-1.0.so.0"
TOOL = "libfault-ctl.so"

# What Linux can really answer: from the VFS, from the driver (xlnk-abi §5, §6), from tmpfs.
RESULTS = {
    "open": "ENOENT EACCES ENODEV ENXIO EMFILE ENFILE ENOMEM EINTR EBUSY",
    "close": "EINTR EIO",
    "read": "EIO EINTR EAGAIN ENOMEM EFAULT",
    "write": "EIO EINTR EAGAIN EFAULT ENOSYS",
    "ioctl": "ENOTTY EIO EACCES EINTR",
    "alloc": "ENOMEM EINTR +1 +88 +96",
    "free": "ENOMEM EINTR +1",
    "cachectrl": "EINVAL ENOMEM EPERM EINTR",
    "recres": "EPERM ENOMEM EINTR +1",
    "mmap": "EAGAIN ENOMEM EINVAL ENODEV EPERM",
    "munmap": "ENOMEM EINVAL",
    "madvise": "EINVAL ENOMEM EAGAIN",
    "mlock": "ENOMEM EPERM EAGAIN",
    "stat": "EIO ENOMEM EACCES",
    "statfs": "EIO EINTR ENOSYS",
    "access": "ENOENT EACCES ENOMEM",
    "realpath": "ENOENT EACCES ENOMEM ELOOP",
    "opendir": "ENOENT EACCES EMFILE ENFILE ENOMEM",
    "readdir": "EIO ENOENT",
    "flock": "EAGAIN ENOLCK EINTR",
    "fcntl": "EAGAIN EACCES ENOLCK EINVAL EINTR",
    "ftruncate": "EIO EINTR ENOSPC",
    "fallocate": "ENOSPC EDQUOT EFBIG EINTR EOPNOTSUPP ENOMEM",
    "fchmod": "EPERM EROFS EIO",
    "unlink": "ENOENT EACCES EROFS EIO",
    "rename": "ENOSPC EACCES EEXIST EROFS ENOSYS EINVAL",
    "mkdir": "EACCES ENOSPC EEXIST EROFS ENOENT",
    "eventfd": "EMFILE ENFILE ENODEV ENOMEM",
    "ppoll": "EINTR ENOMEM EINVAL",
    "getrandom": "EINTR EAGAIN ENOSYS",
}


def is_in(function, names):
    return any(re.fullmatch(function, name) for name in names)


def find(table, fault):
    """The rows that speak of this fault."""
    return [row for row in table if is_in(row[0], fault.functions) and re.fullmatch(row[1], fault.call)
            and (not row[2] or fault.result in row[2].split())]


# Faults after which a buffer is lost even to the next process, or a mapping cannot but be left: function, call, results
# ("": any), why.
UNAVOIDABLE_BUFFERS = [
    ("ask_for_buffer", "alloc", "+1 +88 +96", "the driver could not say which buffer it gave"),
    ("chardev_is_live", "cachectrl", "EINVAL", "the driver says that there is no such buffer (design §8.5)"),
]

# If it lasts, or comes on top of another fault.
UNAVOIDABLE_IF_LASTING = [
    ("chardev_is_live|chardev_free", "cachectrl|free", "", "without a cookie yet: `xlnk-ctl reclaim --force` is for people"),
]

UNAVOIDABLE_MAPPINGS = [
    (".*", "munmap", "", "the kernel did not unmap it"),
]

# Faults of which the program need not know, because nothing is lost: function, call, results, why, and what the log must
# say (None: nothing).
RECOVERIES = [
    ("xlnk_ledger_walk.*|settle|settle_file|settle_name|free_block|drop|note_state|write_slot|"
     "xlnk_ledger_dir_lock_file|chardev_map_to_look|chardev_try_lifetime|judge_lifetime|prepare_lifetime", ".*", "",
     "what dead processes left waits for whoever opens the device next", None),
    (".*", "close", "", "Linux has let the descriptor go before anything can fail", None),
    (".*", "(?!close).*", "EINTR", "repeated", None),
    (".*", "munmap", "", "the mapping stays until the process ends, and the log says so", "ERROR .*munmap"),
    (".*", "madvise", "", "only matters to a forked child, which is told", "WARN .*forked child will see"),
    ("chardev_free", "free", "", "the buffer is lost, and the log says so", "(WARN|ERROR) .*refused to free"),
    ("chardev_is_live", "cachectrl", "", "the buffer is not freed, and the log says so", "WARN .*(no longer ours|still ours|does not say whether)"),
    ("chardev_open", "ioctl", "ENOTTY", "what the second of the two answers anyway", None),
    ("check_mode|chardev_alloc", "cachectrl", "EINVAL", "the right answer: there is no buffer at address 0", None),
    ("chardev_sync", "cachectrl", "", "videotestsrc goes on when it cannot map a frame, unmapping cannot fail, and the log says so",
     "(WARN|ERROR) .*refused to maintain"),
    ("xlnk_cookie_make|xlnk_ledger_take", "getrandom", "", "GLib has random numbers too", None),
    ("xlnk_ledger_take", "rename", "EEXIST", "another name", None),
    ("xlnk_ledger_take", "flock", "EAGAIN", "another file, if a sweep has taken it for a leftover", None),
    ("xlnk_ledger_take|map_new_pages", "open|flock|stat|fallocate|mmap|rename|fchmod", "", "a process without a ledger works",
     "WARN .*If this process is killed"),
    ("map_new_pages", "mlock|madvise", "", "each of the precautions is one alone", None),
    ("xlnk_ledger_take", "statfs", "", "only matters for speed", None),
    ("xlnk_ledger_dir_open", "open|read|stat|mkdir", "", "a process without a ledger works, and whoever opens the device "
     "next gives back what dead ones left", None),
    ("xlnk_ledger_close|xlnk_ledger_take", "unlink", "", "an empty ledger goes with the next sweep", None),
    ("xlnk_cma_read", "open|read", "", "how much CMA there is, is for people", None),
    ("xlnk_device_resolve", "access|realpath", "", "the name is taken as it is", None),
    ("xlnk_region_open_uio", "write", "", "the core's status is polled", None),
    ("xlnk_region_take_interrupt|xlnk_region_arm", "read|write", "", "the core's status is polled in the end", None),
    ("gst_xlnk_registers_wait_interrupt", "ppoll", "", "the core's status is polled", None),
    ("gst_xlnk_registers_set_flushing", "read|write", "", "whoever waits does so until his time is up", None),
    ("xlnk_region_close|xlnk_ledger_close|xlnk_ledger_dir_unlock_file", "flock|fcntl", "", "closing lets go of a lock too", None),
    ("probe", "read|write|mmap", "", "tried eight times", None),
    ("xlnk_uio_list", "opendir|readdir", "ENOENT", "a kernel without UIO has no such class", None),
    ("read_attribute", "open|read", "ENOENT ENODEV", "a device that was unbound in the meantime has no attributes", None),
]

# Faults of which xlnk-ctl need not say anything, because it still does all that was asked: function, call, results,
# scenarios, why.
TOOL_RECOVERIES = [
    (".*", "close", "", ".*", "Linux has let the descriptor go before anything can fail"),
    (".*", "(?!close).*", "EINTR", ".*", "repeated"),
    (".*", "munmap|madvise|mlock", "", ".*", "the process ends at once"),
    ("xlnk_device_resolve", "access|realpath", "", ".*", "the name is taken as it is"),
    ("chardev_open", "ioctl", "ENOTTY", ".*", "what the second of the two answers anyway"),
    ("xlnk_ledger_dir_open", "open", "ENOENT EACCES", "ctl-default-ledger|ctl-elsewhere", "the directory is one's own then"),
    ("xlnk_ledger_walk_take_turn|xlnk_ledger_walk_end", "flock|fcntl", "", ".*", "each file has a lock of its own"),
    ("xlnk_ledger_dir_unlock_file", "flock|fcntl", "", ".*", "closing lets go of a lock too"),
    ("xlnk_ledger_close", "flock|fcntl|unlink", "", ".*", "closing lets go of a lock too; an empty ledger goes with the next sweep"),
    ("chardev_try_lifetime|ask_for_buffer|chardev_map|probe", "open|alloc|mmap|read|write", "", ".*",
     "tells whether the driver frees by open file: without that each buffer is looked at"),
    ("chardev_is_live|chardev_free", "cachectrl|free", "", ".*", "of the block that this is tried with"),
    ("xlnk_cookie_make|xlnk_ledger_take", "getrandom", "", ".*", "GLib has random numbers too"),
    ("xlnk_ledger_take", "rename", "EEXIST", ".*", "another name"),
    ("xlnk_ledger_take", "statfs", "", ".*", "only matters for speed"),
    ("xlnk_ledger_take", "flock", "EAGAIN", ".*", "another file, if a sweep has taken it for a leftover"),
    ("drop|free_block|settle_file|note_state|write_slot", "write|unlink", "", ".*", "what is freed is said; the next one finds out again"),
    ("settle_name|xlnk_ledger_dir_lock_file", ".*", "", "ctl-old-files", "such a file is about nothing"),
    ("elsewhere_find", "opendir|readdir|access", "", ".*", "only names where else one may look"),
    ("xlnk_ledger_dir_open", "mkdir", "EEXIST", ".*", "somebody else was faster"),
    ("xlnk_ledger_dir_lock_file", "flock", "EAGAIN", ".*", "somebody else has the lock"),
    ("xlnk_ledger_walk_read_any", "flock", "", ".*", "the lock that was tried goes with the descriptor too"),
    ("xlnk_ledger_walk_read_any|xlnk_ledger_dir_lock_file", "open", "ENOENT", ".*", "its process has ended in the meantime"),
]

# What xlnk-ctl says is not what it says without the fault, and right all the same: function, call, results, scenarios,
# whether stderr must say what failed, why.
TOOL_DIFFERS = [
    ("xlnk_cma_read", "open|read", "", ".*", False, "it says that the kernel does not say"),
    ("chardev_is_live", "cachectrl", "EINVAL", ".*", False, "the driver says that there is no such buffer"),
    ("ask_for_buffer|chardev_free|chardev_is_live", "alloc|free|cachectrl", "", ".*", False,
     "the same is said, and the block that the driver is tried with is one more"),
    ("xlnk_ledger_dir_open", "open", "ENOENT", "ctl-default-ledger|ctl-elsewhere", False, "without a directory nobody has written anything down"),
    ("xlnk_ledger_walk_read_any|xlnk_ledger_dir_lock_file", "open", "ENOENT", ".*", False, "its process has ended in the meantime"),
    ("xlnk_ledger_walk_read_any|xlnk_ledger_dir_lock_file", "flock", "EAGAIN", ".*", False, "somebody else has the lock"),
    (".*", ".*", "", "ctl-reset.*", True, "the reset is done all the same"),
]

# In single scenarios: function, call, results, scenario, why.
FALLBACKS = [
    ("ask_for_buffer|chardev_map|chardev_is_live|probe", ".*", "", "share-and-copy renegotiation hls-renegotiation",
     "a copy for which there is no contiguous memory is made in system memory"),
    ("ask_for_buffer", "alloc", "", "exhaust", "it asks until it is told that there is no memory"),
    (".*", ".*", "", "stop-in-the-middle", "stopped before it came to that"),
    ("chardev_open", ".*", "", "forked-child", "a child that cannot open the device uses its parent's open file"),
    (".*", "munmap|madvise", "", "registers-uio registers-mem registers-and-fork", "the device ring has no log before there is an allocator"),
    ("ask_for_buffer|chardev_map|chardev_is_live|probe|chardev_free|chardev_unmap", ".*", "",
     "after-a-death after-a-death-exposed after-a-reset after-a-wrong-cookie after-a-job beside-the-living",
     "what dead processes left waits for whoever opens the device next"),
]

# Words that name what failed better than the errno would.
WORDS = [
    ("chardev_open", "open", "ENOENT ENODEV ENXIO", r"there is no /dev/xlnk"),
    ("chardev_open", "open", "EACCES", r"no permission to open /dev/xlnk"),
    ("ask_for_buffer", "alloc", "ENOMEM", r"asked \d+ bytes|no contiguous buffer of \d+ bytes from"),
    ("ask_for_buffer", "alloc", "+1 +88 +96", r"could not write back the id"),
    ("chardev_reset", "recres", "+1", r"refused the reset: a positive result"),
    ("chardev_is_live", "cachectrl", "EINVAL", r"taken away|neither at id|not what it was a moment ago"),
    ("chardev_free", "free", "+1", r"refused to free buffer \d+: a positive result"),
    (".*", "flock|fcntl", "EAGAIN EACCES", r"(is|are) in use by another process"),
    ("chardev_free|chardev_is_live", "free|cachectrl", "", r"asked \d+ bytes"),      # what could not be freed is missing
    ("xlnk_cma_read", "open|read", "", r"does not say how much CMA there is"),
    ("xlnk_uio_list", "opendir|readdir", "ENOENT", r"no UIO device"),
    ("read_attribute", "open|read", "ENOENT ENODEV", r"no UIO device|no usable register window"),
]


# There is one such directory for all boards of this machine.
DEFAULT_LEDGER = ("default-ledger", "ctl-default-ledger", "ctl-elsewhere")

# Calls of the kernel that no board has to do with: file, function, why.
ELSEWHERE = [
    ("watch.c", "ioctl", "how large is the terminal?"),
    ("xlnk-ctl.c", "fcntl", "is there a stdout?"),
    ("xlnk-ctl.c", "open", "something is put in its place"),
    ("hwh.c", "g_file_get_contents", "`xlnk-ctl describe` reads what it is told to, and asks no board"),
]


def keeps_the_dead(scenario):
    """What the dead left may stay after these."""
    return scenario.startswith("ctl-") or scenario == "beside-the-living"


def may_leave(fault, what):
    return what.startswith("mapping") and find(UNAVOIDABLE_MAPPINGS, fault)


def may_leak(fault):
    return find(UNAVOIDABLE_BUFFERS, fault) or ((fault.onwards or fault.before) and find(UNAVOIDABLE_IF_LASTING, fault))


def recovers(fault, run):
    if fault.site.object == TOOL:
        return any(re.fullmatch(row[3], fault.scenario) for row in find(TOOL_RECOVERIES, fault))
    return (any(row[4] is None or any(re.search(row[4], line) for line in run.logs) for row in find(RECOVERIES, fault))
            or any(fault.scenario in row[3].split() for row in find(FALLBACKS, fault)))


def may_differ(fault, told):
    return any(re.fullmatch(row[3], fault.scenario) and (told or not row[4]) for row in find(TOOL_DIFFERS, fault))


def names(fault, error):
    """Whether an error says what failed."""
    if any(re.search(row[3], error) for row in find(WORDS, fault)):
        return True
    return fault.result.startswith("E") and os.strerror(getattr(errno, fault.result)) in error


# Sites that are not worth a scenario, since nothing calls them there: object, function, wrapper, why.
UNREACHABLE = [
    (TOOL, "xlnk_device_leave_parent|xlnk_ledger_leave_parent", ".*", "`xlnk-ctl` does not fork"),
]


# Functions of xlnksyscall.c that nothing in `xlnk-ctl` calls: it drives no core, and xlnk_sys_open() is enough for it.
NOT_OF_THE_TOOL = set("""
    xlnk_sys_open_with xlnk_sys_lock_range xlnk_sys_read_word xlnk_sys_write_word xlnk_sys_poll xlnk_sys_eventfd
    xlnk_sys_event_set xlnk_sys_event_clear
""".split())


# In programs with AddressSanitizer.
UNREACHABLE_SANITIZED = [
    (name, ".*", "xlnk_sys_lock_pages", "the sanitizer keeps such calls from the kernel") for name in (LIBRARY, TOOL)
]


def cannot_be_reached(site, sanitized):
    for name, function, wrapper, why in UNREACHABLE + (UNREACHABLE_SANITIZED if sanitized else []):
        if name == site.object and is_in(function, (site.function,)) and re.fullmatch(wrapper, site.wrapper):
            return why
    return None


# Whether these are met depends on who is faster, the core or the program.
RACES = [
    ("gst_xlnk_registers_wait_interrupt|xlnk_region_take_interrupt|xlnk_region_arm", ".*", ""),
]


def may_miss(fault):
    # The default directory of ledgers is everybody's on this machine.
    return find(RACES, fault) or fault.scenario in ("stop-in-the-middle", *DEFAULT_LEDGER)
