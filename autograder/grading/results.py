"""Results on disk: one JSON file a submission, written whole or not at all."""

import hashlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from autograder.judging import Remark, Verdict

FACTS = ("kit", "material", "seed", "corpus", "quick", "official")  # of `Circumstances`, as they stand in a file


class Busy(Exception):
    """Another run writes to the same folder."""


@dataclass(frozen=True)
class Circumstances:
    """What a grade depends on beside the submission's bytes."""

    kit: str
    material: str  # sha256 of the unit's solution and checks
    seed: int
    corpus: str
    quick: bool
    official: bool
    walls: tuple[str, ...] = ()


@dataclass(frozen=True)
class Result:
    """The verdicts of one submission, and under which circumstances they were reached."""

    student: str
    unit: str
    sha256: str
    circumstances: Circumstances
    verdicts: tuple[Verdict, ...]
    seconds: float
    note: str = ""  # what could not be read of the submission
    submitted: str = ""  # when, ISO 8601 in UTC

    @property
    def score(self) -> float:
        """Points earned."""
        return round(sum(verdict.earned for verdict in self.verdicts), 2)

    @property
    def max_score(self) -> float:
        """Points of all checks that ran or should have."""
        return round(sum(verdict.points for verdict in self.verdicts), 2)


def digest(content: bytes) -> str:
    """The sha256 of a submission's bytes."""
    return hashlib.sha256(content).hexdigest()


def result_path(out: Path, unit: str, student: str) -> Path:
    """Where a result lies."""
    return out / unit / f"{student}.json"


def write_result(out: Path, result: Result) -> None:
    """Write a result; a reader sees the whole file or none."""
    facts = result.circumstances
    record: dict[str, Any] = {"student": result.student, "unit": result.unit, "submission_sha256": result.sha256}
    record |= {name: getattr(facts, name) for name in FACTS} | {"walls": facts.walls}
    record |= {"score": result.score, "max_score": result.max_score, "seconds": round(result.seconds, 4)}
    record |= {"note": result.note, "submitted": result.submitted}
    head = json.dumps(record, ensure_ascii=False).removesuffix("}")
    checks = ",\n".join(json.dumps(_check_record(verdict), ensure_ascii=False) for verdict in result.verdicts)
    write_whole(result_path(out, result.unit, result.student), f'{head}, "checks": [\n{checks}\n]}}')


def _check_record(verdict: Verdict) -> dict[str, Any]:
    remarks = [
        {name: value for name, value in vars(remark).items() if value or name in ("arrays", "text")}
        for remark in verdict.remarks
    ]
    return vars(verdict) | {"remarks": remarks}


def write_whole(path: Path, text: str) -> None:
    """Replace a file by new text at one moment."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    with open(part, "w", encoding="utf-8") as file:
        file.write(text + "\n")  # not synced: what a power cut spoils cannot be read back and is graded again
    os.replace(part, path)


def read_result(path: Path) -> Result | None:
    """A result from disk, or None where there is none that is whole."""
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        facts = Circumstances(**{name: record[name] for name in FACTS}, walls=tuple(record["walls"]))
        verdicts = tuple(_verdict(check) for check in record["checks"])
        return Result(
            record["student"], record["unit"], record["submission_sha256"], facts, verdicts, record["seconds"],
            record["note"], record["submitted"],
        )  # fmt: skip
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _verdict(check: Mapping[str, Any]) -> Verdict:
    remarks = tuple(Remark(**{**remark, "arrays": tuple(remark["arrays"])}) for remark in check["remarks"])
    return Verdict(**{**check, "remarks": remarks, "loss": tuple(check.get("loss", ()))})


def is_same(result: Result | None, sha256: str, circumstances: Circumstances) -> bool:
    """Whether a stored result answers the same question, so that it need not be asked again."""
    if result is None or result.sha256 != sha256:
        return False
    return replace(result.circumstances, walls=()) == replace(circumstances, walls=())


def still_passed(
    result: Result | None, sha256: str, circumstances: Circumstances, materials: Mapping[str, str]
) -> dict[str, Verdict]:
    """The checks that a stored result has passed and that need not be asked again, though others have changed since."""
    if result is None or not is_same(result, sha256, replace(circumstances, material=result.circumstances.material)):
        return {}
    return {v.name: v for v in result.verdicts if v.status == "passed" and v.material == materials.get(v.name)}


def run_facts(out: Path) -> dict[str, str]:
    """What the run into a folder noted in `run.txt`: its seed, how many submissions, and where they lie."""
    try:
        lines = (out / "run.txt").read_text(encoding="utf-8").splitlines()
    except OSError:
        return {}
    return {name: value for name, _, value in (line.partition(" ") for line in lines)}


def stored_results(out: Path) -> Sequence[Result]:
    """All results below a folder, by unit and student."""
    found = [read_result(path) for path in sorted(out.glob("*/*.json"))]
    return [result for result in found if result]


@contextmanager
def only_writer(out: Path) -> Iterator[None]:
    """Hold the folder for this run. Raises `Busy` when another run does."""
    import fcntl  # Unix alone; reading and writing results works anywhere

    out.mkdir(parents=True, exist_ok=True)
    with open(out / ".lock", "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise Busy(f"Another run is writing to {out}. Wait for it, or choose another --out.") from None
        for part in out.rglob(".*.part"):  # of a run that was killed
            part.unlink()
        yield
