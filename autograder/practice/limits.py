"""The limits of a check on a student's machine: on any system, in one process with all else.

A thread watches the clock and the memory. Beyond a limit it raises an exception in the thread that
runs the check; it is reported like any other, with the running line.
"""

import ctypes
import faulthandler
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import psutil

from autograder.check import Answer, Check, Failure, Limits
from autograder.sandbox.inside.runner import Stopped, place_of_thread

LOOK = 0.05  # seconds between two observations
TELL = 1.0  # seconds between two messages about the running check
AGAIN = 2.0  # seconds after which code that caught the exception gets another
# a check's time, as a multiple of that in a grade: students' machines differ, and nothing is lost
# here
SLOWER = 2
GIVE_UP = 4  # multiple of its seconds after which a process that no exception reaches is ended

# the name of a running check, and its seconds so far
Tell = Callable[[str, float], object]


class Guard:
    """Watches one check that runs in the thread which makes the guard.

    why: the reason for stopping the check, in words; "" if it was not stopped.
    failure: TIMEOUT or KILLED.
    where: in the student's file.
    """

    def __init__(self, check: Check, limits: Limits, tell: Tell) -> None:
        self.check = check
        self.limits = limits
        self.tell = tell
        self.why = ""
        self.failure = Failure.NONE
        self.where = ""
        self._thread = threading.get_ident()
        self._process = psutil.Process()
        self._memory_before = self._process.memory_info().rss
        self._computed_before = time.process_time()
        self._began = time.monotonic()
        self._over = threading.Event()
        self._turn = threading.Lock()
        watcher = threading.Thread(target=self._watch, daemon=True)
        watcher.start()

    def end(self) -> None:
        """Stop watching. No exception comes after this: a pending one arrives here.

        It cannot be withdrawn: then Python 3.11 stops forever if a function is watched by
        `sys.setprofile`.
        """
        with suppress(Stopped):
            self._over.set()
            with self._turn:
                pass
            for _ in range(10):
                time.sleep(0)

    def answer(self, answer: Answer) -> Answer:
        """Return the answer to judge: the check's own, or what stopped it and where."""
        if not self.why:
            return answer
        if answer.failure != Failure.STOPPED:
            return answer
        where = f" at {self.where}" if self.where else ""
        question = ASK[self.failure]
        message = f"{self.why} and was stopped{where}. {question}"
        return Answer(failure=self.failure, message=message)

    def _watch(self) -> None:
        """Report the running check each second. At a limit, stop it, repeatedly."""
        _leave_the_last_signal()
        told_at = 0.0
        stopped_at = -AGAIN
        while not self._over.wait(LOOK):
            lasted = time.monotonic() - self._began
            if lasted - told_at > TELL and not self.why:
                told_at = lasted
                self.tell(self.check.name, lasted)
            if not self.why:
                self._look(lasted)
            if self.why and lasted - stopped_at > AGAIN:
                stopped_at = lasted
                self._stop()

    def _look(self, lasted: float) -> None:
        """Test whether a limit is exceeded. Only computing time counts.

        A debugger may wait.
        """
        grade_waits = self.check.seconds
        waits = SLOWER * grade_waits
        computed = time.process_time() - self._computed_before
        if lasted > waits and computed > grade_waits:
            self.failure = Failure.TIMEOUT
            self.why = (
                f"took longer than {waits:g} seconds (the limit in grading is {grade_waits:g})"
            )
            return
        memory = self._process.memory_info().rss
        allowed = self.limits.megabytes << 20  # bytes
        if memory - self._memory_before > allowed:
            self.failure = Failure.KILLED
            self.why = f"took more than {self.limits.megabytes} MB of memory"

    def _stop(self) -> None:
        """Raise `Stopped` in the thread of the check. It takes effect in the interpreter loop."""
        if not self.where:
            self.where = place_of_thread(self._thread, self.check)
        with self._turn:
            if self._over.is_set():
                return
            set_exception = ctypes.pythonapi.PyThreadState_SetAsyncExc
            thread = ctypes.c_ulong(self._thread)
            exception = ctypes.py_object(Stopped)
            set_exception(thread, exception)


ASK = {
    Failure.TIMEOUT: "Is there a loop that does not end?",
    Failure.KILLED: "Is there something that grows without end?",
}


def within_limits(
    check: Check, limits: Limits, run: Callable[[], Answer], tell: Tell = lambda *_: None
) -> Answer:
    """Run a check. Return its answer, or that it was stopped at a limit.

    run: returns the answer of an experiment, and reports an exception as `run_experiment` does.
    tell: called each second from another thread.
    """
    guard = Guard(check, limits, tell)
    try:
        try:
            answer = run()
        finally:
            guard.end()
    except Stopped:  # it came after the experiment
        guard.end()
        answer = Answer(failure=Failure.STOPPED)
    return guard.answer(answer)


@contextmanager
def last_resort(check: Check) -> Iterator[None]:
    """End this whole process, which holds no data, if no exception can stop a check.

    The running line is printed. `list(itertools.count())` never returns to the interpreter. On
    Windows a timer decides, unless a debugger waits.
    """
    try:
        import resource
    except ImportError:
        with _last_resort_by_the_clock(check):
            yield
        return
    cores = 1
    if check.measure:  # only training uses all of them
        cores = os.cpu_count() or 1
    allowed = GIVE_UP * check.seconds * cores
    most = int(time.process_time() + allowed) + 1
    before = resource.getrlimit(resource.RLIMIT_CPU)
    _, hard_limit = before
    with suppress(ValueError, OSError):  # if a lower limit applies already
        resource.setrlimit(resource.RLIMIT_CPU, (most, hard_limit))
    faulthandler.register(signal.SIGXCPU, all_threads=False, chain=True)
    try:
        yield
    finally:
        with suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_CPU, before)
        faulthandler.unregister(signal.SIGXCPU)


@contextmanager
def memory_limit(limits: Limits) -> Iterator[None]:
    """Refuse memory beyond a submission's limit, as a grade does, where the system can.

    One expression can ask for many gigabytes, and fill them before anything looks. Not for a
    student's own code: a GPU reserves addresses that nobody fills.
    """
    try:
        import resource
    except ImportError:
        yield
        return
    before = resource.getrlimit(resource.RLIMIT_AS)
    soft, hard = before
    most = psutil.Process().memory_info().vms + (limits.megabytes << 20)
    if soft != resource.RLIM_INFINITY:
        most = min(most, soft)
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_AS, (most, hard))
    try:
        yield
    finally:
        with suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_AS, before)


def _leave_the_last_signal() -> None:
    """Let the signal that ends this process reach the thread of the check, whose line it prints.

    Linux sends it to whichever thread computes at that moment, unless that thread blocks it.
    """
    with suppress(AttributeError):  # Windows has no such signal
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGXCPU})


@contextmanager
def _last_resort_by_the_clock(check: Check) -> Iterator[None]:
    """End this process some time after a check's limit, by a thread that needs no interpreter."""
    is_debugged = sys.gettrace() is not None
    if is_debugged:
        yield
        return
    faulthandler.dump_traceback_later(GIVE_UP * check.seconds, exit=True)
    try:
        yield
    finally:
        faulthandler.cancel_dump_traceback_later()
