"""The limits of a check where a student works, on any system and in one process with everything
else.

A thread looks at the clock and at the memory. Beyond a limit it raises an exception in the thread
that runs the check, which is told like any other, with the line that was under way.
"""

import ctypes
import faulthandler
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import psutil

from autograder.check import Answer, Check, Failure, Limits
from autograder.sandbox.inside.runner import Stopped, place_of_thread

LOOK = 0.05  # seconds between two looks
TELL = 1.0  # seconds between two words on what is under way
AGAIN = 2.0  # seconds after which what caught the exception gets another
# how much longer than in a grade a check may take: students' machines differ, and nothing is lost
# here
SLOWER = 2
GIVE_UP = 4  # times its seconds: then a process that nothing can reach is ended

# the name of a check that is under way, and for how many seconds
Tell = Callable[[str, float], object]


@dataclass
class Guard:
    """Watches one check that runs in the thread which makes the guard."""

    check: Check
    limits: Limits
    tell: Tell
    why: str = ""  # it was ended, in words
    failure: Failure = Failure.NONE  # TIMEOUT or KILLED
    where: str = ""  # in the student's file

    def __post_init__(self) -> None:
        self._thread = threading.get_ident()
        self._process = psutil.Process()
        self._memory = self._process.memory_info().rss
        self._began, self._computed = time.monotonic(), time.process_time()
        self._over = threading.Event()
        self._turn = threading.Lock()
        threading.Thread(target=self._watch, daemon=True).start()

    def end(self) -> None:
        """Watch no longer. No exception comes after this: one that is under way arrives here.

        To take it back is no way: Python 3.11 then stands still where a function is watched by
        `sys.setprofile`.
        """
        with suppress(Stopped):
            self._over.set()
            with self._turn:
                pass
            for _ in range(10):
                time.sleep(0)

    def answer(self, answer: Answer) -> Answer:
        """What to judge: the answer, or what ended it and where."""
        if not self.why or answer.failure != Failure.STOPPED:
            return answer
        where = f" at {self.where}" if self.where else ""
        return Answer(
            failure=self.failure, message=f"{self.why} and was stopped{where}. {ASK[self.failure]}"
        )

    def _watch(self) -> None:
        told, raised = 0.0, -AGAIN
        while not self._over.wait(LOOK):
            lasted = time.monotonic() - self._began
            if lasted - told > TELL and not self.why:
                told = lasted
                self.tell(self.check.name, lasted)
            if not self.why:
                self._look(lasted)
            if self.why and lasted - raised > AGAIN:
                raised = lasted
                self._stop()

    def _look(self, lasted: float) -> None:
        """See whether a limit is passed. Time counts that is spent computing: a debugger may
        wait.
        """
        seconds, megabytes = SLOWER * self.check.seconds, self.limits.megabytes
        if lasted > seconds and time.process_time() - self._computed > self.check.seconds:
            self.failure = Failure.TIMEOUT
            self.why = (
                f"took longer than {seconds:g} seconds (a grade waits {self.check.seconds:g})"
            )
        elif self._process.memory_info().rss - self._memory > megabytes << 20:
            self.failure = Failure.KILLED
            self.why = f"took more than {megabytes} MB of memory"

    def _stop(self) -> None:
        self.where = self.where or place_of_thread(self._thread, self.check)
        with self._turn:
            if not self._over.is_set():
                # raised when it runs Python again
                set_exception = ctypes.pythonapi.PyThreadState_SetAsyncExc
                set_exception(ctypes.c_ulong(self._thread), ctypes.py_object(Stopped))


ASK = {
    Failure.TIMEOUT: "Is there a loop that does not end?",
    Failure.KILLED: "Is there something that grows without end?",
}


def within_limits(
    check: Check, limits: Limits, run: Callable[[], Answer], tell: Tell = lambda *_: None
) -> Answer:
    """Run a check and give its answer, or that it was ended at a limit.

    run: gives the answer of an experiment, which tells an exception as `run_experiment` does.
    tell: called each second from another thread.
    """
    guard = Guard(check, limits, tell)
    try:
        try:
            answer = run()
        finally:
            guard.end()
    except Stopped:  # it came when the experiment was over
        guard.end()
        answer = Answer(failure=Failure.STOPPED)
    return guard.answer(answer)


@contextmanager
def last_resort(check: Check) -> Iterator[None]:
    """End this whole process, with the line that was under way, where no exception can: for one
    that holds nothing.

    `list(itertools.count())` never runs Python again. On Windows there is nothing of the kind.
    """
    try:
        import resource
    except ImportError:
        yield
        return
    used = time.process_time()
    cores = os.cpu_count() or 1 if check.measure else 1
    before = resource.getrlimit(resource.RLIMIT_CPU)
    most = int(used + GIVE_UP * check.seconds * cores) + 1
    with suppress(ValueError, OSError):  # where a lower limit holds already
        resource.setrlimit(resource.RLIMIT_CPU, (most, before[1]))
    faulthandler.register(signal.SIGXCPU, all_threads=False, chain=True)
    try:
        yield
    finally:
        with suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_CPU, before)
        faulthandler.unregister(signal.SIGXCPU)
