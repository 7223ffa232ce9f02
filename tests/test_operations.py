"""Installation elsewhere: the lock file, the image, a container without namespaces."""

import os
import re
import shutil
import subprocess
import sys
import tomllib

import pytest
from packaging.requirements import Requirement
from this_course import ROOT

from autograder.grading.results import stored_results
from autograder.sandbox.client import bubblewrap

pytestmark = pytest.mark.proof

FIXTURE = ROOT / "autograder" / "tests" / "fixture_course"
LOCK = (ROOT / "requirements" / "lock.txt").read_text()
DOCKERFILE = (ROOT / "Dockerfile").read_text()


def locked():
    """Return package → version of the lock file."""
    return dict(re.findall(r"^([\w.-]+)==([\w.+]+)", LOCK, re.M))


def test_the_lock_file_holds_what_the_engine_and_the_course_ask_for():
    """The lock file has the packages of core, platforms, Dask and course.toml.

    Torch comes from its own index.
    """
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    asked = [*project["dependencies"], *extras["lms"], *extras["cluster"]]
    asked += [
        package["install"]
        for package in tomllib.loads((ROOT / "course.toml").read_text())["packages"].values()
    ]
    versions = locked() | {"torch": re.search(r"ARG TORCH=(.*)", DOCKERFILE)[1]}
    for requirement in map(Requirement, asked):
        assert versions[requirement.name] in requirement.specifier, requirement


def test_every_file_of_the_lock_file_has_a_checksum():
    """Every file in the lock file has a checksum, so that pip accepts no other."""
    entries = re.split(r"\n(?=\w)", LOCK.strip())
    assert len(entries) > 40
    assert all("--hash=sha256:" in entry for entry in entries)


def test_the_docs_install_the_same_torch_as_the_image():
    """The docs and the image install torch from the lock file, by checksum."""
    text = (ROOT / "docs" / "operations.md").read_text()
    assert f"torch=={re.search(r'ARG TORCH=(.*)', DOCKERFILE)[1]}" in text
    for place in (text, DOCKERFILE):
        assert "--require-hashes -r requirements/lock.txt" in place


def test_what_the_image_copies_is_there():
    """Each source of a COPY exists and is not ignored by git."""
    for source, _ in re.findall(r"^COPY (\S+) (\S+)$", DOCKERFILE, re.M):
        assert (ROOT / source).exists(), source
    ignored = (ROOT / ".dockerignore").read_text().split()
    assert {".git", ".venv", "build"} <= set(ignored)


def in_a_container(folder, *arguments):
    """Run a command as `docker run --network none --read-only --cap-drop ALL` would.

    One folder is writable.
    """
    if not bubblewrap():
        pytest.skip("bubblewrap, which stands in for a container here, is not installed")
    walls = [
        "--unshare-user",
        "--disable-userns",
        "--unshare-net",
        "--unshare-pid",
        "--unshare-ipc",
    ]
    walls += [
        "--ro-bind",
        "/",
        "/",
        "--proc",
        "/proc",
        "--dev",
        "/dev",
        "--tmpfs",
        "/tmp",
        "--cap-drop",
        "ALL",
    ]
    kept = {
        str(ROOT),
        sys.prefix,
        sys.base_prefix,
        *(path for path in sys.path if os.path.isdir(path)),
    }
    walls += [part for path in sorted(kept) for part in ("--ro-bind", path, path)]
    walls += [
        "--ro-bind",
        str(folder / "submitted"),
        "/tmp/submitted",
        "--bind",
        str(folder / "grades"),
        "/tmp/grades",
    ]
    variables = {
        **os.environ,
        "XDG_CACHE_HOME": "/tmp/grades/.cache",
        "AUTOGRADER_COURSE": str(FIXTURE),
    }
    variables |= {"PYTHONPATH": str(ROOT), "NO_COLOR": "1", "TMPDIR": "/tmp"}
    command = [bubblewrap(), *walls, sys.executable, "-m", "autograder", *map(str, arguments)]
    return subprocess.run(
        command, env=variables, capture_output=True, text=True, cwd="/", timeout=300
    )


@pytest.fixture
def folder(tmp_path):
    """Make a class of one, and a folder for results."""
    place = tmp_path / "submitted" / "ada" / "words"
    place.mkdir(parents=True)
    shutil.copyfile(FIXTURE / "solutions" / "words.py", place / "words.py")
    (tmp_path / "grades").mkdir()
    return tmp_path


def test_grades_are_official_in_a_container(folder):
    """In a container the worker's own layers suffice for official grades.

    Only the results and the cache beside them are written.
    """
    done = in_a_container(folder, "grade", "/tmp/submitted", "--out", "/tmp/grades")
    assert done.returncode == 0, done.stderr
    (result,) = stored_results(folder / "grades")
    assert (result.student, result.score, result.provenance.official) == ("ada", 3, True)
    walls = " ".join(result.provenance.walls)
    assert "landlock" in walls
    assert "seccomp" in walls
    assert "bubblewrap" not in walls
    assert (folder / "grades" / ".cache" / "autograder" / "answers.sqlite").is_file()


def test_doctor_says_which_walls_stand_in_a_container(folder):
    """`doctor` says which layers work, which does not start, and that grades are official."""
    done = in_a_container(folder, "doctor")
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(
        r"✓ a worker that tries to break out: was held by landlock \d+, seccomp", done.stdout
    )
    assert "– bubblewrap, a second layer: does not start" in done.stdout
    assert "Grades given here are official." in done.stdout
