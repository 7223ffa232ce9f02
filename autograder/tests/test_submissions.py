"""Submissions as they arrive: folders, zips, names, files, times."""

import os
import shutil
import socket
import tempfile
import unicodedata
import zipfile
from datetime import datetime
from pathlib import Path

import pytest
import small
from hypothesis import given
from hypothesis import strategies as st

from autograder.grading import submissions
from autograder.grading.results import digest
from autograder.grading.submissions import (
    NothingToGrade,
    Submitted,
    find_submissions,
    plain_names,
    read_file,
    time_of,
    unpack,
)

FILE = f"{small.UNIT}/{small.UNIT}"


def found(folder, unit=None):
    """Return what is found in a folder: student, unit, and the file's name or the error."""
    entries = find_submissions(small.COURSE, folder, unit)
    told = [entry.path.name if entry.path else entry.note for entry in entries]
    return [(entry.student, entry.unit, what) for entry, what in zip(entries, told, strict=True)]


def write(path, text="x = 1"):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def test_each_student_has_a_folder_and_each_unit_a_folder_in_it(tmp_path):
    """Scripts and notebooks are found by unit and student in nested folders.

    Other files are skipped.
    """
    for name in (
        f"eve/{FILE}.py",
        f"ada/{FILE}.ipynb",
        "ada/words/words.py",
        "ada/other/other.py",
        "flat.py",
    ):
        write(tmp_path / name)
    assert found(tmp_path) == [
        ("ada", small.UNIT, f"{small.UNIT}.ipynb"),
        ("eve", small.UNIT, f"{small.UNIT}.py"),
        ("ada", "words", "words.py"),
    ]


def test_an_unchanged_starter_file_does_not_count_beside_a_notebook(tmp_path):
    """A student of nbgrader finished the notebook, and left the script as it was."""
    starter = small.COURSE.stub(small.UNIT).read_text()
    for student, script in (("ada", starter), ("bob", starter + "x = 1\n"), ("cy", starter)):
        write(tmp_path / student / f"{FILE}.py", script)
        if student != "cy":
            write(tmp_path / student / f"{FILE}.ipynb")
    names = [Path(what).suffix for _, _, what in found(tmp_path)]
    assert names == [".ipynb", ".py", ".py"]


def test_a_flat_folder_is_read_where_the_unit_is_named(tmp_path):
    """With a named unit, `<student>.py` in a flat folder is read.

    A student's folder precedes a flat file, a script a notebook.
    """
    for name in (f"ada/{FILE}.py", "ada.py", "bob.ipynb", "bob.py", "notes.txt"):
        write(tmp_path / name)
    assert found(tmp_path, small.UNIT) == [
        ("ada", small.UNIT, f"{small.UNIT}.py"),
        ("bob", small.UNIT, "bob.py"),
    ]


def test_a_unit_folder_without_its_file_is_told_to_its_owner(tmp_path):
    """A unit's folder without its file gives a result that says what was expected."""
    write(tmp_path / "ada" / small.UNIT / "Untitled.ipynb")
    ((student, _, note),) = found(tmp_path)
    assert student == "ada"
    assert note == f"no {small.UNIT}.py or {small.UNIT}.ipynb in the folder ada/{small.UNIT}."


def test_links_to_folders_are_not_followed(tmp_path):
    """A linked folder of a student or a unit is not followed: it may lead to another's work."""
    write(tmp_path / "class" / "ada" / f"{FILE}.py")
    (tmp_path / "class" / "eve").symlink_to("ada")
    (tmp_path / "class" / "mallory").mkdir()
    theirs = tmp_path / "class" / "ada" / small.UNIT
    (tmp_path / "class" / "mallory" / small.UNIT).symlink_to(theirs)
    assert [student for student, _, _ in found(tmp_path / "class")] == ["ada"]


@pytest.mark.parametrize("what", ["missing", "empty", "flat", "unreadable"])
def test_a_folder_without_submissions_is_told_in_words(tmp_path, monkeypatch, what):
    """For a folder without submissions the message says what was expected and what to do."""
    words = {
        "missing": "There is no folder",
        "empty": "No submission found. Looked for",
        "flat": "say which unit with --unit",
        "unreadable": "cannot be read: Permission denied",
    }
    folder = tmp_path / "class"
    if what != "missing":
        folder.mkdir()
    if what == "flat":
        write(folder / "ada.py")
    if what == "unreadable":
        monkeypatch.setattr(submissions.os, "scandir", refuse)
    with pytest.raises(NothingToGrade, match=words[what]):
        find_submissions(small.COURSE, folder)


def refuse(_):
    raise PermissionError(13, "Permission denied")


# ---- names


COLLIDING = [
    "ada",
    "Ada",
    "ADA",
    "é",
    "e\u0301",
    "É",
    "ﬁ",
    "fi",
    "..x",
    ".hidden",
    "a\nb",
    "a\tb",
    "n" * 240,
]
COLLIDING += ["n" * 239 + "m", "\u202eevil", "a_b~" + digest(b"a\nb")[:16], "straße", "STRASSE"]


def test_names_that_collide_lose_nothing(tmp_path):
    """All results survive colliding names.

    Names collide by case, Unicode forms, dots, length, newlines, or by looking like changed ones.
    """
    submitted = tmp_path / "class"
    out = tmp_path / "out"
    for name in COLLIDING:
        small.submit(submitted, name, small.half_solved())
    done = small.run_command("grade", submitted, "--out", out, "--quick")
    assert done.returncode == 0, done.stderr
    stored = [path.name for path in (out / small.UNIT).glob("*.json")]
    folded = {unicodedata.normalize("NFKC", name).casefold() for name in stored}
    assert len(stored) == len(COLLIDING)
    assert len(folded) == len(COLLIDING)
    pages = list((out / "pages" / small.UNIT).glob("*.html"))
    assert len(pages) == len(COLLIDING)
    for name in stored:
        assert len(name.encode()) < 130
        assert name.isprintable()


def test_a_name_is_kept_where_nothing_is_wrong_with_it():
    """A valid name is kept, with spaces, letters of any script and accents.

    A changed name ends in a checksum of the original.
    """
    kept = ["ada lovelace", "Ленин", "x+y@school.edu", "O'Neil"]
    assert plain_names([*kept, "a\nb"]) == {
        **{name: name for name in kept},
        "a\nb": f"a_b~{digest(b'a' + bytes([10]) + b'b')[:16]}",
    }


def test_the_first_keeps_her_name_when_another_hands_in_under_a_like_one():
    """Of two colliding names, the one with a result keeps it, else the one in lower case."""
    assert plain_names(["ada", "ADA"])["ada"] == "ada"
    for dots in ("..", ".", ".hidden"):  # `..` would be the folder above
        assert plain_names([dots])[dots].startswith(f"_{dots[1:]}~")
    assert plain_names(["ada", "ADA"], taken=["ada"])["ada"] == "ada"
    both = plain_names(["ada", "ADA"], taken=["ADA"])
    assert both["ADA"] == "ADA"
    assert both["ada"].startswith("ada~")
    # her file would be the other's
    assert plain_names(["ada"], taken=["ADA"])["ada"].startswith("ada~")


ALIKE = st.text("aA\u00e9e\u0301\ufb01 i~0\n\\", max_size=4).map(
    lambda name: name.replace("~", "~0123456789abcdef")
)


@given(st.sets(ALIKE, min_size=1, max_size=8), st.sets(ALIKE, max_size=3))
def test_no_two_students_share_a_file_or_a_name_in_a_gradebook(names, taken):
    """Results and gradebook rows of two students never collide, even if case is ignored."""
    borne = {plain for name, plain in plain_names(taken).items() if plain == name}
    plain = plain_names(names, borne)
    files = {*plain.values(), *borne}
    folded = {unicodedata.normalize("NFKC", name).casefold() for name in files}
    assert len(folded) == len(files)
    in_gradebook = set()
    for name in names:
        again = submissions.renamed(Submitted(name, "unit", None), plain[name])
        assert again.known_as in ("", name)
        in_gradebook.add(again.known_as or again.student)
    assert len(in_gradebook) == len(names)


def test_nobody_is_called_everybody(tmp_path):
    """`*` stands for the whole class where points are given by hand."""
    write(tmp_path / f"*/{FILE}.py")
    (found,) = find_submissions(small.COURSE, tmp_path)
    assert "*" not in (found.student, found.known_as)


def test_a_folder_whose_letters_are_taken_apart_is_the_same_student(tmp_path):
    """As a zip from macOS has them; a roster has the letters whole."""
    apart, whole = (unicodedata.normalize(form, "Jürgen") for form in ("NFD", "NFC"))
    write(tmp_path / f"{apart}/{FILE}.py")
    (found,) = find_submissions(small.COURSE, tmp_path)
    assert (found.known_as or found.student) == whole
    write(tmp_path / f"{whole}/{FILE}.py")  # then they are two
    names = {one.known_as or one.student for one in find_submissions(small.COURSE, tmp_path)}
    assert names == {apart, whole}


def test_a_student_is_called_the_same_whichever_unit_is_asked_for(tmp_path):
    """A student's file name is the same for every unit, even if names collide across units.

    `ADA` has submitted another unit than `ada`.
    """
    write(tmp_path / f"ADA/{FILE}.py")
    write(tmp_path / "ada/words/words.py")
    of_all_units = {
        (entry.unit, entry.student) for entry in find_submissions(small.COURSE, tmp_path)
    }
    of_each_unit = set()
    for unit in (small.UNIT, "words"):
        for entry in find_submissions(small.COURSE, tmp_path, unit):
            of_each_unit.add((entry.unit, entry.student))
    assert of_each_unit == of_all_units
    assert ("words", "ada") in of_all_units


# ---- files


def test_what_is_no_plain_file_is_refused_and_never_waited_for(tmp_path):
    """A link, folder, pipe, socket or oversized file is refused without waiting."""
    write(tmp_path / "secret")
    (tmp_path / "link").symlink_to("secret")
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    with open(tmp_path / "large", "wb") as file:
        file.truncate(submissions.MAX_FILE + 1)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "socket"))
    before = len(os.listdir("/proc/self/fd"))
    for name in ("link", "folder", "pipe", "socket", "large"):
        with pytest.raises(ValueError, match=f"^{name} is (not a regular file|over 5 MB)"):
            read_file(tmp_path / name)
    assert len(os.listdir("/proc/self/fd")) == before
    assert read_file(tmp_path / "secret") == b"x = 1"


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("2026-02-03 12:00:00.250000 UTC", "2026-02-03T12:00:00+00:00"),
        ("2026-02-03 12:00:00+02:00\n", "2026-02-03T10:00:00+00:00"),
        ("2026-12-01 21:14:05.113", "2026-12-01T21:14:05+00:00"),  # of `nbgrader zip_collect`
        ("2026-12-01 21:14:05 +0100", "2026-12-01T20:14:05+00:00"),
        ("2026-12-01 21:14:05 Europe/Berlin", "2026-12-01T20:14:05+00:00"),
        ("2026-12-01 21:14:05 ../../etc/passwd", "2001-09-09T01:46:40+00:00"),
        ("yesterday", "2001-09-09T01:46:40+00:00"),
        (None, "2001-09-09T01:46:40+00:00"),
    ],
)
def test_the_time_of_a_submission_is_its_collectors_or_its_files(tmp_path, written, read):
    """The time is the collector's `timestamp.txt`, else the file's, in UTC.

    A student may have packed a `timestamp.txt` that the collector did not write.
    """
    write(tmp_path / "unit.py")
    os.utime(tmp_path / "unit.py", (10**9, 10**9))
    if written:
        write(tmp_path / "timestamp.txt", written)
    assert time_of(tmp_path / "unit.py", stamped=True) == read
    assert time_of(tmp_path / "unit.py") == "2001-09-09T01:46:40+00:00"


@pytest.mark.parametrize(
    ("seconds", "read"),
    [(10**12, "9999-12-31T23:59:59+00:00"), (-(10**11), "1970-01-01T00:00:00+00:00")],
)
def test_a_time_that_no_date_can_say_is_the_nearest_that_one_can(seconds, read):
    """A time beyond the range of dates becomes the nearest date.

    File systems in memory hold the year 33,658 and times before the first year.
    """
    if not os.access("/dev/shm", os.W_OK):
        pytest.skip("no file system in memory")
    with tempfile.NamedTemporaryFile(dir="/dev/shm") as file:
        os.utime(file.name, (seconds, seconds))
        assert time_of(Path(file.name)) == read


def test_a_file_that_is_gone_has_no_time(tmp_path):
    """A file that disappeared during grading has no time."""
    assert time_of(tmp_path / "unit.py") == ""


# ---- zips


def zipped(path, *entries):
    with zipfile.ZipFile(path, "w") as packed:
        for entry in entries:
            packed.writestr(entry, "x = 1")
    return path


def linked():
    entry = zipfile.ZipInfo("ada/link.py")
    entry.external_attr = 0o120777 << 16
    return entry


def test_a_zip_is_unpacked_as_its_folder_was(tmp_path):
    """A zip is unpacked to the folder that was packed, and read as one."""
    (tmp_path / "folder").mkdir()
    archive = zipped(tmp_path / "class.zip", f"ada/{FILE}.py", f"eve/{FILE}.ipynb")
    unpack(archive, tmp_path / "folder")
    assert [student for student, _, _ in found(tmp_path / "folder")] == ["ada", "eve"]


@pytest.mark.parametrize(
    "entries",
    [
        ("../out.py",),
        ("/tmp/out.py",),
        ("ada/../../out.py",),
        (linked(),),
        ("ada", "ada/unit.py"),  # a file and a folder of the same name
        ("n" * 300 + "/unit.py",),  # a name too long for a file
    ],
    ids=["out of it", "from the root", "round about", "a link", "twice", "long"],
)
def test_a_zip_that_cannot_be_a_folder_is_refused_in_words(tmp_path, entries):
    """An invalid zip is refused in one sentence that names it; nothing is written beside it."""
    (tmp_path / "folder").mkdir()
    with pytest.raises(NothingToGrade, match=r"class\.zip"):
        unpack(zipped(tmp_path / "class.zip", *entries), tmp_path / "folder")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["class.zip", "folder"]


@pytest.mark.parametrize("packing", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_zip_that_swells_when_it_is_read_is_refused_in_words(tmp_path, packing):
    """A zip with a method that Python decompresses all at once is refused.

    Its size cannot be checked piece by piece.
    """
    with zipfile.ZipFile(tmp_path / "class.zip", "w", packing) as packed:
        packed.writestr(f"ada/{FILE}.py", "x = 1\n")
    with pytest.raises(NothingToGrade, match=r"class\.zip"):
        unpack(tmp_path / "class.zip", tmp_path / "folder")


@pytest.mark.parametrize("content", [None, b"", b"no zip", "cut", "damaged"])
def test_what_is_no_zip_is_refused_in_words(tmp_path, content):
    """Files that are no zip are refused: missing, empty, other types, truncated, changed."""
    whole = zipped(tmp_path / "whole.zip", f"ada/{FILE}.py").read_bytes()
    if content == "cut":
        content = whole[: len(whole) // 2]
    if content == "damaged":
        content = whole.replace(b"x = 1", b"x = 2")
    if content is not None:
        (tmp_path / "class.zip").write_bytes(content)
    (tmp_path / "folder").mkdir()
    with pytest.raises(NothingToGrade, match=r"class\.zip"):
        unpack(tmp_path / "class.zip", tmp_path / "folder")


def test_a_zip_over_the_limits_is_refused_before_anything_is_written(tmp_path, monkeypatch):
    """A zip above a limit is refused before writing: files, total bytes, bytes of a file."""
    monkeypatch.setattr(submissions, "MAX_FILES", 2)
    monkeypatch.setattr(submissions, "MAX_TOTAL", 12)
    monkeypatch.setattr(submissions, "MAX_FILE", 7)
    (tmp_path / "folder").mkdir()
    for contents in (["x"] * 3, ["x" * 7] * 2, ["x" * 8]):
        with zipfile.ZipFile(tmp_path / "class.zip", "w") as packed:
            for number, content in enumerate(contents):
                packed.writestr(f"student{number}.py", content)
        with pytest.raises(NothingToGrade):
            unpack(tmp_path / "class.zip", tmp_path / "folder")
        assert list((tmp_path / "folder").iterdir()) == []


def test_a_zip_of_too_many_files_is_refused_before_they_are_listed(tmp_path, monkeypatch):
    """A zip with too many files is refused before they are listed.

    A listed million takes half a gigabyte. The count is right even where a header spans two chunks
    of the table of contents.
    """
    piece, header = 1 << 20, 46
    names = [f"{i:02d}" + "x" * (piece // 16 - header - 2) for i in range(17)]
    names[0] = names[0][:-2]
    zipped(tmp_path / "class.zip", *names)
    monkeypatch.setattr(submissions, "MAX_FILES", 16)
    monkeypatch.setattr(submissions.zipfile, "ZipFile", lambda _: pytest.fail("it was listed"))
    with pytest.raises(NothingToGrade, match="holds more than 16 files"):
        unpack(tmp_path / "class.zip", tmp_path)


def test_a_full_disk_is_told_in_words_where_a_zip_is_unpacked(tmp_path, monkeypatch):
    """A full disk while unpacking gives one sentence and no traceback."""

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(shutil, "copyfileobj", full)
    (tmp_path / "folder").mkdir()
    words = r"class\.zip cannot be unpacked: No space left on device\.$"
    with pytest.raises(NothingToGrade, match=words):
        unpack(zipped(tmp_path / "class.zip", "ada.py"), tmp_path / "folder")


def test_an_unpacked_file_has_the_time_of_its_entry(tmp_path):
    """An unpacked file has its entry's UTC time if there is one, else the packer's local time.

    It does not have the time of unpacking.
    """
    (tmp_path / "folder").mkdir()
    local = zipfile.ZipInfo(f"ada/{FILE}.py", (2026, 2, 3, 12, 0, 0))
    universal = zipfile.ZipInfo(f"bob/{FILE}.py", (2026, 2, 3, 12, 0, 0))
    universal.extra = b"\x01\x00\x02\x00ab" + b"UT\x05\x00\x01" + (10**9).to_bytes(4, "little")
    unpack(zipped(tmp_path / "class.zip", local, universal), tmp_path / "folder")
    here = datetime(2026, 2, 3, 12).timestamp()
    assert (tmp_path / f"folder/ada/{FILE}.py").stat().st_mtime == here
    assert time_of(tmp_path / f"folder/bob/{FILE}.py") == "2001-09-09T01:46:40+00:00"


@pytest.mark.parametrize("name", ["no month", "short field", "no UTF-8"])
def test_a_zip_with_odd_entries_is_unpacked_or_refused_in_words(tmp_path, name):
    """Odd entries are unpacked or refused in words.

    Examples: an invalid date, an extra field without a time, a name wrongly marked as UTF-8.
    """
    (tmp_path / "folder").mkdir()
    entry = zipfile.ZipInfo("ada/unit\u00e9.py", (2026, 2, 3, 12, 0, 0))
    if name == "short field":
        entry.extra = b"UT\x01\x00\x01"
    archive = zipped(tmp_path / "class.zip", entry)
    content = archive.read_bytes()
    if name == "no UTF-8":
        archive.write_bytes(content.replace("\u00e9".encode(), b"\xff\xff"))
        with pytest.raises(NothingToGrade, match=r"class\.zip is no zip file that can be read"):
            unpack(archive, tmp_path / "folder")
        return
    if name == "no month":
        date = (((2026 - 1980) << 9) | (2 << 5) | 3).to_bytes(2, "little")
        assert content.count(date) == 2
        archive.write_bytes(content.replace(date, (((2026 - 1980) << 9) | 3).to_bytes(2, "little")))
    unpack(archive, tmp_path / "folder")
    assert (tmp_path / "folder/ada/unit\u00e9.py").read_text() == "x = 1"
