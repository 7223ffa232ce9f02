"""The local pages on which an instructor gives manual points, one check at a time."""

import json
import re
import shutil
import subprocess
import sys
import urllib.error
import urllib.parse
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from html import unescape

import pytest
import small
from browser import follow, violations
from small import COURSE, UNIT

from autograder.grading.adjustments import (
    FILE,
    Adjustment,
    all_adjustments,
    append_adjustment,
    as_toml,
    checksum_of,
    read_adjustments,
)
from autograder.grading.policy import Policy
from autograder.grading.results import result_path, stored_results
from autograder.report.pages import listing_of
from autograder.report.serve import LiveSite

STUDENTS = ["crash", "squared", "complete"]


@contextmanager
def serving(grades, submitted, *more, **options):
    """Serve the pages of results; yield the process and the address. more: options."""
    command = [sys.executable, "-m", "autograder", "report", grades, "--serve", *more]
    with subprocess.Popen(
        [*command, "--submitted", submitted],
        cwd=COURSE.folder,
        stdout=subprocess.PIPE,
        text=True,
        **options,
    ) as running:
        try:
            lines = map(str.strip, running.stdout)
            yield running, next(line for line in lines if line.startswith("http"))
        finally:
            running.terminate()


@pytest.fixture
def served(graded_class, small_class, tmp_path):
    """Serve the graded small class; yield the folder and the address."""
    grades = tmp_path / "grades"
    shutil.copytree(graded_class, grades, ignore=shutil.ignore_patterns("pages"))
    with serving(grades, small_class) as (_, address):
        yield grades, address


def sent(address, headers=None, **fields):
    """Send a form; return the status and the reply, as a person reads it if the form is refused."""
    status, answer = sent_as_written(address, headers, **fields)
    return status, as_read(answer) if status >= 400 else answer


def sent_as_written(address, headers=None, **fields):
    """Send a form; return the status and the reply."""
    body = urllib.parse.urlencode(fields).encode()
    try:
        with urllib.request.urlopen(urllib.request.Request(address, body, headers or {})) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def fill(form, number, why, who):
    """Type into a form of the page; without a number the points stay."""
    if number:
        form.get_by_label("number").fill(number)
    form.get_by_label("why").fill(why)
    form.get_by_label("who").fill(who)


def as_read(page):
    """Return a page's text as a person reads it, with code between backticks."""
    return unescape(re.sub(r"<[^>]*>", "", re.sub("</?code>", "`", page)))


def seen_on(page, student):
    """Return the checksum in a student's form on a page; "" if there is none."""
    with urllib.request.urlopen(page) as answer:
        shown = answer.read().decode()
    whose = rf'name="student" value="{re.escape(student)}">\s*<input type="hidden" name="seen"'
    found = re.search(rf'{whose} value="([0-9a-f]+)"', shown)
    return found[1] if found else ""


def test_a_form_writes_an_adjustment_and_the_page_shows_it(served, show):
    """The browser shows answers side by side, lowest points first; a form writes an adjustment.

    The export contains it.
    """
    grades, address = served
    page = show(f"{address}by-hand/index.html", viewport={"width": 1000, "height": 900})
    assert violations(page) == []
    row = page.locator("li", has_text="adds up along the first axis")
    verdicts = [verdict for each in stored_results(grades) for verdict in each.verdicts]
    lost = [one for one in verdicts if one.name == "summing" and one.status != "passed"]
    assert f"· {len(lost)} not passed" in row.inner_text()
    follow(row.locator("a"))
    assert violations(page) == []
    section = page.locator("section", has=page.get_by_role("heading", name="crash"))
    assert "raise ValueError" in section.locator(".code").inner_text()
    fill(section, "1,5", "the idea <b>is</b> right", "tg")
    follow(section.get_by_role("button"))
    section = page.locator("section", has=page.get_by_role("heading", name="crash"))
    assert "tg added 1.5 points: the idea <b>is</b> right" in section.inner_text()
    page.set_viewport_size({"width": 390, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    (one,) = read_adjustments(COURSE, grades / FILE, ["crash"])
    assert one == Adjustment(
        "crash", UNIT, "the idea <b>is</b> right", "tg", check="summing", points=1.5
    )
    assert small.run_command("export", grades, "--to", "csv").returncode == 0
    assert "+1.5 by hand (tg)" in (grades / "export" / "grades.csv").read_text()


def test_a_person_writes_their_name_once(served, show):
    """The forms keep the name that was sent last, on each page, and each browser keeps its own."""
    _, address = served
    page = show(f"{address}by-hand/{UNIT}/summing.html")
    section = page.locator("section", has=page.get_by_role("heading", name="crash"))
    name = 'Ö. "T"; G'
    fill(section, "1", "good", name)
    follow(section.get_by_role("button"))
    for check in ("summing", "doubling"):
        page.goto(f"{address}by-hand/{UNIT}/{check}.html")
        names = {one.input_value() for one in page.get_by_label("who").all()}
        assert names == {name}
    with urllib.request.urlopen(page.url) as of_another:
        assert 'name="who" value=""' in of_another.read().decode()


def test_a_form_asks_before_what_was_typed_in_another_one_is_lost(served, show):
    """The page is loaded again after each form; a person may go on typing first."""
    grades, address = served
    page = show(f"{address}by-hand/{UNIT}/summing.html")
    crash, other = (
        page.locator("section", has=page.get_by_role("heading", name=name, exact=True))
        for name in ("crash", "squared")
    )
    fill(crash, "1", "good", "tg")
    other.get_by_label("why").fill("half typed")
    refusing = "globalThis.asked = []; globalThis.confirm = (words) => { asked.push(words); }"
    page.evaluate(f"() => {{ {refusing} }}")
    crash.get_by_role("button").click()
    assert other.get_by_label("why").input_value() == "half typed"
    (words,) = page.evaluate("asked")
    assert words == "1 other form of this page would lose what you typed. Send only this one?"
    assert read_adjustments(COURSE, grades / FILE, STUDENTS) == ()
    page.evaluate("() => { globalThis.confirm = () => true }")
    follow(crash.get_by_role("button"))
    assert [one.student for one in read_adjustments(COURSE, grades / FILE, STUDENTS)] == ["crash"]


def test_a_form_about_an_answer_that_has_changed_since_is_not_taken(served):
    """A better file may have been graded while the page was open."""
    grades, address = served
    page = f"{address}by-hand/{UNIT}/summing.html"
    with urllib.request.urlopen(page) as answer:
        shown = answer.read().decode()
    whose = r'name="student" value="crash">\s*<input type="hidden" name="file"'
    (file,) = re.findall(rf'{whose} value="([0-9a-f]+)"', shown)
    form = {"student": "crash", "kind": "points", "value": "1", "words": "good", "who": "tg"}
    path = result_path(grades, UNIT, "crash")
    record = json.loads(path.read_text())
    path.write_text(json.dumps(record | {"submission_sha256": "another file"}))
    status, answer = sent(page, **form, file=file)
    assert (status, "The answer has changed since" in answer) == (400, True)
    path.write_text(json.dumps(record))
    assert sent(page, **form, file=file)[0] == 200


def test_what_cannot_be_taken_is_told_and_nothing_is_written(served):
    """The form refuses a non-number, an empty reason, an unknown student and a wrong description.

    It says why and writes nothing.
    """
    grades, address = served
    page = f"{address}by-hand/{UNIT}/summing.html"
    good = {"student": "crash", "kind": "points", "value": "1", "words": "good", "who": "tg"}
    for change, words in (
        ({"value": "one"}, "`one` is no number"),
        ({"value": " "}, "There is no number. Write for example"),
        ({"value": "-10"}, "-10 takes off more than `summing` has, which is 4 points."),
        ({"value": "nan"}, "Nothing was written"),
        ({"value": "1e9"}, "Nothing was written"),
        ({"words": " "}, "Say why"),
        ({"kind": "student"}, "Say whether"),
        ({"student": "crush"}, "Did you mean `crash`?"),
        ({"value": "99"}, "+99 is more than `summing` has, which is 4 points. To give it"),
        ({"value": "-1"}, "crash would have -1 of 4 points"),
    ):
        status, answer = sent(page, **good | change)
        assert status == 400 and words in answer, change
        assert "above = true" not in answer
    (box,) = re.findall(r"tick `([^`]*)`", unescape(answer))
    with urllib.request.urlopen(page) as form:
        assert box in unescape(form.read().decode())
    assert sent(f"{address}by-hand/index.html", **good)[0] == 404
    assert sent(f"{address}index.html", **good)[0] == 404
    assert sent(page.replace(address.split("/")[3], "secret"), **good)[0] == 404
    assert sent(page, {"Host": "elsewhere.example:80"}, **good)[0] == 404
    assert sent(page, {"Origin": "https://elsewhere.example"}, **good)[0] == 404
    assert not (grades / FILE).exists()
    assert sent(page, **good)[0] == 200
    status, answer = sent(page, **good)  # a double click
    assert status == 400 and "The same is in the file already" in answer
    assert len(read_adjustments(COURSE, grades / FILE, ["crash"])) == 1
    more = {"words": "good, and once more", "seen": seen_on(page, "crash")}
    assert sent(page, **good | more)[0] == 200


def test_what_was_given_by_hand_can_be_undone(served):
    """A button on the page undoes manual points; the file keeps its comments and other entries."""
    grades, address = served
    page = f"{address}by-hand/{UNIT}/summing.html"
    good = {"student": "crash", "kind": "points", "value": "1", "words": "good", "who": "tg"}
    (grades / FILE).write_text(f"# ours\n\n{as_toml(OTHER)}\n# below\n")
    assert sent(page, **good)[0] == 200
    more = {"value": "99", "above": "yes", "seen": seen_on(page, "crash")}
    _, shown = sent(page, **good | more)
    (other, checksum) = re.findall('name="undo" value="([0-9a-f]+)"', shown)
    assert "+99" in shown
    status, shown = sent(page, undo=checksum)
    assert status == 200 and "+99" not in shown
    left = read_adjustments(COURSE, grades / FILE, ["crash", "squared"])
    assert [one.change for one in left] == ["set to 1", "+1"]
    text = (grades / FILE).read_text()
    assert text.startswith("# ours") and "# below" in text
    status, answer = sent(page, undo=checksum)
    assert status == 400 and "It is no longer in the file" in answer
    assert sent(page, undo=other)[0] == 200
    assert read_adjustments(COURSE, grades / FILE, ["squared"]) == (OTHER,)


def test_somebody_without_a_result_gets_points_on_the_page(served):
    """A student of the roster without a result can be chosen by name and then has a section."""
    grades, address = served
    (grades / "roster.csv").write_text("student,name\nlukas,Lukas Weber\ncrash,Ian Ill\n")
    page = f"{address}by-hand/{UNIT}/summing.html"
    with urllib.request.urlopen(page) as answer:
        shown = answer.read().decode()
    assert '<option value="lukas">Lukas Weber (lukas)</option>' in shown
    assert '<option value="crash">' not in shown
    (other_form,) = re.findall('<h2 id="others">.*', shown, re.S)
    assert 'name="above"' in other_form
    form = {"student": "lukas", "kind": "points", "value": "3", "words": "a document", "who": "tg"}
    status, shown = sent(page, **form)
    assert status == 200
    assert '<option value="lukas">' not in shown
    assert "<h2><bdi>Lukas Weber (lukas)</bdi></h2>" in shown
    assert "a document" in shown
    assert sent(page, **form | {"value": "9"})[0] == 400


def test_the_name_in_a_file_that_is_not_the_students_is_shown(served, show):
    """A file with another name has that name below its student's; any other file has none."""
    grades, address = served
    path = result_path(grades, UNIT, "squared")
    stored = json.loads(path.read_text())
    of_check = {check["name"]: check for check in stored["checks"]}
    of_check["summing"]["whose"] = "<b>Eve</b> Doe"
    path.write_text(json.dumps(stored))
    page = show(f"{address}by-hand/{UNIT}/summing.html")
    said = page.get_by_text("The name in the file")
    assert said.all_inner_texts() == ["The name in the file: <b>Eve</b> Doe"]
    section = page.locator("section", has=said)
    assert section.get_by_role("heading").all_inner_texts() == ["squared"]


def test_each_stage_of_an_exercise_shows_its_code(graded_class, small_class):
    """An exercise with two checks has its code beside both, also if they passed."""
    found = {(one.unit, one.student): one for one in stored_results(graded_class)}
    result = found[UNIT, "complete"]
    content = small_class / "complete" / UNIT / f"{UNIT}.py"
    listing = listing_of(COURSE, result, content.read_bytes())
    shown = {name: [block.names for block in blocks] for name, blocks in listing.items()}
    assert shown["three_steps"] == shown["fitting"]
    assert all(shown.values())


def test_a_form_for_all_who_did_the_same(graded_class, served, show):
    """One form writes an adjustment for every equal answer, and its text can be reused."""
    grades, address = served
    path = result_path(grades, UNIT, "squared")
    twin = path.read_text().replace('"student": "squared"', '"student": "sven"')
    result_path(grades, UNIT, "sven").write_text(twin)
    url = f"{address}by-hand/{UNIT}/doubling.html"
    page = show(url, viewport={"width": 390, "height": 900})
    assert violations(page) == []
    group = page.locator("section.group", has_text="this is the square")
    assert "return x * x" in group.locator("details .code").inner_text()
    group.get_by_label("points are").select_option("comment")
    fill(group, "", "a square is no double", "tg")
    follow(group.get_by_role("button", name="Write for all 2"))
    assert page.locator("section.check", has_text="a square is no double").count() == 2
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    words = page.locator("#comments option").evaluate_all("all => all.map(one => one.value)")
    assert words == ["a square is no double"]
    (one,) = read_adjustments(COURSE, grades / FILE, ["crash"])
    assert (one.student, one.check, one.points) == ("*", "doubling", 0)
    form = {"student": "*", "kind": "points", "words": "good", "who": "tg", "made": one.made}
    status, answer = sent(url, **form, value="-1")
    assert status == 400 and "squared would have" in answer
    status, answer = sent(url, **form | {"made": "what nobody did"}, value="1")
    assert status == 400 and "no answer is wrong in the way `what nobody did`" in answer
    follow(page.get_by_role("button", name="Undo comment of all of group"))
    assert page.locator("section.check", has_text="a square is no double").count() == 0


def test_a_form_that_is_refused_keeps_what_was_typed(served, show):
    """The page says why nothing was written, with the form as it was sent, to be corrected."""
    grades, address = served
    page = show(f"{address}by-hand/{UNIT}/summing.html", viewport={"width": 390, "height": 900})
    section = page.locator("section", has=page.get_by_role("heading", name="crash"))
    section.get_by_label("points are").select_option("to")
    fill(section, "99", "the idea <b>", "ana")
    follow(section.get_by_role("button"))
    told = page.get_by_role("alert")
    assert "Nothing was written" in told.inner_text()
    assert "set to 99 is more than summing has, which is 4 points" in told.inner_text()
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert told.get_by_label("why").input_value() == "the idea <b>"
    assert not (grades / FILE).exists()
    told.get_by_label("number").fill("3")
    follow(told.get_by_role("button"))
    (one,) = read_adjustments(COURSE, grades / FILE, STUDENTS)
    assert (one.student, one.change, one.words, one.who) == (
        "crash",
        "set to 3",
        "the idea <b>",
        "ana",
    )


def test_a_refused_form_of_a_group_says_which_and_a_refused_undo_has_no_form(served):
    """A form that cannot be corrected is not shown; the name of who writes stays in all forms."""
    grades, address = served
    twin = result_path(grades, UNIT, "squared").read_text()
    twin = twin.replace('"student": "squared"', '"student": "sven"')
    result_path(grades, UNIT, "sven").write_text(twin)
    url = f"{address}by-hand/{UNIT}/doubling.html"
    with urllib.request.urlopen(url) as answer:
        made = unescape(re.findall('name="made" value="([^"]*)"', answer.read().decode())[0])
    form = {"student": "*", "kind": "to", "words": "good", "who": "tg", "value": "x"}
    status, shown = sent_as_written(url, **form, made=made)
    assert status == 400
    assert f"all of this group: {as_read(made)}" in as_read(shown)
    assert 'value="good"' in shown
    for refused in (form | {"made": "what nobody did"}, form | {"student": "nobody"}):
        status, shown = sent_as_written(url, **refused)
        assert status == 400
        assert 'value="good"' not in shown
    status, shown = sent_as_written(url, {"Cookie": "who=tg"}, undo="0")
    assert status == 400
    alert = shown.partition('role="alert"')[2].partition("</section>")[0]
    assert "<form" not in alert
    assert 'name="who" value="tg"' in shown
    many = {f"field{number}": "1" for number in range(20)}
    assert sent(url, **many)[0] == 400


def test_points_that_have_become_too_many_can_be_undone_on_the_page(
    graded_class, small_class, tmp_path
):
    """A better file can come after points by hand: `export` says what to do, and this does it."""
    grades = tmp_path / "grades"
    shutil.copytree(graded_class, grades, ignore=shutil.ignore_patterns("pages"))
    too_many = Adjustment("complete", UNIT, "a try", "tg", check="summing", points=1.0)
    append_adjustment(grades / FILE, too_many)
    done = small.run_command("export", grades, "--to", "csv")
    assert done.returncode == 2
    assert "If the file came after these points, undo them on the page of" in done.stderr
    with serving(grades, small_class, stderr=subprocess.PIPE) as (running, address):
        url = f"{address}by-hand/{UNIT}/summing.html"
        assert sent(url, undo=checksum_of(too_many))[0] == 200
        running.terminate()
        assert "Left out on the pages, and `export` stops here" in running.stderr.read()
    assert small.run_command("export", grades, "--to", "csv").returncode == 0


# ---- several people at once

CHANGED = "These points have changed since you opened the page"


def test_points_that_another_person_gave_meanwhile_are_shown_and_asked_back(served, show):
    """Of two browsers, the second to write is shown what the first has written, and is asked.

    Nothing is written before that. Another student's form, and a comment, ask nobody.
    """
    grades, address = served
    url = f"{address}by-hand/{UNIT}/summing.html"
    page = show(url, viewport={"width": 390, "height": 900})
    ana = {"student": "crash", "kind": "points", "value": "1", "words": "good <i>", "who": "ana"}
    assert sent(url, **ana)[0] == 200
    section = page.locator("section", has=page.get_by_role("heading", name="crash"))
    fill(section, "0.5", "a half", "bob")
    follow(section.get_by_role("button"))
    told = page.get_by_role("alert")
    assert "ana added 1 point: good <i>" in told.inner_text()
    assert "Yours: bob added 0.5 points: a half" in told.inner_text()
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    known = read_adjustments(COURSE, grades / FILE, STUDENTS)
    assert [one.who for one in known] == ["ana"]
    assert sent(url, **ana | {"student": "squared", "value": "-1"})[0] == 200
    assert sent(url, **ana | {"kind": "comment", "words": "see me"})[0] == 200
    follow(page.get_by_role("button", name="Write it nevertheless"))
    assert page.get_by_role("alert").count() == 0
    known = read_adjustments(COURSE, grades / FILE, STUDENTS)
    assert [(one.who, one.student, one.change) for one in known] == [
        ("ana", "crash", "+1"),
        ("ana", "squared", "-1"),
        ("ana", "crash", "comment"),
        ("bob", "crash", "+0.5"),
    ]


def test_a_form_refuses_more_than_the_maximum_of_an_earlier_submission(served):
    """Points by hand apply to each submission, so an earlier one can exceed its maximum."""
    grades, address = served
    record = json.loads((grades / UNIT / "crash.json").read_text())
    for check in record["checks"]:
        check["earned"] = check["points"]
    earlier = grades / UNIT / "earlier" / "crash" / "one.json"
    earlier.parent.mkdir(parents=True)
    earlier.write_text(json.dumps(record | {"submission_sha256": "an earlier file"}))
    url = f"{address}by-hand/{UNIT}/summing.html"
    form = {"student": "crash", "kind": "points", "words": "half", "who": "ana", "value": "1"}
    status, shown = sent(url, **form)
    assert status == 400
    assert "for each submission of the student, and an earlier one would then have more" in shown
    assert sent(url, **form | {"above": "1"})[0] == 200


def test_a_form_that_was_refused_asks_about_points_given_meanwhile(served):
    """The form that is shown again holds the points that its person saw, and not those of now."""
    grades, address = served
    url = f"{address}by-hand/{UNIT}/summing.html"
    ana = {"student": "crash", "kind": "points", "words": "half", "who": "ana"}
    bob = {"student": "crash", "kind": "points", "words": "good", "who": "bob", "value": "1"}
    assert sent(url, **bob)[0] == 200
    status, shown = sent_as_written(url, **ana, value="1x")
    assert status == 400
    alert = shown.partition('role="alert"')[2].partition("</section>")[0]
    assert 'name="seen"' not in alert
    assert CHANGED in sent(url, **ana, value="1")[1]
    seen = seen_on(url, "crash")
    alert = sent_as_written(url, **ana, value="1x", seen=seen)[1].partition('role="alert"')[2]
    assert f'name="seen" value="{seen}"' in alert.partition("</section>")[0]
    assert [one.who for one in read_adjustments(COURSE, grades / FILE, STUDENTS)] == ["bob"]


def test_points_that_were_undone_meanwhile_and_a_double_click(served):
    """Points that vanished since the page was opened are asked about, too.

    Setting points twice, as by a double click, writes them once and asks nobody.
    """
    grades, address = served
    page = f"{address}by-hand/{UNIT}/summing.html"
    form = {"student": "crash", "kind": "to", "value": "2", "words": "good", "who": "tg"}
    assert [sent(page, **form)[0] for _ in range(2)] == [200, 200]
    (one,) = read_adjustments(COURSE, grades / FILE, STUDENTS)
    opened = seen_on(page, "crash")
    assert sent(page, undo=checksum_of(one))[0] == 200
    more = form | {"kind": "points", "value": "1", "seen": opened}
    assert "What you saw was undone." in sent(page, **more)[1]
    assert read_adjustments(COURSE, grades / FILE, STUDENTS) == ()


def test_points_are_set_again_after_others_were_added(served):
    """The same form sent later is no double click: it is written, and its points count."""
    grades, address = served
    page = f"{address}by-hand/{UNIT}/summing.html"
    form = {"student": "crash", "kind": "to", "value": "0.5", "words": "good", "who": "ana"}
    assert sent(page, **form)[0] == 200
    added = {"kind": "points", "value": "0.25", "words": "a try", "who": "bob"}
    assert sent(page, **form | added | {"seen": seen_on(page, "crash")})[0] == 200
    assert sent(page, **form | {"seen": seen_on(page, "crash")})[0] == 200
    known = read_adjustments(COURSE, grades / FILE, STUDENTS)
    assert [one.change for one in known] == ["set to 0.5", "+0.25", "set to 0.5"]
    assert all_adjustments(COURSE, [grades], stored_results(grades), None) == known


def test_the_points_of_a_group_are_compared_too(served):
    """A form for all of a group asks if one of its students has got points meanwhile."""
    grades, address = served
    path = result_path(grades, UNIT, "squared")
    twin = path.read_text().replace('"student": "squared"', '"student": "sven"')
    result_path(grades, UNIT, "sven").write_text(twin)
    page = f"{address}by-hand/{UNIT}/doubling.html"
    with urllib.request.urlopen(page) as answer:
        (made,) = set(re.findall('name="made" value="([^"]*)"', answer.read().decode()))
    form = {"kind": "points", "value": "0.5", "words": "good", "who": "ana"}
    assert sent(page, **form, student="sven")[0] == 200
    group = {**form, "student": "*", "made": unescape(made), "who": "bob"}
    assert CHANGED in sent(page, **group)[1]
    assert CHANGED not in sent(page, **group, seen=seen_on(page, "sven"))[1]
    assert CHANGED in sent(page, **form | {"words": "more"}, student="sven")[1]
    known = read_adjustments(COURSE, grades / FILE, ["sven"])
    assert [one.student for one in known] == ["sven", "*"]


def test_points_in_another_persons_file_are_shown_and_not_given_twice(served):
    """The page shows the points in `adjustments-NAME.toml`, and refuses to give others for it.

    Every command would refuse the two. A comment does no harm.
    """
    grades, address = served
    page = f"{address}by-hand/{UNIT}/doubling.html"
    own = grades / "adjustments-ana.toml"
    own.write_text(as_toml(OTHER))
    with urllib.request.urlopen(page) as answer:
        shown = answer.read().decode()
    assert "agreed" in shown and "(in adjustments-ana.toml)" in shown
    assert 'name="undo"' not in shown
    form = {"student": "squared", "kind": "points", "value": "1", "words": "good", "who": "bob"}
    assert CHANGED in sent(page, **form)[1]
    status, answer = sent(page, **form, seen=seen_on(page, "squared"))
    assert status == 400
    assert "adjustments-ana.toml and adjustments.toml both give points to squared" in answer
    assert not (grades / FILE).exists()
    assert sent(page, **form | {"kind": "comment"})[0] == 200
    own.write_text("[[adjustment]]\nstudent = 1\n")
    assert sent(page, **form, seen=seen_on(page, "squared"))[0] == 400


def test_two_servers_at_the_same_results_lose_nothing(served, small_class):
    """Two people's servers write into one file, and each entry is in it afterwards."""
    grades, address = served
    command = [sys.executable, "-m", "autograder", "report", grades, "--serve"]
    told = {"cwd": COURSE.folder, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen([*command, "--submitted", small_class], **told) as other:
        addresses = [address, other.stdout.readline().strip()]

        def write(number):
            page = f"{addresses[number % 2]}by-hand/{UNIT}/summing.html"
            words = f"note {number}"
            return sent(page, student="crash", kind="comment", words=words, who="tg")[0]

        with ThreadPoolExecutor(8) as threads:
            done = list(threads.map(write, range(40)))
        other.terminate()
    assert done == [200] * 40
    known = read_adjustments(COURSE, grades / FILE, STUDENTS)
    assert {one.words for one in known} == {f"note {number}" for number in range(40)}


OTHER = Adjustment("squared", UNIT, "agreed", "tg", check="doubling", to=1)


def test_a_partner_gets_points_on_the_page_too(graded_class, tmp_path):
    """The pages know whom a policy makes a partner, and points that are no longer in a file end."""
    grades = tmp_path / "grades"
    shutil.copytree(graded_class, grades, ignore=shutil.ignore_patterns("pages"))
    pairs = [frozenset({"complete", "bob"}), frozenset({"crash", "squared"})]
    rules = Policy(partners={UNIT: pairs})
    live = LiveSite(COURSE, grades, None, anonymous=False, rules=rules)
    address = f"by-hand/{UNIT}/summing.html"
    alone = LiveSite(COURSE, grades, None, anonymous=False)
    assert 'value="bob"' in live.page(address)
    for student in ("crash", "squared"):  # each has a file, and one place on the page
        form = f'value="{student}"'
        assert live.page(address).count(form) == alone.page(address).count(form)
    given = Adjustment("bob", UNIT, "a try", "tg", check="summing", to=1.0)
    append_adjustment(grades / FILE, given)
    assert "a try" in live.page(f"{UNIT}/bob.html")
    page = live.page(address)
    assert "no student of the class is called" not in page
    sent = {"student": "squared", "kind": "points", "value": "-0.5", "words": "two", "who": "tg"}
    body = urllib.parse.urlencode(sent | {"made": "", "undo": "", "seen": ""}).encode()
    assert live.take_form(address, body) == address
    (grades / FILE).unlink()
    assert "a try" not in live.page(f"{UNIT}/bob.html")


def test_a_policy_of_the_live_pages_stays_on_the_pages(graded_class, small_class, tmp_path):
    """`grade` keeps it on the pages that it writes; live pages without it say so."""
    grades = tmp_path / "grades"
    shutil.copytree(graded_class, grades, ignore=shutil.ignore_patterns("pages"))
    policy = tmp_path / "policy.toml"
    policy.write_text(f'[{UNIT}]\ndrop = ["summing"]\n')
    with serving(grades, small_class, "--policy", policy):
        pass
    done = small.run_command("grade", small_class, "--out", grades)
    assert done.returncode == 0, done.stderr
    pages = [path.read_text() for path in (grades / "pages" / UNIT).glob("*.html")]
    assert any("Counts as" in page for page in pages)
    with serving(grades, small_class, stderr=subprocess.PIPE) as (running, _):
        running.terminate()
        assert f"--policy {policy}" in running.stderr.read()
