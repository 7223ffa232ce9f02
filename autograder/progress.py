"""How far a student has come: checks passed and hints given, kept in `.autograder.json` in the course's folder."""

import json
import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

from autograder.checking import UnknownUnit, Verdict, unit_names
from autograder.data import root
from autograder.journal import write_whole
from autograder.practice import KEYS, load_key
from autograder.solution import cells

FILE = ".autograder.json"


@cache
def outline(unit: str) -> dict[str, bool]:
    """A unit's checks in order, each with whether it trains; read from the key, so that torch need not be imported."""
    return {entry.split("@")[0]: "@" in entry for entry in load_key(KEYS / f"{unit}.safetensors")}


def _kept(unit: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """All that is kept, and a unit's part of it, put last: the last one is the unit at hand."""
    try:
        everything = dict(json.loads((root() / FILE).read_text(encoding="utf-8")))
        its = dict(everything.pop(unit, {}))
        its = {"passed": list(its.get("passed", [])), "hints": dict(its.get("hints", {}))}
    except (OSError, ValueError, TypeError):  # not there, or spoilt by hand: begin anew
        everything, its = {}, {"passed": [], "hints": {}}
    return everything | {unit: its}, its


def passed(unit: str) -> set[str]:
    """The names of the checks that passed when they were last run."""
    return set(_kept(unit)[1]["passed"])


def to_do(unit: str) -> list[str]:
    """The names of the checks that have not passed, in order."""
    return [name for name in outline(unit) if name not in passed(unit)]


def keep(unit: str, verdicts: Iterable[Verdict]) -> None:
    """Note which checks passed and which no longer do."""
    everything, its = _kept(unit)
    now = {verdict.name: verdict.status == "passed" for verdict in verdicts}
    its["passed"] = [name for name in outline(unit) if now.get(name, name in its["passed"])]
    write_whole(root() / FILE, json.dumps(everything, indent=1))


def is_own(folder: Path) -> bool:
    """Whether a folder is the course's `assignments/`: what is checked elsewhere may be another's, and is not noted."""
    return folder.resolve() == root() / "assignments"


def course() -> list[tuple[str, int, int]]:
    """Each unit with how many checks passed, of how many."""
    return [(unit, len(passed(unit)), len(outline(unit))) for unit in unit_names()]


def at_hand() -> str:
    """The unit to go on with: the last one worked on, or else the first, that still has checks to pass."""
    units = unit_names()
    last = [unit for unit in reversed(_kept("")[0]) if unit in units]
    return next((unit for unit in [*last[:1], *units] if to_do(unit)), units[-1])


def steps(unit: str, check: str, source: bytes) -> list[str]:
    """What helps with a check, little by little: each folded question of its exercise in a student's file, then the
    question's text, and then what people get wrong there. Raises `UnknownUnit` for a check that does not exist.
    """
    if check not in (trains := outline(unit)):
        raise UnknownUnit(f"There is no check `{check}` in {unit}. There is: {', '.join(trains)}.")
    if trains[check]:
        return [
            "It trains what you wrote above, on real data. How are batches, state and weights handed from step to step?"
        ]
    slips, others = list[str](), set[str]()
    for entry, known in load_key(KEYS / f"{unit}.safetensors").items():
        its = {mistake.text: mistake.id for mistake, _ in known.mistakes if mistake.id not in others}
        slips += its if entry == check else []  # one that an earlier check sees belongs there
        others |= set(its.values())
    return _folded(check, source) + [f"A slip that people make here: {slip}" for slip in slips]


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


def hint(unit: str, check: str, source: bytes) -> str:
    """The next step of help with a check; after the last comes the first again. Raises `UnknownUnit`."""
    everything, its = _kept(unit)
    helps, asked = steps(unit, check, source), int(its["hints"].get(check, 0))
    its["hints"][check] = asked + 1
    write_whole(root() / FILE, json.dumps(everything, indent=1))
    return f"{asked % len(helps) + 1} of {len(helps)}: {helps[asked % len(helps)]}"
