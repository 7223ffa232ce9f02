"""`watch` in a real terminal, used as a student does, and without Linux's modules."""

import re
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import no_linux
import pexpect
import pytest
import small
import small_class
from released import RIGHT, fill, hurried, kept, release_to, variables, written
from small import ROOT, UNIT

from autograder.practice.watch import pressed_on_windows
from autograder.report.terminal import sparkline


@pytest.fixture
def course(tmp_path):
    """Write a student's course in its own folder."""
    return release_to(tmp_path / "course")


@contextmanager
def watching(course, *command, unit="numbers", first="is not written yet.", columns=40, path=ROOT):
    """Run `autograder watch` in a terminal without colour.

    At the end it is quit, and no line was too wide.
    """
    command = [*(command or ("-m", "autograder")), "watch", unit]
    environment = variables(TERM="xterm-256color", PYTHONPATH=str(path))
    options = {"cwd": str(course), "env": environment, "encoding": "utf-8", "timeout": 60}
    terminal = pexpect.spawn(sys.executable, command, dimensions=(40, columns), **options)
    terminal.seen = []
    terminal.logfile_read = type(
        "Log", (), {"write": terminal.seen.append, "flush": lambda self: None}
    )()
    see(terminal, first, "now:")
    yield terminal
    terminal.send("q")
    terminal.expect(pexpect.EOF)
    terminal.close()
    assert terminal.exitstatus == 0
    text = "".join(terminal.seen)
    assert "Traceback" not in text
    assert not re.search(r"\x1b\[(\d+;)*3\dm", text)
    # a line may overwrite itself
    lines = re.split(r"\r\n?", re.sub(r"\x1b\[[\d;]*[A-Za-z]", "", text))
    assert max(map(len, lines)) <= columns


def see(terminal, *words):
    """Wait until words are shown in this order, with line breaks anywhere."""
    for each in words:
        terminal.expect(r"(?:\s|\x1b\[[\d;]*m)+".join(map(re.escape, each.split())))


SLOW = """errors = []
    for _ in range(20):
        for a, b in zip(x, y):
            error = weights[0] * a + weights[1] - b
            errors.append(float(error**2))
            import time; time.sleep(0.0005 if len(x) > 9 else 0)
            if _ == 0: weights = weights - rate * error * np.array([a, 1.0])
    return weights"""


def test_a_unit_is_worked_through_in_a_narrow_terminal(course):
    """A whole session works in a narrow terminal, and progress is kept.

    Edit, save, read the diagnosis, pass, go on, ask, go back, loop for ever, train, quit.
    """
    with watching(course) as terminal:
        fill(course, double="print('here'); return x * x")
        see(
            terminal,
            "this is the square",
            "printed: here",
            "0 of 4 checks pass in this unit, 0 of 5",
        )
        fill(course, double=RIGHT["double"])
        see(terminal, "✓ 2/2", "1 of 4 checks pass in this unit, 1 of 5", "now: summing")
        terminal.send("h")
        see(terminal, "hint 1 of 3: A common mistake here:")
        terminal.send("h")
        see(terminal, "hint 2 of 3: A common mistake here:")
        fill(course, running_sum="while True: pass")
        see(terminal, "checking …")
        terminal.send("b")
        see(terminal, "✓ 2/2", "now: doubling")
        fill(course, running_sum=RIGHT["running_sum"])
        see(terminal, "✓ 4/4", "now: three_steps")
        fill(course, fit=SLOW)
        terminal.expect(r"[▁▂▃▄▅▆▇█]+\s+loss \d+\.\d+ → \d+\.\d+,")
        see(terminal, "✓ 3/3", "All pass", "autograder watch words")
        terminal.send("a")
        see(terminal, "✓ 2/2", "✓ 2/2", "4 of 4")
    assert kept(course)[UNIT] == {
        "passed": ["doubling", "summing", "three_steps", "fitting"],
        "hints": {"summing": 2},
        "at_hand": "",
        "seen": {},
        "named": {},
        "wrong": {},
        "slips": {},
    }


def test_a_course_with_a_site_names_the_section_at_hand(course):
    """With a site, the section's address is shown below the check's name; otherwise none is."""
    with watching(course, columns=80) as terminal:
        pass
    assert "read:" not in "".join(terminal.seen)
    course_file = course / "course.toml"
    course_file.write_text(f'site = "https://example.org"\n{course_file.read_text()}')
    with watching(course, columns=80) as terminal:
        see(terminal, f"read: https://example.org/units/{UNIT}.html#twice")
        fill(course, double=RIGHT["double"])
        see(terminal, "now: summing", f"{UNIT}.html#sums-along-the-way")


def test_keys_go_to_the_next_check_and_to_training(course):
    """`n` moves to the next check and wraps around; `t` trains, whatever else is left."""
    thirds = "def double(x): return x / 3\n\n\ndef running_sum(x): return x / 3\n"
    written(course).write_text(f"{small_class.SOLVED[UNIT]}\n{thirds}")
    with watching(course, first="✗ 0/2") as terminal:
        terminal.send("n")
        see(terminal, "Do this first: `doubling`", "now: summing")
        terminal.send("t")
        see(terminal, "✓ 3/3")
        terminal.send("b")
        see(terminal, "✗ 0/2", "now: doubling")
        terminal.send("b")
        see(terminal, "now: fitting")
    assert kept(course)[UNIT]["passed"] == ["fitting"]


def test_practice_works_without_linux_and_without_forks(course):
    """Watching, checking and hints work without Linux's modules and without forks."""
    with watching(course, "-c", no_linux.PROGRAM) as terminal:
        time.sleep(2)  # until the checking process has ended
        fill(course, double=RIGHT["double"])
        see(terminal, "✓ 2/2", "now: summing")
        time.sleep(2)

    checked = no_linux.run("check", "numbers", "--quick", cwd=course)
    assert (checked.returncode, checked.stderr) == (1, "")
    assert "2 of 8 points" in checked.stdout
    assert "1 of 4" in no_linux.run(cwd=course).stdout
    assert "1 of 3" in no_linux.run("hint", "numbers", "summing", cwd=course).stdout


def test_a_package_that_is_missing_is_named(course):
    """`check` and `watch` name a missing package and the command that course.toml gives."""
    about = course / "course.toml"
    about.write_text(about.read_text() + '\n[packages]\nlacking = { install = "lacking>=2" }\n')
    checks = course / "checks" / f"{UNIT}.py"
    checks.write_text(f"import lacking\n{checks.read_text()}")
    with watching(course, first="needs lacking, which is not installed."):
        pass
    done = small.run_command("check", "numbers", cwd=course)
    assert done.returncode == 2
    assert (
        f'{UNIT} needs lacking, which is not installed. Install it: pip install "lacking>=2"'
        in done.stderr
    )


def test_watch_without_a_terminal_says_so(course):
    """Without a terminal `watch` exits with 2 and names the command that works."""
    done = small.run_command("watch", "numbers", cwd=course)
    assert done.returncode == 2
    assert "needs a terminal" in done.stderr
    assert "autograder check" in done.stderr


@pytest.mark.parametrize(
    "named",
    [
        {},
        {"AUTOGRADER_WARM_COURSE": "nowhere"},
        {"AUTOGRADER_WARM_COURSE": "COURSE", "AUTOGRADER_WARM_UNIT": "x"},
    ],
    ids=["no course", "a folder that is none", "a unit that is none"],
)
def test_a_process_that_waits_says_nothing_of_what_it_cannot_load(course, named):
    """A waiting process stays silent about what it cannot load until it is needed."""
    named = {name: str(course) if value == "COURSE" else value for name, value in named.items()}
    command = [sys.executable, "-W", "error", "-c", "import autograder.practice.warm"]
    done = subprocess.run(
        command, env=variables(**named), cwd=course, capture_output=True, text=True
    )
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_a_process_that_waits_has_loaded_the_unit_and_warmed_up(course):
    """A waiting process has imported the checks and warmed up before a file exists."""
    checks = course / "checks" / "words.py"
    text = checks.read_text().replace("import check,", "import UnitSettings, check,")
    checks.write_text(text + '\n\nSETTINGS = UnitSettings(warm=lambda: print("warm"))\n')
    named = {"AUTOGRADER_WARM_COURSE": str(course), "AUTOGRADER_WARM_UNIT": "words"}
    command = [sys.executable, "-c", "import autograder.practice.warm"]
    done = subprocess.run(command, env=variables(**named), capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("warm\n", "")


def test_what_does_not_end_is_ended_and_told(course):
    """The checking process stops an endless loop; `watch` stops code that it cannot.

    Both report it.
    """
    hurried(course)
    with watching(course) as terminal:
        fill(course, double="while True: pass")
        see(terminal, "took longer than 0.4 seconds", "was stopped at line", "now: doubling")
        fill(course, double="import itertools; return max(itertools.repeat(1))")
        see(terminal, "took longer than 3 seconds, and its process was ended.", "now: doubling")
        fill(course, double=RIGHT["double"])
        see(terminal, "✓ 2/2", "now: summing")
        fill(course, double="import itertools; return max(itertools.repeat(1))")
        see(terminal, "This passed before and fails now:", "and its process was ended.")
        fill(course, **RIGHT)
        see(terminal, "✓ 2/2", "now: three_steps")


INF, NAN = float("inf"), float("nan")


@pytest.mark.parametrize(
    ("losses", "drawn"),
    [
        ([3.0] * 4 + [INF] * 4, "▁▁██\nloss 3.000 → inf, 8 in your list"),
        ([INF] * 8, "████\nloss inf → inf, 8 in your list"),
        ([2.0, 1.0, NAN, -INF], "█▁██\nloss 2.000 → -inf, 4 in your list"),
        ([4.0, 1.0], "█▁\nloss 4.000 → 1.000, 2 in your list"),
        ([], ""),
    ],
)
def test_losses_that_grow_without_bound_are_drawn(losses, drawn):
    """Training that diverges is drawn; what is not finite is as high as the highest."""
    assert sparkline(losses, 4) == drawn


def test_what_cannot_be_read_or_ends_its_process_is_told(course):
    """`watch` reports why a file is unreadable, or the check and exit code of a dead process."""
    with watching(course) as terminal:
        whole = written(course).read_bytes()
        written(course).write_bytes(b"a = 1\nb = \xff\n")
        see(terminal, "line 2 is not UTF-8")
        terminal.send("h")
        see(terminal, "line 2 is not UTF-8", "now:")
        written(course).write_bytes(whole)
        see(terminal, "is not written yet.")
        fill(course, double="import os; os._exit(7)")
        see(terminal, "has ended in `doubling`, with exit code 7")
        fill(course, double=RIGHT["double"])
        see(terminal, "✓ 2/2", "now: summing")


def test_one_check_finds_what_another_left_as_in_a_run_of_all(course):
    """What a file keeps from one check for the next is there in `watch`, too."""
    leaves, finds = "double.left = 1; return 2 * x", "assert not hasattr(double, 'left'), 'found'"
    with watching(course) as terminal:
        fill(course, double=leaves, running_sum=RIGHT["running_sum"], fit=finds)
        terminal.send("a")
        see(terminal, "AssertionError: found")


class Keys:
    """Windows' module `msvcrt` with typed keys."""

    def __init__(self, typed):
        self.typed = list(typed)

    def kbhit(self):
        return bool(self.typed)

    def getwch(self):
        return self.typed.pop(0)


def test_an_arrow_is_no_key_on_windows():
    """An arrow is ignored on Windows: its second character may be a letter such as `t`."""
    typed = Keys("\xe0th\0q\xe0")
    pressed = [pressed_on_windows(typed) for _ in range(6)]
    assert pressed == ["", "h", "", "\xe0", "", ""]


def test_what_is_under_way_is_shown(course):
    """A running check is shown with its seconds."""
    with watching(course) as terminal:
        fill(course, double="import time; time.sleep(2.5); return 2 * x")
        see(terminal, "under way: doubling … 1 s", "✓ 2/2")


def test_an_earlier_exercise_that_is_broken_is_told(course):
    """A broken earlier exercise is reported beside the current one.

    Once all others pass, it is the current one.
    """
    with watching(course) as terminal:
        fill(course, **RIGHT)
        see(terminal, "✓ 4/4", "now: three_steps")
        fill(course, double="return x * x")
        see(
            terminal,
            "not written yet",
            "This passed before and fails now:",
            "this is the square",
            "now: three_steps",
        )
        fill(course, double=RIGHT["double"], fit=SLOW)
        see(terminal, "✓ 3/3", "All pass")
        fill(course, double="return x * x")
        see(terminal, "This passed before and fails now:", "this is the square", "now: doubling")


def test_a_broken_exercise_is_at_hand_where_the_next_one_waits_for_it(course):
    """A broken exercise is the current one if the next depends on it."""
    with watching(course) as terminal:
        fill(course, double=RIGHT["double"])
        see(terminal, "✓ 2/2", "now: summing")
        fill(course, double="return x.nothing")
        see(terminal, "Do this first", "This passed before and fails now:", "now: doubling")
        fill(course, double=RIGHT["double"])
        see(terminal, "✓ 2/2", "now: summing")


def test_a_hint_is_on_the_check_that_a_small_change_mends(course):
    """A hint is on the check that a small change repairs, though it is not the current one."""
    with watching(course, columns=120) as terminal:
        fill(course, double=RIGHT["double"], running_sum=RIGHT["running_sum"])
        see(terminal, "now: three_steps")
        fill(course, double="return x + np.roll(x, 1)")
        see(terminal, "This passed before and fails now:", "now: three_steps")
        see(terminal, "Press h for a hint on it.")
        terminal.send("h")
        see(terminal, "hint in your own code:")


def test_the_example_of_the_exercise_at_hand_is_run(course):
    """The current exercise's example runs, with its output and its picture's path, if any."""
    text = written(course).read_text()
    drawn = (
        'with autograder.example("the sums of ones"):\n    import matplotlib.pyplot as plt\n    '
        "plt.plot([1, 2])\n"
    )
    written(course).write_text(
        text.replace('with autograder.example("the sums of ones"):\n', drawn)
    )
    with watching(course, columns=120) as terminal:
        terminal.send("e")
        see(terminal, "`doubling` has no example, and neither has an exercise above it.")
        assert "printed: " not in terminal.before
        fill(course, **RIGHT)
        see(terminal, "now: three_steps")
        terminal.send("e")  # it has none, and `watch` has gone on from one that has
        see(terminal, "the example of `summing`, the last one above")
        terminal.send("b")
        see(terminal, "now: summing")
        terminal.send("e")
        terminal.expect(r"picture: (\S+/summing-1\.png)")
        picture = Path(terminal.match[1])
    assert picture.read_bytes().startswith(b"\x89PNG")
