"""What a worker may touch: limits, Landlock and a seccomp allow-list that a process puts around
itself.

A worker walls itself in after the fork and before the first line of a submission. From then on it
is one process that
computes: it can make no other, open no socket, write no file, send no signal, and none of this can
be undone. Linux on x86_64 and aarch64. A test compares the numbers of both with libseccomp's; those
of aarch64 were not tried.
"""

import ctypes
import errno
import os
import platform
import resource
import signal
import struct
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path

# Landlock: rights to files that a ruleset takes away, by the ABI that first knew them
READ_FILE, READ_DIR = 1 << 2, 1 << 3
# all of ABI 1; refer; truncate; device ioctl
FILE_RIGHTS = {
    1: 0x1FFF,
    2: 1 << 13,
    3: 1 << 14,
    5: 1 << 15,
}
NETWORK_RIGHTS = 3  # bind and connect by TCP, from ABI 4
SCOPES = 3  # abstract sockets and signals, from ABI 6
PR_SET_PDEATHSIG, PR_SET_SECCOMP, PR_SET_NO_NEW_PRIVS, MADV_COLLAPSE = 1, 22, 38, 25
# system calls, the same on both architectures
CREATE_RULESET, ADD_RULE, RESTRICT_SELF = (
    444,
    445,
    446,
)

AUDIT_ARCH = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
# What a computation needs, by name: number on x86_64, number on aarch64 (None: it has no such call)
CALLS: dict[str, tuple[int, int | None]] = {
    "read": (0, 63),
    "write": (1, 64),
    "close": (3, 57),
    "fstat": (5, 80),
    "lseek": (8, 62),
    "pread64": (17, 67),
    "readv": (19, 65),
    "writev": (20, 66),
    "dup": (32, 23),
    "dup2": (33, None),
    "dup3": (292, 24),
    "select": (23, None),
    "poll": (7, None),
    "ppoll": (271, 73),
    "pselect6": (270, 72),
    "mmap": (9, 222),
    "mprotect": (10, 226),
    "munmap": (11, 215),
    "brk": (12, 214),
    "mremap": (25, 216),
    "madvise": (28, 233),
    "futex": (202, 98),
    "membarrier": (324, 283),
    "set_robust_list": (273, 99),
    "rseq": (334, 293),
    "rt_sigaction": (13, 134),
    "rt_sigprocmask": (14, 135),
    "rt_sigreturn": (15, 139),
    "sigaltstack": (131, 132),
    "sched_yield": (24, 124),
    "sched_getaffinity": (204, 123),
    "getcpu": (309, 168),
    "nanosleep": (35, 101),
    "clock_nanosleep": (230, 115),
    "clock_gettime": (228, 113),
    "clock_getres": (229, 114),
    "gettimeofday": (96, 169),
    "times": (100, 153),
    "getrusage": (98, 165),
    "sysinfo": (99, 179),
    "uname": (63, 160),
    "getrandom": (318, 278),
    "getpid": (39, 172),
    "gettid": (186, 178),
    "getppid": (110, 173),
    "getuid": (102, 174),
    "geteuid": (107, 175),
    "getgid": (104, 176),
    "getegid": (108, 177),
    "getcwd": (79, 17),
    "exit": (60, 93),
    "exit_group": (231, 94),
    # reading what Landlock lets it read
    "stat": (4, None),
    "lstat": (6, None),
    "newfstatat": (262, 79),
    "statx": (332, 291),
    "access": (21, None),
    "faccessat": (269, 48),
    "faccessat2": (439, 439),
    "readlink": (89, None),
    "readlinkat": (267, 78),
    "getdents64": (217, 61),
}
CLONE3 = 435  # answered "no such call", so that the C library falls back to clone, which is refused
# Calls allowed for some values of one argument alone: numbers, the argument, its values
# is it a terminal, its size, bytes to read, close on exec
IOCTL = (
    (16, 29),
    1,
    (0x5401, 0x5413, 0x541B, 0x5451),
)
# duplicate; flags of the descriptor; reading the flags of the file
FCNTL = (
    (72, 25),
    1,
    (0, 1, 2, 3, 1030),
)
# to read alone: Landlock knows truncation only from ABI 3 on
OPEN, OPENAT = (
    ((2, None), 1),
    ((257, 56), 2),
)
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
TGKILL = (234, 131)  # of itself only: abort()
PRLIMIT = (302, 261)  # asking for its own limits, setting none

_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def _checked(result: int, what: str) -> int:
    if result < 0:
        raise OSError(ctypes.get_errno(), f"{what}: {os.strerror(ctypes.get_errno())}")
    return result


def _prctl(option: int, *args: int) -> None:
    assert _libc is not None
    padded = [ctypes.c_ulong(a) for a in (*args, 0, 0, 0, 0)[:4]]
    _checked(_libc.prctl(ctypes.c_int(option), *padded), f"prctl {option}")


def _syscall(number: int, *args: object) -> int:
    assert _libc is not None
    return int(_libc.syscall(ctypes.c_long(number), *args))


def landlock_abi() -> int:
    """The version of Landlock that the kernel offers, 0 where it offers none."""
    if _libc is None:
        return 0
    return max(0, _syscall(CREATE_RULESET, None, ctypes.c_size_t(0), ctypes.c_uint(1)))


def missing() -> list[str]:
    """What this machine lacks for confining a submission, each with what to do; empty where nothing
    is missing.
    """
    if sys.platform != "linux":
        return [
            (
                f"this is {platform.system()}: only Linux can confine a submission. Grade on a "
                "Linux "
                "machine."
            )
        ]
    found = []
    if platform.machine() not in AUDIT_ARCH:
        found.append(
            f"no list of system calls for {platform.machine()}. Grade on x86_64 or aarch64."
        )
    if not landlock_abi():
        found.append(
            "the kernel has no Landlock. It needs Linux 5.13 or newer with `landlock` among its "
            "`lsm=`."
        )
    try:
        with open("/proc/self/status") as status:
            if "Seccomp_filters" not in status.read():
                found.append("the kernel has no seccomp filters. It needs CONFIG_SECCOMP_FILTER.")
    except OSError:
        found.append("/proc is not mounted. Mount it.")
    return found


def die_with_parent() -> None:
    """End this process when the thread that started it ends."""
    _prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def use_huge_pages() -> None:
    """Gather memory in pages of 2 MB where Linux can (from 6.1): a fork copies an entry per
    page.
    """
    assert _libc is not None
    for place, rights, *_, name in (
        line.split(" ", 5) for line in Path("/proc/self/maps").read_text().splitlines()
    ):
        if rights == "rw-p" and name.strip() in ("", "[heap]"):
            start, end = (int(address, 16) for address in place.split("-"))
            _libc.madvise(ctypes.c_void_p(start), ctypes.c_size_t(end - start), MADV_COLLAPSE)


def ruleset(readable: Sequence[str], listed: Sequence[str], abi: int) -> int:
    """A Landlock ruleset: files below `readable` can be read, folders `listed` can be listed,
    nothing else opened.

    `abi`: the newest version to use. It restricts nobody until a process enters it with `confine`.
    Raises `OSError`.
    """
    rights = sum(bits for version, bits in FILE_RIGHTS.items() if version <= abi)
    attributes = struct.pack("QQQ", rights, NETWORK_RIGHTS, SCOPES)[
        : 8 if abi < 4 else 16 if abi < 6 else 24
    ]
    rules = _checked(
        _syscall(CREATE_RULESET, attributes, ctypes.c_size_t(len(attributes)), ctypes.c_uint(0)),
        "Landlock",
    )
    for path, right in [(p, READ_FILE | READ_DIR) for p in readable] + [
        (p, READ_DIR) for p in listed
    ]:
        if not os.path.exists(path):
            continue
        at = os.open(path, os.O_PATH)
        rule = struct.pack("=Qi", right if os.path.isdir(path) else right & READ_FILE, at)
        _checked(
            _syscall(ADD_RULE, ctypes.c_int(rules), ctypes.c_int(1), rule, ctypes.c_uint(0)), path
        )
        os.close(at)
    _filter()  # made here, it need not be made in each process that is forked
    return rules


def confine(rules: int, cpu_seconds: int, address_space: int) -> None:
    """Put up the walls around this process, for good. Raises `OSError`; then nothing untrusted may
    run here.
    """
    limits = {
        resource.RLIMIT_CPU: cpu_seconds,
        # over it is a MemoryError in the submission, nothing else
        resource.RLIMIT_AS: address_space,
        resource.RLIMIT_FSIZE: 0,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_NPROC: 0,
        resource.RLIMIT_NOFILE: 64,
        resource.RLIMIT_MEMLOCK: 0,
    }
    for limit, value in limits.items():
        resource.setrlimit(limit, (value, value))
    _prctl(PR_SET_NO_NEW_PRIVS, 1)
    _checked(_syscall(RESTRICT_SELF, ctypes.c_int(rules), ctypes.c_uint(0)), "Landlock")
    os.close(rules)
    before, after = _filter()
    program = before + _op(_EQUAL, os.getpid(), 0, 1) + _ALLOW + after
    text = ctypes.create_string_buffer(program)
    head = ctypes.create_string_buffer(
        struct.pack("HxxxxxxQ", len(program) // 8, ctypes.addressof(text))
    )
    _prctl(PR_SET_SECCOMP, 2, ctypes.addressof(head))


# Berkeley packet filter: load a word of the call, jump if equal, greater or any bit set, return a
# verdict
_LOAD, _EQUAL, _GREATER, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_NUMBER, _ARCH, _ARGUMENTS = 0, 4, 16  # offsets in the kernel's struct seccomp_data


def _op(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("HBBI", code, if_true, if_false, value & 0xFFFFFFFF)


_ALLOW = _op(_RETURN, 0x7FFF0000)
_REFUSE = _op(_RETURN, 0x00050000 | errno.EPERM)
_UNKNOWN = _op(_RETURN, 0x00050000 | errno.ENOSYS)
_KILL = _op(_RETURN, 0x80000000)


def _argument(index: int, high: bool = False) -> bytes:
    return _op(_LOAD, _ARGUMENTS + 8 * index + 4 * high)


@cache
def _filter() -> tuple[bytes, bytes]:
    """The seccomp program: the calls of the tables are allowed, all others answer EPERM. In two
    parts: between them is the test that the process signalled is the process itself, whose number
    is known only after the fork.
    """
    column = list(AUDIT_ARCH).index(platform.machine())
    program = [
        _op(_LOAD, _ARCH),
        _op(_EQUAL, AUDIT_ARCH[platform.machine()], 1, 0),
        _KILL,
        _op(_LOAD, _NUMBER),
    ]
    if column == 0:  # the x32 numbers of x86_64
        program += [_op(_GREATER, 0x40000000, 0, 1), _REFUSE]
    program += [_op(_EQUAL, CLONE3, 0, 1), _UNKNOWN]

    def only(number: int, *body: bytes) -> None:
        program.extend([_op(_EQUAL, number, 0, len(body)), *body])

    for either, flags in (OPEN, OPENAT):
        if (opening := either[column]) is not None:
            only(opening, _argument(flags), _op(_ANY_BIT, WRITING, 0, 1), _REFUSE, _ALLOW)
    for numbers, index, values in (IOCTL, FCNTL):
        choices = [step for value in values for step in (_op(_EQUAL, value, 0, 1), _ALLOW)]
        only(numbers[column], _argument(index), *choices, _REFUSE)
    no_new_limits = [
        _argument(2),
        _op(_EQUAL, 0, 0, 3),
        _argument(2, high=True),
        _op(_EQUAL, 0, 0, 1),
        _ALLOW,
    ]
    only(PRLIMIT[column], _argument(0), _op(_EQUAL, 0, 0, 5), *no_new_limits, _REFUSE)
    for call in CALLS.values():
        if (number := call[column]) is not None:
            program += [_op(_EQUAL, number, 0, 1), _ALLOW]
    itself = [_op(_EQUAL, TGKILL[column], 0, 4), _argument(0)]
    return b"".join([*program, *itself]), _REFUSE + _REFUSE
