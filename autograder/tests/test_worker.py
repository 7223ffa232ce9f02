"""The parent's side of a worker: of all bytes received, only the answer to the question counts."""

import os
import struct
import threading
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autograder.check import Limits
from autograder.sandbox import worker
from autograder.sandbox.inside.wire import MAX_FRAME, SO_FAR, BadFrame, Message, decode, encode
from autograder.sandbox.worker import (
    MAX_UNEXPECTED,
    Clock,
    Crowded,
    Process,
    ReplyReader,
    Stopwatch,
)


def exchange(written: list[bytes], token: str) -> Message:
    """Return what the parent takes for the answer to `token`'s question.

    pieces: the worker's output, in the pieces in which it arrives.
    """
    (asked, asks), (answers, answered) = os.pipe(), os.pipe()

    def write() -> None:
        with suppress(OSError), os.fdopen(answered, "wb", 0) as stream:
            for piece in written:
                stream.write(piece)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        watch = Stopwatch(Limits(), lambda: Clock(0.0, None))
        process = Process(os.getpid(), asks, answers)
        return process.exchange(b"?", ReplyReader(token), 5.0, watch)
    finally:
        for end in (answers, asks, asked):
            os.close(end)
        writer.join()


FRAME = st.tuples(st.sampled_from(["asked", "before", "after", ""]), st.integers(0, 255)).map(
    lambda sent: encode(Message({"token": sent[0]}, {"x": np.array([sent[1]], np.uint8)}))
)


@settings(max_examples=400, deadline=None)
@given(st.lists(FRAME | st.binary(max_size=30), max_size=MAX_UNEXPECTED + 4), st.integers(1, 400))
def test_of_any_bytes_only_the_first_answer_to_the_question_counts(frames, length):
    """In random output only the first answer to the question counts.

    The output has frames of other questions, repeated, cut, between garbage, in pieces.
    """
    sent = b"".join(frames)
    try:
        found = exchange([sent[i : i + length] for i in range(0, len(sent), length)], "asked")
    except (BadFrame, EOFError):
        return
    assert found.fields == {"token": "asked"}
    first = next(decode(frame[8:]) for frame in frames if b"asked" in frame)
    assert found.arrays["x"] == first.arrays["x"]


ANSWER, OTHER, OLD = (
    encode(Message({"token": token}, {"x": np.array([number])}))
    for token, number in (("asked", 1), ("other", 2), ("old", 3))
)


@pytest.mark.parametrize(
    ("written", "error"),
    [
        # late answers to earlier questions, answers ahead of their question
        (
            [OLD, OTHER, ANSWER],
            None,
        ),
        ([ANSWER, ANSWER, OTHER], None),  # twice
        ([ANSWER[:5], ANSWER[5:]], None),  # in two pieces
        ([OTHER], EOFError),
        ([ANSWER[:-1]], EOFError),  # half an answer
        ([OTHER] * (MAX_UNEXPECTED + 1) + [ANSWER], BadFrame),
        ([struct.pack("<Q", MAX_FRAME + 1)], BadFrame),
        ([struct.pack("<Q", 2**64 - 1), ANSWER], BadFrame),
        ([struct.pack("<Q", 0), ANSWER], BadFrame),
        ([b"garbage!", ANSWER], BadFrame),
    ],
)
def test_an_answer_is_the_one_to_the_question_that_was_asked(written, error):
    """An answer is matched by its token; earlier frames are skipped, later ones never read."""
    if error:
        with pytest.raises(error):
            exchange(written, "asked")
    else:
        assert exchange(written, "asked").arrays["x"] == 1


SO_FAR_ANSWER, OTHER_SO_FAR = (
    encode(Message({"token": token, SO_FAR: "yes"}, {"x": np.array([4])}))
    for token in ("asked", "other")
)


@pytest.mark.parametrize(
    ("frames", "last", "so_far"),
    [
        (SO_FAR_ANSWER, None, 4),
        (SO_FAR_ANSWER + ANSWER, 1, 4),
        (OTHER_SO_FAR + OTHER, None, None),
    ],
)
def test_an_answer_so_far_is_kept_beside_the_last_one(frames, last, so_far):
    """A partial answer is kept and used if no final one comes.

    One to another question is ignored.
    """
    reader = ReplyReader("asked")
    found = reader.add(frames)
    kept = reader.so_far
    assert (found and found.arrays["x"]) == last
    assert (kept and kept.arrays["x"]) == so_far


def test_a_flood_of_answers_so_far_is_cut():
    """An endless flood of partial answers is cut and gives no answer."""
    with pytest.raises(BadFrame):
        ReplyReader("asked").add(SO_FAR_ANSWER * (MAX_UNEXPECTED + 1))


# ---- the time that checks take


@pytest.fixture
def now(monkeypatch):
    """Return the parent's clock in a list, so that a test can advance it; nothing else passes."""
    seconds = [1000.0]
    for other in ("stolen_time", "disk_time"):
        monkeypatch.setattr(worker, other, lambda: 0.0)
    monkeypatch.setattr(worker, "time", SimpleNamespace(monotonic=lambda: seconds[0]))
    return seconds


def test_a_sleeper_in_every_check_may_wait_for_less_and_less(now):
    """A submission that sleeps may wait three seconds in a check, eight in all, then half a second.

    Each submission has its own allowance.
    """
    watch = Stopwatch(Limits(), lambda: Clock(0.0, 0.0))
    allowed = []
    for _ in range(5):
        allowed.append(round(watch.begin_check(5.0), 1))
        now[0] += allowed[-1]  # its full allowance: it is never stopped
        watch.end_check()
    assert allowed == [3, 3, 2, 0.5, 0.5]
    watch.begin_check(5.0)
    now[0] += 1
    with pytest.raises(TimeoutError, match=r"waited for 0\.5 seconds"):
        watch.time_left()
    assert Stopwatch(Limits(), lambda: Clock(0.0, 0.0)).begin_check(5.0) == 3


@pytest.mark.parametrize("queued", [9.5, None])
def test_who_stands_in_line_for_a_processor_does_not_wait(now, queued):
    """Time in the processor's queue, which the kernel reports, is no waiting.

    Where the kernel does not report it, nothing is stopped for waiting.
    """
    watch = Stopwatch(Limits(), lambda: Clock(0.2, queued))
    watch.begin_check(5.0)
    now[0] += 10
    assert watch.time_left() > 0


def test_who_stood_in_line_for_most_of_the_time_was_crowded_out(now):
    """A submission queued for most of the time was crowded out, in one check or in all.

    Unlike other endings, this says nothing about the submission.
    """
    clock = [Clock(1.0, 17.0)]
    watch = Stopwatch(Limits(), lambda: clock[0])
    watch.begin_check(5.0)
    now[0] += 21
    with pytest.raises(Crowded, match="took longer than 20 seconds, most of them waiting,"):
        watch.time_left()
    watch = Stopwatch(Limits(seconds=30.0), lambda: clock[0])
    watch.begin_check(5.0)
    now[0] += 19
    watch.end_check()
    watch.begin_check(5.0)
    now[0] += 12
    assert watch.is_over()
    assert watch.is_crowded
    with pytest.raises(Crowded, match="time for all its checks was over"):
        watch.time_left()
    clock[0] = Clock(19.0, 1.0)
    watch = Stopwatch(Limits(seconds=30.0), lambda: clock[0])
    watch.begin_check(5.0)
    now[0] += 31
    with pytest.raises(TimeoutError) as late:
        watch.time_left()
    assert not isinstance(late.value, Crowded)


def test_who_neither_computes_nor_stands_in_line_waits(now):
    """A check that neither computes nor queues waits, and is stopped after three seconds."""
    watch = Stopwatch(Limits(), lambda: Clock(0.2, 1.0))
    watch.begin_check(5.0)
    now[0] += 10
    with pytest.raises(TimeoutError, match="waited for 3 seconds"):
        watch.time_left()


@pytest.mark.parametrize("other", ["stolen_time", "disk_time"])
def test_what_a_host_or_a_disk_took_is_no_waiting(now, monkeypatch, other):
    """A busy host takes seconds of a long training, and so does a slow disk: nobody waits then."""
    stolen = [100.0]
    monkeypatch.setattr(worker, other, lambda: stolen[0])
    watch = Stopwatch(Limits(seconds=900.0), lambda: Clock(0.98 * (now[0] - 1000), 0.0))
    watch.begin_check(600.0)
    now[0] += 240
    stolen[0] += 4.8
    assert watch.time_left() > 0
    watch.end_check()
    assert watch.waited < 0.1
    watch.begin_check(600.0)
    now[0] += 240
    with pytest.raises(TimeoutError, match="waited for 3 seconds"):
        watch.time_left()


def test_the_kernel_tells_for_how_long_a_disk_was_waited_for(tmp_path):
    """What Linux reports can be read, and grows; elsewhere nothing was waited for."""
    before = worker.disk_time()
    with open(tmp_path / "file", "wb") as file:
        file.write(bytes(1 << 20))
        os.fsync(file.fileno())
    reported = Path("/proc/pressure/io")
    try:
        first = reported.read_text().splitlines()[0]
    except OSError:
        assert worker.disk_time() == 0.0
    else:
        assert before <= int(first.split("=")[-1]) / 1e6 <= worker.disk_time()


def test_what_a_check_computed_is_not_charged_to_the_next(now):
    """A check is not charged for the previous one's time.

    A slow answer is measured by CPU time, a quick one by the clock.
    """
    computed = [0.0]
    watch = Stopwatch(Limits(), lambda: Clock(computed[0], None))
    watch.begin_check(5.0)
    now[0] += 4
    computed[0] = 4.0
    watch.end_check()
    watch.begin_check(5.0)
    now[0] += 4
    computed[0] = 8.0
    assert watch.time_left() == 1.0
    computed[0] = 9.0
    with pytest.raises(TimeoutError, match=r"took longer than 5 seconds$"):
        watch.time_left()
    now[0] += 20
    with pytest.raises(TimeoutError, match="took longer than 20 seconds, most of them waiting,"):
        watch.time_left()


def test_what_the_grader_itself_does_between_checks_is_not_the_submissions_time(now):
    """It trains our solution for the first submission of a seed, which may take minutes."""
    watch = Stopwatch(Limits(seconds=30.0), lambda: Clock(1.0, 0.0))
    now[0] += 100  # before the first check
    watch.begin_check(5.0)
    now[0] += 2
    watch.end_check()
    watch.pause()
    now[0] += 100
    assert not watch.is_over()
    watch.begin_check(5.0)
    now[0] += 29
    assert watch.is_over()
    watch.pause()
    now[0] += 100
    assert watch.is_over()


def test_all_checks_together_have_a_limit(now):
    """The limit on all checks together ends the running check."""
    watch = Stopwatch(Limits(seconds=7.0), lambda: Clock(0.0, None))
    watch.begin_check(5.0)
    now[0] += 8
    assert watch.is_over()
    with pytest.raises(TimeoutError, match="a submission's time for all its checks was over"):
        watch.time_left()
