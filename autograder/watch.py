"""`autograder watch`: each save is checked at once, by a process that has imported everything and waits for it.

A process serves one save, and the next one waits already: nothing of an earlier save is left, and a loop without end
is ended by the next save. A look at the file's time works where no change is reported: network folders, containers.
"""

import io
import multiprocessing
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from itertools import takewhile
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np
from rich.text import Text

from autograder.checking import Verdict, load_unit
from autograder.practice import practise
from autograder.progress import at_hand, course, hint, keep, outline, passed, to_do
from autograder.report.terminal import console, sparkline, verdict_lines
from autograder.solution import Broken, Submission

TICK = 0.02  # seconds between two looks at the file and the keyboard
KEYS = "[h]int [a]ll [t]rain [b]ack [n]ext [q]uit"


def serve(unit_name: str, pipe: Connection) -> None:
    """The life of a process that checks: import, wait for a file and names of checks, send each verdict."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    unit, lock = load_unit(unit_name), threading.Lock()
    sys.modules[unit.checks[0].experiment.__module__].__dict__.get("warm", lambda: None)()
    try:
        source, wanted, stops = pipe.recv()
    except EOFError:  # nobody watches any more
        return
    threading.Thread(target=_tell_losses, args=(pipe, lock), daemon=True).start()
    for check in (check for name in wanted for check in unit.checks if check.name == name):
        with redirect_stdout(io.StringIO()) as said, redirect_stderr(said):
            try:
                (verdict,) = practise(unit, [check], Submission(source, ""))
            except Broken as error:
                verdict = Verdict(check.name, str(error), check.points, 0.0, "error")
        with lock:
            pipe.send((verdict, said.getvalue()[-500:].strip()))
        if stops and verdict.status != "passed":
            return


def _tell_losses(pipe: Connection, lock: threading.Lock) -> None:
    """Again and again, send the longest list of floats that a running function of the submission is filling."""
    while True:
        time.sleep(0.3)
        losses: list[float] = []
        for frame, _ in traceback.walk_stack(sys._current_frames()[threading.main_thread().ident or 0]):
            if frame.f_code.co_filename.startswith(("<line", "<cell")):
                lists = [value[:] for value in frame.f_locals.values() if isinstance(value, list)]
                lists = [each for each in lists if all(isinstance(x, float | np.floating) for x in each)]
                losses = max(losses, *lists, [], key=len)
        with lock:
            pipe.send([float(x) for x in losses])


class Watch:
    """A unit's file, the check at hand, what is on the screen, the process at work and the one that waits."""

    def __init__(self, unit: str, path: Path) -> None:
        self.unit, self.path, self.checks = unit, path, outline(unit)
        self.at = next(iter(to_do(unit) or self.checks))
        self.screen, self.page, self.curve, self.moves = console(), list[Text](), "", True
        methods = multiprocessing.get_all_start_methods()
        self.context: Any = multiprocessing.get_context("forkserver" if "forkserver" in methods else "spawn")
        if "forkserver" in methods:  # imports once and forks for each save; elsewhere each imports while one types
            self.context.set_forkserver_preload(["autograder.cli", "autograder.watch", f"autograder.checks.{unit}"])
        self.working = self.waiting = self._process()

    def _process(self) -> tuple[Any, Connection]:
        ours, theirs = multiprocessing.Pipe()
        process = self.context.Process(target=serve, args=(self.unit, theirs), daemon=True)
        process.start()
        theirs.close()
        return process, ours

    def ask(self, wanted: Sequence[str], moves: bool) -> None:
        """Have checks run on the file as it is now; what still runs is ended. `moves`: go on from what passes."""
        self.page, self.curve, self.moves = [], "", moves
        if not wanted:
            self.page = [Text(f"`{self.at}` trains, for seconds or a minute: press t.")]
            return self.draw()
        if self.working is not self.waiting:
            self.working[0].terminate()
        self.working, self.waiting = self.waiting, self._process()
        self.working[1].send((self.path.read_bytes(), wanted, moves))
        self.screen.print("checking … (a grade waits 5 seconds for a check, 60 where it trains)", style="dim")

    def onward(self, exact: bool = False) -> list[str]:
        """The checks from the one at hand round to it; with `exact`, those to do, up to the first that trains."""
        names = [*self.checks]
        place = names.index(self.at)
        if not exact:
            return names[place:] + names[:place]
        to_do = [name for name in names[place:] if name == self.at or name not in passed(self.unit)]
        return [*takewhile(lambda name: not self.checks[name], to_do)]

    def press(self, key: str) -> None:
        """Do what a key stands for."""
        if key == "a":
            self.ask([name for name in self.checks if not self.checks[name]], False)
        elif key == "t":
            self.ask([name for name in self.onward() if self.checks[name]][:1], True)
        elif key in "nb":
            self.at = self.onward()[1 if key == "n" else -1]
            self.ask(self.onward(exact=True)[:1], False)
        elif key == "h":
            self.page.append(Text(f"hint {hint(self.unit, self.at, self.path.read_bytes())}"))
            self.draw()

    def receive(self) -> None:
        """Take in what the process at work has sent: losses so far, or a verdict; or that it has ended."""
        try:
            news = self.working[1].recv()
        except (EOFError, OSError):
            time.sleep(TICK)
            if self.page:
                return
            self.page = [Text("The process that checks has ended: `autograder check` says why.")]
        else:
            if isinstance(news, list):
                self.curve = sparkline(news, self.screen.width)
            else:
                self._judged(*news)
        self.draw()

    def _judged(self, verdict: Verdict, said: str) -> None:
        self.page += [verdict_lines(verdict), *([Text(f"printed: {said}", "dim")] if said else [])]
        keep(self.unit, [verdict])
        if self.moves and verdict.status == "passed" and verdict.name == self.at:
            self.at = next((name for name in self.onward() if name not in passed(self.unit)), self.at)

    def draw(self) -> None:
        """Write the screen anew: verdicts, what was printed, hints, the curve; then how far one is, and the keys."""
        self.screen.clear()
        for text in [Text(self.path.name, "bold"), *self.page, *([Text(self.curve)] if self.curve else [])]:
            self.screen.print(text)
        far, of = map(sum, zip(*(counts for _, *counts in course()), strict=True))
        done = f"{len(passed(self.unit))} of {len(self.checks)} in this unit, {far} of {of} in all"
        now = f"now: {self.at}" if to_do(self.unit) else f"All pass. Next: autograder watch {at_hand().split('_')[0]}"
        self.screen.print(Text(f"\n{done}\n", "bold"), Text(f"{now}\n{KEYS}"), sep="")

    def loop(self, key: Callable[[], str]) -> None:
        """Look at keyboard, file and process until q is pressed."""
        seen: object = None
        while (pressed := key()) != "q":
            with suppress(FileNotFoundError):  # an editor is putting another in its place
                stat = self.path.stat()
                if (now := (stat.st_mtime_ns, stat.st_size, stat.st_ino)) != seen:
                    seen = now
                    self.ask(self.onward(exact=True), True)
                if pressed:
                    self.press(pressed)
            if self.working[1].poll(TICK):
                self.receive()
        for process, _ in (self.working, self.waiting):
            process.terminate()


@contextmanager
def keyboard() -> Iterator[Callable[[], str]]:
    """A function that gives the key that was pressed, or nothing, without waiting."""
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
