"""The golden class in gradebooks, under the policy of the docs."""

import csv
import dataclasses
import re
import tomllib
from datetime import UTC, datetime

import pytest
from this_course import COURSE, ROOT, UNIT

from autograder.grading.policy import Policy, grades
from autograder.grading.policy_file import read_policy
from autograder.grading.results import stored_results
from autograder.report import exports

SHOWN, *_ = re.findall(r"```toml\n(.*?)```", (ROOT / "docs" / "policy.md").read_text(), re.S)
pytestmark = pytest.mark.proof


@pytest.fixture(scope="module")
def results(graded_class):
    return stored_results(graded_class[0])


# format → its column of students
COLUMN = {"csv": "student", "canvas": "Student", "moodle": "username", "mail": "student"}


def table(path):
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("to", sorted(exports.FORMATS))
def test_the_golden_class_is_exported_whole(results, tmp_path, to):
    """Every format has every student, with the points of the result."""
    written = exports.export(grades(results, Policy()), to, tmp_path)
    students = {result.student for result in results}
    if to == "standings":  # these name nobody
        assert not [name for name in students if f" {name} " in written[0].read_text()]
    elif to in ("gradescope", "github", "classroom50"):
        assert {path.stem for path in written} == students
    else:
        assert to in COLUMN, "write into COLUMN which of its columns names the student"
        assert {row[COLUMN[to]] for row in table(written[0])} >= students
    if to == "canvas":
        head, *rows = table(written[0])
        assert head[UNIT] == "39"
        assert {row[UNIT] for row in rows if row["Student"] == "complete"} == {"39"}
    if to == "moodle":
        (row,) = [row for row in table(written[0]) if row["username"] == "mistake_relu_forgotten"]
        assert "the gradient went through relu unchanged" in row[f"{UNIT} feedback"]


def test_the_policy_of_the_docs_uses_every_rule_there_is():
    """The docs' policy is valid TOML and uses every rule."""
    assert {"keep", "carried", "late", "unit4", "extensions"} == set(tomllib.loads(SHOWN))


@pytest.mark.parametrize(
    ("student", "when", "points", "words"),
    [
        ("bob", "2026-12-01T23:00:00+01:00", 37, ""),
        ("bob", "2026-12-03T23:58:00+01:00", 29.6, "2 days late, 20% taken off"),
        ("bob", "2027-12-03T23:58:00+01:00", 18.5, "taken off"),  # never more than half
        ("ada", "2026-12-04T23:58:00+01:00", 37, ""),  # her extension
    ],
)
def test_the_policy_of_the_docs_counts_as_they_say(results, tmp_path, student, when, points, words):
    """Under the docs' policy 2 of 39 points do not count and 4 are added."""
    (tmp_path / "policy.toml").write_text(SHOWN)
    (result,) = [
        result for result in results if (result.student, result.unit) == ("complete", UNIT)
    ]
    submitted = datetime.fromisoformat(when).astimezone(UTC).isoformat()
    result = dataclasses.replace(result, student=student, submitted=submitted)
    (grade,) = grades([result], read_policy(COURSE, tmp_path / "policy.toml"))
    assert (grade.points, grade.max_points) == (points, 33)
    assert words in grade.words
