"""Right answers in other styles: enough of them, all different, each with full marks."""

import ast
from collections import Counter
from functools import cache

import pytest
import this_course
from this_course import EACH_UNIT, ROOT

from autograder.authoring.validate import lost, plain_key, styles
from autograder.check import functions_of_questions
from autograder.grading.keys import checks_to_run, solution_of
from autograder.grading.one import grade_one

SEED = 77  # not among those that `autograder validate` tries


def own(unit):
    """Return the style files of a unit, parsed: name → module."""
    files = sorted((ROOT / "solutions" / "styles" / unit).glob("*.py"))
    return {path.stem: ast.parse(path.read_text(encoding="utf-8")) for path in files}


def definitions(module):
    """Return a module's functions, classes and top-level assignments: name → node."""
    nodes = {
        node.name: node for node in module.body if isinstance(node, ast.FunctionDef | ast.ClassDef)
    }
    assigned = [node for node in module.body if isinstance(node, ast.Assign)]
    return nodes | {
        node.targets[0].id: node.value for node in assigned if isinstance(node.targets[0], ast.Name)
    }


def bare(node):
    """Return a definition's code without docstrings and annotations.

    Names are numbered in order of appearance.
    """
    defined, names = (ast.FunctionDef, ast.ClassDef), {}
    for part in ast.walk(node):
        if isinstance(part, defined) and ast.get_docstring(part) is not None:
            part.body = part.body[1:]
        if hasattr(part, "returns"):
            part.returns = None
        if hasattr(part, "annotation"):
            part.annotation = None
    for part in ast.walk(node):
        for field in {"id", "arg", "name"} & set(part._fields):
            setattr(part, field, names.setdefault(getattr(part, field), len(names)))
    return ast.dump(node)


@cache
def exercises(unit):
    """Return what a student writes: the definitions that the stub leaves open.

    Answers to questions are left out, since an answer can be given in one way only.
    """
    loaded = this_course.unit(unit)
    open_ones = definitions(ast.parse(solution_of(loaded).stub)).items()
    written = {name for name, node in open_ones if "NotImplementedError" in ast.dump(node)}
    return written - functions_of_questions(loaded.checks)


@cache
def ours(unit):
    """Return the solution's exercises in bare form: name → code."""
    plain = definitions(ast.parse(solution_of(this_course.unit(unit)).plain()))
    return {name: bare(plain[name]) for name in exercises(unit)}


def rewritten(unit, module):
    """Return the exercises that a style file solves differently from the solution."""
    found = definitions(module).items()
    return {name for name, node in found if name in ours(unit) and bare(node) != ours(unit)[name]}


@pytest.mark.parametrize("unit", EACH_UNIT)
def test_a_unit_has_eight_styles_that_say_what_they_are(unit):
    """A unit has at least 8 style files, each described by a docstring in its first line."""
    said = [ast.get_docstring(module) for module in own(unit).values()]
    assert len(said) >= 8
    assert all(said)
    assert len(set(said)) == len(said)


@pytest.mark.parametrize("unit", EACH_UNIT)
def test_no_style_is_a_mere_copy(unit):
    """A style solves at least two exercises differently; each exercise has three solutions.

    Other names are no difference.
    """
    ways: Counter[str] = Counter()
    for style, module in own(unit).items():
        names = rewritten(unit, module)
        assert len(names) >= 2, style
        ways.update(names)
    for name in exercises(unit):
        assert ways[name] >= 3, name


@pytest.mark.parametrize("unit", EACH_UNIT)
def test_a_style_of_each_unit_draws_random_numbers_while_it_trains(unit):
    """Each unit has a style that draws random numbers during training.

    A loss must not depend on the number of draws, so bounds are measured on it, too.
    """
    functions = [
        (name, node) for module in own(unit).values() for name, node in definitions(module).items()
    ]
    assert any(name.startswith("train") and "seed" in ast.dump(node) for name, node in functions)


def test_a_copy_under_other_names_is_seen():
    """Renaming, annotations and docstrings do not count as another way; an operation does."""
    one, renamed, other = (
        ast.parse(text).body[0]
        for text in (
            'def f(x):\n    """Adds."""\n    return x + g(x)',
            "def f(y: int) -> int:\n    return y + h(y)",
            "def f(x):\n    return g(x) - x",
        )
    )
    assert bare(one) == bare(renamed)
    assert bare(one) != bare(other)


@pytest.mark.parametrize("unit", EACH_UNIT)
def test_every_style_earns_every_exact_point(unit, server_of):
    """Each style earns every exact point on a fresh seed; `validate --seeds 20` tries more."""
    server = server_of(unit)
    key = plain_key(server, checks_to_run(server.unit, data=()), SEED)
    for style, script in styles(server.unit).items():
        verdicts = grade_one(server, script.encode(), "submission.py", SEED, key, data={})
        assert lost(verdicts) == "", f"style {style}"
