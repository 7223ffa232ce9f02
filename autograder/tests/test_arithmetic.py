"""Tests a course's arithmetic against tables worked by hand from published rules."""

import csv
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction

import pytest
import small
from small import COURSE

from autograder.grading.arithmetic import Weighed, exact, interpolated, letter, rounded, total
from autograder.grading.hand_in import HandIn
from autograder.grading.policy import Early, Late, Policy, Rules, Total, grades, with_partners
from autograder.grading.policy_doubts import (
    cutoffs_above_the_maximum,
    cutoffs_without_loss,
    early_not_counted,
    exceptions_to_come,
    letters_out_of_order,
    long_extensions,
    odd_late_rules,
    partners_to_come,
)
from autograder.grading.policy_file import (
    read_policy,
    unknown_students,
)
from autograder.grading.provenance import Provenance
from autograder.grading.results import NO_FILE, Result, write_result
from autograder.grading.roster import Roster, Student
from autograder.judging import Verdict
from autograder.report.exports import notes
from autograder.report.terminal import number
from autograder.report.total import (
    final_rows,
    final_table,
    too_few_to_drop,
    units_of_few,
    weights_in_words,
)
from autograder.schema import BadFile

DUE = datetime(2026, 10, 1, 12, tzinfo=UTC)


def handed_in(student, unit, points, days=0.0, of=100.0, loss=None, due=DUE):
    """Return a result of one check, submitted this many days after the due time."""
    losses = (loss, 1.9, 0.1) if loss is not None else ()
    verdict = Verdict("training", "It learns", of, points, "partial", loss=losses)
    when = (due + timedelta(days=days)).isoformat(timespec="seconds")
    return Result(
        student,
        unit,
        f"{student} {unit} {days}",
        Provenance(official=True),
        (verdict,),
        0.1,
        submitted=when,
    )


BEGUN_BY = DUE - timedelta(days=7)


# CMU 11-785, fall 2025 (deeplearning.cs.cmu.edu/F25/page/syllabus.html): cut-offs HIGH 90 %, MEDIUM
# 70 %, LOW 50 %, VERY LOW 30 %, linear in between, the best 105 %; 10 % off if nothing was
# submitted by the early deadline; 10 % off after the on-time deadline; ten slack days in all
CMU = Policy(
    late=Late(per_day=0.1, at_most=0.1, slack_days=10, not_begun=0.1),
    units={
        "hw1": Rules(
            due=DUE,
            begun=DUE - timedelta(days=7),
            cutoffs={"training": [(1.8, 1.05), (2.0, 0.9), (2.3, 0.7), (2.6, 0.5), (3.0, 0.3)]},
        )
    },
)
BEGUN = -8.0  # days


@pytest.mark.parametrize(
    "loss, begun, days, points",
    [
        (2.0, True, 0, 90),  # HIGH
        (2.15, True, 0, 80),  # half way from HIGH to MEDIUM
        (2.3, True, 0, 70),  # MEDIUM
        (2.7, True, 0, 45),  # a quarter of the way from LOW to VERY LOW
        (1.8, True, 0, 105),  # the best in the class
        (1.9, True, 0, 97.5),
        (1.5, True, 0, 105),  # no more than that
        (4.0, True, 0, 30),  # no less than VERY LOW
        (2.15, False, 0, 72),  # nothing submitted by the early deadline: 80 × 0.9
        (2.15, True, 12, 72),  # 12 days late, 10 of them slack: 80 × 0.9
        (2.15, False, 12, 64.8),  # both: 80 × 0.9 × 0.9
        (2.15, True, 10, 80),  # ten slack days
    ],
)
def test_cmu_11_785(loss, begun, days, points):
    """The policy reproduces cut-offs, the early deadline, the late one and slack days."""
    results = [handed_in("ada", "hw1", 0.0, days, loss=loss)]
    if begun:
        results.insert(0, handed_in("ada", "hw1", 0.0, BEGUN, loss=3.0))
    (grade,) = grades(results, CMU)
    assert grade.exact_points == exact(points), grade.words


@pytest.mark.parametrize("unknown", ["no time", "a later attempt", "neither"])
def test_who_may_have_begun_in_time_loses_nothing(unknown):
    """The first file may have no time, or may have been replaced before anybody collected it."""
    begun = handed_in("ada", "hw1", 0.0, BEGUN, loss=3.0)
    (late,) = [handed_in("ada", "hw1", 0.0, 0, loss=2.15)]
    results = [late]
    if unknown == "no time":
        results = [replace(begun, submitted=""), late]
    elif unknown == "a later attempt":
        results = [replace(late, hand_in=HandIn(source="canvas", student="ada", attempt=2))]
    (grade,) = grades(results, CMU)
    assert grade.points == (72 if unknown == "neither" else 80), grade.words


def test_cmu_slack_days_are_one_budget_for_all_homeworks():
    """Six slack days for the first homework and four for the second leave none for the third."""
    units = {f"hw{n}": Rules(due=DUE + timedelta(days=30 * n)) for n in (1, 2, 3)}
    policy = Policy(late=CMU.late, units=units)
    results = [
        handed_in("ada", unit, 100.0, days, due=units[unit].due)
        for unit, days in zip(units, (6, 4, 1), strict=True)
    ]
    assert [(grade.points, grade.slack) for grade in grades(results, policy)] == [
        (100, 6),
        (100, 4),
        (90, 0),
    ]


def test_cmu_quizzes_best_12_of_14():
    """The two lowest of fourteen are left out: (12 × 10 − 3 − 4) of 120, worked by hand."""
    scores = [10, 10, 2, 10, 7, 10, 10, 10, 0, 10, 10, 6, 10, 10]
    results = [
        handed_in("ada", f"quiz{n:02}", float(score), of=10.0) for n, score in enumerate(scores)
    ]
    policy = Policy(total=Total(drop_lowest=2))
    (row,) = final_rows(grades(results, policy), policy)
    assert row.total == Fraction(113, 120)
    assert row.left_out == {"quiz02", "quiz08"}


# Stanford CS231A (stanford.edu/class/cs231a/grading.html): problem sets of 1, 7, 7, 7, 7 %; four
# late days, at most two for one set; then 25 % off for each day
STANFORD = Policy(
    late=Late(per_day=0.25, slack_days=4, slack_each=2),
    units={
        f"ps{n}": Rules(due=DUE + timedelta(days=14 * n), weight=1 if n == 0 else 7)
        for n in range(5)
    },
    total=Total(letters={"A": 0.9, "B": 0.8, "C": 0.7}),
)


def test_stanford_cs231a():
    """Worked by hand: 100, 75 (three days, two free), 100 (two free), 75 (none left), 80.

    24.1 of 29.
    """
    days = (0, 3, 2, 1, 0)
    points = (100.0, 100.0, 100.0, 100.0, 80.0)
    results = [
        handed_in("ada", f"ps{n}", points[n], days[n], due=STANFORD.units[f"ps{n}"].due)
        for n in range(5)
    ]
    graded = grades(results, STANFORD)
    assert [grade.points for grade in graded] == [100, 75, 100, 75, 80]
    assert [grade.slack for grade in graded] == [0, 2, 2, 0, 0]
    (row,) = final_rows(graded, STANFORD)
    assert row.total == Fraction(241, 290)
    assert rounded(100 * row.total) == 83.1
    assert row.letter == "B"
    assert "3 days late, 2 of them slack, 25% taken off" in graded[1].words


def test_stanford_cs143_partners_share_a_grade_and_each_pays_their_own_days():
    """One partner submits and both are graded; the one without late days left loses points."""
    policy = Policy(
        late=Late(per_day=0.25, slack_days=3),
        units={"pa1": Rules(due=DUE), "pa2": Rules(due=DUE + timedelta(days=20))},
        partners={"pa2": [frozenset({"ada", "grace"})]},
    )
    results = [
        handed_in("ada", "pa1", 100.0, 3),
        handed_in("grace", "pa1", 90.0),
        handed_in("ada", "pa2", 80.0, 1, due=policy.units["pa2"].due),
    ]
    of = {(grade.result.student, grade.result.unit): grade for grade in grades(results, policy)}
    assert {place: (grade.points, grade.slack) for place, grade in of.items()} == {
        ("ada", "pa1"): (100, 3),
        ("grace", "pa1"): (90, 0),
        ("ada", "pa2"): (60, 0),
        ("grace", "pa2"): (80, 1),
    }
    assert of["ada", "pa2"].words == "1 day late, no slack day left, 25% taken off"
    assert of["grace", "pa2"].words == (
        "handed in by ada; 1 day late, covered by slack, nothing taken off"
    )


PAIR = {"pa1": [frozenset({"ada", "grace"})], "pa2": [frozenset({"ada", "grace"})]}


def slack_of(results, policy):
    """Return the slack days that each student used, by student and unit."""
    return {
        (grade.result.student, grade.result.unit): grade.slack for grade in grades(results, policy)
    }


def test_a_common_hand_in_uses_the_same_slack_days_of_each_partner():
    """A joint submission uses each partner's own slack days, unit by unit, whoever submitted it."""
    due = {"pa1": DUE, "pa2": DUE + timedelta(days=20)}
    policy = Policy(
        late=Late(per_day=0.25, slack_days=3),
        units={unit: Rules(due=when) for unit, when in due.items()},
        partners=PAIR,
    )
    results = [
        handed_in("ada", "pa1", 100.0, 2),
        handed_in("grace", "pa2", 100.0, 2, due=due["pa2"]),
    ]
    assert slack_of(results, policy) == {
        ("ada", "pa1"): 2,
        ("grace", "pa1"): 2,
        ("ada", "pa2"): 1,
        ("grace", "pa2"): 1,
    }
    assert [grade.points for grade in grades(results, policy)] == [100, 100, 75, 75]


def test_the_last_without_times_is_a_students_own_file():
    """Whether a partner's came later is not known, and else the two would swap their grades."""
    policy = Policy(keep="last", partners={"pa1": [frozenset({"ada", "bob"})]})
    results = [
        replace(handed_in(student, "pa1", points), submitted="")
        for student, points in (("ada", 100.0), ("bob", 40.0))
    ]
    counted = {grade.result.student: grade.points for grade in grades(results, policy)}
    assert counted == {"ada": 100, "bob": 40}
    only = {grade.result.student: grade.points for grade in grades(results[:1], policy)}
    assert only == {"ada": 100, "bob": 100}


def test_points_by_hand_without_a_file_are_no_partners_zero():
    """A partner without a file stays somebody who handed in nothing."""
    policy = Policy(partners={"pa1": [frozenset({"ada", "bob"})]})
    alone = replace(handed_in("ada", "pa1", 0.0), sha256="", note=NO_FILE)
    assert [result.student for result in with_partners([alone], policy)] == ["ada"]


def test_an_extension_of_one_partner_is_for_them_only():
    """An extension for one partner leaves the same submission late for the other."""
    policy = Policy(
        late=Late(per_day=0.25, slack_days=1),
        units={"pa1": Rules(due=DUE)},
        partners=PAIR,
        extensions={("grace", "pa1"): 3},
    )
    results = [handed_in("ada", "pa1", 100.0, 2)]
    assert slack_of(results, policy) == {("ada", "pa1"): 1, ("grace", "pa1"): 0}
    assert [grade.points for grade in grades(results, policy)] == [75, 100]


def test_of_several_common_hand_ins_the_best_counts_for_each_partner():
    """The best of several joint submissions counts for each partner.

    A partner without slack days gets more from the one that came in time.
    """
    policy = Policy(
        late=Late(per_day=0.5, slack_days=1),
        units={"pa0": Rules(due=DUE), "pa1": Rules(due=DUE + timedelta(days=20))},
        partners=PAIR,
    )
    due = policy.units["pa1"].due
    results = [
        handed_in("ada", "pa0", 100.0, 1),
        handed_in("ada", "pa1", 80.0, -1, due=due),
        handed_in("grace", "pa1", 100.0, 1, due=due),
    ]
    points = {
        (grade.result.student, grade.result.unit): grade.points for grade in grades(results, policy)
    }
    assert (points["ada", "pa1"], points["grace", "pa1"]) == (80, 100)


def test_early_is_a_bonus():
    """Two days before the due time earn a bonus of a tenth; a minute later earns none."""
    policy = Policy(early=Early(days=2, bonus=0.1), units={"hw1": Rules(due=DUE)})
    assert [
        grades([handed_in("ada", "hw1", 80.0, days)], policy)[0].points for days in (-2, -1.999, 0)
    ] == [88, 80, 80]


def test_the_best_attempt_is_chosen_with_what_it_costs():
    """The attempt with the best points after lateness counts.

    Of two equal attempts the one without slack days is chosen.
    """
    policy = Policy(late=Late(per_day=0.5, slack_days=1), units={"hw1": Rules(due=DUE)})
    in_time = handed_in("ada", "hw1", 60.0, -1)
    better_but_late = handed_in("ada", "hw1", 100.0, 2)
    (grade,) = grades([in_time, better_but_late], policy)
    assert grade.points == 60
    in_time = handed_in("ada", "hw1", 90.0, -1)
    equal_but_late = handed_in("ada", "hw1", 90.0, 1)
    (grade,) = grades([in_time, equal_but_late], policy)
    assert grade.slack == 0


def test_no_rounding_decides():
    """Three thirds sum to exactly one, and a share exactly at a bound gets its letter."""
    nine_tenths = Fraction(9, 10)
    units = {str(n): Weighed(nine_tenths, Fraction(1, 3)) for n in range(3)}
    share = total(units)
    assert share == nine_tenths
    assert letter(share, {"A": 0.9, "B": 0.8}) == "A"
    assert exact(1 / 3) == Fraction(1, 3)
    assert exact(0.1) + exact(0.2) == exact(0.3)
    assert rounded(Fraction(5, 1000)) == 0.01
    assert rounded(Fraction(2675, 1000)) == 2.68
    assert [number(1.125), number(2.675), number(1.1), number(3.0)] == ["1.13", "2.68", "1.1", "3"]
    halves = handed_in("ada", "unit4", 36.125)
    assert halves.score == grades([halves], Policy())[0].points == 36.13
    assert interpolated(0.3, [(0.0, 0.0), (0.9, 1.0)]) == Fraction(1, 3)


def test_a_unit_without_a_maximum_does_not_count():
    """Where each check of a unit is a bonus or dropped, the total is that of the other units."""
    graded = [handed_in("ada", "hw1", 95.0), handed_in("ada", "extra", 100.0)]
    for rules in (Rules(bonus=("training",)), Rules(drop=("training",))):
        policy = Policy(units={"extra": rules})
        (row,) = final_rows(grades(graded, policy), policy)
        assert (row.total, row.left_out) == (Fraction(95, 100), {"extra"})
        (note,) = notes(grades(graded, policy), "total")
        assert "the total leaves out extra, which has no maximum" in note
    assert notes(grades(graded, Policy()), "total") == []


def test_an_excused_unit_does_not_count_for_the_student(tmp_path):
    """Only the excused student's total leaves the unit out; without any unit there is no letter."""
    both = f'carl = ["numbers", "words"]\ndora = ["{small.WORDS}"]\n'
    policy = policy_in(
        tmp_path, "unit\n", f"[excused]\n{both}[total]\nletters = {{ A = 0.9, F = 0 }}"
    )
    unknown = unknown_students(policy, [handed_in("dora", small.UNIT, 1.0)], None)
    assert "the policy's `excused` name students who are not in this class: `carl`" in unknown
    graded = [
        handed_in("ada", small.UNIT, 100.0),
        handed_in("ada", small.WORDS, 50.0),
        handed_in("dora", small.UNIT, 95.0),
        handed_in("dora", small.WORDS, 0.0),
    ]
    rows = final_rows(grades(graded, policy), policy, ["carl"])
    assert [(row.student, row.total, row.letter) for row in rows] == [
        ("ada", Fraction(75, 100), "F"),
        ("carl", None, ""),
        ("dora", Fraction(95, 100), "A"),
    ]
    heads = {unit: unit for unit in (small.UNIT, small.WORDS)}
    assert [line[1:3] for line in final_table(rows, heads)[1:]] == [
        (100.0, 50.0),
        ("excused", "excused"),
        (95.0, "excused"),
    ]
    assert [line[3] for line in final_table(rows, heads)[1:]] == [75.0, "", 95.0]
    with pytest.raises(BadFile, match=r"`excused\.ada`: There is no unit `wrods`\. Did you mean"):
        policy_in(tmp_path, "unit\n", '[excused]\nada = ["wrods"]\n')


def test_who_handed_in_nothing_has_nothing():
    """A unit that anybody submitted counts for everybody; a unit of weight 0 counts for nobody."""
    policy = Policy(units={"ps0": Rules(weight=0)})
    graded = grades(
        [
            handed_in("ada", "ps0", 10.0),
            handed_in("ada", "ps1", 100.0),
            handed_in("bob", "ps2", 50.0),
        ],
        policy,
    )
    rows = {row.student: row for row in final_rows(graded, policy, ["carl"])}
    assert {student: row.total for student, row in rows.items()} == {
        "ada": Fraction(1, 2),
        "bob": Fraction(1, 4),
        "carl": 0,
    }
    table = final_table(list(rows.values()), {unit: unit for unit in ("ps0", "ps1", "ps2")})
    assert table[0] == ("student", "ps0 (%)", "ps1 (%)", "ps2 (%)", "total (%)", "letter")
    assert table[1] == ("ada", "10 left out", 100.0, 0.0, 50.0, "")


POLICY = """
partners = "partners.csv"

[late]
slack_days = 2
per_day = 0.5

[early]
days = 1
bonus = 0.1

[total]
drop_lowest = 0
letters = { A = 0.9, B = 0.5 }

[numbers]
weight = 3
cutoffs.fitting = [[0.5, 1.0], [1.0, 0.0]]
"""


def policy_in(folder, partners, text=POLICY):
    (folder / "partners.csv").write_text(partners)
    (folder / "policy.toml").write_text(text)
    return read_policy(COURSE, folder / "policy.toml")


def test_a_partner_who_is_nobody_of_the_roster_is_told(tmp_path):
    """A partner missing from the roster is reported with the nearest name.

    Without a roster, a partner need not have submitted anything.
    """
    policy = policy_in(tmp_path, "unit,students\nnumbers,ada,graec\n")
    results = [handed_in("ada", small.UNIT, 1.0)]
    roster = Roster([Student("ada"), Student("grace")])
    assert unknown_students(policy, results, None) == ""
    with pytest.raises(
        BadFile,
        match=r"`partners` name students who are not in this class: `graec` \(did you mean `grace`",
    ):
        unknown_students(policy, results, roster)


@pytest.mark.parametrize(
    ("groups", "warned"),
    [
        (["ada,eve", "bob,cleo"], ""),
        (["ada,zoe", "bob,cleo"], ""),  # zoe has handed in nothing
        (["ada,evve", "bob,cleo"], "`evve` (did you mean `eve`?)"),
        (["aada,zzoe"], "`aada` (did you mean `ada`?), `zzoe`"),
        (["s17,s18"], ""),  # a number is like every other
    ],
)
def test_a_partner_who_may_be_misspelt_is_warned_of_without_a_roster(tmp_path, groups, warned):
    """One like somebody in no group, or a group of strangers; others may have handed in nothing."""
    rows = "".join(f"numbers,{group}\n" for group in groups)
    policy = policy_in(tmp_path, f"unit,students\n{rows}")
    results = [
        handed_in(student, small.UNIT, 1.0) for student in ("ada", "eve", "bob", "s17", "s19")
    ]
    told = unknown_students(policy, results, None)
    assert told == (
        f"Warning: the policy's `partners` name students who are not in this class: {warned}."
        if warned
        else ""
    )
    assert unknown_students(policy, [handed_in("ada", small.WORDS, 1.0)], None) == ""


def test_a_table_of_partners_may_have_semicolons(tmp_path):
    """A spreadsheet of some countries writes them."""
    policy = policy_in(tmp_path, "unit;one;other\nnumbers;ada;grace\n")
    assert policy.partners == {small.UNIT: [frozenset({"ada", "grace"})]}


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ('numbers,ada,"grace\nnumbers,bob,cy\n', "unexpected end of data"),
        ("numbers,ada,ada\n", "a group has two students or more"),
        (None, "is empty. Write a heading, `unit,student,student`"),
    ],
)
def test_a_slip_in_a_table_of_partners_loses_nobody(tmp_path, rows, words):
    """An open quote would take in the rows below it, and a name twice the partner who was meant."""
    with pytest.raises(BadFile, match=words):
        policy_in(tmp_path, "\n" if rows is None else f"unit,student,student\n{rows}")


def test_one_line_of_partners_is_the_heading(tmp_path):
    """A group that stands there is named; so is a heading that waits for rows."""
    for line in ("ada,grace\n", "unit,student,student\n"):
        (told,) = partners_to_come(policy_in(tmp_path, line), [handed_in("ada", small.UNIT, 1.0)])
        assert "has no groups. Its first line is the heading." in told
    policy = policy_in(tmp_path, "unit,one,other\nnumbers,ada,grace\n")
    assert partners_to_come(policy, [handed_in("ada", small.UNIT, 1.0)]) == []


def test_a_file_that_could_not_be_graded_shows_who_had_begun():
    """Its time counts for `not_begun`, before the policy's time or after it."""
    policy = Policy(late=Late(not_begun=0.1), units={"hw1": Rules(due=DUE, begun=BEGUN_BY)})
    later = handed_in("ada", "hw1", 80.0, -1)
    for days, points in ((-1, 80.0), (1, 72.0)):
        begun = (BEGUN_BY + timedelta(days=days)).isoformat()
        record = HandIn(source="moodle", student="ada", begun=begun)
        (grade,) = grades([replace(later, hand_in=record)], policy)
        assert grade.points == points


def test_a_partner_in_other_capitals_is_warned_of_without_a_roster(tmp_path):
    """The file of `bob` would not count for `Bob`."""
    policy = policy_in(tmp_path, "unit,students\nnumbers,ada,Bob\n")
    results = [handed_in(student, small.UNIT, 1.0) for student in ("ada", "bob")]
    assert "not in this class: `Bob`" in unknown_students(policy, results, None)


def test_cut_offs_of_a_check_without_a_loss_are_told(tmp_path):
    """They have no effect: a check beside the one that trains was named."""
    named = "[words.cutoffs]\nletters = [[1.0, 1.0], [2.0, 0.0]]\n"
    course = [check.name for check in small.unit(small.WORDS).checks]
    policy = policy_in(tmp_path, "unit\n", named.replace("letters", course[0]))
    (result,) = [handed_in("ada", small.WORDS, 3.0)]
    verdict = replace(result.verdicts[0], name=course[0])
    without, failed, with_loss = (
        replace(result, verdicts=(replace(verdict, **change),))
        for change in ({}, {"earned": 0.0}, {"loss": (2.0, 1.9, 0.1)})
    )
    (line,) = cutoffs_without_loss(policy, [without])
    assert f"`{small.WORDS}.cutoffs.{course[0]}` has no effect" in line
    assert cutoffs_without_loss(policy, [failed]) == []
    assert cutoffs_without_loss(policy, [with_loss, without]) == []


def test_the_weights_of_units_are_said():
    """A weight that was forgotten is 1, beside those that are written as shares."""
    graded = grades([handed_in("ada", unit, 1.0) for unit in ("a", "b", "c")], Policy())
    policy = Policy(units={"a": Rules(weight=0.3), "b": Rules(weight=0.3)})
    said = "In the total, these units weigh: a 18.8%, b 18.8%, c 62.5%."
    assert weights_in_words(graded, policy) == said
    assert weights_in_words(graded[:1], policy) == ""


def test_a_bonus_for_early_work_that_needs_times_is_told(tmp_path):
    """A table of times that only has the late students leaves the bonus of the others out."""
    policy = Policy(early=Early(days=2, bonus=0.05), units={small.UNIT: Rules(due=DUE)})
    results = [handed_in("ada", small.UNIT, 1.0), handed_in("bob", small.UNIT, 1.0, days=-3)]
    assert early_not_counted(policy, results) == []
    results[1] = replace(results[1], submitted="")
    (line,) = early_not_counted(policy, results)
    assert f"{small.UNIT}: 1 of those who handed in have no time" in line
    assert "no bonus for early work was added for them: bob." in line
    assert early_not_counted(replace(policy, early=Early()), results) == []


def test_a_policy_file_holds_all_of_it(tmp_path):
    """The policy file of the documentation is read whole, with short names for units."""
    policy = policy_in(tmp_path, "unit,students\nnumbers,ada,grace\nwords,ada,carl,eve\n")
    assert policy.partners[small.UNIT] == [frozenset({"ada", "grace"})]
    assert policy.units[small.UNIT].weight == 3
    assert policy.units[small.UNIT].cutoffs["fitting"][0] == (0.5, 1.0)
    assert (policy.late.slack_days, policy.early.bonus, policy.total.letters) == (
        2,
        0.1,
        {"A": 0.9, "B": 0.5},
    )


@pytest.mark.parametrize("pairs", ["[[0.5, 1.0], [1.0, 1.0]]", "[[1.0, 0.0], [0.5, 1.0]]"])
def test_cutoffs_that_fall_with_the_loss_are_taken(tmp_path, pairs):
    """Cut-offs that fall with the loss are accepted in either order; shares may be equal."""
    text = POLICY.replace("[[0.5, 1.0], [1.0, 0.0]]", pairs)
    policy = policy_in(tmp_path, "unit,students\n", text)
    assert len(policy.units[small.UNIT].cutoffs["fitting"]) == 2


def test_cutoffs_above_the_maximum_are_taken_with_a_warning():
    """Some courses give 105 % for the best loss; a typing error looks the same."""
    assert cutoffs_above_the_maximum(CMU) == [
        "Warning: the policy's `hw1.cutoffs.training` gives 105 % of the points at a loss of 1.8. "
        "If you do not mean more than the maximum, write a share from 0 to 1."
    ]
    rules = Rules(cutoffs={"training": [(3.6, 0.3), (3.16, 1.0), (4.0, 0.0)]})
    assert cutoffs_above_the_maximum(Policy(units={"hw1": rules})) == []


def test_the_command_warns_of_cutoffs_above_the_maximum(tmp_path):
    """`export` with such a policy says so."""
    text = POLICY.replace("[0.5, 1.0]", "[0.5, 1.5]")
    policy = policy_in(tmp_path, "unit,students\n", text)
    assert policy.units[small.UNIT].cutoffs["fitting"][0] == (0.5, 1.5)
    write_result(tmp_path / "grades", handed_in("ada", small.UNIT, 80.0))
    done = small.run_command(
        "export", tmp_path / "grades", "--to", "total", "--policy", tmp_path / "policy.toml"
    )
    assert done.returncode == 0, done.stderr
    assert "`numbers_and_sums.cutoffs.fitting` gives 150 % of the points" in done.stderr


@pytest.mark.parametrize(
    ("letters", "words"),
    [
        ("A = 0.7, B = 0.8, C = 0.9", "A begins at 70 % and B at 80 %"),
        ("A = 0.9, B = 0.6, C = 0.7", "B begins at 60 % and C at 70 %"),
        ("A = 0.9, B = 0.9, C = 0.7", "A begins at 90 % and B at 90 %"),
        ("F = 0, A = 0.7, Pass = 0.75, B = 0.8", "A begins at 70 % and B at 80 %"),
        ('"A+" = 0.9, A = 0.95, B = 0.8', "A+ begins at 90 % and A at 95 %"),
        ('A = 0.9, "B-" = 0.8, B = 0.7', "B begins at 70 % and B- at 80 %"),
        ("A = 0.9, A- = 0.9, B = 0.8, C = 0.7", "A begins at 90 % and A- at 90 %"),
        ('"1.0" = 0.9, "1.3" = 0.95, "1.7" = 0.8', "1.0 begins at 90 % and 1.3 at 95 %"),
        ('"ausreichend" = 0.5, "gut" = 0.9, "sehr gut" = 0.8', "sehr gut begins at 80 % and gut"),
    ],
)
def test_letters_out_of_order_are_a_warning(tmp_path, letters, words):
    """A better letter with a lower share, or the same, takes points from students.

    The alphabet orders A, B and so on, and the file any other names.
    """
    policy = policy_in(tmp_path, "unit,students\n", POLICY.replace("A = 0.9, B = 0.5", letters))
    (line,) = letters_out_of_order(policy)
    assert line.startswith(f"Warning: the policy's `total.letters` are out of order: {words}")


@pytest.mark.parametrize(
    "letters",
    [
        "",
        "A = 0.9",
        "A = 0.9, B = 0.8, C = 0.7, D = 0.6, F = 0",
        "F = 0, D = 0.6, C = 0.7, B = 0.8, A = 0.9",
        "F = 0, A = 0.9, B = 0.8, C = 0.7",
        '"A+" = 0.97, A = 0.93, A- = 0.9, "B+" = 0.87, B = 0.83, B- = 0.8',
        'B = 0.8, "A*" = 0.95, "A+" = 0.92, A = 0.9',
        "A = 0.9, AB = 0.87, B = 0.83, BC = 0.78, C = 0.7, D = 0.6",
        "S = 0.95, A = 0.9, B = 0.8",
        "B = 0.8, A = 0.9, S = 0.95",
        "O = 0.9, E = 0.8, A = 0.6, P = 0.4",
        "N = 0, P = 0.5, C = 0.65, D = 0.75, HD = 0.85",
        "HD = 0.85, D = 0.75, C = 0.65, P = 0.5, N = 0",
        "P = 0.5, F = 0",
        "F = 0, P = 0.5",
        "U = 0, G = 0.5, VG = 0.75",
        '"sehr gut" = 0.9, gut = 0.8, befriedigend = 0.65, ausreichend = 0.5',
        '"genügend" = 0.5, gut = 0.8, "sehr gut" = 0.9',
        '"1.0" = 0.95, "1.3" = 0.9, "1.7" = 0.85, "4.0" = 0.5, "5.0" = 0',
        '"4" = 0.5, "4.5" = 0.6, "5" = 0.75, "6" = 0.95',
        'First = 0.7, "2:1" = 0.6, "2:2" = 0.5, Third = 0.4',
    ],
)
def test_usual_scales_of_letters_bring_no_warning(tmp_path, letters):
    """Scales of many countries, written from the best or from the worst."""
    policy = policy_in(tmp_path, "unit,students\n", POLICY.replace("A = 0.9, B = 0.5", letters))
    assert letters_out_of_order(policy) == []


def test_the_command_warns_of_letters_out_of_order(tmp_path):
    """`export` with such a policy says so."""
    policy_in(tmp_path, "unit,students\n", POLICY.replace("A = 0.9, B = 0.5", "A = 0.5, B = 0.9"))
    write_result(tmp_path / "grades", handed_in("ada", small.UNIT, 80.0))
    done = small.run_command(
        "export", tmp_path / "grades", "--to", "total", "--policy", tmp_path / "policy.toml"
    )
    assert done.returncode == 0, done.stderr
    assert "Write them from the best to the worst" in done.stderr


@pytest.mark.parametrize(
    "partners, text, words",
    [
        (
            "unit,students\nnumbrs,ada,grace\n",
            POLICY,
            "line 2: There is no unit `numbrs`. Did you mean",
        ),
        ("unit,students\nnumbers,ada\n", POLICY, "line 2: a group has two students or more"),
        (
            "unit,students\nnumbers,ada,eve\nnumbers,bob,ada\n",
            POLICY,
            "line 3: ada is in two groups",
        ),
        (
            "",
            POLICY.replace("fitting", "fiting"),
            "there is no check `fiting`. Did you mean `fitting`?",
        ),
        (
            "",
            POLICY.replace("slack_days", "slack_day"),
            "there is no key `slack_day`. Did you mean `slack_days`?",
        ),
        ("", POLICY.replace("[[0.5, 1.0], [1.0, 0.0]]", "[[0.5, 1.0]]"), "cutoffs"),
        (
            "unit,students\n",
            POLICY.replace("[[0.5, 1.0], [1.0, 0.0]]", "[[0.9, 1.0], [0.8, 0.0]]"),
            "cutoffs.fitting`: loss 0.9 earns 1 and loss 0.8 earns 0. Write pairs [loss, "
            "share] with rising losses and falling shares",
        ),
        (
            "unit,students\n",
            POLICY.replace("[[0.5, 1.0], [1.0, 0.0]]", "[[0.5, 1.0], [0.5, 0.0]]"),
            "loss 0.5 earns 1 and loss 0.5 earns 0",
        ),
        (
            "unit,students\n",
            POLICY.replace("[[0.5, 1.0], [1.0, 0.0]]", "[[3.16, 100], [4.0, 0]]"),
            "cutoffs.fitting`: loss 3.16 earns a share of 100, and shares go from 0 to 1: write "
            "100 % as 1.0.",
        ),
        (
            "unit,students\n",
            POLICY.replace("[[0.5, 1.0], [1.0, 0.0]]", "[[0.5, 1.0], [1.0, -0.5]]"),
            "loss 1 earns a share of -0.5, and shares go from 0 to 1",
        ),
        (
            "unit,students\n",
            POLICY.replace("[[0.5, 1.0], [1.0, 0.0]]", "[[0.5, 1.0], [1.0, nan]]"),
            "cutoffs.fitting[1][1]`: expected a finite number, found nan.",
        ),
        (
            "unit,students\n",
            POLICY.replace("[[0.5, 1.0], [1.0, 0.0]]", "[[0.5, 1.0], [inf, 0.0]]"),
            "cutoffs.fitting[1][0]`: expected a finite number, found inf.",
        ),
        ("", POLICY.replace("partners.csv", "partner.csv"), "partner.csv cannot be read"),
        (
            "numbers,ada,grace\nnumbers,bob,alan\n",
            POLICY,
            "partners.csv, line 1: `numbers,ada,grace` is a group, and the first line is the",
        ),
    ],
)
def test_a_wrong_file_is_told_its_place_and_the_nearest(tmp_path, partners, text, words):
    """The message on a wrong policy names its place and the nearest valid name.

    No grade is computed by a rule that was not understood.
    """
    with pytest.raises(BadFile) as told:
        policy_in(tmp_path, partners, text)
    assert words in str(told.value)


def test_a_heading_with_a_unit_s_name_is_a_heading(tmp_path):
    """The first column may be called like a unit, if the others name students."""
    for heading in ("words,student,student", "numbers,Student 1,Student 2", "x,ada,grace"):
        policy = policy_in(tmp_path, f"{heading}\nnumbers,ada,grace\n")
        assert policy.partners == {small.UNIT: [frozenset({"ada", "grace"})]}


def test_the_command_writes_the_final_table(tmp_path):
    """`export --to total` with a policy writes the final table."""
    policy_in(tmp_path, "unit,students\n")
    for student, unit, points in (
        ("ada", small.UNIT, 80.0),
        ("ada", small.WORDS, 40.0),
        ("bob", small.UNIT, 100.0),
    ):
        write_result(tmp_path / "grades", handed_in(student, unit, points))
    done = small.run_command(
        "export", tmp_path / "grades", "--to", "total", "--policy", tmp_path / "policy.toml"
    )
    assert done.returncode == 0, done.stderr
    rows = list(
        csv.DictReader((tmp_path / "grades" / "export" / "total.csv").read_text().splitlines())
    )
    assert [(row["student"], row["total (%)"], row["letter"]) for row in rows] == [
        ("ada", "70", "B"),
        ("bob", "75", "B"),
    ]


def test_a_unit_that_is_left_out_is_no_number_in_the_final_table():
    """A dropped unit is not written as (40) in the final table: a spreadsheet reads that as −40."""
    policy = Policy(total=Total(drop_lowest=1))
    results = [handed_in("ada", small.UNIT, 80.0), handed_in("ada", small.WORDS, 40.0)]
    rows = final_rows(grades(results, policy), policy)
    _, row = final_table(rows, {small.UNIT: small.UNIT, small.WORDS: small.WORDS})
    assert row == ("ada", 80.0, "40 left out", 80.0, "")


@pytest.mark.parametrize(
    ("days_late", "slack", "used", "points"),
    [
        (9, 3, 0, 5),  # half is lost with slack days and without
        (9, 5, 5, 6),  # with five used, four days remain
        (7, 3, 3, 6),
        (2, 3, 2, 10),
    ],
)
def test_slack_days_that_change_nothing_are_kept(days_late, slack, used, points):
    """Slack days that would not raise the grade are kept for the next unit.

    The student's page says so.
    """
    policy = Policy(
        late=Late(per_day=0.1, at_most=0.5, slack_days=slack),
        units={"hw1": Rules(due=DUE), "hw2": Rules(due=DUE + timedelta(days=30))},
    )
    first = handed_in("ada", "hw1", 10.0, days_late, of=10.0)
    second = handed_in("ada", "hw2", 10.0, 31.0, of=10.0)
    one, two = grades([first, second], policy)
    assert (one.slack, one.points) == (used, points)
    assert two.slack == min(1, slack - used)
    assert ("no slack day used, as none would change the points" in one.words) == (not used)


def test_nothing_to_lose_uses_no_slack_days():
    """A file that earned no points uses no slack days."""
    policy = Policy(late=Late(per_day=0.1, slack_days=3), units={"hw1": Rules(due=DUE)})
    (grade,) = grades([handed_in("ada", "hw1", 0.0, 2.0)], policy)
    assert (grade.slack, grade.points) == (0, 0)


def test_an_extension_in_hours_is_reported():
    """24 and 48 may mean hours; six weeks are the usual length of an illness."""
    results = [handed_in("ada", "u1", 3.0)]
    days = {("ada", "u1"): 24.0, ("bob", "u1"): 42.0, ("cy", "u1"): 72.0, ("ada", "u2"): 99.0}
    lines = long_extensions(Policy(extensions=days), results)
    assert len(lines) == 2
    assert "give ada 24 days for u1. They are in days, not hours" in lines[0]
    assert "give cy 72 days for u1." in lines[1]


def test_an_extension_of_a_unit_without_results_is_counted():
    """The unit may be a slip, and the extension would have no effect without a word."""
    results = [handed_in("ada", "u1", 3.0)]
    policy = Policy(extensions={("ada", "u1"): 2.0, ("bob", "u2"): 2.0, ("cy", "u2"): 1.0})
    (line,) = exceptions_to_come(policy, results)
    assert line.endswith("units without results: u2 (2).")
    assert exceptions_to_come(Policy(extensions={("ada", "u1"): 2.0}), results) == []
    excused = {"ada": frozenset({"u1", "u2"}), "bob": frozenset({"u2"})}
    (line,) = exceptions_to_come(Policy(excused=excused), results)
    assert line == "The policy's `excused` also name units without results: u2 (2)."


def test_hours_of_grace_in_minutes_are_reported():
    """120 may mean minutes, and would be five days."""
    results = [handed_in("ada", "u1", 3.0)]
    for hours, told in ((120, ["grace_hours = 120` are 5 days"]), (48, [])):
        lines = odd_late_rules(Policy(late=Late(grace_hours=hours, per_day=0.1)), results)
        assert len(lines) == len(told)
        assert all(words in line for words, line in zip(told, lines, strict=True))
    (line,) = odd_late_rules(Policy(late=Late(per_day=0.1, at_most=0.05)), results)
    assert "`at_most = 0.05` is below its `per_day = 0.1`, so all late files lose 5 %" in line
    assert odd_late_rules(Policy(late=Late(per_day=0.1, at_most=0.1)), results) == []


def test_a_unit_that_few_have_handed_in_is_reported():
    """One file with the wrong name makes a unit count for everybody, and halves their totals."""
    results = [handed_in(f"s{each}", "u1", 10.0) for each in range(20)]
    stray = handed_in("s3", "u2", 10.0)
    (line,) = units_of_few(grades([*results, stray], Policy()), Policy())
    assert "u2 counts in everybody's total, and only 1 of 20 handed it in: s3. If it" in line
    without = Policy(units={"u2": Rules(weight=0)})
    assert units_of_few(grades([*results, stray], without), without) == []
    excused = Policy(excused={f"s{each}": frozenset(["u2"]) for each in range(20) if each != 3})
    assert units_of_few(grades([*results, stray], excused), excused) == []
    for count in (2, 3):
        others = [handed_in(f"s{each}", "u2", 10.0) for each in range(count)]
        lines = units_of_few(grades([*results, *others], Policy()), Policy())
        assert len(lines) == (count == 2)
    assert units_of_few(grades([*results[:4], stray], Policy()), Policy()) == []


def test_partners_of_a_unit_without_results_are_counted():
    """The row may name the wrong unit, and would have no effect without a word."""
    groups = {unit: [frozenset({"ada", "bob"})] for unit in ("u1", "u2", "u3")}
    (line,) = partners_to_come(Policy(partners=groups), [handed_in("ada", "u1", 3.0)])
    assert line.endswith("also have groups of units without results: u2 (1); u3 (1).")


def test_a_total_from_one_unit_alone_says_so():
    """As many lowest units are dropped as count, or more: the best one stays."""
    counted = grades([handed_in("ada", "u1", 3.0), handed_in("ada", "u2", 5.0)], Policy())
    two, one = Policy(total=Total(drop_lowest=2)), Policy(total=Total(drop_lowest=1))
    assert "`drop_lowest = 2`, and 2 units count so far" in too_few_to_drop(counted, two)
    assert too_few_to_drop(counted, one) == too_few_to_drop(counted, Policy()) == ""
    weightless = replace(one, units={"u2": Rules(weight=0.0)})
    assert "and 1 unit counts so far" in too_few_to_drop(counted, weightless)


def test_a_group_of_addresses_in_the_first_line_is_no_heading(tmp_path):
    """Both would have no partner, without a word."""
    (tmp_path / "partners.csv").write_text("oscar@x.edu,mo@x.edu\n")
    (tmp_path / "policy.toml").write_text('partners = "partners.csv"\n')
    with pytest.raises(BadFile, match=r"`oscar@x.edu,mo@x.edu` is a group, and the first line is"):
        read_policy(COURSE, tmp_path / "policy.toml")


def test_partners_in_another_encoding_are_refused_with_a_remedy(tmp_path):
    """Excel's plain CSV is in the encoding of the machine."""
    (tmp_path / "partners.csv").write_bytes("unit,a,b\nnumbers,müller,ada\n".encode("cp1252"))
    (tmp_path / "policy.toml").write_text('partners = "partners.csv"\n')
    with pytest.raises(BadFile, match=r"partners.csv is not in UTF-8. Save it as \*CSV UTF-8\*"):
        read_policy(COURSE, tmp_path / "policy.toml")
