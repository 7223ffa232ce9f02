"""The pages in a real browser, for a class with hostile names and code."""

import dataclasses
import json
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import warnings
from io import BytesIO
from pathlib import Path
from urllib.parse import quote, unquote, urlparse

import nbformat
import pytest
import small
from browser import chromium, follow, violations_in_both_schemes
from jinja2 import Environment
from small import COURSE, UNIT, WORDS

from autograder.errors import visible
from autograder.grading.hand_in import HandIn
from autograder.grading.results import stored_results, write_whole
from autograder.judging import Remark
from autograder.report import html, pages, pseudonyms
from autograder.report.code import MAX_SHOWN, exercises, lines, lines_of_mistake, parts
from autograder.report.pages import environment, security_policy
from autograder.report.summary import bearing_another_name
from autograder.report.terminal import class_summary
from autograder.sandbox import definitions
from autograder.sandbox.definitions import (
    MAX_CELLS,
    MAX_CODE,
    MAX_PARTS,
    Definition,
    read_definitions,
)
from autograder.sandbox.inside.submission import Submission

OWNED = "window.owned=document.title='owned'"
NAMES = (
    f"<script>{OWNED}<",
    '"><svg onload=alert(1)>',
    "javascript:alert(2)",
    '=HYPERLINK("x";"y")',
    "{{ 7 * 7 }} {% raw %}",
    "a\x1b[31m\u202eb",
    "الطالبة",
    "100%25&amp;?#x y'onfocus='alert(3)",
    "../x".replace("/", "\\"),
)
CODE = f'''
def double(x):
    """</code></li></ol></details><script>{OWNED}</script><img src=x onerror="{OWNED}">"""
    raise ValueError("<svg onload=\\"{OWNED}\\"> \x1b]0;owned\x07 \u202e =1+1 {{{{ 7 * 7 }}}}")


running_sum = double  # --></style></script><script>{OWNED}</script>


def helper(x):
    return x


def fit(x, y, weights, rate):
    return helper(weights)
'''
ANSWER = "<script>owned=1</script>`a` *b* \x1b[31m\u202e\n<img src=x>"
SAID = f"def initials(name):\n    return {ANSWER!a}\n"


@pytest.fixture(scope="module")
def hostile(graded_class, small_class, tmp_path_factory):
    """Grade and report the small class and a hostile one by the real commands.

    Return the pages' folder.
    """
    folder = tmp_path_factory.mktemp("hostile")
    shutil.copytree(graded_class, folder / "grades")
    for name in NAMES:
        small.submit(folder / "new", name, CODE)
    small.submit(folder / "new", "says", SAID, WORDS)
    book = folder / "new" / "one_cell" / UNIT / f"{UNIT}.ipynb"
    book.parent.mkdir(parents=True)
    cells = [nbformat.v4.new_code_cell(CODE)]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), book)
    report = folder / "new" / "report_only" / UNIT / "report.pdf"
    report.parent.mkdir(parents=True)
    report.write_bytes(b"%PDF-1.4")
    done = small.run_command("grade", folder / "new", "--out", folder / "grades", "-j", "2")
    assert done.returncode == 0, done.stderr
    shutil.copytree(small_class, folder / "all")
    shutil.copytree(folder / "new", folder / "all", dirs_exist_ok=True)
    done = small.run_command("report", folder / "grades", "--submitted", folder / "all")
    assert done.returncode == 0, done.stderr
    return folder / "grades" / "pages"


@pytest.fixture(scope="module")
def browser():
    """Start Chromium once for all tests of this file."""
    with chromium() as running:
        yield running


def student_pages(pages):
    return sorted((pages / UNIT).glob("*.html"))


def test_pages_are_accessible(hostile, show):
    """axe finds nothing against WCAG 2.2 AA or good practice, in light or dark colours.

    Nothing is cut off at 320 pixels.
    """
    hard = [
        path
        for path in student_pages(hostile)
        if "double" in path.read_text() and "owned" in path.read_text()
    ]
    cases = [
        hostile / UNIT / f"{case}.html" for case in ("complete", "notebook", "not_text", "stub")
    ]
    assert len(hard) == len(NAMES) + 1  # and one in a notebook
    classes = [hostile / "index.html", hostile / f"{UNIT}.html", hostile / f"{WORDS}.html"]
    for path in [*classes, *cases, *hard[:2], hostile / WORDS / "says.html"]:
        page = show(path, viewport={"width": 1100, "height": 800})
        assert violations_in_both_schemes(page) == [], path.name
        page.set_viewport_size({"width": 320, "height": 640})
        assert page.evaluate("document.documentElement.scrollWidth") <= 320, path.name


def test_a_table_that_goes_on_behind_the_edge_says_so(hostile, show):
    """On a tablet a shade marks each side to which a table scrolls on, and no other.

    On a phone no table of a class scrolls: each row is a paragraph.
    """
    images = pytest.importorskip("PIL.Image", reason="the pixels are read with Pillow")
    for name in ("index", UNIT):
        page = show(hostile / f"{name}.html", viewport={"width": 375, "height": 844})
        for table in page.locator(".wide").all():
            assert table.evaluate("element => element.scrollWidth <= element.clientWidth"), name
    page = show(hostile / f"{UNIT}.html", viewport={"width": 660, "height": 844})
    table = page.locator(".wide", has=page.locator("#students"))
    table.scroll_into_view_if_needed()

    def edges():
        image = images.open(BytesIO(table.screenshot())).convert("RGB")
        above_the_head = 4
        at = [(1, above_the_head), (image.width - 2, above_the_head)]
        return [image.getpixel(place) != (255, 255, 255) for place in at]

    assert edges() == [False, True]
    table.evaluate("element => element.scrollLeft = 10000")
    assert edges() == [True, False]


def test_links_lead_to_pages_that_are_there(hostile, show):
    """Every kind of page has working links, whatever a student's name.

    A click on a hostile name opens that student's page.
    """
    names = ["index", UNIT, f"{UNIT}/wrong_shape", f"{UNIT}/{NAMES[2]}"]
    for path in (hostile / f"{name}.html" for name in names):
        page = show(path)
        for link in page.evaluate("[...document.querySelectorAll('a')].map((link) => link.href)"):
            to = urlparse(link)
            assert (there := Path(unquote(to.path))).is_file(), link
            assert not to.fragment or f'id="{to.fragment}"' in there.read_text(), link
    page = show(hostile / f"{UNIT}.html")
    follow(page.locator("#students a", has_text="javascript:"))
    assert page.locator("h1").inner_text() == "javascript:alert(2)"


def test_search_finds_names_checks_and_what_happened(hostile, show):
    """Search takes words in any order and case; a check's link lists who did not pass it.

    The number of rows shown is announced.
    """
    page = show(hostile / f"{UNIT}.html")
    search, rows = page.get_by_label("Search"), page.locator("#students tbody tr:visible")
    everyone = rows.count()
    assert everyone == len(list((hostile / UNIT).glob("*.html")))
    search.fill("NONE note")  # all passed
    assert rows.locator("a").all_inner_texts() == ["notebook"]
    assert page.locator("output").inner_text() == f"1 of {everyone} shown"
    search.fill("<SCRIPT>")
    assert rows.count() == 1
    page.locator("#checks a", has_text="summing").click()
    names = rows.locator("a").all_inner_texts()
    assert search.input_value() == "summing"
    assert "crash" in names
    assert "complete" not in names


def test_a_heading_sorts_up_and_down(hostile, show):
    """A heading sorts numbers as numbers, largest first, and names as names.

    A screen reader announces the state.
    """
    page = show(hostile / f"{UNIT}.html")
    head = page.locator("#students th", has_text="points")
    cells = page.locator("#students tbody td:nth-child(2)")

    def points():
        return [float(text) for text in cells.all_inner_texts()]

    head.locator("button").click()
    assert points() == sorted(points(), reverse=True)
    assert head.get_attribute("aria-sort") == "descending"
    assert points()[:3] == [11, 11, 10]
    head.locator("button").click()
    assert points() == sorted(points())
    assert head.get_attribute("aria-sort") == "ascending"
    page.locator("#students th button").first.click()
    names = page.locator("#students tbody th").all_inner_texts()
    assert names.index("always_one") < names.index("complete") < names.index("wrong_shape")
    assert head.get_attribute("aria-sort") is None


def test_the_keyboard_reaches_everything(hostile, show):
    """Tab reaches each link, button, field and fold in turn; Enter and Space click.

    The focused element has a ring.
    """
    page = show(hostile / f"{UNIT}.html")
    wanted = page.evaluate(
        "[...document.querySelectorAll('a, button, input, summary')].filter((one) => "
        "one.checkVisibility()).length"
    )
    reached, ring = 0, set()
    while True:
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement === document.body"):
            break
        reached += 1
        ring.add(page.evaluate("getComputedStyle(document.activeElement).outlineWidth"))
    assert (reached, ring) == (wanted, {"3px"})
    page.locator("summary").first.focus()
    page.keyboard.press("Enter")
    assert page.locator("details").first.get_attribute("open") is not None
    page.locator("#students th button").nth(1).focus()
    page.keyboard.press("Space")
    assert page.locator("#students [aria-sort]").count() == 1


def test_without_script_the_page_is_a_plain_table(hostile, browser):
    """Without JavaScript every submission is listed, without controls that do nothing."""
    with browser.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        page.goto((hostile / f"{UNIT}.html").as_uri())
        assert page.locator("#students tbody tr:visible").count() == len(student_pages(hostile))
        assert page.locator("button, input:visible").count() == 0


def test_a_page_shows_hostile_text_as_text(hostile, show):
    """Name, code and error appear verbatim, as text.

    Invisible characters are written as their numbers.
    """
    for path in student_pages(hostile):
        if "owned" in path.read_text():
            page = show(path)
            assert page.locator("script, img, svg[onload]").count() == 0
            assert page.title() != "owned"
            code = page.locator("#doubling .code").inner_text()
            assert f"<script>{OWNED}</script><img src=x" in code
            assert "\\x1b]0;owned\\x07 \\u202e" in code
            assert "\x1b" not in page.content()
            assert "\u202e" not in page.content()
            assert "{{ 7 * 7 }}" in page.locator("#doubling .remarks").inner_text()
            page.context.close()


def test_a_text_answer_s_remark_is_text_whatever_was_answered(hostile, show):
    """A remark quotes markup, escapes and direction marks of a text answer as they are."""
    page = show(hostile / WORDS / "says.html")
    told = page.locator("#shortening .remarks").inner_text()
    assert re.search(
        r"expected '([A-Z]\. )+[A-Z]\.', found '"
        + re.escape(ascii(ANSWER)[1:-1])
        + r"'\. \(first\)",
        told,
    ), told
    assert "at [0] expected" in told
    assert "3 of 3 differ. (all)" in told
    assert not re.search("[\x1b\u202e]", page.content())
    assert page.locator("script, img").count() == 0
    page = show(hostile / WORDS / "no_space.html")
    assert (
        "a space is missing between the letters."
        in page.locator("#shortening .remarks").inner_text()
    )


def test_what_escapes_all_the_same_is_not_run(hostile, browser, tmp_path):
    """Content Security Policy alone stops markup put into a finished page.

    It runs nothing and fetches nothing.
    """
    evil = f"""<script>{OWNED}</script><svg onload="{OWNED}"></svg>
        <img src="http://127.0.0.1:9/" onerror="{OWNED}">
        <button id="go" onclick="{OWNED}">go</button><style>h1 {{ display: none; }}</style>"""
    for path in (hostile / f"{UNIT}.html", hostile / UNIT / "complete.html"):
        (tmp_path / path.name).write_text(path.read_text().replace("<h1>", f"{evil}<h1>"))
        page, refused = browser.new_page(), []
        page.on("console", lambda message, refused=refused: refused.append(message.text))
        page.goto((tmp_path / path.name).as_uri())
        page.locator("#go").click()
        assert page.evaluate("window.owned ?? 0") == 0
        assert page.locator("h1").is_visible()
        assert len(refused) >= 5 and all("Content Security Policy" in words for words in refused), (
            refused
        )
        page.close()


def test_a_students_own_code_stands_at_its_check(hostile, show):
    """A check shows its function and helper only, with the line that the remark mentions.

    The code of a passed check is folded.
    """
    name = next(path for path in student_pages(hostile) if "javascript" in path.name)
    page = show(name)
    assert page.locator("#doubling .code").count() == 1
    assert page.locator("#doubling .code").get_attribute("start") == "2"
    assert "raise ValueError" in page.locator("#doubling .at").inner_text()
    assert "def helper" in page.locator("#three_steps .code").all_inner_texts()[0]
    page = show(hostile / UNIT / "uphill.html")
    assert "weights + rate" in page.locator("#three_steps details[open] .code").inner_text()
    assert page.locator("#doubling details[open]").count() == 0
    page = show(hostile / UNIT / "notebook.html")
    assert re.fullmatch(r"cell \d+", page.locator("#doubling summary + p").text_content())
    check = show(hostile / UNIT / "one_cell.html").locator("#three_steps")
    assert check.locator(".code").count() > 1
    assert [line for line in check.all_inner_texts()[0].split("\n") if line == "cell 1"] == [
        "cell 1"
    ]


def test_a_file_that_cannot_be_graded_has_one_reason_and_no_empty_checks(hostile):
    """Its page says the reason once, and lists no check, since none ran."""
    text = (hostile / UNIT / "report_only.html").read_text()
    assert text.count("in the folder report_only") == 1
    assert "No check ran." in text
    assert '<section class="check' not in text


def test_training_is_shown_beside_ours(hostile):
    """A page shows the loss that passed beside ours, in words and as a picture."""
    text = (hostile / UNIT / "complete.html").read_text()
    assert re.search(r"held-out loss \d\.\d{4} \(the dot\)\. Reference loss \d\.\d{4}", text)
    assert 'class="band"' in text


def test_print_unfolds_and_leaves_out_controls(hostile, show):
    """In print the code of passed checks is open, and the search field is gone."""
    page = show(hostile / UNIT / "complete.html")
    page.emulate_media(media="print")
    assert page.locator("#summing .code").evaluate(
        "(code) => code.checkVisibility({contentVisibilityAuto: true})"
    )
    assert page.locator("#summing .code").bounding_box()["height"] > 20
    page = show(hostile / f"{UNIT}.html")
    page.emulate_media(media="print", color_scheme="dark")
    assert not page.get_by_label("Search").is_visible()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"


def graded(folder, **files):
    for student, text in files.items():
        small.submit(folder / "class", student, text)
    done = small.run_command("grade", folder / "class", "--out", folder / "grades", "--quick")
    assert done.returncode == 0, done.stderr
    return folder / "grades"


def test_full_follow_through_credit_is_not_called_a_part(tmp_path):
    """Full follow-through credit has its own sign and words on the student's and the class page."""
    grades = graded(tmp_path, ada=small.solved())
    path = grades / UNIT / "ada.json"
    fields = json.loads(path.read_text())
    check = fields["checks"][1]
    check.update(status="partial", carried=check["points"])
    path.write_text(json.dumps(fields))
    assert small.run_command("report", grades).returncode == 0
    of_ada = (grades / "pages" / UNIT / "ada.html").read_text()
    of_class = (grades / "pages" / "index.html").read_text()
    assert "◕</span> full follow-through credit</b>, 4 of 4 points" in of_ada
    assert f"full follow-through credit: {check['name']}" in of_class
    assert "in part" not in of_ada
    apart = f'Full follow-through credit: <a href="#{check["name"]}">{check["name"]}</a></p>'
    assert apart in of_ada
    assert f'">{check["name"]}</a> (' not in of_ada


def test_anonymous_pages_name_nobody(tmp_path):
    """Anonymous pages name nobody in text, title, link, file name, remark, string or comment.

    A student has the same alias on all pages.
    """
    text = 'def double(x):  # lovelace wrote this\n    raise ValueError("Ada_Lovelace")\n'
    grades = graded(tmp_path, Ada_Lovelace=text, Bob_Builder=text)
    done = small.run_command("report", grades, "--anonymous")
    assert done.returncode == 0, done.stderr
    written = sorted((grades / "anonymous").rglob("*.html"))
    assert len(written) == 3
    for path in written:
        assert not re.search("lovelace|builder", path.name + path.read_text(), re.I)
    named = {path.stem: path.read_text() for path in written if path.parent.name == UNIT}
    index = (grades / "anonymous" / "index.html").read_text()
    assert all(re.fullmatch(r"student [0-9a-f]{6}", alias) and alias in index for alias in named)
    assert any(f"ValueError: {alias}" in page for alias, page in named.items())


def test_a_name_is_found_in_other_letters_and_the_other_order(graded_class):
    """A student writes their own name as they like; one word may be code's, as `max`."""
    result = next(r for r in stored_results(graded_class) if r.student == "crash")
    record = HandIn(source="moodle", student="x", name="Max Lovelace", email="maxl@x.edu")
    renaming = pseudonyms.renaming_of(
        [dataclasses.replace(result, hand_in=record)], {"crash": "alias"}
    )
    for name in ("max lovelace", "Lovelace Max", "MAXL@X.EDU", "maxl"):
        assert renaming.text(f'return "{name}"') == 'return "alias"'
    assert renaming.text("return max(z)") == "return max(z)"


def test_anonymous_pages_stand_in_no_order_of_names(graded_class, tmp_path, monkeypatch):
    """Anonymous pages order students, groups and file times by the random aliases."""
    results = [result for result in stored_results(graded_class) if result.unit == UNIT]
    drawn = iter(f"{9 - place:06}" for place in range(len(results)))
    monkeypatch.setattr(pseudonyms.secrets, "token_hex", lambda _: next(drawn))
    written = list(pages.site(COURSE, results, aliases=pseudonyms.Pseudonyms()))
    students = [address for address in written if "/" in address]
    assert students == sorted(students)
    assert len(students) == len(results)
    index = pages.site(
        COURSE,
        results,
        aliases=pseudonyms.Pseudonyms({r.student: f"s{9 - n}" for n, r in enumerate(results)}),
    )
    told = re.findall(r"(?<=<bdi>)s\d(?=</bdi>)", index["index.html"]())
    table = told[-len(results) :]
    assert table == sorted(table)


def test_anonymous_pages_do_not_say_what_the_lms_calls_a_student(graded_class):
    """Anonymous pages hide the name on the LMS even if it differs from the file's."""
    result = next(r for r in stored_results(graded_class) if r.student == "crash")
    said = [
        dataclasses.replace(v, remarks=(Remark("by LOVELACE, Ada L., al@x.org"),))
        for v in result.verdicts
    ]
    known = dataclasses.replace(
        result, student="LOVELACE~0123456789abcdef", known_as="LOVELACE", verdicts=tuple(said)
    )
    known = dataclasses.replace(
        known, hand_in=HandIn(source="canvas", student="LOVELACE", name="Ada L.", email="al@x.org")
    )
    site = pages.site(COURSE, [known], aliases=pseudonyms.Pseudonyms())
    assert not [page for page in site.values() if re.search(r"LOVELACE|Ada|al@x", page())]


def test_a_name_as_rosters_write_it_is_replaced_as_people_write_it_too():
    """A roster's `Lovelace, Ada` is replaced in code as `Ada Lovelace`, too."""
    record = HandIn(source="canvas", student="ada", name="Lovelace, Ada")
    names = pseudonyms.names_of_hand_in("ada", "", record)
    renaming = pseudonyms.Renaming(dict.fromkeys(names, "student 1"))
    assert renaming.text("By Ada Lovelace (Lovelace, Ada)") == "By student 1 (student 1)"


def test_a_file_that_cannot_be_shown_costs_no_other_page(graded_class, monkeypatch):
    """A file that cannot be displayed has a page with its results and a sentence instead of code.

    The other pages are unaffected.
    """
    results = stored_results(graded_class)
    monkeypatch.setattr(pages, "read_definitions", lambda _: 1 / 0)
    for address, page in pages.site(COURSE, results, lambda _: b"x = 1").items():
        assert ("The code of this file cannot be shown." in page()) == ("/" in address)


def test_code_is_shown_of_the_graded_file_alone(tmp_path):
    """A page shows only the graded file, and no code if the file has changed since.

    Pages of an earlier run are deleted.
    """
    grades = graded(
        tmp_path, ada="def double(x):\n    return x * 3\n", bob="def double(x):\n    return x\n"
    )
    page = grades / "pages" / UNIT / "ada.html"
    assert "x * " in page.read_text()
    assert "has changed" not in page.read_text()
    small.submit(tmp_path / "class", "ada", "def double(x):\n    return x * 4\n")
    (grades / UNIT / "bob.json").unlink()
    assert small.run_command("report", grades).returncode == 0
    assert "x * " not in page.read_text()
    assert "has changed" in page.read_text()
    assert not (grades / "pages" / UNIT / "bob.html").exists()


@pytest.fixture
def served(tmp_path):
    """Run `autograder report --serve` on a folder that a run has only begun.

    Yield folder and address.
    """
    write_whole(tmp_path / "run.txt", "seed 1\nsubmissions 2")
    command = [sys.executable, "-m", "autograder", "report", str(tmp_path), "--serve"]
    with subprocess.Popen(command, cwd=COURSE.folder, stdout=subprocess.PIPE, text=True) as running:
        yield tmp_path, running.stdout.readline().strip()
        running.terminate()


def test_results_show_as_they_come(served, graded_class, show):
    """An open page shows each new result and keeps the search."""
    grades, address = served
    page = show(address)
    assert page.get_by_text("No results yet.").is_visible()
    (grades / UNIT).mkdir()
    shutil.copy(graded_class / UNIT / "complete.json", grades / UNIT)
    page.get_by_text("1 of 2 submissions graded").wait_for()
    page.get_by_label("Search").fill("uphill")
    assert page.locator("#students tbody tr:visible").count() == 0
    shutil.copy(graded_class / UNIT / "uphill.json", grades / UNIT)
    page.get_by_text("2 of 2 submissions graded").wait_for()
    others = {*(graded_class / UNIT).glob("*.json")} - {graded_class / UNIT / "complete.json"}
    shutil.copy(
        min(others - {graded_class / UNIT / "uphill.json"}), grades / UNIT
    )  # an earlier run
    page.get_by_text("3 submissions graded", exact=True).wait_for()
    follow(page.get_by_role("link", name="uphill").last)
    assert page.locator("h1").inner_text() == "uphill"


def asked(address, **headers):
    try:
        with urllib.request.urlopen(urllib.request.Request(address, headers=headers)) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code


def test_the_server_answers_its_own_pages_to_this_machine_alone(served, graded_class):
    """The server answers only its own address, host, paths, token and methods.

    It takes GET, and forms for manual points, and serves no file from disk.
    """
    grades, address = served
    (grades / UNIT).mkdir()
    shutil.copy(graded_class / UNIT / "complete.json", grades / UNIT)
    root, secret = address.rstrip("/").rsplit("/", 1)
    assert root.startswith("http://127.0.0.1:")
    assert len(secret) >= 20
    assert [asked(address), asked(f"{address}{UNIT}/complete.html?x")] == [200, 200]
    wrong = [
        "/",
        "/run.txt",
        "/index.html",
        f"/{secret}/run.txt",
        f"/{secret}/../run.txt",
        f"/{secret}/%2e%2e/run.txt",
    ]
    wrong += [
        f"/{secret}/{UNIT}/complete.json",
        f"/{secret}{quote(str(grades))}/run.txt",
        f"/{secret[:-1]}x/",
        "/ä",
    ]
    assert {asked(root + quote(path, safe="/%")) for path in wrong} == {404}
    assert asked(address, Host="evil.example:80") == 404
    assert asked(address, Host="localhost:80") == 200
    port = int(root.rsplit(":", 1)[1])
    listening = [
        line.split()[1]
        for line in Path("/proc/net/tcp").read_text().splitlines()[1:]
        if " 0A " in line
    ]
    assert [at for at in listening if at.endswith(f":{port:04X}")] == [f"0100007F:{port:04X}"]
    for method, size, status in (
        ("PUT", "0", 501),
        ("POST", "0", 404),
        ("POST", "-1", 404),
        ("POST", "x", 404),
    ):
        with socket.create_connection(("127.0.0.1", port)) as line:
            head = (
                f"{method} /{secret}/ HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Length: "
                f"{size}\r\n\r\n"
            )
            line.sendall(head.encode())
            assert f" {status} ".encode() in line.recv(100)


def test_the_server_sends_a_policy_of_its_own(served):
    """The server also sends its policy as a header.

    Nobody may frame, sniff, cache or be sent as referrer the page.
    """
    with urllib.request.urlopen(served[1]) as answer:
        assert answer.headers["Content-Security-Policy"] == (
            f"{security_policy(live=True)}; frame-ancestors 'none'"
        )
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_each_exercise_is_found_in_the_stub():
    """Every exact check finds its functions in the stub, and no others."""
    asked_for, given = exercises(COURSE.stub(UNIT).read_text())
    assert asked_for == {
        "doubling": {"double"},
        "summing": {"running_sum"},
        "three_steps": {"fit"},
        "fitting": set(),
    }
    assert given == {"double", "running_sum", "fit"}


@pytest.mark.parametrize(
    "text",
    [
        "(" * 90 + ")" * 90,
        "not " * 50_000,
        "-" * 100_000 + "1",
        "a" + ".b" * 60_000,
        "x = " * 60_000 + "1",
        "if a:\n pass\n" + ("elif a:\n pass\n") * 10_000,
        "[" * 200_000,
        "lambda: " * 30_000,
        "f'{" * 70_000,
        "a if b else " * 20_000 + "c",
        "\n" * 200_000 + "%x",
        "%x\n" + " \n" * 100_000 + ")",
        "'" * 100_001,
        '"' * 200_000,
    ],
)
def test_no_text_is_too_odd_to_show(text):
    """Any text gives definitions and lines in seconds, or none: nested, endless, unfinished."""
    source = f"def double(z):\n    return 1\n\n# %%\n{text}\n".encode()
    for definition in read_definitions(source):
        assert len(lines(definition)) == definition.text.count("\n") + 1
    assert (
        read_definitions(b"x = 1\n" * MAX_CODE)
        == read_definitions(b"\xff")
        == read_definitions(b"{")
        == []
    )


OVER = {
    "cells": b"# %%\n" * (MAX_CELLS + 1),
    "characters": b"x = 1\n" * MAX_CODE,
    "objects": b'\xef\xbb\xbf {"cells": [' + b"{}," * MAX_PARTS + b"{}]}",
    "lists": b"{" + b"[" * MAX_PARTS,
}


PARSES_A_CLASS = """
from autograder.sandbox.definitions import MAX_KEPT, read_definitions, syntax_tree

shared = "# %%\\ndef double(x):\\n    return 2 * x\\n"
length = 1500 * "    x = x + 1\\n"
kept = parsed = 0
for number in range(100):
    misses = syntax_tree.cache_info().misses
    own = f"# %%\\ndef own_{number}(x):\\n{length}"
    assert len(read_definitions((shared + own).encode())) == 2
    info = syntax_tree.cache_info()
    kept = max(kept, info.currsize)
    parsed += info.misses - misses if info.currsize else 2  # forgotten, and the count with it
assert 20 < kept < MAX_KEPT / len(length) + 2, kept
assert parsed < 110, parsed
"""


def test_what_submissions_share_is_parsed_once_and_no_class_is_kept():
    """Cells shared by all submissions are parsed once, and the cache stays small.

    The test has its own process, because earlier parsing would count.
    """
    done = subprocess.run([sys.executable, "-c", PARSES_A_CLASS], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("what", OVER)
def test_a_file_over_a_limit_is_not_read_at_all(what, monkeypatch):
    """A file over the limit is not parsed; one at the limit is."""
    monkeypatch.setattr(definitions, "cells", lambda _: pytest.fail("it was read"))
    assert read_definitions(OVER[what]) == []
    monkeypatch.undo()
    assert len(read_definitions(b"# %%\na = 1\n" * (MAX_CELLS - 1))) == MAX_CELLS - 1


def test_a_notebook_of_many_cells_or_much_code_is_not_parsed(monkeypatch):
    """A notebook with too many cells or too much code is not parsed.

    Their number and length are known only after its JSON is read.
    """
    monkeypatch.setattr(definitions, "Submission", lambda *_: pytest.fail("it was parsed"))
    cell = '{"cell_type": "code", "source": "%s"}'
    many_cells = [cell % ""] * (MAX_CELLS + 1)
    much_code = [cell % ("x" * MAX_CODE)] * 2
    for cells in (many_cells, much_code):
        joined = ",".join(cells)
        assert read_definitions(f'{{"cells": [{joined}]}}'.encode()) == []


def test_reading_a_file_says_nothing_of_it():
    """Reading a file prints no warning, though from Python 3.12 on each `'\\e'` is one.

    30,000 of them would fill the screen.
    """
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        assert len(read_definitions(b"x = '\\e'\ny = 1 is 1\n")) == 2
        assert Submission(b"x = '\\e'\ny = 1 is 1\n", "").y
    assert said == []


def test_lines_of_code_hold_their_text_and_nothing_else():
    """A highlighted line without its spans is the original line; comments go where asked.

    Each line closes its own spans.
    """
    text = 'x = rb"a\\"#<" + f\'b\'  # & "c"\ny = """d\ne""" + 1_0 if None else "open\n'
    definition = Definition(frozenset("xy"), None, 1, text)
    plain = [re.sub("<[^>]*>", "", line) for line in lines(definition)]
    assert "\n".join(plain) == html(text).replace("<code>", "").replace("</code>", "")
    open_spans = [line.count("<span") - line.count("</span") for line in lines(definition)]
    assert open_spans == [0, 0, 0, 0]
    assert (
        '<span class="string">e&quot;&quot;&quot;</span> + <span class="number">1_0</span>'
        in lines(definition)[2]
    )
    assert lines(definition, without_comments=True)[0].endswith("  ")


def test_helpers_come_with_what_uses_them():
    """A student's own helper is shown with its caller, a function of another exercise is not."""
    found = read_definitions(
        b"def mine(x):\n    return x\n\ndef double(x):\n    return mine(fit(x))\n\ndef fit(x):\n  "
        b"  return x\n"
    )
    assert [
        sorted(definition.names) for definition in parts(found, {"double"}, {"double", "fit"})
    ] == [
        ["mine"],
        ["double"],
    ]


def test_what_no_reader_sees_is_written_out():
    """Terminal escapes, direction marks and lone surrogates are written out."""
    assert visible("a\x1b[1m\u202e\ud800\tä\n") == "a\\x1b[1m\\u202e\\ud800\tä\n"


CHAIN = "def double(): return f0\n" + "".join(
    f"def f{number}():f{number + 1}\n" for number in range(9_000)
)


@pytest.mark.parametrize(
    "script",
    [
        ";".join(f"double=a{number}=1" for number in range(3_000)),
        "\n".join(f"double=a{number}=(1); double=(1," for number in range(3_000)) + ")" * 3_000,
        "\n".join(f"); double=a{number}=(1" for number in range(9_000))[3:] + ")",
        CHAIN,
        "def double(): return 1\n" * 9_000,
    ],
    ids=["one line", "not closed", "lines overlap", "helpers of helpers", "the same again"],
)
def test_no_file_makes_a_page_slow_or_huge(script):
    """No file makes a page slow or huge.

    Of definitions on the same lines one is shown, up to a limit of characters. Each definition is
    found in one step.
    """
    found = read_definitions(script.encode())
    began = time.process_time()
    shown = parts(found, {"double"}, {"numpy"})
    size = sum(len(line) for definition in shown for line in lines(definition))
    assert time.process_time() - began < 1.5
    assert sum(len(definition.text) for definition in shown) <= MAX_SHOWN
    assert size < 40 * MAX_SHOWN
    assert len({(definition.first, definition.text) for definition in shown}) == len(shown)


@pytest.mark.parametrize(
    ("code", "mistake", "lines"),
    [
        ("def double(x):\n    return x * x", "return x * x", {1}),
        ("def double(numbers):\n    return numbers*numbers  # twice", "return x * x", {1}),
        ("def double(x):\n    return 2 * x", "return x * x", set()),
        (
            "w = w + r * e * np.array([a, 1.0])",
            "weights = weights + rate * error * np.array([a, 1.0])",
            {0},
        ),
        (
            "w = w - r * e * np.array([a, 1.0])",
            "weights = weights + rate * error * np.array([a, 1.0])",
            set(),
        ),
        ("x *= 2\nreturn x", "x *= 2; return x", {0}),
        ("a = b * b\nc = d * d", "y = x * x", set()),  # which of the two?
        ("return x", "return y", set()),  # too few tokens to match
        ("x.sum(0) + y", "x.mean(0) + y", set()),
    ],
)
def test_the_line_of_a_known_mistake_is_found_in_a_students_code(code, mistake, lines):
    """The line of a known mistake is found under other variable names, unless it is ambiguous."""
    assert lines_of_mistake(code, mistake) == lines


def test_the_line_of_a_known_mistake_is_marked(hostile):
    """A student's page marks the line of a known mistake at the check that saw it."""
    page = (hostile / UNIT / "uphill.html").read_text()
    (marked,) = set(re.findall(r'<li class="at">(.*?)</li>', page))
    assert re.sub("<[^>]*>", "", marked).strip().startswith("weights = weights + rate * error")


@pytest.fixture
def fresh_templates(tmp_path, monkeypatch):
    """Return templates as a new process finds them, with an empty cache."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    environment.cache_clear()
    yield tmp_path / "cache" / "autograder" / "templates"
    environment.cache_clear()


def test_templates_are_compiled_once(fresh_templates, monkeypatch):
    """A second process takes compiled templates from the cache."""
    environment().get_template("student.html")
    assert list(fresh_templates.iterdir())
    environment.cache_clear()
    monkeypatch.setattr(Environment, "compile", lambda *_, **__: pytest.fail("compiled again"))
    environment().get_template("student.html")


def test_where_no_cache_can_be_written_templates_are_compiled_each_time(fresh_templates):
    """If no cache can be written, templates are compiled each time.

    In this test a file stands in the cache's place.
    """
    fresh_templates.parent.parent.write_text("no folder")
    environment().get_template("student.html")
    assert not fresh_templates.exists()


def test_a_file_that_bears_another_student_s_name_is_worth_a_look(graded_class):
    """The class page and `grade` say whose name it is; a name that nobody has is no other's."""
    found = []
    for result in stored_results(graded_class):
        if result.unit == UNIT and result.student in ("crash", "halved"):
            name = {"crash": "Complete@uni.example", "halved": "nobody"}[result.student]
            first, *others = result.verdicts
            result = dataclasses.replace(
                result, verdicts=(dataclasses.replace(first, whose=name), *others)
            )
        found.append(result)
    of_unit = [result for result in found if result.unit == UNIT]
    named = []
    for one in of_unit:
        address = "complete@uni.example" if one.student == "complete" else ""
        named.append(dataclasses.replace(one, known_as=address))
    ((result, words),) = bearing_another_name(named)
    assert result.student == "crash"
    assert words == 'the name in the file, "Complete@uni.example", is that of complete@uni.example'
    assert words in class_summary(named).plain
    unknown = f"1 of {len(named)} files holds a name that is not known to be the student's"
    assert f"{unknown}, which costs points: halved. If it is theirs" in class_summary(named).plain
    page = pages.site(COURSE, named)["index.html"]()
    assert "the name in the file" in page
    anonymous = pages.site(COURSE, named, aliases=pseudonyms.Pseudonyms())["index.html"]()
    assert "the name in the file" not in anonymous
