"""Practice verdicts for editors and assistants: one JSON object, whose keys are stable.

Each remark has its text, and beside it its finding as data, None if it has none.
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
    """One checked file, and its verdicts."""

    unit: str
    file: str
    verdicts: Sequence[Verdict]

    @property
    def passed(self) -> bool:
        """Return whether all of its checks passed; a recorded answer is no failure."""
        return all(verdict.is_done for verdict in self.verdicts)


def as_text(checked: Sequence[Checked]) -> str:
    """Return the verdicts of some files as JSON, with displayable text.

    It is ASCII, and so the same in any encoding of a pipe.
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
