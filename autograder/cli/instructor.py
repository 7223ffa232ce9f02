"""Commands of an instructor: grade, report, export, nbgrader."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Any

import click

from autograder.cli.base import Refused, main, report_user_errors


@main.command()
@click.argument("submitted", type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), required=True, help="The folder for results and pages.")
@click.option("-j", "--jobs", type=click.IntRange(1, 64), default=1, show_default=True, help="Submissions at a time.")
@click.option("--unit", "unit_name", help="Only this unit; for a flat folder of <student>.py, the unit they are.")
@click.option("--quick", is_flag=True, help="Leave out the checks that train.")
@click.option("--seed", type=click.IntRange(0, 2**31 - 1), help="Instead of a fresh secret one.")
@click.option("--unsafe", is_flag=True, help="Grade where submissions cannot be confined; nothing is official then.")
@click.option("--verbose", is_flag=True, help="Say what each worker does.")
@click.option("--cluster", default="", metavar="ADDRESS", help="Grade on the workers of this Dask scheduler.")
@report_user_errors
def grade(
    submitted: Path,
    out: Path,
    jobs: int,
    unit_name: str | None,
    quick: bool,
    seed: int | None,
    unsafe: bool,
    cluster: str,
    verbose: bool,
) -> None:
    """Grade a class: every submission below SUBMITTED, confined, on a seed nobody has seen.

    SUBMITTED is a folder or zip of <student>/<unit>/<unit>.py (or .ipynb). A second run into the same folder reads back
    what is already graded.

    \b
    Example:  autograder grade submitted --out grades -j 2
    """
    import logging

    from autograder.course import find_unit
    from autograder.grading import batch, submissions
    from autograder.grading.results import read_result, result_path, stored_results
    from autograder.report.pages import write_pages
    from autograder.report.terminal import class_summary, class_table, console, regraded, total

    unit = find_unit(unit_name) if unit_name else None
    if verbose:
        logging.basicConfig(format="%(asctime)s %(threadName)s: %(message)s", stream=sys.stderr)
        logging.getLogger("autograder").setLevel(logging.INFO)
    with _folder(submitted) as folder:
        found = submissions.find_submissions(folder, unit)
        before = stored_results(out)
        run = batch.Run(out, batch.choose_seed(out, seed), jobs, quick, unsafe, cluster, submitted)
        _with_progress(found, run)
        paths = [result_path(out, entry.unit, entry.student) for entry in found]
        results = [result for result in map(read_result, paths) if result]  # none is kept while others are graded
        screen = console()
        screen.print(class_table(results))
        page = write_pages(results, out / "pages", submissions.graded_files(folder))
    screen.print(class_summary(results), end="", soft_wrap=True)
    screen.print(regraded(before, results), end="", soft_wrap=True)
    screen.print(f"{len(results)} submissions, {total([v for r in results for v in r.verdicts])}", markup=False)
    if unsafe:
        screen.print("Not official: submissions were not confined.", style="bold red")
    click.echo(f"pages: {page}")


@contextmanager
def _folder(submitted: Path) -> Iterator[Path]:
    """The folder of submissions, unpacked where they are a zip."""
    from autograder.grading.submissions import unpack
    from autograder.sandbox.scratch import Scratch

    with Scratch() as scratch:
        yield unpack(submitted, scratch) if submitted.suffix == ".zip" else submitted


def _with_progress(found: Any, run: Any) -> None:
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from autograder.grading import batch
    from autograder.report.terminal import console

    columns = (TextColumn("grading"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), TextColumn("left"))
    with Progress(*columns, console=console(stderr=True)) as progress:
        task = progress.add_task("grading", total=len(found))
        batch.grade_class(found, run, lambda _: progress.advance(task))


@main.command()
@click.argument("grades", type=click.Path(path_type=Path))
@click.option("--submitted", type=click.Path(path_type=Path, exists=True), help="Where the submissions lie now.")
@click.option("--anonymous", is_flag=True, help="Name no student; pages go to GRADES/anonymous.")
@click.option("--serve", "serving", is_flag=True, help="Show results as they come, to this machine alone.")
@click.option("--policy", type=click.Path(path_type=Path), help="A TOML file: say what each result counts under it.")
@report_user_errors
def report(grades: Path, submitted: Path | None, anonymous: bool, serving: bool, policy: Path | None) -> None:
    """Write the pages of a graded class again, or show them while it is being graded.

    Code is shown of the files that were graded, where they still lie as they were.

    \b
    Example:  autograder report grades --anonymous
    """
    from autograder.grading.policy import read_policy
    from autograder.grading.results import run_facts, stored_results
    from autograder.report.pages import write_pages
    from autograder.report.terminal import class_table, console

    results, rules = stored_results(grades), read_policy(policy) if policy else None
    if not results and not (serving and grades.is_dir()):
        raise Refused(f"There are no results in {grades}. Name the folder that `autograder grade --out` wrote.")
    noted = Path(run_facts(grades).get("submitted", "."))
    lies = submitted or (noted if noted.is_absolute() and noted.exists() else None)
    with _folder(lies) if lies else nullcontext() as folder:
        source = _graded_files(folder)
        if serving:
            _serve(grades, source, anonymous)
            return
        console().print(class_table(results))
        target = grades / ("anonymous" if anonymous else "pages")
        click.echo(f"pages: {write_pages(results, target, source, anonymous, rules)}")


def _graded_files(folder: Path | None) -> Any:
    from autograder.grading.submissions import graded_files

    return graded_files(folder) if folder else None


def _serve(grades: Path, source: Any, anonymous: bool) -> None:
    from autograder.report.serve import Shelf, serve

    with suppress(KeyboardInterrupt):
        serve(Shelf(grades, source, anonymous), lambda address: click.echo(f"{address}\nCtrl-C ends it."))


@main.command()
@click.argument("grades", type=click.Path(path_type=Path), nargs=-1, required=True)
@click.option("--to", "to", type=click.Choice(["csv", "canvas", "moodle", "gradescope", "github"]), required=True)
@click.option("--out", type=click.Path(path_type=Path), help="The folder for the files, instead of GRADES/export.")
@click.option("--policy", type=click.Path(path_type=Path), help="A TOML file: late days, dropped checks, bonus.")
@report_user_errors
def export(grades: tuple[Path, ...], to: str, out: Path | None, policy: Path | None) -> None:
    """Write grades as a gradebook imports them. Of several folders of GRADES the best submission counts, or the last.

    \b
    Example:  autograder export grades --to moodle --policy course.toml
    """
    from autograder.grading.policy import Policy, read_policy
    from autograder.grading.policy import grades as graded
    from autograder.grading.results import stored_results
    from autograder.report import exports

    results = [result for folder in grades for result in stored_results(folder)]
    if not results:
        raise Refused(f"There are no results in {grades[0]}. Name the folder that `autograder grade --out` wrote.")
    rules = read_policy(policy) if policy else Policy()
    folder = out or grades[0] / "export"
    written = exports.export(graded(results, rules), to, folder)
    click.echo("\n".join(map(str, written)) if len(written) < 4 else f"{len(written)} files below {folder}")


@main.command()
@click.argument("course", type=click.Path(path_type=Path))
@click.option("--grades", type=click.Path(path_type=Path), help="Write these results into the course's gradebook.")
@report_user_errors
def nbgrader(course: Path, grades: Path | None) -> None:
    """Build a course for nbgrader in the folder COURSE; or bring our grades into its gradebook.

    \b
    Example:  autograder nbgrader course
              autograder nbgrader course --grades grades
    """
    from autograder.integrations import nbgrader_bridge

    if grades:
        nbgrader_bridge.record(course, grades, click.echo)
        return
    click.echo("\n".join(nbgrader_bridge.build(course)))
    click.echo(f"Next, in {course}: nbgrader generate_assignment UNIT")
