"""Verdicts of practice for editors and assistants: one object of JSON, whose keys stay.

Each remark has its text, and beside it what was found as data, None where it says something else.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from autograder.errors import visible
from autograder.grading.results import without_empty
from autograder.judging import Remark, Verdict

FORMAT = 1


@dataclass(frozen=True)
class Checked:
    """One file that was checked, and what came of it."""

    unit: str
    file: str
    verdicts: Sequence[Verdict]

    @property
    def passed(self) -> bool:
        """Return whether all of its checks passed; an answer that is recorded is no failure."""
        return all(verdict.is_done for verdict in self.verdicts)


def as_text(checked: Sequence[Checked]) -> str:
    """Return the verdicts of some files as JSON, with text that can be shown.

    It is ASCII, and so the same in whatever encoding it is piped.
    """
    record = {
        "format": FORMAT,
        "practice": True,
        "passed": all(file.passed for file in checked),
        "units": [_file(file) for file in checked],
    }
    return json.dumps(record, indent=1)


def _file(file: Checked) -> dict[str, object]:
    return {
        "unit": file.unit,
        "file": file.file,
        "passed": file.passed,
        "checks": [_verdict(verdict) for verdict in file.verdicts],
    }


def _verdict(verdict: Verdict) -> dict[str, object]:
    return {
        "check": verdict.name,
        "title": verdict.title,
        "status": verdict.status,
        "earned": verdict.earned,
        "points": verdict.points,
        "remarks": [_remark(remark) for remark in verdict.remarks],
    }


def _remark(remark: Remark) -> dict[str, object]:
    return {
        "arrays": remark.arrays,
        "text": visible(remark.text),
        "finding": without_empty(msgspec.to_builtins(remark.finding)),
    }
