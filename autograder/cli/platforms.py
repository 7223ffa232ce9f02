"""Commands between an instructor and a learning platform: collect."""

from pathlib import Path

import click

from autograder.cli.base import course_option, find_course, main, report_user_errors

KINDS = ("gradescope", "moodle", "classroom50", "nbgrader", "canvas", "github", "folder")


@main.command()
@click.argument("source", type=click.Path(path_type=Path))
@click.option("--into", type=click.Path(path_type=Path), required=True, help="The folder that `grade` is then given.")
@click.option("--roster", type=click.Path(path_type=Path), help="A table of the class, as the platform exports it.")
@click.option("--unit", "unit_name", help="All files are of this unit, whatever they are called.")
@click.option("--from", "kind", type=click.Choice(KINDS), help="What SOURCE is, where it cannot be seen.")
@click.option("--dry-run", is_flag=True, help="Say what would be done, and write nothing.")
@course_option
@report_user_errors
def collect(
    source: Path,
    into: Path,
    roster: Path | None,
    unit_name: str | None,
    kind: str | None,
    dry_run: bool,
    course_folder: Path | None,
) -> None:
    """Take in what Canvas, Moodle, Gradescope, Classroom 50, GitHub or nbgrader give, as it comes.

    SOURCE is the zip or folder. Each file goes where `grade` looks for it, with a record of whose it is, when it came
    and which attempt it is. What is there already is kept. All that was not taken is listed.

    \b
    Example:  autograder collect submissions.zip --into submitted --roster roster.csv
    """
    from autograder.course import find_unit
    from autograder.grading.roster import read_roster
    from autograder.intake import collect as collecting
    from autograder.intake.items import look_into
    from autograder.sandbox.scratch import Scratch

    course = find_course(course_folder)
    wish = collecting.Wish(into, find_unit(course, unit_name) if unit_name else "", kind or "")
    students = read_roster(roster) if roster else None
    with Scratch() as scratch:
        made = collecting.plan(course, look_into(source, scratch), wish, students)
        if not dry_run:
            collecting.carry_out(made, into)
    click.echo("\n".join(collecting.summary(made)))
    click.echo("Nothing was written." if dry_run else f"Next: autograder grade {into} --out grades")
