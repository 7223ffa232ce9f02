"""Commands of an instructor: grade, report, export, nbgrader."""

import sys
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from autograder.cli.base import (
    Refused,
    at_most_the_cores,
    course_option,
    find_course,
    jobs_option,
    main,
    report_user_errors,
    submissions_of,
    unpacked,
)

FORMATS = ("csv", "canvas", "moodle", "mail", "gradescope", "classroom50", "github", "total")

if TYPE_CHECKING:
    from autograder.course import Course


def _seed_was_shown(again: int, seed: int) -> str:
    """Warn of files that changed after pages of their seed were written: they may hold its answers
    as a table.
    """
    files = "1 file was" if again == 1 else f"{again} files were"
    return (
        f"Note: {files} handed in again and graded on seed {seed}, of which there were pages "
        "before. If students have "
        "seen feedback, a file can know the answers of that seed by heart. Grade what comes later "
        "into a new --out, "
        "which draws a new seed."
    )


@main.command()
@click.argument("submitted", type=click.Path(path_type=Path))
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    required=True,
    help="The folder for results and pages.",
)
@jobs_option
@click.option(
    "--unit",
    "unit_name",
    help="Only this unit; for a flat folder of <student>.py, the unit they are.",
)
@click.option("--quick", is_flag=True, help="Leave out the checks that train.")
@click.option("--seed", type=click.IntRange(0, 2**31 - 1), help="Instead of a fresh secret one.")
@click.option(
    "--keys",
    type=click.Path(path_type=Path),
    help="Draw the seed from this pool, and use its keys.",
)
@click.option(
    "--roster",
    type=click.Path(path_type=Path),
    help="A table of the class: who handed in nothing is told.",
)
@click.option(
    "--timestamps",
    is_flag=True,
    help="What collected them wrote each `timestamp.txt`: take times from there.",
)
@click.option(
    "--unsafe",
    is_flag=True,
    help="Grade where submissions cannot be confined; nothing is official then.",
)
@click.option("--verbose", is_flag=True, help="Say what each worker does.")
@click.option(
    "--cluster", default="", metavar="ADDRESS", help="Grade on the workers of this Dask scheduler."
)
@course_option
@report_user_errors
def grade(
    submitted: Path,
    out: Path,
    jobs: int,
    unit_name: str | None,
    quick: bool,
    seed: int | None,
    keys: Path | None,
    roster: Path | None,
    timestamps: bool,
    unsafe: bool,
    cluster: str,
    verbose: bool,
    course_folder: Path | None,
) -> None:
    """Grade a class: every submission below SUBMITTED, confined, on a seed nobody has seen.

    SUBMITTED is a folder or zip of <student>/<unit>/<unit>.py (or .ipynb). A second run into the
    same folder reads back what is already graded.

    \b
    Example:  autograder grade submitted --out grades -j 2
    """
    import logging

    from autograder.course import find_unit
    from autograder.grading import batch, submissions
    from autograder.grading.attempts import (
        better_before,
        comparable,
        earlier_results,
        refuse_lesser,
        with_records,
    )
    from autograder.grading.pool import draw_seed
    from autograder.grading.results import (
        other_corpora,
        read_result,
        result_path,
        run_facts,
        stored_results,
        write_whole,
    )
    from autograder.grading.roster import FILE as ROSTER
    from autograder.grading.roster import absent, merged, read_roster, roster_beside
    from autograder.intake.items import listed
    from autograder.intake.leftovers import left_out
    from autograder.report.pages import Around, write_pages
    from autograder.report.terminal import (
        ClassFacts,
        better_earlier,
        class_summary,
        class_table,
        console,
        regraded,
        total,
    )

    course = find_course(course_folder)
    batch.refuse_course_within(course, submitted)
    if not cluster:
        jobs = at_most_the_cores(jobs)
    click.echo(f"course: {course.title} ({course.folder})")
    unit = find_unit(course, unit_name) if unit_name else None
    if verbose:
        logging.basicConfig(format="%(asctime)s %(threadName)s: %(message)s", stream=sys.stderr)
        logging.getLogger("autograder").setLevel(logging.INFO)
    with unpacked(submitted) as folder:
        before = stored_results(out)
        shown = run_facts(out).get("seed", "") if (out / "pages" / "index.html").exists() else ""
        taken = {result.student for result in before}
        found = with_records(course, folder, _found_in(course, submitted, folder, unit, taken))
        refuse_lesser(out, {entry.unit for entry in found}, quick, unsafe)
        students = merged(
            roster_beside(out), roster_beside(folder), read_roster(roster) if roster else None
        )
        left = left_out(course, folder, found, unit)
        if keys and seed is None and not run_facts(out).get("seed"):
            seed = draw_seed(keys, sorted({entry.unit for entry in found}))
        run = batch.Run(
            out,
            batch.choose_seed(out, seed),
            jobs,
            quick,
            unsafe,
            cluster,
            submitted,
            keys,
            timestamps,
        )
        tallies = _with_progress(course, found, run)
        paths = [
            result_path(out, entry.unit, entry.student) for entry in found if not entry.earlier
        ]
        results = [
            result for result in map(read_result, paths) if result
        ]  # re-read from disk, so that a large class is never held in memory
        if students:
            write_whole(out / ROSTER, students.as_csv().rstrip("\n"))
        screen = console()
        facts = ClassFacts(absent(students, results))
        screen.print(class_table(course, results, facts, screen.is_terminal))
        every = stored_results(out)
        source = submissions.graded_files(
            course, folder, {result.student for result in [*before, *every]}
        )
        rules = _adjustments_if_readable(course_folder, out, every)
        around = Around(comparable(earlier_results(out), every), absent(students, every), rules)
        page = write_pages(course, every, out / "pages", source, around=around)
    for tally in tallies:
        screen.print(tally.summary(), markup=False, soft_wrap=True)
    again = sum(tally.graded["handed in again"] for tally in tallies)
    if again and shown == str(run.seed):
        screen.print(_seed_was_shown(again, run.seed), markup=False, soft_wrap=True)
    screen.print(class_summary(results), end="", soft_wrap=True)
    screen.print(regraded(course, before, results), end="", soft_wrap=True)
    screen.print(
        better_earlier(course, better_before(results, earlier_results(out))), end="", soft_wrap=True
    )
    for line in other_corpora(before, results):
        screen.print(line, markup=False, soft_wrap=True)
    for line in listed("not graded", [f"{each.place}: {each.why}" for each in left]):
        screen.print(line, markup=False, soft_wrap=True)
    screen.print(
        f"{len(results)} submissions, {total([v for r in results for v in r.verdicts])}",
        markup=False,
    )
    if unsafe:
        screen.print("Not official: submissions were not confined.", style="bold red")
    click.echo(f"pages: {page}")


def _found_in(
    course: "Course", submitted: Path, folder: Path, unit: str | None, taken: set[str]
) -> Any:
    """The submissions in a folder. Raises `Refused`, with what lies there instead, where there is
    none.

    A folder that is laid out as a platform hands it out is refused too, unless some student has a
    folder with a unit in
    it: what else lies there is in the hands of those who hand in. taken: the names of those who
    have results.
    """
    from autograder.grading.hand_in import is_collected
    from autograder.grading.submissions import NothingToGrade, find_submissions
    from autograder.intake.leftovers import left_out
    from autograder.intake.sources import platform_of

    found, why = [], None
    try:
        found = find_submissions(course, folder, unit, taken)
    except NothingToGrade as error:
        why = error
    in_folders = any(entry.path is None or entry.path.parent.name == entry.unit for entry in found)
    if not in_folders and not is_collected(folder) and (title := platform_of(submitted)):
        raise Refused(
            f"{submitted} is {title}. First: autograder collect {submitted} --into submitted"
        )
    if why:
        there = left_out(course, folder, [], unit) if folder.is_dir() else []
        lines = [f"  {each.place}: {each.why}" for each in there[:10]]
        raise Refused("\n".join([str(why), *lines])) from None
    return found


def _with_progress(course: "Course", found: Any, run: Any) -> Any:
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    from autograder.grading import batch
    from autograder.report.terminal import console

    columns = (
        TextColumn("grading"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("left"),
    )
    with Progress(*columns, console=console(stderr=True)) as progress:
        task = progress.add_task("grading", total=len(found))
        return batch.grade_class(course, found, run, lambda _: progress.advance(task))


@main.command()
@click.argument("grades", type=click.Path(path_type=Path))
@click.option(
    "--submitted",
    type=click.Path(path_type=Path, exists=True),
    help="Where the submissions lie now.",
)
@click.option("--anonymous", is_flag=True, help="Name no student; pages go to GRADES/anonymous.")
@click.option(
    "--serve", "serving", is_flag=True, help="Show results as they come, only to this machine."
)
@click.option(
    "--policy",
    type=click.Path(path_type=Path),
    help="A TOML file: say what each result counts under it.",
)
@course_option
@report_user_errors
def report(
    grades: Path,
    submitted: Path | None,
    anonymous: bool,
    serving: bool,
    policy: Path | None,
    course_folder: Path | None,
) -> None:
    """Write the pages of a graded class again, or show them while it is being graded.

    Code is shown of the files that were graded, where they still lie as they were.

    \b
    Example:  autograder report grades --anonymous
    """
    from autograder.grading.attempts import comparable, earlier_results
    from autograder.grading.policy import Policy
    from autograder.grading.policy import grades as graded
    from autograder.grading.results import stored_results
    from autograder.grading.roster import absent, roster_beside
    from autograder.report.pages import Around, write_pages
    from autograder.report.terminal import ClassFacts, class_table, console

    course = find_course(course_folder)
    results, students = stored_results(grades), roster_beside(grades)
    rules = rules_for(course_folder, policy, [grades], results)
    around = Around(comparable(earlier_results(grades), results), absent(students, results), rules)
    if not results and not (serving and grades.is_dir()):
        raise Refused(
            f"There are no results in {grades}. Name the folder that `autograder grade --out` "
            "wrote."
        )
    with submissions_of(grades, submitted) as folder:
        source = _graded_files(course, folder, {result.student for result in results})
        if serving:
            _serve(course, grades, source, anonymous, rules)
            return
        screen = console()
        counts = {
            (g.result.unit, g.result.student): g
            for g in graded([*around.earlier, *results], rules or Policy())
        }
        facts = ClassFacts(around.missing, counts if rules else {})
        screen.print(class_table(course, results, facts, screen.is_terminal))
        target = grades / ("anonymous" if anonymous else "pages")
        click.echo(f"pages: {write_pages(course, results, target, source, anonymous, around)}")


def rules_for(
    course_folder: Path | None, policy: Path | None, folders: Sequence[Path], results: Any
) -> Any:
    """The policy that a file holds, with the adjustments beside the results; None where there is
    neither.
    """
    from dataclasses import replace

    from autograder.grading.adjustments import FILE, all_adjustments
    from autograder.grading.policy import Policy, read_policy, unknown_students
    from autograder.grading.roster import merged, roster_beside

    beside = [folder for folder in folders if (folder / FILE).is_file()]
    if not (policy or beside):
        return None
    course = find_course(course_folder)
    rules = read_policy(course, policy) if policy else Policy()
    if words := unknown_students(rules, results, merged(*map(roster_beside, folders))):
        click.echo(words, err=True)
    adjustments = all_adjustments(course, beside, results)
    for folder in beside:
        click.echo(f"points by hand: {folder / FILE}")
    return replace(rules, adjustments=adjustments)


def _adjustments_if_readable(course_folder: Path | None, out: Path, results: Any) -> Any:
    """The adjustments beside results; None, and a sentence, where they cannot be read: what was
    graded is shown.
    """
    from autograder.schema import BadFile

    try:
        return rules_for(course_folder, None, [out], results)
    except BadFile as error:
        click.echo(
            f"Points by hand are not on the pages. {error} Then run: autograder report {out}",
            err=True,
        )
        return None


def _graded_files(course: "Course", folder: Path | None, students: set[str]) -> Any:
    from autograder.grading.submissions import graded_files

    return graded_files(course, folder, students) if folder else None


def _serve(course: "Course", grades: Path, source: Any, anonymous: bool, rules: Any) -> None:
    from autograder.report.serve import Shelf, serve

    with suppress(KeyboardInterrupt):
        serve(Shelf(course, grades, source, anonymous), partial(_say_address, not anonymous))


def _say_address(by_hand: bool, address: str) -> None:
    more = f"points by hand: {address}by-hand/index.html\n" if by_hand else ""
    click.echo(f"{address}\n{more}Ctrl-C ends it.")


@main.command()
@click.argument("grades", type=click.Path(path_type=Path), nargs=-1, required=True)
@click.option("--to", "to", type=click.Choice(FORMATS), required=True)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="The folder for the files, instead of GRADES/export.",
)
@click.option(
    "--policy",
    type=click.Path(path_type=Path),
    help="A TOML file: late days, dropped checks, bonus.",
)
@course_option
@report_user_errors
def export(
    grades: tuple[Path, ...],
    to: str,
    out: Path | None,
    policy: Path | None,
    course_folder: Path | None,
) -> None:
    """Write grades as a gradebook imports them.

    With several GRADES folders, each student's best submission counts (the latest with `keep =
    "last"`).

    \b
    Example:  autograder export grades --to moodle --policy policy.toml
    """
    from autograder.grading.attempts import all_attempts
    from autograder.grading.policy import Policy
    from autograder.grading.policy import grades as graded
    from autograder.grading.roster import absent, merged, roster_beside
    from autograder.report import exports

    results = [result for folder in grades for result in all_attempts(folder)]
    if not results:
        raise Refused(
            f"There are no results in {grades[0]}. Name the folder that `autograder grade --out` "
            "wrote."
        )
    rules = rules_for(course_folder, policy, grades, results) or Policy()
    students = merged(*map(roster_beside, grades))
    folder = out or grades[0] / "export"
    written = exports.export(graded(results, rules), to, folder, absent(students, results), rules)
    click.echo(
        "\n".join(map(str, written)) if len(written) < 4 else f"{len(written)} files below {folder}"
    )


@main.command()
@click.argument("folder", metavar="COURSE", type=click.Path(path_type=Path))
@click.option(
    "--grades",
    type=click.Path(path_type=Path),
    help="Write these results into the course's gradebook.",
)
@course_option
@report_user_errors
def nbgrader(folder: Path, grades: Path | None, course_folder: Path | None) -> None:
    """Build a course for nbgrader in the folder COURSE; or bring our grades into its gradebook.

    \b
    Example:  autograder nbgrader course
              autograder nbgrader course --grades grades
    """
    from autograder.integrations import nbgrader_bridge

    course = find_course(course_folder)
    if grades:
        nbgrader_bridge.record(course, folder, grades, click.echo)
        return
    click.echo("\n".join(nbgrader_bridge.build(course, folder)))
    click.echo(f"Next, in {folder}: nbgrader generate_assignment UNIT")
