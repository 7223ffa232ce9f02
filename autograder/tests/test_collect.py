"""`collect` lays out the files of platforms for grading without losing any."""

import json
import re
import shutil
import stat
import zipfile
from datetime import datetime

import lms
import msgspec
import pytest
import small
from canvas_stub import TOKEN, canvas_here
from lms import HALF, RIGHT, Entry, pack
from small import COURSE, ROOT, UNIT, WORDS

from autograder.course import Course, read_course
from autograder.grading.hand_in import read_record
from autograder.grading.results import stored_results
from autograder.grading.roster import (
    BadRoster,
    called,
    merged,
    read_roster,
    read_times,
)
from autograder.intake import items as intake_items
from autograder.intake.collect import Wish, carry_out, plan, summary
from autograder.intake.folder_names import folder_name
from autograder.intake.items import CannotCollect, look_into
from autograder.intake.laid_out import receipts
from autograder.intake.sources import platform_of, recognize
from autograder.intake.units import unit_named, unit_within


def collect(source, into, roster="", **wish):
    """Collect a source; return the plan that was carried out."""
    scratch = into.with_name(f"{into.name}.scratch")
    scratch.mkdir(exist_ok=True)
    students = None
    if roster:
        (into.parent / "roster.csv").write_text(roster)
        students = read_roster(into.parent / "roster.csv")
    made = plan(COURSE, look_into(source, scratch), Wish(into, **wish), students)
    carry_out(made, into)
    return made


def laid_out(into):
    """Return the files that `grade` will find, by student."""
    return {path.parts[-3]: path.read_text() for path in sorted(into.glob(f"*/{UNIT}/{UNIT}.*"))}


def record(into, student, unit=UNIT):
    return read_record(into / student / f"{unit}.json")


def left(made):
    return {each.place: each.why for each in made.left}


def test_a_second_file_of_one_attempt_in_canvas_is_no_later_attempt(tmp_path):
    """`-1` in a student's own name for a file makes no attempt; beside the same name it does."""
    for number, others in enumerate((("scratch-1",), ("scratch-1", f"{UNIT}-1"))):
        names = (UNIT, *others)
        entries = [
            Entry(f"lovelaceada_4711_{100 + place}_{name}.py", f"{RIGHT}# {name}")
            for place, name in enumerate(names)
        ]
        into = tmp_path / f"submitted{number}"
        made = collect(pack(tmp_path / f"{number}.zip", entries), into, unit=UNIT)
        assert list(laid_out(into).values()) == [f"{RIGHT}# {[UNIT, names[-1]][number]}"]
        assert f"beside {[UNIT, names[-1]][number]}.py, " in left(made)[entries[1].name]
        assert len(receipts(into)) == 1 + 1 + number


def test_canvas(tmp_path):
    """Canvas's number identifies the student; `_LATE_`, the attempt and typed text are kept."""
    into = tmp_path / "submitted"
    made = collect(lms.canvas(tmp_path), into, lms.CANVAS_ROSTER)
    assert made.source.name == "canvas"
    assert laid_out(into) == {"ada": RIGHT, "charles": HALF, "cmdb31m_4714": HALF, "zoe": RIGHT}
    late = record(into, "charles")
    assert (late.id, late.sis, late.late, late.submission) == ("4712", "S2", True, "99815")
    assert (late.attempt, record(into, "zoe").attempt) == (2, 1)
    assert any("charles" in line and "does not hold all before" in line for line in summary(made))
    assert record(into, "zoe").name == "Müller, Zoë"
    assert record(into, "grace", WORDS).file == f"hopper_grace_4716_99818_{WORDS}.py"
    assert made.unknown == ["cmdb31m_4714"]
    assert made.missing == []
    assert [(one.student, one.why) for one in made.ungraded] == [
        ("alan", "text or a link typed into Canvas, and no file")
    ]
    assert left(made)["turingalan_4715_text.html"].startswith("text or a link typed")
    assert any("made by a tool" in why for place, why in left(made).items() if "MACOSX" in place)


def test_canvas_without_a_roster_keeps_the_number(tmp_path):
    """Without a roster two students of the same name stay two, by Canvas's number."""
    source = pack(
        tmp_path / "submissions.zip",
        [Entry(f"leeann_1_10_{UNIT}.py"), Entry(f"leeann_2_11_{UNIT}.py", HALF)],
    )
    collect(source, tmp_path / "submitted")
    assert laid_out(tmp_path / "submitted") == {"leeann_1": RIGHT, "leeann_2": HALF}


def test_a_file_called_like_another_s_text_says_nothing_of_the_other(tmp_path):
    """Ada's file named `4712_text.html` is not taken for a submission of student 4712."""
    names = (f"lovelaceada_4711_99813_{UNIT}.py", "lovelaceada_4711_99814_4712_text.html")
    source = pack(tmp_path / "submissions.zip", [Entry(name) for name in names])
    made = collect(source, tmp_path / "submitted", lms.CANVAS_ROSTER)
    assert made.ungraded == []
    assert "charles" in [each.student for each in made.missing]


def test_canvas_with_anonymous_students(tmp_path):
    """`anon_` and a word replace name and number; `LATE_` stands before that."""
    names = (f"anon_Xy7kQ_99816_{UNIT}.py", f"LATE_anon_q02Zk_99817_{UNIT}.py")
    typed = ("anon_aB3dE_text.html", "LATE_anon_aB3dF_link.html")
    source = pack(tmp_path / "s.zip", [Entry(name) for name in (*names, *typed)])
    made = collect(source, tmp_path / "submitted", unit=UNIT)
    assert record(tmp_path / "submitted", "anon_Xy7kQ").id == "Xy7kQ"
    late = record(tmp_path / "submitted", "anon_q02Zk")
    assert (late.id, late.late) == ("q02Zk", True)
    assert {one.student: one.record.late for one in made.ungraded} == {
        "anon_aB3dE": False,
        "anon_aB3dF": True,
    }
    assert any("their points cannot go back to Canvas" in line for line in summary(made))


def test_a_gradebook_with_first_and_last_names_apart(tmp_path):
    """Canvas exports it so if the account allows; its check of names holds."""
    head = lms.CANVAS_ROSTER.splitlines()[0].replace("Student,", "LastName,FirstName,")
    rows = [f"{head}\n    Points Possible,,,,,\nStudent,Test,4799,,ab12cd34,\n"]
    for line in lms.CANVAS_ROSTER.splitlines()[2:]:
        quoted, numbers = line[1:].split('",', 1)
        last, first = quoted.split(", ")
        rows.append(f"{last},{first},{numbers}\n")
    path = tmp_path / "gradebook.csv"
    path.write_text("".join(rows))
    students = read_roster(path).students
    assert students["ada"].name == "Lovelace, Ada"
    assert "ab12cd34" not in students
    swapped = "".join(rows).replace("4711", "x").replace("4712", "4711").replace("x", "4712")
    with pytest.raises(
        CannotCollect, match="2 of Canvas's numbers stand beside another student's name"
    ):
        collect(lms.canvas(tmp_path), tmp_path / "submitted", swapped)


def test_exchanged_logins_in_a_second_gradebook_are_refused(tmp_path):
    """Canvas's numbers are for good: the students would get each other's later files."""
    source = lms.canvas(tmp_path)
    collect(source, tmp_path / "submitted", lms.CANVAS_ROSTER)
    before = laid_out(tmp_path / "submitted")
    swapped = lms.CANVAS_ROSTER.replace(",ada,", ",x,").replace(",charles,", ",ada,")
    swapped = swapped.replace(",x,", ",charles,")
    words = (
        "2 students have a number of Canvas's that was another's: charles has 4711 now and had 4712"
    )
    with pytest.raises(BadRoster, match=words):
        collect(source, tmp_path / "submitted", swapped)
    assert laid_out(tmp_path / "submitted") == before


def test_moodle(tmp_path):
    """`collect` reads Moodle's numbers, both kinds of folders, a nested zip, umlauts and markup."""
    into = tmp_path / "submitted"
    made = collect(lms.moodle(tmp_path), into, lms.MOODLE_ROSTER)
    assert made.source.name == "moodle"
    assert sorted(laid_out(into)) == [
        "_b_x_20",
        "ada2@example.edu",
        "ada@example.edu",
        "grace@example.edu",
        "zoe@example.edu",
    ]
    assert laid_out(into)["grace@example.edu"] == HALF
    assert (into / "zoe@example.edu" / UNIT / f"{UNIT}.ipynb").is_file()
    zoe = record(into, "zoe@example.edu")
    assert (zoe.id, zoe.name) == ("19", lms.UMLAUTS)
    assert zoe.submitted.startswith("2026-11-20T")
    assert made.missing == []
    assert [one.student for one in made.ungraded] == ["alan@example.edu"]


def test_gradescope(tmp_path):
    """The export's table of contents gives time, attempt and every member of a group."""
    into = tmp_path / "submitted"
    made = collect(lms.gradescope(tmp_path), into)
    assert laid_out(into) == {
        "ada@example.edu": RIGHT,
        "charles@example.edu": HALF,
        "zoe@example.edu": HALF,
    }
    ada = record(into, "ada@example.edu")
    assert (ada.sis, ada.submission, ada.submitted) == ("20117", "301", "2026-11-20T14:22:32+00:00")
    assert (ada.attempt, record(into, "zoe@example.edu").attempt) == (2, 1)
    assert "names no student" in left(made)[f"assignment_9100_export/submission_303/{UNIT}.py"]


def test_classroom50(tmp_path):
    """The user name follows the common beginning of all clones.

    An untouched unit is no submission.
    """
    into = tmp_path / "submitted"
    made = collect(lms.classroom50(tmp_path), into)
    assert made.source.name == "classroom50"
    assert laid_out(into) == {"ada": RIGHT, "eve": HALF, "mary-ann": HALF}
    assert record(into, "ada").submitted == "2026-11-20T13:22:32+00:00"
    assert not list(into.glob(f"*/{WORDS}"))
    assert left(made)[f"fall-sums-ada/assignments/{WORDS}.py"] == "never changed"


def test_clones(tmp_path):
    """Clones have their students' names; the time is the last commit's."""
    made = collect(lms.github(tmp_path), tmp_path / "submitted")
    assert made.source.name == "github"
    assert laid_out(tmp_path / "submitted") == {"ada": RIGHT, "zoë": HALF}
    assert record(tmp_path / "submitted", "zoë").submitted == "2026-11-20T13:22:32+00:00"


def test_the_prefix_of_a_classroom_s_clones_is_none_of_a_name(tmp_path):
    """`<assignment>-` before most names is left out; a single `jan-` is part of a name."""
    roster = "github_username\nsmith\nada\n"
    own = {"ada": RIGHT, "jan-smith": HALF, "smith": f"{RIGHT}# hers"}
    for prefix in ("", "hw-1-"):
        source = tmp_path / f"clones{prefix}"
        for student, script in own.items():
            lms.commit(
                source / f"{prefix}{student}", {f"{UNIT}.py": script}, "2026-11-20T14:22:32Z"
            )
        into = tmp_path / f"submitted{prefix}"
        made = collect(source, into, roster)
        jan = f"{prefix}jan-smith"
        assert laid_out(into) == {"ada": RIGHT, jan: HALF, "smith": f"{RIGHT}# hers"}
        assert made.unknown == [jan]
    late = tmp_path / "late"  # a single clone, behind whose prefix others stood before
    lms.commit(late / "hw-1-smith", {f"{UNIT}.py": HALF}, "2026-11-21T14:22:32Z")
    made = collect(late, tmp_path / "submittedhw-1-", roster)
    assert [place.student for place in made.places] == ["smith"]


def test_a_clone_s_own_configuration_runs_nothing(tmp_path):
    """Reading a clone starts no program that its configuration names: git reads one object."""
    source = lms.github(tmp_path)
    trap = tmp_path / "trap"
    trap.write_text(f"#!/bin/sh\ntouch {tmp_path}/owned\n")
    trap.chmod(0o755)
    for key in ("core.fsmonitor", "gpg.program", "core.pager", "core.sshCommand", "core.editor"):
        with (source / "ada" / ".git" / "config").open("a") as config:
            section, _, name = key.partition(".")
            config.write(f"[{section}]\n{name} = {trap}\n[log]\nshowSignature = true\n")
    collect(source, tmp_path / "submitted")
    assert not (tmp_path / "owned").exists()


def test_nbgrader_s_exchange(tmp_path):
    """All attempts are read, with the time in the folder's name and not the student's own file."""
    into = tmp_path / "submitted"
    made = collect(lms.exchange(tmp_path), into)
    assert all(each.is_nobodys for each in made.left)
    assert laid_out(into) == {"ada": HALF, "zoë": RIGHT}
    earlier = into / "ada" / "earlier" / UNIT
    assert (earlier / "1" / f"{UNIT}.py").read_text() == RIGHT
    first = read_record(earlier / "1.json")
    assert first.attempt == 1
    assert first.submitted == "2026-11-20T14:22:32+00:00"
    last = record(into, "ada")
    assert last.attempt == 2
    assert last.submitted == "2026-11-22T10:00:00+00:00"


def test_nbgrader_s_collected_tree(tmp_path):
    """The time that nbgrader wrote beside the file is used."""
    made = collect(lms.collected(tmp_path), tmp_path / "into")
    assert made.source.name == "nbgrader"
    assert record(tmp_path / "into", "ada").submitted == "2026-11-20T14:22:32+00:00"


def test_an_empty_submission_of_nbgrader_is_listed(tmp_path):
    """`collect` lists an empty submission of nbgrader's, as `grade` does."""
    submitted = lms.collected(tmp_path)
    stamp = submitted / "grace" / UNIT / "timestamp.txt"
    stamp.parent.mkdir(parents=True)
    stamp.write_text("2026-11-21 14:22:32.365935 UTC")
    (submitted / "zoë" / UNIT).mkdir(parents=True)
    into = tmp_path / "into"
    done = small.run_command("collect", submitted, "--into", into)
    assert done.returncode == 0, done.stderr
    assert "handed in only files that cannot be graded (2):" in done.stdout
    assert f"grace, {UNIT}: grace/{UNIT}/: it holds no file but timestamp.txt" in done.stdout
    assert f"zoë, {UNIT}: zoë/{UNIT}/: an empty folder" in done.stdout
    assert record(into, "grace").submitted == "2026-11-21T14:22:32+00:00"
    done = small.run_command("grade", into, "--out", tmp_path / "grades", "--quick")
    assert done.returncode == 0, done.stderr
    points = {result.student: result.score for result in stored_results(tmp_path / "grades")}
    assert (points["grace"], points["zoë"]) == (0, 0)


def test_an_empty_attempt_of_the_exchange_is_listed(tmp_path):
    """An empty attempt in the exchange is listed with the time of its folder's name."""
    inbound = lms.exchange(tmp_path)
    attempt = inbound / f"grace+{UNIT}+2026-11-21 10:00:00.000000 UTC+x"
    attempt.mkdir()
    (attempt / "timestamp.txt").write_text("1999-01-01 00:00:00 UTC")
    (attempt / "submission_secret.txt").write_text("7d793037")
    made = collect(inbound, tmp_path / "into")
    assert [(one.student, one.unit) for one in made.ungraded] == [("grace", UNIT)]
    assert record(tmp_path / "into", "grace").submitted == "2026-11-21T10:00:00+00:00"


def test_a_file_in_another_unit_s_assignment_of_nbgrader_is_listed(tmp_path):
    """It is taken by its name, and may be the wrong file."""
    inbound = lms.exchange(tmp_path)
    attempt = inbound / f"zoë+{UNIT}+2026-11-22 10:00:00.000000 UTC+x"
    attempt.mkdir()
    (attempt / f"{WORDS}.py").write_text(HALF)
    options = ("collect", inbound, "--into", tmp_path / "into")
    told = small.run_command(*options).stdout
    assert "with the name of another unit than their assignment's (1):" in told
    assert f"zoë: {WORDS}.py was handed in for {UNIT}, and is taken as {WORDS}" in told
    assert "their assignment's" not in small.run_command(*options).stdout


def test_of_nbgrader_only_the_unit_that_was_asked_for_is_taken(tmp_path):
    """The exchange has all assignments, and a later one's file was the latest attempt."""
    inbound = lms.exchange(tmp_path)
    for student, name in (("ada", f"{WORDS}.py"), ("eve", "timestamp.txt"), ("bob", f"{UNIT}.py")):
        attempt = inbound / f"{student}+{WORDS}+2026-11-28 10:00:00.000000 UTC+x"
        attempt.mkdir()
        (attempt / name).write_text(HALF)
    with_a_link = inbound / f"cy+{WORDS}+2026-11-28 10:00:00.000000 UTC+x"
    with_a_link.mkdir()
    (with_a_link / "link.py").symlink_to("x")
    made = collect(inbound, tmp_path / "into", unit=UNIT)
    assert {place.student: len(place.attempts) for place in made.places} == {
        "ada": 2,
        "bob": 1,
        "zoë": 1,
    }
    assert record(tmp_path / "into", "ada").submitted == "2026-11-22T10:00:00+00:00"
    assert made.ungraded == []
    assert [each.place for each in made.left if f"+{WORDS}+" in each.place] == []
    assert f"bob: {UNIT}.py was handed in for {WORDS}, and is taken as {UNIT}" in told(made)
    line = f"handed in for other units, and not taken with --unit: {WORDS} (3)"
    assert line in summary(made)
    shutil.rmtree(tmp_path / "into")
    for attempt in (*inbound.glob(f"*+{UNIT}+*"), *inbound.glob("bob+*")):
        shutil.rmtree(attempt)
    with pytest.raises(CannotCollect, match=re.escape(line)):
        collect(inbound, tmp_path / "into", unit=UNIT)


def test_an_assignment_has_the_unit_of_its_whole_name(tmp_path):
    """The name of one unit may contain another's, and both were in the longer one."""
    about = msgspec.structs.replace(COURSE.about, units=["trees", "random_trees"])
    course = Course(COURSE.folder, about)
    for unit in about.units:
        attempt = tmp_path / "inbound" / f"ada+{unit}+2026-11-28 10:00:00.000000 UTC+x"
        attempt.mkdir(parents=True)
        (attempt / "mine.py").write_text(RIGHT)
    for unit, other in (about.units, about.units[::-1]):
        contents = look_into(tmp_path / "inbound", tmp_path)
        made = plan(course, contents, Wish(tmp_path / "into", unit=unit))
        (place,) = made.places
        assert f"+{unit}+" in place.latest.file
        assert made.of_others == {other: 1}


@pytest.mark.parametrize("has_times", [True, False])
def test_a_file_in_its_own_unit_s_folder_is_better_than_one_in_another_s(tmp_path, has_times):
    """A student put an old file of the unit into an earlier unit's folder."""
    for unit, own, time in ((UNIT, HALF, "2026-11-27"), (WORDS, RIGHT, "2026-11-20")):
        folder = tmp_path / "submitted" / "ada" / unit
        folder.mkdir(parents=True)
        (folder / f"{WORDS}.py").write_text(own)
        if has_times:
            (folder / "timestamp.txt").write_text(f"{time} 14:22:32.365935 UTC")
    kind = "nbgrader" if has_times else "folder"
    made = collect(tmp_path / "submitted", tmp_path / "into", kind=kind)
    assert (tmp_path / "into" / "ada" / WORDS / f"{WORDS}.py").read_text() == RIGHT
    assert left(made) == {f"ada/{UNIT}/{WORDS}.py": f"beside {WORDS}.py, which is taken as {WORDS}"}
    assert made.elsewhere == []
    helper = tmp_path / "submitted" / "ada" / WORDS / "helpers.py"
    helper.with_name(f"{WORDS}.py").rename(helper)
    made = collect(tmp_path / "submitted", tmp_path / "named", kind=kind)
    assert (tmp_path / "named" / "ada" / WORDS / f"{WORDS}.py").read_text() == HALF
    assert len(made.elsewhere) == has_times


def test_a_course_s_folder_in_the_exchange_is_refused(tmp_path):
    """Its `inbound` and `outbound` are no students."""
    inbound = lms.exchange(tmp_path)
    course = tmp_path / "exchange" / "course101"
    shutil.copytree(inbound, course / "inbound")
    for place in (f"outbound/{UNIT}/{UNIT}.ipynb", "old/notes.txt"):
        (course / place).parent.mkdir(parents=True)
        (course / place).write_text("{}")
    for source in (course, course.parent):
        with pytest.raises(CannotCollect, match="`inbound`: collect that"):
            collect(source, tmp_path / "into")
    assert len(collect(inbound, tmp_path / "into").places) == 2


def test_a_folder_of_files(tmp_path):
    """A folder of files named after their students is read if the unit is given."""
    collect(lms.flat(tmp_path), tmp_path / "submitted", unit=UNIT)
    assert laid_out(tmp_path / "submitted") == {"ada": RIGHT, "zoë": HALF}
    with pytest.raises(CannotCollect, match="contains no unit"):
        collect(lms.flat(tmp_path / "again"), tmp_path / "other")


def test_a_table_of_times_is_better_than_the_times_of_files(tmp_path):
    """Copying changes those of files; a platform's own would stay."""
    source = lms.flat(tmp_path)
    (tmp_path / "times.csv").write_text("student,submitted\nada,2026-11-20T10:00:00+00:00\n")
    options = ("--into", tmp_path / "into", "--unit", UNIT)
    done = small.run_command("collect", source, *options, "--times-from", tmp_path / "times.csv")
    assert done.returncode == 0, done.stderr
    assert "Hand-in times are those of the files" in done.stdout
    assert record(tmp_path / "into", "ada").submitted == "2026-11-20T10:00:00+00:00"
    assert "were not taken" not in done.stdout


def test_a_folder_around_the_whole_is_no_student(tmp_path):
    """In a zip of a folder of students, the outer folder is not taken for a student."""
    two_students = [Entry(f"class/{name}/{UNIT}.py") for name in ("ada", "zoë")]
    into = tmp_path / "submitted"
    collect(pack(tmp_path / "class.zip", two_students), into)
    assert sorted(laid_out(into)) == ["ada", "zoë"]
    two_units = [Entry(f"ada/{UNIT}/{UNIT}.py"), Entry(f"ada/{WORDS}/{WORDS}.py")]
    into = tmp_path / "one"
    collect(pack(tmp_path / "one.zip", two_units), into)
    assert sorted(laid_out(into)) == ["ada"]


def test_a_time_of_nbgrader_that_cannot_be_read_is_not_replaced_by_the_files(tmp_path):
    """The file's time may be that of the last save, long before it was handed in."""
    there = tmp_path / "course" / "submitted" / "ada" / UNIT
    there.mkdir(parents=True)
    (there / f"{UNIT}.py").write_text(RIGHT)
    for written, known in (("2026-12-02 00:30:00 UTC", True), ("2026-12-02 00:30:00 XYZ", False)):
        (there / "timestamp.txt").write_text(written)
        into = tmp_path / f"{known}"
        made = collect(tmp_path / "course" / "submitted", into)
        assert record(into, "ada").submitted == ("2026-12-02T00:30:00+00:00" if known else "")
        assert ("hand-in time of 1 of 1 new submissions is unknown" in told(made)) != known


def test_a_zip_of_folders_has_the_times_that_grade_takes_from_it(tmp_path):
    """An entry's time in UTC counts where it has one, and not the packer's local time beside it."""
    packed = tmp_path / "class.zip"
    with zipfile.ZipFile(packed, "w") as made:
        for student in ("ada", "bob"):
            entry = zipfile.ZipInfo(f"{student}/{UNIT}.py", (2026, 2, 3, 12, 0, 0))
            entry.extra = b"UT\x05\x00\x01" + (10**9).to_bytes(4, "little")
            made.writestr(entry, RIGHT)
    collect(packed, tmp_path / "submitted")
    assert record(tmp_path / "submitted", "ada").submitted == "2001-09-09T01:46:40+00:00"


def test_a_second_hand_in_is_a_further_attempt(tmp_path):
    """The first submission is kept beside a second one; an identical file is no new attempt."""
    into = tmp_path / "submitted"
    first = pack(tmp_path / "first.zip", [Entry(f"lovelaceada_4711_1_{UNIT}.py", RIGHT)])
    again = pack(tmp_path / "again.zip", [Entry(f"lovelaceada_4711_2_{UNIT}-1.py", HALF)])
    collect(first, into)
    made = collect(again, into)
    (student,) = laid_out(into)
    assert laid_out(into)[student] == HALF
    assert (into / student / "earlier" / UNIT / "1" / f"{UNIT}.py").read_text() == RIGHT
    assert record(into, student).attempt == 2
    assert any("attempt 2; those before are kept" in line for line in summary(made))
    for source in (again, first):
        assert [place.fresh for place in collect(source, into).places] == [0]
    assert laid_out(into)[student] == HALF


def test_later_attempts_of_many_are_one_line(tmp_path):
    """More than five later attempts are one line with their number; the receipts have them all."""
    names = [f"student{number}_{number}" for number in range(1, 8)]
    for attempt in (1, 2):
        entries = [Entry(f"{name}_{attempt}{attempt}_{UNIT}.py", f"{attempt}") for name in names]
        made = collect(pack(tmp_path / f"{attempt}.zip", entries), tmp_path / "submitted")
    lines = [line for line in summary(made) if "attempt" in line]
    assert len(lines) == 1
    assert lines[0].startswith("later attempts; those before are kept (7; all are in receipts.csv)")
    assert lines[0].endswith("; and 2 more")


def test_an_earlier_hand_in_that_comes_later_goes_behind(tmp_path):
    """Attempts are ordered by time, not by the order of collecting."""
    into = tmp_path / "submitted"
    name = f"Ada_17_assignsubmission_file/{UNIT}.py"
    head = "Identifier,Full name,Last modified (submission)\nParticipant 17,Ada,"
    later = f'{head}"Sunday, 22 November 2026, 8:00 AM"'
    earlier = f'{head}"Friday, 20 November 2026, 8:00 AM"'
    collect(pack(tmp_path / "b.zip", [Entry(name, HALF)]), into, later)
    collect(pack(tmp_path / "a.zip", [Entry(name, RIGHT)]), into, earlier)
    assert laid_out(into) == {"Ada": HALF}
    behind = into / "Ada" / "earlier" / UNIT / "1" / f"{UNIT}.py"
    assert behind.read_text() == RIGHT


@pytest.mark.parametrize("has_times", [False, True])
def test_an_earlier_file_that_comes_again_is_listed(tmp_path, has_times):
    """Equal files are one attempt, so the one between them stays the latest, which costs points.

    With times, an old download that is collected again is told apart from a new hand-in.
    """
    into = tmp_path / "submitted"
    name = f"Ada_17_assignsubmission_file/{UNIT}.py"
    head = "Identifier,Full name,Last modified (submission)\nParticipant 17,Ada,"
    days = ("Friday, 20", "Saturday, 21", "Sunday, 22")
    said = []
    for day, script in zip(days, (RIGHT, HALF, RIGHT), strict=True):
        roster = f'{head}"{day} November 2026, 8:00 AM"' if has_times else None
        source = pack(tmp_path / "a.zip", [Entry(name, script)])
        said.append(told(collect(source, into, roster)))
    again = "an earlier file came again, and is no new attempt (1):\n  Ada"
    assert [again in each for each in said] == [False, False, True]
    assert list(laid_out(into).values()) == [HALF]
    if has_times:
        old = f'{head}"{days[0]} November 2026, 8:00 AM"'
        assert "came again" not in told(collect(source, into, old))


def test_two_people_never_share_a_folder(tmp_path):
    """Two people never share a folder, neither in one run nor across runs."""
    into = tmp_path / "submitted"
    names = [Entry(f"{who}/{UNIT}.py") for who in ("Ada", "ada")]
    collect(pack(tmp_path / "case.zip", names), into)
    assert len(laid_out(into)) == 2
    assert len({name.casefold() for name in laid_out(into)}) == 2


def test_what_lies_beside_is_told(tmp_path):
    """The best named file of a submission is taken and the others are listed."""
    own = "Ada_17_assignsubmission_file"
    entries = [
        Entry(f"{own}/{name}")
        for name in (f"{UNIT}.py", f"{UNIT} (1).py", f"{UNIT}.ipynb", "notes.txt")
    ]
    made = collect(pack(tmp_path / "s.zip", entries), tmp_path / "submitted")
    assert left(made)[f"{own}/{UNIT} (1).py"] == f"beside {UNIT}.py, which is taken as {UNIT}"
    assert left(made)[f"{own}/notes.txt"] == "no .py or .ipynb"
    assert len(made.left) == 3


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("other", [f"{UNIT}.ipynb", f"{UNIT} (1).py", "helpers.py"])
def test_the_unchanged_starter_file_does_not_count_beside_another(tmp_path, newline, other):
    """A student finished the notebook, left the script as it was, and handed in both."""
    own = "Ada_17_assignsubmission_file"
    starter = COURSE.stub(UNIT).read_text().replace("\n", newline)
    entries = [Entry(f"{own}/{UNIT}.py", starter), Entry(f"{own}/{other}", RIGHT)]
    made = collect(pack(tmp_path / "s.zip", entries), tmp_path / "submitted")
    taken = f"{UNIT}.py" if other == "helpers.py" else other
    (place,) = made.places
    assert place.latest.file.endswith(f"/{taken}")
    (_,) = made.left


def test_a_file_that_is_called_like_another_unit_is_told(tmp_path):
    """A file named like another unit is reported.

    With `--unit` it is taken as that unit. Without, a platform's download holds one unit.
    """
    source = pack(
        tmp_path / "submissions.zip",
        [
            Entry(f"leeann_1_10_{UNIT}.py"),
            Entry(f"leebob_2_11_{UNIT}.py", HALF),
            Entry(f"leeeve_3_12_{WORDS}.py", small.solved(name=WORDS)),
        ],
    )
    made = collect(source, tmp_path / "named", unit=UNIT)
    assert f"leeeve_3_12_{WORDS}.py looks like {WORDS}, and is taken as {UNIT}" in told(made)
    made = collect(source, tmp_path / "free")
    assert f"leeeve_3_12_{WORDS}.py is taken as {WORDS}, and most files are of {UNIT}" in told(made)
    assert "leeann_1_10" not in told(made)


def told(made):
    return "\n".join(summary(made))


def test_two_files_of_which_neither_is_named_are_not_guessed(tmp_path):
    """If neither of two files has the unit's name, none is guessed; the message says what to do.

    The student is not listed twice.
    """
    own = "Ada_17_assignsubmission_file"
    entries = [
        Entry(f"{own}/a.py"),
        Entry(f"{own}/b.py"),
        Entry(f"Bob_18_assignsubmission_file/{UNIT}.py"),
    ]
    made = collect(pack(tmp_path / f"{UNIT}.zip", entries), tmp_path / "submitted")
    assert sorted(laid_out(tmp_path / "submitted")) == ["Bob_18"]
    assert left(made)[f"{own}/a.py"] == f"which of a.py, b.py is {UNIT}? Give one of them that name"


@pytest.mark.parametrize(
    "name",
    [
        f"{UNIT} (1)",
        f"{UNIT}-1",
        UNIT.upper(),
        f"{UNIT} - Kopie",
        f"{UNIT}_final",
        f"copy {UNIT}"[5:] + " copy",
    ],
)
def test_a_unit_is_known_as_browsers_and_people_write_it(name):
    """A unit is recognised in names of copies, in any case, and with text appended."""
    assert unit_named(COURSE, name) == UNIT


@pytest.mark.parametrize("name", ["helper", "number", f"my{UNIT}", ""])
def test_other_names_are_no_unit(name):
    """No unit is guessed from other names."""
    assert unit_named(COURSE, name) == ""


def test_a_hostile_zip_writes_nothing_elsewhere(tmp_path):
    """From a hostile zip the harmless files are taken; the others are listed.

    Paths that lead out, links and oversized entries write nothing elsewhere.
    """
    path = pack(
        tmp_path / "s.zip",
        [
            Entry(f"../../evil_1_2_{UNIT}.py"),
            Entry(f"/absolute_3_4_{UNIT}.py", HALF),
            Entry(f"nul\x1b[31m\u202e_5_6_{UNIT}.py"),
            Entry(f"ada_7_8_{UNIT}.py"),
            Entry(f"big_9_10_{UNIT}.py", "x" * (6 << 20)),
        ],
    )
    with zipfile.ZipFile(path, "a") as packed:
        link = zipfile.ZipInfo(f"link_11_12_{UNIT}.py")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        packed.writestr(link, "/etc/passwd")
    into = tmp_path / "deep" / "deeper" / "submitted"
    into.parent.mkdir(parents=True)
    before = set(tmp_path.iterdir())
    made = collect(path, into)
    assert set(tmp_path.iterdir()) == before
    assert sorted(laid_out(into)) == ["absolute_3", "ada_7", "nul_[31m__5"]
    told = "\n".join(summary(made))
    assert "leads out of the zip" in told
    assert "a link" in told
    assert "over 5 MB" in told
    assert told.replace("\n", "").isprintable()


def test_a_zip_that_blows_up_is_refused(tmp_path, monkeypatch):
    """A zip is refused by its total unpacked size, before the disk is full."""
    monkeypatch.setattr(intake_items, "MAX_TOTAL", 1000)
    path = pack(tmp_path / "s.zip", [Entry(f"a_{i}_2_{UNIT}.py", "x" * 600) for i in range(3)])
    with pytest.raises(CannotCollect, match="holds more than"):
        collect(path, tmp_path / "submitted")


def test_a_folder_that_others_wrote_is_not_written_to(tmp_path):
    """`collect` does not write into a folder that it did not make: it may hold a class's work."""
    small.submit(tmp_path / "submitted", "ada", RIGHT)
    with pytest.raises(CannotCollect, match="did not write"):
        collect(lms.canvas(tmp_path), tmp_path / "submitted")


def test_names_become_folders_of_any_system():
    """Folder names are valid on every system: no parent paths, none hidden or too long.

    Shortening never makes two names equal, and none names a Windows stream.
    """
    assert folder_name("../../x") == "__.._x"
    assert folder_name(" . ") == "_"
    assert folder_name("a:b|c\n") == "a_b_c"
    long = folder_name("é" * 200), folder_name("é" * 201)
    assert long[0] != long[1]
    assert all(len(name.encode()) <= 100 for name in long)


def test_a_roster_is_known_by_its_headings(tmp_path):
    """A roster's columns are found by its headings, a person's own or a platform's.

    Any other table is reported.
    """
    path = tmp_path / "roster.csv"
    path.write_text("\ufeffstudent;name\nada;Lovelace, Ada\n")
    assert read_roster(path).find(name="ada lovelace").student == "ada"
    path.write_text("First Name,Last Name,SID,Email\nAda,Lovelace,7,ada@x.edu\n")
    assert read_roster(path).find(sis="7").email == "ada@x.edu"
    path.write_text("username,first_name,last_name,email,section,github_id\nada,Ada,L,,,99\n")
    assert read_roster(path).find(login="ADA").id == "99"
    path.write_text("Name,Login ID,SIS ID,Section,Role\nAda,ada,,A,Student\n")
    with pytest.raises(BadRoster, match="take the gradebook and not the list of people"):
        read_roster(path)
    path.write_text("who,what\nada,b\n")
    with pytest.raises(BadRoster, match="Name one column `student`"):
        read_roster(path)
    path.write_text("student,section,name\nada,Mon, Tue,Ada\n")
    with pytest.raises(BadRoster, match="row 2: `Ada` stands beyond the last column, `name`"):
        read_roster(path)
    path.write_bytes(b"PK\3\4\x14\0\xff")
    with pytest.raises(BadRoster, match=r"is a zip or a spreadsheet such as \.xlsx, and a roster"):
        read_roster(path)


TWO_OF_ONE_NAME = "Jürgen Müller,m1@x.edu\nJürgen Müller,m2@x.edu\n"


def test_two_students_of_one_name_are_an_error_of_the_roster(tmp_path):
    """Two students of one name are an error: one would get both grades and the other none."""
    path = tmp_path / "roster.csv"
    path.write_text(f"student,email\n{TWO_OF_ONE_NAME}")
    with pytest.raises(BadRoster, match="2 students are called `Jürgen Müller`"):
        read_roster(path)
    path.write_text(f"student,id\n{TWO_OF_ONE_NAME}")
    with pytest.raises(BadRoster, match="column `student`"):
        read_roster(path)
    path.write_text("student,id\na:b,1\na|b,2\n")
    with pytest.raises(CannotCollect, match="would have one folder"):
        collect(lms.canvas(tmp_path), tmp_path / "submitted", path.read_text())


def test_a_platform_s_numbers_tell_two_of_one_name_apart(tmp_path):
    """A platform's numbers distinguish two students of one name.

    A student who appears in two sections stays one student.
    """
    path = tmp_path / "roster.csv"
    path.write_text(
        "Identifier,Full name,Status\n"
        "Participant 17,Jürgen Müller,\n"
        "Participant 18,Jürgen Müller,\n"
    )
    roster = read_roster(path)
    assert sorted(roster.students) == ["Jürgen Müller_17", "Jürgen Müller_18"]
    assert roster.find(id="18").student == "Jürgen Müller_18"
    path.write_text(
        "Student,ID,SIS User ID,SIS Login ID,Section\nLovelace,7,S,ada,A\nLovelace,7,S,ada,B\n"
    )
    assert sorted(read_roster(path).students) == ["ada"]


TWO_MÜLLERS = [
    Entry(f"müllerjan_2001_11_{UNIT}.py"),
    Entry(f"müllerjan_2002_12_{UNIT}.py", HALF),
]


@pytest.mark.parametrize(
    "roster",
    [
        "student,name\njmueller2,Jan Müller\n",
        "student,name\nJan Müller,Jan Müller\n",
        "student,name\njm1,Jan Müller\njm2,Jan Müller\n",
        'Student,ID,SIS User ID,SIS Login ID,Section\n"Müller, Jan",,,jmueller2,A\n',
    ],
)
def test_a_name_that_several_people_bear_matches_nobody(tmp_path, roster):
    """Neither file becomes that of the student who is called so, and the summary says so."""
    into = tmp_path / "submitted"
    made = collect(pack(tmp_path / "submissions.zip", TWO_MÜLLERS), into, roster)
    assert laid_out(into) == {"müllerjan_2001": RIGHT, "müllerjan_2002": HALF}
    assert "matched with nobody, because the name may be of several people (1)" in told(made)
    assert "müllerjan: here müllerjan_2001, müllerjan_2002; in the roster " in told(made)
    assert len(made.missing) == roster.count("\n") - 1


def test_a_number_of_canvas_s_decides_before_a_name(tmp_path):
    """The roster, or the folder of an earlier run, knows the namesake by another number."""
    roster = 'Student,ID,SIS User ID,SIS Login ID,Section\n"Müller, Jan",2001,,jmueller2,A\n'
    first, second = TWO_MÜLLERS
    alone = pack(tmp_path / "second.zip", [second])
    collect(alone, tmp_path / "by number", roster)
    assert sorted(laid_out(tmp_path / "by number")) == ["müllerjan_2002"]
    into = tmp_path / "by folder"
    own = "student,name\njmueller2,Jan Müller\n"
    collect(pack(tmp_path / "first.zip", [first]), into, own)
    collect(alone, into, own)
    assert laid_out(into) == {"jmueller2": RIGHT, "müllerjan_2002": HALF}


def test_a_number_in_the_column_id_settles_a_doubtful_name(tmp_path):
    """What the message says to do moves the file into the student's own folder."""
    into = tmp_path / "submitted"
    source = pack(tmp_path / "submissions.zip", TWO_MÜLLERS)
    collect(source, into, "student,name\njmueller2,Jan Müller\n")
    made = collect(source, into, "student,name,id\njmueller2,Jan Müller,2002\n")
    assert laid_out(into) == {"jmueller2": HALF, "müllerjan_2001": RIGHT}
    assert made.missing == []


def test_a_row_that_stands_twice_is_an_error_of_the_roster(tmp_path):
    """It may be two students of one name, where nothing else says who they are."""
    path = tmp_path / "roster.csv"
    path.write_text("student\nJan Müller\nJan Müller\n")
    with pytest.raises(BadRoster, match="2 students are called `Jan Müller`"):
        read_roster(path)


def test_the_roster_of_github_classroom_is_known(tmp_path):
    """GitHub Classroom's heading `identifier` is not Moodle's: the folder is the name on GitHub."""
    path = tmp_path / "classroom_roster.csv"
    path.write_text(
        "identifier,github_username,github_id,name\n"
        "ada@x.edu,ada-l,99,Ada Lovelace\n"
        "S20118,charles-b,98,\n"
        "grace@x.edu,,,\n"
    )
    roster = read_roster(path)
    ada = roster.find(login="ada-l")
    assert (ada.student, ada.email, ada.name, ada.source) == (
        "ada-l",
        "ada@x.edu",
        "Ada Lovelace",
        "github",
    )
    assert roster.find(sis="S20118").email == ""
    assert sorted(roster.students) == ["ada-l", "charles-b", "grace@x.edu"]


def test_a_file_that_cannot_be_graded_counts_as_a_submission(tmp_path):
    """A document or an oversized file counts as a submission: a result of 0 points says why.

    The record has the numbers, and a later file replaces it.
    """
    roster = "Identifier,Full name,Email address,Grade\n" + "".join(
        f"Participant {number},{name},{name.split()[0].lower()}@x.edu,\n"
        for number, name in ((17, "Ada Lovelace"), (18, "Lukas Weber"), (19, "Amy Big"), (20, "No"))
    )
    entries = [
        Entry(f"Ada Lovelace_17_assignsubmission_file/{UNIT}.py"),
        Entry("Lukas Weber_18_assignsubmission_file/answers.docx", "PK"),
        Entry(f"Amy Big_19_assignsubmission_file/{UNIT}.ipynb", "x" * (6 << 20)),
    ]
    into = tmp_path / "submitted"
    source = pack(tmp_path / f"Course-{UNIT}-4711.zip", entries)
    made = collect(source, into, roster)
    assert [each.student for each in made.missing] == ["no@x.edu"]
    told = "\n".join(summary(made))
    assert "handed in only files that cannot be graded (2):" in told
    assert "answers.docx: no .py or .ipynb" in told
    assert f"Amy Big (amy@x.edu), {UNIT}" in told
    assert record(into, "lukas@x.edu").id == "18"
    done = small.run_command("grade", into, "--out", tmp_path / "grades", "--quick")
    assert done.returncode == 0, done.stderr
    results = {result.student: result for result in stored_results(tmp_path / "grades")}
    lukas = results["lukas@x.edu"]
    assert (lukas.score, lukas.hand_in.id) == (0, "18")
    assert lukas.note == (
        "the submission, answers.docx, cannot be graded: no .py or .ipynb. "
        f"Submit {UNIT}.py or {UNIT}.ipynb itself."
    )
    said = lukas.note.partition(" Submit")[0]
    page = (tmp_path / "grades" / "pages" / UNIT / "lukas@x.edu.html").read_text()
    assert page.count(said) == 1
    assert done.stdout.count(said) == 1
    (tmp_path / "grades" / "adjustments.toml").write_text(
        f'[[adjustment]]\nstudent = "lukas@x.edu"\nunit = "{UNIT}"\npoints = 5\n'
        'words = "read on paper"\nwho = "tg"\n'
    )
    exported = small.run_command("export", tmp_path / "grades", "--to", "mail")
    assert exported.returncode == 0, exported.stderr
    letters = (tmp_path / "grades" / "export" / "mail.csv").read_text()
    (letter,) = [line for line in letters.splitlines() if line.startswith("lukas@x.edu")]
    assert f"{lukas.note} · +5 by hand (tg): read on paper" in letter
    assert letter.count(said) == 1
    entries[1] = Entry(f"Lukas Weber_18_assignsubmission_file/{UNIT}.py")
    made = collect(pack(tmp_path / f"Course-{UNIT}-4712.zip", entries), into)
    assert record(into, "lukas@x.edu").sha256
    assert [one.student for one in made.ungraded] == ["amy@x.edu"]


def test_a_file_that_cannot_be_graded_is_of_the_unit_that_its_name_says(tmp_path):
    """A file that cannot be graded belongs to the unit in its name, else to that of the others.

    So its student is not listed as having submitted nothing.
    """
    entries = [
        Entry(f"lovelaceada_4711_99813_{UNIT}.py"),
        Entry(f"müllerzoë_4713_99816_{UNIT}.py"),
        Entry(f"babbagecharles_LATE_4712_99815_{WORDS}.zip", "no zip"),
        Entry("turingalan_4715_99817_answers.pdf", "%PDF"),
        Entry("hoppergrace_4716_99818_solution.py"),
    ]
    into = tmp_path / "submitted"
    made = collect(pack(tmp_path / "submissions.zip", entries), into, lms.CANVAS_ROSTER)
    found = {(one.student, one.unit, one.record.why) for one in made.ungraded}
    assert found == {
        ("charles", WORDS, "a zip that cannot be read"),
        ("alan", UNIT, "no .py or .ipynb"),
        ("grace", UNIT, "its name contains no unit"),
    }
    assert record(into, "charles", WORDS).late
    assert not made.missing
    told = summary(made)
    assert (
        "2 files name no unit, such as hoppergrace_4716_99818_solution.py. If all of this is "
        f"{UNIT}, run collect again with --unit {UNIT}." in told
    )


OWN_ROSTER = "student,name,email,section\nada,{0},ada@example.edu,mon\nada2,{0},{1},tue\n"


def test_a_roster_of_one_s_own_doubles_nobody(tmp_path):
    """A student with the same address keeps the folder's name and gets the roster's section."""
    into = tmp_path / "submitted"
    source = lms.moodle(tmp_path)
    collect(source, into, lms.MOODLE_ROSTER)
    own = OWN_ROSTER.format("Ada Lovelace", "ADA2@example.edu")
    made = collect(source, into, own)
    students = read_roster(into / "roster.csv").students
    assert len(students) == 5
    assert "ada" not in students
    sections = [students[f"{name}@example.edu"].section for name in ("ada", "ada2")]
    assert sections == ["mon", "tue"]
    assert made.kept.startswith("3 students of the old roster are not in the new one")


def test_a_new_address_makes_no_new_student(tmp_path):
    """A student whose address changed keeps the folder, because Moodle's number is the same."""
    into = tmp_path / "submitted"
    source = lms.moodle(tmp_path)
    collect(source, into, lms.MOODLE_ROSTER)
    collect(source, into, OWN_ROSTER.format("Ada Lovelace", "ADA2@example.edu"))
    before = laid_out(into)
    made = collect(source, into, lms.MOODLE_ROSTER.replace("ada@", "countess@"))
    assert laid_out(into) == before
    assert (made.missing, made.kept, made.adopted) == ([], "", [])
    students = read_roster(into / "roster.csv").students
    assert "countess@example.edu" not in students
    ada = students["ada@example.edu"]
    assert (ada.email, ada.section) == ("countess@example.edu", "mon")


def test_a_number_of_another_moodle_joins_nobody(tmp_path):
    """The same number with another name and address is another person."""
    into = tmp_path / "submitted"
    source = lms.moodle(tmp_path)
    collect(source, into, lms.MOODLE_ROSTER)
    other = lms.MOODLE_ROSTER.replace("22,Grace Hopper,grace@", "22,Carl Gauss,carl@")
    students = merged(read_roster(into / "roster.csv"), _roster_of(tmp_path, other)).students
    assert {"carl@example.edu", "grace@example.edu"} <= students.keys()


def test_a_namesake_of_one_whom_the_number_names_is_new(tmp_path):
    """A new student is not taken for one of the same name whose number is in the roster."""
    into = tmp_path / "submitted"
    source = lms.moodle(tmp_path)
    collect(source, into, lms.MOODLE_ROSTER)
    row = "Participant 30,Grace Hopper,grace2@example.edu,Submitted,,-\n"
    made = collect(source, into, lms.MOODLE_ROSTER.replace("grace@", "hopper@") + row)
    assert made.roster.students["grace@example.edu"].email == "hopper@example.edu"
    assert made.roster.students["grace2@example.edu"].id == "30"


def _roster_of(folder, text):
    path = folder / "another.csv"
    path.write_text(text)
    return read_roster(path)


def test_a_new_address_in_another_assignment_is_asked_about(tmp_path):
    """A student with a known name, a new address and a new number is asked about."""
    into = tmp_path / "submitted"
    collect(lms.moodle(tmp_path), into, lms.MOODLE_ROSTER)
    roster = lms.MOODLE_ROSTER.replace("zoe@", "zoe.new@").replace("Participant ", "Participant 9")
    entries = [
        Entry(f"{lms.UMLAUTS}_919_assignsubmission_file/{WORDS}.py", small.solved(name=WORDS)),
        Entry(f"Grace Hopper_922_assignsubmission_file/{WORDS}.py", small.solved(name=WORDS)),
    ]
    source = pack(tmp_path / f"Course-{WORDS}-4712.zip", entries)
    path = into / "roster.csv"
    before = path.read_text()
    with pytest.raises(BadRoster) as told:
        collect(source, into, roster)
    assert str(told.value) == (
        "The new roster has zoe.new@example.edu, and the roster before zoe@example.edu, both "
        "called Zoë Müller. Look at the row of zoe@example.edu in roster.csv, beside the "
        "submissions or else the results: if they are one person, write zoe.new@example.edu into "
        "the column `email` there; if they are two, write another name there. Then run this "
        "command again."
    )
    path.write_text(before.replace(",zoe@", ",zoe.new@"))
    made = collect(source, into, roster)
    assert made.kept == ""
    assert (into / "zoe@example.edu" / WORDS / f"{WORDS}.py").is_file()
    path.write_text(before.replace(lms.UMLAUTS, "Zoë Müller (left)"))
    made = collect(source, into, roster)
    assert made.kept.startswith("zoe@example.edu of the old roster is not in the new one")
    assert (into / "zoe.new@example.edu" / WORDS / f"{WORDS}.py").is_file()


def test_a_roster_that_calls_the_class_otherwise_is_refused(tmp_path):
    """A roster with other names for the class is refused, with both names of one student.

    Otherwise each student would be listed twice, once with nothing.
    """
    into = tmp_path / "submitted"
    collect(lms.canvas(tmp_path), into, lms.CANVAS_ROSTER)
    own = "student,name\nada@x.edu,Ada Lovelace\nzoe@x.edu,Zoë Müller\nnew@x.edu,New One\n"
    with pytest.raises(BadRoster, match="calls 2 students otherwise") as told:
        collect(lms.canvas(tmp_path), into, own)
    assert "`ada@x.edu` there was `ada`" in str(told.value)
    assert len(read_roster(into / "roster.csv").students) == 5


def test_a_file_of_no_known_unit_may_be_of_each(tmp_path):
    """A file of no known unit may belong to any unit that half of the others submitted.

    So its student is missing from none of them.
    """
    entries = [
        Entry(f"lovelaceada_4711_99813_{UNIT}.py"),
        Entry(f"müllerzoë_4713_99816_{WORDS}.py", small.solved(name=WORDS)),
        Entry("turingalan_4715_99817_answers.pdf", "%PDF"),
    ]
    made = collect(pack(tmp_path / "submissions.zip", entries), tmp_path / "submitted")
    assert [one.unit for one in made.ungraded] == [UNIT, WORDS]


def test_the_worksheet_says_when_a_file_came_that_cannot_be_graded(tmp_path):
    """Moodle's worksheet gives the time of a file that cannot be graded.

    Otherwise a late one would lose no points when it is graded manually.
    """
    entries = [
        Entry(f"Ada Lovelace_17_assignsubmission_file/{UNIT}.py"),
        Entry("Zoë Müller_19_assignsubmission_file/answers.pdf", "%PDF"),
        Entry(f"Grace Hopper_22_assignsubmission_file/{UNIT}.zip", "no zip"),
    ]
    into = tmp_path / "submitted"
    collect(pack(tmp_path / f"Course-{UNIT}-4711.zip", entries), into, lms.MOODLE_ROSTER)
    for student, hour in (("zoe@example.edu", 8), ("grace@example.edu", 15)):
        submitted = datetime.fromisoformat(record(into, student).submitted)
        assert submitted == datetime(2026, 11, 20, hour, 0).astimezone()


def test_a_script_after_a_document_keeps_the_document_s_time(tmp_path):
    """The student had begun then, which the policy's `not_begun` needs to know."""
    into = tmp_path / "submitted"
    head = "Identifier,Full name,Last modified (submission)\nParticipant 17,Ada,"
    for number, (name, day) in enumerate(((f"{UNIT}.pdf", 20), (f"{UNIT}.py", 22))):
        entry = Entry(f"Ada_17_assignsubmission_file/{name}")
        other = Entry(f"Zoë_19_assignsubmission_file/{UNIT}.py")
        roster = f'{head}"Sunday, {day} November 2026, 8:00 AM"\nParticipant 19,Zoë,-\n'
        source = pack(tmp_path / f"{number}.zip", [entry, other])
        collect(source, into, roster)
    for _ in range(2):
        assert laid_out(into) == {"Ada": RIGHT, "Zoë": RIGHT}
        ada = record(into, "Ada")
        assert (ada.attempt, record(into, "Zoë").begun) == (1, "")
        begun = datetime.fromisoformat(ada.begun)
        assert begun == datetime(2026, 11, 20, 8, 0).astimezone()
        collect(source, into, roster)


def test_the_zone_of_the_worksheet_s_times_is_said(tmp_path):
    """The worksheet names none, and another zone than Moodle's would shift each hand-in."""
    name = f"Course-{UNIT}-4711.zip"
    source = pack(tmp_path / name, [Entry(f"Zoë Müller_19_assignsubmission_file/{UNIT}.py")])
    roster = tmp_path / "worksheet.csv"
    roster.write_text(lms.MOODLE_ROSTER)
    for zone, said in (("EST5", "UTC-05:00"), ("IST-5:30", "UTC+05:30")):
        options = ("--into", tmp_path / said, "--roster", roster)
        done = small.run_command("collect", source, *options, TZ=zone)
        assert done.returncode == 0, done.stderr
        assert f"in this machine's time zone, {said}. If Moodle shows you" in done.stdout
        submitted = datetime.fromisoformat(record(tmp_path / said, "zoe@example.edu").submitted)
        assert submitted == datetime.fromisoformat(f"2026-11-20T08:00:00{said[3:]}")
    options = ("--into", tmp_path / "slipped", "--roster", roster)
    done = small.run_command("collect", source, *options, TZ="Europe/Berln")
    assert done.returncode == 2
    assert "TZ is Europe/Berln, which is no time zone of this machine" in done.stderr
    assert "Did you mean TZ=Europe/Berlin?" in done.stderr


def test_canvas_is_asked_when_each_student_handed_in(tmp_path):
    """Submission times come from Canvas's API, because its download has none.

    That covers files that cannot be graded.
    """
    into = tmp_path / "submitted"
    source = lms.canvas(tmp_path)
    made = collect(source, into)
    assert any("--times-from" in line for line in summary(made))
    with canvas_here() as canvas:
        canvas.times = {
            "4711": "2026-11-20T14:22:32Z",
            "4712": "2026-11-21T01:00:00Z",
            "4713": None,
            "4715": "2026-11-21T02:00:00Z",
        }
        address = f"{canvas.url}/courses/77/assignments/456"
        arguments = ("collect", source, "--into", into, "--times-from")
        done = small.run_command(*arguments, address, CANVAS_TOKEN=TOKEN)
        assert done.returncode == 0, done.stderr
        for url, token, told in (
            (canvas.url, TOKEN, "is no address of an assignment"),
            (address, "", "Set CANVAS_TOKEN"),
            (address.replace("456", "457"), TOKEN, "does not give assignment 457"),
        ):
            done = small.run_command(*arguments, url, CANVAS_TOKEN=token)
            assert done.returncode == 2
            assert told in done.stderr
        canvas.assignment = {"name": "Week 2: words"}
        done = small.run_command(*arguments, address, "--unit", UNIT, CANVAS_TOKEN=TOKEN)
        assert done.returncode == 2
        assert f"of `Week 2: words`, which names words, and these files are {UNIT}." in done.stderr
    times = {path.parent.name: read_record(path).submitted for path in into.glob(f"*/{UNIT}.json")}
    assert times == {
        "lovelaceada_4711": "2026-11-20T14:22:32+00:00",
        "babbagecharles_4712": "2026-11-21T01:00:00+00:00",
        "müllerzoë_4713": "",
        "cmdb31m_4714": "",
        "turingalan_4715": "2026-11-21T02:00:00+00:00",
    }


def test_a_text_typed_into_moodle_is_a_hand_in_that_cannot_be_graded(tmp_path):
    """Text typed into Moodle is a submission that cannot be graded.

    Its student is counted there, and not among those who submitted nothing.
    """
    roster = (
        "Identifier,Full name,Email address,Grade\n"
        "Participant 17,Ada Lovelace,ada@x.edu,\nParticipant 18,Lukas Weber,lukas@x.edu,\n"
    )
    entries = [
        Entry(f"Ada Lovelace_17_assignsubmission_file/{UNIT}.py"),
        Entry("Lukas Weber_18_assignsubmission_onlinetext/onlinetext.html", "<p>ill</p>"),
    ]
    made = collect(pack(tmp_path / "s.zip", entries), tmp_path / "submitted", roster, unit=UNIT)
    assert made.missing == []
    assert [one.student for one in made.ungraded] == ["lukas@x.edu"]
    assert f"Lukas Weber (lukas@x.edu), {UNIT}: " in told(made)
    assert record(tmp_path / "submitted", "lukas@x.edu").id == "18"


def test_the_list_of_what_was_not_taken_is_short_and_kept(tmp_path):
    """The printed list of skipped files is short: files that students were given are only counted.

    The full list is in a file.
    """
    for student in ("ada", "zoë"):
        files = {f"{UNIT}.py": RIGHT, "solution.docx": "x"}
        files |= {f"picture{number}.png": "x" for number in range(9)}
        for path in sorted((COURSE.folder / "checks").glob("*.py")):
            files[f"checks/{path.name}"] = path.read_text()
        lms.commit(tmp_path / "clones" / student, files, "2026-11-20T14:22:32+01:00")
    made = collect(tmp_path / "clones", tmp_path / "submitted")
    told = summary(made)
    (begin,) = [place for place, line in enumerate(told) if line.startswith("not taken")]
    assert len(told) - begin <= 1 + 2 * 4 + 1
    assert "all of them are in not taken.txt" in told[begin]
    assert "that no student wrote, such as tools' own and starter files" in told[-1]
    kept = (tmp_path / "submitted" / "not taken.txt").read_text()
    assert "zoë/picture8.png: no .py or .ipynb" in kept
    assert "ada/.git: made by a tool" in kept
    collect(tmp_path / "clones", tmp_path / "submitted")
    assert (tmp_path / "submitted" / "not taken.txt").read_text().startswith(kept)
    done = small.run_command("grade", tmp_path / "submitted", "--out", tmp_path / "g", "--quick")
    assert "not taken.txt" not in done.stdout


def test_a_clone_with_the_assignment_before_the_login_is_the_students(tmp_path):
    """The login of a clone named `<assignment>-<login>` is found by the roster.

    A student whose login is the whole name is found, too.
    """
    for clone in ("unit4-ada", "unit4-mary-ann", "mary-ann-b"):
        lms.commit(tmp_path / "c" / clone, {f"{UNIT}.py": RIGHT}, "2026-11-20T14:22:32+01:00")
    roster = "student,login\nada,ada\nmary,mary-ann\nb,b\nmab,mary-ann-b\n"
    made = collect(tmp_path / "c", tmp_path / "submitted", roster)
    assert sorted(place.student for place in made.places) == ["ada", "mab", "mary"]
    assert made.unknown == []


def test_moodle_s_times_are_those_of_its_worksheet(tmp_path):
    """Times come from Moodle's worksheet, because a student can set a file's own time.

    Without it the message says that no times are known. A second run with it adds them.
    """
    into = tmp_path / "submitted"
    source = lms.moodle(tmp_path)
    made = collect(source, into, f"Identifier,Full name\nParticipant 19,{lms.UMLAUTS}\n")
    assert record(into, lms.UMLAUTS).submitted == ""
    assert any("time of 5 of 5" in line and "--roster" in line for line in summary(made))
    row = f'Participant 19,{lms.UMLAUTS},"Friday, 20 November 2026, 8:00 AM"'
    made = collect(source, into, f"Identifier,Full name,Last modified (submission)\n{row}\n")
    submitted = datetime.fromisoformat(record(into, lms.UMLAUTS).submitted)
    assert submitted == datetime(2026, 11, 20, 8, 0).astimezone()
    assert made.places[-1].fresh == 0


def test_a_submission_that_moodle_s_zip_lacks_is_listed(tmp_path):
    """A submission that the worksheet lists and the zip lacks is reported.

    A filter on a group can cause that. Drafts and files that a student removed are not reported.
    """
    time = '"Friday, 20 November 2026, 7:30 PM"'
    (tmp_path / "worksheet.csv").write_text(
        "Identifier,Full name,Email address,Status,Last modified (submission)\n"
        f"Participant 17,Ada Lovelace,ada@x.edu,Submitted for grading,{time}\n"
        f"Participant 18,Lukas Weber,lukas@x.edu,Submitted for grading - 2 days late,{time}\n"
        f"Participant 19,Dora Draft,dora@x.edu,Draft (not submitted),{time}\n"
        "Participant 20,No One,no@x.edu,No submission,-\n"
    )
    source = pack(
        tmp_path / f"Course-{UNIT}-4711.zip",
        [Entry(f"Ada Lovelace_17_assignsubmission_file/{UNIT}.py")],
    )
    arguments = ("collect", source, "--roster", tmp_path / "worksheet.csv", "--into")
    done = small.run_command(*arguments, tmp_path / "submitted")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    begin = lines.index("Moodle's worksheet has a submission that the zip lacks (1):")
    assert lines[begin + 1] == "  Lukas Weber (lukas@x.edu)"
    assert "with no group and no filter" in lines[begin + 2]
    (nothing,) = [place for place, line in enumerate(lines) if "handed in nothing (2)" in line]
    assert {lines[nothing + 1], lines[nothing + 2]} == {
        "  Dora Draft (dora@x.edu)",
        "  No One (no@x.edu)",
    }


def test_who_is_missing_in_the_worksheet_is_named(tmp_path):
    """A student missing from the given worksheet is reported.

    The worksheet is given already, so the message does not ask for it.
    """
    entries = [
        Entry(f"Ada Lovelace_17_assignsubmission_file/{UNIT}.py"),
        Entry(f"Gwen Guest_99_assignsubmission_file/{UNIT}.py"),
    ]
    source = pack(tmp_path / f"Course-{UNIT}-4711.zip", entries)
    (line,) = [
        line
        for line in summary(collect(source, tmp_path / "submitted", lms.MOODLE_ROSTER))
        if "hand-in time" in line
    ]
    assert "of 1 of 2 new submissions" in line
    assert line.endswith("The worksheet has no time for Gwen Guest_99.")


def test_a_script_that_a_browser_saved_as_text_is_the_script(tmp_path):
    """A script that a browser saved as text is taken as the script, in a nested zip, too.

    The report says so. A real script takes precedence, and other text is no script.
    """
    inner = pack(tmp_path / "work.zip", [Entry(f"mine/{UNIT}.py.txt", HALF)])
    ada, zoe, grace = [
        f"{who}_{number}_assignsubmission_file"
        for who, number in (("Ada Lovelace", 17), (lms.UMLAUTS, 19), ("Grace Hopper", 22))
    ]
    entries = [
        Entry(f"{ada}/{UNIT}.py (1).txt"),
        Entry(f"{ada}/notes.txt"),
        Entry(f"{zoe}/{UNIT}.py.TXT", HALF),
        Entry(f"{zoe}/{UNIT}.py"),
    ]
    source = pack(tmp_path / f"Course-{UNIT}-4711.zip", entries)
    with zipfile.ZipFile(source, "a") as packed:
        packed.write(inner, f"{grace}/work.zip")
    into = tmp_path / "submitted"
    told = summary(collect(source, into, lms.MOODLE_ROSTER))
    assert laid_out(into) == {
        "ada@example.edu": RIGHT,
        "grace@example.edu": HALF,
        "zoe@example.edu": RIGHT,
    }
    begin = told.index("saved as text, and taken as the script that it is (2):")
    assert told[begin + 1] == f"  Ada Lovelace (ada@example.edu): {ada}/{UNIT}.py (1).txt"
    assert f"  {ada}/notes.txt: no .py or .ipynb" in told


def test_a_file_that_cannot_be_read_is_taken_and_listed_once(tmp_path):
    """A file that is neither a script nor a notebook is taken, and the report says what it is.

    Other files, and those that were there before, are not listed.
    """
    title = "taken, though no check can run it"
    ada, zoe, grace = [f"{who}_{number}_9_{UNIT}" for who, number in (("a", 1), ("z", 2), ("g", 3))]
    entries = [
        Entry(f"{ada}.ipynb", '{"cells": [\n'),
        Entry(f"{zoe}.py", ""),
        Entry(f"{grace}.ipynb", lms.small_notebook()),
    ]
    source = pack(tmp_path / "submissions.zip", entries)
    into = tmp_path / "submitted"
    made = collect(source, into)
    told = summary(made)
    begin = told.index(f"{title} (2):")
    assert told[begin + 1].startswith(f"  a_1, {UNIT}: {ada}.ipynb: the notebook is incomplete")
    assert told[begin + 2] == f"  z_2, {UNIT}: {zoe}.py: the file is empty."
    assert len(made.places) == 3
    assert title not in "".join(summary(collect(source, into)))


def test_the_worksheet_of_another_assignment_is_refused(tmp_path):
    """A worksheet without any number of the zip belongs to another assignment and is refused.

    Times would be missing and names doubled.
    """
    (tmp_path / "worksheet.csv").write_text(
        "Identifier,Full name,Email address\nParticipant 27,Ada Lovelace,ada@x.edu\n"
    )
    source = pack(
        tmp_path / f"Course-{UNIT}-4711.zip",
        [Entry(f"Ada Lovelace_17_assignsubmission_file/{UNIT}.py")],
    )
    arguments = ("collect", source, "--roster", tmp_path / "worksheet.csv", "--into")
    done = small.run_command(*arguments, tmp_path / "submitted")
    assert done.returncode == 2
    assert "the worksheet of another assignment" in done.stderr
    assert not (tmp_path / "submitted").exists()


NAMES = ("Ada Lovelace", "Sean O'Brien", "Zoë de Zero", "Anne-Marie Weiß", "Jan Þórr")


def test_a_worksheet_with_one_column_sorted_alone_is_refused(tmp_path):
    """If numbers have the name of another row, files would go to other students.

    A few other names are listed. Signs and the order of a name's words do not matter.
    """
    entries = []
    for number, name in enumerate(NAMES, 11):
        entries.append(
            Entry(f"{name.replace(chr(39), '')}_{number}_assignsubmission_file/{UNIT}.py")
        )
    source = pack(tmp_path / f"Course-{UNIT}-4711.zip", entries)

    def worksheet(names):
        rows = ["Identifier,Full name,Email address"]
        for number, name in enumerate(names, 11):
            rows.append(f'Participant {number},"{name}",{number}@x.edu')
        return "\n".join(rows)

    for names in (sorted(NAMES, key=lambda name: name[2]), [NAMES[1], NAMES[0], *NAMES[2:]]):
        with pytest.raises(CannotCollect, match="have the name of another row of the") as refused:
            collect(source, tmp_path / "sorted", worksheet(names))
    assert "11 is Ada Lovelace in the zip and Sean O'Brien in the worksheet" in str(refused.value)
    renamed = ["Ada King", *NAMES[1:4], "Þórr, Jan"]
    told = summary(collect(source, tmp_path / "renamed", worksheet(renamed)))
    begin = told.index("with another name in the worksheet than in the zip (1):")
    assert told[begin + 1] == "  11 is Ada Lovelace in the zip and Ada King in the worksheet"
    in_groups = [f"Group A - {name}" for name in NAMES]  # as a site may write names
    for names in (NAMES, in_groups):
        told = summary(collect(source, tmp_path / names[0], worksheet(names)))
        assert not [line for line in told if "another name" in line]


def test_a_worksheet_that_is_older_than_the_zip_is_refused_after_a_document_too(tmp_path):
    """Last week's worksheet would give a late script the time of the document before it.

    The same zip again is not refused, if its file is taken only now, as with --unit.
    """
    into = tmp_path / "submitted"
    others = "Bob_18_assignsubmission_file"
    folder = "Ada Lovelace_17_assignsubmission_file"
    worksheet = (
        "Identifier,Full name,Last modified (submission)\n"
        'Participant 17,Ada Lovelace,"Friday, 20 November 2026, 8:00 AM"\n'
        'Participant 18,Bob,"Friday, 20 November 2026, 9:00 AM"\n'
    )
    entries = [
        Entry(f"{folder}/homework.pdf"),
        Entry(f"{folder}/work.py", RIGHT),
        Entry(f"{others}/{UNIT}.py"),
    ]
    first = pack(tmp_path / "Course-4711.zip", entries)
    made = collect(first, into, worksheet)
    assert [one.student for one in made.ungraded] == ["Ada Lovelace"]
    script = Entry(f"{folder}/{UNIT}.py", HALF)
    second = pack(tmp_path / "Course-4712.zip", [entries[0], script, entries[2]])
    with pytest.raises(CannotCollect, match=r"older than the files.*: Ada Lovelace .*2026-11-20T"):
        collect(second, into, worksheet)
    assert laid_out(into).keys() == {"Bob"}
    newer = worksheet.replace("Friday, 20 November 2026, 8", "Sunday, 29 November 2026, 8")
    shutil.copytree(into, tmp_path / "later")
    collect(second, tmp_path / "later", newer)
    assert laid_out(tmp_path / "later").keys() == {"Bob", "Ada Lovelace"}
    collect(first, into, worksheet, unit=UNIT)
    assert laid_out(into) == {"Ada Lovelace": RIGHT, "Bob": RIGHT}


def test_a_worksheet_that_is_older_than_the_zip_is_refused(tmp_path):
    """Last week's worksheet would give a late file the time of the file before it.

    The time that is earlier counts, so no later worksheet could correct it.
    """
    into = tmp_path / "submitted"
    file = f"Ada Lovelace_17_assignsubmission_file/{UNIT}.py"
    head = "Identifier,Full name,Last modified (submission)"
    before = f'{head}\nParticipant 17,Ada Lovelace,"Friday, 20 November 2026, 8:00 AM"\n'
    first = pack(tmp_path / f"Course-{UNIT}-4711.zip", [Entry(file)])
    collect(first, into, before)
    second = pack(tmp_path / f"Course-{UNIT}-4712.zip", [Entry(file, HALF)])
    with pytest.raises(CannotCollect, match=r"older than the files.*: Ada Lovelace .*2026-11-20T"):
        collect(second, into, before)
    assert len(record(into, "Ada Lovelace").sha256) == 64
    assert collect(first, into, before).places[0].fresh == 0
    after = before.replace("20 November", "27 November")
    assert collect(second, into, after).places[0].fresh == 1


def test_the_zip_of_another_unit_is_refused(tmp_path):
    """If most of three or more files have the name of another unit, nothing is taken."""
    entries = [
        Entry(f"lee{name}_{number}_1{number}_{WORDS}.py")
        for number, name in enumerate(("ann", "bob", "eve"))
    ]
    source = pack(tmp_path / "submissions.zip", entries)
    with pytest.raises(CannotCollect, match=f"3 of 3 new files have the name of {WORDS}, .* as"):
        collect(source, tmp_path / "named", unit=UNIT)
    assert not (tmp_path / "named").exists()
    assert len(collect(source, tmp_path / "named", unit=WORDS).places) == 3


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("Sunday, 1 November 2026, 12:05 AM", datetime(2026, 11, 1, 0, 5)),
        ("Sunday, 01 November 2026, 07:30 PM", datetime(2026, 11, 1, 19, 30)),
        ("Sunday, 1 November 2026, 19:30", datetime(2026, 11, 1, 19, 30)),
        ("Sunday, November 1, 2026, 7:30 PM", datetime(2026, 11, 1, 19, 30)),
    ],
)
def test_times_of_a_worksheet_in_english(tmp_path, written, meant):
    """Times in an English worksheet are local times; `-` means that nothing was submitted."""
    head = "Identifier,Full name,Last modified (submission)"
    rows = (head, f'Participant 17,Ada,"{written}"', "Participant 18,Zoë,-")
    (tmp_path / "roster.csv").write_text("\n".join(rows))
    times = read_roster(tmp_path / "roster.csv").worksheet.times
    assert {number: datetime.fromisoformat(time) for number, time in times.items()} == {
        "17": meant.astimezone()
    }


def test_a_worksheet_in_another_language_says_where_moodle_s_language_is_switched(tmp_path):
    """A worksheet in another language is refused by its headings.

    The message says where to switch Moodle's language.
    """
    path = tmp_path / "worksheet.csv"
    path.write_text("ID,Vollständiger Name,E-Mail-Adresse\nTeilnehmer/in17,Ada,ada@x.edu\n")
    with pytest.raises(BadRoster, match=r"in Moodle, .* Language → English"):
        read_roster(path)


def test_a_time_in_another_language_is_refused(tmp_path):
    """A time in another language is refused: without it a late file would count as one in time."""
    written = "Sonntag, 1. November 2026, 19:30"
    (tmp_path / "roster.csv").write_text(
        f'Identifier,Last modified (submission)\nParticipant 17,"{written}"\n'
    )
    with pytest.raises(BadRoster, match=r"Sonntag.*Switch Moodle to English"):
        read_roster(tmp_path / "roster.csv")


def test_the_student_that_canvas_makes_up_is_nobody(tmp_path):
    """Canvas's made-up test student is ignored.

    It stands in each export of a gradebook, has a number, and submits nothing.
    """
    path = tmp_path / "roster.csv"
    path.write_text(f'{lms.CANVAS_ROSTER}"Student, Test",4799,,ab12cd34,\n')
    assert "ab12cd34" not in read_roster(path).students
    path.write_text('student,name\nts,"Student, Test"\n')
    assert "ts" in read_roster(path).students


def test_the_work_of_canvas_s_test_student_is_left_out(tmp_path):
    """It is listed, and is no stranger to the roster."""
    source = lms.canvas(tmp_path)
    with zipfile.ZipFile(source, "a") as packed:
        packed.writestr(f"studenttest_9999_99900_{UNIT}.py", "x = 1\n")
        packed.writestr("studenttest_9999_text.html", "x = 1\n")
    made = collect(source, tmp_path / "submitted", lms.CANVAS_ROSTER)
    assert not any("test" in student for student in made.unknown)
    lines = [line for line in summary(made) if "studenttest" in line]
    assert len(lines) == 2
    assert all("of Canvas's Test Student, whom a teacher plays" in line for line in lines)
    assert not any("test" in one.student for one in made.ungraded)


@pytest.mark.parametrize("sorted_first", [True, False])
def test_sorted_addresses_in_a_second_worksheet_are_refused(tmp_path, sorted_first):
    """The files of one student would become another's attempts, whichever table came first."""
    right = "student,name\nada@x.edu,Ada Lovelace\nbob@x.edu,Bob Noyce\ncy@x.edu,Cy Young\n"
    swapped = right.replace("ada@", "x@").replace("bob@", "ada@").replace("x@", "bob@")
    first, second = (swapped, right) if sorted_first else (right, swapped)
    source = lms.canvas(tmp_path)
    collect(source, tmp_path / "submitted", first + "ada,Lovelace Ada\n")
    before = laid_out(tmp_path / "submitted")
    with pytest.raises(
        BadRoster, match=r"2 students have a name that was another's: .* was .* before"
    ):
        collect(source, tmp_path / "submitted", second)
    assert laid_out(tmp_path / "submitted") == before


def test_a_second_roster_says_who_stays_of_the_first(tmp_path):
    """A second roster that omits students of the first says who they are.

    Otherwise they would be listed, without explanation, as having submitted nothing.
    """
    source = lms.canvas(tmp_path)
    made = collect(source, tmp_path / "submitted", lms.CANVAS_ROSTER)
    assert made.kept == ""
    made = collect(source, tmp_path / "submitted", "student,name\nada,Ada Lovelace\n")
    assert made.roster.students["ada"].sis == "S1"
    (said,) = [line for line in summary(made) if "stay" in line]
    assert said.startswith("4 students of the old roster are not in the new one")
    without_alan = lms.CANVAS_ROSTER.replace('"Turing, Alan",4715,S5,alan,B\n', "")
    made = collect(source, tmp_path / "submitted", without_alan)
    assert made.kept == (
        "alan of the old roster is not in the new one, and stays; to drop alan, delete the row in "
        "roster.csv beside the submissions and the results."
    )


def test_a_name_that_two_have_matches_nobody(tmp_path):
    """A name that two students share matches neither."""
    path = tmp_path / "roster.csv"
    path.write_text("student,name\nada1,Ada Lovelace\nada2,Ada Lovelace\n")
    assert read_roster(path).find(name="Ada Lovelace") is None


@pytest.mark.parametrize(
    ("student", "name", "shown"),
    [
        ("ssecond@uni.example", "Sec Ond", "Sec Ond (ssecond@uni.example)"),
        ("suharto@uni.example", "Suharto", "Suharto (suharto@uni.example)"),
        ("Ada Lovelace_17", "Ada Lovelace", "Ada Lovelace_17"),
        ("u2600", "Ada Lovelace", "Ada Lovelace (u2600)"),
        ("u2600", "", "u2600"),
    ],
)
def test_a_student_is_called_by_name_also_where_the_address_holds_it(student, name, shown):
    assert called(student, name) == shown


def test_the_command_says_what_it_would_do(tmp_path):
    """`--dry-run` describes the plan and writes nothing; a real run names the next command."""
    source = lms.canvas(tmp_path)
    (tmp_path / "roster.csv").write_text(lms.CANVAS_ROSTER)
    options = (
        "collect",
        source,
        "--into",
        tmp_path / "submitted",
        "--roster",
        tmp_path / "roster.csv",
    )
    done = small.run_command(*options, "--dry-run")
    assert done.returncode == 0, done.stderr
    assert "Nothing was written." in done.stdout
    assert not (tmp_path / "submitted").exists()
    assert "marked late by canvas (1): " in done.stdout
    assert "not in the roster, but taken (1):\n  cmdb31m_4714" in done.stdout
    assert "cannot be graded (1):\n  Turing, Alan (alan)" in done.stdout
    done = small.run_command(*options)
    assert f"Next: autograder grade {tmp_path / 'submitted'}" in done.stdout
    spaced = source.rename(tmp_path / "DL26-Unit 4 by hand.zip")
    done = small.run_command("grade", spaced, "--out", tmp_path / "grades", "--unit", UNIT)
    assert f'autograder collect "{spaced}" --into submitted' in done.stderr
    assert json.loads((tmp_path / "submitted" / "ada" / f"{UNIT}.json").read_text())["format"] == 1


def test_every_source_is_recognized_as_what_it_is(tmp_path):
    """Every source is recognised, with and without a surrounding folder."""
    for number, name in enumerate(
        ("canvas", "moodle", "gradescope", "classroom50", "github", "exchange")
    ):
        folder = tmp_path / str(number)
        folder.mkdir()
        source = getattr(lms, name)(folder)
        (folder / "scratch").mkdir()
        contents = look_into(source, folder / "scratch")
        kind, _ = recognize(contents.items, lambda _: False)
        assert kind.name == {"exchange": "nbgrader"}.get(name, name)
        assert bool(platform_of(source))
    assert platform_of(lms.collected(tmp_path)) == platform_of(lms.flat(tmp_path)) == ""


def test_grade_says_which_command_to_run(tmp_path):
    """`grade` on a platform's raw zip names the `collect` command.

    It does so even where it could read the zip, but wrongly.
    """
    for name in ("canvas", "moodle", "gradescope", "classroom50", "exchange"):
        (tmp_path / name).mkdir()
        source = getattr(lms, name)(tmp_path / name)
        done = small.run_command("grade", source, "--out", tmp_path / "grades", "--unit", UNIT)
        assert done.returncode == 2
        assert f"First: autograder collect {source} --into submitted" in done.stderr
    assert not (tmp_path / "grades").exists()


def test_a_zip_that_grade_refuses_is_told_the_command_too(tmp_path):
    """If one oversized file makes `grade` refuse a zip, the message names `collect`.

    `collect` takes the other files and lists that one.
    """
    big = "x" * (6 << 20)
    moodle = [
        Entry(f"Ada Lovelace_17_assignsubmission_file/{UNIT}.py"),
        Entry(f"Grace Hopper_18_assignsubmission_file/{UNIT}.ipynb", big),
    ]
    packed = pack(tmp_path / f"Course-{UNIT}-4711.zip", moodle)
    done = small.run_command("grade", packed, "--out", tmp_path / "grades")
    assert done.returncode == 2
    assert "too large" in done.stderr
    command = f"autograder collect {packed} --into submitted"
    assert f"It is Moodle's download of submissions. First: {command}" in done.stderr
    done = small.run_command("collect", packed, "--into", tmp_path / "submitted")
    assert done.returncode == 0
    assert "over 5 MB" in done.stdout
    assert list(laid_out(tmp_path / "submitted")) == ["Ada Lovelace_17"]
    own = [Entry(f"ada/{UNIT}/{UNIT}.py"), Entry(f"grace/{UNIT}/{UNIT}.py", big)]
    packed = pack(tmp_path / "own.zip", own)
    done = small.run_command("grade", packed, "--out", tmp_path / "grades")
    assert f"To take what is readable, run: autograder collect {packed}" in done.stderr
    (tmp_path / "torn.zip").write_bytes(b"PK")
    done = small.run_command("grade", tmp_path / "torn.zip", "--out", tmp_path / "grades")
    assert done.returncode == 2
    assert "collect" not in done.stderr


def test_what_collect_prints_names_students_by_name(tmp_path):
    """`collect` prints students by name, with the folder beside it.

    The lists are: submitted again, late, only a document, nothing.
    """
    made = collect(lms.canvas(tmp_path), tmp_path / "submitted", lms.CANVAS_ROSTER)
    told = "\n".join(summary(made))
    assert f"marked late by canvas (1): Babbage, Charles (charles), {UNIT}" in told
    assert "  Turing, Alan (alan)" in told


GAIL = "Gail Ghost"


def with_gail(number, day=20):
    """Return the worksheet of an assignment with this number of Gail's; without one she is missing.

    Ada has the number before hers. day: of November, on which both handed in.
    """
    evening = f'"Friday, {day} November 2026, 7:30 PM"'
    gail = f"Participant {number},{GAIL},gail@x.edu,{evening}\n" if number else ""
    ada = f"Participant {int(number or 1) - 1},Ada Lovelace,ada@x.edu,{evening}\n"
    return f"Identifier,Full name,Email address,Last modified (submission)\n{ada}{gail}"


def of_gail(folder, number, unit, content):
    """Write Moodle's download of an assignment: a file of Gail's and one of Ada's."""
    name = f"_assignsubmission_file/{unit}.py"
    entries = [
        Entry(f"{GAIL}_{number}{name}", content),
        Entry(f"Ada Lovelace_{number - 1}{name}", content),
    ]
    return pack(folder / f"Course-{unit}-{number}.zip", entries)


def late_in_the_class(tmp_path):
    """Collect two units of Gail's before she was in the class: one folder for each number."""
    into = tmp_path / "submitted"
    for number, unit, text in ((5054, UNIT, HALF), (6054, WORDS, small.solved(name=WORDS))):
        ada = with_gail(str(number)).splitlines(keepends=True)[:2]
        collect(of_gail(tmp_path, number, unit, text), into, "".join(ada), unit=unit)
    assert sorted(path.name for path in into.glob(f"{GAIL}*")) == [f"{GAIL}_5054", f"{GAIL}_6054"]
    return into


def test_a_folder_called_by_a_number_becomes_the_student_s_once_the_roster_has_it(tmp_path):
    """A folder named by a number gets the student's name once the roster has the number.

    It moves with all attempts, times and receipts; the roster learns a number from each assignment.
    """
    into = late_in_the_class(tmp_path)
    made = collect(of_gail(tmp_path, 5054, UNIT, RIGHT), into, with_gail("5054", 27), unit=UNIT)
    assert f"  {UNIT}: {GAIL}_5054 is gail@x.edu" in summary(made)
    assert made.missing == []
    assert (into / "gail@x.edu" / UNIT / f"{UNIT}.py").read_text() == RIGHT
    assert (into / "gail@x.edu" / "earlier" / UNIT / "1" / f"{UNIT}.py").read_text() == HALF
    first = read_record(into / "gail@x.edu" / "earlier" / UNIT / "1.json")
    assert (first.student, first.id, first.attempt) == ("gail@x.edu", "5054", 1)
    assert record(into, "gail@x.edu").attempt == 2
    # the other assignment's number comes from its own worksheet
    assert sorted(path.name for path in into.glob(f"{GAIL}*")) == [f"{GAIL}_6054"]
    text = small.solved(name=WORDS)
    collect(of_gail(tmp_path, 6054, WORDS, text), into, with_gail("6054"), unit=WORDS)
    assert not list(into.glob(f"{GAIL}*"))
    submitted = datetime.fromisoformat(record(into, "gail@x.edu", WORDS).submitted)
    assert submitted == datetime(2026, 11, 20, 19, 30).astimezone()
    assert {row[0] for row in receipts(into)[1:]} == {"ada@x.edu", "gail@x.edu"}
    assert len(receipts(into)) == 1 + 3 + 3  # ada's files from three collections are two attempts


def test_a_student_who_has_both_folders_already_keeps_one(tmp_path):
    """A student with two folders keeps one; equal files become one attempt.

    An earlier version or an interrupted run can leave two.
    """
    into = late_in_the_class(tmp_path)
    shutil.copytree(into / f"{GAIL}_5054", into / "gail@x.edu")
    made = collect(of_gail(tmp_path, 5054, UNIT, RIGHT), into, with_gail("5054", 27), unit=UNIT)
    assert not (into / f"{GAIL}_5054").exists()
    (gail,) = [place for place in made.places if place.student == "gail@x.edu"]
    assert [attempt.record.attempt for attempt in gail.attempts] == [1, 2]
    assert laid_out(into)["gail@x.edu"] == RIGHT


def test_a_name_alone_moves_nothing(tmp_path):
    """A name alone moves no folder, and neither does another platform's number.

    It may belong to another student of that name.
    """
    into = late_in_the_class(tmp_path)
    rosters = (
        f"student,name,id,source\ngail,{GAIL},5054,canvas\n",
        f"student,name,id,source,numbers\ngail,{GAIL},5054,moodle,{WORDS}=5054\n",
    )
    for roster in rosters:
        source = of_gail(tmp_path, 5060, WORDS, HALF)
        made = collect(source, into, roster, unit=WORDS)
        assert made.adopted == []
        assert laid_out(into)[f"{GAIL}_5054"] == HALF


def test_a_file_that_collect_did_not_write_keeps_a_folder_where_it_is(tmp_path):
    """A file that `collect` did not write keeps its folder in place.

    The message names the file and what to do; `grade` and `similar` refuse the two folders.
    """
    into = late_in_the_class(tmp_path)
    notes = into / f"{GAIL}_5054" / UNIT / "notes.txt"
    notes.write_text("mine")
    source = of_gail(tmp_path, 5054, UNIT, RIGHT)
    made = collect(source, into, with_gail("5054", 27), unit=UNIT)
    (line,) = [line for line in summary(made) if "was not moved" in line]
    assert line.startswith(f"{UNIT}: {GAIL}_5054 is gail@x.edu")
    assert f"{GAIL}_5054/{UNIT}/notes.txt" in line
    assert laid_out(into)[f"{GAIL}_5054"] == HALF
    out = tmp_path / "grades"
    for command in (("grade", into, "--out", out, "--quick"), ("similar", into, "--out", out)):
        done = small.run_command(*command)
        assert done.returncode == 2, done.stdout
        assert f"{UNIT}: {GAIL}_5054 and gail@x.edu, number 5054 of Moodle" in done.stderr
    notes.unlink()
    collect(source, into, with_gail("5054"), unit=UNIT)
    assert not (into / f"{GAIL}_5054").exists()


def test_what_cannot_be_graded_moves_too(tmp_path):
    """The note on a typed text moves, too, if nothing newer is there."""
    into = tmp_path / "submitted"
    entries = [
        Entry(f"{GAIL}_5054_assignsubmission_onlinetext/onlinetext.html", "<p>I forgot</p>"),
        Entry(f"Ada Lovelace_5053_assignsubmission_file/{UNIT}.py"),
    ]
    source = pack(tmp_path / f"Course-{UNIT}-1.zip", entries)
    collect(source, into)
    assert record(into, f"{GAIL}_5054").why
    source = pack(tmp_path / f"Course-{UNIT}-1.zip", entries[1:])
    made = collect(source, into, with_gail("5054"))
    assert not (into / f"{GAIL}_5054").exists()
    assert record(into, "gail@x.edu").why
    assert made.missing == []


BY_HAND = """\
[[adjustment]]
student = "Gail Ghost_5054"
unit = "numbers"
words = "late"
who = "tg"
points = -0.5
"""


def test_results_under_the_old_name_move_with_their_points_by_hand(tmp_path):
    """`export` refuses results under the old name beside the new one; `grade` moves them.

    With them go earlier attempts and points by hand; if these cannot, nothing moves.
    """
    into = late_in_the_class(tmp_path)
    collect(of_gail(tmp_path, 5054, UNIT, small.solved("summing")), into, unit=UNIT)
    grades = tmp_path / "grades"
    arguments = ("grade", into, "--out", grades, "--quick", "--seed", small.SEED)
    assert small.run_command(*arguments).returncode == 0
    old = grades / UNIT / f"{GAIL}_5054.json"
    (grades / "adjustments.toml").write_text(BY_HAND)
    collect(of_gail(tmp_path, 5054, UNIT, RIGHT), into, with_gail("5054", 27), unit=UNIT)
    kept = old.read_text()
    done = small.run_command(*arguments, "--unsafe")  # is refused, and moves nothing
    assert done.returncode == 2
    assert old.read_text() == kept
    done = small.run_command(*arguments)
    assert done.returncode == 0, done.stderr
    assert f"  {UNIT}: {GAIL}_5054 is gail@x.edu" in done.stderr
    assert not old.exists()
    assert not (grades / UNIT / "earlier" / f"{GAIL}_5054").exists()
    assert len(list((grades / UNIT / "earlier" / "gail@x.edu").glob("*.json"))) == 2
    exported = small.run_command("export", grades, "--to", "csv")
    assert exported.returncode == 0, exported.stderr
    rows = (grades / "export" / "grades.csv").read_text().splitlines()
    assert [row for row in rows if "gail@x.edu" in row and "-0.5 by hand (tg)" in row]
    old.write_text(kept)
    said = f"{UNIT}: {GAIL}_5054 and gail@x.edu, number 5054 of Moodle"
    for command in (
        ("export", grades, "--to", "total"),
        ("report", grades),
        ("feedback", grades),
        ("similar", grades),
    ):
        done = small.run_command(*command)
        assert done.returncode == 2, command
        assert said in done.stderr
    (grades / "adjustments.toml").write_text(BY_HAND.replace("[[adjustment]]", "[[adjustment]] #"))
    done = small.run_command(*arguments)
    assert done.returncode == 2
    assert "Write gail@x.edu for Gail Ghost_5054 there." in done.stderr
    assert old.read_text() == kept


def test_canvas_s_files_are_not_graded_beside_moodle_s_results(tmp_path):
    """A student has another name on each platform, and would be two students."""
    out = tmp_path / "grades"
    for source, roster in (
        (lms.moodle(tmp_path), lms.MOODLE_ROSTER),
        (lms.canvas(tmp_path), lms.CANVAS_ROSTER),
    ):
        into = tmp_path / source.stem
        collect(source, into, roster, unit=UNIT)
        done = small.run_command("grade", into, "--out", out, "--quick", "--seed", small.SEED)
    assert done.returncode == 2, done.stdout
    assert f"{into} was collected from Canvas, and the results in {out} are of" in done.stderr
    assert {result.hand_in.source for result in stored_results(out)} == {"moodle"}


def test_who_is_missing_is_counted_for_the_unit(tmp_path):
    """In the second week, students who handed in only the first week's unit are missing."""
    into = tmp_path / "submitted"
    names = {"lovelaceada_4711": "ada", "babbagecharles_4712": "charles", "müllerzoë_4713": "zoe"}
    first = [Entry(f"{name}_{at}_{UNIT}.py") for at, name in enumerate(names, 10)]
    second = Entry(f"lovelaceada_4711_20_{WORDS}.py", small.solved(name=WORDS))
    collect(pack(tmp_path / "first.zip", first), into, lms.CANVAS_ROSTER)
    made = collect(pack(tmp_path / "second.zip", [second]), into, lms.CANVAS_ROSTER, unit=WORDS)
    students = [each.student for each in made.missing]
    assert students == ["alan", "charles", "grace", "zoe"]
    assert f"{WORDS}: in the roster, and handed in nothing (4)" in told(made)


@pytest.mark.parametrize(
    ("roster", "words"),
    [
        ("Student,ID,SIS User ID,SIS Login ID\n,,,alove\n,,,cbabb\n", "has no numbers of Canvas's"),
        ("student,id\nalove,u1\ncbabb,u2\n", "has none of these numbers"),
    ],
)
def test_a_roster_with_nobody_of_canvas_s_download_is_refused(tmp_path, roster, words):
    """It says which table to give, instead of listing everybody as unknown and as missing."""
    with pytest.raises(CannotCollect, match="Export Entire Gradebook") as told:
        collect(lms.canvas(tmp_path), tmp_path / "submitted", roster)
    assert words in str(told.value)
    assert not list((tmp_path / "submitted").glob("*"))


TIMES = "student,submitted\ncharles,2026-11-20T23:58:00+01:00\n4711,\nMüller Zoë,2026-11-19 10:00\n"


def test_a_table_says_when_canvas_s_students_handed_in(tmp_path):
    """By login, number or name; who has no time in it has none. A zone is the table's, or ours."""
    into = tmp_path / "submitted"
    (tmp_path / "times.csv").write_text(TIMES)
    (tmp_path / "roster.csv").write_text(lms.CANVAS_ROSTER)
    options = ("--into", into, "--roster", tmp_path / "roster.csv")
    source = lms.canvas(tmp_path)
    done = small.run_command("collect", source, *options, "--times-from", tmp_path / "times.csv")
    assert done.returncode == 0, done.stderr
    assert record(into, "charles").submitted == "2026-11-20T22:58:00+00:00"
    local = datetime(2026, 11, 19, 10).astimezone()
    assert datetime.fromisoformat(record(into, "zoe").submitted) == local
    assert record(into, "ada").submitted == ""
    said = "The hand-in time of 3 of 5 new submissions is unknown. Canvas marked none of them late."
    assert said in done.stdout


def test_a_table_of_times_names_folders_where_no_roster_has_numbers(tmp_path):
    """The student is found by name in the download, and by the folder's name in the table."""
    times = {"jmueller2": "2026-11-20T22:58:00+00:00"}
    source = pack(tmp_path / "submissions.zip", TWO_MÜLLERS[:1])
    into = tmp_path / "submitted"
    collect(source, into, "student,name\njmueller2,Jan Müller\n", times=times)
    assert record(into, "jmueller2").submitted == "2026-11-20T22:58:00+00:00"


def test_a_corrected_time_is_listed_and_the_earlier_one_counts(tmp_path):
    """The same file again, with another time: each difference is listed; a missing time is new.

    A later time may be that of the same file submitted once more, which costs nobody anything.
    """
    into = tmp_path / "submitted"
    source = lms.canvas(tmp_path)
    first = {"4711": "2026-11-21T09:00:00+00:00", "4713": "2026-11-19T09:00:00+00:00"}
    then = {"4711": "2026-11-20T09:00:00+00:00", "4713": "2026-11-19T10:00:00+00:00"}
    collect(source, into, lms.CANVAS_ROSTER, times=first)
    made = collect(source, into, lms.CANVAS_ROSTER, times={**then, "4712": first["4711"]})
    assert record(into, "ada").submitted == then["4711"]
    assert record(into, "zoe").submitted == first["4713"]
    assert record(into, "charles").submitted == first["4711"]
    assert then["4711"] in {row[5] for row in receipts(into)}
    said = told(made)
    assert "another time than before: the earlier one counts (2):" in said
    assert f"{UNIT}: before 2026-11-21T09:00:00+00:00, now 2026-11-20T09:00:00+00:00" in said
    assert f"{UNIT}: before 2026-11-19T09:00:00+00:00, now 2026-11-19T10:00:00+00:00" in said
    assert "If a later time is right, collect all again into a new folder." in said
    assert "1 submission had no time before, and has one now." in said
    again = told(collect(source, into, lms.CANVAS_ROSTER, times=then))
    assert "another time than before: the earlier one counts (1):" in again


def test_a_corrected_worksheet_changes_a_time(tmp_path):
    """Moodle's worksheet gives times, too."""
    into = tmp_path / "submitted"
    head = "Identifier,Full name,Last modified (submission)\nParticipant 17,Ada,"
    source = pack(tmp_path / "a.zip", [Entry(f"Ada_17_assignsubmission_file/{UNIT}.py")])
    collect(source, into, f'{head}"Sunday, 22 November 2026, 8:00 AM"')
    made = collect(source, into, f'{head}"Friday, 20 November 2026, 8:00 AM"')
    assert record(into, "Ada").submitted.startswith("2026-11-20")
    assert "another time than before" in told(made)


@pytest.mark.parametrize(
    "title",
    ["Unit 4: gradients by hand", "unit 4", "DL Unit 4", "UNIT-4", "unit4_manual_gradients"],
)
def test_a_title_may_write_the_number_of_a_unit_apart(title):
    """Platforms' titles do: `Unit 4`. Two units in one title are none, and 4 is not 40."""
    course = read_course(ROOT)
    assert unit_within(course, [title]) == "unit4_manual_gradients"
    assert unit_within(course, ["Unit 40", "Units 4"]) == ""
    assert unit_within(course, ["Unit 4 and Unit 5"]) == ""


def test_rows_of_a_table_of_times_that_match_nobody_are_listed(tmp_path):
    """Each with the nearest name, or with the people who bear it; others are not listed.

    Alan is in the roster, so his row may be right without a file.
    """
    rows = (
        "charlse",
        "nobody",
        "Ada King",
        "alan turin",
        "charles",
        "4713",
        "cmdb31m_4714",
        "alan",
    )
    times = dict.fromkeys(rows, "2026-11-20T22:58:00+00:00")
    roster = lms.CANVAS_ROSTER + '"King, Ada",4720,S7,king,B\n"King, Ada",4721,S8,aking,B\n'
    said = told(collect(lms.canvas(tmp_path), tmp_path / "submitted", roster, times=times))
    assert "rows of the times that match nobody, so their times were not taken (4):" in said
    assert "  Ada King: a name of several people: aking, king" in said
    assert "  charlse (did you mean `charles`?)" in said
    assert "  alan turin (did you mean `Alan Turing`?)" in said
    assert "  nobody\n" in said
    assert "Write the login, the address or the platform's number into the column `student`" in said


def test_times_that_a_platform_has_are_not_replaced_and_named(tmp_path):
    """nbgrader has times of its own; a table beside them changes none, and says so."""
    late = {"ada": "2099-11-20T22:58:00+00:00"}
    said = told(collect(lms.collected(tmp_path / "in"), tmp_path / "submitted", times=late))
    assert "given times that were not taken, because" in said
    assert said.endswith("has its own (1):\n  ada")
    assert "match nobody" not in said
    assert record(tmp_path / "submitted", "ada").submitted == "2026-11-20T14:22:32+00:00"


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ("", "has the columns"),
        ("who,when\n", "has the columns"),
        ("student,submitted\na,soon\n", "no time"),
        ("student,submitted\na,2026-12-02\n", "no time"),
        ("student,submitted,submitted\na,2026-12-02 10:00,\n", "2 columns `submitted`"),
        ("student,submitted\na,2026-12-02 10:00\na,2026-12-03 10:00\n", "a has two rows"),
    ],
)
def test_a_table_that_holds_no_times_is_refused(tmp_path, table, words):
    """It says how a table of times is written."""
    path = tmp_path / "times.csv"
    path.write_text(table)
    with pytest.raises(BadRoster, match=words):
        read_times(path)


def test_a_roster_that_grade_was_given_lasts_and_names_students_by_their_folders(tmp_path):
    """The next `grade` keeps the section of it, and nobody is there a second time."""
    into, grades, roster = (tmp_path / name for name in ("submitted", "grades", "roster.csv"))
    (tmp_path / "files").mkdir()
    for student in ("ada", "Robert Downey Jr."):
        (tmp_path / "files" / f"{student}.py").write_text(RIGHT)
    sections = "student,section\nada,{}\nRobert Downey Jr.,monday\n"
    roster.write_text(sections.format("monday"))
    given = ("--roster", roster)
    small.run_command("collect", tmp_path / "files", "--into", into, "--unit", UNIT, *given)
    graded = ("grade", into, "--out", grades, "--quick")
    roster.write_text(sections.format("tuesday"))
    for options in (given, ()):
        done = small.run_command(*graded, *options)
        assert done.returncode == 0, done.stderr
        students = read_roster(grades / "roster.csv").students
        assert {name: one.section for name, one in students.items()} == {
            "ada": "tuesday",
            "Robert Downey Jr_": "monday",
        }
        assert "is not in the new" not in done.stderr
        assert not list((grades / "missing").glob("*"))


def test_a_table_of_times_with_two_times_of_a_student_is_refused(tmp_path):
    """Once by the login and once by the name: nothing says which is right."""
    (tmp_path / "times.csv").write_text(f"{TIMES}ada,2026-11-20 23:58\n4711,2026-11-21 23:58\n")
    (tmp_path / "roster.csv").write_text(lms.CANVAS_ROSTER)
    options = ("--into", tmp_path / "into", "--roster", tmp_path / "roster.csv")
    arguments = ("collect", lms.canvas(tmp_path), *options, "--times-from", tmp_path / "times.csv")
    done = small.run_command(*arguments)
    assert done.returncode == 2
    assert "two rows of Lovelace, Ada (ada), `ada` and `4711`" in done.stderr


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ('student,name\nada,Ada\nbob,"Bob B\ncy,Cy\n', "unexpected end of data"),
        ("student,section,section\nada,A,\n", "2 columns `section`"),
        ("student,name\nada,Ada\n,Bob B\n", "row 3: the cell `student` of Bob B is empty"),
        ("student,id\nada,17\nbob,17\n", "ada and bob have the same `id`, 17"),
        ("student,login\nada,al\nbob,AL\n", "ada and bob have the same `login`, AL"),
        ('student,name\nada,"Ada" L\n', "nothing may follow in that cell"),
        ("student,sektion\nada,A\n", "if you mean `section` by the column `sektion`, call it so"),
    ],
)
def test_a_slip_in_a_roster_loses_nobody(tmp_path, table, words):
    """Each would lose a student, or give one the points of another."""
    path = tmp_path / "roster.csv"
    path.write_text(table)
    with pytest.raises(BadRoster, match=words):
        read_roster(path)


@pytest.mark.parametrize("names", [("4711", "4712"), ("4712", "4711")])
def test_numbers_of_canvas_s_that_two_students_exchanged_are_refused(tmp_path, names):
    """As after sorting one column of the roster: each would get the other's file."""
    ada, charles = names
    roster = f"student,name,id\nada,Ada Lovelace,{ada}\ncharles,Charles Babbage,{charles}\n"
    source = lms.canvas(tmp_path)
    if ada == "4711":
        collect(source, tmp_path / "into", roster)
        assert laid_out(tmp_path / "into")["charles"] == HALF
        return
    with pytest.raises(CannotCollect, match="numbers stand beside another student's name in"):
        collect(source, tmp_path / "into", roster)


def test_a_copy_in_a_folder_of_files_is_listed_as_perhaps_the_same_student(tmp_path):
    """A browser calls the second download so; `team-2` beside `team-1` is another student."""
    names = ("ada", "ada (1)", "Bob", "bob", "team-1", "team-2")
    for name in names:
        lies = small.submit(tmp_path / "class", name, RIGHT)
        (tmp_path / "files").mkdir(exist_ok=True)
        shutil.copy(lies, tmp_path / "files" / f"{name}.py")
    into = ("--into", tmp_path / "into", "--unit", UNIT)
    collected = small.run_command("collect", tmp_path / "files", *into)
    graded = small.run_command("grade", tmp_path / "class", "--quick", "--out", tmp_path / "out")
    for done in (collected, graded):
        assert done.returncode == 0, done.stderr
        assert "because of a copy's mark or of capitals (2):" in done.stdout
        assert "`ada (1)` and `ada`" in done.stdout
        assert "`Bob`" in done.stdout


def test_a_number_that_a_later_roster_gives_to_somebody_else_is_given_up(tmp_path):
    """The kit's own roster would else hold it twice, and nobody would be found by it."""
    into = tmp_path / "submitted"
    source = pack(tmp_path / "submissions.zip", [Entry(f"x_17_99_{UNIT}.py")])
    collect(source, into, "student,name,id\nada,Ada,17\nbob,Bob,18\n")
    collect(source, into, "student,name,id\nada,Ada,\nbob,Bob,17\n")
    students = read_roster(into / "roster.csv").students
    assert {name: one.id for name, one in students.items()} == {"ada": "", "bob": "17"}


def test_a_number_of_canvas_s_with_another_row_s_name_is_listed(tmp_path):
    """One alone may be a coincidence; two are refused."""
    roster = "student,name,id\nada,Ada Lovelace,4799\ncharles,Charles Babbage,4711\n"
    made = collect(lms.canvas(tmp_path), tmp_path / "into", roster)
    assert "with another name in the roster than in the zip (1):\n  4711 is lovelace" in told(made)


def test_a_table_of_another_platform_is_no_roster(tmp_path):
    """Some students would be matched by name, and the others be nobody."""
    for source, roster in (
        (lms.canvas(tmp_path), lms.MOODLE_ROSTER),
        (lms.moodle(tmp_path), lms.CANVAS_ROSTER),
    ):
        with pytest.raises(CannotCollect, match="where students have other names and numbers"):
            collect(source, tmp_path / "into", roster)


def test_a_student_who_moves_to_another_section_is_named(tmp_path):
    """Earlier units have the new section's dates, too, which may make them late."""
    into = tmp_path / "submitted"
    source = pack(tmp_path / "submissions.zip", [Entry(f"x_17_99_{UNIT}.py")])
    collect(source, into, "student,section\nada,thursday\nbob,monday\n")
    made = collect(source, into, "student,section\nada,monday\nbob,monday\n")
    assert "Another section than before (1): ada (`thursday`, now `monday`)." in told(made)
    made = collect(source, into, "student,section\nada,monday\nbob,\n")
    assert "Another section" not in told(made)


def test_a_roster_holds_no_formula(tmp_path):
    """People edit it in a spreadsheet, and students choose their names; reading drops the mark."""
    (tmp_path / "own.csv").write_text("student,name\nada,'=HYPERLINK(1)\n")
    roster = read_roster(tmp_path / "own.csv")
    assert roster.students["ada"].name == "=HYPERLINK(1)"
    (tmp_path / "again.csv").write_text(roster.as_csv())
    assert ",'=HYPERLINK(1)," in roster.as_csv()
    assert read_roster(tmp_path / "again.csv").students == roster.students


def test_a_table_of_sections_with_a_misspelt_name_warns_of_it(tmp_path):
    """It would add a student, and the other would have no section. It lists nobody as dropped."""
    into = tmp_path / "submitted"
    collect(lms.canvas(tmp_path), into, lms.CANVAS_ROSTER)
    said = told(
        collect(lms.canvas(tmp_path), into, "student,section\ncharlse,tuesday\nada,monday\n")
    )
    assert (
        "Warning: new in the roster, and like somebody of before: `charlse` (did you mean" in said
    )
    assert "of the old roster are not in the new one" not in said


def test_a_canvas_number_under_another_login_is_asked_about(tmp_path):
    """Canvas's number lasts when a name and a login change, and each would have half a total."""
    into = tmp_path / "submitted"
    collect(lms.canvas(tmp_path), into, lms.CANVAS_ROSTER)
    renamed = lms.CANVAS_ROSTER.replace('"Lovelace, Ada",4711,S1,ada', '"King, A.",4711,S1,aking')
    with pytest.raises(BadRoster, match="aking, and the roster before ada, both with the number"):
        collect(lms.canvas(tmp_path), into, renamed)
    every = re.sub(r"(?<=,)(ada|alan|charles|grace|zoe)(?=,)", r"\1@uni", lms.CANVAS_ROSTER)
    with pytest.raises(BadRoster, match="calls 5 students otherwise than the one before"):
        collect(lms.canvas(tmp_path), into, every)
    joined = renamed.replace("aking", "ada")
    collect(lms.canvas(tmp_path), into, joined)
    assert "aking" not in read_roster(into / "roster.csv").students


def test_an_empty_file_in_two_units_is_no_work_of_the_other(tmp_path):
    """Else the advice would be to delete the student's folder."""
    for unit in (UNIT, small.WORDS):
        source = pack(
            tmp_path / f"{unit}.zip", [Entry(f"ada/{unit}.py", ""), Entry(f"bob/{unit}.py")]
        )
        made = collect(source, tmp_path / "submitted", unit=unit)
    assert [line for line in made.before if line.startswith("ada")] == []
    assert [line for line in made.before if line.startswith("bob")] != []


def test_a_zip_within_a_students_zip_says_what_it_is(tmp_path):
    """It may hold a script, which is not looked for."""
    innermost = pack(tmp_path / "inner.zip", [Entry(f"{UNIT}.py")])
    outer = tmp_path / "outer.zip"
    with zipfile.ZipFile(outer, "w") as packed:
        packed.write(innermost, "inner.zip")
    source = tmp_path / "submissions.zip"
    with zipfile.ZipFile(source, "w") as packed:
        packed.write(outer, "lovelaceada_4711_99813_work.zip")
        packed.writestr(f"babbagecharles_4712_99815_{UNIT}.py", RIGHT)
    made = collect(source, tmp_path / "submitted", unit=UNIT)
    assert "a zip within a zip is not opened" in left(made).values()
