"""Temporary folders that are removed with their owner, even if it was killed."""

import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path

try:
    import fcntl
except ImportError:  # only Unix has it
    HAS_LOCKS = False
else:
    HAS_LOCKS = True


class Scratch:
    """An empty temporary folder, `path`, that is removed with its content when it is closed.

    Its owner holds a lock on it. A folder of a killed process is unlocked, and is removed when the
    next one is made. Windows has no such locks, and there it stays: its name says that nobody may
    remove it, because a program with locks can use the same folder, as under Wine.
    """

    PREFIX = "autograder-scratch-"
    UNLOCKED = "autograder-unlocked-"

    def __init__(self) -> None:
        if not HAS_LOCKS:
            self.path = tempfile.mkdtemp(prefix=self.UNLOCKED)
            self._lock = os.open(os.devnull, os.O_RDONLY)
            return
        self._sweep()
        self.path, self._lock = self._make()

    def close(self) -> None:
        """Remove the folder with its content. Do nothing the second time."""
        if self._lock >= 0:
            _remove(self.path, self._lock)
            self._lock = -1

    @classmethod
    def _sweep(cls) -> None:
        """Remove the folders of this user whose owners have ended."""
        temporary = Path(tempfile.gettempdir())
        me = os.geteuid()
        for folder in temporary.glob(f"{cls.PREFIX}*"):
            with suppress(OSError):  # it is gone, or its owner lives
                owner = folder.stat(follow_symlinks=False).st_uid
                if owner != me:
                    continue
                lock = _lock(folder, wait=False)
                _remove(folder, lock)

    @classmethod
    def _make(cls) -> tuple[str, int]:
        """Make a folder. Return its path, and the descriptor that locks it."""
        while True:
            path = tempfile.mkdtemp(prefix=cls.PREFIX)
            try:
                lock = _lock(path, wait=True)
            except FileNotFoundError:  # another process removed it before it was locked
                continue
            if os.path.exists(path):
                return path, lock
            os.close(lock)

    def __enter__(self) -> Path:
        return Path(self.path)

    def __exit__(self, *_: object) -> None:
        self.close()


def _lock(folder: str | Path, wait: bool) -> int:
    """Lock a folder. Return the descriptor that holds the lock until it is closed.

    wait: whether to wait for another holder.
    Raises `OSError`.
    """
    how = fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB
    folder_only = os.O_DIRECTORY | os.O_NOFOLLOW
    descriptor = os.open(folder, os.O_RDONLY | folder_only)
    try:
        fcntl.flock(descriptor, how)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def _remove(folder: str | Path, lock: int) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    os.close(lock)
