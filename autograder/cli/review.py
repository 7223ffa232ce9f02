"""Commands for the time after grading: similar, defence."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from autograder.cli.base import (
    EXISTING,
    PATH,
    Refused,
    at_most_the_cores,
    course_option,
    find_course,
    jobs_option,
    main,
    no_results,
    report_user_errors,
    results_in,
    rules_for,
    submissions_of,
    submitted_option,
    unit_option,
)

if TYPE_CHECKING:
    from autograder.course import Course
    from autograder.grading.results import Result
    from autograder.review.answers import UnitAnswers
    from autograder.review.similar import Alike, AsOurs


@main.command()
@click.argument("folder", metavar="GRADES", type=PATH)
@click.option(
    "--out",
    type=PATH,
    help="The folder for the pages, instead of GRADES/similar.",
)
@submitted_option
@click.option(
    "--also",
    type=EXISTING,
    multiple=True,
    help="Submissions of an earlier year.",
)
@unit_option
@click.option(
    "--lines",
    type=click.IntRange(1),
    default=8,
    show_default=True,
    help="Leave out shorter exercises.",
)
@click.option(
    "--pairs",
    type=click.IntRange(1),
    default=50,
    show_default=True,
    help="Pairs to show of each exercise.",
)
@click.option(
    "--zips", is_flag=True, help="Write zips for Dolos and JPlag as well, for a second opinion."
)
@click.option(
    "--anonymous",
    is_flag=True,
    help="Name no student; pages and table go to GRADES/similar-anonymous.",
)
@click.option(
    "--policy", type=PATH, help="A policy (TOML): equal files of its `partners` are not listed."
)
@course_option
@report_user_errors
def similar(
    folder: Path,
    out: Path | None,
    submitted: Path | None,
    also: tuple[Path, ...],
    unit_name: str | None,
    lines: int,
    pairs: int,
    zips: bool,
    anonymous: bool,
    policy: Path | None,
    course_folder: Path | None,
) -> None:
    """List pairs of students with similar answers, exercise by exercise.

    Read both answers before you conclude anything. GRADES is what `grade` wrote, or a folder of
    submissions (then give --out). Nothing leaves this machine.

    \b
    Example:  autograder similar grades --also submitted-2025
    """
    from autograder.errors import first_of
    from autograder.grading.policy_file import read_policy
    from autograder.report.names import names_of_results
    from autograder.review.answers import (
        answers_by_year,
        has_answers,
        names_of_answers,
        not_compared,
        read_class,
        without_names,
    )
    from autograder.review.similar import alike, as_ours
    from autograder.review.similar_pages import write_similar

    course = find_course(course_folder)
    if not out:
        out = _beside_grades(folder, anonymous)
    elif out.is_dir() and any(out.iterdir()) and not (out / "similar.csv").is_file():
        raise Refused(
            f"{out} holds other files, and pages among them would be removed. Name a new folder, "
            f"such as --out {out / 'similar'}."
        )
    if zips and anonymous:
        raise Refused(
            "The zips hold code as it was handed in, with the names in it. Leave out --zips or "
            "--anonymous."
        )
    units = _units(course, unit_name)
    partners = read_policy(course, policy).partners if policy else {}
    with submissions_of(folder, submitted) as lies:
        of_this_year = lies or folder
        for earlier in also:
            if earlier.resolve() == of_this_year.resolve():
                raise Refused(
                    f"--also {earlier} has the same submissions. Name those of an earlier year, or "
                    "leave --also out."
                )
        read = read_class(course, units, folder, lies, also, lines, partners)
    missing = not_compared(course, folder, units, read)
    if missing:
        whose = "" if anonymous else f": {first_of(missing)}"
        click.echo(
            f"not compared, because the file is not there or has changed since ({len(missing)})"
            f"{whose}. Run `autograder grade` first, or name the folder: --submitted.",
            err=True,
        )
    for earlier, count in answers_by_year(also, read).items():
        if not count and not has_answers(course, earlier):
            raise Refused(
                f"--also {earlier} has no answer to any unit. Name the folder of submissions that "
                "`grade` graded then, or their zip, unpacked."
            )
        click.echo(f"{earlier}: {count} {'answer' if count == 1 else 'answers'}")
    renaming = None
    if anonymous:
        read, renaming = without_names(read)
    found = []
    for unit in read:
        reports = alike(unit, pairs)
        found.append((unit, reports))
        for students in unit.equal:
            click.echo(f"{unit.unit}: equal files: {', '.join(students)}")
        for one in as_ours(unit, reports):
            click.echo(f"{unit.unit}: our solution: {_handed_in_ours(one, unit)}")
        for report in reports:
            click.echo(_summary(report))
        if zips:
            _write_zips(course, unit, out)
    known = {} if anonymous else names_of_results(_results_with_names(folder))
    names = names_of_answers(known, read)
    page = write_similar(found, out, renaming, names)
    click.echo(f"pages: {page}")


def _results_with_names(grades: Path) -> "list[Result]":
    """Read results, with the students' data of a roster beside them.

    A folder of submissions has no results, and a roster there could be a student's.
    """
    from autograder.grading.results import stored_results
    from autograder.grading.roster import roster_beside
    from autograder.grading.whole_class import with_students

    results = stored_results(grades)
    roster = roster_beside(grades) if results else None
    return with_students(results, roster)


def _beside_grades(folder: Path, anonymous: bool) -> Path:
    """Return the folder of pages without `--out`. Raises `Refused` without results of `grade`."""
    from autograder.grading.results import run_facts

    if not run_facts(folder):
        raise Refused(
            f"{folder} is not what `grade` wrote. For a folder of submissions say where to write: "
            "--out FOLDER."
        )
    return folder / ("similar-anonymous" if anonymous else "similar")


def _units(course: "Course", name: str | None) -> tuple[str, ...]:
    """Return the name of the given unit, or of all units of the course."""
    from autograder.course import find_unit

    return (find_unit(course, name),) if name else course.units


def _summary(report: "Alike") -> str:
    """Say how many answers an exercise has, how many pairs stand out, and whose hold nothing own.

    The last is said of whole units only: many answers to a short exercise are alike.
    """
    exercise = report.exercise
    check = exercise.check or "all"
    standing_out = [pair for pair in report.pairs if pair.stands_out]
    pairs = f"{len(standing_out)} of {len(report.pairs)} pairs stand out"
    said = f"{exercise.unit}, {check}: {report.answers} answers, {pairs}"
    if exercise.check or not report.own_nothing:
        return said
    who = ", ".join(report.own_nothing)
    return f"{said}\n  only starter code, parts of our solution or what most wrote: {who}"


def _handed_in_ours(one: "AsOurs", unit: "UnitAnswers") -> str:
    """Say who handed in our solution, in which exercises, and how many points these have."""
    from autograder.report.terminal import number

    checks = ", ".join(exercise.check for exercise in one.exercises)
    extent = "nearly the whole file" if one.whole else checks
    worth = f"{number(one.points)} of {number(unit.maximum)} points"
    return f"{one.answer}: {extent} (exercises worth {worth})"


def _write_zips(course: "Course", unit: "UnitAnswers", out: Path) -> None:
    from autograder.course import load_unit
    from autograder.grading.keys import solution_of
    from autograder.review.second_opinion import write_zips

    stub = solution_of(load_unit(course, unit.unit)).stub
    for path in write_zips(unit, stub, out):
        click.echo(path)


@main.command()
@click.argument("folder", metavar="GRADES", type=PATH)
@click.option(
    "--questions",
    "number",
    type=click.IntRange(1, 10),
    default=3,
    show_default=True,
    help="Questions for each student and unit.",
)
@click.option(
    "--seed",
    type=click.IntRange(0, 2**31 - 1),
    help="Chooses the questions; without it, the seed of the pages there, or of the grades.",
)
@click.option(
    "--training",
    is_flag=True,
    help="Pages for students to train with, answers folded; writes to GRADES/training.",
)
@jobs_option
@click.option("--student", "only", multiple=True, help="Only this student; may be given again.")
@click.option("--policy", type=PATH, help="A policy (TOML): ask its `partners` too.")
@unit_option
@submitted_option
@click.option(
    "--out",
    type=PATH,
    help="The folder for the pages, instead of GRADES/defence.",
)
@course_option
@report_user_errors
def defence(
    folder: Path,
    number: int,
    seed: int | None,
    training: bool,
    jobs: int,
    only: tuple[str, ...],
    policy: Path | None,
    unit_name: str | None,
    submitted: Path | None,
    out: Path | None,
    course_folder: Path | None,
) -> None:
    """Ask each student about their own code: if this line were another, which arrays would change,
    and how?

    Writes a page of questions for each student, and one with the answers for the examiner. An
    answer is what came out when the code ran in the sandbox, as it is and with the change.

    \b
    Example:  autograder defence grades --questions 3
    """
    from rich.progress import track

    from autograder.course import find_unit
    from autograder.grading.results import run_facts, write_whole
    from autograder.grading.submissions import graded_files
    from autograder.report.terminal import console
    from autograder.review.defence import Defence, Draw, seed_of_defence

    course = find_course(course_folder)
    unit = find_unit(course, unit_name) if unit_name else None
    results_in(folder)  # this refuses an empty folder
    every = _results_with_names(folder)
    if policy:
        every = _with_partners(folder, every, policy, course_folder)
    asked = _results_asked_about(folder, every, unit, only)
    target = out or folder / ("training" if training else "defence")
    noted = target / ("seed of training.txt" if training else "seed.txt")
    is_noted = seed is None or not (only or unit_name)
    if seed is None and noted.is_file() and noted.read_text().strip().isdecimal():
        seed = int(noted.read_text())  # pages may be printed, and the grades' seed may be another
    if seed is None:
        seed = seed_of_defence(run_facts(folder).get("seed", ""), training)
    with submissions_of(folder, submitted) as lies:
        if lies is None:
            raise Refused(
                "The submissions are not where `grade` found them. Say where they are now: "
                "--submitted FOLDER."
            )
        names = {result.student for result in every if not result.handed_in_by}
        source = graded_files(course, lies, names)
        made = Defence(course, target, source, Draw(number, seed, training))
        done = made.ask_all(asked, at_most_the_cores(jobs))
        for _ in track(done, "asking", len(asked), console=console(stderr=True), transient=True):
            pass
    click.echo(made.summary())
    click.echo(f"pages: {made.index()}")
    if is_noted:
        write_whole(noted, str(seed))


def _with_partners(
    folder: Path, results: "Sequence[Result]", policy: Path, course_folder: Path | None
) -> "list[Result]":
    """Add to results those that count for partners, by their names in the roster."""
    from autograder.grading.roster import roster_beside
    from autograder.grading.whole_class import with_partners_alone

    rules = rules_for(course_folder, policy, [folder], results)
    return with_partners_alone(results, rules, roster_beside(folder))


def _results_asked_about(
    folder: Path, results: "Sequence[Result]", unit: str | None, students: Sequence[str]
) -> "list[Result]":
    """Return the results of a unit, or of all, and of some students, or of all.

    folder: of the results. Raises `Refused` if the unit has none, `UserError` if none of the
    students has any.
    """
    from autograder.grading.roster import roster_beside
    from autograder.review.defence import without_result

    if unit:
        results = [result for result in results if result.unit == unit]
    if not results:
        raise no_results(folder)
    for line in without_result(students, results, roster_beside(folder)):
        click.echo(line, err=True)
    return [result for result in results if not students or result.student in students]


@main.command()
@click.argument("mails", type=PATH)
@click.argument("grades", type=PATH)
@click.option("--policy", type=PATH, help="A policy (TOML): know its `partners`, and what counts.")
@course_option
@report_user_errors
def regrades(mails: Path, grades: Path, policy: Path | None, course_folder: Path | None) -> None:
    """List mails that ask for a regrade, each beside what was graded, and all others to read.

    MAILS is an mbox file, or a folder of .eml files. Writes GRADES/regrades.csv, and changes no
    grade.

    \b
    Example:  autograder regrades Regrades.mbox grades --policy policy.toml
    """
    from autograder.errors import first_of, visible
    from autograder.grading.attempts import all_attempts
    from autograder.grading.policy import Policy
    from autograder.grading.policy import grades as graded
    from autograder.grading.results import write_whole
    from autograder.grading.roster import roster_beside
    from autograder.grading.whole_class import with_students
    from autograder.report.exports import as_csv
    from autograder.report.regrade import addresses_of, as_table, listed, of_outlook, read_mails

    results = results_in(grades)
    requests, unclear = read_mails(mails)
    unread = of_outlook(mails)
    if unread:
        click.echo(
            visible(
                f"Warning: mails in Outlook's own format are not read ({len(unread)}): "
                f"{first_of(unread)}. Save them as .eml files."
            ),
            err=True,
        )
    roster = roster_beside(grades)
    attempts = all_attempts(grades)
    rules = rules_for(course_folder, policy, [grades], attempts) or Policy()
    counted = graded(attempts, rules)  # a student's page is about what counts
    results = with_students([one.stored or one.result for one in counted], roster)
    listing = listed(requests, results, rules, roster)
    table = as_csv(as_table(listing, unclear, addresses_of(results, roster)))
    path = grades / "regrades.csv"
    write_whole(path, table.rstrip("\n"))
    for request in listing:
        click.echo(visible(request.in_words()))
    unknown = sorted({one.request.student for one in listing if one.verdict and not one.address})
    if unknown:
        more = f" and {len(unknown) - 1} more" if len(unknown) > 1 else ""
        click.echo(
            "The sender could not be compared with the student's address for "
            f"{visible(unknown[0])}{more}: no roster has it. Give `collect` or `grade` a --roster "
            "with a column `email`."
        )
    for mail in unclear:
        click.echo(f"please read: {visible(mail.in_words())}")
    asking = "1 request" if len(requests) == 1 else f"{len(requests)} requests"
    others = "1 mail" if len(unclear) == 1 else f"{len(unclear)} mails"
    click.echo(f"{asking}, and {others} to read without a check: {path}")
