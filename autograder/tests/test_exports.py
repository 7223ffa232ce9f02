"""Gradebooks: files of the golden class as others import them, odd names in it; policies; who gained by a regrade."""

import base64
import csv
import dataclasses
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from datetime import UTC, datetime

import pytest
import yaml
from conftest import GOLDEN, ROOT, UNIT

from autograder.course import load_unit
from autograder.grading import batch
from autograder.grading.policy import BadPolicy, Policy, grades, read_policy
from autograder.grading.results import stored_results
from autograder.grading.submissions import time_of
from autograder.judging import Remark
from autograder.report import exports
from autograder.report.pages import write_pages
from autograder.sandbox.client import bubblewrap

HOSTILE = '=HYPERLINK("http://x")|<script>'
NAMES = {"complete": "Zoë Žižek", "mistake_argmax": HOSTILE, "crash": "李 明"}


@pytest.fixture(scope="module")
def results(graded_class):
    """Results of the golden class, some under other names; one of them is told something hostile."""
    found = []
    for result in stored_results(graded_class[0]):
        if result.student == "mistake_argmax":
            spoilt = [dataclasses.replace(v, remarks=(*v.remarks, evil())) for v in result.verdicts]
            result = dataclasses.replace(result, verdicts=tuple(spoilt))
        found.append(dataclasses.replace(result, student=NAMES.get(result.student, result.student)))
    return found


def evil():
    return Remark("@SUM(1)\n|<img src=x onerror=alert(1)> `[a](b)`\x1b[31m")


def table(path):
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_csv_has_a_row_for_each_check(results, tmp_path):
    (path,) = exports.export(grades(results, Policy()), "csv", tmp_path)
    rows = table(path)
    assert len(rows) == sum(len(result.verdicts) for result in results)
    points = sum(float(row["earned"]) for row in rows)
    assert points == pytest.approx(sum(result.score for result in results), abs=0.1)
    assert {"Zoë Žižek", "李 明", f"'{HOSTILE}"} <= {row["student"] for row in rows}


@pytest.mark.parametrize("to", ["csv", "canvas", "moodle"])
def test_no_cell_is_a_formula_or_holds_control_characters(results, tmp_path, to):
    """Neither a name nor a remark."""
    (path,) = exports.export(grades(results, Policy()), to, tmp_path)
    with open(path, encoding="utf-8", newline="") as file:
        cells = [cell for row in csv.reader(file) for cell in row]
    assert not [cell for cell in cells if cell.lstrip()[:1] in tuple("=+-@")]
    assert not [cell for cell in cells if re.search(r"[\x00-\x1f\x7f]", cell)]
    assert any("'=HYPERLINK" in cell for cell in cells)


def test_canvas_has_its_columns_and_points_possible(results, tmp_path):
    (path,) = exports.export(grades(results, Policy()), "canvas", tmp_path)
    head, *rows = table(path)
    assert list(head)[:5] == ["Student", "ID", "SIS User ID", "SIS Login ID", "Section"]
    assert (head["Student"], head[UNIT]) == ("    Points Possible", "35")
    assert len(rows) == len({result.student for result in results})
    (zoe,) = [row for row in rows if row["SIS Login ID"] == "Zoë Žižek"]
    assert (zoe[UNIT], zoe["unit1_embeddings"]) == ("35", "")


def test_moodle_has_points_and_feedback_side_by_side(results, tmp_path):
    (path,) = exports.export(grades(results, Policy()), "moodle", tmp_path)
    rows = {row["username"]: row for row in table(path)}
    assert rows["Zoë Žižek"][f"{UNIT} (of 35)"] == "35"
    assert "the gradient went through relu unchanged" in rows["mistake_relu_forgotten"][f"{UNIT} feedback"]
    assert all(bool(row[f"{UNIT} (of 35)"]) >= bool(row[f"{UNIT} feedback"]) for row in rows.values())


def test_gradescope_results_are_as_specified(results, tmp_path):
    """Types and names of the specification, for every submission; scores add up."""
    paths = exports.export(grades(results, Policy()), "gradescope", tmp_path)
    assert len(paths) == len(results)
    for path in paths:
        record = json.loads(path.read_text())
        assert isinstance(record["score"], float) and isinstance(record["execution_time"], int)
        assert record["score"] == pytest.approx(sum(test["score"] for test in record["tests"]), abs=0.01)
        for test in record["tests"]:
            assert test["status"] in ("passed", "failed") and 0 <= test["score"] <= test["max_score"]
            assert test["output_format"] == test["name_format"] == "text"


def test_github_summary_shows_hostile_text_as_text(results, tmp_path):
    """No markup comes through, a row stays a row; what Classroom reads adds up."""
    exports.export(grades(results, Policy()), "github", tmp_path)
    text = (tmp_path / f"{HOSTILE}.md").read_text()
    assert "<img" not in text and "[a](b)" not in text and "\x1b" not in text
    rows = [line for line in text.split("\n") if line.startswith("|")]
    assert all(len(re.findall(r"(?<!\\)\|", row)) == 5 for row in rows[2:])
    record = json.loads((tmp_path / "Zoë Žižek.json").read_text())
    assert (record["status"], record["max_score"]) == ("pass", 35)
    assert sum(test["score"] for test in record["tests"]) == 35


def run_in(places, command):
    """Run a command where folders lie elsewhere: `/autograder` is Gradescope's, and no test may write there."""
    top = [str(path) for path in sorted(ROOT.__class__("/").iterdir()) if path.name != "autograder"]
    binds = [part for path in top for part in ("--dev-bind", path, path)]
    binds += [part for there, here in places.items() for part in ("--bind", str(here), there)]
    environment = {**os.environ, "TMPDIR": "/autograder/tmp"}
    return subprocess.run(
        [bubblewrap(), *binds, *command], env=environment, capture_output=True, text=True, timeout=300
    )


def test_gradescope_runs_what_build_writes(autograder, tmp_path):
    """Under Gradescope's own folders: a submission gets its results.json; one with another name is told so."""
    for part in ("submission", "results", "tmp"):
        (tmp_path / part).mkdir()
    done = autograder("build", "--gradescope", tmp_path / "source")
    assert done.returncode == 0, done.stderr
    (tmp_path / "source" / ".venv" / "bin").mkdir(parents=True)  # setup.sh makes it; here it is that of the tests
    (tmp_path / "source" / ".venv" / "bin" / "python").write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    (tmp_path / "source" / ".venv" / "bin" / "python").chmod(0o755)
    shutil.copy(GOLDEN / "mistake_argmax" / UNIT / f"{UNIT}.py", tmp_path / "submission")
    places = {"/autograder": tmp_path}
    done = run_in(places, ["/autograder/source/run_autograder"])
    assert done.returncode == 0, done.stderr + done.stdout
    record = json.loads((tmp_path / "results" / "results.json").read_text())
    assert record["score"] == 33.5 and [t["status"] for t in record["tests"]].count("failed") == 1
    (tmp_path / "submission" / f"{UNIT}.py").rename(tmp_path / "submission" / "homework.py")
    assert run_in(places, ["/autograder/source/run_autograder"]).returncode == 0
    assert "No unit found" in json.loads((tmp_path / "results" / "results.json").read_text())["output"]


def test_the_classroom_job_runs(autograder, tmp_path):
    """The commands of the workflow in what students get: a summary, and points that Classroom's reporter can decode."""
    autograder("build", "--release", tmp_path / "course")
    shutil.copy(GOLDEN / "complete" / UNIT / f"{UNIT}.py", tmp_path / "course" / "assignments")
    job = yaml.safe_load((tmp_path / "course" / ".github" / "workflows" / "classroom.yml").read_text())
    steps = job["jobs"]["units"]["steps"]
    (script,) = [step["run"] for step in steps if step.get("id") == "units"]
    script = script.replace("autograder check", f"autograder check {UNIT} --quick")  # the whole course takes minutes
    environment = {"PATH": f"{tmp_path}:/usr/bin:/bin", "GITHUB_STEP_SUMMARY": "summary.md", "GITHUB_OUTPUT": "output"}
    (tmp_path / "autograder").write_text(f'#!/bin/sh\nexec {sys.executable} -m autograder "$@"\n')
    (tmp_path / "autograder").chmod(0o755)
    done = subprocess.run(
        ["bash", "-e", "-c", script], cwd=tmp_path / "course", env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert f"{UNIT.replace('_', chr(92) + '_')}: 31 of 31 points" in (tmp_path / "course" / "summary.md").read_text()
    name, encoded = (tmp_path / "course" / "output").read_text().strip().split("=", 1)
    record = json.loads(base64.b64decode(encoded))
    assert (name, record["status"], record["max_score"]) == ("result", "pass", 31)
    assert steps[-1]["env"] == {"UNITS_RESULTS": "${{ steps.units.outputs.result }}"}


# ---- policies


@pytest.fixture(scope="module")
def policy(tmp_path_factory):
    """The one that the docs show."""
    (text,) = re.findall(r"```toml\n(.*?)```", (ROOT / "docs" / "gradebooks.md").read_text(), re.S)
    path = tmp_path_factory.mktemp("course") / "course.toml"
    path.write_text(text)
    return read_policy(path)


def handed_in(results, student, when, name="complete"):
    result = next(result for result in results if NAMES[name] == result.student)
    moment = datetime.fromisoformat(when).astimezone(UTC).isoformat()
    return dataclasses.replace(result, student=student, submitted=moment)


@pytest.mark.parametrize(
    ("student", "when", "points", "words"),
    [
        ("bob", "2026-12-01T23:00:00+01:00", 33, ""),
        ("bob", "2026-12-02T01:58:00+01:00", 33, ""),  # within the grace
        ("bob", "2026-12-02T02:00:00+01:00", 29.7, "1 day late, 10% taken off"),
        ("bob", "2026-12-03T23:58:00+01:00", 26.4, "2 days late, 20% taken off"),
        ("bob", "2027-12-03T23:58:00+01:00", 16.5, "taken off"),  # never more than half
        ("ada", "2026-12-04T23:58:00+01:00", 33, ""),  # her extension
        ("ada", "2026-12-05T03:00:00+01:00", 29.7, "1 day late"),
    ],
)
def test_late_days_grace_and_extension(results, policy, student, when, points, words):
    """Of 35 points 2 do not count and 4 count on top; the stored result is as it was."""
    result = handed_in(results, student, when)
    (grade,) = grades([result], policy)
    assert (grade.points, grade.max_points) == (points, 29)
    assert words in grade.words and ("late" in grade.words) == bool(words)
    assert grade.result == result and result.score == 35


def test_best_or_last_of_several(results):
    """The better of two, or the later one."""
    early = handed_in(results, "bob", "2026-12-01T10:00:00+00:00")
    late = handed_in(results, "bob", "2026-12-01T12:00:00+00:00", "mistake_argmax")
    assert [g.points for g in grades([early, late], Policy())] == [35]
    assert [g.points for g in grades([early, late], Policy(keep="last"))] == [late.score] != [35]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('keep = "worst"', 'Of several submissions a course keeps the "best" or the "last".'),
        ("[late]\nper_dai = 0.1", "`per_dai` is not known. Did you mean `per_day`?"),
        ("[late]\nper_day = 10", "wanted is a number, hours or a share from 0 to 1"),
        ("[unit44]\n", "There is no unit `unit44`. Did you mean"),
        ('[unit4]\ndrop = ["sampeling"]', "Did you mean `sampling`?"),
        ("[unit4]\ndue = 2026-12-01", "wanted is a time with its zone"),
        ("unit4 = 3", "a unit is a table"),
        ('[extensions.ada]\nunit4 = "three"', "is no number of days"),
        ("[late", "course.toml"),
    ],
)
def test_a_wrong_policy_is_told_in_words(autograder, graded_class, tmp_path, text, words):
    """What was seen, where, and what to write; exit code 2."""
    (tmp_path / "course.toml").write_text(text)
    with pytest.raises(BadPolicy, match=re.escape(words)):
        read_policy(tmp_path / "course.toml")


@pytest.mark.parametrize("anonymous", [False, True])
def test_pages_say_what_a_result_counts(results, policy, tmp_path, anonymous):
    """Beside its points, with the reason; an extension is the student's under another name too."""
    late = "2026-12-03T12:00:00+01:00"
    found = [handed_in(results, student, late) for student in ("ada", "bob")]
    write_pages(found, tmp_path, anonymous=anonymous, rules=policy)
    pages = sorted(path.read_text() for path in tmp_path.glob("unit*/*.html"))
    assert sum("Counts as 26.4 of 29: 2 days late, 20% taken off" in page for page in pages) == 1
    assert sum("Counts as 33 of 29: " in page and "days late" not in page for page in pages) == 1
    assert '<td class="n">26.4</td>' in (tmp_path / "index.html").read_text()


def test_export_by_command(autograder, graded_class, tmp_path):
    """Files are named; a wrong file or an empty folder is told in words."""
    done = autograder("export", graded_class[0], "--to", "canvas", "--out", tmp_path / "out")
    assert done.stdout.strip() == str(tmp_path / "out" / "canvas.csv"), done.stderr
    (tmp_path / "course.toml").write_text('keep = "worst"')
    done = autograder("export", graded_class[0], "--to", "csv", "--policy", tmp_path / "course.toml")
    assert done.returncode == 2 and "course.toml: keep" in done.stderr
    done = autograder("export", tmp_path / "nowhere", "--to", "csv")
    assert done.returncode == 2 and "There are no results in" in done.stderr


def test_a_regrade_says_who_gained_or_lost_and_reuses_the_rest(autograder, tmp_path):
    """A changed check is asked again, what has passed stays, the other unit is read back; new scores are printed."""
    for case in ("mistake_argmax", "stub"):
        shutil.copytree(GOLDEN / case, tmp_path / "class" / case)
    shutil.copytree(GOLDEN / "solved_unit1", tmp_path / "class" / "stub", dirs_exist_ok=True)
    arguments = ("grade", tmp_path / "class", "--out", tmp_path / "out", "--quick")
    assert "before" not in autograder(*arguments).stdout
    path = tmp_path / "out" / UNIT / "mistake_argmax.json"
    record = json.loads(path.read_text())
    record["material"] = "of another day"  # as if the checks had been others then
    record["checks"][0] |= {"earned": 0, "material": "of another day"}
    record["checks"][1]["seconds"] = 1234.5
    path.write_text(json.dumps(record))
    others = [tmp_path / "out" / "unit1_embeddings" / "stub.json", tmp_path / "out" / UNIT / "stub.json"]
    before = [other.stat().st_mtime_ns for other in others]
    said = autograder(*arguments).stdout
    assert re.findall(r".*before, .*", said) == ["mistake_argmax, unit4: 27.5/31 before, 29.5/31 now"]
    assert [other.stat().st_mtime_ns for other in others] == before
    assert [check["seconds"] == 1234.5 for check in json.loads(path.read_text())["checks"][:3]] == [False, True, False]


def test_a_pass_rests_on_its_own_experiment(tmp_path, monkeypatch):
    """A changed experiment changes its own checksum alone, a changed helper those of all checks of the unit."""
    for part in ("checks", "solutions"):
        shutil.copytree(ROOT / part, tmp_path / part)
    monkeypatch.setattr(batch, "root", lambda: tmp_path)
    before, path = batch.materials(UNIT), tmp_path / "checks" / f"{UNIT}.py"
    text = path.read_text()

    def changed(old: str, new: str) -> set[str]:
        assert text.count(old) == 1
        path.write_text(text.replace(old, new))
        return {name for name, sha256 in batch.materials(UNIT).items() if sha256 != before[name]}

    assert changed("@check(points=2, needs=softmax_values)", "@check(points=3, needs=softmax_values)") == {
        "softmax_jacobian"
    }
    assert changed("rng.normal(0, 0.5, shape)", "rng.normal(0, 0.4, shape)") == set(before)
    assert set(before) == {check.name for check in load_unit(UNIT).checks}


def test_when_a_submission_was_handed_in(tmp_path):
    """What nbgrader's collector noted beside it, else the file's own time."""
    (tmp_path / "a.py").write_text("")
    (tmp_path / "timestamp.txt").write_text("2026-11-02 15:58:23.948203 UTC\n")
    assert time_of(tmp_path / "a.py") == "2026-11-02T15:58:23+00:00"
    for odd in ("", "yesterday", "\0" * 9):
        (tmp_path / "timestamp.txt").write_text(odd)
        assert time_of(tmp_path / "a.py")[:4] == str(datetime.now(UTC).year)


def test_the_policy_of_the_docs_is_valid_toml():
    """And uses every rule there is."""
    (text,) = re.findall(r"```toml\n(.*?)```", (ROOT / "docs" / "gradebooks.md").read_text(), re.S)
    written = tomllib.loads(text)
    assert {"keep", "late", "unit4", "extensions"} == set(written)
