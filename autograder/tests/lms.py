"""Builds downloads as learning platforms make them, with each platform's file names.

Sources: the modules of `autograder/intake`.
"""

import subprocess
import zipfile
from dataclasses import dataclass

import small
from small import UNIT, WORDS

RIGHT, HALF = small.solved(), small.half_solved()
UMLAUTS = "Zoë Müller"
HOSTILE = '../../=cmd|"\x1b[31m<b>'


@dataclass(frozen=True)
class Entry:
    """One file of a zip: its name, its text and its time."""

    name: str
    content: str = RIGHT
    clock: tuple[int, ...] = (2026, 11, 20, 14, 22, 32)


def pack(path, entries):
    """Write a zip; return its path."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for entry in entries:
            packed.writestr(zipfile.ZipInfo(entry.name, entry.clock), entry.content)
    return path


def canvas(folder):
    """Write Canvas's download.

    It holds a correct answer, a late second attempt, umlauts, a hostile name, and text typed into
    the form.
    """
    return pack(
        folder / "submissions.zip",
        [
            Entry(f"lovelaceada_4711_99813_{UNIT}.py"),
            Entry(f"babbagecharles_LATE_4712_99815_{UNIT}-1.py", HALF),
            Entry(f"müllerzoë_4713_99816_{UNIT} (1).py"),
            Entry(f"cmdb31m_4714_99817_{UNIT}.py", HALF),
            Entry("turingalan_4715_text.html", "<p>I forgot</p>"),
            Entry(f"hopper_grace_4716_99818_{WORDS}.py", small.solved(name=WORDS)),
            Entry(f"__MACOSX/._lovelaceada_4711_99813_{UNIT}.py", "\0"),
        ],
    )


CANVAS_ROSTER = (
    "Student,ID,SIS User ID,SIS Login ID,Section\n"
    "    Points Possible,,,,\n"
    '"Lovelace, Ada",4711,S1,ada,A\n'
    '"Babbage, Charles",4712,S2,charles,A\n'
    '"Müller, Zoë",4713,S3,zoe,A\n'
    '"Hopper, Grace",4716,S6,grace,B\n'
    '"Turing, Alan",4715,S5,alan,B\n'
)


def moodle(folder):
    """Write Moodle's download.

    It has folders in today's form and in the form before 4.1, two students of the same name, a
    nested zip, and an online text.
    """
    inner = pack(folder / "work.zip", [Entry(f"mine/{UNIT}.py", HALF)])
    path = pack(
        folder / f"Course-{UNIT}-4711.zip",
        [
            Entry(f"Ada Lovelace_17_assignsubmission_file/{UNIT}.py"),
            Entry(f"Ada Lovelace_18_assignsubmission_file_/{UNIT}.py", HALF),
            Entry(f"{UMLAUTS}_19_assignsubmission_file/Notebook.ipynb", small_notebook()),
            Entry(f"<b>x_20_assignsubmission_file/{UNIT}.py", HALF),
            Entry("Alan Turing_21_assignsubmission_onlinetext/onlinetext.html", "<p>I forgot</p>"),
        ],
    )
    with zipfile.ZipFile(path, "a") as packed:
        packed.write(inner, "Grace Hopper_22_assignsubmission_file/work.zip")
    inner.unlink()
    return path


MOODLE_ROSTER = (
    "Identifier,Full name,Email address,Status,Grade,Last modified (submission)\n"
    'Participant 17,Ada Lovelace,ada@example.edu,Submitted,,"Friday, 20 November 2026, 7:30 PM"\n'
    'Participant 18,Ada Lovelace,ada2@example.edu,Submitted,,"Sunday, 22 November 2026, 12:05 AM"\n'
    f'Participant 19,{UMLAUTS},zoe@example.edu,Submitted,,"Friday, 20 November 2026, 8:00 AM"\n'
    "Participant 21,Alan Turing,alan@example.edu,Submitted,,-\n"
    'Participant 22,Grace Hopper,grace@example.edu,Submitted,,"Friday, 20 November 2026, 3:00 PM"\n'
)


def small_notebook():
    """The right answer as a notebook."""
    import small_class

    return small_class.notebook(RIGHT)


GRADESCOPE_METADATA = f"""---
submission_301:
  :submitters:
  - :name: Ada Lovelace
    :sid: '20117'
    :email: ada@example.edu
  :created_at: 2026-11-20 14:22:32.365935000 Z
  :score: 0.0
  :history:
  - :id: 299
    :created_at: 2026-11-19 10:00:00.000000000 Z
    :score: 3.0
submission_302:
  :submitters:
  - :name: {UMLAUTS}
    :sid: '20118'
    :email: zoe@example.edu
  - :name: Charles Babbage
    :sid: '20119'
    :email: charles@example.edu
  :created_at: 2026-11-21 09:00:00.000000000 Z
  :history: []
"""


def gradescope(folder):
    """Write Gradescope's export.

    It has a resubmission, a group of two, and a folder that the table of contents does not list.
    """
    root = "assignment_9100_export"
    return pack(
        folder / "assignment_9100_export.zip",
        [
            Entry(f"{root}/submission_metadata.yml", GRADESCOPE_METADATA),
            Entry(f"{root}/submission_301/{UNIT}.py"),
            Entry(f"{root}/submission_302/{UNIT} (1).py", HALF),
            Entry(f"{root}/submission_303/{UNIT}.py"),
        ],
    )


def commit(clone, files, when):
    """Make a clone with one commit."""
    for name, content in files.items():
        path = clone / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    who = {
        "GIT_AUTHOR_DATE": when,
        "GIT_COMMITTER_DATE": when,
        "PATH": "/usr/bin:/bin",
        "HOME": str(clone),
    }
    who |= {
        f"GIT_{role}_{what}": "a@b.c"
        for role in ("AUTHOR", "COMMITTER")
        for what in ("NAME", "EMAIL")
    }
    for command in ("init -q", "add -A", "commit -q -m hand-in --no-gpg-sign"):
        subprocess.run(["git", *command.split()], cwd=clone, env=who, check=True)
    return clone


def classroom50(folder):
    """Write Classroom 50's clones of the release, in which one unit is written.

    One student has changed the marker.
    """
    root = folder / "fall-sums_submissions_2026_12_01_T_23_59_59"
    given = {
        f"assignments/{unit}.py": small.COURSE.stub(unit).read_text() for unit in (UNIT, WORDS)
    }
    mark = "classroom: fall\nassignment: sums\n"
    for student, own, mine in (
        ("ada", RIGHT, mark),
        ("mary-ann", HALF, mark),
        ("eve", HALF, "classroom: fall\nassignment: sums-e\n"),
    ):
        files = given | {f"assignments/{UNIT}.py": own, ".classroom50.yaml": mine}
        commit(root / f"fall-sums-{student}", files, "2026-11-20T14:22:32+01:00")
    (root / "scores.csv").write_text("username,score\n")
    return root


def github(folder):
    """Write plain GitHub clones whose folders have the students' names."""
    for student, own in (("ada", RIGHT), ("zoë", HALF)):
        commit(folder / "clones" / student, {f"{UNIT}.py": own}, "2026-11-20T14:22:32+01:00")
    return folder / "clones"


def exchange(folder):
    """Write nbgrader's exchange: two attempts of one student, one of another."""
    for name, own in (
        (f"ada+{UNIT}+2026-11-20 14:22:32.365935 UTC+k3Jx", RIGHT),
        (f"ada+{UNIT}+2026-11-22 10:00:00.000000 UTC+p0Qz", HALF),
        (f"zoë+{UNIT}+2026-11-21 10:00:00.000000 UTC+r9Rr", RIGHT),
    ):
        path = folder / "inbound" / name / f"{UNIT}.py"
        path.parent.mkdir(parents=True)
        path.write_text(own)
        (path.parent / "timestamp.txt").write_text("1999-01-01 00:00:00 UTC")  # the student's own
        (path.parent / "submission_secret.txt").write_text("5d41402a")  # nbgrader's
    return folder / "inbound"


def collected(folder):
    """Write nbgrader's folder after `collect`, with its timestamps beside the files."""
    path = small.submit(folder / "submitted", "ada", RIGHT)
    (path.parent / "timestamp.txt").write_text("2026-11-20 14:22:32.365935 UTC")
    return folder / "submitted"


def flat(folder):
    """Write files named after their students, one of them inside a folder."""
    (folder / "files" / "zoë").mkdir(parents=True)
    (folder / "files" / "ada.py").write_text(RIGHT)
    (folder / "files" / "zoë" / "whatever.py").write_text(HALF)
    return folder / "files"
