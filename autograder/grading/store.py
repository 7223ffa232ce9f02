"""A store of answers that were computed once: the solution's and known mistakes', on one seed.

The key of an entry covers everything that the answer depends on, so that no entry can be out of
date: it is found, or it is computed. The store is a SQLite file, which is safe against two
simultaneous runs and against a kill. It holds answers, and so only its owner can read it.
"""

import os
import sqlite3
import threading
import time
import weakref
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import numpy as np

from autograder.check import Answer, Error, Failure
from autograder.data import cache_folder
from autograder.errors import UserError
from autograder.sandbox.inside.wire import BadFrame, Message, decode, encode

FORMAT = 2
KEPT_DAYS = 60  # answers older than this are removed, and computed again if needed
ONLY_OWNER = 0o700  # permissions of a folder
WAIT = 30.0  # seconds to wait for another run that is writing

SCHEMA = f"""
PRAGMA user_version = {FORMAT};
CREATE TABLE IF NOT EXISTS answers (
    address TEXT PRIMARY KEY,
    frame BLOB NOT NULL,
    day INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS seeds (
    unit TEXT NOT NULL, seed INTEGER NOT NULL, PRIMARY KEY (unit, seed)
);
"""


def private_folder(part: str = "") -> Path | None:
    """Return the user's cache, or a folder in it, that nobody else can read or change.

    Its files are executed, or are answers. So each time its permissions are set, and files in
    `part` that belong to another user are removed: they come from a time when others could write
    there.
    Return None if it cannot be made, or belongs to another user.
    """
    whole = cache_folder()
    folder = whole / part
    try:
        for path in (whole, folder):
            path.mkdir(mode=ONLY_OWNER, parents=True, exist_ok=True)
            if _is_others(path):
                return None
            path.chmod(ONLY_OWNER)
        if part:
            for path in folder.iterdir():
                if _is_others(path):
                    path.unlink()
    except OSError:
        return None
    return folder


def _is_others(path: Path) -> bool:
    """Return whether a path belongs to another user, or is a link to such a path."""
    if not hasattr(os, "geteuid"):  # Windows: only its user can access a cache
        return False
    owners = {path.lstat().st_uid, path.stat().st_uid}
    return owners != {os.geteuid()}


def default_path() -> Path:
    """Return the path of the store in the user's cache."""
    return cache_folder() / "answers.sqlite"


def address(*parts: str) -> str:
    """Return an answer's key in the store, made of everything that it depends on."""
    digest = sha256()
    for part in parts:
        digest.update(part.encode())
        digest.update(b"\0")  # which no part holds
    return digest.hexdigest()


@dataclass(frozen=True)
class Made:
    """A stored computation.

    loss: of trained weights.
    names: the names of the definitions that ran; None if they are unknown.
    """

    answer: Answer
    loss: float | None = None
    names: frozenset[str] | None = None


class OtherVersion(UserError):
    """A pool of seeds and keys was made by another version."""


class AnswerStore:
    """Answers by their keys. Several threads and processes may use one file."""

    def __init__(self, path: Path | None) -> None:
        """Open the store at `path`, or one in memory if that is None or cannot be used.

        Raises `OtherVersion` for a pool of another version, whose seeds and keys would be lost.
        """
        self._lock = threading.Lock()
        connection = None
        if path is not None:
            with suppress(OSError, sqlite3.Error):
                connection = _opened(path)
        self.where = str(path) if connection else "memory"
        self._connection = connection or _in_memory()
        weakref.finalize(self, self._connection.close)

    def get(self, where: str) -> Made | None:
        """Return an entry; None if it is missing or cannot be read.

        Another version of the kit may have dropped the tables.
        """
        query = "SELECT frame FROM answers WHERE address = ?"
        row = None
        with self._lock, suppress(sqlite3.Error):
            row = self._connection.execute(query, (where,)).fetchone()
        if row is None:
            return None
        (frame,) = row
        try:
            message = decode(frame)
            failure = Failure(message.fields.get("failure", ""))
        except (BadFrame, ValueError):  # it is damaged
            return None
        arrays = dict(message.arrays)
        loss = arrays.pop(LOSS, None)
        names = arrays.pop(NAMES, None)
        told = message.fields
        error = Error(told.get("error", ""), told.get("place", ""), told.get("function", ""))
        return Made(
            answer=Answer(arrays, failure, told.get("message", ""), error=error),
            loss=None if loss is None else float(loss),
            names=None if names is None else frozenset(names.tolist()),
        )

    def put(self, where: str, made: Made) -> None:
        """Store an entry. If it cannot be stored, it is computed again the next time."""
        message = encode(_as_message(made))
        frame = message[LENGTH:]
        row = (where, frame, _today())
        command = "INSERT OR REPLACE INTO answers VALUES (?, ?, ?)"
        with self._lock, suppress(sqlite3.Error), self._connection:
            self._connection.execute(command, row)

    def add_seed(self, unit: str, seed: int) -> None:
        """Record that the store holds all answers of a unit on a secret seed."""
        command = "INSERT OR IGNORE INTO seeds VALUES (?, ?)"
        with self._lock, self._connection:
            self._connection.execute(command, (unit, seed))

    def seeds(self, unit: str) -> list[int]:
        """List the secret seeds for which the store holds all answers of a unit."""
        query = "SELECT seed FROM seeds WHERE unit = ? ORDER BY seed"
        with self._lock:
            rows = self._connection.execute(query, (unit,))
            return [seed for (seed,) in rows]

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()


# stored beside an experiment's arrays, whose names have no spaces
LOSS = "loss of these weights"
NAMES = "names that ran"
LENGTH = 8  # bytes before a frame that hold its length
SECONDS_OF_A_DAY = 86_400


def _as_message(made: Made) -> Message:
    """Encode an entry as the wire does."""
    answer = made.answer
    facts = {
        "failure": answer.failure,
        "message": answer.message,
        "error": answer.error.words,
        "place": answer.error.place,
        "function": answer.error.function,
    }
    arrays = dict(answer.arrays)
    if made.loss is not None:
        arrays[LOSS] = np.array(made.loss)
    if made.names is not None:
        names = sorted(made.names)
        arrays[NAMES] = np.array(names, dtype=np.str_)
    return Message(facts, arrays)


def _today() -> int:
    """Count the days since 1970."""
    days = time.time() // SECONDS_OF_A_DAY
    return int(days)


def _opened(path: Path) -> sqlite3.Connection:
    """Open a store's file, which only its owner may read; remove old answers."""
    if path == default_path():
        if private_folder() is None:
            raise PermissionError(f"others can open {path.parent}")
    else:
        path.parent.mkdir(parents=True, exist_ok=True)
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    os.chmod(path, 0o600)
    connection = sqlite3.connect(path, timeout=WAIT, check_same_thread=False)
    try:
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        is_of_another = version not in (0, FORMAT)
        is_cache = path == default_path()  # others were made intentionally
        if is_of_another and not is_cache:
            raise OtherVersion(
                f"{path} was made by another version of the autograder. Use that version, or name "
                "a new file."
            )
        _make_ready(connection, is_of_another)
        if is_cache:
            with connection:
                connection.execute("DELETE FROM answers WHERE day < ?", (_today() - KEPT_DAYS,))
    except (sqlite3.Error, OtherVersion):
        connection.close()
        raise
    return connection


def _make_ready(connection: sqlite3.Connection, is_of_another: bool) -> None:
    """Create an opened file's tables, and let several processes read and write at once.

    is_of_another: whether another version made those that are there, which are removed.
    """
    if is_of_another:
        connection.executescript("DROP TABLE IF EXISTS answers; DROP TABLE IF EXISTS seeds;")
    _write_ahead(connection)
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.executescript(SCHEMA)


def _write_ahead(connection: sqlite3.Connection) -> None:
    """Switch to a write-ahead log.

    SQLite does not wait here for another process that is about to do the same.
    """
    until = time.monotonic() + WAIT
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError:
            if time.monotonic() > until:
                raise
            time.sleep(0.01)


def _in_memory() -> sqlite3.Connection:
    connection = sqlite3.connect(":memory:", check_same_thread=False)
    connection.executescript(SCHEMA)
    return connection
