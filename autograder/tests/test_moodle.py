"""Tests with downloads and worksheets in the form that a running Moodle 4.2.3 gave."""

import pytest
import small
from lms import Entry, pack
from small import COURSE, UNIT, WORDS

from autograder.grading.hand_in import read_record
from autograder.grading.roster import BadRoster, read_roster
from autograder.intake.collect import Wish, carry_out, plan, summary
from autograder.intake.items import CannotCollect, look_into

BODY = '<!DOCTYPE html><html><head><meta charset="UTF-8"></head><body>{}</body></html>'
HEAD = (
    'Identifier,"Full name","Email address",Status,Grade,"Maximum Grade","Grade can be changed",'
    '"Last modified (submission)","Online text","Last modified (grade)","Feedback comments"\n'
)
WORKSHEET = (
    "\ufeff"
    + HEAD
    + (
        '"Participant 1","Ada Lovelace",ada@example.edu,"Submitted for grading",,11.00,Yes,'
        '"Friday, 27 November 2026, 4:01 PM",,-,\n'
        '"Participant 4","Seán O\'Connor",sean@example.edu,"Submitted for grading - Graded",6.00,'
        '11.00,Yes,"Sunday, 29 November 2026, 12:03 AM","see the file   ",'
        '"Monday, 30 November 2026, 3:20 PM","three_steps 0/2"\n'
        '"Participant 6","Kurt Gödel",kurt@example.edu,"Draft (not submitted) - 1 day late",,11.00,'
        'Yes,"Monday, 30 November 2026, 3:18 PM",,-,\n'
        '"Participant 10","Emmy Noether",emmy@example.edu,"Submitted for grading",,11.00,Yes,'
        '"Saturday, 28 November 2026, 6:03 AM","I could not finish it.   ",-,\n'
        '"Participant 56","Alan Turing",alan@example.edu,'
        '"No submission - Assignment is overdue by: 1 day",,11.00,Yes,-,,-,\n'
    )
)
# Moodle drops the apostrophe of a name, and packs the text field of everybody, also an empty one
TYPED = {
    "Ada Lovelace_1": "",
    "Seán OConnor_4": "<p>see the file</p>",
    "Kurt Gödel_6": "<p><br></p>",
    "Emmy Noether_10": "<p>I could not finish it.</p>",
}


def collect(folder, entries, worksheet, into="submitted", unit=UNIT):
    """Collect a download and its worksheet; return the plan that was carried out."""
    (folder / "worksheet.csv").write_text(worksheet, encoding="utf-8")
    scratch = folder / "scratch"
    scratch.mkdir(exist_ok=True)
    contents = look_into(pack(folder / "RNN-Unit 4-2.zip", entries), scratch)
    roster = read_roster(folder / "worksheet.csv")
    made = plan(COURSE, contents, Wish(folder / into, unit=unit), roster)
    carry_out(made, folder / into)
    return made


def download(joined):
    """Return the files of a download. joined: what stands behind a student's folder."""
    entries = []
    for who, typed in TYPED.items():
        text = BODY.format(typed)
        entries.append(Entry(f"{who}_assignsubmission_onlinetext{joined}onlinetext.html", text))
        if who != "Emmy Noether_10":
            entries.append(Entry(f"{who}_assignsubmission_file{joined}{UNIT}.py"))
    return entries


@pytest.mark.parametrize("written", ["100.00", "100,00", "11.00", "-", ""])
def test_another_maximum_than_the_units_is_said_at_once(tmp_path, written):
    """`collect` says if Moodle's maximum grade is not the unit's points, which are 11."""
    worksheet = WORKSHEET.replace("11.00", f'"{written}"')
    told = "\n".join(summary(collect(tmp_path, download("/"), worksheet)))
    other = "The maximum grade of Moodle's assignment is 100, and numbers_and_sums has 11 points."
    assert (other in told) == written.startswith("100")
    assert ("maximum grade" in told) == written.startswith("100")


def test_a_unit_that_cannot_be_loaded_here_has_an_unknown_maximum(tmp_path, monkeypatch):
    """Without the unit's packages `collect` says that it could not compare the maximum."""

    def outline_unit(course, unit):
        raise ImportError("there is no torch")

    monkeypatch.setattr("autograder.intake.collect.outline_unit", outline_unit)
    told = "\n".join(summary(collect(tmp_path, download("/"), WORKSHEET)))
    assert "numbers_and_sums has as many points could not be seen here: there is no torch" in told


@pytest.mark.parametrize("joined", ["/", "_"])
def test_an_empty_text_field_is_nobody_s(tmp_path, joined):
    """Empty text fields are only counted; a text is listed, with or without a file beside it."""
    made = collect(tmp_path, download(joined), WORKSHEET)
    lines = summary(made)
    assert [one.student for one in made.ungraded] == ["emmy@example.edu"]
    assert [one.student for one in made.missing] == ["alan@example.edu"]
    begin = next(place for place, line in enumerate(lines) if line.startswith("not taken (4;"))
    assert lines[begin + 1 :] == [
        f"  Seán OConnor_4_assignsubmission_onlinetext{joined}onlinetext.html: text typed into "
        "Moodle, beside a file",
        f"  Emmy Noether_10_assignsubmission_onlinetext{joined}onlinetext.html: text typed into "
        "Moodle, and no file",
        "  and 2 files that no student wrote, such as tools' own and starter files",
    ]


def test_who_is_late_for_moodle_is_known(tmp_path):
    """Moodle's status says it, and then the policy's due time can be compared."""
    status = (
        "Submitted for grading - Graded - 2 hours 5 mins late - Extension granted until: Sunday"
    )
    worksheet = WORKSHEET.replace("Submitted for grading - Graded", status)
    told = "\n".join(summary(collect(tmp_path, download("/"), worksheet)))
    late = {path.parent.name for path in (tmp_path / "submitted").glob("*/*.json")}
    late = {
        student
        for student in late
        if read_record(tmp_path / "submitted" / student / f"{UNIT}.json").late
    }
    assert late == {"kurt@example.edu", "sean@example.edu"}
    assert "marked late by moodle (2): Kurt Gödel (kurt@example.edu), " in told


def test_a_late_mark_comes_with_the_time(tmp_path):
    """Who was collected without the worksheet is not taken for one in time afterwards."""
    path = tmp_path / "submitted"
    (tmp_path / "first").mkdir()
    contents = look_into(pack(tmp_path / "first.zip", download("/")), tmp_path / "first")
    carry_out(plan(COURSE, contents, Wish(path, unit=UNIT)), path)
    collect(tmp_path, download("/"), WORKSHEET)
    marks = [read_record(each).late for each in path.glob(f"*urt*/{UNIT}.json")]
    assert marks == [True]


def test_a_known_time_of_what_cannot_be_graded_stays(tmp_path):
    """Also where the same download is collected again, without the worksheet."""
    collect(tmp_path, download("/"), WORKSHEET)
    path = tmp_path / "submitted" / "emmy@example.edu" / f"{UNIT}.json"
    known = read_record(path).submitted
    assert known
    contents = look_into(pack(tmp_path / "RNN-Unit 4-2.zip", download("/")), tmp_path / "scratch")
    made = plan(COURSE, contents, Wish(tmp_path / "submitted", unit=UNIT))
    assert [(one.student, one.record.submitted) for one in made.ungraded] == [
        ("emmy@example.edu", "")
    ]
    carry_out(made, tmp_path / "submitted")
    assert read_record(path).submitted == known


def test_a_student_with_an_empty_text_field_alone_handed_in_nothing(tmp_path):
    """A text field in which nothing stands is no hand-in."""
    entries = [entry for entry in download("/") if "Emmy" not in entry.name]
    field = "Emmy Noether_10_assignsubmission_onlinetext/onlinetext.html"
    made = collect(tmp_path, [*entries, Entry(field, BODY.format(""))], WORKSHEET)
    assert made.ungraded == []
    assert [one.student for one in made.missing] == ["alan@example.edu", "emmy@example.edu"]


def test_a_picture_in_a_text_field_is_a_text(tmp_path):
    """A picture of an answer is something to look at."""
    entries = [entry for entry in download("/") if "Emmy" not in entry.name]
    field = "Emmy Noether_10_assignsubmission_onlinetext/onlinetext.html"
    typed = BODY.format('<p><img src="answer.png"></p>')
    made = collect(tmp_path, [*entries, Entry(field, typed)], WORKSHEET)
    assert [one.student for one in made.ungraded] == ["emmy@example.edu"]


def test_a_draft_is_taken_and_listed(tmp_path):
    """Moodle packs drafts, too: their students have not clicked *Submit assignment*."""
    lines = summary(collect(tmp_path, download("/"), WORKSHEET))
    begin = lines.index("taken, though Moodle has it as a draft that was not submitted (1):")
    assert lines[begin + 1] == f"  Kurt Gödel (kurt@example.edu), {UNIT}"


GROUP_HEAD = HEAD.replace("Status,", "Status,Group,")
GROUPS = GROUP_HEAD + (
    '"Participant 1","Ada Lovelace",ada@example.edu,"Submitted for grading",Tuesday,,100.00,Yes,'
    '"Sunday, 29 November 2026, 3:06 AM",,-,\n'
    '"Participant 33","Jan Schmidt",jan2@example.edu,"Submitted for grading",Thursday_late,,100.00,'
    'Yes,"Saturday, 28 November 2026, 1:04 PM",,-,\n'
)


def test_a_group_s_number_is_no_participant_s(tmp_path):
    """If students submit in groups, Moodle numbers groups, and a number can be a participant's."""
    entries = [
        Entry(f"Tuesday_1_assignsubmission_file/{UNIT}.py"),
        Entry(f"Thursday late_2_assignsubmission_file/{UNIT}.py"),
    ]
    with pytest.raises(CannotCollect, match=r"in groups.*Students submit in groups.*partners"):
        collect(tmp_path, entries, GROUPS)
    assert not (tmp_path / "submitted").exists()


NAMES_ALONE = 'Identifier,"Full name",Status,Grade\n'


def test_two_of_one_name_without_addresses_are_refused_in_a_second_assignment(tmp_path):
    """Moodle gives new numbers: nothing says which Jan of the second worksheet is which."""
    first = NAMES_ALONE + (
        '"Participant 1","Ada Lovelace",,\n"Participant 3","Jan Schmidt",,\n'
        '"Participant 5","Jan Schmidt",,\n'
    )
    collect(tmp_path, [Entry(f"Jan Schmidt_3_assignsubmission_file/{UNIT}.py")], first)
    second = NAMES_ALONE + (
        '"Participant 27","Ada Lovelace",,\n"Participant 16","Jan Schmidt",,\n'
        '"Participant 21","Jan Schmidt",,\n"Participant 22","New One",,\n'
        '"Participant 23","New Two",,\n"Participant 24","New Three",,\n'
    )
    entries = [Entry(f"Jan Schmidt_16_assignsubmission_file/{WORDS}.py", small.solved(name=WORDS))]
    with pytest.raises(BadRoster, match="Jan Schmidt_16, Jan Schmidt_21") as told:
        collect(tmp_path, entries, second, unit=WORDS)
    assert "Jan Schmidt_3, Jan Schmidt_5" in str(told.value)
    assert "column `Username`" in str(told.value)
    settled = second.replace("Identifier,", "Identifier,Username,")
    settled = settled.replace('6","Jan', '6","Jan Schmidt_5","Jan')
    settled = settled.replace('21","Jan', '21","Jan Schmidt_3","Jan')
    for number in (27, 22, 23, 24):
        settled = settled.replace(f'"Participant {number}",', f'"Participant {number}",,')
    made = collect(tmp_path, entries, settled, unit=WORDS)
    students = made.roster.students
    assert students["Jan Schmidt_5"].numbers == f"{UNIT}=5; {WORDS}=16"
    assert [place.student for place in made.places] == ["Jan Schmidt_5"]
    assert len(students) == 6
