"""`autograder watch`: checks each save at once, by a process that waits for it.

The process has imported everything before. It serves one save, while the next one waits already:
nothing of an earlier save is left. An endless loop is ended by the next save, or at the check's
limits: by the process itself, or else by this one. Polling the file's time works where no change is
reported: network folders, containers.
"""

import io
import multiprocessing
import os
import sys
import threading
import time
import traceback
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from rich.text import Text

from autograder.course import Course, Unit, load_unit, read_course
from autograder.errors import UserError
from autograder.explaining.repairs import Mended
from autograder.explaining.words import what_mended, where_mended_in_practice
from autograder.grading.results import read_patiently
from autograder.judging import Remark, Status, Verdict
from autograder.practice import warm
from autograder.practice.examples import picture_folder, play
from autograder.practice.limits import GIVE_UP
from autograder.practice.mending import mended, to_mend
from autograder.practice.practise import Practised, practise
from autograder.practice.progress import (
    current_unit,
    hint,
    keep_slip,
    outline,
    overview,
    save_progress,
    to_do,
)
from autograder.report.terminal import UnderWay, console, sparkline, verdict_lines
from autograder.sandbox.inside.locations import is_statement
from autograder.sandbox.inside.submission import Submission
from autograder.source.addresses import address_of_check

TICK = 0.02  # seconds between two looks at the file and the keyboard
KEYS = "[h]int [e]xample [a]ll [t]rain\n[b]ack [n]ext [q]uit"
ENDED = ("timeout", "killed")  # outcomes of a check that was stopped at a limit
# seconds: a process is ended from outside after GIVE_UP times those of its check, and these
GRACE = 2.0
MOST_MEMORY = 3 << 30  # bytes that a check may allocate before that
LOSSES_EVERY = 0.3  # seconds
MAX_PRINTED = 500  # number of last characters of a check's output
MAX_PRINTED_BY_EXAMPLE = 1500


@dataclass(frozen=True)
class Task:
    """A process's task on a file: run checks in order, or the examples of one.

    moves: whether to stop at the first that fails.
    earlier: exact checks that passed before, run at the end: shown only if they fail now.
    """

    source: bytes
    checks: Sequence[str] = ()
    moves: bool = False
    earlier: Sequence[str] = ()
    example: str = ""


@dataclass(frozen=True)
class Begun:
    """A check or an example has started.

    seconds: its time limit in a grade, 0 without one. title, points: of a check. earlier: whether
    it passed before, and is run at the end.
    """

    what: str
    seconds: float = 0.0
    title: str = ""
    points: float = 0
    earlier: bool = False


@dataclass(frozen=True)
class VerdictNews:
    """A verdict, and the end of the printed output."""

    verdict: Verdict
    printed: str
    earlier: bool = False


@dataclass(frozen=True)
class Looking:
    """A check has an unexplained answer, and a repair is being searched for.

    found: the repair; None until there is one.
    is_over: whether the search has ended.
    """

    check: str
    found: Mended | None = None
    is_over: bool = False


@dataclass(frozen=True)
class Played:
    """What to show of an example: its printed output or its error, and its pictures."""

    words: str
    pictures: tuple[Path, ...] = ()


@dataclass(frozen=True)
class NothingToCheck:
    """Why nothing can be checked: an error of the file or of the course."""

    words: str


def serve(course_folder: Path, unit_name: str, pipe: Connection) -> None:
    """Run as a checking process: import, wait for a task, and send the results."""
    printed = io.StringIO()
    sys.stdout = printed
    sys.stderr = printed
    os.environ["MPLBACKEND"] = "agg"  # a picture is a file here
    warnings.filterwarnings("ignore", message="FigureCanvasAgg is non-interactive")
    try:
        unit = load_unit(read_course(course_folder), unit_name)
        task: Task = pipe.recv()
        _serve_task(unit, task, printed, pipe)
    except UserError as error:
        pipe.send(NothingToCheck(str(error)))


def _serve_task(unit: Unit, task: Task, printed: io.StringIO, pipe: Connection) -> None:
    """Carry out a task, and send the results. Raises `UserError`."""
    turn = threading.Lock()

    def send(news: object) -> None:
        with turn:
            pipe.send(news)

    if task.example:  # a list that it fills holds anything
        send(Begun("an example"))
        send(_played(task, printed))
    else:
        sender = threading.Thread(target=_send_losses, args=(send,), daemon=True)
        sender.start()
        _run_checks(unit, task, printed, send)


def _run_checks(
    unit: Unit, task: Task, printed: io.StringIO, send: Callable[[object], None]
) -> None:
    """Run the checks of a task. Stop after one that was stopped at a limit."""
    checks = {check.name: check for check in unit.checks}
    practised: list[Practised] = []

    def begun(name: str, _: float) -> None:
        check = checks[name]
        is_earlier = name in task.earlier
        send(Begun(name, check.seconds, check.title, check.points, is_earlier))

    submission = Submission(task.source, "")  # one for all, as in `check` and in grading

    def judged(name: str, earlier: bool) -> Verdict:
        check = checks[name]
        (verdict,) = practise(unit, [check], submission, practised.append, begun)
        end_of_printed = printed.getvalue()[-MAX_PRINTED:]
        news = VerdictNews(verdict, end_of_printed, earlier)
        send(news)
        return verdict

    for name in task.checks:
        verdict = judged(name, earlier=False)
        if verdict.status in ENDED:
            return
        if task.moves and not verdict.is_done:
            break
    for name in task.earlier:
        verdict = judged(name, earlier=True)
        if verdict.status in ENDED:
            return
    wrong = to_mend(unit, {one.verdict.name: one.verdict for one in practised})
    if wrong:  # until it ends or the next save ends this process
        send(Looking(wrong.name))
        send(Looking(wrong.name, mended(unit, task.source, practised), is_over=True))


def _played(task: Task, printed: io.StringIO) -> Played:
    """Run the examples of a task. An error replaces their output."""
    try:
        played, pictures = play(task.source, "", task.example, picture_folder())
    except LookupError as error:
        return Played(str(error.args[0]))
    except UserError as error:
        return Played(str(error))
    words = _printed_in_words(printed.getvalue()[-MAX_PRINTED_BY_EXAMPLE:])
    if played != task.example:
        words = f"the example of `{played}`, the last one above\n{words}".rstrip()
    return Played(words, tuple(pictures))


def _printed_in_words(printed: str) -> str:
    """Say what was printed, several lines below each other; "" if nothing was."""
    lines = printed.rstrip().strip("\n")
    between = "\n" if "\n" in lines else " "
    return f"printed:{between}{lines}" if lines else ""


def _send_losses(send: Callable[[object], None]) -> None:
    """Repeatedly send the longest list of floats that a running function is filling."""
    while True:
        time.sleep(LOSSES_EVERY)
        longest: list[Any] = []
        for numbers in _lists_of_floats():
            if len(numbers) > len(longest):
                longest = numbers
        if longest:
            send([float(number) for number in longest])


def _lists_of_floats() -> Iterator[list[Any]]:
    """Yield copies of the lists of floats in the running functions of the submission."""
    main_thread = threading.main_thread().ident or 0
    current_frame = sys._current_frames()[main_thread]
    for frame, _ in traceback.walk_stack(current_frame):
        if not is_statement(frame.f_code.co_filename):
            continue
        for value in frame.f_locals.values():
            if not isinstance(value, list):
                continue
            copy = value[:]  # it grows meanwhile
            are_floats = [isinstance(number, float | np.floating) for number in copy]
            if copy and all(are_floats):
                yield copy


@dataclass
class AtWork:
    """The current work of the process, its start, and the process's size then."""

    begun: Begun
    memory: int
    since: float = field(default_factory=time.monotonic)

    @property
    def seconds(self) -> float:
        """Return its duration so far."""
        now = time.monotonic()
        return now - self.since


@dataclass(frozen=True)
class Checker:
    """A checking process, and our end of the pipe to it."""

    process: Any
    pipe: Connection

    def memory(self) -> int:
        """Return the bytes that the process holds, 0 if it has ended."""
        with suppress(psutil.Error):
            process = psutil.Process(self.process.pid)
            return int(process.memory_info().rss)
        return 0


class Watch:
    """A unit's file, the screen, the working process and the waiting one.

    at: the current check; the last one if all pass.
    waits: whether it was not reached, because one that it needs fails.
    broken: earlier checks that passed before, and fail now.
    mended: the check for which a repair was found since the last save, if any.
    warning: about the file of progress.
    """

    def __init__(self, course: Course, unit: str, path: Path) -> None:
        self.course = course
        self.unit = unit
        self.path = path
        self.screen = console()
        self.line = UnderWay(sys.stdout, True)
        self.trains = outline(course, unit)  # check → whether it trains
        *_, last = self.trains
        not_passed = to_do(course, unit) or [last]
        self.at = not_passed[0]
        self.waits = False
        self.broken: set[str] = set()
        self.mended = ""
        self.page: list[Text] = []
        self.foot = ""
        self.warning = ""
        self.moves = True
        self.clock: AtWork | None = None
        os.environ[warm.COURSE] = str(course.folder)
        os.environ[warm.UNIT] = unit
        self.waiting = self._start_checker()
        self.working = self.waiting

    def _start_checker(self) -> Checker:
        """Start a process that imports everything while the student types.

        On Linux a server imports once and forks. Elsewhere that is not safe, and each process
        imports.
        """
        context: Any
        if sys.platform == "linux":
            context = multiprocessing.get_context("forkserver")
            context.set_forkserver_preload([__name__, "autograder.practice.warm", "autograder.cli"])
        else:
            context = multiprocessing.get_context("spawn")
        ours, theirs = multiprocessing.Pipe()
        arguments = (self.course.folder, self.unit, theirs)
        process = context.Process(target=serve, args=arguments, daemon=True)
        process.start()
        theirs.close()
        return Checker(process, ours)

    def save(self) -> None:
        """Check the current exercise and those after it, then whether an earlier one is broken."""
        wanted = [self.at, *self._left_after()]
        never_passed = set(self._not_passed()) - self.broken
        left_out = never_passed.union(wanted)
        earlier = []
        for name, trains in self.trains.items():
            if not trains and name not in left_out:
                earlier.append(name)
        self.ask(wanted, moves=True, earlier=earlier)

    def ask(self, wanted: Sequence[str] = (), moves: bool = False, **more: Any) -> None:
        """Start a task on the present file. End the running one.

        wanted, moves, more: the fields of a `Task`.
        """
        source = read_patiently(self.path)
        if self.working is not self.waiting:
            self.working.process.terminate()
        self.working = self.waiting
        self.waiting = self._start_checker()
        task = Task(source, tuple(wanted), moves, **more)
        with suppress(BrokenPipeError):  # it has ended already, and `receive` will notice
            self.working.pipe.send(task)
        self.page = []
        self.foot = ""
        self.mended = ""
        self.moves = moves
        self.clock = None
        self.screen.print(
            "checking … (when graded, a check may compute for 5 seconds, or train for 60)",
            style="dim",
        )

    def press(self, key: str) -> None:
        """Carry out a key's command."""
        match key:
            case "n":
                self._go(1)
                self.ask([self.at])
            case "b":
                self._go(-1)
                self.ask([self.at])
            case "a":
                exact = [name for name, trains in self.trains.items() if not trains]
                if exact:
                    self.ask(exact)
            case "t":
                training = self._next_training()
                if training:
                    self.ask([training], moves=True)
            case "e":
                self.ask(example=self.at)
            case "h":
                self._hint()
                self.draw()

    def _hint(self) -> None:
        """Put a hint below the page, or why there is none."""
        try:
            source = read_patiently(self.path)
            told = hint(self.course, self.unit, self.mended or self.at, source)
        except UserError as error:
            self.foot = str(error)
        else:
            self.foot = f"hint {told}"

    def _go(self, steps: int) -> None:
        """Make another check the current one, this many steps away."""
        names = list(self.trains)
        here = names.index(self.at)
        there = (here + steps) % len(names)
        self.at = names[there]

    def _next_training(self) -> str | None:
        """Return the next check that trains, from the current one on, or the first."""
        names = list(self.trains)
        here = names.index(self.at)
        for name in names[here:] + names:
            if self.trains[name]:
                return name
        return None

    def receive(self) -> None:
        """Process the messages of the working process, or its end."""
        try:
            news = self.working.pipe.recv()
        except (EOFError, OSError):
            self._ended()
            return
        match news:
            case Begun():
                if self.clock is None or self.clock.begun != news:
                    self.clock = AtWork(news, self.working.memory())
                return
            case VerdictNews():
                self.clock = None
                self._judged(news)
            case Looking():
                self._looked(news)
            case NothingToCheck():
                self.clock = None
                self.foot = news.words
            case Played():
                self.clock = None
                lines = [news.words] if news.words else []
                for path in news.pictures:
                    lines.append(f"picture: {path}")
                self.foot = "\n".join(lines) or "The example printed nothing."
            case _:  # losses
                self.foot = sparkline(news, self.screen.width)
        self.draw()

    def _ended(self) -> None:
        """Report if the working process has ended within a check, or before its first message."""
        clock = self.clock
        self.clock = None
        time.sleep(TICK)
        if clock is None and (self.page or self.foot):
            return
        where = f" in `{clock.begun.what}`" if clock else ""
        process = self.working.process
        process.join(GRACE)
        self.foot = (
            f"The process that checks has ended{where}, with exit code {process.exitcode}: by a "
            "crash, or by `os._exit`. `autograder check` shows the line of a crash."
        )
        self.draw()

    def _judged(self, news: VerdictNews) -> None:
        """Show a verdict, and go on if it passes.

        An earlier check is shown if it fails.
        """
        verdict = news.verdict
        self.warning = save_progress(self.course, self.unit, self.path.parent, [verdict])
        if news.earlier:
            self._judged_earlier(verdict)
            return
        self.page.append(verdict_lines(verdict))
        self.foot = _printed_in_words(news.printed)
        has_passed = verdict.is_done
        is_at_hand = verdict.name == self.at
        if is_at_hand:
            self.waits = verdict.status == "not_reached"
        if self.moves and has_passed and is_at_hand:
            left = self._left_after()
            if left:
                self.at = left[0]

    def _looked(self, news: Looking) -> None:
        """Report that a repair is being searched for, or its place."""
        name = news.check
        if not news.is_over:
            self.foot = f"Trying small changes of your code for `{name}` …"
        elif news.found is None:
            self.foot = f"No small change for `{name}` was found that these values make certain."
        else:
            found = news.found.found
            self.foot = f"{name}: {where_mended_in_practice(found)}"
            if found.slips:
                self.foot += " Press h for a hint on it."
                self.mended = name
                keep_slip(self.course, self.unit, self.path.parent, name, what_mended(found))

    def _judged_earlier(self, verdict: Verdict) -> None:
        """Report an earlier check as broken, or repaired.

        A broken one becomes the current one if there is no other, or if that waits for others.
        """
        name = verdict.name
        lines = verdict_lines(verdict)
        if verdict.is_done:
            if name in self.broken:
                self.page.append(lines)
                self.broken.discard(name)
            return
        self.broken.add(name)
        heading = Text("This passed before and fails now:", "yellow")
        self.page.append(heading)
        self.page.append(lines)
        if self.waits or self.at not in self._not_passed():
            self.at = name
            self.waits = False

    def look(self) -> None:
        """Show the running work. End it if it exceeds its limit and nothing else can."""
        if self.clock is None:
            return
        begun = self.clock.begun
        lasted = self.clock.seconds
        self.line.tell(begun.what, lasted)
        if not begun.seconds:
            return
        more_memory = self.working.memory() - self.clock.memory
        if more_memory > MOST_MEMORY:
            self._end_work(begun, "killed", "took too much memory")
        elif lasted > GIVE_UP * begun.seconds + GRACE:
            why = f"took longer than {lasted:.0f} seconds"
            self._end_work(begun, "timeout", why)

    def _end_work(self, check: Begun, status: Status, why: str) -> None:
        """End the working process from outside, and judge its check so."""
        self.working.process.kill()
        self.clock = None
        remark = Remark(f"{why}, and its process was ended.")
        verdict = Verdict(check.what, check.title, check.points, 0, status, (remark,))
        self._judged(VerdictNews(verdict, printed="", earlier=check.earlier))
        self.draw()

    def _not_passed(self) -> list[str]:
        """Return the checks of the unit that have not passed, in order."""
        return to_do(self.course, self.unit)

    def _left_after(self) -> list[str]:
        """Return the checks after the current one that have not passed."""
        names = list(self.trains)
        here = names.index(self.at)
        not_passed = self._not_passed()
        left = []
        for name in names[here + 1 :]:
            if name in not_passed:
                left.append(name)
        return left

    def draw(self) -> None:
        """Redraw the screen: the messages, the progress, and the keys."""
        self.line.clear()
        self.screen.clear()
        title = Text(self.path.name, "bold")
        foot = Text(self.foot)
        for text in (title, *self.page, foot):
            self.screen.print(text)
        if self.warning:
            self.screen.print(Text(self.warning, "yellow"))
        passed_in_all = 0
        count_in_all = 0
        for _, passed, count in overview(self.course):
            passed_in_all += passed
            count_in_all += count
        count = len(self.trains)
        left = len(self._not_passed())
        passed = count - left
        done = f"{passed} of {count} checks pass in this unit, "
        done += f"{passed_in_all} of {count_in_all} in all"
        now = f"now: {self.at}{self._where_to_read()}" if left else self._what_is_next()
        summary = Text.assemble((done, "bold"), f"\n{now}\n{KEYS}")
        self.screen.print(summary)

    def _what_is_next(self) -> str:
        unit = current_unit(self.course)
        if not to_do(self.course, unit):
            return "All pass, in every unit."
        return f"All pass. Next: autograder watch {self.course.short(unit)}"

    def _where_to_read(self) -> str:
        """Return a line with the address of the current section; "" for a course without a site."""
        site = self.course.about.site
        if not site:
            return ""
        script = ""
        if self.path.suffix == ".py":
            script = read_patiently(self.path).decode("utf-8", errors="replace")
        return f"\nread: {address_of_check(site, self.unit, script, self.at)}"

    def loop(self, key: Callable[[], str]) -> None:
        """Poll file, keyboard and process until q is pressed.

        key: returns the pressed key, or "".
        """
        seen: object = None
        while True:
            pressed = key()
            if pressed == "q":
                return
            # an editor is replacing it, or has it locked
            with suppress(FileNotFoundError, PermissionError):
                stat = self.path.stat()
                now = (stat.st_mtime_ns, stat.st_size, stat.st_ino)
                if now != seen:
                    self.save()
                    seen = now
                if pressed:
                    self.press(pressed)
            # not `poll`, which on Windows raises if the other end is closed
            if wait([self.working.pipe], TICK):
                self.receive()
            self.look()


BEFORE_A_SPECIAL_KEY = ("\0", "\xe0")


def pressed_on_windows(console: Any) -> str:
    """Return the pressed key, or "". An arrow is ignored: it sends two characters.

    console: the module `msvcrt`.
    """
    if not console.kbhit():
        return ""
    key: str = console.getwch()
    if key in BEFORE_A_SPECIAL_KEY and console.kbhit():
        console.getwch()
        return ""
    return key


@contextmanager
def keyboard() -> Iterator[Callable[[], str]]:
    """Yield a function that returns the pressed key, or "", without waiting."""
    if sys.platform == "win32":
        import msvcrt

        yield partial(pressed_on_windows, msvcrt)
        return
    import select
    import termios
    import tty

    def pressed() -> str:
        is_there, _, _ = select.select([0], [], [], 0)
        if not is_there:
            return ""
        return os.read(0, 1).decode("latin-1")

    before = termios.tcgetattr(0)
    try:
        tty.setcbreak(0)
        yield pressed
    finally:
        termios.tcsetattr(0, termios.TCSADRAIN, before)
