"""The memory of the server, which every worker inherits."""

import ctypes
import os
from pathlib import Path

from autograder.sandbox.inside.kernel import libc

MADV_COLLAPSE = 25  # from Linux 6.1 on; older kernels return an error and do nothing


def use_huge_pages() -> None:
    """Use pages of 2 MB for this process's memory if Linux can: then a fork copies less.

    A fork copies one entry per page. With small pages these are 50,000 for a large package.
    """
    maps = Path("/proc/self/maps").read_text()
    for line in maps.splitlines():
        # address range, permissions, offset, device, inode, and the name of a file or part
        addresses, rights, _, _, _, name = line.split(" ", 5)
        if rights != "rw-p":
            continue
        if name.strip() not in ("", "[heap]"):
            continue
        first, last = addresses.split("-")
        start = int(first, 16)
        length = int(last, 16) - start
        address = ctypes.c_void_p(start)
        size = ctypes.c_size_t(length)
        libc().madvise(address, size, MADV_COLLAPSE)


def address_space() -> int:
    """Return the bytes of this process's address space, and so of a fork of it."""
    sizes = Path("/proc/self/statm").read_text()
    pages, *_ = sizes.split()
    bytes_of_a_page = os.sysconf("SC_PAGE_SIZE")
    return int(pages) * bytes_of_a_page
