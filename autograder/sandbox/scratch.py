"""Folders that are gone when their owner is."""

import fcntl
import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path


class Scratch:
    """An empty folder in the system's place for such, `path`, that is gone when closed, or when the
    next one is made after this process was killed: its lock tells whether its owner lives.
    """

    PREFIX = "autograder-scratch-"

    def __init__(self) -> None:
        for left in Path(tempfile.gettempdir()).glob(f"{self.PREFIX}*"):
            with suppress(OSError):  # it is another user's, or its owner lives
                if left.stat(follow_symlinks=False).st_uid == os.geteuid():
                    self._remove(left, _locked(left, fcntl.LOCK_EX | fcntl.LOCK_NB))
        while True:
            self.path = tempfile.mkdtemp(prefix=self.PREFIX)
            with suppress(FileNotFoundError):
                self._lock = _locked(self.path, fcntl.LOCK_EX)
                if os.path.exists(self.path):  # no other swept it before it was locked
                    return
                os.close(self._lock)

    def close(self) -> None:
        """Remove the folder and all in it."""
        if self._lock >= 0:
            self._remove(self.path, self._lock)
            self._lock = -1

    @staticmethod
    def _remove(path: str | Path, lock: int) -> None:
        shutil.rmtree(path, ignore_errors=True)
        os.close(lock)

    def __enter__(self) -> Path:
        return Path(self.path)

    def __exit__(self, *_: object) -> None:
        self.close()


def _locked(folder: str | Path, how: int) -> int:
    """A descriptor that locks a folder until it is closed. Raises `OSError`."""
    at = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        fcntl.flock(at, how)
    except OSError:
        os.close(at)
        raise
    return at
