"""Commands between an instructor and a learning platform: collect, feedback."""

import os
import re
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from autograder.cli.base import (
    PATH,
    Refused,
    as_typed,
    course_option,
    find_course,
    main,
    report_user_errors,
    results_in,
    rules_for,
    say_old_exports,
    say_old_pages,
    say_what_is_not_graded,
    submissions_of,
    submitted_option,
)
from autograder.errors import first_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from autograder.course import Course
    from autograder.grading.roster import Times
    from autograder.report.feedback import Feedback

KINDS = ("gradescope", "moodle", "classroom50", "nbgrader", "canvas", "github", "folder")


@main.command()
@click.argument("source", type=PATH)
@click.option(
    "--into",
    type=PATH,
    required=True,
    help="The folder to write into; give it to `grade`.",
)
@click.option(
    "--roster",
    type=PATH,
    help="A table of the class, as the platform exports it.",
)
@click.option("--unit", "unit_name", help="All files belong to this unit, whatever their names.")
@click.option(
    "--from",
    "kind",
    type=click.Choice(KINDS),
    help="The kind of SOURCE, if it cannot be recognised.",
)
@click.option(
    "--times-from",
    "times_from",
    metavar="URL|FILE",
    help="When students handed in: Canvas's assignment, whose API is asked, or a table.",
)
@click.option("--dry-run", is_flag=True, help="Show what would be done, and write nothing.")
@course_option
@report_user_errors
def collect(
    source: Path,
    into: Path,
    roster: Path | None,
    unit_name: str | None,
    kind: str | None,
    times_from: str | None,
    dry_run: bool,
    course_folder: Path | None,
) -> None:
    """Import a download of Canvas, Moodle, Gradescope, Classroom 50, GitHub or nbgrader.

    SOURCE is the zip or folder. Each file goes where `grade` looks for it, with a record of whose
    it is, when it came and which attempt it is. Earlier attempts are kept. Everything that was not
    taken is listed.

    \b
    Example:  autograder collect submissions.zip --into submitted --roster roster.csv
    """
    from autograder.course import find_unit
    from autograder.grading.hand_in import RECEIPTS
    from autograder.grading.results import write_whole
    from autograder.grading.roster import Times, read_roster
    from autograder.intake import collect as collecting
    from autograder.intake.items import look_into
    from autograder.intake.laid_out import receipts
    from autograder.report.exports import as_csv
    from autograder.sandbox.scratch import Scratch

    _refuse_unknown_zone()
    course = find_course(course_folder)
    unit = find_unit(course, unit_name) if unit_name else ""
    times = _times(times_from) if times_from else Times()
    wish = collecting.Wish(into, unit, kind or "", times.by_student)
    students = read_roster(roster) if roster else None
    with Scratch() as scratch:
        items = look_into(source, scratch)
        made = collecting.plan(course, items, wish, students)
        _refuse_times_of_another_unit(course, times.of, {place.unit for place in made.places})
        if not dry_run:
            collecting.carry_out(made, into)
            write_whole(into / RECEIPTS, as_csv(receipts(into)).rstrip("\n"))
    for line in collecting.summary(made):
        click.echo(line)
    if times.zones:
        click.echo(
            f"Times without a zone in {times_from} were read in this machine's time zone, "
            f"{' and '.join(sorted(times.zones))}."
        )
    if dry_run:
        click.echo("Nothing was written.")
    else:
        click.echo(f"receipts: {into / RECEIPTS}")
        click.echo(f"Next: autograder grade {as_typed(into)} --out grades")


def _refuse_unknown_zone() -> None:
    """Refuse a name in TZ that this machine does not know: it reads it as UTC. Raises `Refused`."""
    from difflib import get_close_matches
    from zoneinfo import available_timezones

    name = os.environ.get("TZ", "")
    known = available_timezones()  # on Windows none, and TZ has rules of its own there
    if not known or name in known or not re.fullmatch(r"[A-Za-z_]+(/[A-Za-z_-]+)*", name):
        return
    near = get_close_matches(name, sorted(known), 1)
    hint = f" Did you mean TZ={near[0]}?" if near else ""
    raise Refused(
        f"TZ is {name}, which is no time zone of this machine, so times would be read as UTC.{hint}"
    )


def _refuse_times_of_another_unit(course: "Course", assignment: str, units: set[str]) -> None:
    """Refuse times of a Canvas assignment with another unit's name. Raises `Refused`."""
    from autograder.errors import visible
    from autograder.intake.units import unit_within

    meant = unit_within(course, [assignment])
    if meant and units and meant not in units:
        raise Refused(
            f"--times-from is the address of `{visible(assignment)}`, which names {meant}, and "
            f"these files are {', '.join(sorted(units))}. Nothing was written. Copy the address of "
            "the assignment from which you downloaded the files."
        )


def _times(address: str) -> "Times":
    """Return when students handed in, by Canvas's number or as a table names them."""
    from autograder.grading.roster import read_times
    from autograder.integrations import canvas

    if "://" not in address:
        return read_times(Path(address))
    return canvas.times_of(address, _token())


def _token() -> str:
    """Return the token for Canvas. Raises `Refused` if none is set."""
    from autograder.integrations.canvas import TOKEN

    token = os.environ.get(TOKEN, "")
    if not token:
        raise Refused(
            f"Set {TOKEN} to a token that you make in Canvas: Account, Settings, New Access Token."
        )
    return token


@main.command()
@click.argument("grades", type=PATH)
@click.option(
    "--to",
    "to",
    type=click.Choice(["pages", "moodle", "canvas"]),
    default="pages",
    show_default=True,
    help="Where the feedback goes; `pages` only writes files.",
)
@click.option(
    "--out",
    type=PATH,
    help="The folder for the files, instead of GRADES/feedback.",
)
@click.option(
    "--pdf", is_flag=True, help="Also write each page as a PDF, with a browser of this machine."
)
@click.option(
    "--policy",
    type=PATH,
    help="A policy (TOML): show what each result counts under it.",
)
@submitted_option
@click.option("--url", help="Canvas's address, such as https://canvas.example.edu.")
@click.option("--canvas-course", type=int, help="Canvas's number of the course.")
@click.option(
    "--assignment",
    "assignments",
    multiple=True,
    metavar="UNIT=NUMBER",
    help="Canvas's number of each unit's assignment.",
)
@click.option(
    "--send/--dry-run",
    "sending",
    default=False,
    help="Send to Canvas; without it, say what would be sent.",
)
@course_option
@report_user_errors
def feedback(
    grades: Path,
    to: str,
    out: Path | None,
    pdf: bool,
    policy: Path | None,
    submitted: Path | None,
    url: str | None,
    canvas_course: int | None,
    assignments: tuple[str, ...],
    sending: bool,
    course_folder: Path | None,
) -> None:
    """Write the feedback of each student: a page, Moodle's zip, or Canvas's comments.

    Nothing leaves this machine without --send. The Canvas token is read from the variable
    CANVAS_TOKEN.

    \b
    Example:  autograder feedback grades --to moodle
    """
    from autograder.report import made_with
    from autograder.report.feedback import moodle_zips, print_pages

    course = find_course(course_folder)
    say_what_is_not_graded([grades])
    folder = out or grades / "feedback"
    if to == "canvas" and sending and not policy:
        _refuse_without_policy(grades, folder)
    pages = _pages(course, grades, folder, policy, submitted)
    say_old_exports(course, grades, policy)
    say_old_pages(grades, policy)
    for line in _policy_lost(grades, folder, policy):
        click.echo(line, err=True)
    left = {path.name for path in folder.glob("*.html")} - {one.page.name for one in pages}
    if left:
        click.echo(f"from earlier, and not written now ({len(left)}): {first_of(sorted(left))}")
    if pdf:
        pages = print_pages(pages, lambda line: click.echo(line, err=True))
    if to == "canvas":
        failed = _to_canvas(course, pages, folder, url, canvas_course, assignments, sending)
        if sending:
            made_with.without_policy_now(folder, [made_with.SENT], policy)
        sys.exit(1 if failed else 0)
    click.echo(f"{len(pages)} pages below {folder}")
    if to == "moodle":
        zips, without = moodle_zips(pages, folder)
        for path in zips:
            click.echo(f"{path}: in the assignment, *Upload multiple feedback files in a zip*")
        if without:
            click.echo(_without_number(without))


def _without_number(without: "Sequence[str]") -> str:
    """Say whose pages are in no zip for Moodle, and what to do."""
    return (
        f"without a Moodle number, and so in no zip ({len(without)}): {first_of(without)}. "
        "`collect` takes the number from Moodle's download of all submissions; or send these pages "
        "yourself."
    )


def _pages(
    course: "Course", grades: Path, folder: Path, policy: Path | None, submitted: Path | None
) -> "list[Feedback]":
    """Write the page of each student. Raises `Refused` if there are no results."""
    from autograder.grading.attempts import comparable, earlier_results
    from autograder.grading.policy import Policy
    from autograder.grading.policy import grades as graded
    from autograder.grading.roster import roster_beside
    from autograder.grading.submissions import graded_files
    from autograder.grading.whole_class import grades_with_students, whole_class
    from autograder.report.feedback import write_feedback
    from autograder.report.pages import PageContext

    latest = results_in(grades)
    earlier = comparable(earlier_results(grades), latest)
    rules = rules_for(course.folder, policy, [grades], [*earlier, *latest])
    roster = roster_beside(grades)
    latest = whole_class(course, latest, rules, roster)
    counted = grades_with_students(graded([*earlier, *latest], rules or Policy()), roster)
    students = {result.student for result in latest}
    with submissions_of(grades, submitted) as lies:
        source = graded_files(course, lies, students) if lies else None
        around = PageContext(earlier, rules=rules)
        return write_feedback(course, counted, latest, folder, source, around)


def _refuse_without_policy(grades: Path, folder: Path) -> None:
    """Refuse to send points that had a policy before. Raises `Refused`."""
    from autograder.report.made_with import SENT, policy_of

    before = policy_of(folder, SENT) or policy_of(folder) or policy_of(grades / "pages")
    sets_nothing = before and before.is_file() and not before.read_text("utf-8").strip()
    if before and not sets_nothing:
        raise Refused(
            f"Nothing was sent: these points had the policy {before} before, and would now count "
            f"without late days and the like. Add --policy {before}. If no policy should count any "
            "more, give --policy an empty file."
        )


def _policy_lost(grades: Path, folder: Path, policy: Path | None) -> list[str]:
    """Warn about feedback without the policy that it, or the class's pages, had before."""
    from autograder.report import made_with

    lines = made_with.without_policy_now(folder, [made_with.EACH_PAGE], policy)
    if lines or policy:
        return lines
    return made_with.unlike_pages(grades / "pages", "this feedback")


def _to_canvas(
    course: "Course",
    pages: "list[Feedback]",
    folder: Path,
    url: str | None,
    number: int | None,
    assignments: tuple[str, ...],
    sending: bool,
) -> int:
    """Send the feedback, or say what would be sent; return how many could not be sent."""
    from autograder.grading.results import write_whole
    from autograder.integrations import canvas
    from autograder.report.feedback import NotWhole, refuse_not_whole

    if not (url and number and assignments):
        raise Refused("--to canvas needs --url, --canvas-course and --assignment UNIT=NUMBER.")
    url = canvas.check_address(url)
    address = canvas.Address(url, number, _assignments(course, assignments))
    graded = {page.grade.result.unit for page in pages}
    ungraded = sorted(address.assignments.keys() - graded)
    if ungraded:
        raise Refused(
            f"--assignment names {', '.join(ungraded)}, and there are results only of "
            f"{', '.join(sorted(graded))}. Grade that unit first, or leave its option out."
        )
    letters, without = canvas.letters(pages, address)
    for reason, who in without.items():
        click.echo(f"not sent ({len(who)}): {first_of(who)}: {reason}")
    grades = [page.grade for page in pages if page.grade.result.unit in address.assignments]
    if not sending:
        for letter in letters:
            click.echo(f"would send: {letter.in_words()}")
        to_read = folder / canvas.TO_SEND
        write_whole(to_read, canvas.in_full(letters))
        click.echo(f"the comments in full: {to_read}")
        try:
            refuse_not_whole(grades)
        except NotWhole as refusal:
            click.echo(f"Nothing was sent, and --send will refuse to: {refusal}")
            return 0
        click.echo(
            f"{len(letters)} would be sent to {address.url}, course {number}. "
            "This command sent nothing: add --send."
        )
        return 0
    refuse_not_whole(grades)
    most = {grade.result.unit: grade.max_points for grade in grades}
    compare = partial(canvas.unlike_units, course, most=most)
    sent = folder / "sent to canvas.json"
    failed = canvas.send(letters, address, _token(), sent, click.echo, compare)
    click.echo(f"{len(letters) - failed} of {len(letters)} are in Canvas")
    return failed


def _assignments(course: "Course", named: tuple[str, ...]) -> dict[str, int]:
    from autograder.course import find_unit

    numbers: dict[str, int] = {}
    for option in named:
        unit, _, number = option.partition("=")
        if not number.isdecimal():
            raise Refused(
                f"--assignment {option}: write it as UNIT=NUMBER, with the number in the "
                "assignment's address."
            )
        unit = find_unit(course, unit)
        if unit in numbers or int(number) in numbers.values():
            raise Refused(
                f"--assignment {option}: each unit goes into an assignment of its own, and an "
                "option before names this unit or this number."
            )
        numbers[unit] = int(number)
    return numbers
