"""A student's way on Windows: its own Python under Wine, with consoles, pipes and file locks.

Without Wine the tests are skipped; the reason says what to install. `AUTOGRADER_WINDOWS` names a
folder in which Windows' Python is kept for the next time.
"""

import json
import select
import shutil
import subprocess
from contextlib import contextmanager

import pytest
import small
import small_class
import windows
from released import RIGHT, fill, hurried, kept, release_to, written
from small import UNIT

from autograder.authoring.release import packages_to_install
from autograder.course import read_course

pytestmark = pytest.mark.proof

# opens a file exclusively, as a scanner does: the third argument is the share mode
HOLD = """
import ctypes, sys
from ctypes import wintypes
open_file = ctypes.windll.kernel32.CreateFileW
open_file.restype = wintypes.HANDLE
handle = open_file(sys.argv[1], 0x80000000, int(sys.argv[2]), None, 3, 0, None)
print("held" if handle != wintypes.HANDLE(-1).value else "not held", flush=True)
sys.stdin.read()
"""
READERS = 1  # others may read
NOBODY = 0


@pytest.fixture(scope="module")
def python(tmp_path_factory):
    windows.skip_where_it_is_missing()
    python = windows.made(tmp_path_factory.getbasetemp())
    yield python
    windows.end_wine(python)


@pytest.fixture
def course(tmp_path):
    return release_to(tmp_path / "a course of Zoë's")


WINE_WAITS = 60  # seconds: longer than Wine takes to start and to end a program on a busy machine


@contextmanager
def held(python, path, others):
    """Hold a file open in another program that is not ours.

    If Wine does not start it, the test is skipped; if Wine does not end it, it is killed.
    """
    command = [str(python), "-c", HOLD, f"Z:{path}".replace("/", "\\"), str(others)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, env=windows.variables(), **pipes) as process:
        starts = select.select([process.stdout], [], [], WINE_WAITS)[0]
        if not starts:
            process.kill()
            pytest.skip("Wine did not start a program that holds a file")
        assert process.stdout.readline().strip() == b"held"
        yield
        process.stdin.close()
        try:
            process.wait(WINE_WAITS)
        except subprocess.TimeoutExpired:
            process.kill()


def autograder(python, course, *arguments, **more):
    return windows.run(python, "-m", "autograder", *arguments, cwd=course, **more)


def test_watch_checks_each_save_and_goes_on(python, course):
    """`watch` handles a wrong and a right answer, an endless loop and a key, and quits with 0."""
    with windows.console(python, "-m", "autograder", "watch", "numbers", cwd=course) as console:
        console.see("is not written yet.", "now: doubling")
        console.stays(5)  # until the checking process has ended
        fill(course, double="return x * x")
        console.see("this is the square", "now: doubling")
        fill(course, double=RIGHT["double"])
        console.see("✓ 2/2", "now: summing")
        console.press("h")
        console.see("hint 1 of 3")
        fill(course, running_sum="while True: pass")
        console.see("was stopped at line", "now: summing")
        fill(course, running_sum=RIGHT["running_sum"])
        console.see("✓ 4/4", "now: three_steps")
        console.press("q")
        assert console.ended() == 0
    assert kept(course)[UNIT]["passed"] == ["doubling", "summing"]


def test_what_is_piped_is_utf_8(python, course):
    """Piped verdicts, JSON, hints, data and script output are UTF-8 in any code page."""
    fill(course, double=RIGHT["double"])
    text = written(course).read_text(encoding="utf-8")
    text = text.replace("return 2 * x", 'print("✓ 日本"); return 2 * x')
    written(course).write_text(text, encoding="utf-8")
    checked = autograder(python, course, "check", "numbers", "--quick")
    assert (checked.returncode, checked.stderr) == (1, b"")
    assert "✓ 日本" in checked.stdout.decode()
    assert "✓ 2/2" in checked.stdout.decode()
    as_json = autograder(python, course, "check", "numbers", "--quick", "--json")
    assert as_json.returncode == 1
    assert json.loads(as_json.stdout)["units"][0]["checks"][0]["status"] == "passed"
    hint = autograder(python, course, "hint", "numbers", "doubling")
    assert (hint.returncode, hint.stderr) == (0, b"")
    data = autograder(python, course, "data")
    assert (data.returncode, data.stderr) == (0, b"")
    assert "✓" in data.stdout.decode()
    script = windows.run(python, f"assignments/{UNIT}.py", cwd=course)
    assert (script.returncode, script.stderr) == (0, b"")
    assert "✓ 2/2" in script.stdout.decode()


def test_the_line_that_installs_is_one_in_cmd(python, course):
    """In cmd each requirement is one word, and nothing is written to a file called `=2.4`."""
    about = course / "course.toml"
    wanted = '\n[packages]\none = { install = "one>=2.4" }\ntwo = { install = "two>=3" }\n'
    about.write_text(about.read_text() + wanted)
    line = packages_to_install(read_course(course))
    (course / "show.py").write_text("import sys; print(sys.argv[1:])")
    (course / "install.bat").write_text(f'@"%1" show.py {line}\r\n')
    before = set(course.iterdir())
    call = "import subprocess, sys; subprocess.run(['cmd', '/c', 'install.bat', sys.executable])"
    done = windows.run(python, "-c", call, cwd=course)
    assert done.stdout.decode().strip() == "['one>=2.4', 'two>=3']"
    assert set(course.iterdir()) == before


def test_what_to_type_next_can_be_typed_in_cmd(python, course, tmp_path):
    """The next commands can be typed in cmd, line by line, with blanks in a folder's name."""
    course.rename(tmp_path / "release")
    call = "import subprocess, sys; sys.exit(subprocess.call(['cmd', '/c', 'next.bat']))"
    for command in (("start", "Zoe's work", "release"), ("new", "stats & more")):
        said = autograder(python, tmp_path, *command)
        assert (said.returncode, said.stderr) == (0, b"")
        lines = [line for line in said.stdout.decode().splitlines() if line.startswith("    ")]
        assert len(lines) == 2
        typed = "\n".join(lines).replace("autograder watch", "autograder check")
        ours = f"{python.parent}/python/python.exe".replace("/", "\\")
        typed = typed.replace("autograder", f'"Z:{ours}" -m autograder')
        (tmp_path / "next.bat").write_text(f"@echo off\n{typed}\n", newline="\r\n")
        done = windows.run(python, "-c", call, cwd=tmp_path)
        assert b"numbers" in done.stdout or b"straight_lines" in done.stdout, done.stderr
    written = [path for path in (tmp_path / "stats & more").rglob("*") if path.is_file()]
    text = [path for path in written if path.suffix not in (".pyc", ".safetensors")]
    assert [path for path in text if b"\r" in path.read_bytes()] == []


def test_what_no_exception_reaches_ends_with_its_line(python, course):
    """A call that never returns to the interpreter ends with its line on the screen."""
    hurried(course)
    fill(course, double="import itertools; return max(itertools.repeat(1))")
    endless = autograder(python, course, "check", "numbers", "--quick")
    assert endless.returncode == 1
    assert b"Timeout" in endless.stderr
    assert b"in double" in endless.stderr


def test_doctor_says_what_works_for_a_student(python, course):
    """`doctor` lists what works for a student and what needs Linux, with the ways to it."""
    done = autograder(python, course, "doctor")
    assert (done.returncode, done.stderr) == (1, b"")
    told = done.stdout.decode()
    assert "✓ check, watch, hint, scripts, notebooks: work here" in told
    assert "WSL2" in told


def test_an_encoding_that_is_named_is_kept(python, course):
    """A named encoding is kept; a sign that cp1252 lacks becomes a word."""
    fill(course, double=RIGHT["double"])
    named = {"PYTHONIOENCODING": "cp1252"}
    checked = autograder(python, course, "check", "numbers", "--quick", **named)
    assert (checked.returncode, checked.stderr) == (1, b"")
    assert "ok 2/2" in checked.stdout.decode("cp1252")


@pytest.mark.parametrize("others", [READERS, NOBODY])
def test_a_progress_file_that_another_program_holds_ends_nothing(python, course, others):
    """A locked progress file gives a warning, all verdicts and the total.

    The stored progress of another unit stays.
    """
    written(course, "words").write_text(small_class.SOLVED["words"], encoding="utf-8")
    assert autograder(python, course, "check", "words").returncode == 0
    fill(course, double=RIGHT["double"])
    with held(python, course / ".autograder.json", others):
        checked = autograder(python, course, "check", "numbers", "--quick")
    assert checked.returncode == 1
    assert b"2 of 8 points" in checked.stdout
    assert b"Your progress is not saved" in checked.stderr
    assert not list(course.glob("*.part")) + list(course.glob(".*.part"))
    assert autograder(python, course, "check", "numbers", "--quick").stderr == b""
    assert kept(course)["words"]["passed"]
    assert kept(course)[UNIT]["passed"] == ["doubling"]


def test_a_file_that_is_held_while_it_is_saved_is_checked_after(python, course):
    """`watch` waits until it can read the student's file."""
    with windows.console(python, "-m", "autograder", "watch", "numbers", cwd=course) as console:
        console.see("is not written yet.", "now: doubling")
        with held(python, written(course), NOBODY):
            fill(course, double=RIGHT["double"])
        console.see("✓ 2/2", "now: summing")
        console.press("q")
        assert console.ended() == 0


def test_an_instructor_does_on_windows_all_that_confines_nothing(python, tmp_path):
    """On Windows an instructor can collect a zip, report, and return a class graded on Linux.

    `grade` is refused with the ways to do it.
    """
    submitted = tmp_path / "submitted"
    small_class.hand_in(submitted, small_class.by("complete"))
    small_class.hand_in(submitted, small_class.by("halved"))
    shutil.make_archive(str(submitted), "zip", submitted)
    grades = tmp_path / "grades"
    graded = small.run_command("grade", submitted, "--out", grades, "--quick")
    assert graded.returncode == 0, graded.stderr
    course = tmp_path / "course"
    shutil.copytree(small.COURSE.folder, course, ignore=shutil.ignore_patterns(".autograder.json"))
    commands = [
        ("collect", "../submitted.zip", "--into", "../collected"),
        ("report", "../grades"),
        ("export", "../grades", "--to", "csv"),
        ("feedback", "../grades"),
        ("similar", "../grades", "--submitted", "../submitted.zip"),
        ("new", "../new"),
    ]
    for command in commands:
        done = autograder(python, course, *command)
        assert (done.returncode, done.stderr) == (0, b""), command
    assert (tmp_path / "collected" / "halved" / UNIT / f"{UNIT}.py").is_file()
    refused = autograder(python, course, "grade", "../submitted", "--out", "../out")
    assert refused.returncode == 2
    assert b"WSL2" in refused.stderr


def test_a_folder_is_made_and_a_newer_release_taken_in(python, tmp_path):
    """A folder is made from a zip and updated; Windows line ends and the student's code stay."""
    release = release_to(tmp_path / "release" / "course")
    shutil.make_archive(str(tmp_path / "release"), "zip", release.parent)
    started = autograder(python, tmp_path, "start", "Zoë's work", "release.zip")
    assert (started.returncode, started.stderr) == (0, b"")
    work = tmp_path / "Zoë's work"
    fill(work, double=RIGHT["double"])
    script = written(work)
    script.write_bytes(script.read_bytes().replace(b"\n", b"\r\n"))
    text = written(release).read_text()
    newer = text.replace("import numpy as np\n", "import numpy as np\nimport math\n")
    written(release).write_text(newer)
    (release / ".release" / f"{UNIT}.txt").write_text(newer)
    updated = autograder(python, work, "update", "../release/course")
    assert (updated.returncode, updated.stderr) == (0, b"")
    assert b"1 change taken from the release" in updated.stdout
    lines = script.read_bytes().split(b"\r\n")
    assert b"import math" in lines
    assert f"    {RIGHT['double']}".encode() in lines
    assert not any(b"\n" in line for line in lines)


def test_an_author_builds_a_unit_on_windows(python, tmp_path):
    """An author can build on Windows without a sandbox, with one note; the key equals Linux's."""
    course = tmp_path / "course"
    shutil.copytree(small.COURSE.folder, course, ignore=shutil.ignore_patterns(".autograder.json"))
    key = course / "assignments" / "keys" / "words.safetensors"
    key.unlink()
    built = autograder(python, course, "build", "words")
    assert built.returncode == 0, built.stderr
    assert built.stderr.count(b"without a sandbox") == 1
    assert key.is_file()
    on_linux = small.run_command("build", "words", "--check", cwd=course)
    assert (on_linux.returncode, on_linux.stderr) == (0, "")
