"""Figures over several seeds: the page shows the stored ones, and the units quote the page."""

import importlib
import re
import sys

import pytest
from this_course import COURSE, ROOT

pytestmark = pytest.mark.lint

PAGE = ROOT / "docs" / "five_seeds.md"
MEAN_AND_DEVIATION = r"\d\.\d{3} ± \d\.\d{3}"


@pytest.fixture
def five_seeds(monkeypatch):
    pytest.importorskip("torch")
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    yield importlib.import_module("five_seeds")
    del sys.modules["five_seeds"]


def test_the_page_is_made_of_the_stored_figures(five_seeds, monkeypatch, tmp_path):
    """docs/five_seeds.md equals what is generated from docs/five_seeds.csv."""
    monkeypatch.setattr(five_seeds, "PAGE", tmp_path / "page.md")
    five_seeds.write_page()
    assert (tmp_path / "page.md").read_text(encoding="utf-8") == PAGE.read_text(encoding="utf-8")


def test_every_comparison_has_all_its_seeds(five_seeds):
    """Every comparison has all its seeds."""
    measured = {(row["comparison"], int(row["seed"])) for row in five_seeds.stored()}
    wanted = {
        (name, seed) for name, (_, seeds, _) in five_seeds.COMPARISONS.items() for seed in seeds
    }
    assert measured == wanted


@pytest.mark.parametrize("unit", COURSE.units)
def test_a_unit_quotes_figures_of_the_page(unit):
    """Each mean with a standard deviation in a unit's text is on the page as well."""
    on_page = set(re.findall(MEAN_AND_DEVIATION, PAGE.read_text(encoding="utf-8")))
    script = COURSE.solution(unit).read_text(encoding="utf-8")
    quoted = set(re.findall(MEAN_AND_DEVIATION, script))
    assert quoted <= on_page, quoted - on_page


def test_the_units_quote_some():
    """Units 2, 4 and 5 quote figures, so a change of form is noticed."""
    for number in (2, 4, 5):
        (unit,) = (unit for unit in COURSE.units if unit.startswith(f"unit{number}"))
        assert re.search(MEAN_AND_DEVIATION, COURSE.solution(unit).read_text(encoding="utf-8"))


def test_unit_6_shows_the_tables_of_the_layers_side_by_side(monkeypatch, capsys):
    """Unit 6's tables equal what benchmarks/side_by_side.py prints from its stored figures."""
    pytest.importorskip("torch")
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    side_by_side = importlib.import_module("side_by_side")
    side_by_side.print_tables(side_by_side.kept())
    rows = [line for line in capsys.readouterr().out.splitlines() if line.startswith("| ")]
    (unit,) = (unit for unit in COURSE.units if unit.startswith("unit6"))
    text = COURSE.solution(unit).read_text(encoding="utf-8")
    assert len(rows) > len(side_by_side.LAYERS)
    assert [row for row in rows if f"# {row}\n" not in text] == []
