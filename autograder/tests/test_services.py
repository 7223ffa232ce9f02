"""The files for Gradescope, GitHub and notebooks run there with the engine's wheel."""

import json
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import nbformat
import pytest
import small
import small_class
import yaml
from fresh import OFFLINE, environment, new_environment, ready_packages
from nbclient import NotebookClient
from small import COURSE, UNIT, WORDS

from autograder.authoring.build import solutions
from autograder.authoring.given import leaks
from autograder.authoring.release import packages_to_install
from autograder.course import read_course
from autograder.sandbox.client import bubblewrap

pytestmark = pytest.mark.proof


def built(option, folder, *more):
    """Run `build` for a service."""
    done = small.run_command("build", option, folder, *more)
    assert done.returncode == 0, done.stderr
    return folder


# ---- Gradescope


def at_gradescope(folder, *command):
    """Run a command with `/autograder` as a folder of ours: no test may write to the real one."""
    top = [str(path) for path in sorted(Path("/").iterdir()) if path.name != "autograder"]
    binds = [part for path in top for part in ("--dev-bind", path, path)]
    binds += ["--bind", str(folder), "/autograder"]
    path = f"{folder / 'image'}{os.pathsep}{os.environ['PATH']}"
    named = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    variables = named | OFFLINE | {"TMPDIR": "/autograder/tmp", "PATH": path}
    command = [bubblewrap(), *binds, *map(str, command)]
    done = subprocess.run(
        command, env=variables, capture_output=True, text=True, timeout=300, cwd="/"
    )
    assert done.returncode == 0, done.stderr + done.stdout
    return done


def program(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


@pytest.fixture(scope="module")
def gradescope(tmp_path_factory):
    """Set up what `build --gradescope` wrote by its own setup.sh.

    The image's `apt-get` installs nothing, and its `python3` is this Python, whose packages a new
    environment sees.
    """
    folder = tmp_path_factory.mktemp("autograder")
    built("--gradescope", folder / "source")
    for part in ("submission", "results", "tmp"):
        (folder / part).mkdir()
    program(folder / "image" / "apt-get", "exit 0")
    (folder / "image" / "ready.pth").write_text(ready_packages())
    ready = f"cp {folder}/image/ready.pth .venv/lib/python*/site-packages"
    program(
        folder / "image" / "python3", f'{sys.executable} "$@" || exit; [ "$1" != -m ] || {ready}'
    )
    done = at_gradescope(folder, "bash", "/autograder/source/setup.sh")
    assert "line: Pairs on a line" in done.stdout
    return folder


def graded_there(folder, files):
    """Return what run_autograder writes for a submission of some files."""
    for path in [*(folder / "submission").iterdir(), *(folder / "results").iterdir()]:
        path.unlink()
    for name, text in files.items():
        (folder / "submission" / name).write_text(text)
    at_gradescope(folder, "bash", "/autograder/source/run_autograder")
    return json.loads((folder / "results" / "results.json").read_text())


def test_gradescope_s_setup_installs_the_engine_from_its_wheel(gradescope):
    """Gradescope's setup makes an environment with the wheel's engine, which finds the course."""
    where = "import autograder; print(autograder.__file__)"
    done = at_gradescope(gradescope, "/autograder/source/.venv/bin/python", "-P", "-c", where)
    assert done.stdout.startswith("/autograder/source/.venv/lib/")


def test_gradescope_grades_a_script_and_a_notebook(gradescope):
    """A script and a notebook each get a results.json, graded in the sandbox on a fresh seed."""
    record = graded_there(gradescope, {f"{UNIT}.py": small_class.by("squared").content})
    assert record["score"] == 9
    assert [test["status"] for test in record["tests"]].count("passed") == 3
    assert "this is the square" in record["tests"][0]["output"]
    record = graded_there(gradescope, {f"{UNIT}.ipynb": small_class.by("notebook").content})
    assert record["score"] == 11
    record = graded_there(
        gradescope, {f"{WORDS} (1).py": small_class.by("complete", WORDS).content}
    )
    assert record["score"] == 3
    record = graded_there(gradescope, {"Numbers.py": small_class.by("squared").content})
    assert record["score"] == 9


def test_gradescope_always_has_a_result(gradescope):
    """After an internal failure the result says so and is no grade."""
    wheel = gradescope / "source" / ".venv" / "bin" / "python"
    aside = wheel.rename(wheel.with_name("python.aside"))
    try:
        record = graded_there(gradescope, {f"{UNIT}.py": "x = 1"})
    finally:
        aside.rename(wheel)
    assert record["score"] == 0
    assert "is no grade" in record["output"]


def test_gradescope_says_which_name_it_looks_for(gradescope):
    """A file with another name gets 0 points and a sentence with the expected name."""
    record = graded_there(gradescope, {"homework.py": "x = 1"})
    assert record["score"] == 0
    words = (
        f"No unit found. This is {UNIT} or {WORDS}: submit the file with its own name, as "
        f"{UNIT}.py. A file in which nothing is written yet counts as none."
    )
    assert record["output"] == words
    stub = graded_there(gradescope, {f"{UNIT}.py": small_class.STUBS[UNIT]})
    assert stub["output"] == words


AT_GRADESCOPE = {  # in place of `double`: what an attacker would want there
    "writes the result": """
    for path in ("/autograder/results/results.json", "/autograder/results/other.json"):
        try:
            open(path, "w").write('{"score": 100}')
        except OSError:
            pass
    return 0 * x""",
    "reads the solution": """
    import glob
    found = glob.glob("/autograder/source/solutions/*")
    found += [open(f"/autograder/source/solutions/{name}.py").read() for name in ("UNIT",)]
    raise RuntimeError(f"planted {found}")""",
    "floods": "return np.zeros(60_000_000, np.uint8)",
    "exits": "import os; os._exit(0)",
    "prints a result": """print('{"score": 100}'); return 0 * x""",
}


@pytest.mark.parametrize("code", AT_GRADESCOPE.values(), ids=AT_GRADESCOPE)
def test_an_attack_at_gradescope_costs_its_check(code, gradescope):
    """An attack loses its own check only; the result holds nothing of a solution.

    No other file is there.
    """
    script = f"{small.solved()}\ndef double(x):\n    {code.replace('UNIT', UNIT)}\n"
    record = graded_there(gradescope, {f"{UNIT}.py": script})
    statuses = [test["status"] for test in record["tests"]]
    assert statuses[0] == "failed"
    assert record["score"] == sum(test["score"] for test in record["tests"]) < 11
    assert "BEGIN SOLUTION" not in json.dumps(record)
    assert [path.name for path in (gradescope / "results").iterdir()] == ["results.json"]


@pytest.mark.parametrize("beside", ["submission_metadata.yml", "sitecustomize.py", "autograder.py"])
def test_what_lies_beside_a_file_at_gradescope_changes_nothing(beside, gradescope):
    """Files beside a submission change nothing: a platform's table, importable modules.

    They are the student's own.
    """
    planted = (
        ":submission_1:\n  :submitters: []\n" if beside.endswith("yml") else "raise SystemExit"
    )
    files = {f"{UNIT}.py": small_class.by("squared").content, beside: planted}
    assert graded_there(gradescope, files)["score"] == 9


def test_a_link_at_gradescope_is_not_followed(gradescope):
    """Links are not followed, to the solution or through a folder."""
    for path in (gradescope / "submission").iterdir():
        path.unlink()
    (gradescope / "submission" / f"{UNIT}.py").symlink_to(f"/autograder/source/solutions/{UNIT}.py")
    (gradescope / "submission" / UNIT).symlink_to("/autograder/source/solutions")
    at_gradescope(gradescope, "bash", "/autograder/source/run_autograder")
    record = json.loads((gradescope / "results" / "results.json").read_text())
    assert record["score"] == 0
    assert "BEGIN SOLUTION" not in json.dumps(record)


def test_gradescope_holds_the_course_its_solutions_and_the_wheel_alone(tmp_path):
    """Gradescope's folder holds the course, its units' solutions, the wheel and two scripts.

    It is written only into an empty folder.
    """
    folder = built("--gradescope", tmp_path / "source")
    names = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert {
        "setup.sh",
        "run_autograder",
        "course.toml",
        f"solutions/{UNIT}.py",
        f"solutions/{WORDS}.py",
    } <= names
    assert {name.split("/")[0] for name in names if not name.endswith(".whl")} == {
        *(
            "assignments",
            "checks",
            "course.toml",
            "datasets",
            "run_autograder",
            "setup.sh",
            "solutions",
        )
    }
    assert not [name for name in names if "styles" in name or "bounds" in name]
    assert small.run_command("build", "--gradescope", folder).returncode == 2


# ---- Classroom 50, and plain GitHub


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    """Return what `build --classroom50` wrote."""
    return built("--classroom50", tmp_path_factory.mktemp("classroom50") / "autograders" / "sums")


RUNNER = {
    "CLASSROOM": "fall",
    "ASSIGNMENT": "sums",
    "ASSIGNMENT_TYPE": "individual",
    "OWNER": "ada",
    "SUBMISSION_TAG": "submit/2026-11-20T14-22-32Z-a1b2c3d",
    "COMMIT_URL": "https://github.com/o/fall-sums-ada/commit/a1b2c3d",
    "RELEASE_URL": "https://github.com/o/fall-sums-ada/releases/tag/submit",
    "REVIEW_URL": "https://github.com/o/fall-sums-ada/compare/b...a",
}
# the fields that `schemas/result-v1.schema.json` of foundation50/classroom50 requires; no others
REQUIRED = {
    "schema",
    "classroom",
    "assignment",
    "assignment_type",
    "owner",
    "submission",
    "commit",
    "release",
}
REQUIRED |= {"review", "datetime", "score", "max-score", "tests"}


def at_classroom50(bundle, checkout, cache):
    """Run a bundle's autograder.py in a checkout, as the runner does; return result.json."""
    variables = environment(Path(sys.executable), **RUNNER, RUNNER_TOOL_CACHE=str(cache))
    command = [sys.executable, bundle / "autograder.py"]
    done = subprocess.run(command, cwd=checkout, env=variables, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr + done.stdout
    return json.loads((checkout / "result.json").read_text())


def test_classroom50_gets_its_result(bundle, tmp_path):
    """The result fits the schema: its keys and no other, integers, no score above the maximum.

    The table for the release is there, too.
    """
    checkout = tmp_path / "checkout"
    (checkout / "assignments").mkdir(parents=True)
    (checkout / "assignments" / f"{UNIT}.py").write_text(small_class.by("halved").content)
    cache = tmp_path / "cache"
    python = ready_environment(cache, bundle)
    record = at_classroom50(bundle, checkout, cache)
    assert set(record) == REQUIRED
    assert (record["schema"], record["owner"]) == ("classroom50/result/v1", "ada")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", record["datetime"])
    assert (record["score"], record["max-score"]) == (1000, 1100)
    for test in record["tests"]:
        assert isinstance(test["score"], int)
        assert 0 <= test["score"] <= test["max-score"]
        assert isinstance(test["passed"], bool)
        assert isinstance(test["max-score"], int)
    assert any("do not divide" in test["message"] for test in record["tests"])
    assert "not official" in (checkout / "release-body.md").read_text()
    made = python.stat().st_mtime_ns
    assert at_classroom50(bundle, checkout, cache)["score"] == 1000
    assert python.stat().st_mtime_ns == made  # the environment was found again


def ready_environment(cache, bundle):
    """Make the environment that the bundle's autograder.py would make, with ready packages."""
    code = (
        f"import runpy; m = runpy.run_path({str(bundle / 'autograder.py')!r}); "
        "print(m['installed']())"
    )
    path = cache / "bin" / "sitecustomize.py"
    path.parent.mkdir(parents=True)
    variables = environment(Path(sys.executable), RUNNER_TOOL_CACHE=str(cache))
    done = subprocess.run(
        [sys.executable, "-c", code], env=variables, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    python = Path(done.stdout.strip().splitlines()[-1])
    (site,) = python.parents[1].glob("lib/python*/site-packages")
    assert (site / "autograder" / "version.py").is_file()
    (site / "ready.pth").write_text(ready_packages())
    return python


def test_the_public_bundle_holds_no_solution(bundle):
    """The public bundle holds no solution, because GitHub Pages serves it to anybody."""
    names = {path.relative_to(bundle).as_posix() for path in bundle.rglob("*") if path.is_file()}
    assert {"autograder.py", "course.toml", f"assignments/{UNIT}.py", f"checks/{UNIT}.py"} <= names
    assert not [name for name in names if "solution" in name]
    found = leaks(bundle, [solution for _, solution in solutions(COURSE)])
    assert [
        line for line in found if "templates/new/" not in line
    ] == []  # the example that `new` writes


def test_the_workflow_of_plain_github_runs_beside_a_release(tmp_path):
    """The workflow's steps run with the wheel, and the summary has the points of each unit."""
    course = built("--release", tmp_path / "course", "--github")
    for unit, script in small_class.SOLVED.items():
        (course / "assignments" / f"{unit}.py").write_text(script)
    job = yaml.safe_load((course / ".github" / "workflows" / "checks.yml").read_text())["jobs"][
        "units"
    ]
    steps = [step for step in job["steps"] if "run" in step]
    variables = environment(Path(sys.executable), GITHUB_STEP_SUMMARY="summary.md")
    for step in steps:
        done = subprocess.run(
            ["bash", "-e", "-c", step["run"]],
            cwd=course,
            env=variables,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr + done.stdout
        if step is steps[0]:
            (site,) = course.glob(".venv/lib/python*/site-packages")
            assert (site / "autograder" / "version.py").is_file()
            (site / "ready.pth").write_text(ready_packages())
    summary = (course / "summary.md").read_text()
    assert f"{UNIT}: 11 of 11 points" in re.sub(
        r"\\|&#95;", lambda m: "_" * (m[0] != "\\"), summary
    )
    (cache,) = [
        step["with"] for step in job["steps"] if step.get("uses", "").startswith("actions/cache@")
    ]
    assert ".venv" in cache["path"]
    assert "${{ hashFiles('*.whl', 'course.toml') }}" in cache["key"]


# ---- notebooks for Colab or a JupyterHub


@pytest.fixture
def kernel(tmp_path, monkeypatch):
    """Return the name of a kernel in a new environment without the engine."""
    python = new_environment(tmp_path / "env")
    folder = tmp_path / "jupyter" / "kernels" / "fresh"
    folder.mkdir(parents=True)
    argv = [str(python), "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    facts = {
        "argv": argv,
        "display_name": "fresh",
        "language": "python",
        "env": environment(python),
    }
    (folder / "kernel.json").write_text(json.dumps(facts))
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "jupyter"))
    monkeypatch.delenv("PYTHONPATH", raising=False)
    return "fresh"


@pytest.mark.parametrize("address", [False, True], ids=["a path", "an address"])
def test_notebooks_bring_the_course_and_the_engine_along(tmp_path, kernel, address):
    """The first cell unpacks kit.zip, installs its wheel and names the data.

    Then the checks work.
    """
    folder = tmp_path / "notebooks"
    kit = (folder / "kit.zip").as_uri() if address else "./kit.zip"
    built("--notebooks", folder, "--kit", kit)
    book = nbformat.read(folder / f"{UNIT}.ipynb", 4)
    where = nbformat.v4.new_code_cell("import autograder; print(autograder.__file__)")
    # up to the first check
    code = [cell for cell in book.cells if cell.cell_type == "code"][:4]
    # the first cell may run again
    book.cells = [
        *code,
        where,
        nbformat.v4.new_code_cell(code[0].source),
    ]
    NotebookClient(book, timeout=120, kernel_name=kernel).execute(cwd=str(folder))
    said = ["".join(output.get("text", "") for output in cell.outputs) for cell in book.cells]
    assert "line: Pairs on a line" in said[0]
    assert "line: Pairs on a line" in said[-1]
    assert "is not written yet" in book.cells[3].outputs[0]["data"]["text/html"]
    assert said[4].startswith(str(tmp_path / "env"))


def test_notebooks_of_a_later_week_bring_their_unit_along(tmp_path, kernel):
    """In a folder with the first week's kit, the first cell of the second adds its unit."""
    folder = built("--notebooks", tmp_path / "first", UNIT)
    later = built("--notebooks", tmp_path / "second", WORDS, "--kit", "./later.zip")
    (later / "kit.zip").rename(folder / "later.zip")
    (later / f"{WORDS}.ipynb").rename(folder / f"{WORDS}.ipynb")
    for unit in (UNIT, WORDS, UNIT):
        book = nbformat.read(folder / f"{unit}.ipynb", 4)
        first, *_ = (cell for cell in book.cells if cell.cell_type == "code")
        book.cells = [
            first,
            nbformat.v4.new_code_cell(f"import autograder\nautograder.unit('{unit}')"),
        ]
        NotebookClient(book, timeout=120, kernel_name=kernel).execute(cwd=str(folder))
    assert read_course(folder).units == (UNIT, WORDS)


def test_a_kit_is_a_release(tmp_path):
    """A kit holds a release and nothing of a solution.

    Existing notebooks are not overwritten.
    """
    folder = built("--notebooks", tmp_path / "notebooks")
    names = set(zipfile.ZipFile(folder / "kit.zip").namelist())
    files = {name for name in names if not name.endswith("/")}
    released = built("--release", tmp_path / "release")
    assert files == {
        path.relative_to(released).as_posix() for path in released.rglob("*") if path.is_file()
    }
    assert {
        f"assignments/{UNIT}.py",
        f"assignments/keys/{UNIT}.safetensors",
        "course.toml",
    } <= files
    assert not [name for name in files if "solutions" in name]
    assert small.run_command("build", "--notebooks", folder).returncode == 2


def test_a_notebook_installs_what_its_unit_needs(tmp_path):
    """A notebook installs the wheel and its unit's packages, with their versions.

    That includes packages that no unit names, such as those that draw.
    """
    course = small.copy_course(tmp_path / "course")
    about = (course / "course.toml").read_text()
    packages = (
        '[packages]\nnumpy = { install = "numpy>=1.26" }\n'
        'drawing = { install = "drawing>=3", index = "https://of.example/cpu" }\n'
    )
    (course / "course.toml").write_text(about.replace("[words]", f"{packages}\n[words]"))
    done = small.run_command("build", "--notebooks", tmp_path / "notebooks", cwd=course)
    assert done.returncode == 0, done.stderr
    first = {
        unit: nbformat.read(tmp_path / "notebooks" / f"{unit}.ipynb", 4).cells[0].source
        for unit in COURSE.units
    }
    install = r"%pip install --quiet \./experiment_autograder-[\w.]+-py3-none-any\.whl"
    line = packages_to_install(read_course(course))
    assert line == '"numpy>=1.26" "drawing>=3" --extra-index-url=https://of.example/cpu'
    index = r'"--extra-index-url=https://of\.example/cpu"'
    assert re.search(rf'{install} "numpy>=1\.26" "drawing>=3" {index}\n', first[UNIT])
    assert re.search(rf'{install} "drawing>=3" {index}\n', first[WORDS])
