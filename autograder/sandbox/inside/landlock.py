"""Landlock: the kernel enforces which files a process may open.

A ruleset names the rights that it takes away. Its rules give some of them back, below a path. A
right that the ruleset does not name stays free, so it names all that the kernel knows. Each version
of Landlock (its ABI) knows more of them; `seccomp.py` refuses what an old one does not know.
"""

import ctypes
import os
import sys
from collections.abc import Sequence
from enum import IntFlag

from autograder.sandbox.inside.kernel import check, syscall


class FileRight(IntFlag):
    """A right to files: `LANDLOCK_ACCESS_FS_…` in the kernel's linux/landlock.h."""

    EXECUTE = 1 << 0
    WRITE_FILE = 1 << 1
    READ_FILE = 1 << 2
    READ_DIR = 1 << 3
    REMOVE_DIR = 1 << 4
    REMOVE_FILE = 1 << 5
    MAKE_CHAR = 1 << 6
    MAKE_DIR = 1 << 7
    MAKE_REG = 1 << 8
    MAKE_SOCK = 1 << 9
    MAKE_FIFO = 1 << 10
    MAKE_BLOCK = 1 << 11
    MAKE_SYM = 1 << 12
    REFER = 1 << 13  # link or move to another folder
    TRUNCATE = 1 << 14
    IOCTL_DEV = 1 << 15


# the ABI that first knew a right; ABI 1 knew the others
FIRST_ABI = {
    FileRight.REFER: 2,
    FileRight.TRUNCATE: 3,
    FileRight.IOCTL_DEV: 5,
}


class NetworkRight(IntFlag):
    """A right to TCP: `LANDLOCK_ACCESS_NET_…`."""

    BIND_TCP = 1 << 0
    CONNECT_TCP = 1 << 1


class Scope(IntFlag):
    """What a process can reach only in processes with the same rules: `LANDLOCK_SCOPE_…`."""

    ABSTRACT_UNIX_SOCKET = 1 << 0
    SIGNAL = 1 << 1


NETWORK_RIGHTS = NetworkRight.BIND_TCP | NetworkRight.CONNECT_TCP
NETWORK_ABI = 4  # the first ABI that knew them
SCOPES = Scope.ABSTRACT_UNIX_SOCKET | Scope.SIGNAL
SCOPES_ABI = 6  # the first ABI that knew them


class _RulesetAttributes(ctypes.Structure):
    """The kernel's struct landlock_ruleset_attr."""

    _fields_ = (
        ("file_rights", ctypes.c_uint64),
        ("network_rights", ctypes.c_uint64),
        ("scopes", ctypes.c_uint64),
    )


class _PathBeneath(ctypes.Structure):
    """The kernel's struct landlock_path_beneath_attr, which has no padding."""

    _layout_ = "ms"  # the one that supports `_pack_`
    _pack_ = 1
    _fields_ = (
        ("rights", ctypes.c_uint64),
        ("descriptor", ctypes.c_int32),
    )


CREATE_RULESET_VERSION = 1  # a flag that asks for the ABI
RULE_PATH_BENEATH = 1  # the kind of a rule
NO_FLAGS = ctypes.c_uint32(0)


def newest_abi() -> int:
    """Return the newest ABI of Landlock that the kernel offers, 0 if it offers none."""
    if sys.platform != "linux":
        return 0
    nothing = ctypes.c_void_p(None)
    no_bytes = ctypes.c_size_t(0)
    flag = ctypes.c_uint32(CREATE_RULESET_VERSION)
    answer = syscall("landlock_create_ruleset", nothing, no_bytes, flag)
    return max(0, answer)


def make_ruleset(readable: Sequence[str], listed: Sequence[str], abi: int) -> int:
    """Make the rules of what may be opened, and nothing else. Return their descriptor.

    They restrict nobody until a process enters them with `enter`.
    readable: files, and folders whose whole content can be read and listed.
    listed: folders whose whole content can be listed, without reading any file.
    abi: the newest version of Landlock to use.
    Raises `OSError`.
    """
    attributes = _RulesetAttributes(file_rights(abi), NETWORK_RIGHTS, SCOPES)
    ruleset = check(
        syscall(
            "landlock_create_ruleset",
            ctypes.byref(attributes),
            ctypes.c_size_t(_known_size(abi)),
            NO_FLAGS,
        ),
        "Landlock",
    )
    for path in readable:
        _add_rule(ruleset, path, FileRight.READ_FILE | FileRight.READ_DIR)
    for path in listed:
        _add_rule(ruleset, path, FileRight.READ_DIR)
    return ruleset


def file_rights(abi: int) -> FileRight:
    """Return all rights to files that an ABI of Landlock knows."""
    known = FileRight(0)
    for right in FileRight:
        if FIRST_ABI.get(right, 1) <= abi:
            known |= right
    return known


def _known_size(abi: int) -> int:
    """Return the size of the attributes that an ABI knows: the kernel refuses more bytes."""
    if abi < NETWORK_ABI:
        return _RulesetAttributes.network_rights.offset
    if abi < SCOPES_ABI:
        return _RulesetAttributes.scopes.offset
    return ctypes.sizeof(_RulesetAttributes)


def _add_rule(ruleset: int, path: str, rights: FileRight) -> None:
    """Give rights back below a path. A missing path needs no rule."""
    if not os.path.exists(path):
        return
    if not os.path.isdir(path):
        rights &= FileRight.READ_FILE  # a file cannot be listed
    descriptor = os.open(path, os.O_PATH)
    rule = _PathBeneath(rights, descriptor)
    check(
        syscall(
            "landlock_add_rule",
            ctypes.c_int(ruleset),
            ctypes.c_int(RULE_PATH_BENEATH),
            ctypes.byref(rule),
            NO_FLAGS,
        ),
        path,
    )
    os.close(descriptor)


def enter(ruleset: int) -> None:
    """Put this process and its future children under the rules. Raises `OSError`."""
    descriptor = ctypes.c_int(ruleset)
    answer = syscall("landlock_restrict_self", descriptor, NO_FLAGS)
    check(answer, "Landlock")
    os.close(ruleset)
