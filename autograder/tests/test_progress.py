"""Hints and progress: one more step of help each time, and the student's position."""

import errno
import os
import subprocess
import sys
from pathlib import Path

import msgspec
import numpy as np
import pytest
import small
import small_class
from released import RIGHT, fill, kept, release_to, variables, written
from small import COURSE, UNIT

from autograder.check import Answer, Failure
from autograder.course import UnknownUnit, read_course
from autograder.judging import Mistake, PlainKey, Verdict
from autograder.practice import progress
from autograder.practice.progress import (
    Progress,
    current_unit,
    hint,
    outline,
    overview,
    save_progress,
    to_do,
)


@pytest.fixture
def course(tmp_path):
    """Write a student's course in its own folder."""
    return release_to(tmp_path / "course")


def test_a_hint_is_a_question_then_a_pointer_then_almost_the_line(course):
    """Each hint adds a step: a question, a pointer, nearly the line; then all are shown.

    A damaged progress file is ignored.
    """
    told = [small.run_command("hint", "numbers", "doubling", cwd=course).stdout for _ in range(6)]
    assert told[0] == "1 of 5: What is twice a number?\n"
    assert told[1] == "2 of 5: The number and itself again.\n"
    assert told[2].startswith("3 of 5: A common mistake here: this is the square")
    assert told[5] == "".join(
        [
            "These are all the hints for `doubling` again:\n",
            *told[:5],
            "If they do not help, read the exercise again, or ask your tutor if you have one.\n",
        ]
    )
    for spoilt in ("{", "[]", f'{{"{UNIT}": 3}}'):
        (course / ".autograder.json").write_text(spoilt)
        assert small.run_command("hint", "numbers", "doubling", cwd=course).stdout == told[0]
    unknown = small.run_command("hint", "numbers", "trebling", cwd=course)
    assert unknown.returncode == 2
    assert "There is no check `trebling` in" in unknown.stderr


def test_a_hint_is_for_the_check_that_failed_last_and_begins_with_what_it_said(course):
    """A hint is for the check that failed last and begins with its feedback.

    It repeats the first wrong number; a diagnosed mistake is no later hint. A stub has no feedback.
    """
    told = small.run_command("hint", cwd=course).stdout
    assert told == "1 of 5: What is twice a number?\n"
    fill(course, double="return 3 * x")
    assert small.run_command("check", "numbers", "--quick", cwd=course).returncode == 1
    said, step = small.run_command("hint", cwd=course).stdout.splitlines()
    assert said.startswith(
        "`doubling` said: your values are the expected ones × 3/2. (`doubled`) `doubled[0, 0]` "
        "should be"
    )
    assert step == "2 of 4: The number and itself again."
    (step,) = small.run_command("hint", cwd=course).stdout.splitlines()
    assert step.startswith("3 of 4: ")
    fill(course, double=RIGHT["double"], running_sum="return x.cumsum(1), x.sum(0)")
    assert small.run_command("check", "numbers", "--quick", cwd=course).returncode == 1
    said, step = small.run_command("hint", cwd=course).stdout.splitlines()
    assert said == (
        "`summing` said: your values match this known mistake: added up along the batch: steps "
        "are the first axis. (`sums`)"
    )
    assert step == "1 of 1: A common mistake here: each step leaves out itself."


def test_hints_end_after_five_steps(monkeypatch):
    """There are at most five steps of hints, however many mistakes are listed."""
    slips = tuple((Mistake(f"m{n}", f"slip {n}."), Answer()) for n in range(9))
    monkeypatch.setattr(progress, "load_key", lambda _: {"doubling": PlainKey(Answer(), slips)})
    assert len(progress.helps_with(COURSE, UNIT, "doubling", b"")) == 5


def test_no_hint_of_an_exercise_is_cut_off_and_a_common_mistake_follows(monkeypatch):
    """No hint is cut off, and a common mistake follows.

    Three questions make six steps, so each has its answer.
    """
    slips = ((Mistake("m", "slip."), Answer()), (Mistake("n", "another."), Answer()))
    monkeypatch.setattr(progress, "load_key", lambda _: {"doubling": PlainKey(Answer(), slips)})
    folded = [f"<details><summary>Q{n}?</summary>A{n}.</details>" for n in range(3)]
    text = "\n".join(f"# {line}" for line in ("**Exercise**", *folded))
    script = f'# %% [markdown]\n{text}\n\n# %%\ncheck("doubling")\n'
    helps = progress.helps_with(COURSE, UNIT, "doubling", script.encode())
    assert helps[:6] == ["Q0?", "A0.", "Q1?", "A1.", "Q2?", "A2."]
    assert helps[6:] == ["A common mistake here: slip."]


def test_hints_come_from_the_text_from_mistakes_and_for_training_from_the_course(course):
    """Hints come from the text, from mistakes and, for training, from the course.

    An unknown check is reported with the known ones.
    """
    its = read_course(course)
    source = written(course).read_bytes()
    assert hint(its, UNIT, "fitting", source) == "1 of 1: Which way is downhill?"
    assert (
        hint(its, UNIT, "three_steps", source)
        == "1 of 1: A common mistake here: this walks uphill."
    )
    told = {hint(its, UNIT, "summing", source) for _ in range(3)}
    assert len(told) == 3
    assert not any("square" in words for words in told)
    with pytest.raises(UnknownUnit, match="Known checks: doubling, summing, three_steps, fitting"):
        hint(its, UNIT, "trebling", source)


def test_a_mistake_is_a_hint_of_the_first_check_that_sees_it(monkeypatch):
    """A mistake is a hint only for the first check that shows it.

    A later check runs after that one passed, so the mistake was not made.
    """
    squared = (Mistake("squared", "squared."), Answer())
    shifted = (Mistake("shifted", "shifted."), Answer())
    key = {
        "doubling": PlainKey(Answer(), (squared,)),
        "summing": PlainKey(Answer(), (squared, shifted)),
    }
    monkeypatch.setattr(progress, "load_key", lambda _: key)
    assert progress.slips_that_may_be_made(COURSE, UNIT, "doubling") == ["squared."]
    assert progress.slips_that_may_be_made(COURSE, UNIT, "summing") == ["shifted."]


def test_a_slip_that_the_last_answer_excludes_is_no_hint(course, monkeypatch):
    """A mistake that the last answer rules out is no hint.

    It would have changed a right array, ended the check, or failed a passed one.
    """
    right = {"x": np.zeros(2), "y": np.zeros(2)}
    spoils_x = (Mistake("x", "x is spoilt."), Answer(right | {"x": np.ones(2)}))
    spoils_y = (Mistake("y", "y is spoilt."), Answer(right | {"y": np.ones(2)}))
    ends = (Mistake("ends", "it ends."), Answer(failure=Failure.RAISED))
    later = (Mistake("later", "seen later too."), Answer(right | {"x": np.ones(2)}))
    key = {
        "doubling": PlainKey(Answer(right), (spoils_x, spoils_y, ends, later)),
        "summing": PlainKey(Answer(right), (later,)),
    }
    monkeypatch.setattr(progress, "load_key", lambda _: key)
    its = read_course(course)

    def told_after(**known):
        text = msgspec.json.encode({UNIT: Progress(**known)})
        (course / progress.FILE).write_bytes(text)
        return progress.slips_that_may_be_made(its, UNIT, "doubling")

    every = ["x is spoilt.", "y is spoilt.", "it ends.", "seen later too."]
    wrong = {"doubling": ("x",)}
    assert told_after() == every
    assert told_after(wrong=wrong) == ["x is spoilt.", "seen later too."]
    assert told_after(wrong=wrong, passed=("summing",)) == ["x is spoilt."]


def test_an_outline_is_read_from_the_key_without_importing_checks(course):
    """Names of checks, and which train, come from the key without importing checks.

    So a unit whose packages are missing can be listed.
    """
    (course / "checks" / f"{UNIT}.py").write_text("import lacking\n")
    its = read_course(course)
    assert outline(its, UNIT) == {
        "doubling": False,
        "summing": False,
        "three_steps": False,
        "fitting": True,
    }
    assert overview(its) == [(UNIT, 0, 4), ("words", 0, 1)]
    assert "0 of 4 checks" in small.run_command(cwd=course).stdout


def test_the_command_alone_says_where_one_is_and_what_is_next(course, tmp_path):
    """`autograder` alone names the current unit and the next step.

    The current unit is the one worked on last; a file from elsewhere is not recorded.
    """
    assert "> numbers_and_sums           0 of 4 checks" in small.run_command(cwd=course).stdout
    theirs = small.submit(tmp_path, "theirs", small_class.SOLVED[UNIT])
    assert small.run_command("check", theirs, "--quick", cwd=course).returncode == 0
    assert not (course / ".autograder.json").exists()
    fill(course, double=RIGHT["double"])
    assert small.run_command("check", "numbers", "--quick", cwd=course).returncode == 1
    told = small.run_command(cwd=course).stdout
    assert "> numbers_and_sums           1 of 4 checks" in told
    assert "Next is `summing`" in told
    assert "autograder watch numbers" in told
    fill(course, double="return x")  # a check that no longer passes must be done again
    command = [sys.executable, written(course)]
    subprocess.run(command, cwd=course, env=variables(), check=True, capture_output=True)
    assert kept(course)[UNIT]["passed"] == []


def test_the_next_unit_is_the_first_that_is_not_done(course):
    """The next unit is the last one worked on if unfinished, else the first unfinished one.

    If all pass, the command says so.
    """
    its = read_course(course)
    written(course, "words").write_text(small_class.STUBS["words"])
    small.run_command("check", "words", cwd=course)
    assert current_unit(its) == "words"
    for unit, script in reversed(small_class.SOLVED.items()):
        written(course, unit).write_text(script)
        assert small.run_command("check", unit, cwd=course).returncode == 0
    assert to_do(its, UNIT) == to_do(its, "words") == []
    assert "Everything passes." in small.run_command(cwd=course).stdout
    assert "Every check of words passes." in small.run_command("hint", cwd=course).stdout


def test_a_progress_file_that_cannot_be_written_is_a_warning(course):
    """If progress cannot be written, a warning follows; verdicts and exit code are unchanged.

    A script and a hint warn alike.
    """
    fill(course, double=RIGHT["double"])
    (course / ".autograder.json").mkdir()  # no file can replace a folder
    done = small.run_command("check", "numbers", "--quick", cwd=course)
    assert done.returncode == 1
    assert "2 of 8 points" in done.stdout
    assert "Your progress is not saved" in done.stderr
    command = [sys.executable, written(course)]
    script = subprocess.run(command, cwd=course, env=variables(), capture_output=True, text=True)
    assert (script.returncode, script.stderr) == (0, "")
    assert "Your progress is not saved" in script.stdout
    assert not list(course.glob(".*.part"))


def held(monkeypatch, times, error=PermissionError):
    """Make replacing a file fail this many times, as on Windows while it is open."""
    left = iter(range(times))
    replace = os.replace

    def replace_later(*paths):
        if next(left, None) is not None:
            raise error(errno.EACCES, "Access denied")
        replace(*paths)

    monkeypatch.setattr(os, "replace", replace_later)


def passed(name):
    return Verdict(name, "", 2, 2, "passed", ())


def test_a_file_that_is_held_for_a_moment_is_written_after(course, monkeypatch):
    """A file held for a moment, by a scanner or a synchronised folder, is written afterwards."""
    its = read_course(course)
    held(monkeypatch, times=3)
    assert save_progress(its, UNIT, its.assignments, [passed("doubling")]) == ""
    assert kept(course)[UNIT]["passed"] == ["doubling"]


def test_what_could_not_be_written_is_known_and_written_the_next_time(course, monkeypatch):
    """Unsaved progress is kept in the process and written the next time, as under `watch`."""
    its = read_course(course)
    assert save_progress(its, "words", its.assignments, [passed("shortening")]) == ""
    with monkeypatch.context() as patch:
        patch.setattr("autograder.grading.results.PAUSES", ())
        held(patch, times=1)
        warning = save_progress(its, UNIT, its.assignments, [passed("doubling")])
    assert warning.startswith("Your progress is not saved: ")
    assert not list(course.glob(".*.part"))
    assert to_do(its, UNIT)[0] == "summing"
    assert UNIT not in kept(course)
    assert save_progress(its, "words", its.assignments, []) == ""
    assert kept(course)[UNIT]["passed"] == ["doubling"]


def test_a_file_that_cannot_be_read_now_is_never_begun_anew(course, monkeypatch):
    """A progress file that cannot be read now is never overwritten.

    Its other units stay. If it is unreadable for a moment only, nothing is printed.
    """
    its = read_course(course)
    first = {"words": Progress(passed=("shortening",))}
    path = course / progress.FILE
    path.write_bytes(msgspec.json.encode(first))
    read = Path.read_bytes
    left = [10_000]

    def read_later(self):
        if self.name == progress.FILE and left[0]:
            left[0] -= 1
            raise PermissionError(errno.EACCES, "Access denied")
        return read(self)

    monkeypatch.setattr(Path, "read_bytes", read_later)
    monkeypatch.setattr("autograder.grading.results.PAUSES", (0, 0, 0))
    warning = save_progress(its, UNIT, its.assignments, [passed("doubling")])
    assert "cannot be read: Access denied" in warning
    with pytest.raises(progress.CannotRead, match="Close the program that has it open"):
        overview(its)
    left[0] = 2
    assert save_progress(its, UNIT, its.assignments, [passed("doubling")]) == ""
    assert kept(course)["words"]["passed"] == ["shortening"]
    assert kept(course)[UNIT]["passed"] == ["doubling"]


SAVE = """
import sys
from pathlib import Path
from autograder.course import read_course
from autograder.judging import Verdict
from autograder.practice import progress
its = read_course(Path.cwd())
unit, check, rounds = sys.argv[1], sys.argv[2], int(sys.argv[3])
print("ready", flush=True)
sys.stdin.readline()
for _ in range(rounds):
    failed = Verdict(check, "", 2, 0, "failed", ())
    passed = Verdict(check, "", 2, 2, "passed", ())
    for verdict in (failed, passed):
        assert progress.save_progress(its, unit, its.assignments, [verdict]) == ""
        is_noted = check not in progress.to_do(its, unit)
        assert is_noted == (verdict is passed), f"{check} is lost"
"""


def test_commands_that_save_at_once_lose_nothing(course):
    """Simultaneous commands lose no progress: `watch` and `check` in one unit or two."""
    processes = []
    for unit, check in ((UNIT, "doubling"), (UNIT, "summing"), ("words", "shortening")):
        command = [sys.executable, "-c", SAVE, unit, check, "40"]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        process = subprocess.Popen(command, cwd=course, env=variables(), text=True, **pipes)
        processes.append(process)
    for process in processes:
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        process.stdin.write("go\n")
        process.stdin.flush()
    for process in processes:
        _, errors = process.communicate()
        assert (process.returncode, errors) == (0, "")
    assert kept(course)[UNIT]["passed"] == ["doubling", "summing"]
    assert kept(course)["words"]["passed"] == ["shortening"]
