"""Coverage-guided fuzzing of what the trusted side does with a worker's bytes: frames are read, then judged.

pip install atheris; python benchmarks/fuzz.py -max_total_time=300
"""

import sys
from pathlib import Path

import atheris

with atheris.instrument_imports():
    from autograder import course, judging
    from autograder.check import Answer
    from autograder.grading import key_file
    from autograder.sandbox import client
    from autograder.sandbox.inside import wire

import numpy as np

UNIT = course.load_unit(course.read_course(Path(__file__).resolve().parents[1]), "unit4_manual_gradients")
KEY = key_file.load_key(UNIT.course.key(UNIT.name))
SEEDS = [
    wire.encode(wire.Message({"token": "t", "failure": "", "message": ""}, KEY[check.name].expected.arrays))
    for check in UNIT.checks
    if check.name in KEY
]


def one(data: bytes) -> None:
    """Whatever the bytes: frames or a `BadFrame`; whatever the frames: a verdict within the check's points."""
    provider = atheris.FuzzedDataProvider(data)
    if provider.ConsumeBool():
        stream = bytearray(SEEDS[provider.ConsumeIntInRange(0, len(SEEDS) - 1)])
        for _ in range(provider.ConsumeIntInRange(1, 6)):
            stream[provider.ConsumeIntInRange(0, len(stream) - 1)] = provider.ConsumeIntInRange(0, 255)
    else:
        stream = bytearray(provider.ConsumeBytes(1 << 16))
    try:
        messages = client._frames(stream)
    except wire.BadFrame:
        return
    for message in messages:
        answer = Answer(message.arrays, message.facts.get("failure", ""), message.facts.get("message", ""))
        for check in UNIT.checks:
            if check.name in KEY and not check.measure:
                verdict = judging.judge(check, KEY[check.name], answer, UNIT.sizes)
                assert 0 <= verdict.earned <= check.points


if __name__ == "__main__":
    np.seterr(all="ignore")
    atheris.Setup(sys.argv, one)
    atheris.Fuzz()
