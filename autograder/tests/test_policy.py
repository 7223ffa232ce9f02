"""Policies: late days, several submissions, dropped checks, and messages on a wrong one."""

import dataclasses
import json
import re
import shutil
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
import small
from rich.console import Console
from small import COURSE, ROOT, UNIT, WORDS

from autograder.course import read_course
from autograder.grading.adjustments import Adjustment
from autograder.grading.hand_in import HandIn
from autograder.grading.policy import Dates, Late, Policy, Rules, grades
from autograder.grading.policy_doubts import (
    cutoffs_far_from_ours,
    dates_out_of_order,
    doubts,
    due_far_from_files,
    handed_out_long_before_due,
    late_before_due,
    lateness_not_counted,
    nobody_begun,
    times_after_due,
    units_never_begun,
    units_never_late,
    unmarked_after_due,
)
from autograder.grading.policy_file import (
    read_policy,
    refuse_extra_time_from_nowhere,
    unknown_students,
    with_sections,
    without_section,
)
from autograder.grading.results import stored_results
from autograder.grading.roster import read_roster, sections_among, sections_in
from autograder.grading.submissions import graded_files
from autograder.integrations.canvas import comment_on
from autograder.report.feedback import write_feedback
from autograder.report.pages import PageContext, write_pages
from autograder.report.terminal import ClassFacts, class_table
from autograder.schema import BadFile

POLICY = """
keep = "best"

[late]
grace_hours = 2
per_day = 0.1
at_most = 0.5

[numbers]
due = 2026-12-01T23:59:00+01:00
drop = ["three_steps"]
bonus = ["fitting"]

[extensions.ada]
numbers = 3
"""


@pytest.fixture(scope="module")
def policy(tmp_path_factory):
    """Return a policy that uses every rule, with its unit's name shortened."""
    return read(tmp_path_factory.mktemp("policy"), POLICY)


def read(folder, text):
    (folder / "policy.toml").write_text(text)
    return read_policy(COURSE, folder / "policy.toml")


@pytest.fixture(scope="module")
def results(graded_class):
    return {
        result.student: result for result in stored_results(graded_class) if result.unit == UNIT
    }


def handed_in(results, student, when, case="complete"):
    moment = datetime.fromisoformat(when).astimezone(UTC).isoformat()
    return dataclasses.replace(results[case], student=student, submitted=moment)


@pytest.mark.parametrize(
    ("student", "when", "points", "words"),
    [
        ("bob", "2026-12-01T23:00:00+01:00", 9, ""),
        ("bob", "2026-12-02T01:58:00+01:00", 9, "in time, within 2 hours of grace: due 1 December"),
        ("bob", "2026-12-02T02:00:00+01:00", 8.1, "1 day late, 10% taken off"),
        ("bob", "2026-12-03T23:58:00+01:00", 7.2, "2 days late, 20% taken off"),
        ("bob", "2027-12-03T23:58:00+01:00", 4.5, "taken off"),  # never more than half
        ("ada", "2026-12-04T23:58:00+01:00", 9, ""),  # her extension
        ("ada", "2026-12-05T03:00:00+01:00", 8.1, "1 day late"),
    ],
)
def test_late_days_grace_and_extension(results, policy, student, when, points, words):
    """Of 11 points, 2 do not count and 3 count on top; the stored result is unchanged."""
    result = handed_in(results, student, when)
    (grade,) = grades([result], policy)
    assert (grade.points, grade.max_points) == (points, 6)
    assert words in grade.words
    assert ("late" in grade.words) == (grade.points < 9)
    assert grade.result == result
    assert result.score == 11


@pytest.mark.parametrize(
    ("late", "days"), [("2:00", 0), ("2:01", 1), ("24:30", 1), ("26:00", 1), ("26:30", 2)]
)
def test_days_are_counted_from_the_end_of_the_grace_hours(results, policy, late, days):
    """Late days count from the end of the grace hours, as in docs/policy.md.

    A student who uses the grace hours uses them each day.
    """
    hours, minutes = late.split(":")
    due = datetime.fromisoformat("2026-12-01T23:59:00+01:00")
    when = due + timedelta(hours=int(hours), minutes=int(minutes))
    (grade,) = grades([handed_in(results, "bob", when.isoformat())], policy)
    assert grade.days_late == days
    text = (ROOT / "docs" / "policy.md").read_text()
    example = (
        "with 2 grace hours, a submission 24.5 hours late is one day late, one 26.5 hours late two"
    )
    assert example in text


def test_a_time_that_is_not_known_costs_nothing_and_is_named(results, policy):
    """An unknown time costs nothing and is reported: Moodle's zip has none, Canvas's has a mark.

    Without a due time nothing is reported.
    """
    nobody_knows = dataclasses.replace(results["complete"], submitted="")
    marked = dataclasses.replace(
        nobody_knows, hand_in=HandIn(source="canvas", student="bob", late=True)
    )
    for result, words in ((nobody_knows, "is not known"), (marked, "marked late by canvas")):
        (grade,) = grades([result], policy)
        assert grade.points == 9
        assert words in grade.words
    (grade,) = grades([nobody_knows], Policy())
    assert "known" not in grade.words
    in_time = dataclasses.replace(nobody_knows, hand_in=HandIn(source="canvas", student="bob"))
    (grade,) = grades([in_time], policy)
    assert grade.points == 9
    assert "known" not in grade.words  # Canvas would have marked it
    (line,) = lateness_not_counted(policy, [marked, in_time, results["complete"]])
    assert "Canvas marked 1 as late whose times are missing" in line
    assert lateness_not_counted(policy, [in_time, results["complete"]]) == []
    record = HandIn(source="moodle", student="eve", name="Eve Hill")
    unknown = dataclasses.replace(results["complete"], student="eve", submitted="", hand_in=record)
    (line,) = lateness_not_counted(policy, [unknown, results["complete"]])
    told = f"{UNIT}: the times of 1 are not known, so nothing was taken off: Eve Hill (eve)."
    assert told in line
    assert "of nbgrader from its `submitted`. Then run `grade`." in line


def test_a_late_file_with_a_time_before_the_due_time_is_named(results, policy, tmp_path):
    """Canvas marked it as late, and a table says that it came in time: one of them is wrong.

    A file within days of extension, or before a section's date, which only the policy may know, is
    no contradiction.
    """

    def marked(student, when, late=True):
        record = HandIn(source="canvas", student=student, name=f"{student.title()} Bean", late=late)
        return dataclasses.replace(handed_in(results, student, when), hand_in=record)

    early, after = "2026-12-01T10:00:00+01:00", "2026-12-02T10:00:00+01:00"
    files = [
        marked("bob", early),
        marked("eve", early, late=False),
        marked("kim", after),
        marked("ada", after),  # within her extension
    ]
    later = datetime.fromisoformat("2026-12-09T00:00:00+01:00")
    sections = {"tuesday": {UNIT: Dates(due=later)}}
    policy = dataclasses.replace(
        policy, sections=sections, sections_of={"kim": ["tuesday"], "bob": ["tuesday"]}
    )
    (line,) = late_before_due(policy, files)
    assert line == (
        f"Warning: {UNIT}: Canvas marked 1 as late whose times are before the due time, so nothing "
        "was taken off: Bob Bean (bob). Check `due` and extensions in the policy and on the "
        "platform, and the times and the time zone that `collect` read."
    )
    assert late_before_due(policy, files[1:]) == []
    assert late_before_due(Policy(), files) == []
    assert late_before_due(policy, [marked("eve", "2026-12-01T23:58:30+01:00")]) == []  # seconds


@pytest.mark.parametrize("source", ["canvas", "moodle"])
def test_a_file_after_the_due_time_that_no_platform_marked_is_named(results, policy, source):
    """Its time may be wrong in a table. A file within the grace hours, or an extension, is right.

    If the platform marked nobody, its assignment may have no due time.
    """
    files = []
    for student, hour, late in (("bob", 10, False), ("eve", 1, False), ("ada", 10, False)):
        record = HandIn(source=source, student=student, late=late)
        one = handed_in(results, student, f"2026-12-02T{hour:02}:00:00+01:00")
        files.append(dataclasses.replace(one, hand_in=record))
    assert unmarked_after_due(policy, files) == []
    marked = dataclasses.replace(
        files[0], student="kim", hand_in=HandIn(source=source, student="kim", late=True)
    )
    (line,) = unmarked_after_due(policy, [*files, marked])
    assert f"{UNIT}: {source.title()} did not mark 1 as late whose times are after" in line
    assert "they count as late: bob. Check" in line
    assert unmarked_after_due(dataclasses.replace(policy, late=Late()), [*files, marked]) == []


def test_a_class_without_any_times_is_said_once_and_on_no_page(graded_class, tmp_path):
    """If a whole class has no times, the export says so once, and no page does.

    Late rules have no effect then. The instructor must know, but no student can use it.
    """
    folder = tmp_path / "grades"
    shutil.copytree(graded_class, folder, ignore=shutil.ignore_patterns("pages"))
    for path in folder.glob("*/*.json"):
        record = json.loads(path.read_text())
        record["submitted"] = ""
        is_late = path.stem in ("halved", "squared")
        record["hand_in"] = {"format": 1, "source": "canvas", "student": path.stem, "late": is_late}
        path.write_text(json.dumps(record))
    policy = tmp_path / "policy.toml"
    policy.write_text(f"[late]\nper_day = 0.1\n[{UNIT}]\ndue = 2026-12-01T23:59:00+01:00\n")
    for command in (("export", folder, "--to", "canvas"), ("feedback", folder)):
        done = small.run_command(*command, "--policy", policy)
        assert done.returncode == 0, done.stderr
        assert done.stderr.count("so late days were not counted") == 1
        assert f"Warning: {UNIT}: no submission has a time" in done.stderr
        assert "Canvas marked 2 as late: halved; squared." in done.stderr
    for path in (folder / "feedback").glob("*.html"):
        assert "nothing was taken off" not in path.read_text()


def test_late_rules_without_a_due_time_are_reported(graded_class, tmp_path):
    """Without `due` nothing is late: the units are named. A section's due time is one."""
    policy = tmp_path / "policy.toml"
    command = ("export", graded_class, "--to", "csv", "--out", tmp_path, "--policy", policy)
    policy.write_text(f"[late]\nper_day = 0.1\n[{WORDS}]\ndue = 2030-12-01T23:59:00+01:00\n")
    done = small.run_command(*command)
    assert done.returncode == 0, done.stderr
    assert (
        f"Warning: the policy has [late] and no due time for {UNIT}, so nothing is taken off there "
        f"for being late. Write `due` below [{UNIT}]."
    ) in done.stderr
    policy.write_text("[late]\ngrace_hours = 2\n")
    assert "no due time" not in small.run_command(*command).stderr


def test_a_due_time_far_from_all_files_is_reported(results, policy):
    """A wrong year in `due` would take points off everybody; a late file or two is no reason."""
    files = [
        handed_in(results, "bob", "2026-11-30T12:00:00+01:00"),
        handed_in(results, "eve", "2027-11-30T12:00:00+01:00"),
    ]

    def told(year, files=files):
        due = datetime.fromisoformat(f"{year}-12-01T23:59:00+01:00")
        return due_far_from_files(dataclasses.replace(policy, units={UNIT: Rules(due=due)}), files)

    assert told(2026) == []
    (line,) = told(2025)
    assert line == (
        f"Warning: {UNIT} was due 1 December 2025, and the first of its files came 363 days "
        "later. Check the day, month and year of `due`."
    )
    (line,) = told(2028)
    assert "was due 1 December 2028, and the last of its files came 367 days earlier." in line
    assert len(told(2025, files[1:])) == 1
    assert told(2025, []) == []
    a_month_early = [handed_in(results, f"s{day}", f"2027-01-0{day}T12:00Z") for day in range(1, 6)]
    (line,) = told(2026, a_month_early)
    assert "the first of its files came 30 days later." in line
    assert told(2026, a_month_early[1:]) == []
    in_time = [dataclasses.replace(files[0], student=f"t{each}", submitted="") for each in range(6)]
    assert told(2026, [*a_month_early, *in_time]) == []  # a table of the late ones is enough
    late = HandIn(source="canvas", student="ada", late=True)
    untimed = [dataclasses.replace(file, hand_in=late) for file in in_time]
    assert "came 31 days later." in told(2026, [*a_month_early[1:], *untimed])[0]


def test_times_after_the_due_time_that_canvas_does_not_know_are_reported(results, policy):
    """They may be another unit's, where some have no time."""
    due = datetime.fromisoformat("2026-12-01T23:59:00+01:00")
    policy = dataclasses.replace(policy, units={UNIT: Rules(due=due)})
    record = HandIn(source="canvas", student="ada")
    files = []
    for day in range(1, 6):
        late = handed_in(results, f"s{day}", f"2026-12-1{day}T12:00Z")
        files.append(dataclasses.replace(late, hand_in=record))
    untimed = dataclasses.replace(files[0], student="t", submitted="")
    (line,) = times_after_due(policy, [*files, untimed])
    assert f"{UNIT}: Canvas marked nobody as late, and all 5 known times are more than" in line
    marked = dataclasses.replace(untimed, hand_in=HandIn(source="canvas", student="t", late=True))
    early = dataclasses.replace(handed_in(results, "u", "2026-11-30T12:00Z"), hand_in=record)
    for others in ([], [untimed, marked], [untimed, early]):
        assert times_after_due(policy, [*files, *others]) == []


def test_a_due_time_weeks_after_everybodys_file_is_reported(results, policy):
    """As with a wrong month in `due`; a few who are early in a large class are no reason."""
    rules = {UNIT: Rules(due=datetime.fromisoformat("2027-02-01T23:59:00+01:00"))}
    policy = dataclasses.replace(policy, units=rules)
    early = [handed_in(results, f"s{day}", f"2027-01-0{day}T12:00Z") for day in range(1, 6)]
    of_class = [f"s{day}" for day in range(10)]
    (line,) = due_far_from_files(policy, early, of_class)
    assert "was due 1 February 2027, and the last of its files came 27 days earlier." in line
    assert due_far_from_files(policy, early[1:], of_class) == []
    assert due_far_from_files(policy, early, [*of_class, "eve"]) == []
    assert due_far_from_files(policy, early) == []  # without a roster they may be a few of many
    last = handed_in(results, "t1", "2027-01-30T12:00Z")
    assert due_far_from_files(policy, [*early, last], of_class) == []


def test_a_due_time_of_a_section_far_from_its_files_is_reported(results):
    """The other section's files are near their own date, and say nothing about it."""
    dates = {"a": "2026-12-01", "b": "2025-12-01"}
    sections = {}
    for section, day in dates.items():
        due = datetime.fromisoformat(f"{day}T23:59:00+01:00")
        sections[section] = {UNIT: Dates(due=due)}
    sections_of = {"ada": ["a"], "bob": ["b"], "eve": ["b"]}
    policy = Policy(sections=sections, sections_of=sections_of)
    files = [handed_in(results, student, "2026-12-01T12:00:00+01:00") for student in sections_of]
    (line,) = due_far_from_files(policy, files)
    assert f"{UNIT} was due 1 December 2025, and the first of its files came 364 days" in line
    assert due_far_from_files(policy, files[:2]) == []


def test_dates_of_a_unit_that_do_not_follow_each_other_are_reported(results):
    """Handed out, begun, due; and `begun` that nobody kept may have a wrong year."""
    december = {}
    for day in (1, 8, 15):
        december[day] = datetime.fromisoformat(f"2026-12-{day:02}T12:00:00+01:00")
    files = [handed_in(results, f"s{number}", "2026-12-09T12:00:00+01:00") for number in range(5)]

    def with_dates(**dates):
        return Policy(late=Late(not_begun=0.1), units={UNIT: Rules(**dates)})

    right = with_dates(handed_out=december[1], begun=december[8], due=december[15])
    assert dates_out_of_order(right, files) == []
    wrong = with_dates(handed_out=december[8], begun=december[1], due=december[15])
    (line,) = dates_out_of_order(wrong, files)
    assert "`handed_out`, 08 December 2026 12:00 UTC+01:00, is after `begun`, 01 Dec" in line
    late = with_dates(begun=december[15], due=december[8])
    assert (
        "`begun`, 15 December 2026 12:00 UTC+01:00, is after `due`"
        in dates_out_of_order(late, files)[0]
    )
    (line,) = nobody_begun(right, files)
    assert "nobody handed in anything by `begun`, 08 December 2026." in line
    assert nobody_begun(right, files[1:]) == []
    before = handed_in(results, "s0", "2026-12-07T12:00:00+01:00")
    assert nobody_begun(right, [*files, before]) == []
    second = HandIn(source="canvas", student="s0", attempt=2)
    assert nobody_begun(right, [dataclasses.replace(files[0], hand_in=second), *files[1:]]) == []


def test_a_section_has_pages_of_its_own(graded_class, tmp_path):
    """A section's pages show only its students, including those without a submission."""
    folder = tmp_path / "grades"
    shutil.copytree(graded_class, folder, ignore=shutil.ignore_patterns("pages"))
    roster = "student,section\nhalved,mon\nsquared,tue\nabsent,mon; tue\ncrash,wed\n"
    (folder / "roster.csv").write_text(roster)
    done = small.run_command("report", folder, "--section", "mon")
    assert done.returncode == 0, done.stderr
    pages = folder / "sections" / "mon" / "pages"
    assert [path.stem for path in (pages / UNIT).glob("*.html")] == ["halved"]
    text = (pages / "index.html").read_text()
    assert "absent" in text
    assert "squared" not in text
    assert not (folder / "pages").exists()
    done = small.run_command("report", folder, "--section", "thu")
    assert done.returncode == 2
    assert "No student is in the section `thu`. The roster's: mon" in done.stderr


def test_best_or_last_of_several(results):
    """The best or the last of several submissions counts."""
    early = handed_in(results, "bob", "2026-12-01T10:00:00+00:00")
    late = handed_in(results, "bob", "2026-12-01T12:00:00+00:00", "squared")
    (best,) = grades([early, late], Policy())
    assert best.points == 11
    (last,) = grades([early, late], Policy(keep="last"))
    assert last.points == late.score
    assert late.score != 11


def test_of_two_in_one_second_the_later_one_counts_as_the_last(results):
    """The one graded later of two submissions in the same second is the last.

    File times have a resolution of a second, and a grading may take less.
    """
    moment = "2026-12-01T10:00:00+00:00"
    better = handed_in(results, "bob", moment)
    worse = handed_in(results, "bob", moment, "squared")
    keep_last = Policy(keep="last")
    (grade,) = grades([better, worse], keep_last)
    assert grade.result == worse
    (grade,) = grades([worse, better], keep_last)
    assert grade.result == better
    (grade,) = grades([better, worse], Policy())
    assert grade.points == 11


def test_the_last_hand_in_counts_as_last_if_only_an_earlier_one_has_a_time(results):
    """Without all times, the order in which hand-ins were graded decides which is the last."""
    first = handed_in(results, "ada", "2026-12-01T12:00:00+01:00", "crash")
    second = dataclasses.replace(results["complete"], student="ada", submitted="")
    (grade,) = grades([first, second], Policy(keep="last"))
    assert grade.result.sha256 == second.sha256
    third = dataclasses.replace(first, submitted="")
    (grade,) = grades([second, third], Policy(keep="last"))
    assert grade.result.sha256 == first.sha256


def test_units_may_be_shortened(tmp_path):
    """Units may be shortened as tables and below `extensions`; their checks are recognised."""
    short = read(tmp_path, '[wo]\nbonus = ["shortening"]\n[extensions.ada]\nn = 1\nwords = 2.5')
    assert short.units == {WORDS: Rules(bonus=("shortening",))}
    assert short.extensions == {("ada", UNIT): 1, ("ada", WORDS): 2.5}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('keep = "worst"', "`keep`: expected 'best' or 'last', found 'worst'."),
        ('kep = "best"', "there is no key `kep`. Did you mean `keep`?"),
        ("[late]\nper_dai = 0.1", "`late`: there is no key `per_dai`. Did you mean `per_day`?"),
        ("[late]\nper_day = 10", "`late.per_day`: expected a number <= 1.0."),
        ("[late]\nper_day = -0.1", "`late.per_day`: expected a number >= 0.0."),
        ("[late]\nat_most = true", "`late.at_most`: expected a number, found true or false."),
        ("[late]\ngrace_hours = inf", "`late.grace_hours`: expected a finite number, found inf."),
        ("[wrods]\n", "There is no unit `wrods`. Did you mean `words`?"),
        (
            '[numbers]\ndrop = ["dubling"]',
            "`numbers_and_sums.drop`: there is no check `dubling`. Did you mean `doubl",
        ),
        (
            '[numbers]\nbonus = ["xyz"]',
            "there is no check `xyz`. Known checks: doubling, summing, three_steps, fit",
        ),
        (
            '[numbers]\ndrop = ["fitting"]\nbonus = ["fitting", "doubling"]',
            "`numbers_and_sums.drop` and `numbers_and_sums.bonus` both name `fitting`. What is",
        ),
        ('[numbers]\nbonus = "fitting"', "`numbers_and_sums.bonus`: expected a list, found text."),
        (
            '[numbers]\nbouns = ["fitting"]',
            "`numbers_and_sums`: there is no key `bouns`. Did you mean `bonus`?",
        ),
        (
            "[numbers]\ndue = 2026-12-01",
            "expected a date and time with its zone, as 2026-12-01T23:59:00+01:00, found",
        ),
        (
            "[numbers]\ndue = 2026-12-01T12:00:00",
            "`numbers_and_sums.due`: expected a date and time with its zone, as",
        ),
        (
            '[numbers]\ndue = "17.11.2026 23:59"',
            "expected a date and time with its zone, as 2026-12-01T23:59:00+01:00, found text.",
        ),
        (
            "[total.letters]\nA = 0.9\ndrop_lowest = 1",
            "`drop_lowest` stands below [total.letters], and would be a letter.",
        ),
        ("[early]\nbonus = 0.05", "[early] has `bonus` and no `days`."),
        ("numbers = 3", "`numbers_and_sums`: expected a table, found a whole number."),
        ("[numbers]\n[numbers_and_sums]", "`numbers` and `numbers_and_sums` are the same unit."),
        (
            '[extensions.bob]\nwords = 1\n[extensions.ada]\nnumbers = "three"',
            "`extensions.ada.numbers_and_sums`: expect",
        ),
        (
            "[extensions.ada]\nnumbers = inf",
            "`extensions.ada.numbers`: expected a finite number, found inf.",
        ),
        (
            "[extensions.ada]\nwrods = 3",
            "`extensions.ada`: There is no unit `wrods`. Did you mean `words`?",
        ),
        ("[extensions]\nada = 3", "`extensions.ada`: expected a table, found a whole number."),
        ("late = 3", "`late`: expected a table, found a whole number."),
        ("[late", "policy.toml: Expected ']'"),
    ],
)
def test_a_wrong_policy_is_told_in_words(tmp_path, text, words):
    """The message on a wrong policy names the file, the key, what was expected, and the nearest."""
    with pytest.raises(BadFile, match=re.escape(words)) as told:
        read(tmp_path, text)
    assert str(told.value).startswith(f"{tmp_path}/policy.toml: ")


def test_a_policy_of_notepad_is_read(tmp_path):
    """Its mark at the beginning is no key; another encoding is named."""
    path = tmp_path / "policy.toml"
    path.write_text('keep = "last"\n', encoding="utf-8-sig")
    assert read_policy(COURSE, path).keep == "last"
    path.write_text('keep = "last"\n', encoding="utf-16")
    with pytest.raises(BadFile, match=r"policy.toml: it is not in UTF-8. Save it as UTF-8."):
        read_policy(COURSE, path)


def test_late_rules_that_take_nothing_off_are_reported(results):
    """`per_day` was forgotten; `not_begun` alone is a rule of its own."""
    files = list(results.values())
    said = "[late] has no `per_day` above 0, so nothing is taken off"
    (line,) = units_never_late(Policy(late=Late(grace_hours=2)), files)
    assert said in line
    begun = Rules(begun=datetime.fromisoformat("2026-11-20T12:00:00+01:00"))
    late = Late(not_begun=0.1, grace_hours=2)
    assert units_never_late(Policy(late=late), files) == []
    assert units_never_begun(Policy(late=late, units={UNIT: begun}), files) == []
    (line,) = units_never_begun(Policy(late=late), files)
    assert line.startswith("Warning: the policy's [late] has `not_begun`, and no unit with results")
    assert line.endswith(f"Write `begun` below [{UNIT}].")
    assert line in doubts(Policy(late=late), files, is_stamped=False)
    assert units_never_late(Policy(), files) == []


def test_a_policy_that_is_not_there_is_told_in_words(tmp_path):
    """The message on a missing policy gives the path and the reason."""
    with pytest.raises(BadFile, match=re.escape("policy.toml cannot be read: No such file")):
        read_policy(COURSE, tmp_path / "policy.toml")


def test_a_unit_that_begins_like_a_rule_takes_no_rule_away(tmp_path):
    """`late` stays a rule beside a unit called `later_words`.

    To mean the unit, write more of its name.
    """
    shutil.copytree(COURSE.folder, tmp_path / "course")
    for folder in ("checks", "solutions"):
        (tmp_path / "course" / folder / "words.py").rename(
            tmp_path / "course" / folder / "later_words.py"
        )
    about = (tmp_path / "course" / "course.toml").read_text()
    (tmp_path / "course" / "course.toml").write_text(about.replace('"words"', '"later_words"'))
    (tmp_path / "policy.toml").write_text('[late]\nper_day = 0.2\n[later]\ndrop = ["shortening"]')
    read = read_policy(read_course(tmp_path / "course"), tmp_path / "policy.toml")
    assert (read.late.per_day, read.units) == (0.2, {"later_words": Rules(drop=("shortening",))})


@pytest.mark.parametrize(
    "key",
    [
        'keep = "last"',
        "carried = 0.5",
        'partners = "partners.csv"',
        'regrades = "tutor@uni.example"',
        "show_solutions = true",
    ],
)
@pytest.mark.parametrize(
    "table",
    ["late", "early", "total", "numbers", "extensions.ada", "extensions", "sections", "extra_time"],
)
def test_a_key_of_the_whole_file_below_a_table_is_told_its_place(tmp_path, table, key):
    """TOML takes a key at the end of the file for one of the last table."""
    name = key.split()[0]
    words = f"`{name}` belongs at the top of the file, before the first [table]."
    with pytest.raises(BadFile, match=re.escape(words)) as told:
        read(tmp_path, f"[{table}]\n{key}")
    assert "Did you mean" not in str(told.value)


def test_a_table_within_a_table_is_told_its_place(tmp_path):
    """Rules for all units cannot stand below one unit, or one student."""
    for table in ("numbers.late", "extensions.ada.late"):
        with pytest.raises(BadFile, match=r"`late` is a table of its own: write `\[late\]`\."):
            read(tmp_path, f"[{table}]\nper_day = 0.1")


@pytest.mark.parametrize("anonymous", [False, True])
def test_pages_say_what_a_result_counts(results, policy, tmp_path, anonymous):
    """A page shows what a result counts and why; an extension stays with a renamed student."""
    late = "2026-12-03T12:00:00+01:00"
    found = [handed_in(results, student, late) for student in ("ada", "bob")]
    write_pages(COURSE, found, tmp_path, anonymous=anonymous, around=PageContext(rules=policy))
    index = (tmp_path / "index.html").read_text()
    assert "(as the checks gave them)" in index
    assert "as they count under the policy, median 8.1 of 6, mean 8.1" in index
    pages = sorted(path.read_text() for path in tmp_path.glob(f"{UNIT}/*.html"))
    assert sum("Counts as 7.2 of 6: 2 days late, 20% taken off" in page for page in pages) == 1
    assert sum("Counts as 9 of 6: " in page and "days late" not in page for page in pages) == 1
    assert 'data-label="counts as">7.2</td>' in (tmp_path / "index.html").read_text()


def test_a_cut_off_that_our_solution_does_not_reach_is_told(results, graded_class, tmp_path):
    """A cut-off below our solution's loss is a warning with both losses and what ours earns.

    One above it, one of equal shares, and results without a loss are none.
    """
    (fitting,) = [one for one in results["complete"].verdicts if one.name == "fitting"]
    ours = fitting.loss[1]

    def told(cutoffs, of=results):
        policy = Policy(units={UNIT: Rules(cutoffs={"fitting": cutoffs})})
        return cutoffs_far_from_ours(policy, list(of.values()))

    (line,) = told([(ours / 2, 1.0), (ours * 1.5, 0.0)])
    assert line.startswith(f"Warning: the policy's `{UNIT}.cutoffs.fitting` gives 100 % of the")
    assert f"at a loss of {ours / 2:g}, and our solution's is {ours:.4g} here" in line
    assert "which earns 50 %" in line
    assert told([(ours * 1.01, 1.0), (ours * 2, 0.0)]) == []
    (line,) = told([(ours * 10.1, 1.0), (ours * 11, 0.0)])
    assert f"of {ours * 10.1:g}, far above our solution's, which is {ours:.4g} here" in line
    assert told([(ours * 9.9, 1.0), (ours * 11, 0.0)]) == []
    assert told([(ours / 2, 0.4), (ours * 2, 0.4)]) == []
    assert told([(ours / 2, 1.0), (ours * 1.5, 0.0)], of={"stub": results["stub"]}) == []
    (tmp_path / "policy.toml").write_text(
        f"[{UNIT}]\ncutoffs.fitting = [[{ours / 2}, 1.0], [{ours * 2}, 0.0]]\n"
    )
    policy = ("--policy", tmp_path / "policy.toml", "--out", tmp_path / "out")
    done = small.run_command("export", graded_class, "--to", "csv", *policy)
    assert done.returncode == 0, done.stderr
    assert "Set the first cut-off above our loss." in done.stderr


def test_a_page_says_how_the_points_come_about(results, tmp_path):
    """A page explains the points: policy below the check, and a sum equal to what counts."""
    one = Adjustment("ada", UNIT, "clear names", "tg", line="style", points=2)
    due = datetime.fromisoformat("2026-12-01T12:00:00+01:00")
    rules = {UNIT: Rules(due=due, cutoffs={"fitting": [(0.0, 0.4), (9.0, 0.4)]})}
    policy = Policy(late=Late(per_day=0.1), units=rules, adjustments=(one,))
    late = handed_in(results, "ada", "2026-12-03T11:00:00+01:00")
    write_pages(COURSE, [late], tmp_path, around=PageContext(rules=policy))
    page = (tmp_path / UNIT / "ada.html").read_text()
    text = " ".join(re.sub("<[^>]*>", " ", page).split())
    said = "40 % of the points by the cut-offs, at a loss of"
    assert said in text
    assert "Counts as 1.2 of 3 points." in text
    (table,) = re.findall('<table class="tally">.*?</table>', page, re.S)
    rows = re.findall("<tr>(.*?)</tr>", table, re.S)[1:]
    shown = [re.findall(">([^<>]*)</t", row) for row in rows]
    assert shown == [
        ["all checks", "", "11"],
        ["cut-offs of fitting", "−1.8", "9.2"],
        ["by hand", "+2", "11.2"],
        ["2 days late, 20% taken off", "−2.24", "8.96"],
    ]
    assert "Counts as 8.96 of 11" in text
    (grade,) = grades([late], policy)
    assert "fitting 1.2/3: 40 % of the points by the cut-offs" in comment_on(grade)


def test_the_page_of_a_unit_says_how_points_spread_and_when_files_came(results, tmp_path):
    """A unit's page shows mean, median and standard deviation, file times and late marks."""
    whole = handed_in(results, "ada", "2026-12-01T12:00:00+01:00")
    half = handed_in(results, "bob", "2026-12-01T12:00:00+01:00", "crash")
    late = HandIn(source="canvas", student="bob", late=True)
    half = dataclasses.replace(half, submitted="", hand_in=late)
    write_pages(COURSE, [whole, half], tmp_path)
    page = " ".join(re.sub("<[^>]*>", " ", (tmp_path / "index.html").read_text()).split())
    assert "median 9 of 11 points, mean 9, standard deviation 2.83" in page
    assert "handed in (UTC)" in page
    assert "2026-12-01 11:00:00" in page
    assert re.search(r"\blate\b", page)
    assert "as the checks gave them" not in page
    write_pages(COURSE, [whole, half], tmp_path, anonymous=True)
    assert "11:00:00" not in (tmp_path / "index.html").read_text()


def partners_of(*students):
    """Return a policy under which these students are a group."""
    return Policy(partners={UNIT: [frozenset(students)]})


def test_a_page_is_about_the_hand_in_that_counts(results, tmp_path):
    """A partner's, where the student's own has fewer points: what is given by hand is about it."""
    when = "2026-12-01T12:00:00+01:00"
    found = [handed_in(results, "ada", when, "squared"), handed_in(results, "li", when)]
    given = Adjustment("ada", UNIT, "see the slide", "tg", check="fitting", points=0)
    rules = dataclasses.replace(partners_of("ada", "li"), adjustments=(given,))
    write_pages(COURSE, found, tmp_path, around=PageContext(rules=rules))
    page = (tmp_path / UNIT / "ada.html").read_text()
    text = " ".join(re.sub("<[^>]*>", " ", page).split())
    assert "11 of 11 points" in text
    assert "All checks passed." in text
    assert "9 of 11 no 9 " in text
    assert "11 of 11 yes 11: handed in by li" in text


def test_a_page_says_what_each_hand_in_would_count(results, tmp_path):
    """The late one has more points before lateness; the page is about the one that counts."""
    due = datetime.fromisoformat("2026-12-01T12:00:00+01:00")
    policy = Policy(late=Late(per_day=0.5), units={UNIT: Rules(due=due)})
    in_time = handed_in(results, "ada", "2026-12-01T11:00:00+01:00", "squared")
    late = handed_in(results, "ada", "2026-12-02T11:00:00+01:00")
    around = PageContext(earlier=[in_time], rules=policy)
    write_pages(COURSE, [late], tmp_path, around=around)
    text = " ".join(re.sub("<[^>]*>", " ", (tmp_path / UNIT / "ada.html").read_text()).split())
    assert "Did not pass: doubling" in text
    assert "9 of 11 yes 9 " in text
    assert "11 of 11 no 5.5: 1 day late, 50% taken off" in text
    assert "Handed in 1 December, 11:00 UTC+01:00, due 1 December, 12:00 UTC+01:00" in text
    assert " 2 2 December, 11:00 UTC+01:00 11 of 11 no" in text  # one time zone on a page
    counted = grades([in_time, late], policy)
    write_feedback(COURSE, counted, [late], tmp_path, None, around)
    page = (tmp_path / f"ada {UNIT}.html").read_text()
    assert "Did not pass" in page
    assert f'Another hand-in: <span class="checksum">sha256 {late.sha256}' in page


def test_anonymous_pages_name_no_partner(results, tmp_path):
    """Anonymous pages hide a partner's name, even of two letters.

    Elsewhere such a name may be a variable. Here `ada` is graded by what `li` submitted.
    """
    when = "2026-12-01T12:00:00+01:00"
    found = [handed_in(results, "ada", when, "stub"), handed_in(results, "li", when)]
    rules = partners_of("ada", "li")
    write_pages(COURSE, found, tmp_path, anonymous=True, around=PageContext(rules=rules))
    pages = [path.read_text() for path in tmp_path.glob(f"{UNIT}/*.html")]
    assert sum("handed in by student " in page for page in pages) == 2  # both list both hand-ins
    assert not any("handed in by li" in page for page in pages)


def test_a_partners_page_shows_what_was_handed_in(results, small_class, tmp_path):
    """A partner's page shows the common file and who submitted it."""
    complete = results["complete"]
    source = graded_files(COURSE, small_class, ["complete"])
    rules = partners_of("complete", "grace")
    counted = grades([complete], rules)
    write_feedback(COURSE, counted, [complete], tmp_path, source, PageContext(rules=rules))
    page = (tmp_path / f"grace {UNIT}.html").read_text()
    assert "handed in by complete" in page
    assert "running_sum" in page
    assert "cumsum" in page


@pytest.fixture
def paired(graded_class, tmp_path):
    """Return the small class with a roster in two sections.

    Émile's partner `crash` submitted for both.
    """
    folder = tmp_path / "grades"
    shutil.copytree(graded_class, folder, ignore=shutil.ignore_patterns("pages"))
    rows = ["student,name,section", "emile@uni.example,Émile Ény,tue", "crash,Carla Crash,mon"]
    rows += ["zoe,Zoë Zander,tue", "halved,,mon"]
    (folder / "roster.csv").write_text("\n".join(rows))
    (tmp_path / "partners.csv").write_text(f"unit,a,b\n{UNIT},crash,emile@uni.example\n")
    (tmp_path / "policy.toml").write_text('partners = "partners.csv"\n')
    return folder


def rows_of(page, table="students"):
    """Return the rows of a page's table as text."""
    (body,) = re.findall(
        rf'<table class="sort rows" id="{table}">.*?<tbody[^>]*>(.*?)</tbody>', page, re.S
    )
    rows = re.findall("<tr>.*?</tr>", body, re.S)
    return [" ".join(re.sub("<[^>]*>", " ", unescape(row)).split()) for row in rows]


def test_a_partner_who_handed_in_nothing_has_a_row_and_a_page(paired):
    """A partner without a submission has a row and a page; statistics count the file once."""
    policy = paired.parent / "policy.toml"
    done = small.run_command("report", paired, "--policy", policy)
    assert done.returncode == 0, done.stderr
    (row,) = [line for line in done.stdout.splitlines() if "Émile" in line and "numbers" in line]
    assert "7/11 (handed in by crash)" in row
    pages = paired / "pages"
    unit_page = (pages / f"{UNIT}.html").read_text()
    assert "10 submissions, also for 1 partner" in unit_page
    assert "1 in the roster handed in nothing" in unit_page
    (row,) = [row for row in rows_of(unit_page) if "Émile" in row]
    assert row.startswith("Émile Ény (emile@uni.example) 7 7 handed in by crash")
    (row,) = [row for row in rows_of((pages / "index.html").read_text()) if "Émile" in row]
    assert row.endswith("7 – 7")
    page = (pages / UNIT / "emile@uni.example.html").read_text()
    assert "Counts as 7 of 11: handed in by crash." in page
    assert "no sums" in page
    done = small.run_command("report", paired, "--policy", policy, "--anonymous")
    assert done.returncode == 0, done.stderr
    text = "".join(path.read_text() for path in (paired / "anonymous").rglob("*.html"))
    assert "emile" not in text


def test_a_partner_in_another_section_has_not_handed_in_nothing(paired):
    """A partner in another section counts as having submitted.

    His section's pages show what counts for him, and the other section's do not.
    """
    policy = paired.parent / "policy.toml"
    done = small.run_command("report", paired, "--policy", policy, "--section", "tue")
    assert done.returncode == 0, done.stderr
    (row,) = [line for line in done.stdout.splitlines() if "Émile" in line and "numbers" in line]
    assert "7/11 (handed in by crash)" in row
    assert "nothing handed in" not in row
    page = paired / "sections" / "tue" / "pages" / UNIT / "emile@uni.example.html"
    assert "Counts as 7 of 11: handed in by crash." in page.read_text()
    done = small.run_command("report", paired, "--policy", policy, "--section", "mon")
    assert "Émile" not in done.stdout


def test_what_a_partner_handed_in_is_not_called_earlier(results, tmp_path):
    """A partner's file is described by who submitted it, not as "earlier": it may be later."""
    found = [
        handed_in(results, "zoe", "2026-12-01T12:00:00+01:00", "stub"),
        handed_in(results, "emile", "2026-12-02T12:00:00+01:00"),
    ]
    rules = partners_of("zoe", "emile")
    around = PageContext(rules=rules)
    write_pages(COURSE, found, tmp_path, around=around)
    (row, _) = sorted(rows_of((tmp_path / "index.html").read_text()), reverse=True)
    assert row.startswith("zoe 0 11 handed in by emile")
    counts = {grade.result.place: grade for grade in grades(found, rules)}
    console = Console(width=200)
    with console.capture() as captured:
        console.print(class_table(COURSE, found, ClassFacts(counts=counts)))
    assert "11/11 (handed in by emile)" in captured.get()


def test_report_by_command_shows_a_policy(graded_class, tmp_path):
    """`report --policy` writes what results count; a wrong policy ends with exit code 2."""
    shutil.copytree(graded_class, tmp_path / "grades")
    (tmp_path / "policy.toml").write_text('[numbers]\ndrop = ["summing"]')
    done = small.run_command("report", tmp_path / "grades", "--policy", tmp_path / "policy.toml")
    assert done.returncode == 0, done.stderr
    page = (tmp_path / "grades" / "pages" / UNIT / "complete.html").read_text()
    assert "Counts as 7 of 7: summing does not count." in page
    (tmp_path / "policy.toml").write_text("[late]\nper_day = 2")
    done = small.run_command("report", tmp_path / "grades", "--policy", tmp_path / "policy.toml")
    assert done.returncode == 2
    assert "`late.per_day`" in done.stderr
    assert "Traceback" not in done.stderr


SECTIONS = """
[late]
per_day = 0.1

[early]
days = 2
bonus = 0.1

[numbers]
handed_out = 2026-11-24T00:00:00Z
due = 2026-12-01T00:00:00Z

[sections."Tuesday, late"]
numbers = { due = 2026-12-04T00:00:00Z }

[extra_time]
grace = 1.5

[extensions.grace]
numbers = 1
"""
OTHER_UNIT = SECTIONS.replace("numbers = { ", "words = { handed_out = 2026-11-24T00:00:00Z, ")
ROSTER = """student,section
ada,"Tuesday, late"
bob,Monday
both,"Monday; Tuesday, late"
grace,Monday
"""


@pytest.fixture
def in_sections(tmp_path):
    """Return a class in two sections and a policy with its own due time for one."""
    (tmp_path / "roster.csv").write_text(ROSTER)
    roster = read_roster(tmp_path / "roster.csv")
    return with_sections(read(tmp_path, SECTIONS), roster)


@pytest.mark.parametrize(
    ("student", "when", "points", "words"),
    [
        ("bob", "2026-12-01T12:00:00Z", 9.9, "1 day late, 10% taken off"),
        (
            "ada",
            "2026-12-01T12:00:00Z",
            12.1,
            "early, 10% added; in time: due 4 December, 00:00 UTC",
        ),
        (
            "ada",
            "2026-12-04T12:00:00Z",
            9.9,
            "taken off, due 4 December, 00:00 UTC (the date of the",
        ),
        ("both", "2026-12-03T12:00:00Z", 11, "in time: due 4 December, 00:00 UTC (the date of the"),
        # seven days × 1.5, and one of extension
        ("grace", "2026-12-05T11:59:00Z", 11, "(time × 1.5, 1 day of extension)"),
        (
            "grace",
            "2026-12-05T12:01:00Z",
            9.9,
            "1 day late, 10% taken off, due 5 December, 12:00 UTC",
        ),
    ],
)
def test_dates_of_a_section_and_extra_time(results, in_sections, student, when, points, words):
    """A section may have its own dates and a student extra time; the page shows the due time."""
    result = handed_in(results, student, when)
    (grade,) = grades([result], in_sections)
    assert grade.points == points
    assert words in grade.words


def test_sections_need_a_roster_that_names_them(tmp_path):
    """Sections need a roster that names them; a section without students is a typing error."""
    policy = read(tmp_path, SECTIONS)
    with pytest.raises(BadFile, match="no roster says who is in which"):
        with_sections(policy, None)
    (tmp_path / "roster.csv").write_text("student,section\nada,Tuesday late\n")
    with pytest.raises(BadFile, match=r"in: `Tuesday, late` .did you mean `Tuesday late`"):
        with_sections(policy, read_roster(tmp_path / "roster.csv"))


@pytest.mark.parametrize(
    ("cell", "named"),
    [
        ("Monday and Wednesday", ["Monday and Wednesday"]),
        ("monday", ["Monday"]),
        ("Monday; Monday and Wednesday", ["Monday and Wednesday", "Monday"]),
        ("Lab 1, Group A and Lab 2, Group B", ["Lab 1, Group A", "Lab 2, Group B"]),
        (
            "Lab 2, Group B, Monday, and Lab 1, Group A",
            ["Lab 1, Group A", "Lab 2, Group B", "Monday"],
        ),
        ("Lab 1", []),
        ("Mondays", []),
    ],
)
def test_sections_whose_names_hold_a_comma_or_and(cell, named):
    """A cell names each known section in it; one within a longer name is none of its own."""
    known = ["Monday", "Monday and Wednesday", "Lab 1, Group A", "Lab 2, Group B"]
    assert sorted(sections_among(cell, known)) == sorted(named)


def rostered(folder, rows):
    """Return a roster with these rows of student, name and section."""
    (folder / "roster.csv").write_text("student,name,section\n" + rows)
    return read_roster(folder / "roster.csv")


WHEN = "2026-12-01T12:00:00Z"
MOST_HAVE_ONE = 'ada,,"Tuesday, late"\nbob,,Monday\nzoe,Zoë Zander,\n'


def test_students_without_a_section_are_reported(results, tmp_path):
    """A student who joined late has the unit's own dates, which may take points off."""
    policy = read(tmp_path, SECTIONS)
    roster = rostered(tmp_path, MOST_HAVE_ONE)
    class_ = [handed_in(results, student, WHEN) for student in ("ada", "bob", "zoe")]
    assert without_section(with_sections(policy, roster), class_, roster) == (
        f"Warning: {UNIT} has dates by section, and the roster has no section for Zoë Zander "
        "(zoe). Only dates outside [sections] count for them. Add the missing sections to the "
        "roster, and give it to `collect` or `grade` as --roster."
    )
    class_ = [handed_in(results, student, WHEN) for student in ("ada", "bob", "guest", "other")]
    assert "no section for guest; other." in without_section(policy, class_, roster)
    paired = dataclasses.replace(policy, partners={UNIT: [frozenset({"ada", "zoe"})]})
    class_ = [handed_in(results, student, WHEN) for student in ("ada", "bob")]
    assert "no section for Zoë Zander (zoe)." in without_section(paired, class_, roster)


@pytest.mark.parametrize(
    ("rows", "students", "text"),
    [
        ('ada,,"Tuesday, late"\nbob,,Monday\n', ["ada", "bob"], SECTIONS),
        (MOST_HAVE_ONE, ["ada", "bob"], SECTIONS),  # zoe has handed in nothing
        (MOST_HAVE_ONE, ["ada", "zoe"], OTHER_UNIT),
        (MOST_HAVE_ONE, ["ada", "zoe"], POLICY),
        # only those of another date have a section
        ('ada,,"Tuesday, late"\nbob,,\nzoe,,\n', ["ada", "bob", "zoe"], SECTIONS),
        (MOST_HAVE_ONE, ["zoe"], SECTIONS),
    ],
)
def test_without_a_mistake_about_sections_nothing_is_said(results, tmp_path, rows, students, text):
    """Silent if all have a section, most have none, or the unit has no dates by section."""
    policy = read(tmp_path, text)
    class_ = [handed_in(results, student, WHEN) for student in students]
    assert without_section(policy, class_, rostered(tmp_path, rows)) == ""


def test_export_and_report_name_students_without_a_section(graded_class, tmp_path):
    """`export` and `report` give the warning on standard error."""
    folder = tmp_path / "grades"
    shutil.copytree(graded_class, folder, ignore=shutil.ignore_patterns("pages"))
    students = sorted(path.stem for path in folder.glob(f"{UNIT}/*.json"))
    rows = "".join(f'{student},,"Tuesday, late"\n' for student in students if student != "crash")
    rostered(folder, f"{rows}grace,,Monday\n")
    policy = tmp_path / "policy.toml"
    policy.write_text(SECTIONS)
    for command in (("export", folder, "--to", "csv"), ("report", folder)):
        done = small.run_command(*command, "--policy", policy)
        assert done.returncode == 0, done.stderr
        assert done.stderr.count("the roster has no section for crash.") == 1


def test_extra_time_needs_to_know_since_when(results, tmp_path):
    """Extra time needs a start: its factor applies to the time from release to due time.

    This concerns the units that have results: a later week's may not be planned yet.
    """
    files = [handed_in(results, "ada", WHEN)]
    without = SECTIONS.replace("handed_out = 2026-11-24T00:00:00Z", "")
    only_in_sections = SECTIONS.partition("[numbers]")[0] + SECTIONS[SECTIONS.index("[sections") :]
    for text in (without, only_in_sections, without + "[words]\ndue = 2026-12-24T00:00:00Z\n"):
        policy = read(tmp_path, text)
        with pytest.raises(BadFile, match="Write `handed_out`, a time before `due`, for numbers"):
            refuse_extra_time_from_nowhere(policy, files)
        refuse_extra_time_from_nowhere(policy, [])
    late = SECTIONS.replace("handed_out = 2026-11-24", "handed_out = 2027-11-24")
    with pytest.raises(BadFile, match="24 November 2027 00:00 UTC, is not before its `due`, "):
        refuse_extra_time_from_nowhere(read(tmp_path, late), files)
    planned = read(tmp_path, SECTIONS + "[words]\ndue = 2026-12-24T00:00:00Z\n")
    refuse_extra_time_from_nowhere(planned, files)


def test_a_unit_handed_out_a_year_too_early_is_reported(results, tmp_path):
    """A wrong year in `handed_out` would multiply a year instead of a week."""
    files = [handed_in(results, "ada", WHEN)]
    right = read(tmp_path, SECTIONS)
    assert handed_out_long_before_due(right, files) == []
    wrong = read(tmp_path, SECTIONS.replace("handed_out = 2026", "handed_out = 2025"))
    assert handed_out_long_before_due(wrong, []) == []
    assert handed_out_long_before_due(wrong, files) == [
        f"Warning: {UNIT} was handed out 24 November 2025, 372 days before it was due, and "
        "`extra_time` multiplies these days. Check the year and month of `handed_out`."
    ]
    of_section = SECTIONS.replace("{ due", "{ handed_out = 2025-11-24T00:00:00Z, due")
    (line,) = handed_out_long_before_due(read(tmp_path, of_section), files)
    assert "375 days" in line
    nobody = dataclasses.replace(wrong, extra_time={})
    assert handed_out_long_before_due(nobody, files) == []


def test_canvas_names_a_student_once_for_each_section(tmp_path):
    """In Canvas's older exports a student with two rows is one student in both sections."""
    rows = ["Student,ID,SIS User ID,SIS Login ID,Section", "Ada,1,S1,ada,A", "Ada,1,S1,ada,B"]
    (tmp_path / "roster.csv").write_text("\n".join(rows))
    (student,) = read_roster(tmp_path / "roster.csv").students.values()
    assert sections_in(student.section) == ["A; B", "A", "B"]


def test_a_misspelt_name_below_extra_time_is_reported(results, tmp_path):
    """A misspelt name below `extra_time` is reported, as below `extensions`."""
    policy = read(tmp_path, SECTIONS.replace("grace = 1.5", "grave = 1.5"))
    (tmp_path / "roster.csv").write_text(ROSTER)
    roster = read_roster(tmp_path / "roster.csv")
    words = r"`extra_time` name students who are not in this class: `grave` .did you"
    with pytest.raises(BadFile, match=words):
        unknown_students(policy, [], roster)


def test_a_full_name_is_reported_with_the_login_that_the_roster_knows(results, tmp_path):
    """In extensions and partners, in either order of the name."""
    (tmp_path / "roster.csv").write_text('student,name\njn17,"Núñez, José"\nada,"Lovelace, Ada"\n')
    roster = read_roster(tmp_path / "roster.csv")
    extended = Policy(extensions={("Núñez, José", UNIT): 1.0})
    paired = Policy(partners={UNIT: [frozenset({"José Núñez", "ada"})]})
    for policy in (extended, paired):
        with pytest.raises(BadFile, match=r"did you mean `jn17`\?"):
            unknown_students(policy, [], roster)


def test_pages_say_when_it_was_due_and_how_many_were_late(results, in_sections, tmp_path):
    """A student's page shows due time and submission time; the unit's page counts late ones."""
    times = {"ada": "2026-12-01T12:00:00Z", "bob": "2026-12-01T12:00:00Z"}
    class_ = [handed_in(results, student, when) for student, when in times.items()]
    write_pages(COURSE, class_, tmp_path / "pages", around=PageContext(rules=in_sections))
    page = (tmp_path / "pages" / UNIT / "ada.html").read_text()
    assert "Handed in 1 December, 12:00 UTC, due 4 December, 00:00 UTC (the date of the" in page
    page = (tmp_path / "pages" / UNIT / "bob.html").read_text()
    assert "Handed in 1 December, 12:00 UTC, due 1 December, 00:00 UTC." in page
    assert " · 1 late" in (tmp_path / "pages" / "index.html").read_text()
    write_pages(
        COURSE,
        class_,
        tmp_path / "anonymous",
        anonymous=True,
        around=PageContext(rules=in_sections),
    )
    pages = [path.read_text() for path in (tmp_path / "anonymous").rglob("*.html")]
    assert not any("12:00:00" in page for page in pages)  # a time may identify a student


def test_a_policy_names_students_as_the_platform_does(graded_class):
    """The name in files, which pages show, has no effect in a policy: so it is refused."""
    (ada,) = [result for result in stored_results(graded_class) if result.student == "complete"][:1]
    ada = dataclasses.replace(ada, student="ADA~0123456789", known_as="ADA")
    by_file = Policy(extra_time={"ADA~0123456789": 1.5})
    warned = unknown_students(by_file, [ada], None)
    assert "`ADA~0123456789` (did you mean `ADA`?)" in warned
    assert unknown_students(Policy(extra_time={"ADA": 1.5}), [ada], None) == ""
