"""Commands of an instructor after grading: report, export, nbgrader."""

import re
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from autograder.cli.base import (
    PATH,
    Refused,
    checked_policy,
    course_option,
    find_course,
    main,
    no_results,
    report_user_errors,
    rules_for,
    say_old_exports,
    say_old_pages,
    say_what_is_not_graded,
    submissions_of,
    submitted_option,
)

FORMATS = (
    *("csv", "canvas", "moodle", "mail", "gradescope", "classroom50", "github"),
    *("standings", "total"),
)
MOST_NAMED = 3  # files that `export` names individually
MOST_COLUMNS = 10  # of a gradebook, in a message
ASSIGNMENT = re.compile(r"(.+) \(\d+\)")  # a column of Canvas's gradebook

if TYPE_CHECKING:
    from autograder.course import Course
    from autograder.grading.policy import Grade, Policy
    from autograder.grading.results import Result
    from autograder.grading.roster import Roster
    from autograder.report.pages import PageContext, SubmittedBytes


@main.command()
@click.argument("grades", type=PATH)
@submitted_option
@click.option("--anonymous", is_flag=True, help="Name no student; pages go to GRADES/anonymous.")
@click.option("--section", help="Only students of this section; pages go to GRADES/sections/NAME.")
@click.option(
    "--serve", "serving", is_flag=True, help="Show results as they come, on this machine only."
)
@click.option(
    "--policy",
    type=PATH,
    help="A policy (TOML): show what each result counts under it.",
)
@course_option
@report_user_errors
def report(
    grades: Path,
    submitted: Path | None,
    anonymous: bool,
    section: str | None,
    serving: bool,
    policy: Path | None,
    course_folder: Path | None,
) -> None:
    """Write the pages of a graded class again, or show them while it is being graded.

    A page shows code only if the file has not changed since it was graded.

    \b
    Example:  autograder report grades --anonymous
    """
    from autograder.grading.attempts import all_attempts, refuse_results_of_one_number
    from autograder.grading.results import stored_results
    from autograder.grading.roster import in_section, roster_beside
    from autograder.grading.submissions import graded_files
    from autograder.grading.whole_class import whole_class, with_partners_alone
    from autograder.intake.folder_names import folder_name
    from autograder.report import made_with
    from autograder.report.pages import write_pages
    from autograder.schema import BadFile

    course = find_course(course_folder)
    results = stored_results(grades)
    is_begun = serving and grades.is_dir()
    if not (results or is_begun):
        raise no_results(grades)
    refuse_results_of_one_number(results)
    try:
        attempts = all_attempts(grades)
        rules = rules_for(course_folder, policy, [grades], attempts, for_pages=True)
    except BadFile as error:
        if not serving:
            raise
        roster = roster_beside(grades)
        rules = checked_policy(course, policy, attempts, roster) if policy else None
        click.echo(f"Points by hand do not count until this is mended: {error}", err=True)
    roster = roster_beside(grades)
    if not serving:
        results = whole_class(course, results, rules, roster)
        results = with_partners_alone(results, rules, roster)
    everyone = results
    if section:
        if serving:
            raise Refused("--serve shows the whole class. Leave out --serve or --section.")
        roster = in_section(roster, section)
        results = [result for result in results if result.lms_name in roster.students]
    with submissions_of(grades, submitted) as folder:
        students = {result.student for result in everyone if not result.handed_in_by}
        source = graded_files(course, folder, students) if folder else None
        if serving:
            _note_policy(grades / "pages", policy)
            _serve(course, grades, source, anonymous, rules)
            return
        around = _around(grades, everyone, rules, roster)
        _print_table(course, results, around)
        target = grades / ("anonymous" if anonymous else "pages")
        if section:
            target = grades / "sections" / folder_name(section) / target.name
        page = write_pages(course, results, target, source, anonymous, around)
        click.echo(f"pages: {page}")
        for line in made_with.without_policy_now(target, [made_with.EACH_PAGE], policy):
            click.echo(line, err=True)
        say_old_exports(course, grades, policy)


def _note_policy(pages: Path, policy: Path | None) -> None:
    """Record the policy of the pages that are shown, for those that `grade` writes.

    Without one, warn if the pages on disk have one.
    """
    from autograder.grading.results import CannotWrite
    from autograder.report import made_with

    if policy:
        try:
            made_with.without_policy_now(pages, [made_with.EACH_PAGE], policy)
        except CannotWrite as error:  # the pages can still be shown
            click.echo(f"`grade` will not know of the policy: {error}", err=True)
        return
    for line in made_with.unlike_pages(pages, "what you see now"):
        click.echo(line, err=True)


def _around(
    grades: Path,
    results: "Sequence[Result]",
    rules: "Policy | None",
    roster: "Roster | None",
) -> "PageContext":
    """Read what pages show beside the latest results.

    results: of the whole class. roster: its students on the pages.
    """
    from autograder.grading.attempts import comparable, earlier_results
    from autograder.grading.roster import absent, strangers
    from autograder.report.pages import PageContext

    earlier = comparable(earlier_results(grades), results)
    return PageContext(
        earlier=earlier,
        missing=absent(roster, results),
        rules=rules,
        everyone=results,
        strangers=strangers(roster, results),
    )


def _print_table(course: "Course", results: "Sequence[Result]", around: "PageContext") -> None:
    """Print the table of a class, with the points that count under a policy."""
    from autograder.report.terminal import ClassFacts, print_class

    counts = around.counted(results) if around.rules else {}
    print_class(course, results, ClassFacts(around.missing, counts))


def _serve(
    course: "Course",
    grades: Path,
    source: "SubmittedBytes | None",
    anonymous: bool,
    rules: "Policy | None",
) -> None:
    from autograder.report.serve import LiveSite, serve

    live_site = LiveSite(course, grades, source, anonymous, rules)
    say_address = partial(_say_address, not anonymous)
    with suppress(KeyboardInterrupt):
        serve(live_site, say_address)


def _say_address(by_hand: bool, address: str) -> None:
    click.echo(address)
    if by_hand:
        click.echo(f"points by hand: {address}by-hand/index.html")
    click.echo("Ctrl-C ends it.")


@main.command()
@click.argument("grades", type=PATH, nargs=-1, required=True)
@click.option("--to", "to", type=click.Choice(FORMATS), required=True, help="The format.")
@click.option(
    "--out",
    type=PATH,
    help="The folder for the files, instead of GRADES/export.",
)
@click.option(
    "--gradebook",
    type=PATH,
    help="Canvas's exported gradebook: call the columns as it does.",
)
@click.option(
    "--policy",
    type=PATH,
    help="A policy (TOML): late days, dropped checks, bonus.",
)
@course_option
@report_user_errors
def export(
    grades: tuple[Path, ...],
    to: str,
    out: Path | None,
    gradebook: Path | None,
    policy: Path | None,
    course_folder: Path | None,
) -> None:
    """Write grades as a gradebook imports them.

    With several GRADES folders, each student's best submission counts (the latest with `keep =
    "last"`).

    \b
    Example:  autograder export grades --to moodle --policy policy.toml
    """
    from autograder.errors import first_of, visible
    from autograder.grading.attempts import (
        all_attempts,
        kind_in_words,
        refuse_results_of_one_number,
    )
    from autograder.grading.policy import Policy, with_partners
    from autograder.grading.policy import grades as graded
    from autograder.grading.roster import absent, cells_of, merged, roster_beside, strangers
    from autograder.grading.whole_class import grades_with_students, whole_class
    from autograder.report import exports, made_with
    from autograder.report.total import too_few_to_drop, units_of_few, weights_in_words

    results: list[Result] = []
    for folder in grades:
        results.extend(all_attempts(folder))
    if not results:
        raise no_results(grades[0])
    refuse_results_of_one_number(results)
    say_what_is_not_graded(grades)
    rules = rules_for(course_folder, policy, grades, results) or Policy()
    rosters = [roster_beside(folder) for folder in grades]
    roster = merged(*rosters)
    results = whole_class(find_course(course_folder), results, rules, roster)
    missing = absent(roster, with_partners(results, rules))
    target = out or grades[0] / "export"
    counted = grades_with_students(graded(results, rules), roster)
    course = find_course(course_folder)
    columns = _columns(course, gradebook) if gradebook else {}
    if gradebook:
        for line in _without_column(course, gradebook, columns, results):
            click.echo(line, err=True)
        _refuse_sorted_column(
            gradebook, exports.numbers_of_others(counted, missing, _as_roster(gradebook))
        )
        for line in [
            *_other_maxima(gradebook, columns, counted),
            *_not_in_gradebook(gradebook, counted),
        ]:
            click.echo(line, err=True)
    if columns and any(kind_in_words(result) for result in results):
        words = kind_in_words(next(result for result in results if kind_in_words(result)))
        click.echo(
            f"Warning: these results are {words}, so their column is not that of your assignment, "
            "and Canvas would make a new one.",
            err=True,
        )
    present = cells_of(gradebook, columns) if gradebook else {}
    written = exports.export(counted, to, target, missing, rules, columns, present)
    if len(written) > MOST_NAMED:
        click.echo(f"{len(written)} files below {target}")
    else:
        for path in written:
            click.echo(path)
    left = exports.worksheets_left(target, counted, written) if to == "moodle" else []
    if left:
        click.echo(f"from earlier, and not written now ({len(left)}): {first_of(left)}")
    for line in exports.notes(counted, to):
        click.echo(line)
    empty = exports.empty_in_canvas(written[0]) if gradebook and to == "canvas" else ""
    if empty:
        click.echo(empty)
    if to == "total":
        for line in units_of_few(counted, rules):
            click.echo(line, err=True)
        for line in (weights_in_words(counted, rules), too_few_to_drop(counted, rules)):
            if line:
                click.echo(line)
    if to == "canvas" and not gradebook:
        click.echo(
            "Canvas makes a new assignment of each column. To fill assignments that exist, export "
            "Canvas's gradebook and name it: --gradebook FILE.",
            err=True,
        )
    names = [path.relative_to(target).as_posix() for path in written]
    lost = made_with.without_policy_now(target, names, policy)
    if not lost and not policy:
        lost = made_with.unlike_pages(grades[0] / "pages", "this export")
    for line in lost:
        click.echo(line, err=True)
    for folder in () if lost else grades:
        say_old_pages(folder, policy)
    unknown = strangers(roster, [grade.result for grade in counted])
    if unknown:
        more = f" and {len(unknown) - MOST_NAMED} more" if len(unknown) > MOST_NAMED else ""
        click.echo(
            f"Warning: not in the roster, and with grades here: "
            f"{visible('; '.join(unknown[:MOST_NAMED]))}{more}.",
            err=True,
        )
    lines = [*_excused(rules, results, to), *_of_no_unit(course, results), *_incomplete(results)]
    for line in lines:
        click.echo(line, err=True)


def _excused(rules: "Policy", results: "Sequence[Result]", to: str) -> list[str]:
    """Say whom the policy excuses, where a platform counts the unit nevertheless."""
    from autograder.errors import first_of

    units = {result.unit for result in results}
    who = []
    for student, excused in sorted(rules.excused.items()):
        who += [f"{student}, {unit}" for unit in sorted(excused & units)]
    if not who or to == "total":
        return []
    return [
        f"Excused by the policy ({len(who)}): {first_of(who)}. Only `--to total` leaves this out: "
        "excuse them on the platform, too."
    ]


def _of_no_unit(course: "Course", results: "Sequence[Result]") -> list[str]:
    """Warn of results of units that the course does not have, as after one was renamed."""
    gone = sorted({result.unit for result in results}.difference(course.units))
    if not gone:
        return []
    return [
        f"Warning: {', '.join(gone)}, no unit in {course.folder / 'course.toml'}, has results that "
        "count here. If the unit has another name now and is graded under it, move the folder of "
        "the old name out of the results."
    ]


def _columns(course: "Course", gradebook: Path) -> dict[str, str]:
    """Return unit → what Canvas's exported gradebook calls its column, `name (number)`.

    Raises `Refused` where no column is a unit's, or several are of one.
    """
    from autograder.grading.roster import headings
    from autograder.intake.units import unit_within

    columns: dict[str, str] = {}
    for heading in headings(gradebook):
        assignment = ASSIGNMENT.fullmatch(heading)
        unit = unit_within(course, [assignment[1]]) if assignment else ""
        if unit and unit in columns:
            raise Refused(
                f"{gradebook} has two columns of {unit}: `{columns[unit]}` and `{heading}`. Delete "
                "the one that is not meant."
            )
        if unit:
            columns[unit] = heading
    if not columns:
        raise Refused(
            f"{gradebook} has no column of a unit, such as `{course.units[0]} (456)`. "
            f"{_its_columns(gradebook)}Give the gradebook that Canvas exports, with an assignment "
            "whose name contains the unit's."
        )
    return columns


def _its_columns(gradebook: Path) -> str:
    """List the assignments of a gradebook in a sentence; empty if there is none."""
    from autograder.errors import visible
    from autograder.grading.roster import headings

    there = [heading for heading in headings(gradebook) if ASSIGNMENT.fullmatch(heading)]
    names = [f"`{visible(heading)}`" for heading in there[:MOST_COLUMNS]]
    if len(there) > MOST_COLUMNS:
        names.append(f"{len(there) - MOST_COLUMNS} more")
    return f"Its columns: {', '.join(names)}. " if names else ""


def _other_maxima(
    gradebook: Path, columns: Mapping[str, str], counted: "Sequence[Grade]"
) -> list[str]:
    """Warn of the units whose assignment has other points than the unit in Canvas.

    Results that are not whole fill no column of an assignment.
    """
    from autograder.grading.attempts import kind_in_words
    from autograder.grading.roster import points_possible
    from autograder.integrations.canvas import other_points

    possible = points_possible(gradebook)
    whole = [grade for grade in counted if not kind_in_words(grade.result)]
    most = {grade.result.unit: grade.max_points for grade in whole}
    lines = []
    for unit, column in columns.items():
        there = possible.get(column)
        if there is not None and unit in most and there != most[unit]:
            lines.append(other_points(f"in {gradebook} `{column}`", there, unit, most[unit]))
    return lines


def _as_roster(gradebook: Path) -> "Roster":
    """Read the students of a gradebook; none if it names none."""
    from autograder.grading.roster import BadRoster, Roster, read_roster

    try:
        return read_roster(gradebook)
    except BadRoster:  # its columns are used nevertheless
        return Roster([])


def _refuse_sorted_column(gradebook: Path, others: Sequence[str]) -> None:
    """Refuse a gradebook in which several numbers have the name of another row; warn of one.

    Raises `Refused`.
    """
    from autograder.errors import visible

    if len(others) > 1:
        raise Refused(
            visible(
                f"{len(others)} of Canvas's numbers stand beside another student's name or login "
                f"in {gradebook}: {others[0]}. Perhaps one of its columns was sorted without the "
                "others. Export the gradebook again. If the one for `collect` was sorted so, "
                "collect all again into a new folder, and grade into a new --out."
            )
        )
    for line in others:
        click.echo(visible(f"Warning: the number {line}."), err=True)


def _not_in_gradebook(gradebook: Path, counted: "Sequence[Grade]") -> list[str]:
    """Warn of students with a grade who are not found in a gradebook."""
    from autograder.errors import first_of, visible

    roster = _as_roster(gradebook)
    if not roster.students:
        return []
    students = {grade.result.lms_name for grade in counted}
    found = set()
    for grade in counted:
        record = grade.result.hand_in
        if roster.find(login=grade.result.lms_name) or (
            record and roster.find(id=record.id, login=record.login, sis=record.sis)
        ):
            found.add(grade.result.lms_name)
    if found:
        absent = sorted(students - found)
        if not absent:
            return []
        return [
            f"Warning: {gradebook} lacks students with a grade here ({len(absent)}): "
            f"{visible(first_of(absent))}. If they have left, let Canvas ignore them at the import."
        ]
    return [
        f"Warning: nobody with a grade is found in {gradebook}, so Canvas would import nothing. It "
        "may be another class's; or Canvas's numbers and logins are unknown here: then run "
        "`collect` again with this gradebook as --roster, and `grade`."
    ]


def _without_column(
    course: "Course", gradebook: Path, columns: Mapping[str, str], results: "Sequence[Result]"
) -> list[str]:
    """Warn of the units with grades that have no column in a gradebook."""
    lines = []
    for unit in sorted({result.unit for result in results} - set(columns)):
        lines.append(
            f"Warning: {gradebook} has no column of {unit}, so Canvas would make a new "
            f"assignment. {_its_columns(gradebook)}Give the assignment in Canvas a name that "
            f"contains `{course.short(unit)}`, and export the gradebook again."
        )
    return lines


def _incomplete(results: "Sequence[Result]") -> list[str]:
    """List students whose results have to be graded again: they are no grades yet."""
    return [
        f"Warning: {result.lms_name}, {result.unit}: {result.note}"
        for result in results
        if result.is_incomplete
    ]


def _enter_totals(
    folder: Path,
    grades: Path,
    policy: Path | None,
    course_folder: Path | None,
    left_out: Collection[tuple[str, str]],
) -> None:
    """Make nbgrader's totals those of a policy; without one, no longer those of an earlier one.

    left_out: the units and students whose totals stay.
    """
    from autograder.grading.attempts import all_attempts
    from autograder.grading.policy import Policy
    from autograder.grading.policy import grades as graded
    from autograder.grading.roster import roster_beside
    from autograder.grading.whole_class import whole_class
    from autograder.integrations import nbgrader_totals
    from autograder.integrations.nbgrader_bridge import students_in

    course = find_course(course_folder)
    counted: Sequence[Grade] = ()
    if policy:
        results = all_attempts(grades)
        listed = students_in(folder)
        rules = rules_for(course_folder, policy, [grades], results, listed=listed) or Policy()
        results = whole_class(course, results, rules, roster_beside(grades))
        counted = graded(results, rules)
    for line in nbgrader_totals.enter_totals(course, folder, grades, counted, policy, left_out):
        click.echo(line, err=line.startswith("Warning"))
    if not policy:
        nbgrader_totals.compute_late_penalties(folder, grades, left_out)


def _refuse_policy_of_others(course: "Course", folder: Path, grades: Path, policy: Path) -> None:
    """Refuse a policy with an error, before anything is entered into nbgrader's gradebook.

    A student is an error if the results, the roster and the gradebook do not have them.
    """
    from autograder.grading.attempts import all_attempts
    from autograder.grading.policy_file import unknown_students
    from autograder.grading.roster import roster_beside
    from autograder.integrations.nbgrader_bridge import students_in

    roster = roster_beside(grades)
    results = all_attempts(grades)
    if not results:
        raise no_results(grades)
    rules = checked_policy(course, policy, results, roster)
    told = unknown_students(rules, results, roster, students_in(folder))
    if told:
        raise Refused(
            f"The{told.removeprefix('Warning: the')} Correct the names, or add the "
            f"students: in {folder}, run `nbgrader db student add NAME`."
        )


@main.command()
@click.argument("folder", metavar="COURSE", type=PATH)
@click.option("--unit", "named", multiple=True, help="Build only this unit.")
@click.option(
    "--grades",
    type=PATH,
    help="Write these results into the course's gradebook.",
)
@click.option("--policy", type=PATH, help="A policy (TOML) that decides the totals.")
@course_option
@report_user_errors
def nbgrader(
    folder: Path,
    named: tuple[str, ...],
    grades: Path | None,
    policy: Path | None,
    course_folder: Path | None,
) -> None:
    """Build a course for nbgrader in the folder COURSE; or bring our grades into its gradebook.

    \b
    Example:  autograder nbgrader course --unit UNIT
              autograder nbgrader course --grades grades --policy policy.toml
    """
    from autograder.course import find_unit
    from autograder.integrations import nbgrader_bridge, nbgrader_totals

    course = find_course(course_folder)
    if policy and not grades:
        raise Refused("--policy is for results: name their folder with --grades.")
    if grades and named:
        raise Refused(
            "--unit is for building. With --grades, the results of all units are entered."
        )
    if grades:
        nbgrader_totals.refuse_broken_note(folder)
        if policy:
            _refuse_policy_of_others(course, folder, grades, policy)
            nbgrader_totals.refuse_points_beyond(folder, grades)
        say_what_is_not_graded([grades])
        done = nbgrader_bridge.record(course, folder, grades, click.echo, bool(policy))
        _enter_totals(folder, grades, policy, course_folder, done.left_out)
        click.echo(f"Next, in {folder}: nbgrader generate_feedback UNIT --force")
        if done.error:
            raise Refused(done.error)
        return
    if folder.resolve() == course.folder.resolve():
        raise Refused(
            f"{folder} is the course's own folder. Name one for nbgrader's course, such as "
            f"{folder.resolve().with_name('nbgrader')}."
        )
    units = [find_unit(course, name) for name in named]
    click.echo("\n".join(nbgrader_bridge.build(course, folder, units)))
    unit = units[0] if units else "UNIT"
    click.echo(f"Next, in {folder}: {nbgrader_bridge.generate(unit)}")
