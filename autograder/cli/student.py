"""Commands of a student: check, watch, hint."""

import sys
from contextlib import suppress
from pathlib import Path

import click

from autograder.cli.base import Refused, files_to_check, main, report_user_errors


@main.command()
@click.argument("what", required=False)
@click.option("--quick", is_flag=True, help="Leave out the checks that train.")
@click.option("--out", type=click.Path(path_type=Path), help="Keep the results in this folder, for `export`.")
@report_user_errors
def check(what: str | None, quick: bool, out: Path | None) -> None:
    """Check a unit or a file on the public seed, here and now: practice, not a grade.

    WHAT is a unit (unit4), a file, or nothing for all units in assignments/.

    \b
    Example:  autograder check unit4 --quick
    """
    import gc

    from autograder.course import load_unit
    from autograder.grading.results import write_result
    from autograder.judging import Verdict
    from autograder.practice.practise import practice_result, practise
    from autograder.practice.progress import keep
    from autograder.report.terminal import console, total, verdict_lines
    from autograder.sandbox.inside.submission import Submission

    gc.set_threshold(1_000_000)  # importing torch leaves no garbage, and looking for it takes a tenth of a second
    whole, screen = True, console()

    def show(verdict: Verdict, *_: object) -> None:
        screen.print(verdict_lines(verdict), soft_wrap=True)

    for path, name in files_to_check(what):
        unit = load_unit(name)
        screen.print(f"{path}", style="bold", markup=False)
        checks = [c for c in unit.checks if not (quick and c.measure)]
        submission = Submission(path.read_bytes(), path.name)
        verdicts = practise(unit, checks, submission, show)
        keep(name, path.parent, verdicts)
        if out:
            write_result(out, practice_result(name, path, verdicts, quick))
        told = "on the public seed. A grade comes from a seed that nobody has seen.\n"
        screen.print(f"{total(verdicts)} {told}", soft_wrap=True)
        whole = whole and all(verdict.status == "passed" for verdict in verdicts)
    sys.exit(0 if whole else 1)


@main.command()
@click.argument("what", required=False)
@report_user_errors
def watch(what: str | None) -> None:
    """Check the exercise at hand at each save, and go on to the next when it passes.

    WHAT is a unit (unit4), a file, or nothing for the unit at hand. One key each: a hint, all checks, training with its
    loss, back, next, quit.

    \b
    Example:  autograder watch unit4
    """
    from autograder.practice.progress import at_hand
    from autograder.practice.watch import Watch, keyboard

    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise Refused("watch needs a terminal for its keys. Without one: autograder check")
    path, name = files_to_check(what or at_hand())[0]
    with keyboard() as key, suppress(KeyboardInterrupt):
        Watch(name, path).loop(key)


@main.command()
@click.argument("unit")
@click.argument("check")
@report_user_errors
def hint(unit: str, check: str) -> None:
    """One more step of help with a check each time: a question, what to think of, then what people get wrong.

    \b
    Example:  autograder hint unit4 softmax_values
    """
    from autograder.practice import progress

    path, name = files_to_check(unit)[0]
    click.echo(progress.hint(name, check, path.read_bytes()))
