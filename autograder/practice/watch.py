"""`autograder watch`: each save is checked at once, by a process that has imported everything and waits for it.

A process serves one save, and the next one waits already: nothing of an earlier save is left, and a loop without end
is ended by the next save. A look at the file's time works where no change is reported: network folders, containers.
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
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np
from rich.text import Text

from autograder.course import Course, load_unit, read_course
from autograder.practice import warm
from autograder.practice.practise import practise
from autograder.practice.progress import current_unit, hint, outline, overview, save_progress, to_do
from autograder.report.terminal import console, sparkline, verdict_lines
from autograder.sandbox.inside.submission import Submission

TICK = 0.02  # seconds between two looks at the file and the keyboard
KEYS = "[h]int [a]ll [t]rain [b]ack [n]ext [q]uit"


def serve(course_folder: Path, unit_name: str, pipe: Connection) -> None:
    """The life of a process that checks: import, wait for a file and checks' names, send verdicts up to a wrong one."""
    sys.stdout = sys.stderr = said = io.StringIO()
    unit, lock = load_unit(read_course(course_folder), unit_name), threading.Lock()
    source, wanted, moves = pipe.recv()
    threading.Thread(target=_tell_losses, args=(pipe, lock), daemon=True).start()
    for check in (check for check in unit.checks if check.name in wanted):
        (verdict,) = practise(unit, [check], Submission(source, ""))
        with lock:
            pipe.send((verdict, said.getvalue()[-500:].strip()))
        if moves and verdict.status != "passed":
            return


def _tell_losses(pipe: Connection, lock: threading.Lock) -> None:
    """Again and again, send the longest list of floats that a running function of the submission is filling."""
    while True:
        time.sleep(0.3)
        stack = traceback.walk_stack(sys._current_frames()[threading.main_thread().ident or 0])
        frames = [frame for frame, _ in stack if frame.f_code.co_filename.startswith(("<line", "<cell"))]
        lists = [value[:] for frame in frames for value in frame.f_locals.values() if isinstance(value, list)]
        lists = [each for each in lists if each and all(isinstance(x, float | np.floating) for x in each)]
        if lists:
            with lock:
                pipe.send([float(x) for x in max(lists, key=len)])


class Watch:
    """A unit's file, the check at hand, what is on the screen, the process at work and the one that waits."""

    def __init__(self, course: Course, unit: str, path: Path) -> None:
        self.course, self.unit, self.path = course, unit, path
        self.trains, self.screen = outline(course, unit), console()
        self.at = next(iter(to_do(course, unit) or self.trains))
        self.page: list[Text] = []
        self.foot, self.moves = "", True
        os.environ |= {warm.COURSE: str(course.folder), warm.UNIT: unit}
        self.working = self.waiting = self._process()

    def _process(self) -> tuple[Any, Connection]:
        # on Linux a server imports once and forks; elsewhere that is not safe, and each process imports while one types
        context: Any = multiprocessing.get_context("forkserver" if sys.platform == "linux" else "spawn")
        if sys.platform == "linux":
            context.set_forkserver_preload([__name__, "autograder.practice.warm", "autograder.cli"])
        ours, theirs = multiprocessing.Pipe()
        process = context.Process(target=serve, args=(self.course.folder, self.unit, theirs), daemon=True)
        process.start()
        theirs.close()
        return process, ours

    def ask(self, wanted: Sequence[str], moves: bool) -> None:
        """Have checks run on the file as it is now; what still runs is ended. `moves`: go on from what passes."""
        if self.working is not self.waiting:
            self.working[0].terminate()
        self.working, self.waiting = self.waiting, self._process()
        with suppress(BrokenPipeError):  # it has ended already, and `receive` will see it
            self.working[1].send((self.path.read_bytes(), wanted, moves))
        self.page, self.foot, self.moves = [], "", moves
        self.screen.print("checking … (a grade waits 5 seconds for a check, 60 where it trains)", style="dim")

    def press(self, key: str) -> None:
        """Do what a key stands for."""
        names = [*self.trains]
        here = names.index(self.at)
        if key in ("n", "b"):
            self.at = names[(here + (1 if key == "n" else -1)) % len(names)]
        training = [name for name in names[here:] + names if self.trains[name]][:1]
        wanted = {"a": [n for n in names if not self.trains[n]], "t": training, "n": [self.at], "b": [self.at]}.get(key)
        if wanted:
            self.ask(wanted, key == "t")
        elif key == "h":
            self.foot = f"hint {hint(self.course, self.unit, self.at, self.path.read_bytes())}"
            self.draw()

    def receive(self) -> None:
        """Take in what the process at work has sent: losses so far, or a verdict; or that it has ended."""
        try:
            news = self.working[1].recv()
        except (EOFError, OSError):
            time.sleep(TICK)
            if self.page or self.foot:
                return
            news = "The process that checks has ended: `autograder check` says why."
        if isinstance(news, tuple):
            verdict, said = news
            self.page.append(verdict_lines(verdict))
            self.foot = f"printed: {said}" if said else ""
            save_progress(self.course, self.unit, self.path.parent, [verdict])
            if self.moves and verdict.status == "passed" and verdict.name == self.at:
                self.at = next(iter(self._after()), self.at)
        else:
            self.foot = news if isinstance(news, str) else sparkline(news, self.screen.width)
        self.draw()

    def _after(self) -> list[str]:
        names, left = [*self.trains], to_do(self.course, self.unit)
        return [name for name in names[names.index(self.at) + 1 :] if name in left]

    def draw(self) -> None:
        """Write the screen anew: verdicts, a hint, a curve or what was printed; then how far one is, and the keys."""
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
        """Look at file, keyboard and process until q is pressed; `key()` is a key pressed, or nothing."""
        seen: object = None
        while (pressed := key()) != "q":
            with suppress(FileNotFoundError):  # an editor is putting another in its place
                stat = self.path.stat()
                if (now := (stat.st_mtime_ns, stat.st_size, stat.st_ino)) != seen:
                    seen = now
                    self.ask([self.at, *self._after()], True)
                if pressed:
                    self.press(pressed)
            if self.working[1].poll(TICK):
                self.receive()


@contextmanager
def keyboard() -> Iterator[Callable[[], str]]:
    """A function that gives the key that was pressed, or nothing, without waiting; on Windows not tried."""
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
