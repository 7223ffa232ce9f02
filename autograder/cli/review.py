"""Commands for the time after grading: similar, defence."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from autograder.cli.base import (
    Refused,
    at_most_the_cores,
    course_option,
    find_course,
    jobs_option,
    main,
    no_results,
    report_user_errors,
    results_in,
    submissions_of,
)

if TYPE_CHECKING:
    from autograder.course import Course
    from autograder.review.answers import UnitAnswers
    from autograder.review.similar import Alike


@main.command()
@click.argument("folder", metavar="GRADES", type=click.Path(path_type=Path))
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="The folder for the pages, instead of GRADES/similar.",
)
@click.option(
    "--submitted",
    type=click.Path(path_type=Path, exists=True),
    help="Where the submissions lie now.",
)
@click.option(
    "--also",
    type=click.Path(path_type=Path, exists=True),
    multiple=True,
    help="Submissions of an earlier year.",
)
@click.option("--unit", "unit_name", help="Only this unit.")
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
    course_folder: Path | None,
) -> None:
    """Show whose answers are alike, exercise by exercise, for you to look at. Nothing is a verdict.

    GRADES is what `grade` wrote, or a folder of submissions (then say --out). Nothing leaves this
    machine.

    \b
    Example:  autograder similar grades --also submitted-2025
    """
    from autograder.course import find_unit, load_unit
    from autograder.grading.results import run_facts
    from autograder.review.answers import read_class, without_names
    from autograder.review.similar import alike
    from autograder.review.similar_pages import write_similar

    course = find_course(course_folder)
    if not out and not run_facts(folder):
        raise Refused(
            f"{folder} is not what `grade` wrote. For a folder of submissions say where to write: "
            "--out FOLDER."
        )
    if zips and anonymous:
        raise Refused(
            "The zips hold code as it was handed in, with the names in it. Leave out --zips or "
            "--anonymous."
        )
    out = out or folder / ("similar-anonymous" if anonymous else "similar")
    names = [find_unit(course, unit_name)] if unit_name else course.units
    units = [load_unit(course, name) for name in names]
    with submissions_of(folder, submitted) as lies:
        read = read_class(course, units, folder, lies, also, lines)
    renaming = None
    if anonymous:
        read, renaming = without_names(read)
    found = []
    for unit in read:
        reports = alike(unit, pairs)
        found.append((unit, reports))
        for report in reports:
            click.echo(_summary(report))
        if zips:
            _write_zips(course, unit, out)
    click.echo(f"pages: {write_similar(found, out, renaming)}")


def _summary(report: "Alike") -> str:
    """Say in a line how many answers there are to an exercise, and how many pairs stand out."""
    exercise = report.exercise
    out = sum(pair.stands_out for pair in report.pairs)
    pairs = f"{out} of {len(report.pairs)} pairs stand out"
    return f"{exercise.unit}, {exercise.check or 'all'}: {report.answers} answers, {pairs}"


def _write_zips(course: "Course", unit: "UnitAnswers", out: Path) -> None:
    from autograder.course import load_unit
    from autograder.grading.keys import solution_of
    from autograder.review.second_opinion import write_zips

    stub = solution_of(load_unit(course, unit.unit)).stub
    for path in write_zips(unit, stub, out):
        click.echo(path)


@main.command()
@click.argument("folder", metavar="GRADES", type=click.Path(path_type=Path))
@click.option(
    "--questions",
    "number",
    type=click.IntRange(1, 10),
    default=3,
    show_default=True,
    help="For each student.",
)
@click.option(
    "--seed",
    type=click.IntRange(0, 2**31 - 1),
    help="Of the choice; without it, that of the grades.",
)
@jobs_option
@click.option("--student", "only", multiple=True, help="Only this student; may be given again.")
@click.option("--unit", "unit_name", help="Only this unit.")
@click.option(
    "--submitted",
    type=click.Path(path_type=Path, exists=True),
    help="Where the submissions lie now.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="The folder for the pages, instead of GRADES/defence.",
)
@course_option
@report_user_errors
def defence(
    folder: Path,
    number: int,
    seed: int | None,
    jobs: int,
    only: tuple[str, ...],
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
    from autograder.grading.results import run_facts
    from autograder.grading.submissions import graded_files
    from autograder.report.terminal import console
    from autograder.review.defence import Defence, Draw, refuse_unknown_students

    course = find_course(course_folder)
    unit = find_unit(course, unit_name) if unit_name else None
    every = results_in(folder)
    results = [result for result in every if unit in (None, result.unit)]
    if not results:
        raise no_results(folder)
    refuse_unknown_students(only, results)
    facts = run_facts(folder)
    drawn = int(facts.get("seed", 0)) if seed is None else seed
    asked = [result for result in results if not only or result.student in only]
    with submissions_of(folder, submitted) as lies:
        if lies is None:
            raise Refused(
                "The submissions are not where `grade` found them. Say where they lie now: "
                "--submitted FOLDER."
            )
        source = graded_files(course, lies, {result.student for result in every})
        made = Defence(course, out or folder / "defence", source, Draw(number, drawn))
        done = made.ask_all(asked, at_most_the_cores(jobs))
        for _ in track(done, "asking", len(asked), console=console(stderr=True), transient=True):
            pass
    click.echo(made.summary())
    click.echo(f"pages: {made.index()}")


@main.command()
@click.argument("mails", type=click.Path(path_type=Path))
@click.argument("grades", type=click.Path(path_type=Path))
@course_option
@report_user_errors
def regrades(mails: Path, grades: Path, course_folder: Path | None) -> None:
    """List the mails that ask for a regrade, each beside what was graded.

    MAILS is an mbox file, or a folder of .eml files. Writes GRADES/regrades.csv, and changes no
    grade.

    \b
    Example:  autograder regrades Regrades.mbox grades
    """
    from autograder.grading.adjustments import all_adjustments
    from autograder.grading.results import write_whole
    from autograder.report.exports import as_csv
    from autograder.report.regrade import listed, read_requests
    from autograder.report.terminal import number

    results = results_in(grades)
    requests = read_requests(mails)
    table = listed(
        requests, results, all_adjustments(find_course(course_folder), [grades], results)
    )
    write_whole(grades / "regrades.csv", as_csv(table).rstrip("\n"))
    for unit, check, student, points, of, which, by_hand, *_ in table[1:]:
        done = f"; by hand so far: {by_hand}" if by_hand else ""
        told = isinstance(points, float) and isinstance(of, float)
        now = f"{number(float(points))} of {number(float(of))} points" if told else str(points)
        click.echo(f"{unit}, {check}: {student}, {now}, {which}{done}")
    click.echo(f"{len(requests)} requests: {grades / 'regrades.csv'}")
