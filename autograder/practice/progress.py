"""How far a student has come: checks passed and hints given, kept in `.autograder.json` in the course's folder."""

import json
import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

from autograder.course import UnknownUnit, unit_names, workplace
from autograder.grading.key_file import KEYS, load_key
from autograder.grading.results import write_whole
from autograder.judging import Verdict
from autograder.sandbox.inside.cells import cells


@cache
def outline(unit: str) -> dict[str, bool]:
    """A unit's checks in order, each with whether it trains; read from the key, so that torch need not be imported."""
    return {entry.split("@")[0]: "@" in entry for entry in load_key(KEYS / f"{unit}.safetensors")}


def _kept() -> dict[str, Any]:
    """For each unit worked on, the last one last, the names of checks `passed` and the number of `hints` for each."""
    try:
        kept = json.loads((workplace() / ".autograder.json").read_text(encoding="utf-8"))
        return {unit: {"passed": list(its["passed"]), "hints": dict(its["hints"])} for unit, its in kept.items()}
    except (OSError, ValueError, TypeError, KeyError, AttributeError):  # not there, or spoilt by hand: begin anew
        return {}


def _keep(unit: str, **facts: Any) -> None:
    kept = _kept()
    its = {"passed": [], "hints": {}} | kept.pop(unit, {}) | facts
    write_whole(workplace() / ".autograder.json", json.dumps(kept | {unit: its}, indent=1))


def to_do(unit: str) -> list[str]:
    """The checks that have not passed, in order."""
    return [name for name in outline(unit) if name not in _kept().get(unit, {"passed": []})["passed"]]


def keep(unit: str, folder: Path, verdicts: Iterable[Verdict]) -> None:
    """Note which checks pass now, if the file lies in the course's `assignments/`: elsewhere it may be another's."""
    if folder.resolve() == workplace() / "assignments":
        now, left = {verdict.name: verdict.status == "passed" for verdict in verdicts}, to_do(unit)
        _keep(unit, passed=[name for name in outline(unit) if now.get(name, name not in left)])


def course() -> list[tuple[str, int, int]]:
    """Each unit with how many checks passed, of how many."""
    return [(unit, len(outline(unit)) - len(to_do(unit)), len(outline(unit))) for unit in unit_names()]


def at_hand() -> str:
    """The unit to go on with: the last one worked on, or else the first, that still has checks to pass."""
    units = unit_names()
    last = [unit for unit in _kept() if unit in units][-1:]
    return next((unit for unit in [*last, *units] if to_do(unit)), units[-1])


def hint(unit: str, check: str, source: bytes) -> str:
    """The next step of help with a check; after the last comes the first again. Raises `UnknownUnit`."""
    if check not in outline(unit):
        raise UnknownUnit(f"There is no check `{check}` in {unit}. There is: {', '.join(outline(unit))}.")
    helps = [*_folded(check, source), *(f"A slip that people make here: {slip}" for slip in _slips(unit, check))]
    if outline(unit)[check]:
        helps = [
            "It trains what you wrote above, on real data. How do batches, state and weights go from step to step?"
        ]
    hints = _kept().get(unit, {"hints": {}})["hints"]
    asked = int(hints.get(check, 0))
    _keep(unit, hints=hints | {check: asked + 1})
    return f"{asked % len(helps) + 1} of {len(helps)}: {helps[asked % len(helps)]}"


def _folded(check: str, source: bytes) -> list[str]:
    """Summaries and texts of the `<details>` of the exercise above a check's line, in turn."""
    parts: list[str] = []
    for cell in cells(source):
        if cell.code and f'check("{check}")' in cell.text:
            return parts
        if not cell.code:
            _, exercise, text = re.sub("^# ?", "", cell.text, flags=re.M).rpartition("**Exercise**")
            found = re.findall(r"<summary>(.*?)</summary>(.*?)</details>", text, re.S)
            parts = ([] if exercise else parts) + [part.strip() for pair in found for part in pair]
    return []


def _slips(unit: str, check: str) -> list[str]:
    """What the known mistakes say that this check sees and none before it."""
    seen, mine = set[str](), list[str]()
    for entry, known in load_key(KEYS / f"{unit}.safetensors").items():
        mine += [mistake.text for mistake, _ in known.mistakes if entry == check and mistake.id not in seen]
        seen |= {mistake.id for mistake, _ in known.mistakes}
    return list(dict.fromkeys(mine))
