"""`autograder watch`: each save is checked at once, by a process that has imported everything and
waits for it.

A process serves one save, and the next one waits already: nothing of an earlier save is left. A
loop without end is ended by the next save, or at the check's limits: by the process itself, or else
by this one. A look at the file's time works where no change is reported: network folders,
containers.
"""

import io
import multiprocessing
import os
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from rich.text import Text

from autograder.course import Course, load_unit, read_course
from autograder.errors import UserError
from autograder.judging import Remark, Verdict
from autograder.practice import warm
from autograder.practice.examples import picture_folder, play
from autograder.practice.practise import practise
from autograder.practice.progress import current_unit, hint, outline, overview, save_progress, to_do
from autograder.report.terminal import UnderWay, console, sparkline, verdict_lines
from autograder.sandbox.inside.submission import Submission

TICK = 0.02  # seconds between two looks at the file and the keyboard
KEYS = "[h]int [e]xample [a]ll [t]rain\n[b]ack [n]ext [q]uit"
ENDED = ("timeout", "killed")  # how a check ends that was stopped at a limit
# times the seconds of a check, and seconds more: then its process is ended from outside
GIVE_UP, GRACE = (
    4,
    2.0,
)
MOST_MEMORY = 3 << 30  # bytes that a check may take before that


@dataclass(frozen=True)
class Task:
    """What a process is to do with a file: run checks in order, or the examples of one.

    moves: whether to stop at the first that does not pass.
    earlier: exact checks that passed before, run at the end: they are told only if they do not pass
    any more.
    """

    source: bytes
    checks: Sequence[str] = ()
    moves: bool = False
    earlier: Sequence[str] = ()
    example: str = ""


@dataclass(frozen=True)
class Begun:
    """A check or an example is under way; `seconds` are what a grade waits for it, 0 where it has
    no limit.
    """

    what: str
    seconds: float = 0.0


@dataclass(frozen=True)
class Judged:
    """A verdict, and the end of what was printed."""

    verdict: Verdict
    printed: str
    earlier: bool = False


@dataclass(frozen=True)
class Played:
    """What an example printed, and where its pictures lie."""

    printed: str
    pictures: tuple[Path, ...] = ()


def serve(course_folder: Path, unit_name: str, pipe: Connection) -> None:
    """The life of a process that checks: import, wait for a task, send what is under way and what
    came out.
    """
    sys.stdout = sys.stderr = said = io.StringIO()
    os.environ["MPLBACKEND"] = "agg"  # a picture is a file here
    unit, lock = load_unit(read_course(course_folder), unit_name), threading.Lock()
    task: Task = pipe.recv()

    def send(news: object) -> None:
        with lock:
            pipe.send(news)

    threading.Thread(target=_tell_losses, args=(send,), daemon=True).start()
    if task.example:
        send(Begun(f"the example of `{task.example}`"))
        send(_played(task, said))
        return
    checks = {check.name: check for check in unit.checks}

    def begun(name: str, _: float) -> None:
        send(Begun(name, checks[name].seconds))

    def judged(name: str, earlier: bool) -> Verdict:
        submission = Submission(task.source, "")
        (verdict,) = practise(unit, [checks[name]], submission, tell=begun)
        send(Judged(verdict, said.getvalue()[-500:].strip(), earlier))
        return verdict

    for name in task.checks:
        verdict = judged(name, earlier=False)
        if verdict.status in ENDED:
            return
        if task.moves and verdict.status != "passed":
            break
    for name in task.earlier:
        if judged(name, earlier=True).status in ENDED:
            return


def _played(task: Task, said: io.StringIO) -> Played:
    try:
        pictures = play(task.source, "", task.example, picture_folder())
    except LookupError as error:
        return Played(str(error.args[0]))
    except UserError as error:
        return Played(str(error))
    return Played(said.getvalue()[-1500:].strip(), tuple(pictures))


def _tell_losses(send: Callable[[object], None]) -> None:
    """Again and again, send the longest list of floats that a running function of the submission is
    filling.
    """
    while True:
        time.sleep(0.3)
        stack = traceback.walk_stack(sys._current_frames()[threading.main_thread().ident or 0])
        frames = [
            frame for frame, _ in stack if frame.f_code.co_filename.startswith(("<line", "<cell"))
        ]
        lists = [
            value[:]
            for frame in frames
            for value in frame.f_locals.values()
            if isinstance(value, list)
        ]
        lists = [
            each for each in lists if each and all(isinstance(x, float | np.floating) for x in each)
        ]
        if lists:
            send([float(x) for x in max(lists, key=len)])


@dataclass
class Clock:
    """What the process at work is busy with, since when, and how large the process was then."""

    begun: Begun
    memory: int
    since: float = field(default_factory=time.monotonic)

    @property
    def seconds(self) -> float:
        """How long it has lasted."""
        return time.monotonic() - self.since


class Watch:
    """A unit's file, the check at hand, what is on the screen, the process at work and the one that
    waits.
    """

    def __init__(self, course: Course, unit: str, path: Path) -> None:
        self.course, self.unit, self.path = course, unit, path
        self.trains, self.screen = outline(course, unit), console()
        self.at = next(iter(to_do(course, unit) or self.trains))
        self.page: list[Text] = []
        self.broken: set[str] = set()  # earlier checks that passed before
        self.foot, self.moves = "", True
        self.clock: Clock | None = None
        self.line = UnderWay(sys.stdout, True)
        os.environ |= {warm.COURSE: str(course.folder), warm.UNIT: unit}
        self.working = self.waiting = self._process()

    def _process(self) -> tuple[Any, Connection]:
        # on Linux a server imports once and forks; elsewhere that is not safe, and each process
        # imports while one types
        context: Any = multiprocessing.get_context(
            "forkserver" if sys.platform == "linux" else "spawn"
        )
        if sys.platform == "linux":
            context.set_forkserver_preload([__name__, "autograder.practice.warm", "autograder.cli"])
        ours, theirs = multiprocessing.Pipe()
        process = context.Process(
            target=serve, args=(self.course.folder, self.unit, theirs), daemon=True
        )
        process.start()
        theirs.close()
        return process, ours

    def save(self) -> None:
        """Check the exercise at hand and those after it that follow; then whether an earlier one is
        broken now.
        """
        wanted = [self.at, *self._after()]
        left = {*to_do(self.course, self.unit)} - self.broken
        earlier = [
            n
            for n, trains in self.trains.items()
            if not trains and n not in left and n not in wanted
        ]
        self.ask(wanted, moves=True, earlier=earlier)

    def ask(self, wanted: Sequence[str] = (), moves: bool = False, **more: Any) -> None:
        """Have a task done on the file as it is now; what still runs is ended. The rest are the
        fields of a `Task`.
        """
        if self.working is not self.waiting:
            self.working[0].terminate()
        self.working, self.waiting = self.waiting, self._process()
        with suppress(BrokenPipeError):  # it has ended already, and `receive` will see it
            self.working[1].send(Task(self.path.read_bytes(), tuple(wanted), moves, **more))
        self.page, self.foot, self.moves, self.clock = [], "", moves, None
        self.screen.print(
            "checking … (a grade waits 5 seconds for a check, 60 where it trains)", style="dim"
        )

    def press(self, key: str) -> None:
        """Do what a key stands for."""
        names = [*self.trains]
        here = names.index(self.at)
        if key in ("n", "b"):
            self.at = names[(here + (1 if key == "n" else -1)) % len(names)]
        training = [name for name in names[here:] + names if self.trains[name]][:1]
        wanted = {
            "a": [n for n in names if not self.trains[n]],
            "t": training,
            "n": [self.at],
            "b": [self.at],
        }.get(key)
        if wanted:
            self.ask(wanted, key == "t")
        elif key == "e":
            self.ask(example=self.at)
        elif key == "h":
            self.foot = f"hint {hint(self.course, self.unit, self.at, self.path.read_bytes())}"
            self.draw()

    def receive(self) -> None:
        """Take in what the process at work has sent, or that it has ended."""
        try:
            news = self.working[1].recv()
        except (EOFError, OSError):
            self.clock = None
            time.sleep(TICK)
            if not self.page and not self.foot:
                self.foot = "The process that checks has ended: `autograder check` says why."
                self.draw()
            return
        if isinstance(news, Begun):
            if not self.clock or self.clock.begun != news:
                self.clock = Clock(news, self._memory())
            return
        if isinstance(news, Judged):
            self.clock = None
            self._judged(news)
        elif isinstance(news, Played):
            self.clock = None
            self.foot = "\n".join(
                [f"printed: {news.printed}", *(f"picture: {path}" for path in news.pictures)]
            )
        else:
            self.foot = sparkline(news, self.screen.width)
        self.draw()

    def _judged(self, news: Judged) -> None:
        """Put a verdict on the screen and go on where it passes; of an earlier check, where it does
        not.
        """
        verdict, passed = news.verdict, news.verdict.status == "passed"
        save_progress(self.course, self.unit, self.path.parent, [verdict])
        if news.earlier:
            self._earlier(verdict, passed)
            return
        self.page.append(verdict_lines(verdict))
        self.foot = f"printed: {news.printed}" if news.printed else ""
        if self.moves and passed and verdict.name == self.at:
            self.at = next(iter(self._after()), self.at)

    def _earlier(self, verdict: Verdict, passed: bool) -> None:
        """Tell of an earlier check that it is broken, or mended; it is the one at hand where
        nothing else is.
        """
        if passed:
            if verdict.name in self.broken:
                self.page.append(verdict_lines(verdict))
            self.broken.discard(verdict.name)
            return
        self.broken.add(verdict.name)
        self.page += [Text("It passed before, and does not now:", "yellow"), verdict_lines(verdict)]
        if self.at not in to_do(self.course, self.unit):
            self.at = verdict.name

    def look(self) -> None:
        """Show what is under way; end it where it holds its process and nothing else can."""
        if not self.clock:
            return
        begun, lasted = self.clock.begun, self.clock.seconds
        self.line.tell(begun.what, lasted)
        if not begun.seconds:
            return
        too_much = self._memory() - self.clock.memory > MOST_MEMORY
        if too_much or lasted > GIVE_UP * begun.seconds + GRACE:
            self.working[0].kill()
            why = "took too much memory" if too_much else f"took longer than {lasted:.0f} seconds"
            remark = Remark(f"{why}, and its process was ended.")
            verdict = Verdict(begun.what, "", 0, 0, "killed" if too_much else "timeout", (remark,))
            self.clock = None
            self._judged(Judged(verdict, ""))
            self.draw()

    def _memory(self) -> int:
        """Bytes that the process at work holds."""
        with suppress(psutil.Error):
            return int(psutil.Process(self.working[0].pid).memory_info().rss)
        return 0

    def _after(self) -> list[str]:
        names, left = [*self.trains], to_do(self.course, self.unit)
        return [name for name in names[names.index(self.at) + 1 :] if name in left]

    def draw(self) -> None:
        """Write the screen anew: verdicts, a hint, a curve or what was printed; then how far one
        is, and the keys.
        """
        self.line.clear()
        self.screen.clear()
        for text in (Text(self.path.name, "bold"), *self.page, Text(self.foot)):
            self.screen.print(text)
        far, of = map(sum, zip(*(counts for _, *counts in overview(self.course)), strict=True))
        left = len(to_do(self.course, self.unit))
        done = f"{len(self.trains) - left} of {len(self.trains)} in this unit, {far} of {of} in all"
        now = (
            f"now: {self.at}"
            if left
            else f"All pass. Next: autograder watch {self.course.short(current_unit(self.course))}"
        )
        self.screen.print(Text.assemble((done, "bold"), f"\n{now}\n{KEYS}"))

    def loop(self, key: Callable[[], str]) -> None:
        """Look at file, keyboard and process until q is pressed; `key()` is a key pressed, or
        nothing.
        """
        seen: object = None
        while (pressed := key()) != "q":
            with suppress(FileNotFoundError):  # an editor is putting another in its place
                stat = self.path.stat()
                if (now := (stat.st_mtime_ns, stat.st_size, stat.st_ino)) != seen:
                    seen = now
                    self.save()
                if pressed:
                    self.press(pressed)
            if self.working[1].poll(TICK):
                self.receive()
            self.look()


@contextmanager
def keyboard() -> Iterator[Callable[[], str]]:
    """A function that gives the key that was pressed, or nothing, without waiting; on Windows not
    tried.
    """
    if sys.platform == "win32":
        import msvcrt

        yield lambda: msvcrt.getwch() if msvcrt.kbhit() else ""
        return
    import select
    import termios
    import tty

    before = termios.tcgetattr(0)
    try:
        tty.setcbreak(0)
        yield lambda: os.read(0, 1).decode("latin-1") if select.select([0], [], [], 0)[0] else ""
    finally:
        termios.tcsetattr(0, termios.TCSADRAIN, before)
