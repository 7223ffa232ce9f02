"""A second course, on letters and names, taught with the wheel and an unchanged engine.

The wheel is installed as people install it, into separate environments: one with the core's
packages, as graders and students have it, and one of an author. Commands run elsewhere on the disk,
with a nearly empty environment.
"""

import importlib.metadata
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from small import ROOT, submit

from autograder.authoring.given import leaks
from autograder.authoring.wheel import pack_wheel
from autograder.errors import DISTRIBUTION
from autograder.report import exports
from autograder.source.solution import read_solution

pytestmark = pytest.mark.proof

SOURCES = Path(__file__).parent / "second_course"
UNIT = "letters"
SOLUTION = read_solution((SOURCES / "solutions" / f"{UNIT}.py").read_text())
PIP = ("--quiet", "--disable-pip-version-check", "--retries", "0", "--timeout", "20")
# spaces between initials are missing, which no known mistake does
FORGOTTEN = """def initials(name):
    words = name.split()
    return f"{words[0][0].upper()}. " + "".join(word[0].upper() + "." for word in words[1:])
"""
EMPTY_PRINT = "raise SystemExit('no')\n"


# pip keeps its settings and sees nothing of this checkout
OUTSIDE = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}


class Installed:
    """A virtual environment with the wheel and its commands."""

    def __init__(self, folder):
        self.folder = folder
        subprocess.run(
            [sys.executable, "-m", "venv", "--without-pip", folder], check=True, env=OUTSIDE
        )

    def run(self, command, *arguments, cwd):
        """Run a command of the environment with little more than a PATH."""
        environment = {"PATH": f"{self.folder}/bin:/usr/bin:/bin", "HOME": str(self.folder.parent)}
        environment |= {"NO_COLOR": "1", "COLUMNS": "200"}
        whole = [self.folder / "bin" / command, *map(str, arguments)]
        return subprocess.run(whole, cwd=cwd, env=environment, capture_output=True, text=True)

    def passes(self, *arguments, cwd, command="autograder"):
        """Run a command that must succeed; return its output."""
        done = self.run(command, *arguments, cwd=cwd)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def install(self, wheel):
        """Install the wheel, not editable, with the core's packages.

        pip installs them; without a network the packages of this Python are copied.
        """
        pip = [
            sys.executable,
            "-m",
            "pip",
            "--python",
            self.folder,
            "install",
            *PIP,
            "--no-compile",
        ]
        if subprocess.run([*pip, wheel], capture_output=True, env=OUTSIDE).returncode:
            subprocess.run([*pip, "--no-deps", wheel], check=True, env=OUTSIDE)
            self.bring(set(), _copy)

    def bring(self, extras, how=os.symlink):
        """Copy what the wheel and some of its extras require from this test's environment.

        Nothing else is copied, so a package that an extra forgets is missing. Skips the test if a
        required package is not here.
        """
        (site,) = self.folder.glob("lib/python*/site-packages")
        (wheel,) = importlib.metadata.distributions(name=DISTRIBUTION, path=[str(site)])
        seen, queue = set(), list(_required(wheel, extras))
        while queue:
            if (wanted := queue.pop()) in seen:
                continue
            seen.add(wanted)
            try:
                found = importlib.metadata.distribution(wanted[0])
            except importlib.metadata.PackageNotFoundError:
                pytest.skip(f"{wanted[0]} is not installed here")
            for top in {file.parts[0] for file in found.files or ()} - {"..", "__pycache__"}:
                if not (site / top).exists():
                    how(found.locate_file(top), site / top)
            for command in found.entry_points.select(group="console_scripts"):
                self._write_script(command)
            queue += _required(found, wanted[1])

    def _write_script(self, command):
        """Write a command as pip does."""
        script = self.folder / "bin" / command.name
        call = (
            f"from {command.module} import {command.attr.split('.')[0]}\nraise "
            f"SystemExit({command.attr}())\n"
        )
        if not script.exists():
            script.write_text(f"#!{self.folder}/bin/python\n{call}")
            script.chmod(0o755)


def _required(found, extras):
    """Return the names that a distribution requires here, each with the extras of its own."""
    for requirement in map(Requirement, found.requires or ()):
        asked = [{"extra": extra} for extra in extras or {""}]
        if requirement.marker is None or any(map(requirement.marker.evaluate, asked)):
            yield requirement.name, frozenset(requirement.extras)


def _copy(source, target):
    (shutil.copytree if Path(source).is_dir() else shutil.copy2)(source, target)


@pytest.fixture(scope="session")
def packed(tmp_path_factory):
    """Return the wheel that a release holds, packed by the engine itself."""
    return pack_wheel(tmp_path_factory.mktemp("packed"))


@pytest.fixture(scope="session")
def built(tmp_path_factory):
    """Return the wheel that pip builds from the source."""
    source, wheels = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("built")
    for name in ("pyproject.toml", "README.md", "LICENSE", "LICENSE-text.md"):
        shutil.copy(ROOT / name, source)
    shutil.copytree(
        ROOT / "autograder", source / "autograder", ignore=shutil.ignore_patterns("__pycache__")
    )
    pip = [sys.executable, "-m", "pip", "wheel", *PIP, "--no-deps", "-w", wheels, source]
    for isolated in ([], ["--no-build-isolation"]):
        done = subprocess.run([*pip, *isolated], capture_output=True, text=True, env=OUTSIDE)
        if done.returncode == 0:
            return next(wheels.glob("*.whl"))
    pytest.skip(f"pip cannot build a wheel here: {done.stderr[-300:]}")


@pytest.fixture(scope="session")
def core(packed, tmp_path_factory):
    """Make an environment of a grader or a student: the wheel with the core's packages."""
    installed = Installed(tmp_path_factory.mktemp("core") / "env")
    installed.install(packed)
    return installed


@pytest.fixture(scope="session")
def author(built, tmp_path_factory):
    """Make an environment of an author, who also uses nbgrader."""
    installed = Installed(tmp_path_factory.mktemp("author") / "env")
    installed.install(built)
    installed.bring({"authoring", "nbgrader"})
    return installed


@pytest.fixture(scope="session")
def course(core, tmp_path_factory):
    """Write the course by `autograder new`, change it to another subject, and build it.

    No test changes it.
    """
    folder = tmp_path_factory.mktemp("elsewhere") / "letters_and_names"
    core.passes("new", folder, cwd=folder.parent)
    for path in ("solutions", "checks/straight_lines.py", "datasets"):
        shutil.rmtree(folder / path) if (folder / path).is_dir() else (folder / path).unlink()
    shutil.copytree(SOURCES, folder, dirs_exist_ok=True)
    core.passes("build", cwd=folder)
    return folder


def mistake(words):
    """Return the solution with the known mistake that has this description."""
    return SOLUTION.with_mistake(next(m.id for m, _, _ in SOLUTION.mistakes if words in m.text))


def notebook(script):
    """Return a script as a notebook with one cell."""
    cell = {
        "cell_type": "code",
        "execution_count": None,
        "metadata": {},
        "outputs": [],
        "source": script,
    }
    return json.dumps({"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 4})


def scripts():
    """Return the scripts of a class of ten, by student; one submits a notebook."""
    plain, style = SOLUTION.plain(), (SOURCES / f"solutions/styles/{UNIT}/loops.py").read_text()
    return {
        "ada": plain,
        "bo": SOLUTION.stub,
        "cy": f"{plain}\n{style}",
        "di": mistake("a space is missing"),
        "ed": mistake("the letters are small"),
        "flo": mistake("this is the order of first names"),
        "gus": mistake("held to be impossible"),
        "hal": f"{plain}\n{FORGOTTEN}",
        "ina": f"{plain}\ndef by_last_name(names): return names[0]\n",
        "jo": f"{plain}\ndef letter_shares(text): return text\n",
    }


POINTS = {
    **{"ada": 8, "bo": 0, "cy": 8, "di": 7, "ed": 6, "flo": 6, "gus": 4, "hal": 6, "ina": 6},
    "jo": 4,
}


@pytest.fixture(scope="session")
def graded(core, course, tmp_path_factory):
    """Grade the class of ten with the core's packages.

    Returns the submissions, the results and the output.
    """
    submitted, out = (
        tmp_path_factory.mktemp("class") / "submitted",
        tmp_path_factory.mktemp("grades"),
    )
    for student, script in scripts().items():
        path = submit(submitted, student, script, UNIT)
        if student == "ada":
            path.with_suffix(".ipynb").write_text(notebook(script))
            path.unlink()
    said = core.passes(
        "grade", submitted, "--out", out, "--course", course, "--seed", 8, cwd=submitted.parent
    )
    return submitted, out, said


def results(out):
    """Return student → stored result."""
    return {path.stem: json.loads(path.read_text()) for path in (out / UNIT).glob("*.json")}


def remark(result, check):
    """Return the first remark on a check."""
    (found,) = [entry for entry in result["checks"] if entry["name"] == check]
    return found["remarks"][0]


def named(result, check):
    """Return the known mistake that the first remark on a check names, in its author's words."""
    (text,) = remark(result, check)["finding"]["mistakes"]
    return text


def modules(wheel):
    """Return path → bytes of a wheel's files, without the distribution's metadata."""
    with zipfile.ZipFile(wheel) as archive:
        return {
            name: archive.read(name) for name in archive.namelist() if ".dist-info/" not in name
        }


def test_both_wheels_hold_the_same_modules(packed, built):
    """Both wheels have the same modules: templates with their tests, and no tests of the engine."""
    ours, pips = modules(packed), modules(built)
    assert ours == pips
    assert "autograder/authoring/templates/new/course/tests/test_course.py" in ours
    assert not [name for name in ours if name.startswith("autograder/tests/")]


def test_the_engine_is_the_installed_one(core, author, tmp_path):
    """The engine is imported from the wheel, not this checkout, without an author's package."""
    for installed in (core, author):
        code = "import autograder; print(autograder.__file__)"
        assert installed.passes("-P", "-c", code, cwd=tmp_path, command="python").startswith(
            str(installed.folder)
        )
    code = (
        "import importlib.metadata as m; print(*sorted(d.name.lower() for d in m.distributions()))"
    )
    have = core.passes("-P", "-c", code, cwd=tmp_path, command="python").split()
    assert not {"jupytext", "matplotlib", "nbgrader", "pandas", "tomli-w", "torch"} & set(have), (
        have
    )


def test_every_command_explains_itself_with_the_core_alone(core, tmp_path):
    """The help of every command needs no extra."""
    names = re.findall(
        r"^  (\w+) ", core.passes("--help", cwd=tmp_path).partition("Commands:")[2], re.M
    )
    assert {"build", "check", "grade", "nbgrader", "new", "validate"} <= set(names)
    for name in names:
        core.passes(name, "--help", cwd=tmp_path)


@pytest.mark.parametrize(
    ("command", "package", "extra"),
    [
        (("calibrate",), "tomli_w", "authoring"),
        (("build", "--notebooks", "OUT"), "jupytext", "authoring"),
        (("nbgrader", "OUT"), "jupytext", "nbgrader|authoring"),
        (("grade", "SUBMITTED", "--out", "OUT", "--cluster", "localhost:1"), "Dask", "cluster"),
    ],
)
def test_a_command_says_which_extra_it_lacks(
    core, packed, course, graded, tmp_path, command, package, extra
):
    """A command whose extra is missing says so at once, with the command to install it."""
    submitted, *_ = graded
    places = {"OUT": tmp_path / "out", "SUBMITTED": submitted}
    arguments = [places.get(word, word) for word in command]
    done = core.run("autograder", *arguments, cwd=course)
    assert done.returncode == 2
    assert done.stdout.count("\n") <= 1
    install = f'pip install "{packed}['
    mends = re.escape(install) + rf'({extra})\]"'
    assert re.search(rf"needs ({package}).*: {mends}", done.stderr), done.stderr


def test_the_course_is_built_with_the_core_alone(core, course):
    """The core's packages suffice to build the course; stubs and keys are up to date."""
    assert "everything is up to date" in core.passes("build", "--check", cwd=course)


def test_a_student_practises_with_the_core_alone(core, course, tmp_path):
    """In a release the core's packages suffice for commands, scripts and hints."""
    core.passes("build", "--release", tmp_path / "given", cwd=course)
    assert leaks(tmp_path / "given", [SOLUTION]) == []
    first = core.run("autograder", "check", cwd=tmp_path / "given")
    assert first.returncode == 1
    assert "`initials` is not written yet." in first.stdout
    assert "What stands between two letters?" in core.passes("hint", cwd=tmp_path / "given")
    script = tmp_path / "given" / "assignments" / f"{UNIT}.py"
    script.write_text(SOLUTION.plain())
    assert "8 of 8 points" in core.passes("check", cwd=tmp_path / "given")
    assert core.passes(script, cwd=tmp_path, command="python").count("✓") == 4


def test_a_class_of_ten_is_graded(graded):
    """Each of ten students gets the expected points in an official, confined grade."""
    found = results(graded[1])
    assert {student: result["score"] for student, result in found.items()} == POINTS
    assert all(result["provenance"]["official"] for result in found.values())
    assert "10 submissions" in graded[2]


def test_wrong_text_is_told_as_text(graded):
    """A remark quotes the expected and the found text, also one text in place of many."""
    found = results(graded[1])
    told = [entry["text"] for entry in found["hal"]["checks"][0]["remarks"]]
    both = r"expected '(\w)\. (\w)\. (\w)\.', found '\1\. \2\.\3\.'"
    assert re.fullmatch(rf"{both}\. Only white space differs\.", told[0]), told
    assert told[1].startswith("at [0] expected '")
    assert "; 4 of 4 differ. Only white" in told[1]
    assert "(12,)" in remark(found["ina"], "ordering")["text"]
    assert remark(found["jo"], "counting")["text"] == "your value is text, and should be numbers."


def test_known_mistakes_are_named(graded):
    """Known mistakes are diagnosed in their author's words at the check that shows them."""
    found = results(graded[1])
    assert named(found["di"], "shortening") == "a space is missing between the letters."
    assert named(found["flo"], "ordering").startswith("this is the order of first names")
    assert named(found["gus"], "counting").startswith("a letter that was not seen")
    not_judged = "Not judged: it needs `counting`, which did not pass."
    assert remark(found["gus"], "reading")["text"] == not_judged


def test_pages_and_exports_are_made_with_the_core_alone(core, course, graded):
    """The core's packages suffice for a page of each student and every gradebook's file."""
    _, out, said = graded
    assert Path(said.rpartition("pages: ")[2].strip()).is_file()
    assert "a space is missing" in "".join(
        path.read_text() for path in (out / "pages").rglob("*.html")
    )
    core.passes("report", out, "--anonymous", cwd=course)
    for system in sorted({*exports.FORMATS} - {"standings"}):  # which have a test of their own
        core.passes("export", out, "--to", system, "--out", out / "export" / system, cwd=course)
    assert "di" in next((out / "export" / "csv").rglob("*.csv")).read_text()


def test_nothing_is_taken_from_the_current_folder(core, course, graded, tmp_path):
    """Students named like a course's folders change no grade, though Python would look there."""
    submitted = shutil.copytree(graded[0], tmp_path / "submitted")
    wrong = SOLUTION.with_mistake("m01")
    for name in ("solutions", "checks", "datasets", "assignments", "autograder", "numpy"):
        path = submit(submitted, name, SOLUTION.stub, UNIT)
        (path.parent / "__init__.py").write_text(EMPTY_PRINT)
        (submitted / name / "__init__.py").write_text(EMPTY_PRINT)
        (submitted / name / f"{UNIT}.py").write_text(wrong if name == "solutions" else EMPTY_PRINT)
    said = core.passes(
        "grade", ".", "--out", tmp_path / "out", "--course", course, "--seed", 8, cwd=submitted
    )
    assert str(course) in said
    found = {student: result["score"] for student, result in results(tmp_path / "out").items()}
    assert {
        student: score for student, score in found.items() if score and student not in POINTS
    } == {}
    assert {student: found[student] for student in POINTS} == POINTS


def test_a_course_among_the_submissions_is_refused(core, course, graded, tmp_path):
    """A course found among submissions is refused unless it is named: it may be a student's."""
    submitted = shutil.copytree(graded[0], tmp_path / "submitted")
    shutil.copytree(course, submitted, dirs_exist_ok=True)
    done = core.run("autograder", "grade", ".", "--out", tmp_path / "out", cwd=submitted)
    assert done.returncode == 2
    assert "lies inside" in done.stderr
    assert not (tmp_path / "out").exists()


def test_the_material_is_proven(author, course):
    """With an author's packages `validate` passes: every mutant loses points."""
    said = author.passes("validate", "--seeds", 2, cwd=course)
    assert "✗" not in said
    assert "100.0% of" in said


def test_the_course_passes_its_own_tests(author, course):
    """The tests that `autograder new` wrote pass for another subject."""
    said = author.passes(
        "-m", "pytest", "-q", "-p", "no:cacheprovider", "-W", "error", cwd=course, command="python"
    )
    assert "3 passed" in said


def test_notebooks_and_gradescope_get_the_course(author, course, tmp_path):
    """A notebook's first cell installs the wheel, and Gradescope's folder has the solutions."""
    author.passes("build", "--notebooks", tmp_path / "notebooks", cwd=course)
    assert "experiment_autograder" in (tmp_path / "notebooks" / f"{UNIT}.ipynb").read_text()
    author.passes("build", "--gradescope", tmp_path / "gradescope", cwd=course)
    assert (tmp_path / "gradescope" / "solutions" / f"{UNIT}.py").is_file()


def test_nbgrader_takes_the_course_and_its_grades(author, course, graded, tmp_path):
    """nbgrader's own command makes the assignment, and its gradebook gets scores and remarks."""
    folder = tmp_path / "nbgrader"
    author.passes("nbgrader", folder, cwd=course)
    author.passes("generate_assignment", UNIT, cwd=folder, command="nbgrader")
    released = (folder / "release" / UNIT / f"{UNIT}.ipynb").read_text()
    assert "raise NotImplementedError()" in released
    assert "word[0]" not in released
    one = tmp_path / "grades" / UNIT
    one.mkdir(parents=True)
    shutil.copy(graded[1] / UNIT / "di.json", one)  # one second for each of the others
    author.passes("nbgrader", folder, "--grades", one.parent, cwd=course)
    each = (one.parent / "export" / "nbgrader.txt").read_text()
    assert each.startswith("di, letters: 7 of 8 points")
