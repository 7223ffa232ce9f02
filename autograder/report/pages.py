"""Results as HTML: a page for each submission, one for each unit, one for the class.

They work from a file, without a network. A policy in each page allows only the kit's own script to
run.
"""

from base64 import b64encode
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cache, partial
from hashlib import sha256
from pathlib import Path
from statistics import fmean, median, stdev
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, FileSystemBytecodeCache, PackageLoader, StrictUndefined
from jinja2.bccache import Bucket
from markupsafe import Markup

from autograder.course import Course
from autograder.grading.adjustments import Adjustment
from autograder.grading.policy import Grade, Policy, grades
from autograder.grading.results import NO_FILE, Result, write_whole
from autograder.grading.roster import Student
from autograder.grading.store import private_folder
from autograder.judging import Remark, Verdict
from autograder.report import arrays_named, code, html, remark_html, summary
from autograder.report.good_solutions import good_solutions
from autograder.report.names import names_of_results, names_of_students
from autograder.report.pseudonyms import Pseudonyms, Renaming, renaming_of
from autograder.report.regrade import regrade_link
from autograder.report.terminal import (
    earned_in_words,
    number,
    own_remarks,
    status_on_pages,
    symbol,
)
from autograder.sandbox.definitions import Definition, read_definitions

# the graded file, if it exists unchanged
SubmittedBytes = Callable[[Result], bytes | None]
# (unit, student as the pages call them) → what counts
Counts = Mapping[tuple[str, str], Grade]
# unit → students who are in the roster and submitted nothing
Missing = Mapping[str, Sequence[Student]]


@dataclass(frozen=True)
class PageContext:
    """What pages show beside the latest results.

    earlier: results of submissions before the latest. missing: who is in the roster and submitted
    nothing. strangers: who submitted and is not in the roster. rules: a policy; pages then show
    what each result counts under it. everyone: the latest results of the whole class, if the pages
    are about a part of it.
    """

    earlier: Sequence[Result] = ()
    missing: Missing = field(default_factory=dict)
    rules: Policy | None = None
    everyone: Sequence[Result] = ()
    strangers: Collection[str] = ()

    def counted(self, latest: Sequence[Result]) -> dict[tuple[str, str], Grade]:
        """Return the grade that counts for each of these results, by place.

        The whole class is read, because a partner in another section may have submitted for both.
        """
        everyone = self.everyone or latest
        places = {result.place for result in everyone}
        earlier = [result for result in self.earlier if result.place in places]
        counted = grades([*earlier, *everyone], self.rules or Policy())
        by_place = {grade.result.place: grade for grade in counted}
        return {result.place: by_place[result.place] for result in latest}


# ---- templates


class KeptTemplates(FileSystemBytecodeCache):
    """Keeps compiled templates in the user's cache.

    Compiling them takes a tenth of the time of a run that has nothing to do.
    """

    def load_bytecode(self, bucket: Bucket) -> None:
        """Load a compiled template; if it cannot be read, it is compiled."""
        with suppress(OSError):
            super().load_bytecode(bucket)

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Store a compiled template; if it cannot be written, it is compiled each time."""
        with suppress(OSError):
            super().dump_bytecode(bucket)


@cache
def environment() -> Environment:
    """Load the templates of all pages, with the functions that they call."""
    folder = private_folder("templates")  # compiled code is executed
    made = Environment(
        bytecode_cache=KeptTemplates(str(folder)) if folder else None,
        loader=PackageLoader("autograder.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
    )
    made.filters.update(
        arrays=_arrays_markup,
        change=_change_in_words,
        number=number,
        followed=_followed,
        deviation=lambda values: stdev(list(values)),
        mean=lambda values: fmean(list(values)),
        median=lambda values: median(list(values)),
        regrade_link=regrade_link,
        remark=_remark_markup,
        sign=lambda verdict: symbol(status_on_pages(verdict)).sign,
        status=_status_in_words,
        not_passed=_not_passed,
        points_of=lambda verdict: earned_in_words(verdict.earned, verdict.points),
        ticks=_ticks_markup,
        url=lambda part: quote(part, safe=""),
        urlpath=quote,
        when=_when_in_words,
        without_note=_without_note,
        nothing_ran=_nothing_ran,
    )
    made.globals.update(
        names={},  # a page that knows names uses them
        summary=summary,
        style=_own_part("page.css"),
        script=_own_part("page.js"),
        forms=_own_part("forms.js"),
        security_policy=security_policy,
    )
    return made


def _ticks_markup(text: str) -> Markup:
    return Markup(html(text))  # `html` escapes it


def _arrays_markup(remark: Remark) -> Markup:
    return _ticks_markup(arrays_named(remark))


def _remark_markup(remark: Remark) -> Markup:
    return Markup(remark_html(remark))  # `remark_html` escapes it


def _change_in_words(points: float) -> str:
    """Write a change of points: `+1.5` or `−2`."""
    sign = "−" if points < 0 else "+"
    return f"{sign}{number(abs(points))}"


def _without_note(result: Result, verdict: Verdict) -> Verdict:
    """Return a verdict without the remark of the whole submission, which stands above."""
    return replace(verdict, remarks=tuple(own_remarks(verdict, result.note)))


def _nothing_ran(result: Result) -> bool:
    """Return whether no check ran, because the file could not be graded: its note says why."""
    if not result.note:
        return False
    return not any(
        verdict.earned or own_remarks(verdict, result.note) for verdict in result.verdicts
    )


def _when_in_words(result: Result) -> str:
    """Say when a file was submitted, and that a platform marked it late."""
    time = result.submitted.replace("T", " ").removesuffix("+00:00")
    is_late = result.hand_in is not None and result.hand_in.late
    return f"{time} late".strip() if is_late else time


def _status_in_words(verdict: Verdict) -> str:
    status = status_on_pages(verdict)
    return STATUS.get(status, status.replace("_", " "))


def _followed(verdicts: Sequence[Verdict]) -> list[Verdict]:
    """Return the verdicts on checks that earn all points by follow-through credit."""
    return [verdict for verdict in verdicts if status_on_pages(verdict) == "followed"]


STATUS = {"partial": "in part", "followed": "full follow-through credit"}


def _not_passed(verdicts: Sequence[Verdict]) -> list[tuple[str, list[str]]]:
    """Return in words each status of the checks that did not pass, with their names."""
    names: dict[str, list[str]] = {}
    for verdict in verdicts:
        if verdict.status != "passed":
            names.setdefault(_status_in_words(verdict), []).append(verdict.name)
    return sorted(names.items())


@cache
def _own_part(name: str) -> Markup:
    """Read a style or script that belongs to the kit."""
    path = Path(__file__).parent / "templates" / name
    text = path.read_text(encoding="utf-8")
    return Markup(text)


def security_policy(live: bool, form: bool = False) -> str:
    """Return the Content-Security-Policy of a page.

    It allows the kit's own style and script, by checksum, and nothing else.
    live: the page may ask its own server for new results. form: its forms may be sent to that
    server.
    """
    rules = [
        "default-src 'none'",
        f"style-src {_checksum('page.css')}",
        f"script-src {_checksum('forms.js' if form else 'page.js')}",
        "base-uri 'none'",
        "form-action 'self'" if form else "form-action 'none'",
    ]
    if live:
        rules.append("connect-src 'self'")
    return "; ".join(rules)


def _checksum(name: str) -> str:
    content = _own_part(name).encode()
    digest = b64encode(sha256(content).digest())
    return f"'sha256-{digest.decode()}'"


def _render(name: str, shared: Mapping[str, Any], **variables: Any) -> str:
    template = environment().get_template(name)
    return template.render(shared, **variables)


# ---- the pages of a class


def site(
    course: Course,
    results: Sequence[Result],
    source: SubmittedBytes | None = None,
    aliases: Pseudonyms | None = None,
    live: str = "",
    around: PageContext = PageContext(),
) -> dict[str, Callable[[], str]]:
    """Return the pages of a class by address, each made when it is called.

    aliases: with them no student is named, and no order depends on names.
    live: the expected number of submissions; such pages look for new results while they are open.
    """
    called = _called(results, aliases)
    missing = around.missing if aliases is None else {}
    rows = summary.by_unit(called.shown)
    units = {unit: _submissions(of_unit) or of_unit for unit, of_unit in rows.items()}
    addresses = {unit: f"{unit}.html" for unit in units}
    if len(units) == 1:
        addresses = dict.fromkeys(units, "index.html")
    by_place = _by_place(called, around)
    counts = _counts(called, by_place)
    shared = {
        "counts": counts,
        "names": _names(called.shown, missing),
        "anonymous": aliases is not None,  # a time may identify a student
        "live": live,
        "addresses": addresses,
        "here": len(_submissions(called.shown)),
        "missing": missing,
        "strangers": around.strangers if aliases is None else (),
        "alone": False,
        **_shared_by_all(course, around),
    }
    pages: dict[str, Callable[[], str]] = {}
    for unit, of_unit in units.items():
        by_hand = _by_hand_of_checks(rows[unit], counts)
        alone = [result for result in rows[unit] if result.note == NO_FILE]
        variables = {
            "unit": unit,
            "results": of_unit,
            "rows": rows[unit],
            "by_hand": by_hand,
            "by_hand_alone": len(alone),
        }
        pages[addresses[unit]] = partial(_render, "unit.html", shared, **variables)
    if len(units) != 1:
        scores = _scores(called.shown, counts, missing)
        pages["index.html"] = partial(_render, "class.html", shared, units=units, students=scores)
    for latest, shown in zip(called.stored, called.shown, strict=True):
        stored = _that_counts(latest, by_place.get(latest.place))
        if stored is not latest:
            shown = called.renaming.result(stored, shown.student) if called.renaming else stored
        page = _StudentPage(course, stored, shown, source, called.renaming)
        pages[f"{shown.unit}/{shown.student}.html"] = partial(page.render, shared)
    return pages


def _submissions(results: Sequence[Result]) -> list[Result]:
    """Return the results that each belong to a submission, for statistics.

    The others are a partner's, of the same file, or have only manual points.
    """
    own = [result for result in results if not result.handed_in_by]
    return [result for result in own if result.note != NO_FILE]


def _names(results: Sequence[Result], missing: Missing) -> dict[str, str]:
    """Return the students' names on pages, also of those without a submission."""
    names = {}
    for students in missing.values():
        names.update(names_of_students(students))
    return names | names_of_results(results)


def _shared_by_all(course: Course, around: PageContext) -> dict[str, Any]:
    """Return the values that all templates of a course use."""
    return {
        "short": course.short,
        "ruled": around.rules is not None,
        "how_they_count": _how_points_count(around.rules),
        "regrades": around.rules.regrades if around.rules else "",
    }


def _how_points_count(rules: Policy | None) -> str:
    """Say in part of a sentence how the points of the checks became those that count.

    rules: without a policy's file they may hold manual points.
    """
    if rules is None:
        return ""
    if not rules.holds_only_points_by_hand:
        return "as they count under the policy, "
    return "with points by hand, " if rules.adjustments else ""


@dataclass(frozen=True)
class _Called:
    """The results of a class with the students' names on pages.

    stored: as on disk. shown: the same in the same order, as pages show them.
    renaming: removes names from texts, on anonymous pages.
    """

    stored: Sequence[Result]
    shown: Sequence[Result]
    renaming: Renaming | None = None


def _called(results: Sequence[Result], aliases: Pseudonyms | None) -> _Called:
    """Return the results with the students' names on pages, or in the order of aliases."""
    if aliases is None:
        return _Called(results, results)
    aliases.assign(result.student for result in results)
    stored = sorted(results, key=lambda result: (result.unit, aliases[result.student]))
    renaming = renaming_of(stored, aliases)
    shown = []
    for result in stored:
        alias = aliases[result.student]
        shown.append(renaming.result(result, alias))
    return _Called(stored, shown, renaming)


def _by_place(called: _Called, around: PageContext) -> Counts:
    """Return what counts of each student's hand-ins, by their names; nothing if that is plain."""
    if not around.rules and not around.earlier:
        return {}
    return around.counted(called.stored)


def _counts(called: _Called, by_place: Counts) -> Counts:
    """Return what counts of each student's hand-ins, by what the pages call the student."""
    counts = {}
    for stored, shown in zip(called.stored, called.shown, strict=True):
        grade = by_place.get(stored.place)
        if grade:
            counts[shown.place] = called.renaming.grade(grade) if called.renaming else grade
    return counts


def _that_counts(latest: Result, grade: Grade | None) -> Result:
    """Return the result of the hand-in that counts, which may be an earlier one or a partner's."""
    counted = grade.stored if grade else None
    if counted is None:
        return latest
    is_latest = counted.sha256 == latest.sha256 and counted.submitted == latest.submitted
    return latest if is_latest else counted


def _by_hand_of_checks(
    results: Sequence[Result], counts: Counts
) -> dict[str, list[tuple[str, Adjustment]]]:
    """Return the manual points of each check of a unit, each with its student."""
    found: dict[str, list[tuple[str, Adjustment]]] = {}
    for result in results:
        grade = counts.get(result.place)
        if grade is None:
            continue
        for adjustment in grade.by_hand:
            if adjustment.check:
                of_check = found.setdefault(adjustment.check, [])
                of_check.append((result.student, adjustment))
    return found


def _scores(
    results: Sequence[Result], counts: Counts, missing: Missing
) -> dict[str, dict[str, float]]:
    """Return each student's points by unit, as they count; none without a submission."""
    found: dict[str, dict[str, float]] = {}
    for students in missing.values():
        for student in students:
            found[student.student] = {}
    for result in results:
        grade = counts.get(result.place)
        units = found.setdefault(result.student, {})
        units[result.unit] = grade.points if grade else result.score
    return dict(sorted(found.items()))


def write_pages(
    course: Course,
    results: Sequence[Result],
    folder: Path,
    source: SubmittedBytes | None = None,
    anonymous: bool = False,
    around: PageContext = PageContext(),
) -> Path:
    """Write all pages below a folder, remove those of an earlier run; return the class page."""
    aliases = Pseudonyms() if anonymous else None
    pages = site(course, results, source, aliases, around=around)
    for address, render in pages.items():
        write_whole(folder / address, render())
    remove_other_pages(folder, pages)
    return folder / "index.html"


def remove_other_pages(folder: Path, addresses: Mapping[str, object]) -> None:
    """Remove all other pages below a folder, which an earlier run wrote."""
    for path in folder.rglob("*.html"):
        address = path.relative_to(folder).as_posix()
        if address not in addresses:
            path.unlink()


# ---- a student's page


def page_alone(
    course: Course, result: Result, grade: Grade, source: SubmittedBytes | None, around: PageContext
) -> str:
    """Return a student's page to be given to the student: no link leads to the class.

    result: of the latest hand-in. The page is about the one that counts.
    """
    stored = _that_counts(result, grade)
    shared = {
        "counts": {result.place: grade},
        "names": names_of_results([result]),
        "anonymous": False,
        "live": "",
        "alone": True,
        **_shared_by_all(course, around),
    }
    page = _StudentPage(
        course=course,
        stored=stored,
        shown=stored,
        source=source,
        renaming=None,
        good_ones=_good_ones(course, stored, around.rules),
    )
    return page.render(shared)


def _good_ones(course: Course, result: Result, rules: Policy | None) -> "Listing":
    """Return the course's solution of each exercise that was solved, if the policy shows it."""
    if rules is None or not rules.show_solutions:
        return {}
    listing: Listing = {}
    solved = good_solutions(course, result.unit, result.verdicts)
    for verdict in result.verdicts:
        found = solved.get(verdict.name, [])
        listing[verdict.name] = [_block(definition, verdict, None) for definition in found]
    return listing


@dataclass(frozen=True)
class _StudentPage:
    """The data for a student's page.

    stored: the result as it lies on the disk, by which its file is found. shown: the same, as the
    page calls the student. renaming: of anonymous pages. good_ones: the course's solution of what
    passed, where a page shows it.
    """

    course: Course
    stored: Result
    shown: Result
    source: SubmittedBytes | None
    renaming: Renaming | None
    good_ones: "Listing" = field(default_factory=dict)

    def render(self, shared: Mapping[str, Any]) -> str:
        """Return the page."""
        content = self.source(self.stored) if self.source else None
        listing = None
        # a file that we fail to read loses its listing, and no other page is affected
        with suppress(Exception):
            listing = _listing(self.course, self.shown, content or b"", self.renaming)
        is_gone = self.source is not None and content is None
        return _render(
            "student.html",
            shared,
            result=self.shown,
            listing=listing or {},
            good_ones=self.good_ones,
            shown=listing is not None,
            changed=is_gone and not self.shown.note,
        )


# ---- a student's own code


@dataclass(frozen=True)
class CodeBlock:
    """A definition as a block of code on a page.

    names: that it defines. cell: its number in a notebook; None in a script. first: the first
    line's number. lines: as HTML, each with whether it is marked.
    """

    names: tuple[str, ...]
    cell: int | None
    first: int
    lines: tuple[tuple[Markup, bool], ...]

    @property
    def items(self) -> Markup:
        """Return the lines as items of a list, joined here: a template is slower."""
        items = []
        for line, is_marked in self.lines:
            opening = '<li class="at">' if is_marked else "<li>"
            items.append(f"{opening}{line}</li>\n")
        return Markup("".join(items))


Listing = dict[str, list[CodeBlock]]  # check → its code


def listing_of(course: Course, result: Result, content: bytes | None) -> Listing:
    """Return a submission's code by check; nothing if it is missing or cannot be read."""
    try:
        return _listing(course, result, content or b"", None, all_stages=True)
    except Exception:  # it loses its listing, and no other student is affected
        return {}


def _listing(
    course: Course,
    result: Result,
    content: bytes,
    renaming: Renaming | None,
    all_stages: bool = False,
) -> Listing:
    """Return a submission's code by check. Raises whatever reading a hostile file may raise.

    all_stages: whether each check of an exercise in stages has its code, also one that passed.
    """
    found = read_definitions(content)
    if not found:
        return {}
    asked, given = _exercises(course, result.unit)
    own = code.OwnCode(found, given)
    of_exercise = code.names_of_exercises(asked)
    listing: Listing = {}
    for verdict in result.verdicts:
        names = asked.get(verdict.name, set())
        is_open = verdict.status not in ("passed", "not_reached")  # its code is, on the page
        if is_open or all_stages:
            names = of_exercise.get(verdict.name, set())
        shown = own.parts(names)
        listing[verdict.name] = [_block(definition, verdict, renaming) for definition in shown]
    return listing


@cache
def _exercises(course: Course, unit: str) -> tuple[dict[str, set[str]], set[str]]:
    """Return the names that each check of a unit asks for, and all names in the given code."""
    stub = course.stub(unit)
    if not stub.is_file():
        return {}, set()
    return code.exercises(stub.read_text(encoding="utf-8"))


def _block(definition: Definition, verdict: Verdict, renaming: Renaming | None) -> CodeBlock:
    """Return a definition for display; lines that the remarks mention are marked."""
    if renaming:
        definition = without_names(definition, renaming)
    marked = _lines_spoken_of(definition, verdict.remarks)
    return code_block(definition, marked, without_comments=renaming is not None)


def without_names(definition: Definition, renaming: Renaming) -> Definition:
    """Return a definition whose text names no student."""
    text = renaming.text(definition.text)
    return replace(definition, text=text)


def code_block(
    definition: Definition, marked: Collection[int], without_comments: bool
) -> CodeBlock:
    """Return a definition for display. marked: numbers of lines, as the file counts them."""
    lines = []
    at = definition.first
    for line in code.lines(definition, without_comments):
        lines.append((Markup(line), at in marked))  # `code.lines` escapes them
        at += 1
    return CodeBlock(
        names=tuple(sorted(definition.names)),
        cell=definition.cell,
        first=definition.first,
        lines=tuple(lines),
    )


def _lines_spoken_of(definition: Definition, remarks: Sequence[Remark]) -> set[int]:
    """Return the numbers of the lines that a remark names, or that contain its known mistake."""
    found = set[int]()
    places = {remark.place for remark in remarks}
    for line, _ in enumerate(definition.text.split("\n"), definition.first):
        if f"{definition.place} {line}" in places:
            found.add(line)
    for remark in remarks:
        for index in code.lines_of_mistake(definition.text, remark.mistake):
            found.add(definition.first + index)
    return found
