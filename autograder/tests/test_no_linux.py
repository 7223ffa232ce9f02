"""Commands that confine nothing work on any system; others say that they need Linux.

The tests show this on Linux as far as possible; `test_windows.py` uses Python for Windows.
"""

import ast
import shutil

import no_linux
import pytest
import small
import small_class
from small import COURSE, UNIT


@pytest.fixture(scope="module")
def grades(tmp_path_factory):
    """Return a class that was graded on Linux."""
    folder = tmp_path_factory.mktemp("class")
    small_class.hand_in(folder / "submitted", small_class.by("complete"))
    small_class.hand_in(folder / "submitted", small_class.by("halved"))
    arguments = ("grade", folder / "submitted", "--out", folder / "grades", "--quick")
    done = small.run_command(*arguments)
    assert done.returncode == 0, done.stderr
    return folder / "grades"


@pytest.mark.parametrize(
    "arguments",
    [
        ("report", "GRADES"),
        ("export", "GRADES", "--to", "csv"),
        ("export", "GRADES", "--to", "moodle"),
        ("feedback", "GRADES"),
        ("similar", "GRADES"),
        ("collect", "SUBMITTED", "--into", "INTO"),
        ("collect", "SUBMITTED.zip", "--into", "INTO"),
        ("similar", "GRADES", "--submitted", "SUBMITTED.zip"),
        ("data",),
        ("new", "INTO"),
    ],
    ids=" ".join,
)
def test_what_confines_nothing_works_without_linux(arguments, grades, tmp_path):
    """Without Linux, the commands for authors and instructors work, from a folder or a zip."""
    submitted = grades.parent / "submitted"
    if not submitted.with_suffix(".zip").exists():
        shutil.make_archive(str(submitted), "zip", submitted)
    places = {
        "GRADES": grades,
        "SUBMITTED": submitted,
        "SUBMITTED.zip": submitted.with_suffix(".zip"),
        "INTO": tmp_path / "into",
    }
    words = [places.get(word, word) for word in arguments]
    done = no_linux.run(*words, cwd=COURSE.folder)
    assert (done.returncode, done.stderr) == (0, "")


def test_grading_says_where_it_can_be_done(grades, tmp_path):
    """`grade` exits with 2 and one sentence on the ways to grade, and grades nothing."""
    submitted = grades.parent / "submitted"
    done = no_linux.run("grade", submitted, "--out", tmp_path / "out", cwd=COURSE.folder)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    for way in ("Only Linux has the sandbox", "WSL2", "a container", "a Linux machine"):
        assert way in done.stderr
    assert not (tmp_path / "out" / UNIT).exists()


def test_what_is_written_for_others_ends_its_lines_alike_on_every_system():
    """Written files have `\\n` line ends on every system.

    With Windows's own no checksum of a dataset would match, and no bash script would run.
    """
    authoring = small.ROOT / "autograder" / "authoring"
    lacking = []
    for module in authoring.glob("*.py"):
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "write_text":
                named = {keyword.arg for keyword in node.keywords}
                if "newline" not in named:
                    lacking.append(f"{module.name}:{node.lineno}")
    assert lacking == []
