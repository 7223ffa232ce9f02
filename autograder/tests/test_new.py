"""`autograder new` by the real command: what it writes builds and validates."""

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from small import run_command, submit

from autograder import errors
from autograder.authoring.given import leaks
from autograder.authoring.new import TEMPLATES, new_course, readable
from autograder.course_file import BadName, with_unit
from autograder.source.solution import read_solution

pytestmark = pytest.mark.proof

UNIT = "straight_lines"


def passes(*arguments, cwd):
    done = run_command(*arguments, cwd=cwd)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """Make a new course with one more unit, built; return its folder. No test changes it."""
    folder = tmp_path_factory.mktemp("authors") / "my_course"
    passes("new", folder, cwd=folder.parent)
    passes("new", "centred_numbers", cwd=folder)
    passes("build", cwd=folder)
    return folder


def solution(course, unit=UNIT):
    return read_solution((course / "solutions" / f"{unit}.py").read_text())


def test_a_new_course_says_what_it_wrote_and_what_comes_next(tmp_path):
    """`new` lists every file that it wrote, dotted ones too, and what to do next.

    The course's title is the folder's name.
    """
    said = passes("new", "text-processing_1", cwd=tmp_path).splitlines()
    folder = tmp_path / "text-processing_1"
    written = {str(path) for path in folder.rglob("*") if path.is_file()}
    assert set(said[:-4]) == written
    assert str(folder / ".gitignore") in written
    typed = ["This is a new course. Next:", f"    cd {folder.name}", "    autograder build"]
    assert said[-4:-1] == typed
    assert "README.md" in said[-1]
    assert tomllib.loads((folder / "course.toml").read_text())["title"] == "Text processing 1"
    assert (folder / "README.md").read_text().startswith("# Text processing 1\n")


def test_a_title_may_hold_any_character(tmp_path):
    """Quotes and backslashes of a folder's name are escaped in course.toml."""
    passes("new", r'a "b" & c\d', cwd=tmp_path)
    found = tomllib.loads((tmp_path / r'a "b" & c\d' / "course.toml").read_text())
    assert found["title"] == r'A "b" & c\d'
    assert readable("fir_trees--and_roots") == "Fir trees and roots"


@pytest.mark.parametrize("there", ["a folder that holds something", "a file"])
def test_nothing_is_ever_overwritten(tmp_path, there):
    """`new` overwrites nothing: exit code 2, one sentence, and existing files stay."""
    taken = tmp_path / "mine"
    notes = taken if there == "a file" else taken / "course" / "notes.txt"
    notes.parent.mkdir(parents=True, exist_ok=True)
    notes.write_text("mine")
    refused = run_command("new", taken, cwd=tmp_path)
    assert refused.returncode == 2
    assert "Name a new folder." in refused.stderr
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [notes]
    assert notes.read_text() == "mine"


def test_a_new_course_builds(course):
    """A new course builds; its stubs show no solution, and a second build has nothing to do."""
    assert "everything is up to date" in passes("build", "--check", cwd=course)
    assert (course / "assignments" / f"{UNIT}.py").read_text() == solution(course).stub


def test_a_new_course_proves_itself(course):
    """The full `validate` accepts a new course's solutions, stubs, styles and mistakes.

    Every wrong variant loses points.
    """
    said = passes("validate", cwd=course)
    assert "✗" not in said
    assert "survives" not in said
    assert re.findall(r"([\d.]+)% of \d+ wrong mutants lose points", said) == ["100.0", "100.0"]
    assert len(solution(course).mistakes) >= 4


def test_the_bound_of_a_new_course_is_measured(course):
    """A new course's training bound fails every mistake and passes every right answer.

    One of them ends elsewhere.
    """
    passes("calibrate", "--seeds", 4, cwd=course)
    (bound,) = tomllib.loads((course / "solutions" / "bounds.toml").read_text())["bound"]
    assert bound["check"] == "learning"
    assert 0 < bound["right_fails"] < 1e-4
    assert any(bound["right"]["single_precision"])


def test_a_class_of_a_new_course_is_graded(course, tmp_path):
    """In a new course a solution earns all points and a stub none.

    A mistake in training is diagnosed.
    """
    submitted = tmp_path / "submitted"
    out = tmp_path / "grades"
    known = solution(course)
    (uphill,) = [mistake.id for mistake, _, _ in known.mistakes if "uphill" in mistake.text]
    submit(submitted, "ada", known.plain(), UNIT)
    submit(submitted, "bo", known.stub, UNIT)
    submit(submitted, "cy", known.with_mistake(uphill), UNIT)
    passes("grade", submitted, "--out", out, cwd=course)
    results = {}
    for student in ("ada", "bo", "cy"):
        results[student] = json.loads((out / UNIT / f"{student}.json").read_text())
    assert results["ada"]["score"] == 8
    assert results["bo"]["score"] == 0
    assert results["cy"]["score"] == 2
    checks = {check["name"]: check for check in results["cy"]["checks"]}
    assert checks["three_steps"]["remarks"][0]["finding"]["mistakes"] == [
        "this walks uphill; subtract the step."
    ]
    assert checks["learning"]["status"] == "not_reached"


def test_students_of_a_new_course_get_no_answer(course, tmp_path):
    """A release of a new course holds no line of a solution except the engine's templates."""
    released = tmp_path / "given"
    passes("build", "--release", released, cwd=course)
    for line in leaks(released, [solution(course), solution(course, "centred_numbers")]):
        assert ".whl[autograder/authoring/templates/new/" in line
    done = run_command("check", UNIT, cwd=released)
    assert done.returncode == 1
    assert "`predict` is not written yet." in done.stdout


def test_notebooks_and_an_nbgrader_course_are_made_of_a_new_course(course, tmp_path):
    """Each unit of a new course becomes a notebook and an nbgrader assignment."""
    passes("build", "--notebooks", tmp_path / "notebooks", cwd=course)
    passes("nbgrader", tmp_path / "nbgrader", cwd=course)
    for folder in (tmp_path / "notebooks", tmp_path / "nbgrader" / "source"):
        assert {path.stem for path in folder.rglob("*.ipynb")} == {UNIT, "centred_numbers"}


def test_a_new_course_passes_its_own_tests(course):
    """A new course passes its own `pytest`, which collects nothing else."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-W", "error"]
    done = subprocess.run(command, cwd=course, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "5 passed" in done.stdout


def test_the_points_of_a_new_course_are_made_by_their_readme(tmp_path, monkeypatch):
    """The program in README.md writes the manifest's data file, up to the last decimals."""
    folder = TEMPLATES / "course" / "datasets" / "points"
    program = (folder / "README.md").read_text().split("```")[1].removeprefix("python")
    monkeypatch.chdir(tmp_path)
    exec(program, {})
    made, given = ((path / "points.txt").read_text().split() for path in (tmp_path, folder))
    assert [float(word) for word in made] == pytest.approx(
        [float(word) for word in given], abs=1.5e-3
    )


def test_a_new_unit_changes_one_line_of_course_toml(course, tmp_path):
    """A new unit adds its name to course.toml; comments and order stay."""
    passes("new", "my_course", cwd=tmp_path)
    before = (tmp_path / "my_course" / "course.toml").read_text().splitlines()
    after = (course / "course.toml").read_text().splitlines()
    (changed,) = [(old, new) for old, new in zip(before, after, strict=True) if old != new]
    assert changed[1] == changed[0].replace('"]', '", "centred_numbers"]')
    assert "#" in changed[1]


def test_a_unit_that_only_course_toml_names_is_made(tmp_path):
    """`new` makes a unit that course.toml already names and leaves that file as it is.

    It says so, although it has not written that file.
    """
    passes("new", "mine", cwd=tmp_path)
    course = tmp_path / "mine"
    file = course / "course.toml"
    file.write_text(file.read_text().replace(f'"{UNIT}"', f'"{UNIT}", "images"'))
    before = file.read_bytes()
    said = passes("new", "images", cwd=course)
    assert f"This is a new unit of the course in {course}" in said
    assert (course / "solutions" / "images.py").is_file()
    assert (course / "checks" / "images.py").is_file()
    assert file.read_bytes() == before


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("two words", "Use letters, numerals and underscores, as `two_words`."),
        ("sums.py", "Use letters, numerals and underscores, as `sums`."),
        ("2tables", "as `unit_2tables`. It begins with no numeral."),
        ("class", "it is a word of Python's own."),
        ("random", "`import random` would find the script itself."),
        (UNIT, "names a unit `straight_lines` already."),
        ("__init__", "There is a "),
    ],
)
def test_a_unit_that_cannot_be_called_so_is_told_why(course, name, words):
    """An invalid name of a unit gives exit code 2 and one sentence; nothing is written."""
    before = contents(course)
    refused = run_command("new", course / name, cwd=course.parent)
    assert refused.returncode == 2
    assert "Traceback" not in refused.stderr
    assert words in refused.stderr
    assert contents(course) == before


def contents(folder):
    """Return the bytes of each file of a folder."""
    return {path: path.read_bytes() for path in folder.rglob("*.*") if path.is_file()}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('units = ["a"]', 'units = ["a", "new"]'),
        ('units = ["a",]  # all', 'units = ["a", "new"]  # all'),
        ("units=['a' , 'b' ]", "units=['a' , 'b', \"new\"]"),
        ('units = [\n  "a",\n  "b",\n]', 'units = [\n  "a",\n  "b",\n  "new",\n]'),
        (
            'units = [\n  "a"  # first, ] and\n  # last\n]',
            'units = [\n  "a",  # first, ] and\n  # last\n  "new",\n]',
        ),
        ('units = ["a",\n    "b"\n    ]', 'units = ["a",\n    "b",\n    "new",\n    ]'),
    ],
)
def test_a_unit_is_added_to_the_list_as_it_is_written(before, after):
    """A unit is added to the list in its layout: one line or many, comments, a last comma."""
    assert with_unit(f"x = 1\n{before}\ny = 2\n", "new") == f"x = 1\n{after}\ny = 2\n"


def test_a_list_that_cannot_be_read_is_to_be_mended_by_hand():
    """If the list of units cannot be parsed, the message says what to add."""
    with pytest.raises(BadName, match='Add "new" to it by hand'):
        with_unit('"units" = ["a"]\n', "new")


def test_a_course_within_a_course_is_refused(course):
    """`new` refuses a course inside a course and writes nothing: a unit was meant."""
    before = contents(course)
    refused = run_command("new", "stats/unit 2", cwd=course)
    assert refused.returncode == 2
    assert "lies within the course" in refused.stderr
    assert "run `autograder new unit_2` there" in refused.stderr
    assert contents(course) == before
    assert not (course / "stats").exists()
    outside = run_command("new", "../beside", cwd=course)
    assert outside.returncode == 0, outside.stderr


def test_a_unit_of_a_course_that_is_not_there_is_refused(tmp_path):
    """`new` refuses a unit of a missing course and writes nothing."""
    refused = run_command("new", "stats/merging", cwd=tmp_path)
    assert refused.returncode == 2
    assert "There is no course" in refused.stderr
    assert "so it gets no unit `merging`. Run `autograder new` for the course" in refused.stderr
    assert not (tmp_path / "stats").exists()


@pytest.mark.parametrize("name", ["my stats", "it's $HOME", "Zoë's `sums`"])
def test_what_to_type_next_can_be_typed(tmp_path, name):
    """The commands to type next stand on separate lines, because cmd has no `&&`.

    Older PowerShells have none either.
    """
    done = run_command("new", name, cwd=tmp_path)
    lines = [line.strip() for line in done.stdout.splitlines() if line.startswith("    ")]
    command = "\n".join(["set -e", *lines])
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    typed = subprocess.run(
        ["bash", "-c", command],
        cwd=tmp_path,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
    )
    assert typed.returncode == 0, typed.stdout + typed.stderr
    assert (tmp_path / name / "assignments" / "keys").is_dir()


def test_what_is_left_of_a_unit_is_told(course, tmp_path):
    """`build` reports what is left of a removed unit.

    Examples: generated files, styles, and a role without a dataset.
    """
    folder = shutil.copytree(course, tmp_path / "course")
    text = (folder / "course.toml").read_text()
    (folder / "course.toml").write_text(text.replace(f'"{UNIT}", ', ""))
    (folder / "solutions" / f"{UNIT}.py").unlink()
    (folder / "checks" / f"{UNIT}.py").unlink()
    done = run_command("build", cwd=folder)
    assert "datasets/points is used by no check and no script" in done.stderr
    shutil.rmtree(folder / "datasets")
    done = run_command("build", cwd=folder)
    assert done.returncode == 0
    assert f"{folder / 'assignments' / UNIT}.py belongs to no unit" in done.stderr
    assert f"{UNIT}.safetensors belongs to no unit" in done.stderr
    assert f"styles/{UNIT} holds alternative solutions of no unit" in done.stderr
    assert "names the dataset `points` for the role `points`" in done.stderr


def test_how_to_install_is_said_of_what_is_installed(monkeypatch, tmp_path):
    """Install instructions match the installation: the wheel's file, its name, or a checkout."""
    wheel = tmp_path / "experiment_autograder-1.2-py3-none-any.whl"
    notes = {}

    class Installed:
        version = "1.2"

        @staticmethod
        def read_text(name):
            return notes.get(name)

    monkeypatch.setattr("importlib.metadata.distribution", lambda name: Installed)
    assert errors.extra("site") == f'pip install "{wheel.name}[site]"'
    notes["direct_url.json"] = json.dumps({"url": wheel.as_uri(), "archive_info": {}})
    assert errors.extra("site") == f'pip install "{wheel.name}[site]"'
    wheel.write_bytes(b"")
    assert errors.extra("site") == f'pip install "{wheel}[site]"'
    notes["direct_url.json"] = json.dumps({"url": tmp_path.as_uri(), "dir_info": {}})
    assert errors.extra("site") == 'pip install -e ".[site]" in a clone of the repository'
    new_course(tmp_path / "course")
    readme = (tmp_path / "course" / "README.md").read_text()
    assert '\nIn a clone of the repository, `pip install -e ".[authoring]"` installs what' in readme
