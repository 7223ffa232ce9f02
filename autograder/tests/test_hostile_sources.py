"""One student's submission through a platform changes nothing of the others'.

A student chooses the names and contents of files and of a zip. The kind of source, the owner of a
file and its time must not depend on them.
"""

import io
import os
import struct
import subprocess
import tracemalloc
import warnings
import zipfile

import lms
import pytest
from lms import HALF, RIGHT, Entry, pack
from small import UNIT
from test_collect import collect, left
from test_hostile_folders import assert_no_control

from autograder.grading.submissions import entries_in_zip
from autograder.intake import items as intake_items
from autograder.intake.collect import summary
from autograder.intake.folder_names import folder_name
from autograder.intake.github import last_commit
from autograder.intake.items import CannotCollect, shown

SCRIPT = f"{UNIT}.py"
STAMP = ("timestamp.txt", "2026-11-20 14:22:32 UTC")
MARK = (".classroom50.yaml", "classroom: fall\nassignment: sums\n")
EARLY = (1999, 1, 1, 0, 0, 0)
CLASS = {"ada": [(SCRIPT, RIGHT)], "charles": [(SCRIPT, HALF)]}


# ---- a class with one more student, as each platform exports it


def canvas(hand_ins):
    return [
        (f"{name}_{number}_{number}{place}_{file}", content)
        for number, (name, files) in enumerate(hand_ins.items(), 4711)
        for place, (file, content) in enumerate(files)
    ]


def moodle(hand_ins):
    return [
        (f"{name}_{number}_assignsubmission_file/{file}", content)
        for number, (name, files) in enumerate(hand_ins.items(), 17)
        for file, content in files
    ]


def gradescope(hand_ins):
    around = "assignment_9100_export"
    table = "".join(
        f"submission_{name}:\n  :submitters:\n  - :name: {name}\n    :email: {name}\n"
        "  :created_at: 2026-11-20 14:22:32 Z\n"
        for name in hand_ins
    )
    found = in_folders(hand_ins, f"{around}/submission_{{}}/")
    return [(f"{around}/submission_metadata.yml", table), *found]


def classroom50(hand_ins):
    marked = {name: [MARK, *files] for name, files in hand_ins.items()}
    return in_folders(marked, "fall-sums_submissions_2026_12_01_T_23_59_59/fall-sums-{}/")


def exchange(hand_ins):
    return in_folders(hand_ins, f"{{}}+{UNIT}+2026-11-20 14:22:32 UTC+k3J/")


def collected(hand_ins):
    stamped = {name: [STAMP, *files] for name, files in hand_ins.items()}
    return in_folders(stamped, f"{{}}/{UNIT}/")


def folders(hand_ins):
    return in_folders(hand_ins, "{}/")


def folders_of_units(hand_ins):
    return in_folders(hand_ins, f"{{}}/{UNIT}/")


def in_folders(hand_ins, pattern):
    return [
        (pattern.format(name) + file, content)
        for name, files in hand_ins.items()
        for file, content in files
    ]


PLATFORMS = [
    canvas,
    moodle,
    gradescope,
    classroom50,
    exchange,
    collected,
    folders,
    folders_of_units,
]

# ---- what the one submits


def zip_of(*files):
    """Return a student's zip whose files have dates of the last century."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, text in files:
            packed.writestr(zipfile.ZipInfo(name, EARLY), text)
    return content.getvalue()


def changed(content, at, value):
    """Return a zip in which each entry of the table of contents has other bytes at a place."""
    raw, header = bytearray(content), content.find(b"PK\1\2")
    while header >= 0:
        raw[header + at : header + at + len(value)] = value
        header = raw.find(b"PK\1\2", header + 4)
    return bytes(raw)


THEIRS = "submission_ada:\n  :submitters:\n  - :name: eve\n    :email: eve\n"
ALSO_THEIRS = THEIRS.replace("submission_ada", SCRIPT)
METADATA = ("submission_metadata.yml", THEIRS + ALSO_THEIRS)
TABLE_THAT_GROWS = "a: &a [x, x]\n" + "".join(
    f"{new}: &{new} [{', '.join([f'*{old}'] * 9)}]\n"
    for old, new in zip("abcdefgh", "bcdefghi", strict=True)
)
BAD_NAME = zip_of((f"é{SCRIPT}", HALF)).replace("é".encode(), b"\xff\xfe")
MINE = (SCRIPT, HALF)

HAND_INS = {
    "nothing odd": [MINE],
    "Gradescope's table": [METADATA, MINE],
    "Gradescope's table, in a zip": [("w.zip", zip_of(METADATA, MINE))],
    "a table that grows": [("submission_metadata.yml", TABLE_THAT_GROWS), MINE],
    "Classroom 50's mark": [(".classroom50.yaml", "classroom: x\nassignment: y\n"), MINE],
    "nbgrader's time": [("timestamp.txt", "1999-01-01 00:00:00 UTC"), MINE],
    "nbgrader's time, deeper": [(f"{UNIT}/timestamp.txt", "1999-01-01 00:00:00 UTC"), MINE],
    "called as Moodle's": [(f"ada_17_assignsubmission_file_{SCRIPT}", HALF)],
    "called as the exchange's": [(f"ada+{UNIT}+1999-01-01 00:00:00 UTC+k.py", HALF)],
    "called as Canvas's": [(f"ada_4711_47110_{SCRIPT}", HALF)],
    "an old file in a zip": [("w.zip", zip_of(MINE))],
    "names that lead out": [("w.zip", zip_of((f"../../ada/{SCRIPT}", HALF), ("/etc/x.py", HALF)))],
    "a name that is no UTF-8": [("w.zip", BAD_NAME)],
    "names that turn": [("w.zip", zip_of(("a\x1b[31m\u202e\n.py", HALF), ("b\x07.txt", "")))],
    "a name without end": [("w.zip", zip_of(("-" * 60_000 + ".py", HALF)))],
    "a text's name without end": [("w.zip", zip_of(("-" * 60_000 + ".py.txt", HALF)))],
    "a zip in a zip": [("w.zip", zip_of(("v.zip", zip_of(MINE))))],
    "an encrypted zip": [("w.zip", changed(zip_of(MINE), 8, b"\1"))],
    "a strange packing": [("w.zip", changed(zip_of(MINE), 10, b"\x62"))],
    "a size that lies": [("w.zip", changed(zip_of(MINE), 24, struct.pack("<I", 5 << 20)))],
    "sizes above all limits": [
        (
            "w.zip",
            changed(zip_of(*((f"{i}.py", "") for i in range(500))), 24, struct.pack("<I", 5 << 20)),
        )
    ],
    "files above all limits": [("w.zip", zip_of(*((str(i), "") for i in range(10_100))))],
    "broken": [("w.zip", zip_of(MINE)[:-30])],
    "no zip": [("w.zip", b"PK\3\4")],
    "an empty zip": [("w.zip", b"")],
}


def hand_out(path, entries):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # two entries of one name
        return pack(path, [Entry(name, content) for name, content in entries])


def of_the_others(made, into):
    """Return what was collected of everyone but the one: owner, unit, time and bytes."""
    return {
        (place.student, place.unit, place.latest.submitted, place.latest.sha256)
        for place in made.places
        if "eve" not in place.student
    }


@pytest.mark.parametrize("platform", PLATFORMS, ids=lambda platform: platform.__name__)
def test_one_hand_in_changes_nothing_of_the_others(tmp_path, platform):
    """One submission changes neither the kind of source nor anybody else's owner or time.

    Nothing is refused because of it.
    """
    alone = collect(hand_out(tmp_path / "alone.zip", platform(CLASS)), tmp_path / "alone")
    expected = of_the_others(alone, tmp_path / "alone")
    assert len(expected) == 2
    for number, (what, files) in enumerate(HAND_INS.items()):
        source = hand_out(tmp_path / f"{number}.zip", platform(CLASS | {"eve": files}))
        made = collect(source, tmp_path / str(number))
        assert made.source == alone.source, what
        assert of_the_others(made, tmp_path / str(number)) == expected, what
        theirs = [place for place in made.places if "eve" in place.student]
        assert theirs or any("eve" in place for place in left(made)), what
        if platform is not collected:  # here, a time beside a file is nbgrader's
            assert not any(place.latest.submitted.startswith("1") for place in theirs), what
        assert_no_control("\n".join(summary(made)))


ADAS = "submission_7:\n  :submitters:\n  - :name: ada\n    :email: ada\n"
ADAS += "  :created_at: 2099-01-01 00:00:00 Z\n"
LATE = {
    "Gradescope's table": [("submission_metadata.yml", ADAS), (f"submission_7/{SCRIPT}", HALF)],
    "called as Moodle's": [(f"ada_17_assignsubmission_file_{SCRIPT}", HALF)],
    "called as the exchange's": [(f"ada+{UNIT}+2099-01-01 00:00:00 UTC+k/{SCRIPT}", HALF)],
    "nbgrader's time": [(f"{UNIT}/timestamp.txt", "1999-01-01 00:00:00 UTC"), (f"{UNIT}/x.py", "")],
    "Classroom 50's mark": [(".classroom50.yaml", "classroom: x\nassignment: y\n"), MINE],
}


@pytest.mark.parametrize("what", LATE)
def test_a_folder_that_comes_alone_says_nothing_of_the_whole(tmp_path, what):
    """A late submission that is collected alone does not decide who submitted it, or when.

    A person names the kind of source; as a folder it is the student's own.
    """
    into = tmp_path / "into"
    collect(hand_out(tmp_path / "class.zip", folders_of_units(CLASS)), into)
    before = {path: path.read_bytes() for path in into.rglob(SCRIPT)}
    alone = hand_out(tmp_path / "late.zip", in_folders({"eve": LATE[what]}, "{}/"))
    with pytest.raises(CannotCollect, match=r"the only folder, eve,.* add --from folder"):
        collect(alone, into)
    made = collect(alone, into, kind="folder", unit=UNIT)
    assert {place.student for place in made.places} == {"eve"}
    assert not any(place.latest.submitted[:4] in ("1999", "2099") for place in made.places)
    assert {path: path.read_bytes() for path in before} == before


def test_a_source_of_another_kind_is_refused_unless_a_person_says_so(tmp_path):
    """After a collection from Moodle, a source from Canvas is refused unless a person allows it."""
    into = tmp_path / "into"
    collect(hand_out(tmp_path / "moodle.zip", moodle(CLASS)), into)
    other = hand_out(tmp_path / "canvas.zip", canvas(CLASS))
    with pytest.raises(CannotCollect, match=r"was collected from moodle,.* add --from canvas"):
        collect(other, into)
    assert collect(other, into, kind="canvas").source.name == "canvas"
    assert collect(other, into).source.name == "canvas"


def test_a_time_in_the_future_is_no_time_of_a_hand_in(tmp_path):
    """A time in the future is replaced by the present, and the report says so.

    Otherwise that file would be the latest for ever.
    """
    path = pack(tmp_path / "s.zip", [Entry(f"ada/{SCRIPT}", RIGHT, (2099, 1, 1, 0, 0, 0))])
    made = collect(path, tmp_path / "into")
    assert made.places[0].latest.submitted[:4] != "2099"
    assert any("dated in the future" in line for line in summary(made))


def test_a_commit_that_unpacks_to_megabytes_is_not_read(tmp_path):
    """A huge commit in a student's clone is not read: git reports its size first."""
    clone = lms.commit(tmp_path / "eve", {SCRIPT: HALF}, "2026-11-20T14:22:32+01:00")
    git = clone / ".git"
    assert last_commit(git)[0] == "2026-11-20T13:22:32+00:00"
    command = ["git", f"--git-dir={git}", "-c", "user.name=e", "-c", "user.email=e@x"]
    tree = subprocess.check_output([*command, "rev-parse", "HEAD^{tree}"], text=True).strip()
    bomb = subprocess.check_output(
        [*command, "commit-tree", tree], input="0" * (48 << 20), text=True
    )
    subprocess.run([*command, "update-ref", "HEAD", bomb.strip()], check=True)
    tracemalloc.start()
    try:
        assert last_commit(git) == ("", "")
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 4 << 20


def test_a_pipe_in_the_place_of_git_s_head_costs_no_time(tmp_path, monkeypatch):
    """A pipe in the place of git's HEAD is not opened: git would wait for its whole time limit."""
    clone = lms.commit(tmp_path / "eve", {SCRIPT: HALF}, "2026-11-20T14:22:32+01:00")
    (clone / ".git" / "HEAD").unlink()
    os.mkfifo(clone / ".git" / "HEAD")
    monkeypatch.setattr(subprocess, "run", None)  # called, it would raise
    assert last_commit(clone / ".git") == ("", "")


def test_a_person_called_like_another_s_file_hands_in_for_nobody_else(tmp_path):
    """A name that can be read in two ways is listed; a date in a file's name is no person."""
    path = pack(
        tmp_path / "submissions.zip",
        [
            Entry(f"lovelaceada_4711_99813_{UNIT}.py", RIGHT),
            Entry(f"babbage_4712_99815_hw_12_2026_{UNIT}.py", HALF),
            Entry(f"lovelaceada_4711_99999__4720_99900_{UNIT}.py", HALF),
        ],
    )
    made = collect(path, tmp_path / "into", unit=UNIT)
    taken = {place.student: len(place.attempts) for place in made.places}
    assert taken == {"lovelaceada_4711": 1, "babbage_4712": 1}
    ((place, why),) = left(made).items()
    assert "99900" in place
    assert "is it of user 4711 or 4720?" in why


def test_a_student_s_zip_is_told_what_is_wrong_with_it(tmp_path):
    """The errors in a student's zip are reported beside its name; oversized content is not kept."""
    told = {}
    for number, what in enumerate(HAND_INS):
        source = hand_out(tmp_path / f"{number}.zip", moodle(CLASS | {"eve": HAND_INS[what]}))
        made = collect(source, tmp_path / str(number))
        told[what] = " ".join(why for place, why in left(made).items() if "w.zip" in place)
    assert "holds more than 10000 files" in told["files above all limits"]
    assert "scripts are over 64 MB" in told["sizes above all limits"]
    assert "a zip that cannot be read" in told["a name that is no UTF-8"]
    assert "a zip that cannot be read" in told["broken"]
    assert "longer than a file's can be" in told["a name without end"]
    assert "a zip within a zip is not opened" in told["a zip in a zip"]


def test_many_zips_together_use_up_the_limit_and_end_nothing(tmp_path, monkeypatch):
    """Many zips share one size limit; those after it are listed, to be unpacked manually."""
    monkeypatch.setattr(intake_items, "MAX_FILES", 4)
    three_files = zip_of(*((f"{i}.py", HALF) for i in range(3)))
    handed_out = moodle(CLASS | {"eve": [("w.zip", three_files)]})
    made = collect(hand_out(tmp_path / "class.zip", handed_out), tmp_path / "into")
    assert len(made.places) == 2
    (why,) = left(made).values()
    assert "used up" in why


@pytest.mark.parametrize("name", ["con", "AUX.txt", "com1", "Lpt9.py", "nul."])
def test_no_folder_is_called_as_a_device_of_windows(name):
    """No folder has the name of a Windows device, with a suffix either.

    Windows looks at the part before the first dot.
    """
    assert folder_name(name).split(".")[0].casefold() not in {"con", "aux", "com1", "lpt9", "nul"}
    assert shown(folder_name(name)) == folder_name(name)


LOOKS_LIKE_ENTRIES = b"PK\1\2" * 300_000


def test_what_looks_like_entries_in_a_file_counts_as_none(tmp_path):
    """Bytes that look like zip entries inside a stored file are not counted.

    A platform may store students' zips uncompressed, and the class would be refused.
    """
    path = hand_out(tmp_path / "class.zip", moodle(CLASS))
    with zipfile.ZipFile(path, "a", zipfile.ZIP_STORED) as packed:
        packed.writestr("eve_19_assignsubmission_file/x.txt", LOOKS_LIKE_ENTRIES)
    assert entries_in_zip(path) == 3
    assert len(collect(path, tmp_path / "into").places) == 2


COMMENTS = [b"", b"c" * 65_535, b"PK\5\6" * 9, b"PK\5\6" + b"x" * 30]


@pytest.mark.parametrize(
    ("count", "comment"), [(70_000, b""), *((n, c) for n in (0, 3) for c in COMMENTS)]
)
def test_entries_are_counted_as_the_library_reads_them(tmp_path, comment, count):
    """Entries are counted as Python's library reads them, whatever the comment holds.

    A zip of 70,000 entries has another kind of end record.
    """
    path = tmp_path / "some.zip"
    path.write_bytes(zip_of(*((str(i), "") for i in range(count))))
    with zipfile.ZipFile(path, "a") as packed:
        packed.comment = comment
    try:
        with zipfile.ZipFile(path) as packed:
            read = len(packed.infolist())
    except zipfile.BadZipFile:
        read = 0
    assert entries_in_zip(path) >= read
    if b"PK" not in comment:
        assert entries_in_zip(path) == count
