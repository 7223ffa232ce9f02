"""A course as static pages in a browser: units that have run, without solution code."""

import shutil

import pytest
from browser import follow, served, violations_in_both_schemes
from small import COURSE, UNIT, run_command

from autograder.course import load_unit, read_course
from autograder.errors import UserError
from autograder.source.addresses import address_of_check

pytestmark = pytest.mark.proof

AIMS = """# **Afterwards you can**
#
# * double a number, whatever
#   its sign;
# * sum along the way.
#
# You need numbers
# and signs. The letters: T steps, B batch.
"""
SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="20" height="9"/>'
SCRIPT = """interactive("two", (figure) => {
  const inputs = figure.slider({ label: "inputs", min: 1, max: 9, value: 2 });
  figure.draw("Inputs", (picture) => {
    picture.height = 20;
    picture.text(10, 10, short(inputs.value / interactive.data.two));
    return `${inputs.value} inputs`;
  });
});
"""
CONTENTS = """[[part]]
title = "Learn"
pages = ["guide"]

[[part]]
title = "Teach"
pages = ["further/figures"]
"""
FORMULA = r"""
# %% [markdown]
# ![Two squares x[0] and x[1]](../drawings/two.svg) A sum is $\sum_t x_t$ (`docs/about.md`), and
#
# $$\begin{aligned} a &= b \\ c &= \frac{d}{e} \end{aligned}$$
#
# It costs $-\ln p_i$, and $\mathrm{d}W \mathrel{+}= dz$. A long line:

# %%
words = "A line of words that is longer than a page is wide, for it has nearly one hundred letters."
print("the double of 4:", double(4))
print("that was all", flush=True)
"""


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """Return the fixture course with a formula, a printed figure and a page of docs."""
    folder = tmp_path_factory.mktemp("course") / "small"
    shutil.copytree(COURSE.folder, folder)
    solution = folder / "solutions" / f"{UNIT}.py"
    text = solution.read_text().replace("# The letters: T steps, B batch.\n", AIMS)
    solution.write_text(text + FORMULA)
    (folder / "drawings").mkdir()
    (folder / "drawings" / "two.svg").write_text(SVG)
    (folder / "drawings" / "two.js").write_text(SCRIPT)
    (folder / "drawings" / "two.data.js").write_text("interactive.data.two = 4;\n")
    (folder / "docs").mkdir()
    (folder / "docs" / "further").mkdir()
    (folder / "docs" / "further" / "figures.md").write_text("# Figures\n")
    (folder / "docs" / "guide.md").write_text("# Guide\n")
    (folder / "docs" / "front.md").write_text("Look at ![a square](two.svg), [about](about.md).\n")
    (folder / "docs" / "two.svg").write_text(SVG)
    (folder / "docs" / "contents.toml").write_text(CONTENTS)
    (folder / "docs" / "about.md").write_text(
        "# About\n\nA course to look at. [No page](nowhere.md), [rules](../RULES.md)\n"
    )
    return read_course(folder)


@pytest.fixture(scope="module")
def built(course, tmp_path_factory):
    """Write the site for students by the real command."""
    pytest.importorskip("sphinx", reason="the site needs its extra")
    out = tmp_path_factory.mktemp("site") / "pages"
    done = run_command("site", out, "--course", course.folder, cwd=course.folder)
    assert done.returncode == 0, done.stderr
    return out


@pytest.fixture(scope="module")
def address(built):
    """Serve the pages, and yield their address."""
    with served(built) as served_at:
        yield served_at


def test_outputs_are_shown_and_solutions_are_not(built):
    page = (built / "units" / f"{UNIT}.html").read_text()
    assert "the double of 4: 8" in page
    assert "YOUR CODE HERE" in page
    everything = "".join(
        path.read_text()
        for path in built.rglob("*")
        if path.suffix in (".html", ".js", ".ipynb", ".txt")
    )
    assert "np.cumsum" not in everything
    assert "BEGIN SOLUTION" not in everything


def test_instructors_see_the_solutions_without_the_mistakes(course, tmp_path):
    pytest.importorskip("sphinx", reason="the site needs its extra")
    done = run_command(
        "site", tmp_path / "pages", "--solutions", "--course", course.folder, cwd=course.folder
    )
    assert done.returncode == 0, done.stderr
    page = (tmp_path / "pages" / "units" / f"{UNIT}.html").read_text()
    assert "cumsum" in page
    assert "YOUR CODE HERE" not in page
    assert "added up along the batch" not in page
    assert "SOLUTION" not in page
    assert [path.name for path in tmp_path.iterdir()] == ["pages"]  # no notebooks beside it


def test_pages_are_accessible_and_fetch_nothing(show, address):
    """Pages pass axe in light and dark, wide and narrow, and fetch nothing, formulas included."""
    for path in ("index.html", f"units/{UNIT}.html", "docs/about.html"):
        page = show(
            f"{address}/{path}",
            viewport={"width": 390, "height": 800},
            reduced_motion="reduce",  # a fading element has no contrast at first
        )
        assert violations_in_both_schemes(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
    unit = show(f"{address}/units/{UNIT}.html")
    assert unit.locator("details", has_text="The number and itself again.").count() == 1


def test_formulas_pictures_and_links_of_a_unit_are_there(show, address):
    unit = show(f"{address}/units/{UNIT}.html")
    assert unit.locator("math").count() == 4
    lines = unit.locator("math").nth(1)
    assert lines.locator("mtr").count() == 2
    assert "&" not in lines.text_content()
    logarithm, update = unit.locator("math").nth(2), unit.locator("math").nth(3)
    assert logarithm.locator("mspace").count() == 1
    assert update.locator("mtext").text_content() == "+="
    picture = unit.get_by_alt_text("Two squares x[0] and x[1]", exact=True)
    assert picture.evaluate("image => image.naturalWidth") == 20
    link = unit.locator("article a", has_text="docs/about.md")
    assert link.get_attribute("href").endswith("docs/about.html")
    # a cell's output is in one piece
    printed = unit.locator(".cell_output pre", has_text="that was all")
    assert "the double of 4: 8" in printed.inner_text()


def test_a_picture_with_a_script_beside_it_is_a_figure_that_readers_change(show, built):
    """A picture with a script becomes an interactive figure, from a file and by keyboard.

    Print, and a page without scripts, show the picture.
    """
    unit = show(built / "units" / f"{UNIT}.html")
    figure = unit.locator("[data-figure=two]")
    words = figure.locator("[aria-live=polite]")
    assert words.inner_text() == "2 inputs"
    slider = figure.get_by_role("slider", name="inputs")
    slider.press("ArrowRight")
    words.get_by_text("3 inputs").wait_for()
    assert figure.locator("svg text").text_content() == "0.75"
    assert slider.get_attribute("aria-valuetext") == "3"
    assert not figure.locator("img").is_visible()
    unit.emulate_media(media="print")
    assert figure.locator("img").is_visible()
    assert not slider.is_visible()
    without = show(built / "units" / f"{UNIT}.html", java_script_enabled=False)
    assert without.locator("[data-figure=two] img").is_visible()


def test_the_address_of_a_check_is_that_of_its_section(course, built):
    """A check's address is that of its section, as `watch` prints it."""
    script = course.solution(UNIT).read_text()
    page = (built / "units" / f"{UNIT}.html").read_text()
    for check in load_unit(course, UNIT).checks:
        address = address_of_check("https://example.org/", UNIT, script, check.name)
        path, _, section = address.partition("#")
        assert path == f"https://example.org/units/{UNIT}.html"
        assert f'<section id="{section}">' in page


def test_code_is_wrapped_on_a_narrow_screen(show, address):
    """On a narrow screen code wraps without loss; printed output keeps its columns and scrolls."""
    unit = show(f"{address}/units/{UNIT}.html", viewport={"width": 375, "height": 800})
    code = unit.locator(".cell_input pre", has_text="A line of words")
    assert code.evaluate("pre => pre.scrollWidth <= pre.clientWidth")
    printed = unit.locator(".cell_output pre").first
    assert printed.evaluate("pre => getComputedStyle(pre).whiteSpace") == "pre"


def test_a_link_out_of_the_docs_is_only_its_words(built):
    about = (built / "docs" / "about.html").read_text()
    assert "rules" in about
    assert "RULES.md" not in about


def test_printed_pages_unfold_hints_and_wrap_long_lines(show, address):
    unit = show(f"{address}/units/{UNIT}.html", viewport={"width": 700, "height": 900})
    hint = unit.get_by_text("The number and itself again.")
    assert not hint.is_visible()
    unit.emulate_media(media="print")
    assert hint.is_visible()
    wide = "[...document.querySelectorAll('pre')].filter(e => e.scrollWidth > e.clientWidth + 1)"
    assert unit.evaluate(f"{wide}.length") == 0


def test_the_sidebar_has_the_parts_of_the_docs_in_their_order(show, built):
    """The sidebar has the parts of the docs in order.

    Units follow the first page of the first part; pages that no part names come last.
    """
    page = show(built / "index.html")
    parts = page.locator(".sidebar-tree .caption-text").all_inner_texts()
    assert [part.capitalize() for part in parts] == ["Learn", "Teach", "More"]
    links = page.locator(".sidebar-tree a").evaluate_all("all => all.map(one => one.pathname)")
    names = [link.rpartition("/")[2].removesuffix(".html") for link in links]
    first = names.index(UNIT)
    assert names[first - 1] == "guide"
    assert names[-2:] == ["figures", "about"]


def test_the_first_page_shows_what_the_course_says_and_a_picture_of_each_unit(show, built):
    page = show(built / "index.html")
    assert page.get_by_alt_text("a square").evaluate("image => image.naturalWidth") == 20
    assert page.locator("article p a", has_text="about").get_attribute("href") == "docs/about.html"
    card = page.locator(f'a.unit[href="units/{UNIT}.html"] img')
    assert card.evaluate("image => image.complete && image.naturalWidth") == 20


def test_a_page_that_is_not_there_is_named(course, tmp_path):
    """A missing page is reported before any unit runs, so that its author need not wait."""
    pytest.importorskip("sphinx", reason="the site needs its extra")
    from autograder.authoring.site import parts_of

    folder = tmp_path / "course"
    shutil.copytree(course.folder, folder)
    contents = CONTENTS.replace("guide", "gide")
    (folder / "docs" / "contents.toml").write_text(contents)
    with pytest.raises(UserError, match=r"names the page `gide`\. There is no gide\.md"):
        parts_of(read_course(folder))


def test_the_map_leads_to_each_unit_and_the_search_finds_a_word(show, built):
    page = show(built / "index.html")
    assert "7 min" in page.locator("table").inner_text()
    section = page.locator("section section").first.inner_text()
    assert "You need numbers and signs." in section
    assert "The letters" not in section
    assert "double a number, whatever its sign;" in section
    assert "sum along the way." in section
    follow(page.locator("table a").first)
    assert page.url.endswith(f"units/{UNIT}.html")
    found = show((built / "search.html").as_uri() + "?q=number")
    found.wait_for_selector("ul.search li a")
    links = found.locator("ul.search li a").all()
    assert any(UNIT in link.get_attribute("href") for link in links)


def test_a_unit_that_does_not_run_is_told_in_a_sentence(course, tmp_path):
    broken = tmp_path / "broken"
    shutil.copytree(course.folder, broken)
    solution = broken / "solutions" / f"{UNIT}.py"
    solution.write_text(solution.read_text() + "\n# %%\nraise KeyError('lost')\n")
    done = run_command("site", tmp_path / "pages", "--course", broken, cwd=broken)
    assert done.returncode == 2
    assert not (tmp_path / "pages").exists()
    assert f"{UNIT}: the solution does not run as a notebook: KeyError: 'lost'" in done.stderr
