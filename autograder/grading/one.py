"""One submission: its checks in order, each asked, judged and, where it trains, measured."""

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from types import MappingProxyType

from autograder.check import Answer, Check
from autograder.data import Corpus
from autograder.grading.keys import measure, solution_of, wanted_checks
from autograder.judging import Key, Verdict, judge, judge_loss, not_made, not_reached, unmet
from autograder.sandbox.client import Server, Worker

# ---- one submission


def grade_one(
    server: Server,
    source: bytes,
    name: str,
    seed: int,
    key: Key,
    text: Corpus,
    quick: bool,
    passed: Mapping[str, Verdict] = MappingProxyType({}),
) -> list[Verdict]:
    """The verdicts of one submission, check by check; held-out text goes to our solution's worker.

    `passed`: verdicts of an earlier run that hold still.
    """
    verdicts: dict[str, Verdict] = {}
    with server.worker(source, name) as worker:
        for check in wanted_checks(server.unit, quick):
            if (lacking := unmet(check, verdicts)) or check.name in passed:
                verdicts[check.name] = not_reached(check, lacking) if lacking else passed[check.name]
                continue
            began = time.perf_counter()
            data = check.data() if check.data else text
            known = key[check.name + (f"@{data.name}" if check.measure else "")]
            judged = partial(judge, check, known, sizes=server.unit.sizes, ruled_out=partial(not_made, key, verdicts))
            answer, verdict = _tried(worker, check, seed, data.train if check.measure else None, judged)
            if check.measure and verdict.status == "passed":
                plain = solution_of(server.unit.name).plain().encode()
                with server.worker(plain, "solution.py") as ours:
                    verdict = judge_loss(check, known, measure(ours, check, seed, answer, data), answer.arrays)
            verdicts[check.name] = replace(verdict, seconds=round(time.perf_counter() - began, 4))
    return list(verdicts.values())


def _tried(
    worker: Worker, check: Check, seed: int, text: str | None, judged: Callable[..., Verdict]
) -> tuple[Answer, Verdict]:
    """Ask a check and judge the answer. Checks share a process while they pass; one that does not pass where others ran
    before is asked again in a process of its own, so that what they changed or used up costs it nothing. What known
    mistakes explain to the last array was their doing.
    """
    answer = worker.ask(check, seed, text=text)
    verdict = judged(answer=answer)
    explained = verdict.remarks and all(remark.mistake for remark in verdict.remarks)
    if verdict.status == "passed" or explained or worker.asked < 2 or answer.failure in ("stub", "missing", "broken"):
        return answer, verdict
    worker.renew()
    answer = worker.ask(check, seed, text=text)
    return answer, judged(answer=answer)
