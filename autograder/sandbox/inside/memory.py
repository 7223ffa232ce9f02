"""The memory of the server, which every worker begins with."""

import ctypes
import os
from pathlib import Path

from autograder.sandbox.inside.kernel import libc

MADV_COLLAPSE = 25  # from Linux 6.1; before it, the kernel answers with an error and does nothing


def use_huge_pages() -> None:
    """Gather this process's memory in pages of 2 MB where Linux can: a fork copies less then.

    A fork copies one entry per page. With small pages these are 50,000 for a large package.
    """
    maps = Path("/proc/self/maps").read_text()
    for line in maps.splitlines():
        # address range, rights, offset, device, inode, and the name of a file or part
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
    """Return the bytes of this process's address space, and so of one that is forked from it."""
    sizes = Path("/proc/self/statm").read_text()
    pages, *_ = sizes.split()
    bytes_of_a_page = os.sysconf("SC_PAGE_SIZE")
    return int(pages) * bytes_of_a_page
