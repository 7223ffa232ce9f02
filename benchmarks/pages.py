"""Measure the pages of a class of 1,000: seconds, and the size of the class page.

Each student has a name, code and mistakes of their own.

python benchmarks/pages.py [--students 1000]
"""

import argparse
import gc
import random
import re
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from at_hand import COURSE, solution, unit

from autograder.cli.base import NEW_OBJECTS
from autograder.finding import Finding, FindingKind
from autograder.grading.provenance import Provenance
from autograder.grading.results import Result, digest, stored_results, write_result
from autograder.grading.submissions import graded_files
from autograder.judging import Remark
from autograder.report.pages import write_pages

UNIT = "unit4_manual_gradients"
FIRST = ["Ada", "Björn", "Chloé", "Daiyu", "Emre", "Fatima", "Giorgos", "Hana", "Iñigo", "Jürgen"]
LAST = [
    "Lovelace",
    "Łukasiewicz",
    "Nakamura",
    "Okonkwo",
    "Papadopoulou",
    "Rasmussen",
    "Sørensen",
    "Tanaka",
    "Ünal",
    "Villanueva",
]


def written(draw: random.Random, number: int) -> str:
    """Return the solution with names of this student's own."""
    text = (
        solution(UNIT)
        .plain()
        .replace("### BEGIN SOLUTION", f"# {number}")
        .replace("### END SOLUTION", "")
    )
    names = {
        name: f"{name}_{draw.randrange(10**4)}"
        for name in ("dz", "dh", "shifted", "grads", "total", "logits")
    }
    return re.sub(rf"\b({'|'.join(names)})\b", lambda found: names[found[0]], text)


def result(draw: random.Random, student: str, source: bytes) -> Result:
    """Return a result as a grader would have judged it.

    Each check passes with the student's own probability, or a known mistake is diagnosed.
    """
    from autograder.judging import Verdict

    skill, verdicts = draw.random(), list[Verdict]()
    mistakes = [mistake for mistake, _, _ in solution(UNIT).mistakes]
    for check in unit(UNIT).checks:
        verdict = Verdict(
            check.name, check.title, check.points, check.points, "passed", (), draw.random() / 50
        )
        if draw.random() > skill**0.3:
            slip = draw.choice(mistakes)
            found = Finding(FindingKind.MISTAKE, ("Wx", "Wh"), code=slip.code)
            remark = Remark(slip.text, found.arrays, found)
            if draw.random() < 0.3:
                found = Finding(FindingKind.LOOK, ("Wx",), group=f"{draw.randrange(400)}")
                remark = Remark("wrong values in 6 of 9 places.", found.arrays, found)
            verdict = replace(verdict, earned=check.points / 2, status="partial", remarks=(remark,))
        verdicts.append(verdict)
    facts = Provenance(seed=1, corpus="nietzsche", official=True)
    return Result(student, UNIT, digest(source), facts, tuple(verdicts), draw.random())


def page(students: int = 1000) -> str:
    """Return a line: seconds from results to pages, and the size of the class page."""
    gc.set_threshold(NEW_OBJECTS)  # as the commands do
    draw = random.Random(7)
    with tempfile.TemporaryDirectory() as scratch:
        submitted = Path(scratch, "submitted")
        grades = Path(scratch, "grades")
        for number in range(students):
            first_name = draw.choice(FIRST)
            last_name = draw.choice(LAST)
            student = f"{first_name} {last_name} {number:04}"
            folder = submitted / student / UNIT
            folder.mkdir(parents=True)
            source = written(draw, number)
            (folder / f"{UNIT}.py").write_text(source)
            write_result(grades, result(draw, student, source.encode()))
        began = time.perf_counter()
        results = stored_results(grades)
        reading = time.perf_counter() - began
        files = graded_files(COURSE, submitted, ())
        index = write_pages(COURSE, results, grades / "pages", files)
        took = time.perf_counter() - began
        megabytes = index.stat().st_size / 1e6
    return (
        f"All pages of {students:,} students, once: {took:.1f} s (goal: under 10), of it "
        f"{reading:.1f} s to read the results; the class page has {megabytes:.2f} MB (goal: "
        "under 1).\n"
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--students", type=int, default=1000)
    print(page(parser.parse_args().students))
