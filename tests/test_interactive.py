"""The course's interactive figures in Chromium: their numbers, keys, themes and print."""

import shutil
import sys

import numpy as np
import pytest
from this_course import ROOT

from autograder.course import read_course
from autograder.source.pictures import scripts_of
from autograder.tests.browser import served, violations_in_both_schemes

sys.path.insert(0, str(ROOT / "drawings"))
from make import DRAWINGS
from surprise import FILE, load, surprise

FIXTURE_COURSE = ROOT / "autograder" / "tests" / "fixture_course"
UNIT = "numbers_and_sums"
SHOWN = {draw.__name__: draw().words for draw in DRAWINGS}
INTERACTIVE = [name for name in SHOWN if scripts_of(ROOT / "drawings" / f"{name}.svg")]


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """Build the site of a small course whose unit shows all interactive figures."""
    pytest.importorskip("sphinx", reason="the site needs its extra")
    from autograder.authoring.site import write_site

    folder = tmp_path_factory.mktemp("figures")
    course = folder / "course"
    shutil.copytree(FIXTURE_COURSE, course)
    shutil.copytree(ROOT / "drawings", course / "drawings")
    lines = [f"# ![{SHOWN[name]}](../drawings/{name}.svg)\n#\n" for name in INTERACTIVE]
    solution = course / "solutions" / f"{UNIT}.py"
    text = solution.read_text()
    solution.write_text(f"{text}\n\n# %% [markdown]\n{''.join(lines)}")
    write_site(read_course(course), folder / "pages", False, lambda _: None)
    return folder / "pages"


@pytest.fixture
def page(show, pages):
    """Open the page from a file, as a reader without a server does."""
    return show(pages / "units" / f"{UNIT}.html")


def figure_of(page, name):
    """Return the figure of a name on a page, made by its script."""
    figure = page.locator(f'[data-figure="{name}"]')
    figure.locator(".interactive-live").wait_for()
    return figure


def set_to(figure, label, value):
    """Move a slider, or choose an option, by its label, as a reader's browser does."""
    field = figure.get_by_label(label, exact=True)
    if field.evaluate("field => field.localName") == "select":
        field.select_option(value)
    else:
        field.fill(str(value))


def number(text):
    """Return a number as a figure writes it."""
    return float(text.replace("−", "-").replace("∞", "inf"))


def shown(figure, name):
    """Return the number that a drawing shows under a name."""
    return number(figure.locator(f'[data-name="{name}"]').text_content())


def test_every_figure_is_usable_by_all_readers(show, pages):
    """axe finds nothing in light and dark colours, and nothing is cut off at 390 pixels."""
    with served(pages) as address:
        page = show(
            f"{address}/units/{UNIT}.html",
            viewport={"width": 390, "height": 800},
            reduced_motion="reduce",
        )
        assert violations_in_both_schemes(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    for name in INTERACTIVE:
        figure = figure_of(page, name)
        frame = figure.locator(".interactive-live").bounding_box()
        right = frame["x"] + frame["width"]
        parts = figure.locator(".interactive-drawing svg *, .interactive-live input, select")
        for box in parts.evaluate_all("all => all.map(one => one.getBoundingClientRect())"):
            assert box["left"] >= frame["x"] - 1, name
            assert box["right"] <= right + 1, name


@pytest.mark.parametrize("name", INTERACTIVE)
def test_print_shows_the_still_and_so_does_a_page_without_scripts(show, pages, page, name):
    figure = figure_of(page, name)
    still = figure.locator("img")
    assert not still.is_visible()
    page.emulate_media(media="print")
    assert still.is_visible()
    assert not figure.locator(".interactive-live").is_visible()
    plain = show(pages / "units" / f"{UNIT}.html", java_script_enabled=False)
    picture = plain.locator(f'[data-figure="{name}"] img')
    assert picture.is_visible()
    assert picture.get_attribute("alt") == SHOWN[name]


@pytest.mark.parametrize("name", INTERACTIVE)
def test_every_input_is_reached_by_key_and_changes_the_words(page, name):
    """Inputs are the browser's own, and a screen reader announces what they change."""
    figure = figure_of(page, name)
    fields = figure.locator("input, select, textarea")
    fields.first.focus()
    for place in range(fields.count()):
        assert fields.nth(place).evaluate("field => field === document.activeElement")
        page.keyboard.press("Tab")
    words = figure.locator("[aria-live=polite]")
    before = words.inner_text()
    fields.first.focus()
    page.keyboard.press("ArrowDown")
    page.wait_for_function(
        "([words, before]) => words.innerText !== before", arg=[words.element_handle(), before]
    )


# ---- their numbers, compared with NumPy's

RELU = (lambda z: np.maximum(z, 0), lambda h: (h > 0) * 1.0)
TANH = (np.tanh, lambda h: 1 - h**2)


@pytest.mark.parametrize(
    ("w", "x", "name", "activation"),
    [(0.7, 0.1, "relu", RELU), (1.5, 0.1, "relu", RELU), (-1.2, 0.4, "tanh", TANH)],
)
def test_gradients_in_numbers_are_those_of_numpy(page, w, x, name, activation):
    figure = figure_of(page, "gradient_in_numbers")
    set_to(figure, "weight w", w)
    set_to(figure, "input x", x)
    set_to(figure, "activation f", name)
    f, slope = activation
    states = [1.0]
    for _ in range(10):
        states.append(f(w * states[-1] + x))
    gradients = [1.0]
    for state in reversed(states[1:]):
        gradients.insert(0, gradients[0] * slope(state) * w)
    for t in range(11):
        assert shown(figure, f"h{t}") == pytest.approx(states[t], rel=0.05)
        assert shown(figure, f"dh{t}") == pytest.approx(gradients[t], rel=0.05)


DIGITS = np.array([3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8, 9, 7, 9, 3])
FACTORS = np.tile([1, -1, 2, 0.5], 4)


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize(("operator", "running"), [("sum", np.add), ("max", np.maximum)])
def test_a_scan_ends_with_what_numpy_accumulates(show, pages, operator, running, width):
    """A scan ends with NumPy's accumulated values after log2(T) rounds, as the text says."""
    page = show(pages / "units" / f"{UNIT}.html", viewport={"width": width, "height": 800})
    figure = figure_of(page, "parallel_scan")
    set_to(figure, "operator", operator)
    for length in (1, 2, 7, 8, 16):
        set_to(figure, "elements T", length)
        rounds = int(np.ceil(np.log2(length)))
        last = [shown(figure, f"row{rounds}place{t}line0") for t in range(length)]
        assert last == running.accumulate(DIGITS[:length]).tolist()
        assert figure.locator(f'[data-name="row{rounds + 1}place0line0"]').count() == 0
        words = {0: "needs no round", 1: "takes 1 round;"}.get(rounds, f"takes {rounds} rounds;")
        figure.locator("[aria-live=polite]", has_text=words).wait_for()


@pytest.mark.parametrize("length", [3, 8, 16])
def test_affine_steps_of_a_scan_end_with_the_states_of_the_loop(page, length):
    figure = figure_of(page, "parallel_scan")
    set_to(figure, "elements T", length)
    set_to(figure, "operator", "affine")
    rounds = int(np.ceil(np.log2(length)))
    products = np.cumprod(FACTORS[:length])
    state = 0.0
    for t in range(length):
        state = FACTORS[t] * state + DIGITS[t]
        factor, summand = (
            figure.locator(f'[data-name="row{rounds}place{t}line{line}"]').text_content()
            for line in range(2)
        )
        sign = "-" if factor[0] == "−" else ""
        size = factor.strip("−h") or "1"
        assert float(sign + size) == products[t]
        assert number(summand.replace(" ", "")) == pytest.approx(state, rel=0.01)


@pytest.mark.parametrize(("f", "i", "o", "closed"), [(0.95, 0.05, 0.5, 0), (0.4, 0.9, 1, 13)])
def test_the_gradient_of_a_cell_state_is_that_of_a_small_difference(page, f, i, o, closed):
    figure = figure_of(page, "gates_over_time")
    set_to(figure, "forget gate σ(f)", f)
    set_to(figure, "input gate σ(i)", i)
    set_to(figure, "output gate σ(o)", o)
    set_to(figure, "σ(f) is 0 at step", closed)

    def last_cell(cell):
        for t in range(1, 21):
            forget = 0 if t == closed else f
            cell = forget * cell + i * np.tanh(o * np.tanh(cell))
        return cell

    small = 1e-5
    slope = (last_cell(1 + small) - last_cell(1 - small)) / (2 * small)
    end, gradient = (
        number(figure.locator(f'[data-name="{name}"]').text_content().partition("= ")[2])
        for name in ("c20", "dc0")
    )
    assert end == pytest.approx(last_cell(1.0), rel=0.01)
    assert gradient == pytest.approx(slope, rel=0.01)


@pytest.mark.parametrize("ids", [[1, 3, 1], [2, 2, 2], [0, 4, 1]])
def test_gradients_of_a_lookup_add_up_as_numpy_adds_them(page, ids):
    """Gradients of a lookup add up as in NumPy, or overwrite each other if the reader chooses."""
    figure = figure_of(page, "lookup")
    for line, each in enumerate(ids):
        set_to(figure, f"word {line + 1}", str(each))
    rows = np.array([[shown(figure, f"line{a}column{b}") for b in range(3)] for a in range(3)])
    added, overwritten = np.zeros((5, 3)), np.zeros((5, 3))
    np.add.at(added, ids, rows)
    overwritten[ids] = rows
    for rule, expected in (("add", added), ("overwrite", overwritten)):
        set_to(figure, "the same row twice", rule)
        table = [[shown(figure, f"table{a}column{b}") for b in range(3)] for a in range(5)]
        assert np.allclose(table, expected)


@pytest.mark.parametrize("steps", [1, 8])
def test_an_unrolled_network_has_a_step_for_each_character(page, steps):
    """An unrolled network has a step for each character; the text counts each layer's uses."""
    figure = figure_of(page, "three_characters")
    set_to(figure, "steps T", steps)
    letters = figure.locator('[data-name^="x"]').all_text_contents()
    assert "".join(letters) == "philosop"[:steps]
    assert figure.locator('[data-name^="y"]').count() == 1
    set_to(figure, "output", "all")
    assert figure.locator('[data-name^="y"]').count() == steps
    uses = "once, hidden never" if steps == 1 else "8 times, hidden 7 times"
    figure.locator("[aria-live=polite]", has_text=f"input {uses}").wait_for()


TEXTS = (
    "Supposing that Truth is a woman: what then?",
    "“Größe”—naïve…\tZwei Eier,\n250 g flour & a 🦉",
    "x",
)


@pytest.mark.parametrize("text", TEXTS)
def test_surprise_of_a_text_is_that_of_numpy(page, text):
    """A text's surprise equals NumPy's, for unknown characters and a single one, too."""
    figure = figure_of(page, "surprise_map")
    set_to(figure, "your text", text)
    letters = figure.locator("[data-nats]")
    assert letters.all_text_contents() == list(text)
    nats = letters.evaluate_all("all => all.map(one => Number(one.dataset.nats))")
    assert np.allclose(nats, surprise(load(), text), atol=1e-3)


def test_a_map_of_500_characters_takes_less_than_a_second(page):
    field = figure_of(page, "surprise_map").get_by_role("textbox")
    milliseconds = field.evaluate(
        """(field) => {
          field.value = "The truth is that nobody knew it. ".repeat(15).slice(0, 500);
          const begin = performance.now();
          field.dispatchEvent(new Event("input"));
          document.body.offsetHeight;
          return performance.now() - begin;
        }"""
    )
    assert page.locator("[data-nats]").count() == 500
    assert milliseconds < 1000


def test_no_text_has_no_surprise(page):
    figure = figure_of(page, "surprise_map")
    set_to(figure, "your text", "")
    figure.get_by_text("Type or paste a text.").wait_for()


def test_the_weights_of_the_page_are_small():
    assert FILE.stat().st_size < 300_000
