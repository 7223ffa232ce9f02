"""The course that the benchmarks measure: the one around this folder."""

import os
from pathlib import Path

from autograder.course import Unit, load_unit, read_course
from autograder.grading.keys import solution_of
from autograder.source.solution import Solution

ROOT = Path(__file__).resolve().parents[1]
COURSE = read_course(ROOT)
os.environ["AUTOGRADER_COURSE"] = str(ROOT)  # for commands that start in another folder


def unit(name: str) -> Unit:
    return load_unit(COURSE, name)


def solution(name: str) -> Solution:
    return solution_of(unit(name))
