"""The course's drawings: made by their script, each shown by a unit with a description."""

import sys
import xml.etree.ElementTree as ElementTree

import pytest
from this_course import COURSE, ROOT

from autograder.source.pictures import pictures, scripts_of

sys.path.insert(0, str(ROOT / "drawings"))
from make import COLOURS, DRAWINGS

pytestmark = pytest.mark.lint

NAMES = [draw.__name__ for draw in DRAWINGS]


@pytest.mark.parametrize("draw", DRAWINGS, ids=NAMES)
def test_a_drawing_is_what_its_script_makes(draw):
    """`python drawings/make.py` writes each drawing as XML with a title and its text version."""
    drawing = draw()
    text = (ROOT / "drawings" / f"{draw.__name__}.svg").read_text(encoding="utf-8")
    assert text == drawing.svg()
    title, words, *_ = ElementTree.fromstring(text)
    assert title.text == drawing.title
    assert words.text == drawing.words


def test_each_drawing_is_shown_by_a_unit_with_its_text_twin():
    shown = {}
    for unit in COURSE.units:
        for picture in pictures(COURSE.solution(unit).read_text(encoding="utf-8")):
            shown[picture.address] = picture.words
    assert shown == {f"../drawings/{draw.__name__}.svg": draw().words for draw in DRAWINGS}


def test_each_script_is_that_of_a_drawing():
    """Each script belongs to a drawing; a misspelt name would make no figure."""
    found = set()
    for name in NAMES:
        found.update(scripts_of(ROOT / "drawings" / f"{name}.svg"))
    assert found == set((ROOT / "drawings").glob("*.js"))


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_figures_of_the_site_have_the_colours_of_the_drawings(theme):
    css = (ROOT / "autograder/authoring/templates/site/site.css").read_text(encoding="utf-8")
    for name, colours in COLOURS.items():
        assert f"--figure-{name}: {colours[theme]};" in css


def linear(part):
    """Return the linear light of one colour channel, from 0 to 1."""
    return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4


def luminance(colour):
    """Return the relative luminance of a colour, as WCAG defines it."""
    red, green, blue = (linear(int(colour[i : i + 2], 16) / 255) for i in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_every_colour_can_be_read_on_its_ground(theme):
    ground = luminance(COLOURS["ground"][theme])
    for name in COLOURS.keys() - {"ground"}:
        ink = luminance(COLOURS[name][theme])
        contrast = (max(ink, ground) + 0.05) / (min(ink, ground) + 0.05)
        assert contrast >= 4.5, name
