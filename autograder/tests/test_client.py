"""The parent's side of the sandbox.

A worker's failure affects only its own check, answers are never mixed up, and no process or file is
left.
"""

import subprocess
import textwrap
import threading
import time
from pathlib import Path

import numpy as np
import pytest
import small

from autograder.check import Failure
from autograder.sandbox import client
from autograder.sandbox.client import Server, ServerGone
from autograder.sandbox.inside.wire import MAX_FRAME
from autograder.sandbox.worker import printable

# a time limit depends on no version of Landlock
ONE_KERNEL = pytest.mark.parametrize("boxed", ["bubblewrap and walls", "walls"], indirect=True)


def test_bubblewrap_starts_where_a_folder_holds_a_link_out_of_it(monkeypatch, tmp_path):
    """bubblewrap starts although a folder holds a link that leads out of it.

    Debian's standard library has one, `sitecustomize.py`. Such a link cannot be bound a second
    time.
    """
    for folder in (library := tmp_path / "library", elsewhere := tmp_path / "etc"):
        folder.mkdir()
    (elsewhere / "sitecustomize.py").touch()
    (library / "sitecustomize.py").symlink_to(elsewhere / "sitecustomize.py")
    places = client.places(small.unit())
    links = [str(library), str(library / "sitecustomize.py")]
    places.readable[:0] = links
    monkeypatch.setattr(client, "places", lambda _: places)
    with Server(small.unit()) as server:
        assert server.why_no_bubblewrap == ""


def test_a_long_stub_in_any_script_reaches_the_server():
    """If a stub is long, the server receives its first part.

    A message has a limit, and a server that gets no message would end.
    """
    with Server(small.unit(), stub="# %%\nsprache = '語'\n# " + "語🎉" * 100_000) as server:
        answer = server.worker(b"def treble(x): return 3 * x", "ada.py").ask(small.check(), 1)
    assert answer.failure == "missing"


def test_memory_over_the_limit_is_an_error_of_the_submission(boxed):
    """Too much memory gives a MemoryError in the check; the next worker is unaffected."""
    assert "MemoryError" in small.inside(boxed, "return np.array(len(bytearray(4 << 30)))").message
    assert not small.inside(boxed, "return np.array(len(bytearray(200 << 20)))").failure


@ONE_KERNEL
@pytest.mark.parametrize(
    "code",
    [
        "while True: pass",
        "import time; time.sleep(60)",
        "import os; os.close(4); os.close(3)\nwhile True: pass",
    ],
)
def test_time_is_limited(boxed, code):
    """A loop, a sleep and a process that closes its pipes all end at the check's time limit."""
    began = time.monotonic()
    assert small.inside(boxed, code, seconds=0.5).failure in ("timeout", "killed")
    assert time.monotonic() - began < 30  # a sleep gets four times the half second, not its 60


@pytest.mark.parametrize("then", ["while True: pass", "import os; os._exit(3)"])
@pytest.mark.parametrize(
    ("error", "failure", "words"),
    [
        ("ValueError('planted')", Failure.RAISED, "ValueError: planted"),
        ("NotImplementedError()", Failure.STUB, "`double` is not written yet."),
    ],
)
def test_an_error_is_told_though_the_run_without_it_ends_the_process(
    boxed, error, failure, words, then
):
    """An error is reported even if the run without it ends the process.

    Where a function raises, the check runs a second time for the values of the others.
    """
    script = f"""
calls = []

def double(x):
    calls.append(x)
    if len(calls) == 1:
        raise {error}
    {then}
"""
    with boxed.worker(script.encode(), "ada.py") as worker:
        answer = worker.ask(small.check(seconds=0.5), 1)
    assert answer.failure == failure
    assert words in answer.message


@ONE_KERNEL
def test_a_check_that_slept_saves_no_time_for_the_next(boxed):
    """CPU time is counted per check: a check that slept leaves no seconds for the next."""
    script = b"""
import numpy as np, time
asked = []

def double(x):
    asked.append(time.process_time())
    if len(asked) == 1:
        time.sleep(1.2)  # of two seconds on the wall
    while len(asked) > 1 and time.process_time() < asked[-1] + 1:
        pass
    return np.ones(1)
"""
    with boxed.worker(script, "ada.py") as worker:
        assert not worker.ask(small.check(seconds=0.5), 1).failure
        assert worker.ask(small.check(seconds=0.5), 2).failure == "timeout"


def test_what_is_printed_plays_no_part(boxed):
    """Printed output is discarded, however much it is, and the answer counts."""
    answer = small.inside(
        boxed,
        """
        import sys
        for _ in range(20000):
            print("x" * 999)
            print("y", file=sys.stderr)
        return np.ones(1)
        """,
    )
    assert answer.arrays["doubled"] == 1


def test_a_flood_on_the_answer_pipe_is_cut(boxed):
    """More bytes than a frame allows end the check and do not fill the parent's memory."""
    megabytes = (MAX_FRAME >> 20) + 2
    flood = f"import os\nfor _ in range({megabytes}): os.write(4, bytes(1 << 20))"
    answer = small.inside(boxed, flood)
    assert answer.failure == "killed"


def test_an_answer_ahead_of_its_question_counts_for_nothing(boxed):
    """A well-formed frame with an unasked token is skipped, and the true answer counts."""
    answer = small.inside(
        boxed,
        """
        import os
        from autograder.sandbox.inside.wire import Message, encode
        facts = {"token": "guess", "failure": "", "message": ""}
        os.write(4, encode(Message(facts, {"doubled": np.zeros(3)})))
        return np.ones(3)
        """,
    )
    assert answer.arrays["doubled"].tolist() == [1, 1, 1]


def test_a_reply_that_tells_a_failure_of_no_kind_cannot_be_read(boxed):
    """A reply with an unknown kind of failure is malformed: only the kit's kinds are valid."""
    answer = small.inside(
        boxed,
        """
        import autograder.sandbox.inside.runner as kit
        true = kit.encode
        def encode(message):
            return true(kit.Message({**message.fields, "failure": "a word"}, message.arrays))
        kit.encode = encode
        return np.ones(3)
        """,
    )
    assert answer.failure == Failure.KILLED
    assert answer.message == "the answer could not be read (a failure of no kind)."


@ONE_KERNEL
@pytest.mark.parametrize(
    ("reply", "second"),
    [
        ("true(message) * 2", ""),  # twice: the second is no answer to the next question
        (
            "true(replace(message, fields=message.fields | {'token': 'old'})) + true(message)",
            "",
        ),  # one too many before
        ("frames[0]", "timeout"),  # to the previous question, and none to this one
        ("time.sleep(3 * late) or true(message)", "timeout"),  # after the deadline
    ],
)
def test_an_answer_to_another_question_or_too_late_counts_for_nothing(boxed, reply, second):
    """Forged frames for other questions or after the deadline are ignored.

    The first check is answered, and so is one after the second.
    """
    script = f"""
from dataclasses import replace
import autograder.sandbox.inside.runner as kit, time
true, frames = kit.encode, []

def encode(message):
    late = bool(frames)
    frames.append(true(message))
    return {reply}

kit.encode = encode

def double(x):
    kit
    return x * len(frames)
"""
    with boxed.worker(b"import numpy as np\n" + script.encode(), "attack.py") as worker:
        first, next_one = (
            worker.ask(small.check(seconds=5), 1),
            worker.ask(small.check(seconds=0.5), 2),
        )
        third = worker.ask(small.check(seconds=5), 3)
    assert (first.failure, next_one.failure, third.failure) == ("", second, "")
    if not second:  # seeds differ, so right answers differ
        assert not np.array_equal(first.arrays["doubled"], next_one.arrays["doubled"])
        assert next_one.arrays["doubled"].any()


def test_a_flood_of_small_answers_to_other_questions_is_cut(boxed):
    """A few small answers to other questions are skipped; a flood of them ends the check.

    So the grader spends little time on them.
    """
    code = """
        import os
        from autograder.sandbox.inside.wire import Message, encode
        frame = encode(Message({"token": "guess"}, {}))
        while True:
            os.write(4, frame)
    """
    began = time.process_time()
    assert "too many answers" in small.inside(boxed, code, seconds=3).message
    assert time.process_time() - began < 1


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("import os; os._exit(0)", "exited (exit code 0)"),
        ("import os; os._exit(7)", "exited (exit code"),
        ("import os; os.abort()", "ended by abort"),
        ("import ctypes; ctypes.string_at(0)", "a segmentation fault"),
        ("raise SystemExit(0)", "SystemExit: 0"),
        ("raise KeyboardInterrupt", "exited"),
        ("def f(): f()\nf()", "RecursionError"),
        ("import os; os.write(4, b'x' * 100)", "could not be read"),
    ],
)
def test_a_check_that_ends_its_worker_costs_that_check_alone(boxed, code, words):
    """A check that ends its worker affects only itself; the next check gets a new worker.

    The feedback says how the worker ended.
    """
    script = f"def double(x):\n{textwrap.indent(code, '    ')}\ndef running_sum(x): return x, x\n"
    with boxed.worker(script.encode(), "ada.py") as worker:
        assert words in worker.ask(small.check(), 1).message
        assert not worker.ask(small.check("summing"), 1).failure


def test_when_the_server_dies_its_workers_die_and_the_parent_notices():
    """If the server dies, its workers die, too, and the parent raises `ServerGone`."""
    with Server(small.unit()) as running:
        threading.Timer(0.5, running.process.kill).start()
        with pytest.raises(ServerGone):
            small.inside(running, "import time; time.sleep(20)", seconds=20)
        time.sleep(0.2)
        listed = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True).stdout
        assert running.folder not in listed


def test_closing_leaves_no_process_and_no_file():
    """After closing, the server and its folder are gone."""
    running = Server(small.unit())
    folder, process = running.folder, running.process
    running.close()
    assert process.poll() is not None
    assert not Path(folder).exists()


def test_checks_together_have_a_limit(tmp_path):
    """Each check after a submission's total time is used up says so."""
    checks = """
        from autograder.check import Limits, UnitSettings, check, named

        SETTINGS = UnitSettings(limits=Limits(seconds=0.5))


        @check(points=1)
        def first(submission, seed):
            return named("y", submission.double(1))


        @check(points=1)
        def second(submission, seed):
            return named("y", submission.double(2))
        """
    unit = small.write_course(tmp_path, "limited", checks, "def double(x):\n    return 2 * x")
    script = b"import time\ndef double(x):\n    time.sleep(0.6)\n    return 2 * x\n"
    with Server(unit) as running, running.worker(script, "ada.py") as worker:
        worker.ask(unit.checks[0], 5)
        answer = worker.ask(unit.checks[1], 5)
    assert answer.failure == "timeout"
    assert "has 0.5 seconds" in answer.message


def test_control_characters_of_a_submission_are_stripped():
    """Terminal escapes in an error's text do not reach a terminal."""
    assert printable("a\x1b[31mb\x07\nc") == "a [31mb  c"


def test_two_servers_order_a_set_of_strings_alike():
    """Two servers iterate a set of strings in the same order, so grades are reproducible."""
    unit = small.unit(small.WORDS)
    (shortening,) = (check for check in unit.checks if check.name == "shortening")
    answers = []
    for _ in range(2):
        with (
            Server(unit) as server,
            server.worker(b"def initials(name): return ''.join(set(name))", "a.py") as worker,
        ):
            answers.append(worker.ask(shortening, 5).arrays["all"].tolist())
    assert answers[0] == answers[1]
