"""The page of recipes: all of them build as one unit, and its claims hold."""

import re

import pytest
import small

from autograder.authoring.build import build
from autograder.grading.keys import build_key, solution_of
from autograder.grading.one import grade_one
from autograder.sandbox.client import Server

pytestmark = pytest.mark.proof

for package in ("pandas", "scipy", "matplotlib"):
    pytest.importorskip(package)

PAGE = small.ROOT / "docs" / "recipes.md"
BLOCKS = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.S)
PACKAGES = {"numpy": "", "pandas": "", "matplotlib": "", "scipy": ""}
MOST_LINES = 16  # of a block


@pytest.fixture(scope="module")
def recipes(tmp_path_factory):
    """Start a server of the unit that the page makes, and its key."""
    head, head_of_checks, *blocks = BLOCKS
    scripts = "\n\n".join([head, *blocks[::2]])
    checks = "\n\n".join([head_of_checks, *blocks[1::2]])
    unit = small.write_course(
        tmp_path_factory.mktemp("recipes"), "recipes", checks, scripts, PACKAGES
    )
    assert build(unit.course)
    with Server(unit) as server:
        yield server, build_key(server, small.SEED, {})


def test_a_recipe_is_short():
    """A recipe has one exercise and one experiment."""
    assert len(BLOCKS) == 2 + 2 * 19
    for block in BLOCKS[2::2]:
        assert "### BEGIN SOLUTION" in block
        assert len(block.strip().split("\n")) <= MOST_LINES + 6
    for block in BLOCKS[3::2]:
        assert block.startswith("@check(")
        assert len(block.strip().split("\n")) <= MOST_LINES


def test_every_mistake_of_a_recipe_is_named(recipes):
    """Every mistake of a recipe is diagnosed on a secret seed; the solution earns all points."""
    server, key = recipes
    solution = solution_of(server.unit)
    verdicts = grade_one(server, solution.plain().encode(), "ada.py", small.SEED, key, {})
    assert [v.name for v in verdicts if not v.is_done] == []
    for mistake, _, _ in solution.mistakes:
        script = solution.with_mistake(mistake.id).encode()
        verdicts = grade_one(server, script, "ada.py", small.SEED, key, {})
        remarks = [remark.text for v in verdicts for remark in v.remarks]
        assert mistake.text in " ".join(remarks), mistake.code
        lost = [v for v in verdicts if not v.is_done]
        predicted = [v for v in verdicts if v.given and not v.agrees and v.status == "passed"]
        assert len(lost) + len(predicted) == 1, mistake.code


def test_students_may_draw_as_they_like(recipes):
    """Students may use their own random generator, with a different seed each time."""
    server, key = recipes
    script = solution_of(server.unit).plain().replace("default_rng(1)", "default_rng()")
    for _ in range(3):
        verdicts = grade_one(server, script.encode(), "ada.py", small.SEED, key, {})
        assert all(v.is_done for v in verdicts)
