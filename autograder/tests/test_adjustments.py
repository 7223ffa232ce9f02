"""Manual points: applied on pages and in exports, never to a stored result.

The tests also cover the messages about a wrong file.
"""

import csv
import dataclasses
import json
import re
import shutil
from dataclasses import replace
from datetime import UTC, datetime
from html import unescape

import msgspec
import pytest
import small
from small import COURSE, UNIT

from autograder.grading.adjustments import (
    FILE,
    Adjustment,
    adjusted,
    all_adjustments,
    append_adjustment,
    as_toml,
    checksum_of,
    for_one_of_two_partners,
    in_dropped_checks,
    in_units_of_nobody,
    on_differing_files,
    read_adjustments,
    refuse_said_twice,
    refuse_unknown_way,
    remove_adjustment,
    replace_entries_of,
)
from autograder.grading.policy import Late, Policy, Rules, grade_of
from autograder.grading.results import result_path, stored_results
from autograder.grading.roster import Roster, Student
from autograder.grading.ways_wrong import begins_so, ways_wrong
from autograder.integrations.canvas import comment_on
from autograder.schema import BadFile

BY_HAND = """
# kept with the grades
[[adjustment]]
student = "crash"
unit = "numbers"
check = "summing"
points = 1.5
words = "the idea is right: \\"axis 0\\""
who = "tg"

[[adjustment]]
student = "crash"
unit = "numbers"
line = "style"
points = 2
words = "clear names"
who = "tg"

[[adjustment]]
student = "crash"
unit = "numbers"
factor = 0.9
words = "defence: two of three"
who = "mk"

[[adjustment]]
student = "squared"
unit = "numbers"
check = "doubling"
to = 1
words = "agreed in the forum"
who = "tg"
"""


@pytest.fixture
def grades(graded_class, tmp_path):
    """The graded small class, with adjustments beside the results."""
    folder = tmp_path / "grades"
    shutil.copytree(graded_class, folder, ignore=shutil.ignore_patterns("pages"))
    (folder / FILE).write_text(BY_HAND)
    return folder


def read(folder, text, students=("crash", "squared", "stub")):
    (folder / FILE).write_text(text)
    return read_adjustments(COURSE, folder / FILE, students)


def test_points_factor_and_set_points(graded_class, tmp_path):
    """With +1.5 and +2 points and a factor of 0.9, a grade of 7 becomes 9.45.

    A check whose points are set has these points, whatever it had before.
    """
    policy = Policy(adjustments=read(tmp_path, BY_HAND))
    results = {}
    for result in stored_results(graded_class):
        if result.unit == UNIT:
            results[result.student] = result
    crash = results["crash"]
    grade = grade_of(crash, policy)
    assert crash.score == 7
    assert grade.points == 9.45
    assert grade.max_points == 11
    assert "× 0.9 by hand (mk): defence: two of three" in grade.words
    squared = results["squared"]
    (before,) = [verdict for verdict in squared.verdicts if verdict.name == "doubling"]
    assert grade_of(squared, policy).points == squared.score - before.earned + 1
    assert grade_of(results["stub"], policy).result is results["stub"]


SET = """
[[adjustment]]
student = "complete"
unit = "numbers"
to = 5
words = "agreed in the office hour"
who = "tg"

[[adjustment]]
student = "complete"
unit = "numbers"
check = "doubling"
points = -1
words = "loops"
who = "mk"

[[adjustment]]
student = "complete"
unit = "numbers"
check = "summing"
to = 1
words = "explained at the board"
who = "ab"

[[adjustment]]
student = "*"
unit = "numbers"
check = "three_steps"
to = 1
words = "for the whole class"
who = "ab"
"""


def test_points_set_for_a_whole_unit_are_its_sum(grades):
    """Points set for a whole unit replace the sum of its checks, manual points included.

    The student's page, the class table, the exports and the total agree.
    """
    (grades / FILE).write_text(SET)
    done = small.run_command("report", grades)
    assert done.returncode == 0, done.stderr
    (row,) = [
        line for line in done.stdout.splitlines() if line.split()[:2] == ["complete", "numbers"]
    ]
    assert "5/11" in row
    for fewer in (
        "numbers_and_sums: tg set the points to 5 by hand (agreed in the office hour)",
        "numbers_and_sums, summing: ab set the points to 1 by hand (explained at the board)",
    ):
        assert f"complete, {fewer}, and the file earns " in done.stderr
    assert done.stderr.count("The points by hand count;") == 2
    page = as_text((grades / "pages" / UNIT / "complete.html").read_text())
    assert "5 of 11 points The checks gave 11 of 11 points." in page
    assert "all checks 11 by hand −6 5" in page
    assert "By hand: tg set the points to 5: agreed in the office hour" in page
    unit_page = as_text((grades / "pages" / f"{UNIT}.html").read_text())
    assert "complete 11 5 by hand, tg set the points to 5: agreed in the office hour" in unit_page
    for to in ("csv", "canvas", "gradescope", "classroom50", "total"):
        assert small.run_command("export", grades, "--to", to).returncode == 0
    rows = [row for row in table(grades / "export" / "grades.csv") if row["unit"] == UNIT]
    rows = [row for row in rows if row["student"] == "complete"]
    assert {row["unit_points"] for row in rows} == {"5"}
    assert sum(float(row["check_points"].lstrip("'")) for row in rows) == 5
    gradescope = json.loads((grades / "export" / UNIT / "complete.json").read_text())
    assert gradescope["score"] == sum(test["score"] for test in gradescope["tests"]) == 5


def test_the_class_page_says_what_made_its_points(grades, tmp_path):
    """The class page mentions a policy only if there is one; manual points alone are no policy."""
    policy = tmp_path / "policy.toml"
    policy.write_text('[numbers]\ndrop = ["doubling"]\n')
    captions = []
    for adjustments, options in (("", ()), (SET, ()), (SET, ("--policy", policy))):
        (grades / FILE).write_text(adjustments)
        done = small.run_command("report", grades, *options)
        assert done.returncode == 0, done.stderr
        page = as_text((grades / "pages" / "index.html").read_text())
        captions += re.findall(r"Points in each unit, (.*?)each with its page", page)
    assert captions == ["", "with points by hand, ", "as they count under the policy, "]


def test_points_set_for_a_unit_are_so_before_lateness_and_without_dropped_checks(graded_class):
    """Points set for a unit apply before lateness, and a dropped check adds nothing to them."""
    (result,) = [r for r in stored_results(graded_class) if r.place == (UNIT, "complete")]
    one = Adjustment("complete", UNIT, "x", "tg", to=5.0)
    late = Late(per_day=0.1)
    rules = Rules(due=datetime(2026, 12, 1, tzinfo=UTC), drop=("three_steps",))
    policy = Policy(late=late, units={UNIT: rules}, adjustments=(one,))
    handed_in = replace(result, submitted="2026-12-01T10:00:00+00:00")
    grade = grade_of(handed_in, policy)
    assert grade.points == 4.5
    said = [(line.words, line.shown) for line in grade.tally]
    assert said[-2:] == [("without three_steps", 5), ("1 day late, 10% taken off", 4.5)]
    more = replace(policy, adjustments=(one, Adjustment("complete", UNIT, "y", "tg", points=1.0)))
    assert grade_of(handed_in, more).points == 5.4


@pytest.mark.parametrize(
    ("change", "act"),
    [
        ({"points": 10}, "added 10 points"),
        ({"points": 1}, "added 1 point"),
        ({"points": -0.5}, "took off 0.5 points"),
        ({"points": 0}, "commented"),
        ({"to": 2}, "set the points to 2"),
        ({"factor": 0.9}, "multiplied the points by 0.9"),
    ],
)
def test_a_page_says_who_did_what(change, act):
    """A page names who gave the points in a sentence: `tg added 10 points: agreed`."""
    assert Adjustment("ada", UNIT, "agreed", "tg", **change).act == act


def test_a_score_in_nbgrader_stays_whatever_is_added_here(graded_class):
    """nbgrader shows the score that somebody entered there, so that one counts here, too."""
    there = Adjustment("stub", UNIT, "oral", "nbgrader", check="doubling", to=0.5, above=True)
    ours = Adjustment("stub", UNIT, "a try", "tg", check="doubling", points=1)
    (stub,) = [r for r in stored_results(graded_class) if (r.student, r.unit) == ("stub", UNIT)]
    for both in ((there, ours), (ours, there)):
        (verdict,) = [each for each in adjusted(stub, both).verdicts if each.name == "doubling"]
        assert verdict.earned == 0.5


def test_points_for_one_of_two_files_or_partners_are_named(graded_class):
    """They count for each file of the student, and for nobody else's."""
    found = {r.student: r for r in stored_results(graded_class) if r.unit == UNIT}
    files = [dataclasses.replace(found[name], student="ada") for name in ("stub", "complete")]
    one = Adjustment("ada", UNIT, "a try", "tg", check="doubling", points=-1)
    (line,) = on_differing_files(files, [one])
    assert "ada, numbers_and_sums, doubling: tg took off 1 point by hand (a try)" in line
    assert "these earn 0 and 2 there" in line
    assert on_differing_files(files[:1], [one]) == []
    assert on_differing_files(files, [msgspec.structs.replace(one, points=None, to=0)]) == []
    for_bob = dataclasses.replace(files[1], student="bob", handed_in_by="ada")
    own = dataclasses.replace(files[1], student="bob")
    assert for_one_of_two_partners([*files, for_bob, own], [one]) == []
    (line,) = for_one_of_two_partners([*files, for_bob], [one])
    assert "and not for bob, a partner with the same file. If you mean both, write it" in line
    both = [one, msgspec.structs.replace(one, student="bob")]
    assert for_one_of_two_partners([*files, for_bob], both) == []
    assert for_one_of_two_partners(files, [one]) == []


def test_a_file_called_nearly_as_points_by_hand_is_named(graded_class, tmp_path):
    """Its points do not count, with a policy or without."""
    grades = tmp_path / "grades"
    shutil.copytree(graded_class, grades)
    for name in ("adjustments_tg.toml", "adjustments-tg.toml", "adjustments-kp.toml.txt"):
        (grades / name).write_text("")
    done = small.run_command("export", grades, "--to", "csv")
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("is not read. If it holds points by hand") == 2
    assert "adjustments_tg.toml is not read" in done.stderr
    assert "adjustments-kp.toml.txt is not read" in done.stderr


def test_a_grade_is_never_below_nothing(graded_class):
    """Points can be subtracted, but a grade never falls below 0."""
    one = Adjustment("stub", UNIT, "late in class", "tg", points=-5)
    (stub,) = [r for r in stored_results(graded_class) if (r.student, r.unit) == ("stub", UNIT)]
    assert grade_of(stub, Policy(late=Late(), adjustments=(one,))).points == 0


def test_exports_and_pages_show_them_and_stored_results_stay(grades):
    """Exports and pages include manual points by default, and a second grading keeps them.

    The stored results do not change.
    """
    before = result_path(grades, UNIT, "crash").read_bytes()
    done = small.run_command("export", grades, "--to", "csv")
    assert done.returncode == 0
    assert f"points by hand: {grades / FILE}" in done.stdout
    rows = [
        r
        for r in csv.DictReader((grades / "export" / "grades.csv").read_text().splitlines())
        if r["student"] == "crash"
    ]
    of = {row["check"]: row for row in rows if row["unit"] == UNIT}
    assert float(of["summing"]["check_points"]) == 1.5
    assert "+1.5 by hand (tg)" in of["summing"]["remarks"]
    assert (of["style"]["check_points"], of["style"]["unit_points"]) == ("2", "9.45")
    done = small.run_command("report", grades)
    assert done.returncode == 0, done.stderr
    page = (grades / "pages" / UNIT / "crash.html").read_text()
    assert "Counts as 9.45 of 11" in page
    assert '<p class="big"><b>9.45 of 11 points</b></p>' in page
    assert "The checks gave " in page
    assert "defence: two of three" in page
    assert result_path(grades, UNIT, "crash").read_bytes() == before


def section(page, check):
    """Return what a student's page shows about one check, as text."""
    (found,) = re.findall(rf'<section class="check[^"]*" id="{check}">(.*?)</section>', page, re.S)
    return as_text(found)


def as_text(html):
    return " ".join(re.sub("<[^>]*>", " ", unescape(html)).split())


def test_points_set_for_a_whole_unit_make_those_of_checks_mute(graded_class, tmp_path):
    """The page does not add up points that change nothing."""
    folder = tmp_path / "grades"
    shutil.copytree(graded_class, folder)
    whole = Adjustment("crash", UNIT, "oral exam", "tg", to=10)
    added = Adjustment("crash", UNIT, "the idea", "tg", check="summing", points=0.5)
    (folder / FILE).write_text("\n".join(map(as_toml, [whole, added])))
    assert small.run_command("report", folder).returncode == 0
    page = (folder / "pages" / UNIT / "crash.html").read_text()
    assert "Counts as 10 of 11: by hand, tg set the points to 10: oral exam." in as_text(page)
    text = section(page, "summing")
    assert "tg added 0.5 points" in text
    assert "The points of the whole unit are set by hand, so this changes nothing." in text


def test_a_check_shows_what_was_given_by_hand_by_whom_and_why(grades):
    """The student's page and the class page show manual points below their check.

    Points for the whole unit stand beside its total.
    """
    assert small.run_command("report", grades).returncode == 0
    page = (grades / "pages" / UNIT / "crash.html").read_text()
    given = 'By hand: tg added 1.5 points: the idea is right: "axis 0" With that 1.5 of 4 points.'
    assert given in section(page, "summing")
    assert "hand" not in section(page, "doubling")
    assert "By hand, style: tg added 2 points: clear names" in as_text(page)
    assert as_text(page).count("defence: two of three") == 1
    other = (grades / "pages" / UNIT / "squared.html").read_text()
    given = "By hand: tg set the points to 1: agreed in the forum With that 1 of 2 points."
    assert given in section(other, "doubling")
    index = (grades / "pages" / f"{UNIT}.html").read_text()
    (row,) = [row for row in re.findall("<tr>.*?</tr>", index, re.S) if ">summing</a>" in row]
    assert 'summing 1 by hand crash : tg added 1.5 points: the idea is right: "axis 0"' in as_text(
        row
    )


def test_anonymous_pages_name_nobody_in_what_was_given_by_hand(grades):
    """Anonymous pages replace a student's name in a reason by the alias."""
    (grades / FILE).write_text(BY_HAND.replace("clear names", "crash names clearly"))
    assert small.run_command("report", grades, "--anonymous").returncode == 0
    pages = [as_text(path.read_text()) for path in (grades / "anonymous").rglob("*.html")]
    (page,) = [page for page in pages if "style: tg added 2 points:" in page]
    assert re.search(r"style: tg added 2 points: student [0-9a-f]{6} names clearly", page)
    assert not [page for page in pages if re.search(r"\bcrash\b", page)]


def test_every_export_agrees(grades):
    """Every export has the check's points with their reason, and the same total."""
    for to in ("moodle", "gradescope", "classroom50"):
        assert small.run_command("export", grades, "--to", to).returncode == 0
    folder = grades / "export"
    gradescope = json.loads((folder / UNIT / "crash.json").read_text())
    (summing,) = [test for test in gradescope["tests"] if test["name"].endswith("[summing]")]
    assert (gradescope["score"], summing["score"]) == (9.45, 1.5)
    assert summing["output"].endswith('no sums. +1.5 by hand (tg): the idea is right: "axis 0"')
    classroom = json.loads((folder / "crash.json").read_text())
    assert (classroom["score"], classroom["max-score"]) == (945, 1100)
    rows = csv.DictReader((folder / "moodle.csv").read_text().splitlines())
    (row,) = [row for row in rows if row["username"] == "crash"]
    assert row[f"{UNIT} (of 11)"] == "9.45"
    words = row[f"{UNIT} feedback"]
    assert [words.count(each) for each in ("the idea is right", "clear names", "defence")] == [
        1
    ] * 3
    grade = grade_of(
        next(one for one in stored_results(grades) if one.student == "crash"),
        Policy(adjustments=read_adjustments(COURSE, grades / FILE, ["crash", "squared"])),
    )
    assert 'summing +1.5 by hand (tg): the idea is right: "axis 0"' in comment_on(grade)


WITHOUT_A_FILE = """
[[adjustment]]
student = "lukas@uni.example"
unit = "numbers"
points = 5
words = "graded by eye: it was a document"
who = "tg"
"""
ROSTER = "student,name,email,id\nlukas@uni.example,Lukas Weber,lukas@uni.example,2629\ncrash,,,7\n"


def test_points_for_somebody_who_handed_in_no_file_count_and_show(grades):
    """Manual points count and show in every export and on every page without a submission.

    A student whom neither the results nor the roster know is still an error.
    """
    (grades / "roster.csv").write_text(ROSTER)
    (grades / FILE).write_text(WITHOUT_A_FILE)
    for to in ("csv", "canvas", "moodle", "mail", "total", "gradescope"):
        done = small.run_command("export", grades, "--to", to)
        assert done.returncode == 0, done.stderr
    folder = grades / "export"
    (row,) = [row for row in table(folder / "canvas.csv") if row["Student"] == "Lukas Weber"]
    assert (row["ID"], row[UNIT]) == ("2629", "5")
    letters = [row for row in table(folder / "mail.csv") if row["name"] == "Lukas Weber"]
    row, other_unit = letters
    assert (row["points"], row["of"], row["unit"]) == ("5", "11", UNIT)
    assert "graded by eye" in row["words"]
    assert other_unit["words"] == "nothing handed in"
    rows = [row for row in table(folder / "grades.csv") if row["student"] == "lukas@uni.example"]
    assert {row["unit_points"] for row in rows if row["unit"] == UNIT} == {"5"}
    (row,) = [row for row in table(folder / "total.csv") if row["student"] == "lukas@uni.example"]
    assert row[f"{UNIT} (%)"] == "45.45"
    assert json.loads((folder / UNIT / "lukas@uni.example.json").read_text())["score"] == 5
    policy = grades / "policy.toml"
    policy.write_text("[late]\nper_day = 0.1\n[numbers]\ndue = 2030-01-01T00:00:00+00:00\n")
    assert small.run_command("report", grades, "--policy", policy).returncode == 0
    page = as_text((grades / "pages" / UNIT / "lukas@uni.example.html").read_text())
    assert "Counts as 5 of 11" in page
    assert "graded by eye: it was a document" in page
    assert "No file was handed in." in page
    assert "when it was handed in" not in page
    unit_page = as_text((grades / "pages" / f"{UNIT}.html").read_text())
    assert "10 submissions · 1 student with points by hand alone · median 8 of" in unit_page
    assert "lukas@uni.example" in unit_page
    (grades / "feedback").mkdir()
    (grades / "feedback" / f"gone {UNIT}.html").write_text("of a student who left")
    done = small.run_command("feedback", grades)
    assert done.returncode == 0
    assert f"from earlier, and not written now (1): gone {UNIT}.html" in done.stdout
    assert (grades / "feedback" / f"lukas@uni.example {UNIT}.html").is_file()
    assert not (grades / UNIT / "lukas@uni.example.json").exists()
    done = small.run_command("export", grades, "--to", "csv")
    assert "lukas@uni.example has no gradable file in numbers_and_sums, and tg" in done.stderr
    (grades / FILE).write_text(WITHOUT_A_FILE.replace("points = 5", "to = 5"))
    assert "no gradable file" not in small.run_command("export", grades, "--to", "csv").stderr
    (grades / FILE).write_text(WITHOUT_A_FILE.replace("lukas@uni", "lucas@uni"))
    done = small.run_command("export", grades, "--to", "csv")
    assert done.returncode == 2
    assert "called `lucas@uni.example`. Did you mean `lukas@uni.example`?" in done.stderr


def test_a_comment_for_somebody_who_handed_in_no_file_gives_no_points(grades):
    """A comment, or a factor, makes no 0 where there is no file; the command says who misses it."""
    (grades / "roster.csv").write_text(ROSTER)
    for change in ("points = 0", "factor = 0.9"):
        (grades / FILE).write_text(WITHOUT_A_FILE.replace("points = 5", change))
        done = small.run_command("export", grades, "--to", "canvas")
        rows = table(grades / "export" / "canvas.csv")
        assert [row[UNIT] for row in rows if row["Student"] == "Lukas Weber"] in ([], [""])
        assert "lukas@uni.example has no result in numbers_and_sums, so no page" in done.stderr


def test_points_by_hand_beyond_the_maximum_of_an_earlier_submission(grades):
    """Points for the latest submission would count for an earlier one: feedback refuses them."""
    latest = result_path(grades, UNIT, "crash")
    record = json.loads(latest.read_text()) | {"submission_sha256": "an earlier file"}
    for check in record["checks"]:
        check["earned"] = check["points"]
    earlier = grades / UNIT / "earlier" / "crash" / "one.json"
    earlier.parent.mkdir(parents=True)
    earlier.write_text(json.dumps(record))
    (grades / FILE).write_text(BY_HAND)
    for command in (("feedback", grades), ("export", grades, "--to", "csv")):
        done = small.run_command(*command)
        assert done.returncode == 2
        assert "with +1.5, crash would have " in done.stderr
    done = small.run_command("report", grades)
    assert "Left out on the pages, and `export` stops here: " in done.stderr


def test_a_roster_gives_those_who_handed_in_their_numbers(graded_class, tmp_path):
    """`grade --roster` stores the table, and `export` matches submissions by folder name."""
    grades = tmp_path / "grades"
    shutil.copytree(graded_class, grades, ignore=shutil.ignore_patterns("pages"))
    (grades / "roster.csv").write_text("student,name,id,email\ncrash,Ian Ill,109,ian@x.edu\n")
    assert small.run_command("export", grades, "--to", "canvas").returncode == 0
    (row,) = [row for row in table(grades / "export" / "canvas.csv") if row["ID"] == "109"]
    assert (row["Student"], row[UNIT]) == ("Ian Ill", "7")


def table(path):
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_a_written_adjustment_is_read_back_as_it_was(tmp_path):
    """A written adjustment reads back unchanged, with any text in it.

    What the file held before is kept, comments too.
    """
    odd = Adjustment(
        "stub", UNIT, 'a "b" \\ \n\x7f\x00 = [[x]] # é', "t'g", check="doubling", factor=0.5
    )
    read(tmp_path, BY_HAND)
    append_adjustment(tmp_path / FILE, odd)
    append_adjustment(
        tmp_path / FILE, Adjustment("stub", UNIT, "two", "tg", line="style", points=-0.25)
    )
    again = read_adjustments(COURSE, tmp_path / FILE, ["crash", "squared", "stub"])
    assert again[-2] == odd
    assert again[-1].points == -0.25
    assert len(again) == 6
    assert (tmp_path / FILE).read_text().startswith("# kept with the grades")


def test_one_taken_out_leaves_the_words_of_the_others(tmp_path):
    """Deleting one adjustment leaves the text of the others unchanged.

    Their text may hold characters that end a line elsewhere, as text from a word processor does.
    """
    path = tmp_path / FILE
    odd = Adjustment("stub", UNIT, "one\u2028[[adjustment]]\u2028two\x85three", "tg", points=1.0)
    other = Adjustment("stub", UNIT, "four", "tg", points=2.0)
    append_adjustment(path, other)
    append_adjustment(path, odd)
    assert remove_adjustment(COURSE, path, checksum_of(other)) == other
    assert read_adjustments(COURSE, path, ["stub"]) == (odd,)
    assert remove_adjustment(COURSE, path, checksum_of(odd)) == odd
    assert read_adjustments(COURSE, path, ["stub"]) == ()


def test_a_short_name_of_a_unit_is_the_same_unit_in_each_command(graded_class, tmp_path):
    """An entry with a unit's short name can be undone, and is seen as points given twice."""
    path = tmp_path / "adjustments-mk.toml"
    one = Adjustment("stub", UNIT, "a try", "mk", check="doubling", points=0.5)
    append_adjustment(path, msgspec.structs.replace(one, unit="numbers"))
    assert read_adjustments(COURSE, path, ["stub"]) == (one,)
    other = msgspec.structs.replace(one, who="tg")
    with pytest.raises(BadFile, match="both give points to stub"):
        refuse_said_twice(COURSE, other, tmp_path / FILE)
    assert remove_adjustment(COURSE, path, checksum_of(one)) == one
    assert read_adjustments(COURSE, path, ["stub"]) == ()


def test_the_entries_of_an_author_never_repeat_what_somebody_else_gives(tmp_path):
    """Two values for one check would stop each export: the second is not written."""
    ours = Adjustment("stub", UNIT, "half", "tg", check="doubling", to=1)
    append_adjustment(tmp_path / FILE, ours)
    theirs = msgspec.structs.replace(ours, who="nbgrader", words="entered", to=1.5)
    for path in (tmp_path / FILE, tmp_path / "adjustments-nb.toml"):
        with pytest.raises(BadFile, match=r"set to 1 \(tg\) and set to 1.5 \(nbgrader\). Agree"):
            replace_entries_of(COURSE, path, "nbgrader", [theirs], {(UNIT, "stub")})
    assert read_adjustments(COURSE, tmp_path / FILE, ["stub"]) == (ours,)
    assert not (tmp_path / "adjustments-nb.toml").exists()


@pytest.mark.parametrize(
    "old, new, words",
    [
        (
            '"squared"',
            '"sqared"',
            "adjustment 4: no student of the class is called `sqared`. Did you mean `squared`?",
        ),
        (
            'unit = "numbers"',
            'unit = "numbrs"',
            "adjustment 1: There is no unit `numbrs`. Did you mean",
        ),
        ('"summing"', '"suming"', "has no check `suming`. Did you mean `summing`?"),
        ("points = 1.5", "point = 1.5", "there is no key `point`. Did you mean `points`?"),
        ("points = 1.5", 'points = "two"', "expected a number"),
        ("points = 1.5", "points = 1.5\nto = 2", "write one of `points`"),
        ('line = "style"', 'line = "summing"', "write `check` instead of `line`"),
        ("points = 1.5", "factor = 9", "is more than 1.5 times the points"),
        ("to = 1", "", "write one of `points`"),
        (
            'line = "style"',
            'line = "style"\ncheck = "summing"',
            "write `check` or `line`, not both",
        ),
        ('who = "mk"', "", "the key `who` is missing"),
    ],
)
def test_a_wrong_file_is_told_in_words(tmp_path, old, new, words):
    """The message on a wrong file says where and what is wrong, and the nearest existing name."""
    with pytest.raises(BadFile) as told:
        read(
            tmp_path,
            BY_HAND.replace(old, new, 1) if old != '"squared"' else BY_HAND.replace(old, new),
        )
    assert words in str(told.value)


@pytest.mark.parametrize(
    ("student", "change", "words"),
    [
        ("complete", 'check = "doubling"\npoints = 1', "would have 3 of 2 points in doubling"),
        ("complete", "points = 5", "complete would have 16 of 11 points of numbers_and_sums"),
        ("complete", "factor = 1.1", "would have 12.1 of 11 points"),
        ("squared", "points = 2.5", "squared would have 11.5 of 11 points"),
        ("squared", "points = 2", ""),
        ("complete", "points = 5\nabove = true", ""),
    ],
)
def test_more_points_than_there_are_is_refused(graded_class, tmp_path, student, change, words):
    """An adjustment above the maximum is refused, also where only the sum exceeds it."""
    path = tmp_path / FILE
    path.write_text(
        f'[[adjustment]]\nstudent = "{student}"\nunit = "numbers"\n{change}\n'
        'words = "x"\nwho = "tg"\n'
    )
    results = stored_results(graded_class)
    if not words:
        assert all_adjustments(COURSE, [tmp_path], results, None)
        return
    with pytest.raises(BadFile, match="adjustment 1: with") as told:
        all_adjustments(COURSE, [tmp_path], results, None)
    assert words in str(told.value)
    assert "add `above = true`" in str(told.value)


def one_for(student, change):
    """Return an adjustment of the whole unit as it stands in the file."""
    head = f'[[adjustment]]\nstudent = "{student}"\nunit = "numbers"\n'
    return f'{head}{change}\nwords = "x"\nwho = "tg"\n'


def test_all_conflicts_are_reported_at_once(graded_class, tmp_path):
    """All conflicts are reported together: students with points for a document and a later file.

    A matching adjustment is not reported. The message says how many points the file itself earned.
    """
    text = one_for("complete", "points = 5") + one_for("squared", "points = 1")
    text += one_for("halved", "points = 6") + one_for("halved", "points = 0.5")
    (tmp_path / FILE).write_text(text)
    (tmp_path / "adjustments-mk.toml").write_text(one_for("squared", "points = 1"))
    with pytest.raises(BadFile) as told:
        all_adjustments(COURSE, [tmp_path], stored_results(graded_class), None)
    first, *lines = str(told.value).split("\n")
    assert first == "3 adjustments cannot be applied."
    assert "adjustment 1: with +5, complete would have 16 of 11 points" in lines[0]
    assert "without it 11. If the file came after" in lines[0]
    assert "adjustment 3: with +6, halved would have 16 of 11 points" in lines[1]
    assert "both give points to squared for the whole unit" in lines[2]
    assert len(lines) == 3


def test_pages_set_aside_only_what_is_beyond_the_maximum(graded_class, tmp_path):
    """For pages, an adjustment beyond the maximum does not count, and all others do."""
    text = one_for("complete", "points = 5") + one_for("halved", "points = 1")
    (tmp_path / FILE).write_text(text)
    results = stored_results(graded_class)
    set_aside = []
    found = all_adjustments(COURSE, [tmp_path], results, None, set_aside)
    assert [one.student for one in found] == ["halved"]
    (line,) = set_aside
    assert "adjustment 1: with +5, complete would have 16 of 11 points" in line
    (tmp_path / FILE).write_text(one_for("halved", "points = 1"))
    set_aside.clear()
    assert all_adjustments(COURSE, [tmp_path], results, None, set_aside) == found
    assert set_aside == []


def test_all_slips_in_a_file_are_reported_at_once_and_counted_alike(tmp_path):
    """Every error in a file is reported at once, each by the number of its adjustment."""
    text = one_for("stub", "point = 5") + one_for("stab", "points = 2") + one_for("stub", "to = 99")
    with pytest.raises(BadFile) as told:
        read(tmp_path, text)
    lines = str(told.value).split("\n")
    assert "adjustment 1: there is no key `point`. Did you mean `points`?" in lines[1]
    assert "adjustment 2: no student of the class is called `stab`" in lines[2]
    assert "adjustment 3: set to 99 is more than" in lines[3]


def test_two_people_may_each_keep_a_file(graded_class, tmp_path):
    """Files of two people both count; points of both for one check are refused, comments not."""
    results = stored_results(graded_class)
    mine = Adjustment("stub", UNIT, "a try", "tg", check="doubling", points=0.5)
    hers = Adjustment("squared", UNIT, "a try", "mk", check="doubling", points=0.5)
    append_adjustment(tmp_path / FILE, mine)
    append_adjustment(tmp_path / "adjustments-mk.toml", hers)
    said = Adjustment("stub", UNIT, "see me", "mk", check="doubling", points=0)
    append_adjustment(tmp_path / "adjustments-mk.toml", said)
    assert all_adjustments(COURSE, [tmp_path], results, None) == (mine, hers, said)
    same = Adjustment("stub", UNIT, "half", "mk", check="doubling", to=1)
    append_adjustment(tmp_path / "adjustments-mk.toml", same)
    with pytest.raises(BadFile, match=r"adjustments\.toml and adjustments-mk\.toml both") as told:
        all_adjustments(COURSE, [tmp_path], results, None)
    assert "+0.5 (tg) and set to 1 (mk)" in str(told.value)


def test_two_values_for_one_check_in_a_file_are_refused(graded_class, tmp_path):
    """The last would win in silence; a new value with the same words is meant."""
    results = stored_results(graded_class)
    first = Adjustment("stub", UNIT, "a try", "tg", check="doubling", to=1)
    for to in (1, 2):
        append_adjustment(tmp_path / FILE, msgspec.structs.replace(first, to=to))
    assert len(all_adjustments(COURSE, [tmp_path], results, None)) == 2
    append_adjustment(tmp_path / FILE, msgspec.structs.replace(first, words="no", to=0))
    with pytest.raises(BadFile, match=r"adjustments\.toml gives points twice to stub"):
        all_adjustments(COURSE, [tmp_path], results, None)


def test_two_values_that_are_set_are_refused_behind_added_points_too(graded_class, tmp_path):
    """Of two values for one check the later one would hide the other; added points do not."""
    results = stored_results(graded_class)
    added = Adjustment("stub", UNIT, "a try", "tg", check="doubling", points=0.25)
    first = Adjustment("stub", UNIT, "half", "ab", check="doubling", to=0.5)
    (tmp_path / FILE).write_text("\n".join(map(as_toml, [added, first])))
    assert len(all_adjustments(COURSE, [tmp_path], results, None)) == 2
    second = Adjustment("stub", UNIT, "more", "cd", check="doubling", to=0.75)
    (tmp_path / FILE).write_text("\n".join(map(as_toml, [added, first, second])))
    with pytest.raises(BadFile, match=r"adjustments\.toml gives points twice to stub"):
        all_adjustments(COURSE, [tmp_path], results, None)


@pytest.mark.parametrize("change", [{"points": 0.5}, {"factor": 0.5}])
def test_the_same_adjustment_twice_in_a_file_is_refused(graded_class, tmp_path, change):
    """A copied block would count twice. With other words it is meant, and so is a comment."""
    results = stored_results(graded_class)
    one = Adjustment("squared", UNIT, "a try", "tg", check="doubling", **change)
    comment = Adjustment("squared", UNIT, "see me", "tg", points=0)
    blocks = [one, comment, msgspec.structs.replace(one, words="another"), comment]
    (tmp_path / FILE).write_text("\n".join(map(as_toml, blocks)))
    assert len(all_adjustments(COURSE, [tmp_path], results, None)) == 4
    (tmp_path / FILE).write_text("\n".join(map(as_toml, [*blocks, one])))
    with pytest.raises(BadFile) as told:
        all_adjustments(COURSE, [tmp_path], results, None)
    assert "adjustments 1 and 5 are the same, and both would count" in str(told.value)
    assert "Remove one, or give it words of its own." in str(told.value)


def test_points_in_two_folders_are_refused(graded_class, tmp_path):
    """As after a copy of GRADES: they would be added twice. A comment that both have is one."""
    results = stored_results(graded_class)
    said = Adjustment("stub", UNIT, "see me", "tg", check="doubling", points=0)
    given = Adjustment("stub", UNIT, "a try", "tg", check="doubling", points=0.5)
    folders = [tmp_path / "grades", tmp_path / "grades2"]
    for folder in folders:
        append_adjustment(folder / FILE, said)
    assert all_adjustments(COURSE, folders, results, None) == (said,)
    for folder in folders:
        append_adjustment(folder / FILE, given)
    with pytest.raises(BadFile, match="both give points to stub for doubling") as told:
        all_adjustments(COURSE, folders, results, None)
    assert f"{folders[0] / FILE} and {folders[1] / FILE} both" in str(told.value)


def test_a_full_name_is_refused_with_the_login_that_the_roster_knows(graded_class, tmp_path):
    """As in *Núñez, José*, which is near to no login."""
    one = Adjustment("Núñez, José", UNIT, "a try", "tg", check="doubling", points=0.5)
    append_adjustment(tmp_path / FILE, one)
    roster = Roster([Student("jn17", name="José Núñez"), Student("nunez")])
    with pytest.raises(BadFile, match=r"called `Núñez, José`\. Did you mean `jn17`\?"):
        all_adjustments(COURSE, [tmp_path], stored_results(graded_class), roster)


def test_a_full_name_of_two_is_refused_with_both(graded_class, tmp_path):
    """The message proposes both of two people with one name."""
    one = Adjustment("Anna Müller", UNIT, "a try", "tg", check="doubling", points=0.5)
    append_adjustment(tmp_path / FILE, one)
    roster = Roster([Student("am1", name="Anna Müller"), Student("am2", name="Anna Müller")])
    with pytest.raises(BadFile, match=r"Did you mean `am1` or `am2`\?"):
        all_adjustments(COURSE, [tmp_path], stored_results(graded_class), roster)


def test_as_toml_leaves_out_what_is_empty():
    """`as_toml` omits empty fields, so that a block looks as a person would write it."""
    one = Adjustment("ada", "unit4", "good", "tg", check="clipping", points=1)
    assert as_toml(one).split("\n") == [
        "[[adjustment]]",
        'student = "ada"',
        'unit = "unit4"',
        'words = "good"',
        'who = "tg"',
        'check = "clipping"',
        "points = 1",
    ]


def test_grading_again_shows_them_and_a_file_that_cannot_be_read_stops_nothing(grades, small_class):
    """The pages that `grade` writes include manual points.

    If the file holds a wrong name, `grade` reports it and still grades the class.
    """
    arguments = ("grade", small_class, "--out", grades, "--seed", small.SEED)
    done = small.run_command(*arguments)
    assert done.returncode == 0, done.stderr
    assert "Counts as 9.45 of 11" in (grades / "pages" / UNIT / "crash.html").read_text()
    (grades / FILE).write_text(BY_HAND.replace('"squared"', '"sqared"'))
    done = small.run_command(*arguments)
    assert done.returncode == 0
    assert "Did you mean `squared`? Then run: autograder report" in done.stderr
    assert (grades / "pages" / UNIT / "crash.html").is_file()


# ---- one adjustment for all who gave the same answer


def twin(grades, student, name):
    """Give another student a copy of a result, as for the same answers."""
    path = result_path(grades, UNIT, student)
    result_path(grades, UNIT, name).write_text(
        path.read_text().replace(f'"student": "{student}"', f'"student": "{name}"')
    )


@pytest.fixture
def twins(graded_class, tmp_path):
    """Return the graded class, with two students each of a known and of an unknown mistake."""
    folder = tmp_path / "grades"
    shutil.copytree(graded_class, folder, ignore=shutil.ignore_patterns("pages"))
    twin(folder, "halved", "helena")
    path = result_path(folder, UNIT, "squared")
    record = json.loads(path.read_text())
    for check in record["checks"]:
        for remark in check["remarks"]:
            remark["finding"] = {"kind": "look", "group": "a checksum"}
    path.write_text(json.dumps(record))
    twin(folder, "squared", "sven")
    return folder


def group_of(grades, student, check):
    """Return the description of a wrong answer that groups equal answers on the unit's page."""
    result = {one.place: one for one in stored_results(grades)}[UNIT, student]
    (verdict,) = [verdict for verdict in result.verdicts if verdict.name == check]
    (way,) = ways_wrong(verdict)
    return way


SAME = """
[[adjustment]]
student = "*"
unit = "numbers"
check = "CHECK"
made = MADE
points = 0.25
words = "the idea is right"
who = "tg"
"""


def same(check, made):
    return SAME.replace("CHECK", check).replace("MADE", json.dumps(made))


@pytest.mark.parametrize(
    "student, other, check", [("halved", "helena", "summing"), ("squared", "sven", "doubling")]
)
def test_one_adjustment_is_for_all_who_did_the_same(twins, student, other, check):
    """One adjustment applies to every student with the same known mistake or equal wrong answers.

    Other students get nothing.
    """
    way = group_of(twins, student, check)
    (twins / FILE).write_text(same(check, way[:-2]))  # the beginning of the description is enough
    assert small.run_command("export", twins, "--to", "csv").returncode == 0
    rows = table(twins / "export" / "grades.csv")
    given = {row["student"] for row in rows if "+0.25 by hand (tg)" in row["remarks"]}
    assert given == {student, other}
    assert small.run_command("report", twins).returncode == 0
    unit_page = as_text((twins / "pages" / f"{UNIT}.html").read_text())
    assert unit_page.count("tg added 0.25 points: the idea is right") == 2
    assert way in unit_page
    assert way.startswith("equal wrong values in") == (student == "squared")
    assert small.run_command("feedback", twins).returncode == 0
    for name in (student, other):
        page = as_text((twins / "feedback" / f"{name} {UNIT}.html").read_text())
        assert "By hand: tg added 0.25 points: the idea is right" in page
    assert small.run_command("export", twins, "--to", "moodle").returncode == 0


def test_a_mistake_beside_a_second_one_is_another_group():
    """Words for one group are not for those who also made a second mistake."""
    alone, beside = "the sum is over `axis` 1", "the sum is over `axis` 1 And: the bias is missing"
    assert begins_so(alone, "the sum is over axis")
    assert begins_so(beside, "the sum is over axis")
    assert begins_so(alone, alone)
    assert not begins_so(beside, alone)
    assert begins_so(beside, beside)


def test_who_hands_in_a_right_answer_later_has_nothing_of_the_group(twins):
    """A group adjustment belongs to the answer, not to the student who later corrects it.

    Each attempt is matched by itself.
    """
    (twins / FILE).write_text(same("summing", group_of(twins, "halved", "summing")))
    results = {one.student: one for one in stored_results(twins) if one.unit == UNIT}
    adjustments = all_adjustments(COURSE, [twins], list(results.values()), None)
    policy = Policy(adjustments=adjustments)
    assert grade_of(results["helena"], policy).points == results["helena"].score + 0.25
    better = replace(results["complete"], student="helena")
    assert grade_of(better, policy).points == better.score


def test_points_for_the_whole_class_and_comments(twins):
    """`*` alone applies to the whole class, such as for an unfair check; 0 points are a comment."""
    text = same("summing", "x").replace('made = "x"\n', "")
    (twins / FILE).write_text(text + text.replace("0.25", "0").replace("the idea", "the axis"))
    assert small.run_command("export", twins, "--to", "csv").returncode == 0
    rows = [row for row in table(twins / "export" / "grades.csv") if row["check"] == "summing"]
    assert all("+0.25 by hand (tg)" in row["remarks"] for row in rows)
    assert all("comment by hand (tg): the axis is right" in row["remarks"] for row in rows)


def test_a_way_that_no_answer_shares_lists_the_answers_that_are_wrong(graded_class):
    """If no answer matches the description, the message lists the wrong answers that exist.

    It does not claim that every answer is correct.
    """
    results = [one for one in stored_results(graded_class) if one.student in ("crash", "complete")]
    one = Adjustment("*", UNIT, "x", "tg", check="summing", made="the axis", points=0)
    with pytest.raises(BadFile, match="1 answer is not right, but no known mistake") as told:
        refuse_unknown_way(one, "here", results)
    assert "crash: " in str(told.value)
    assert "no sums" in str(told.value)
    with pytest.raises(BadFile, match="Every answer to it is right"):
        refuse_unknown_way(one, "here", [one for one in results if one.student == "complete"])


def test_a_mistake_that_nobody_makes_any_more_is_to_be_removed(graded_class):
    """As after a check was mended. Files that could not be graded are no wrong answers."""
    crash, right = (
        next(one for one in stored_results(graded_class) if one.student == student)
        for student in ("crash", "complete")
    )
    empty = replace(crash, sha256="", note="the file is empty.")
    one = Adjustment("*", UNIT, "x", "tg", check="summing", made="the axis", points=0)
    remove = "If nobody makes this mistake any more, remove the adjustment"
    for results in ([right, empty], [right, crash]):
        with pytest.raises(BadFile) as told:
            refuse_unknown_way(one, "here", results)
        assert remove in str(told.value)
        assert ("name these students one by one" in str(told.value)) == (crash in results)
        assert ("crash" in str(told.value)) == (crash in results)


@pytest.mark.parametrize(
    ("made", "words"),
    [
        ("a way that nobody went", "no answer is wrong in the way `a way that nobody went`"),
        ("", None),
    ],
)
def test_a_way_in_which_nobody_is_wrong_is_reported(twins, made, words):
    """A description that no wrong answer matches is reported with the nearest one.

    So an adjustment is not lost silently when another seed changes the description.
    """
    (twins / FILE).write_text(same("summing", made))
    done = small.run_command("export", twins, "--to", "csv")
    assert done.returncode == (2 if words else 0)
    assert (words or "") in done.stderr
    (twins / FILE).write_text(same("summing", "x").replace('check = "summing"\n', ""))
    done = small.run_command("export", twins, "--to", "csv")
    assert "`made` is about the answer to one check" in done.stderr


def test_points_set_to_nothing_are_read_back(tmp_path):
    """Points set to 0 read back as the number 0, not as an empty field."""
    for one in (
        Adjustment("stub", UNIT, "copied", "tg", check="doubling", to=0),
        Adjustment("stub", UNIT, "see page 3", "tg", check="doubling", points=0),
    ):
        append_adjustment(tmp_path / FILE, one)
        assert read_adjustments(COURSE, tmp_path / FILE, ["stub"])[-1] == one


def test_words_may_be_copied_from_a_page():
    """A description copied from a page matches.

    A page shows code without backticks, emphasis without asterisks, and breaks lines.
    """
    way = "the id *before* `x[t]` was read. It is `h[t]`, and no more."
    assert begins_so(way, "the id before x[t]\nwas read. It is h[t]")
    assert not begins_so(way, "the id after x[t]")


def test_points_in_a_unit_that_nobody_handed_in_are_reported(graded_class, tmp_path):
    """A slip in `unit` makes that unit count in the total of everybody."""
    slip = Adjustment("ada", "words", "oral exam", "tg", points=1.0)
    results = [each for each in stored_results(graded_class) if each.unit == UNIT]
    (line,) = in_units_of_nobody(results, [slip, msgspec.structs.replace(slip, unit=UNIT)])
    assert line.startswith(
        "Warning: nobody has a result in words, and ada has points by hand there"
    )
    assert in_units_of_nobody(results, [msgspec.structs.replace(slip, points=0.0)]) == []
    folder = tmp_path / "grades"
    shutil.copytree(graded_class / UNIT, folder / UNIT)
    (folder / FILE).write_text(as_toml(msgspec.structs.replace(slip, student="halved")))
    done = small.run_command("export", folder, "--to", "total")
    assert "nobody has a result in words, and halved has points by hand there" in done.stderr


def test_points_for_a_check_that_the_policy_drops_are_reported(graded_class, tmp_path):
    """They have no effect."""
    check = small.unit(UNIT).checks[0].name
    one = Adjustment("halved", UNIT, "copied", "tg", check=check, points=-1.0)
    assert in_dropped_checks({UNIT: ("other",)}, [one]) == []
    assert in_dropped_checks({UNIT: (check,)}, [msgspec.structs.replace(one, points=0.0)]) == []
    folder = tmp_path / "grades"
    shutil.copytree(graded_class, folder)
    (folder / FILE).write_text(as_toml(one))
    policy = tmp_path / "policy.toml"
    policy.write_text(f'[{UNIT}]\ndrop = ["{check}"]\n')
    done = small.run_command("export", folder, "--to", "total", "--policy", policy)
    said = (
        f"the policy drops {check} of {UNIT}, so points by hand there have no effect (1): halved."
    )
    assert said in done.stderr


def test_points_by_hand_beside_a_policy_or_submissions_are_reported(graded_class, tmp_path):
    """They count only beside the results; beside those of another folder they are for that."""
    one = as_toml(Adjustment("halved", UNIT, "x", "tg", points=1.0))
    (tmp_path / FILE).write_text(one)
    policy = tmp_path / "policy.toml"
    policy.write_text('keep = "last"\n')
    command = ("export", graded_class, "--to", "total", "--out", tmp_path / "out", "--policy")
    said = f"Warning: {tmp_path / FILE} is not read, because it is not beside the results."
    assert said in small.run_command(*command, policy).stderr
    done = small.run_command(*command, policy.name, "--course", small.COURSE.folder, cwd=tmp_path)
    assert f"Warning: {FILE} is not read, because it is not beside the results." in done.stderr
    grades = tmp_path / "grades"
    shutil.copytree(graded_class, grades)
    (grades / FILE).write_text(one)
    shutil.copy(policy, grades)
    assert "is not read" not in small.run_command(*command, grades / "policy.toml").stderr
