"""What students receive: listed files only, without answers, and all of it works."""

import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import nbformat
import pexpect
import pytest
import this_course
from nbclient import NotebookClient
from this_course import COURSE, ROOT, UNIT, run_command
from whole_script import with_small_examples

from autograder.authoring.build import Stale, solutions
from autograder.authoring.given import leaks, secret_lines, without_repairs
from autograder.authoring.release import release
from autograder.course import read_course
from autograder.grading.keys import solution_of

pytestmark = pytest.mark.proof

UNITS = COURSE.units
RELU = "the gradient went through relu unchanged"
# large folders that may lie in a checkout beside the course
NOT_COPIED = shutil.ignore_patterns(".*", "build", "*.egg-info", "__pycache__", "shared")


@pytest.fixture(scope="module")
def released(tmp_path_factory):
    """Return what students receive."""
    folder = tmp_path_factory.mktemp("release") / "course"
    release(COURSE, folder)
    return folder


@pytest.fixture(scope="module")
def answers():
    """Return the solutions of all units, without the functions given with a mistake."""
    return [without_repairs(COURSE, name, solution) for name, solution in solutions(COURSE)]


def files_of(folder):
    """Return the paths of all files below a folder."""
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def listed():
    """Return what a release of this course should hold beside the engine's wheel."""
    yield from ("README.md", "course.toml", "docs/student.md", "AGENTS.md")
    yield from (".gitattributes", ".release/made")
    yield from (".vscode/settings.json", ".vscode/extensions.json")
    yield from ("docs/lesson.md", "docs/five_seeds.md", "docs/glossary.md")
    yield from (f"docs/lesson/{path.name}" for path in COURSE.folder.glob("docs/lesson/*.svg"))
    yield from (f"checks/{path.name}" for path in COURSE.checks.glob("*.py"))
    for unit in UNITS:
        yield from (f"assignments/{unit}.py", f"assignments/keys/{unit}.safetensors")
        yield f".release/{unit}.txt"
    yield from (f"drawings/{path.name}" for path in COURSE.folder.glob("drawings/*.svg"))
    for manifest in COURSE.folder.glob("datasets/*/manifest.toml"):
        yield from (
            f"datasets/{manifest.parent.name}/{name}" for name in ("manifest.toml", "README.md")
        )


# ---- what it holds


def test_a_release_holds_what_is_listed_and_nothing_else(released):
    """A release holds course, checks, stubs, keys, manifests, pages and one wheel only.

    The pages are the students', a README, and files for editors and assistants.
    """
    wheels, others = [], set()
    for name in files_of(released):
        if name.endswith(".whl"):
            wheels.append(name)
        else:
            others.add(name)
    assert others == set(listed())
    assert len(wheels) == 1
    assert "/" not in wheels[0]


def test_what_a_unit_or_a_page_points_to_is_released(released):
    """A release has each page that a unit names, and pictures and pages that these show."""
    for path in released.glob("assignments/*.py"):
        for page in re.findall(r"`(docs/[\w-]+\.md)`", path.read_text(encoding="utf-8")):
            assert (released / page).is_file(), f"{path.name} names {page}"
    for path in [released / "README.md", *released.glob("docs/*.md")]:
        for address in re.findall(r"\]\(([^):]+)\)", path.read_text(encoding="utf-8")):
            assert (path.parent / address).is_file(), f"{path.name} links to {address}"


@pytest.fixture(scope="module")
def littered(tmp_path_factory):
    """Copy the checkout with a new file of each kind in each of its folders.

    A script among checks may be imported; one among solutions is an alternative solution.
    """
    folder = tmp_path_factory.mktemp("littered") / "course"
    shutil.copytree(ROOT, folder, ignore=NOT_COPIED)
    folders = [path for path in folder.rglob("*") if path.is_dir()]
    for place in (folder, *folders):
        for name in ("new.txt", "new.csv", "new.ipynb", "new.safetensors", ".new"):
            (place / name).write_text("new")
        is_of_code = place == folder / "checks" or folder / "solutions" in place.parents
        if not is_of_code:
            (place / "new.py").write_text("new = 1")
    return folder


def test_a_copy_with_new_files_gives_the_same_release(littered, released, tmp_path):
    """A copy of the course elsewhere gives the same release byte for byte, the wheel included.

    New files in it are not released. Only the note of when a release was made differs.
    """
    release(read_course(littered), tmp_path / "out")
    assert files_of(tmp_path / "out") == files_of(released)
    for name in files_of(released) - {".release/made"}:
        assert (tmp_path / "out" / name).read_bytes() == (released / name).read_bytes(), name


def test_a_release_holds_no_answer(released, answers):
    """No file, key or wheel holds a line of a solution's region or a mistake's code."""
    assert len(secret_lines(answers)) > 100
    assert leaks(released, answers) == []


def test_reproduce_says_that_solutions_are_missing(released):
    """In a release `reproduce` prints a sentence and no traceback, and exits with 2."""
    done = run_command("reproduce", cwd=released)
    assert done.returncode == 2
    assert "There is no" in done.stderr
    assert "Traceback" not in done.stderr


def test_leaks_are_found(answers, tmp_path):
    """The test above can fail: it finds a planted line, also in packed files."""
    line = max(secret_lines(answers[:1]), key=len)
    (tmp_path / "notes.txt").write_text(f"by the way: {line}")
    with zipfile.ZipFile(tmp_path / "engine.whl", "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("autograder/notes.py", f"# {line}")
    planted = {f"engine.whl[autograder/notes.py]: {line}", f"notes.txt: {line}"}
    assert planted <= set(leaks(tmp_path, answers))


def test_a_stub_with_answers_in_it_is_not_released(littered, tmp_path):
    """A stub with answers in `assignments/` is refused, and nothing is written."""
    course = read_course(littered)
    stub = course.stub(UNIT).read_text()
    course.stub(UNIT).write_text(solution_of(this_course.unit()).plain())
    try:
        with pytest.raises(Stale, match="autograder build"):
            release(course, tmp_path / "out")
    finally:
        course.stub(UNIT).write_text(stub)
    assert not (tmp_path / "out").exists()


def test_the_wheel_holds_the_engine_and_nothing_of_the_course(released):
    """The wheel holds only `autograder` and its metadata, no tests and no unit's name."""
    (wheel,) = released.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.split("/")[0].split("-")[0] for name in names} == {
        "autograder",
        "experiment_autograder",
    }
    assert {"autograder/practice/watch.py", "autograder/report/templates/cell.html"} <= set(names)
    # from what `autograder new` writes
    template = "autograder/authoring/templates/new/course/tests/test_course.py"
    assert not [name for name in names if "tests" in name and name != template]
    assert not [name for name in names if any(unit in name for unit in UNITS)]


# ---- what a student does with it


@pytest.fixture(scope="module")
def mistaken():
    """Return a whole script with one known mistake."""
    solution = solution_of(this_course.unit())
    mistake = next(mistake for mistake, _, _ in solution.mistakes if RELU in mistake.text)
    return solution.with_mistake(mistake.id)


@pytest.fixture(scope="module")
def python(released, tmp_path_factory):
    """Return a Python with the release's wheel.

    It sees the packages here, but not this checkout.
    """
    folder = tmp_path_factory.mktemp("student")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    (site,) = folder.glob("lib/python*/site-packages")
    (wheel,) = released.glob("*.whl")
    with zipfile.ZipFile(wheel) as packed:
        packed.extractall(site)
    packages = [path for path in sys.path if path.endswith("-packages")]
    # the contents of their own .pth files are not followed
    (site / "packages.pth").write_text("\n".join(packages))
    return folder / "bin" / "python"


@pytest.fixture
def course(released, tmp_path):
    """Make a student's own copy of the release."""
    return shutil.copytree(released, tmp_path / "course")


@pytest.fixture
def student(python, course):
    """Run Python as a student in the course's folder; return exit code and output."""

    def run(*arguments):
        environment = {**os.environ, "MPLBACKEND": "agg", "COLUMNS": "200", "NO_COLOR": "1"}
        command = [str(python), *map(str, arguments)]
        done = subprocess.run(
            command, cwd=course, env=environment, capture_output=True, text=True, timeout=300
        )
        assert "Traceback" not in done.stderr
        return done.returncode, done.stdout + done.stderr

    return run


@pytest.mark.parametrize("unit", UNITS)
def test_a_unit_is_checked_in_a_release(unit, student, course):
    """In a release the stub passes nothing, and the solution in its place everything."""
    code, said = student("-m", "autograder", "check", unit, "--quick")
    assert code == 1
    assert "0 of" in said
    assert "not written yet" in said
    script = course / "assignments" / f"{unit}.py"
    script.write_text(solution_of(this_course.unit(unit)).plain())
    code, said = student("-m", "autograder", "check", script.relative_to(course), "--quick")
    assert code == 0, said
    assert "✗" not in said


def test_the_engine_of_a_release_is_its_wheel(student, python):
    """The engine of a release is its wheel, so the tests below run nothing of this checkout."""
    code, said = student("-c", "import autograder; print(autograder.__file__)")
    assert code == 0
    assert Path(said.strip()).is_relative_to(python.parents[1])


def test_a_student_finds_the_way(student):
    """The commands show the current unit, the next step, a hint, the data and a misspelt unit."""
    code, said = student("-m", "autograder")
    assert code == 0
    assert "autograder watch unit0" in said
    code, said = student("-m", "autograder", "hint", "unit4", "softmax_values")
    assert code == 0
    assert said.startswith("1 of ")
    code, said = student("-m", "autograder", "data", "--no-fetch")
    assert "MovieLens" in said
    assert "digits" in said
    code, said = student("-m", "autograder", "check", "unti4")
    assert code == 2
    assert "Did you mean" in said


def test_a_script_and_pytest_check_in_a_release(student, course, mistaken):
    """`python assignments/….py` and `pytest assignments/….py` agree with `check`."""
    script = course / "assignments" / f"{UNIT}.py"
    script.write_text(with_small_examples(UNIT, mistaken))
    code, said = student(script)
    assert code == 0
    assert RELU in said
    code, said = student("-m", "pytest", "-p", "no:cacheprovider", script)
    assert code == 1
    assert "14 passed" in said
    assert "4 failed" in said
    assert RELU in said


def test_watch_works_in_a_release(python, course, mistaken):
    """In a release `watch` runs the current check at a save and shows a hint at a key."""
    environment = {**os.environ, "COLUMNS": "100", "NO_COLOR": "1"}
    arguments = ["-m", "autograder", "watch", "unit4"]
    terminal = pexpect.spawn(
        str(python),
        arguments,
        cwd=str(course),
        env=environment,
        encoding="utf-8",
        dimensions=(40, 100),
        timeout=120,
    )
    terminal.expect("is not written yet")
    (course / "assignments" / f"{UNIT}.py").write_text(mistaken)
    terminal.expect(RELU)
    terminal.send("h")
    terminal.expect("hint 1 of ")
    terminal.send("q")
    terminal.expect(pexpect.EOF)
    terminal.close()
    assert terminal.exitstatus == 0
    noted = json.loads((course / ".autograder.json").read_text())
    assert "softmax_values" in noted[UNIT]["passed"] or noted[UNIT]["hints"]


def test_a_notebook_checks_in_a_release(python, course, monkeypatch, tmp_path):
    """A kernel of the student's Python finds the course from the notebook's folder."""
    kernel = tmp_path / "kernels" / "student"
    kernel.mkdir(parents=True)
    command = [str(python), "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    (kernel / "kernel.json").write_text(
        json.dumps({"argv": command, "display_name": "student", "language": "python"})
    )
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    lines = ["import numpy as np, autograder", f'check = autograder.unit("{UNIT}")']
    lines += ["def softmax(z):", "    raise NotImplementedError()", 'check("softmax_values")']
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("\n".join(lines))])
    NotebookClient(book, timeout=120, kernel_name="student").execute(
        cwd=str(course / "assignments")
    )
    (result,) = [
        output for output in book.cells[0].outputs if output.output_type == "execute_result"
    ]
    assert result["data"]["text/plain"] == "0"
    assert "<code>softmax</code> is not written yet." in result["data"]["text/html"]


def test_what_needs_the_solutions_says_so(student, course):
    """Without solutions, grading, building and validating exit with 2 and a sentence."""
    submitted = course / "class" / "ada" / UNIT
    submitted.mkdir(parents=True)
    shutil.copy(course / "assignments" / f"{UNIT}.py", submitted)
    commands = [("grade", "class", "--out", "x"), ("build",), ("validate", "unit4"), ("reproduce",)]
    for command in commands:
        code, said = student("-m", "autograder", *command)
        assert code == 2, said
        assert f"here is no {course / 'solutions'}" in said
