"""One check of the whole class side by side, with a small form at each answer for points by hand.

Only `report --serve` shows these pages. What a form sends becomes an adjustment in
`adjustments.toml`.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from autograder.course import Course
from autograder.errors import UserError
from autograder.grading.adjustments import (
    FILE,
    Adjustment,
    append_adjustment,
    checked_adjustment,
    read_adjustments,
)
from autograder.grading.results import Result
from autograder.report.pages import Source, environment, listing_of
from autograder.schema import BadFile, convert

FOLDER = "by-hand/"  # where these pages begin
KINDS = ("points", "to", "factor")
FIELDS = ("student", "kind", "value", "words", "who")


class BadForm(UserError):
    """What a form sent cannot be an adjustment; the text says why."""


def by_hand_pages(
    course: Course, grades: Path, results: Sequence[Result], source: Source | None
) -> Iterator[tuple[str, Callable[[], str]]]:
    """Yield the pages by address: one for each check of each unit, and one that leads to them."""
    units = sorted({result.unit for result in results})
    checks = {unit: _titles(results, unit) for unit in units}
    students = {result.lms_name for result in results}
    index = partial(_render, "checks_by_hand.html", checks=checks, file=grades / FILE)
    yield f"{FOLDER}index.html", index
    for unit, titles in checks.items():
        of_unit = [result for result in results if result.unit == unit]
        for check, title in titles.items():
            facts = {"unit": unit, "check": check, "title": title}
            page = partial(_page, course, grades, of_unit, students, source, facts)
            yield f"{FOLDER}{unit}/{check}.html", page


def _titles(results: Sequence[Result], unit: str) -> dict[str, str]:
    """Return the titles of a unit's checks by name."""
    titles = {}
    for result in results:
        if result.unit == unit:
            titles.update({verdict.name: verdict.title for verdict in result.verdicts})
    return titles


def _render(name: str, **facts: Any) -> str:
    return environment().get_template(name).render(live="", form=True, **facts)


def _page(
    course: Course,
    grades: Path,
    results: Sequence[Result],
    students: Collection[str],
    source: Source | None,
    facts: Mapping[str, str],
) -> str:
    try:
        known = read_adjustments(course, grades / FILE, students)
        trouble = ""
    except BadFile as error:
        known, trouble = (), str(error)
    answers = [_answer(course, result, source, facts["check"], known) for result in results]
    ordered = sorted(
        filter(None, answers), key=lambda answer: (answer["verdict"].earned, answer["student"])
    )
    return _render("by_hand.html", answers=ordered, trouble=trouble, **facts)


def _answer(
    course: Course, result: Result, source: Source | None, check: str, known: Sequence[Adjustment]
) -> dict[str, Any] | None:
    """Return what the page shows of one student; None where the result holds no such check."""
    verdict = next((verdict for verdict in result.verdicts if verdict.name == check), None)
    if verdict is None:
        return None
    content = source(result) if source else None
    given = [
        one
        for one in known
        if (one.student, one.unit, one.check) == (result.lms_name, result.unit, check)
    ]
    listing = listing_of(course, result, content).get(check, [])
    return {"student": result.lms_name, "verdict": verdict, "listing": listing, "by_hand": given}


def take_form(
    course: Course, grades: Path, results: Sequence[Result], address: str, body: bytes
) -> str:
    """Write what a form sent below the other adjustments; return the page to show then.

    address: of the page that held the form. Raises `BadForm`, `BadFile`, `CannotWrite`.
    """
    unit, _, check = address.removeprefix(FOLDER).removesuffix(".html").partition("/")
    sent = dict(
        parse_qsl(
            body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=len(FIELDS)
        )
    )
    kind = sent.get("kind", "")
    if kind not in KINDS:
        raise BadForm("Say whether points are added, set or multiplied.")
    try:
        value = float(sent.get("value", "").replace(",", "."))
    except ValueError:
        raise BadForm(
            f"`{sent.get('value', '')}` is no number. Write for example 1.5 or -2."
        ) from None
    written = {"student": sent.get("student", ""), "unit": unit, "check": check, kind: value}
    written |= {name: sent.get(name, "").strip() for name in ("words", "who")}
    if not (written["words"] and written["who"]):
        raise BadForm("Say why, and who you are: the student reads both.")
    one = convert(written, Adjustment, "the form")
    students = {result.lms_name for result in results}
    append_adjustment(grades / FILE, checked_adjustment(course, one, "the form", students))
    return address
