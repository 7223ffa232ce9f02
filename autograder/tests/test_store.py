"""The store of answers: entries persist through parallel runs and kills."""

import os
import signal
import sqlite3
import stat
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pytest

from autograder.check import Answer, Failure
from autograder.grading.store import (
    FORMAT,
    KEPT_DAYS,
    AnswerStore,
    Made,
    OtherVersion,
    address,
    default_path,
    private_folder,
)

ARRAYS = {
    "sums": np.arange(6.0).reshape(2, 3),
    "count": np.array(3),
    "name": np.array(["ada", "é"]),
}


@pytest.fixture
def path(tmp_path, monkeypatch):
    """Set the place of the user's store."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return default_path()


def test_what_is_kept_comes_back(path):
    """A reopened store returns arrays of numbers and text, failures, a loss and names."""
    kept = {
        address("a"): Made(Answer(ARRAYS), None, frozenset({"double", "np"})),
        address("b"): Made(Answer(failure=Failure.RAISED, message="line 3: ValueError")),
        address("c"): Made(Answer({"w": np.ones(2, np.float32)}), 0.25),
    }
    store = AnswerStore(path)
    for where, made in kept.items():
        store.put(where, made)
    store.close()
    later = AnswerStore(path)
    for where, made in kept.items():
        found = later.get(where)
        assert (found.loss, found.names) == (made.loss, made.names)
        assert (found.answer.failure, found.answer.message) == (
            made.answer.failure,
            made.answer.message,
        )
        assert found.answer.arrays.keys() == made.answer.arrays.keys()
        for name, array in made.answer.arrays.items():
            assert found.answer.arrays[name].dtype == array.dtype
            np.testing.assert_array_equal(found.answer.arrays[name], array)
    assert later.get(address("d")) is None
    later.close()


def test_another_version_that_takes_the_tables_away_ends_no_grading(path):
    """If another version drops the tables, grading recomputes the answers."""
    store = AnswerStore(path)
    store.put(address("a"), Made(Answer(ARRAYS)))
    with sqlite3.connect(path) as other:
        other.execute("DROP TABLE answers")
    other.close()
    assert store.get(address("a")) is None
    store.put(address("a"), Made(Answer(ARRAYS)))
    store.close()


def test_an_address_is_of_all_its_parts_and_their_borders():
    """An entry's key separates its parts, so that none runs into the next."""
    assert len({address("a", "b"), address("ab"), address("a", "b", ""), address("b", "a")}) == 4


def test_only_its_owner_can_read_it(path):
    """Only its owner can read a store, whatever the umask, because it holds answers."""
    before = os.umask(0)
    try:
        store = AnswerStore(path)
        store.put(address("a"), Made(Answer(ARRAYS)))
        files = list(path.parent.iterdir())
        assert path in files
        assert [stat.S_IMODE(file.stat().st_mode) & 0o077 for file in files] == [0] * len(files)
        store.close()
    finally:
        os.umask(before)


def test_old_answers_are_removed_and_a_store_of_another_format_is_begun_anew(path):
    """Old answers are removed, and a store of another format is started again.

    So it does not grow for ever, and no version misreads another's entries.
    """
    store = AnswerStore(path)
    store.put(address("old"), Made(Answer(ARRAYS)))
    store.put(address("new"), Made(Answer(ARRAYS)))
    store.close()
    with sqlite3.connect(path) as connection:
        connection.execute(
            "UPDATE answers SET day = day - ? WHERE address = ?", (KEPT_DAYS + 1, address("old"))
        )
    connection.close()
    store = AnswerStore(path)
    assert (store.get(address("old")), store.get(address("new")) is None) == (None, False)
    store.close()
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    store = AnswerStore(path)
    assert store.get(address("new")) is None
    store.close()


def test_a_pool_of_another_version_is_kept(path, tmp_path):
    """Its seeds and keys cannot be made again; those of a cache can."""
    pool = tmp_path / "pool.sqlite"
    store = AnswerStore(pool)
    store.put(address("a"), Made(Answer(ARRAYS)))
    store.close()
    for version in (99, FORMAT):
        with sqlite3.connect(pool) as connection:
            connection.execute(f"PRAGMA user_version = {version}")
        connection.close()
        if version == 99:
            with pytest.raises(OtherVersion, match="made by another version of the autograder"):
                AnswerStore(pool)
    store = AnswerStore(pool)
    assert store.get(address("a"))
    store.close()


@pytest.mark.parametrize("damage", ["a folder", "no database", "read only"])
def test_where_no_store_can_be_kept_grading_goes_on_without(path, damage):
    """Without a writable store, answers are kept in memory for the run."""
    path.parent.mkdir(parents=True)
    if damage == "a folder":
        path.mkdir()
    elif damage == "no database":
        path.write_bytes(b"not a database" * 1000)
    else:
        path = path.parent / "file" / "answers.sqlite"
        (path.parent).write_text("a file, where a folder should be")
    store = AnswerStore(path)
    store.put(address("a"), Made(Answer(ARRAYS)))
    assert store.where == "memory"
    assert store.get(address("a")) is not None
    store.close()


def test_what_is_torn_is_computed_again(path):
    """An unreadable entry is computed again."""
    store = AnswerStore(path)
    store.put(address("a"), Made(Answer(ARRAYS)))
    store.close()
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE answers SET frame = substr(frame, 1, 40)")
    connection.close()
    store = AnswerStore(path)
    assert store.get(address("a")) is None
    store.close()


WRITER = """
import sys
from pathlib import Path
import numpy as np
from autograder.check import Answer
from autograder.grading.store import AnswerStore, Made, address
store = AnswerStore(Path(sys.argv[1]))
for number in range(100_000):
    store.put(address(sys.argv[2], str(number)), Made(Answer({"x": np.full(500, number)})))
    print(number, flush=True)
"""


def test_writers_side_by_side_that_are_killed_leave_whole_answers(path):
    """kill -9 during parallel writing leaves only complete entries."""
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, str(path), name], stdout=subprocess.PIPE, text=True
        )
        for name in ("one", "two")
    ]
    written = {}
    for writer in writers:  # both are writing, however slow the machine is
        for _ in range(5):
            writer.stdout.readline()
    for writer, name in zip(writers, ("one", "two"), strict=True):
        writer.send_signal(signal.SIGKILL)
        lines = writer.communicate()[0].split("\n")
        written[name] = 5 + len([line for line in lines[:-1] if line])
    store = AnswerStore(path)
    assert store.where == str(path)
    for name, count in written.items():
        assert count > 3
        for number in range(count):
            assert (
                store.get(address(name, str(number))).answer.arrays["x"].tolist() == [number] * 500
            )
    store.close()


OPENER = """
import sys
import time
from pathlib import Path
from autograder.grading.store import AnswerStore
folder, begin = Path(sys.argv[1]), float(sys.argv[2])
for number in range(30):
    time.sleep(max(0, begin + number * 0.05 - time.time()))
    store = AnswerStore(folder / f"{number}.sqlite")
    print(store.where != "memory")
    store.close()
"""


def test_two_that_make_a_store_at_the_same_moment_both_have_it(tmp_path):
    """Two processes that create a store at the same moment both get it.

    SQLite refuses the second one that switches a file to a write-ahead log.
    """
    command = [sys.executable, "-c", OPENER, str(tmp_path), str(time.time() + 1.5)]
    openers = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    assert [opener.communicate()[0].split() for opener in openers] == [["True"] * 30] * 2


# ---- other users of this machine

OTHER_USER = 54_321


@pytest.fixture
def shared(monkeypatch):
    """Make a cache as an earlier release did, in a place that all users can reach."""
    with tempfile.TemporaryDirectory() as place:
        monkeypatch.setenv("XDG_CACHE_HOME", place)
        templates = Path(place) / "autograder" / "templates"
        templates.mkdir(parents=True)
        for folder in (Path(place), templates.parent, templates):
            folder.chmod(0o777)
        yield templates


def as_another(command):
    """Run a shell command as another user. Return whether it succeeded."""
    done = subprocess.run(
        ["/bin/sh", "-c", command],
        user=OTHER_USER,
        group=OTHER_USER,
        extra_groups=[],
        cwd="/",
        capture_output=True,
    )
    return done.returncode == 0


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="needs two users")
def test_another_user_reads_and_changes_nothing_of_a_cache(shared):
    """Another user can neither read answers and code in a cache nor change them.

    Files that such a user left there before are removed.
    """
    planted = shared / "__jinja2_planted.cache"
    assert as_another(f"echo planted > {planted}")
    assert private_folder("templates") == shared
    AnswerStore(default_path()).close()
    assert not planted.exists()
    assert default_path().exists()
    for attempt in (
        f"ls {shared}",
        f"ls {shared.parent}",
        f"cat {default_path()}",
        f"echo planted > {planted}",
        f"mv {shared} {shared}2",
    ):
        assert not as_another(attempt), attempt


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="needs two users")
def test_a_cache_that_is_another_users_is_not_used(shared):
    """A cache owned by another user is not loaded, and answers are kept in memory."""
    os.chown(shared.parent, OTHER_USER, OTHER_USER)
    assert private_folder("templates") is None
    assert AnswerStore(default_path()).where == "memory"


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="needs two users")
def test_a_link_of_another_user_is_not_followed(shared):
    """Another user's link is not followed, because they may change its target.

    One's own link, to a larger disk for example, is.
    """
    shared.rmdir()
    elsewhere = shared.parent / "elsewhere"
    elsewhere.mkdir()
    shared.symlink_to(elsewhere)
    assert private_folder("templates") == shared
    os.chown(shared, OTHER_USER, OTHER_USER, follow_symlinks=False)
    assert private_folder("templates") is None
