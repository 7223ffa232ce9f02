"""Results as HTML: a page for each submission, one for each unit, one for the class. They work from
a file, with no network, and a policy in each page lets nothing run but the kit's own script.
"""

import re
import secrets
from base64 import b64encode
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, partial
from hashlib import sha256
from pathlib import Path
from statistics import median
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from autograder.course import Course
from autograder.grading.policy import Grade, Policy, grades
from autograder.grading.results import Result, write_whole
from autograder.grading.roster import Student
from autograder.judging import Verdict
from autograder.report import code, html, remark_html, summary
from autograder.report.definitions import Piece, pieces
from autograder.report.regrade import regrade_link
from autograder.report.terminal import SIGNS, number

# the file that was graded, if it is still there as it was
Source = Callable[[Result], bytes | None]


@dataclass(frozen=True)
class Around:
    """What pages tell beside the latest results.

    earlier: results of hand-ins before the latest. missing: who is in the roster and handed in
    nothing, by unit.
    rules: a policy, under which it is told what each result counts.
    """

    earlier: Sequence[Result] = ()
    missing: Mapping[str, Sequence[Student]] = field(default_factory=dict)
    rules: Policy | None = None


class Aliases(dict[str, str]):
    """Names that say nothing of a student, each drawn once."""

    def draw(self, students: Iterable[str]) -> None:
        """Give each student who has none a name that no other has."""
        for student in students:
            while student not in self:
                if (alias := f"student {secrets.token_hex(3)}") not in self.values():
                    self[student] = alias


@cache
def environment() -> Environment:
    """The templates of all pages, with what they may call."""
    made = Environment(
        loader=PackageLoader("autograder.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
    )
    made.filters["number"] = number
    made.filters["ticks"] = lambda text: Markup(html(text))  # escaped by `html`
    made.filters["told_in"] = lambda remark: Markup(remark_html(remark))  # escaped there
    made.filters["url"] = lambda part: quote(part, safe="")
    made.filters["regrade_link"] = regrade_link
    made.filters["urlpath"] = quote
    made.filters["median"] = lambda values: median(list(values))
    made.filters["told"] = lambda status: {"partial": "in part"}.get(
        status, status.replace("_", " ")
    )
    made.filters["sign"] = lambda status: SIGNS.get(status, "✗")[0]
    made.globals.update(
        summary=summary, style=_part("page.css"), script=_part("page.js"), policy=policy
    )
    return made


@cache
def _part(name: str) -> Markup:
    # the kit's own
    return Markup((Path(__file__).parent / "templates" / name).read_text(encoding="utf-8"))


def policy(live: bool, form: bool = False) -> str:
    """The Content-Security-Policy of a page: the kit's own style and script, by checksum, and
    nothing else.

    form: of a page whose forms are sent to where it came from.
    """
    hashes = {
        name: b64encode(sha256(_part(name).encode()).digest()).decode()
        for name in ("page.css", "page.js")
    }
    words = (
        f"default-src 'none'; style-src 'sha256-{hashes['page.css']}'; script-src "
        f"'sha256-{hashes['page.js']}'; "
    )
    words += f"base-uri 'none'; form-action '{'self' if form else 'none'}'"
    return words + ("; connect-src 'self'" if live else "")


def site(
    course: Course,
    results: Sequence[Result],
    source: Source | None = None,
    aliases: Aliases | None = None,
    live: str = "",
    around: Around = Around(),
) -> dict[str, Callable[[], str]]:
    """The pages of a class by address, each made when it is called.

    With `aliases` no student is named, and nothing stands in the order of names. Pages that are
    `live`, with so many submissions to come in all, look for new results while they are open.
    """
    named, tell = list(results), None
    if aliases is not None:
        aliases.draw(result.student for result in results)
        results = sorted(results, key=lambda result: (result.unit, aliases[result.student]))
        tell = _teller(results, aliases)
        named = [_under(result, aliases, tell) for result in results]
    units = {unit: [r for r in named if r.unit == unit] for unit in sorted({r.unit for r in named})}
    addresses = {unit: f"{unit}.html" if len(units) > 1 else "index.html" for unit in units}

    counts = _counts(results, named, around)
    missing = {} if aliases is not None else around.missing
    shared = {
        "counts": counts,
        "live": live,
        "addresses": addresses,
        "here": len(named),
        "short": course.short,
    }
    shared |= {"missing": missing, "ruled": around.rules is not None, "alone": False}
    shared |= {"regrades": around.rules.regrades if around.rules else ""}

    def render(name: str, *student: Any, **facts: Any) -> str:
        facts |= shared
        return (
            environment()
            .get_template(name)
            .render(facts, **(_student(*student) if student else {}))
        )

    pages: dict[str, Callable[[], str]] = {
        addresses[unit]: partial(render, "unit.html", unit=unit, results=units[unit])
        for unit in units
    }
    if len(units) != 1:
        pages["index.html"] = partial(
            render, "class.html", units=units, students=_scores(named, counts, missing)
        )
    for was, result in zip(results, named, strict=True):
        pages[f"{result.unit}/{result.student}.html"] = partial(
            render,
            "student.html",
            course,
            was,
            result,
            source,
            tell,
            attempts=_attempts(was, around.earlier),
        )
    return pages


def page_alone(
    course: Course, result: Result, grade: Grade, source: Source | None, around: Around
) -> str:
    """A student's page by itself, to be given to the student: with no link to a page of the
    class.
    """
    facts = {
        "counts": {(result.unit, result.student): grade},
        "live": "",
        "alone": True,
        "short": course.short,
    }
    facts |= {"ruled": around.rules is not None, "attempts": _attempts(result, around.earlier)}
    facts |= {"regrades": around.rules.regrades if around.rules else ""}
    made = environment().get_template("student.html")
    return made.render(facts, **_student(course, result, result, source, None))


def _counts(
    results: Sequence[Result], named: Sequence[Result], around: Around
) -> dict[tuple[str, str], Grade]:
    """What counts of each student's hand-ins, by unit and the name on the pages; nothing where that
    is plain.
    """
    if not (around.rules or around.earlier):
        return {}
    there = {(result.unit, result.student) for result in results}
    earlier = [result for result in around.earlier if (result.unit, result.student) in there]
    best = {
        (g.result.unit, g.result.student): g
        for g in grades([*earlier, *results], around.rules or Policy())
    }
    pairs = zip(results, named, strict=True)
    return {
        (shown.unit, shown.student): best[(result.unit, result.student)] for result, shown in pairs
    }


def _attempts(latest: Result, earlier: Sequence[Result]) -> list[Result]:
    """All hand-ins of a student at a unit, the latest last; none where it is the only one."""
    before = [r for r in earlier if (r.unit, r.student) == (latest.unit, latest.student)]
    return [*before, latest] if before else []


def _scores(
    results: Sequence[Result],
    counts: Mapping[tuple[str, str], Grade],
    missing: Mapping[str, Sequence[Student]],
) -> dict[str, dict[str, float]]:
    """Each student's points by unit, as they count; of those who handed in nothing, none."""
    found: dict[str, dict[str, float]] = {
        each.student: {} for its in missing.values() for each in its
    }
    for result in results:
        counted = counts.get((result.unit, result.student))
        found.setdefault(result.student, {})[result.unit] = (
            counted.points if counted else result.score
        )
    return dict(sorted(found.items()))


def write_pages(
    course: Course,
    results: Sequence[Result],
    folder: Path,
    source: Source | None = None,
    anonymous: bool = False,
    around: Around = Around(),
) -> Path:
    """Write all pages below `folder` and take away those of an earlier time; the path of the class
    page.
    """
    pages = site(course, results, source, Aliases() if anonymous else None, around=around)
    for address, page in pages.items():
        write_whole(folder / address, page())
    for path in folder.rglob("*.html"):
        if path.relative_to(folder).as_posix() not in pages:
            path.unlink()
    return folder / "index.html"


Tell = Callable[[str], str]  # text → the same text without students' names


def _names_of(result: Result) -> Iterable[str]:
    """All words that a student is known to be called by."""
    known = result.hand_in
    # not numbers: code is full of them
    about = (known.name, known.login, known.email) if known else ()
    return filter(None, (result.student, result.lms_name, *about))


def _teller(results: Sequence[Result], aliases: Mapping[str, str]) -> Tell:
    """A function that puts an alias for each name of a student that a text says."""
    names = {name: aliases[result.student] for result in results for name in _names_of(result)}
    longest_first = sorted(names, key=len, reverse=True)

    def tell(text: str) -> str:
        for name in longest_first:
            if len(name) > 2 and name in text:  # a letter or two is a variable
                text = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", names[name], text)
        return text

    return tell


def _under(result: Result, aliases: Mapping[str, str], tell: Tell) -> Result:
    """The result under another name, with those of all students replaced where a remark says
    one.
    """
    verdicts = [
        replace(v, remarks=tuple(replace(r, text=tell(r.text)) for r in v.remarks))
        for v in result.verdicts
    ]
    named = replace(result, student=aliases[result.student], known_as="", hand_in=None)
    return replace(named, note=tell(result.note), verdicts=tuple(verdicts))


@cache
def _exercises(course: Course, unit: str) -> tuple[dict[str, set[str]], set[str]]:
    stub = course.stub(unit)
    return code.exercises(stub.read_text(encoding="utf-8")) if stub.is_file() else ({}, set())


def _student(
    course: Course, was: Result, result: Result, source: Source | None, tell: Tell | None
) -> dict[str, Any]:
    """What a student's page is made from: the result, and for each check the lines of its code.

    tell: of anonymous pages.
    """
    content = source(was) if source else None
    try:
        listing, shown = _listing(course, result, content or b"", tell), True
    except (
        Exception
    ):  # a file that our reading of code fails on costs its listing, and no other page
        listing, shown = {verdict.name: [] for verdict in result.verdicts}, False
    changed = bool(source and content is None and not result.note)
    return {"result": result, "listing": listing, "changed": changed, "shown": shown}


# check → each part of its code, and its lines
Listing = dict[str, list[tuple[Piece, Sequence[tuple[Markup, bool]]]]]


def _listing(course: Course, result: Result, content: bytes, tell: Tell | None) -> Listing:
    asked, given = _exercises(course, result.unit)
    found = pieces(content)
    shown = (
        {check: code.parts(found, names, given) for check, names in asked.items()} if found else {}
    )
    if tell:
        shown = {
            check: [replace(one, text=tell(one.text)) for one in some]
            for check, some in shown.items()
        }
    return {
        verdict.name: [
            (piece, _numbered(piece, verdict, tell is not None))
            for piece in shown.get(verdict.name, [])
        ]
        for verdict in result.verdicts
    }


def listing_of(course: Course, result: Result, content: bytes | None) -> Listing:
    """The code of a submission for each check; nothing where it is not at hand, or our reading
    fails on it.
    """
    try:
        return _listing(course, result, content or b"", None)
    except Exception:  # it costs its listing, and no other student's
        return {}


def _numbered(piece: Piece, verdict: Verdict, anonymous: bool) -> Sequence[tuple[Markup, bool]]:
    """Lines of code as HTML, each with whether a remark speaks of it."""
    told = " ".join(remark.text for remark in verdict.remarks)
    at = {int(line) for line in re.findall(rf"\b{re.escape(piece.place)} (\d{{1,9}})\b", told)}
    at |= {
        piece.first + index
        for r in verdict.remarks
        for index in code.lines_of_mistake(piece.text, r.mistake)
    }
    lines = code.lines(piece, without_comments=anonymous)
    # escaped by `lines`
    return [(Markup(line), number in at) for number, line in enumerate(lines, piece.first)]
