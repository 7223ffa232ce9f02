"""A figure that a page quotes is the measured one: docs/measurements/figures.toml."""

import re
import tomllib
from html import unescape

import pytest
import this_course
from this_course import COURSE, ROOT

pytestmark = pytest.mark.lint

FIGURES = tomllib.loads((ROOT / "docs" / "measurements" / "figures.toml").read_text())["figure"]
# pages for users, in which each measured figure must be listed
PAGES = ("README.md", "docs/quality.md", "docs/nbgrader.md", "docs/operations.md")
MEASURED = re.compile(r"\d[\d.,]* ?(?:%|ms\b|s\b|MB\b|minutes\b)")
NOT_MEASURED = {
    "docs/quality.md": {"99.8%", "100.0%"},  # compared below, with a row for each unit
}


def read(name):
    return (ROOT / name).read_text(encoding="utf-8")


def lines_with_prose(page):
    """Return a page without its indented code, in which numbers are options."""
    return "\n".join(line for line in page.splitlines() if not line.startswith("    "))


@pytest.mark.parametrize("figure", FIGURES, ids=lambda figure: figure["words"])
def test_a_quoted_figure_is_the_measured_one(figure):
    """Each page quotes the figure of the measurement's row in the expected words."""
    found = re.search(figure["row"], read(figure["source"]))
    assert found, f"{figure['source']} has no such row"
    assert figure["words"] == figure["shown"].format(*found.groups())
    for page in figure["pages"]:
        assert figure["words"] in read(page), page


@pytest.mark.parametrize("page", PAGES)
def test_each_measured_figure_of_a_page_is_listed(page):
    """figures.toml lists each time, size and share of a page.

    An unlisted figure would become stale.
    """
    listed = " ".join(figure["words"] for figure in FIGURES if page in figure["pages"])
    found = MEASURED.findall(lines_with_prose(read(page)))
    unlisted = {figure for figure in found if figure not in listed}
    assert unlisted <= NOT_MEASURED.get(page, set())


def test_the_table_of_units_has_the_minutes_of_their_exercises():
    """README's table has each unit with the sum of its exercises' minutes."""
    rows = dict(re.findall(r"^\| (\d) \| .* \| (\d+) \| .* \|$", read("README.md"), re.M))
    minutes = {}
    for unit in COURSE.units:
        text = COURSE.solution(unit).read_text(encoding="utf-8")
        number = re.match(r"unit(\d+)", unit)[1]
        of_exercises = re.findall(r"\*\*Exercise\*\* · (\d+) minutes", text)
        minutes[number] = str(sum(map(int, of_exercises)))
    assert rows == minutes


def test_the_mutation_scores_of_the_page_on_quality_are_the_measured_ones():
    """The page's sentence gives the lowest and the highest score of the units."""
    table = read("docs/measurements/grader.md").partition("\n- *Mistakes*")[0]
    scores = set(re.findall(r"\| ([\d.]+%) \|", table))
    assert scores == NOT_MEASURED["docs/quality.md"]


def test_readme_can_be_read_in_a_minute_or_two():
    """README has at most 600 words, without addresses and signs."""
    text = re.sub(r"\]\([^)]*\)", "]", read("README.md"))
    assert len([word for word in text.split() if re.search(r"\w", word)]) <= 600


def test_the_moving_picture_shows_what_watch_prints_today():
    """The animation shows today's titles and the mistake's present description.

    `python docs/pictures/make.py watch` draws it again.
    """
    svg = read("docs/pictures/watch.svg")
    shown = unescape(re.sub(r"<[^>]+>", "", svg))
    titles = {check.title for check in this_course.unit().checks}
    on_lines = re.findall(r"[✓✗·] [\d.]+/\d+  (.+?)  \[", shown)
    assert on_lines
    assert set(on_lines) <= titles
    assert "All products p_i p_j are `np.outer(p, p)`." in shown
    of_all = sum(len(this_course.unit(name).checks) for name in COURSE.units)
    counts = re.findall(r"\d+ of (\d+) checks pass in this unit, \d+ of (\d+) in all", shown)
    assert set(counts) == {(str(len(this_course.unit().checks)), str(of_all))}
