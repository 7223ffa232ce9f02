"""Hostile folders: names, links, times, kinds of files and zips, as hypothesis draws them.

Each is made on disk and graded by the real command, in this process and with one server for all.
Whatever lies there, the honest have their grades, every other submission has a result in words, and
the run ends as it should.
"""

import json
import os
import socket
import tempfile
import unicodedata
import warnings
import zipfile
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
import small
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from autograder.cli import main
from autograder.grading import context
from autograder.grading.results import stored_results
from autograder.grading.submissions import MAX_FILE, find_submissions

pytestmark = pytest.mark.proof

HONEST = {"ada": small.half_solved(), "Zoë": small.solved("m01")}
SEED = str(small.SEED)


@dataclass(frozen=True)
class Entry:
    """What somebody has handed in: its name, what lies in the script's place, its time, a stamp."""

    name: str
    kind: str
    content: bytes
    time: int
    stamp: bytes
    flat: bool


# ---- what is drawn

ODD = [
    "ADA",
    "Ada",
    "zoe\u0308",
    "ＡＤＡ",
    "ada.",
    " ada",
    "ada~0123456789abcdef",
    "ada.py",
    ".",
    "~",
    "-j",
    "--out",
    "*",
    "a\\b",
]
ODD += [
    "a\nb",
    "a\x1b[31mb",
    "\x1b]0;owned\x07",
    "\u202eevil",
    "\ufeffada",
    "%00",
    "<script>",
    "n" * 250,
    "é" * 120,
]
ODD += [small.UNIT, "pages", "run.txt", ".lock", "results.json", "con", "{{ 7 * 7 }}"]
RAW = st.binary(min_size=1, max_size=40).map(os.fsdecode)  # most of these are no UTF-8
NAMES = st.one_of(st.sampled_from(ODD), RAW, st.text(min_size=1, max_size=20))
KINDS = ["file"] * 6 + [
    "none",
    "folder",
    "link",
    "loop",
    "dangling",
    "pipe",
    "socket",
    "huge",
    "unit link",
    "unit loop",
]
KINDS += ["unit file", "student link", "student loop"]
CONTENTS = [
    b"",
    b"\0",
    b"\xff\xfe",
    b"{",
    b'{"cells": 1}',
    b'{"cells": [1, null, {}]}',
    b"(" * 9_000,
    b"[" * 90_000,
]
CONTENTS += [
    b"# %%\n" * 9_000,
    b"def double(x): return '\\e\\d'\n" * 900,
    b"\r\r\n",
    b"# -*- coding: utf-7 -*-\n+AD0-",
]
CONTENTS += [
    b'{"cells": [' + b"{}," * 9_000 + b"{}]}",
    b"x" * 90_000,
    b"-" * 9_000 + b"1",
    b"raise ValueError('\x1b[31m')",
]
TIMES = st.one_of(
    st.sampled_from([0, 10**9, -(10**9), 2**31, 2**33, 253402300800, 10**12, -(10**11)]),
    st.integers(-(2**40), 2**40),
)
STAMPS = st.sampled_from(
    [
        b"",
        b"\xff",
        b"2026-02-03 12:00:00 UTC",
        b"9999-12-31 23:59:59-23:59",
        b"0001-01-01 00:00:00+23:59",
    ]
)
ENTRIES = st.builds(
    Entry,
    NAMES,
    st.sampled_from(KINDS),
    st.one_of(st.sampled_from(CONTENTS), st.binary(max_size=200)),
    TIMES,
    STAMPS,
    st.booleans(),
)


def put(folder: Path, entry: Entry) -> None:
    """Hand in an entry; what this file system cannot hold is left out."""
    name = entry.name.replace("/", "_").replace("\0", "_")
    with suppress(
        OSError, OverflowError
    ):  # too long, there already, `.`; a time that it cannot hold
        if entry.flat:
            (folder / f"{name}.py").write_bytes(entry.content)
            return
        if entry.kind in ("student link", "student loop"):
            (folder / name).symlink_to("ada" if entry.kind == "student link" else name)
            return
        (folder / name).mkdir()
        if entry.kind in ("unit link", "unit loop", "unit file"):
            _put_unit(folder / name / small.UNIT, entry)
            return
        home = folder / name / small.UNIT
        home.mkdir()
        if entry.stamp:
            (home / "timestamp.txt").write_bytes(entry.stamp)
        path = home / f"{small.UNIT}{'.ipynb' if entry.content[:1] == b'{' else '.py'}"
        _put_script(path, entry)
        os.utime(path, (entry.time, entry.time), follow_symlinks=False)


def _put_unit(unit: Path, entry: Entry) -> None:
    if entry.kind == "unit file":
        unit.write_bytes(entry.content)
    else:
        unit.symlink_to(f"../../ada/{small.UNIT}" if entry.kind == "unit link" else small.UNIT)


def _put_script(path: Path, entry: Entry) -> None:
    match entry.kind:
        case "file":
            path.write_bytes(entry.content)
        case "folder":
            path.mkdir()
        case "link":
            path.symlink_to("/etc/passwd")
        case "loop":
            path.symlink_to(path.name)
        case "dangling":
            path.symlink_to("nowhere")
        case "pipe":
            os.mkfifo(path)
        case "socket":
            with socket.socket(socket.AF_UNIX) as listening:
                listening.bind(str(path))
        case "huge":
            path.touch()
            os.truncate(path, MAX_FILE + 1)


# ---- how it is graded


@pytest.fixture(scope="module")
def grade(server):
    """Grade a folder or zip by the real command, each time with the same server.

    What came of it.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(context, "_server", lambda _: server)
        patch.setenv("AUTOGRADER_COURSE", str(small.COURSE.folder))
        patch.setenv("COLUMNS", "200")
        yield lambda *arguments: CliRunner().invoke(
            main, ["grade", *map(str, arguments), "--seed", SEED, "--quick"]
        )


@pytest.fixture(scope="module")
def base():
    """A folder in memory where there is one: it is quick, and files can have any time."""
    memory = Path("/dev/shm")
    place = memory if os.access(memory, os.W_OK) else None
    with tempfile.TemporaryDirectory(dir=place, prefix="autograder-test-") as folder:
        yield Path(folder)


@contextmanager
def a_folder(base):
    """An empty folder, which is gone afterwards."""
    with tempfile.TemporaryDirectory(dir=base) as folder:
        yield Path(folder)


@pytest.fixture(scope="module")
def honest(grade, base):
    """The grades that the honest have alone: what the LMS calls them → points of each check."""
    folder = base / "honest"
    hand_in_honest(folder / "class")
    assert grade(folder / "class", "--out", folder / "out").exit_code == 0
    return points(folder / "out")


def hand_in_honest(folder):
    for student, script in HONEST.items():
        small.submit(folder, student, script)


def points(out):
    return {
        result.lms_name: [verdict.earned for verdict in result.verdicts]
        for result in stored_results(out)
    }


SOME = settings(
    max_examples=100, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True
)


@SOME
@given(st.lists(ENTRIES, min_size=1, max_size=6), st.booleans())
def test_whatever_lies_in_a_folder_costs_nobody_else_a_grade(grade, honest, base, entries, flat):
    """Every submission that is found has a result, in words.

    The honest have theirs; exit code 0; twice.
    """
    options = ["--unit", small.UNIT, "--timestamps"] if flat else []
    with a_folder(base) as folder:
        hand_in_honest(folder / "class")
        for entry in entries:
            put(folder / "class", entry)
        for _ in range(2):
            done = grade(folder / "class", "--out", folder / "out", *options)
            assert done.exit_code == 0, (done.output, done.exception)
            assert_every_result_is_in_words(done, folder / "out", honest)
        found = find_submissions(small.COURSE, folder / "class", small.UNIT if flat else None)
        assert len(stored_results(folder / "out")) == len(found)


CHANGES = st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), max_size=3)


@settings(SOME, max_examples=40)
@given(
    st.lists(st.tuples(NAMES, st.sampled_from(CONTENTS), st.integers(0, 2**32 - 1)), max_size=5),
    CHANGES,
)
def test_a_zip_is_graded_or_refused_in_a_sentence(grade, honest, base, entries, changes):
    """Whatever its entries are called, and whichever bytes are changed: exit code 0 or 2."""
    with a_folder(base) as folder:
        archive = folder / "class.zip"
        write_zip(archive, entries)
        content = bytearray(archive.read_bytes())
        for place, byte in changes:
            content[int(place * len(content))] = byte
        archive.write_bytes(content)
        done = grade(archive, "--out", folder / "out")
        assert done.exit_code in (0, 2), (done.output, done.exception)
        assert_no_control(done.output)
        if done.exit_code == 2:
            assert str(archive) in done.output or "No submission found" in done.output
            assert not list((folder / "out").glob("*/*.json"))
        elif not changes and not entries:
            assert points(folder / "out") == honest


def write_zip(archive, entries):
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
        for student, script in HONEST.items():
            packed.writestr(f"{student}/{small.UNIT}/{small.UNIT}.py", script)
        for name, content, date in entries:
            with (
                suppress(UnicodeEncodeError),
                warnings.catch_warnings(),
            ):  # a zip's names are Unicode
                warnings.simplefilter("ignore")  # of two entries of one name
                packed.writestr(_dated(f"{name}/{small.UNIT}/{small.UNIT}.py", date), content)


def _dated(name, date):
    """An entry with any date that the format can hold, the impossible ones among them."""
    entry = zipfile.ZipInfo(name)
    high, low = date >> 16, date & 0xFFFF
    entry.date_time = (
        1980 + (high >> 9),
        (high >> 5) & 15,
        high & 31,
        low >> 11,
        (low >> 5) & 63,
        2 * (low & 31),
    )
    return entry


# ---- what must be so


def assert_every_result_is_in_words(done, out, honest):
    """Assert that what was printed and each result is text, and that honest students lost nothing.

    honest: student → points.
    """
    assert_no_control(done.output)
    results = stored_results(out)
    for result in results:
        texts = [result.note]
        for verdict in result.verdicts:
            assert verdict.status == "passed" or verdict.remarks
            texts.extend(remark.text for remark in verdict.remarks)
        assert_no_control("".join(texts))
        assert result.student.isprintable()
        assert result.known_as.isprintable()
        assert (out / "pages" / result.unit / f"{result.student}.html").is_file()
    earned = points(out)
    assert {name: earned[name] for name in honest} == honest
    assert len(list(out.glob("*/*.json"))) == len(results)  # all can be read back
    names = {unicodedata.normalize("NFKC", result.student).casefold() for result in results}
    assert len(names) == len(results)
    json.dumps([result.lms_name for result in results]).encode()


def assert_no_control(text):
    assert all(
        c.isprintable() or c in "\n\xa0" or unicodedata.category(c) in ("Zs", "Cn", "Co")
        for c in text
    ), ascii(text)
