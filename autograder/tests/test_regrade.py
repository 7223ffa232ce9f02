"""Grading again: which checks run after a change, which are reused, and who gained or lost."""

import json
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import small
import small_class
from small import COURSE, UNIT, WORDS

from autograder.course import load_unit, read_course
from autograder.grading.materials import check_materials
from autograder.grading.provenance import (
    COMPUTES,
    ENGINE,
    experiments_digest,
    modules_of,
    unit_digest,
    without_points,
)


def test_every_submission_of_the_small_class_earns_its_points(graded_class):
    """Known mistakes of the small class keep their share; unreached checks earn nothing.

    A notebook counts like a script.
    """
    expected = {(one.student, one.unit): one.points for one in small_class.CLASS}
    scores = {}
    for path in graded_class.glob("*/*.json"):
        record = json.loads(path.read_text())
        scores[record["student"], record["unit"]] = record["score"]
        provenance = record["provenance"]
        assert provenance["course_title"] == COURSE.title
        assert provenance["course_folder"] == str(COURSE.folder)
    assert scores == expected


def test_a_regrade_says_who_gained_or_lost_and_reuses_the_rest(tmp_path):
    """A regrade reruns a changed check, reuses passed ones and reads the other unit back.

    It prints the new scores.
    """
    for case in (
        small_class.by("halved"),
        small_class.by("stub"),
        small_class.by("no_space", WORDS),
    ):
        small_class.hand_in(tmp_path / "class", case)
    arguments = ("grade", tmp_path / "class", "--out", tmp_path / "out", "--quick")
    assert "before" not in small.run_command(*arguments).stdout
    path = tmp_path / "out" / UNIT / "halved.json"
    record = json.loads(path.read_text())
    record["provenance"]["unit"] = "of another day"  # as if the checks had differed then
    record["checks"][0] |= {"earned": 0, "material": "of another day"}
    record["checks"][2]["seconds"] = 1234.5
    path.write_text(json.dumps(record))
    others = [tmp_path / "out" / WORDS / "no_space.json", tmp_path / "out" / UNIT / "stub.json"]
    before = [other.stat().st_mtime_ns for other in others]
    said = small.run_command(*arguments).stdout
    assert re.findall(r".*before, .*", said) == ["halved, numbers: 5/8 before, 7/8 now"]
    assert [other.stat().st_mtime_ns for other in others] == before
    seconds = [check["seconds"] for check in json.loads(path.read_text())["checks"]]
    assert [its == 1234.5 for its in seconds] == [False, False, True]


def test_a_changed_file_on_a_seed_that_was_shown_is_told(tmp_path):
    """A changed or new file on a seed that was already shown is reported.

    It is not reported in the first run, where nothing changed, for a unit without pages, or on
    another seed. No more jobs than processors run.
    """
    small_class.hand_in(tmp_path / "class", small_class.by("stub"))
    arguments = ("grade", tmp_path / "class", "--out", tmp_path / "out", "--quick", "-j", "64")
    first = small.run_command(*arguments)
    assert re.search(r"-j 64 is more than the \d+ CPUs here", first.stderr)
    again = small.run_command(*arguments)
    assert not any("graded on the seed of earlier" in said.stdout for said in (first, again))
    small_class.hand_in(tmp_path / "class", replace(small_class.by("complete"), student="stub"))
    assert "1 file was graded on the seed of earlier ones" in small.run_command(*arguments).stdout
    small_class.hand_in(tmp_path / "class", replace(small_class.by("halved"), student="stub"))
    small_class.hand_in(tmp_path / "class", replace(small_class.by("complete"), student="late"))
    said = small.run_command(*arguments).stdout
    assert re.search(r"2 files were .* \(1 handed in again, 1 handed in for the first time\)", said)
    small_class.hand_in(tmp_path / "class", small_class.by("no_space", WORDS))
    assert "graded on the seed of earlier" not in small.run_command(*arguments).stdout
    shutil.rmtree(tmp_path / "out" / "pages" / WORDS)  # as after a run that was interrupted
    small_class.hand_in(tmp_path / "class", replace(small_class.by("no_space", WORDS), student="b"))
    assert "graded on the seed of earlier" not in small.run_command(*arguments).stdout
    small_class.hand_in(tmp_path / "class", replace(small_class.by("complete"), student="later"))
    assert (
        "graded on the seed of earlier" not in small.run_command(*arguments, "--seed", "77").stdout
    )


@pytest.fixture
def copied(tmp_path):
    """Copy the course, so that a test can change it."""
    shutil.copytree(COURSE.folder, tmp_path / "course")
    return read_course(tmp_path / "course")


def materials(course):
    return check_materials(load_unit(course, UNIT))


@pytest.mark.parametrize(
    ("file", "old", "new", "changed"),
    [
        (f"checks/{UNIT}.py", "points=4", "points=5", {"summing"}),
        (
            f"checks/{UNIT}.py",
            "numbers(seed + 1, 2), 0.3",
            "numbers(seed + 1, 2), 0.2",
            {"three_steps"},
        ),
        (f"checks/{UNIT}.py", '"T": 6', '"T": 7', None),
        ("checks/helpers.py", "normal(0, 1", "normal(0, 2", None),
        (f"solutions/{UNIT}.py", "return 2 * x", "return x + x", None),
        (f"solutions/{UNIT}.py", "the sign is lost", "where is the sign", set()),
        ("checks/words.py", "points=3", "points=4", set()),
    ],
    ids=["points", "experiment", "sizes", "helper", "solution", "known mistake", "another unit"],
)
def test_a_pass_rests_on_its_own_experiment(copied, file, old, new, changed):
    """A changed experiment changes only its own checksum.

    A helper or the solution changes the checksums of all checks of the unit.
    """
    before, path = materials(copied), copied.folder / file
    text = path.read_text()
    assert text.count(old) == 1
    path.write_text(text.replace(old, new))
    now = materials(copied)
    everything = {check.name for check in small.unit().checks}
    assert set(before) == set(now) == everything
    assert {name for name in now if now[name] != before[name]} == (
        everything if changed is None else changed
    )


LOADED = """
import sys
import autograder.kinds, autograder.sandbox.inside.server
print(*(m.__file__ for n, m in sys.modules.items() if n.startswith("autograder.")))
"""


def test_a_stored_answer_rests_on_all_of_the_engine_that_takes_part_in_it():
    """A stored answer depends on every engine module that takes part in computing it.

    A change in how tables or choices are read, for example, makes answers be computed again.
    """
    command = [sys.executable, "-c", LOADED]
    loaded = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    counted = {path for name in COMPUTES for path in modules_of(ENGINE / name)}
    left_out = {path.relative_to(ENGINE) for path in map(Path, loaded) if path not in counted}
    assert left_out == {Path("sandbox/__init__.py"), Path("version.py")}


def test_other_points_make_no_answer_anew(copied):
    """Changed points change grades and recompute no answer; other numbers of a check do."""
    unit = load_unit(copied, UNIT)
    answers, grade = experiments_digest(unit), unit_digest(unit)
    path = copied.checks / f"{UNIT}.py"
    text = path.read_text()
    path.write_text(text.replace("points=4", "points=15"))
    assert path.read_text() != text
    assert experiments_digest(unit) == answers
    assert unit_digest(unit) != grade
    assert without_points("@check(points=1, seconds=5)\ndef é(): f(points=1)") == without_points(
        "@check(points=2, seconds=5)\ndef é(): f(points=1)"
    )
    other_seconds = "@check(points=1, seconds=6)\ndef é(): f(points=1)"
    other_call = "@check(points=1, seconds=5)\ndef é(): f(points=2)"
    before = without_points("@check(points=1, seconds=5)\ndef é(): f(points=1)")
    assert without_points(other_seconds) != before
    assert without_points(other_call) != before


def test_a_grade_rests_on_the_whole_unit_and_on_no_other(copied):
    """A grade's digest covers the unit's solution, known mistakes and checks, and no other unit."""
    unit = load_unit(copied, UNIT)
    seen = [unit_digest(unit)]
    for file in (f"solutions/{UNIT}.py", f"checks/{UNIT}.py", "checks/helpers.py"):
        path = copied.folder / file
        path.write_text(path.read_text() + "\n# more\n")
        seen.append(unit_digest(unit))
    assert len(set(seen)) == 4
    path = copied.checks / f"{WORDS}.py"
    path.write_text(path.read_text() + "\n# more\n")
    assert unit_digest(unit) == seen[-1]
