"""Measure what an early mistake leaves: points without and with errors carried forward.

Tried are the known mistakes that others need.

    python benchmarks/follow_on.py [UNIT …] [--seed 5] [--every 1]

Each known mistake is made in the solution and graded, twice: with a key that carries nothing, and
with one that does. A file's own right work is what the solution earns in the checks that do not
show the mistake, and in those that need such a one. `more` is what a file earns beyond that, and
should be 0.
"""

import argparse
import time

from autograder.course import Unit, find_course, find_unit, load_unit
from autograder.grading.keys import MadeKey, solution_of
from autograder.grading.one import grade_one
from autograder.grading.store import AnswerStore, cache_folder
from autograder.judging import Mistake, Verdict
from autograder.sandbox.client import Server


def own_right_work(unit: Unit, before: list[Verdict]) -> float:
    """What a file may earn: its points as they were, and those of all that was not reached."""
    return sum(v.points if v.status == "not_reached" else v.earned for v in before)


def row(
    unit: Unit, mistake: Mistake, before: list[Verdict], after: list[Verdict], milliseconds: float
) -> str:
    """One line of the table."""
    earned = [sum(verdict.earned for verdict in verdicts) for verdicts in (before, after)]
    more = max(0.0, earned[1] - own_right_work(unit, before))
    checks = " ".join(
        f"{v.name} {v.earned:g}/{v.points:g}"
        for v in after
        if v.carried or v.status == "not_reached"
    )
    figures = f"| {earned[0]:g} | {earned[1]:g} | {more:g} | {milliseconds:+.0f} |"
    return f"| {unit.name[:5]} {mistake.id} | `{mistake.code[:40]}` {figures} {checks} |"


def timed(*arguments: object) -> tuple[list[Verdict], float]:
    """Verdicts and the milliseconds that they took, of the third time: nothing is made then."""
    for _ in range(3):
        began = time.perf_counter()
        verdicts = grade_one(*arguments)  # type: ignore[arg-type]
    return verdicts, 1000 * (time.perf_counter() - began)


def main() -> None:
    """Print the table, and below it how many there are, and what they earn."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("units", nargs="*")
    parser.add_argument("--seed", type=int, default=5)
    parser.add_argument("--every", type=int, default=1, help="take one known mistake of so many")
    asked = parser.parse_args()
    course = find_course()
    store = AnswerStore(cache_folder() / "follow-on.sqlite")
    print(
        "| mistake | made | before | after | more | ms | carried, or not reached "
        "|\n|---|---|---|---|---|---|---|"
    )
    cases = []
    for name in [find_unit(course, unit) for unit in asked.units] or course.units:
        unit = load_unit(course, name)
        solution = solution_of(unit)
        with Server(unit, stub=solution.stub) as server:
            key = MadeKey(unit, asked.seed, {}, store, lambda server=server: server)
            for mistake, _, _ in solution.mistakes[:: asked.every]:
                script = solution.with_mistake(mistake.id).encode()
                before, first = timed(server, script, "submission.py", asked.seed, dict(key), {})
                if all(verdict.status != "not_reached" for verdict in before):
                    continue
                after, second = timed(server, script, "submission.py", asked.seed, key, {})
                print(row(unit, mistake, before, after, second - first), flush=True)
                cases.append((before, after, own_right_work(unit, before), second - first))
    points = [[sum(v.earned for v in verdicts) for verdicts in case[:2]] for case in cases]
    more = sum(
        after > own + 0.001 for (_, after), (_, _, own, _) in zip(points, cases, strict=True)
    )
    times = sorted(case[3] for case in cases)
    print(
        f"\n{len(cases)} cases: {sum(b for b, _ in points):.1f} points before, "
        f"{sum(a for _, a in points):.1f} after;"
    )
    print(
        f"{more} earn more than their own right work; median {times[len(times) // 2]:+.1f} ms, "
        f"most {times[-1]:+.1f}."
    )


if __name__ == "__main__":
    main()
