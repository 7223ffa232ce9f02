"""Verdicts of practice for editors and assistants: one object of JSON, whose keys stay."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from autograder.errors import visible
from autograder.judging import Verdict

FORMAT = 1


@dataclass(frozen=True)
class Checked:
    """One file that was checked, and what came of it."""

    unit: str
    file: str
    verdicts: Sequence[Verdict]

    @property
    def passed(self) -> bool:
        """Whether all of its checks passed."""
        return all(verdict.status == "passed" for verdict in self.verdicts)


def as_text(checked: Sequence[Checked]) -> str:
    """The verdicts of some files as JSON, with text that can be shown."""
    units = [
        {
            "unit": one.unit,
            "file": one.file,
            "passed": one.passed,
            "checks": [_verdict(v) for v in one.verdicts],
        }
        for one in checked
    ]
    facts = {
        "format": FORMAT,
        "practice": True,
        "passed": all(one.passed for one in checked),
        "units": units,
    }
    return json.dumps(facts, indent=1, ensure_ascii=False)


def _verdict(verdict: Verdict) -> dict[str, object]:
    remarks = [
        {"arrays": remark.arrays, "text": visible(remark.text)} for remark in verdict.remarks
    ]
    return {
        "check": verdict.name,
        "title": verdict.title,
        "status": verdict.status,
        "earned": verdict.earned,
        "points": verdict.points,
        "remarks": remarks,
    }
