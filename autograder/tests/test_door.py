"""The size limit of the trusted side: an oversized value is dropped, reported and costs little."""

import json
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import small
from judged import judge

from autograder.check import Amount, Answer, Failure, TooLarge
from autograder.judging import PlainKey, let_in, most_bytes
from autograder.practice.practise import practise
from autograder.sandbox.inside.submission import Submission

EXPECTED = {"x": np.zeros((3, 4), np.float32), "word": np.array("abc")}
MOST_PEAK = 200  # MB, of the grader
MOST_TIMES = 5  # the CPU time of an honest file, in the same run
FLOODS = {
    "sixty megabytes": "np.random.default_rng().integers(0, 9, 60_000_000, np.uint8)",
    "four megabytes": "np.random.default_rng().integers(0, 9, 4_000_000, np.uint8)",
    "as many as are looked at": "np.random.default_rng().normal(size=8_000)",
    "texts": "['abc'] * 150_000",
    "bytes one by one": "one_by_one()",
}
ONE_BY_ONE = """
def one_by_one():
    import os, struct
    os.write(4, struct.pack("<Q", 3 << 20))
    while True:
        os.write(4, b"x")
        for _ in range(300):
            pass
"""


@pytest.mark.parametrize(
    ("array", "comes_in"),
    [
        (np.zeros(12, np.uint8), True),
        (np.zeros(16 * 12 + 8192, np.uint8), True),
        (np.zeros(16 * 12 + 8193, np.uint8), False),  # the number of bytes plays no part
        (np.array("a" * 16_000), True),
        (np.array("a" * 20_000), False),
    ],
)
def test_what_is_far_larger_than_expected_is_dropped(array, comes_in):
    """A dropped oversized value leaves its shape and its size."""
    answer = let_in(Answer({"x": array}, Failure.RAISED, "why"), EXPECTED)
    assert (answer.failure, answer.message) == (Failure.RAISED, "why")
    assert ("x" in answer.arrays) is comes_in
    assert [large.shape for large in answer.too_large.values()] == [array.shape] * (not comes_in)


def test_weights_of_any_number_come_in():
    """Where the number of weights is free, a large network is let in, and read."""
    large = Answer({"x": np.zeros((1000, 1000), np.float32)})
    assert "x" not in let_in(large, EXPECTED).arrays
    assert "x" in let_in(large, EXPECTED, free=True).arrays
    assert most_bytes(EXPECTED, free=True) >= 8 * large.arrays["x"].nbytes


def test_what_nobody_expects_is_dropped():
    """A value that no check expects is dropped."""
    answer = let_in(Answer({"x": np.ones(2), "other": np.ones(2)}), EXPECTED)
    assert list(answer.arrays) == ["x"]
    assert not answer.too_large


def test_a_frame_may_hold_some_times_what_is_expected():
    """A frame may hold several times the expected size and some megabytes more.

    So a wrong shape can still be reported.
    """
    large = {"x": np.zeros(1_000_000)}
    assert most_bytes({}) == 4 << 20
    assert most_bytes(large) == (4 << 20) + 32_000_000


def test_it_is_told_with_both_sizes():
    """An oversized array is reported with both sizes, and no known mistake is diagnosed.

    Practice and grade say the same.
    """
    check = small.check()
    key = PlainKey(Answer({"doubled": np.zeros((3, 4))}))
    answer = Answer({}, too_large={"doubled": TooLarge((5000, 4), Amount(20_000))})
    verdict = judge(check, key, answer, {})
    assert verdict.earned == 0
    assert [remark.text for remark in verdict.remarks] == [
        "your answer is far too large: 20,000 numbers, and 12 are expected. "
        "Shape (5000, 4) found, (3, 4) expected."
    ]
    script = "import numpy as np\ndef double(x): return np.zeros((5000, 7))\n"
    verdicts = practise(small.unit(), [check], Submission(script.encode(), "mine.py"))
    assert (
        verdicts[0].remarks[0].text.startswith("your answer is far too large: 35,000 numbers, and ")
    )


def grader_of(folder, script):
    """Grade one file by the real command; return its result, the peak (MB) and CPU time (s).

    Both figures are the grader's.
    """
    small.submit(folder / "class", "eve", script)
    command = [sys.executable, "-m", "autograder", "grade", folder / "class", "--quick"]
    command += ["--out", folder / "out", "--seed", "5", "-j", "1"]
    process = subprocess.Popen(
        [*map(str, command)], cwd=small.COURSE.folder, stdout=subprocess.DEVNULL
    )
    status, stat = "", ""
    while process.poll() is None:
        try:
            now = Path(f"/proc/{process.pid}/status").read_text()
            stat = Path(f"/proc/{process.pid}/stat").read_text()
        except (FileNotFoundError, ProcessLookupError):
            break
        status = now if "VmHWM" in now else status  # a process that has ended has no memory figure
        time.sleep(0.02)
    assert process.wait() == 0
    (peak,) = (int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))
    ticks = sum(map(int, stat.rpartition(")")[2].split()[11:13]))  # of itself alone
    result = json.loads((folder / "out" / small.UNIT / "eve.json").read_text())
    return result, peak / 1000, ticks / 100


@pytest.fixture(scope="module")
def honest_seconds(tmp_path_factory):
    _, _, seconds = grader_of(tmp_path_factory.mktemp("honest"), small.solved())
    return seconds


@pytest.mark.parametrize("flood", FLOODS.values(), ids=FLOODS)
def test_a_flood_costs_the_grader_little(flood, honest_seconds, tmp_path):
    """The grader's memory and CPU time stay small, whatever a submission sends for an array."""
    script = f"{small.solved()}\n{ONE_BY_ONE}\n\ndef double(x): return {flood}\n"
    script += f"\n\ndef running_sum(x): return {flood}, x.sum(0)\n"
    result, peak, seconds = grader_of(tmp_path, script)
    statuses = {check["name"]: check["status"] for check in result["checks"]}
    assert statuses["doubling"] in ("failed", "killed", "timeout")
    assert peak < MOST_PEAK
    assert seconds < MOST_TIMES * honest_seconds
