"""Commands of a student: check, watch, receipt, hint, start, update."""

import os
import sys
import time
from contextlib import nullcontext, redirect_stdout, suppress
from pathlib import Path

import click

from autograder.cli.base import (
    EXISTING,
    PATH,
    PYTHONS_THRESHOLDS,
    Refused,
    as_typed,
    course_option,
    files_to_check,
    find_course,
    main,
    report_user_errors,
)


@main.command()
@click.argument("what", required=False)
@click.argument("check", required=False)
@click.option("--quick", is_flag=True, help="Leave out the checks that train.")
@click.option("--out", type=PATH, help="Keep the results in this folder, for `export`.")
@click.option(
    "--json", "as_json", is_flag=True, help="Print verdicts for tools: one object of JSON."
)
@course_option
@report_user_errors
def check(
    what: str | None,
    check: str | None,
    quick: bool,
    out: Path | None,
    as_json: bool,
    course_folder: Path | None,
) -> None:
    """Check a unit or a file on the public seed. This is practice and gives no grade.

    WHAT is a unit, the beginning of its name, a file, or nothing for all units in assignments/.
    With the name of a CHECK, only that one is shown.

    \b
    Example:  autograder check UNIT --quick
    """
    import faulthandler
    import gc

    from autograder.course import load_unit
    from autograder.explaining.repairs import MOST_SECONDS
    from autograder.explaining.words import what_mended, where_mended_in_practice
    from autograder.grading.results import read_patiently, write_result
    from autograder.grading.submissions import too_large
    from autograder.practice.mending import mended, to_mend, with_place
    from autograder.practice.practise import Practised, practice_result, practise
    from autograder.practice.progress import keep_slip, save_progress
    from autograder.report.for_tools import Checked, as_text
    from autograder.report.terminal import UnderWay, console, total_in_practice, verdict_lines
    from autograder.sandbox.inside.submission import Submission

    if check and out:
        raise Refused("--out keeps the results of a whole unit. Leave out the name of the check.")
    # large imports leave no garbage, and a collection takes a tenth of a second
    gc.set_threshold(1_000_000)
    if sys.__stderr__:
        faulthandler.enable(file=sys.__stderr__)  # a crash prints its line
    course = find_course(course_folder)
    screen = console(stderr=as_json)
    under_way = UnderWay(sys.stdout, sys.stdout.isatty() and not as_json)
    checked = []

    done: list[Practised] = []

    def show(practised: Practised) -> None:
        under_way.clear()
        screen.print(verdict_lines(practised.verdict), soft_wrap=True)
        done.append(practised)

    for path, name in files_to_check(course, what):
        unit = load_unit(course, name)
        if check:
            checks = [unit.check_called(check)]
        else:
            checks = [one for one in unit.checks if not (quick and one.measure)]
        gc.freeze()  # what is imported is not searched again; what the file leaves behind is
        gc.set_threshold(*PYTHONS_THRESHOLDS)
        screen.print(f"{path}", style="bold", markup=False)
        source = read_patiently(path)
        submission = Submission(source, path.name)
        note = too_large(path.name, source, unit.limits.kilobytes)
        if note:
            screen.print(note, style="yellow", markup=False, soft_wrap=True)
        done.clear()
        # the file's own output is not JSON
        printed = redirect_stdout(sys.stderr) if as_json else nullcontext()
        with printed:
            verdicts = practise(unit, checks, submission, show, under_way.tell, alone=True)
            # before the search, which may end the process
            warning = save_progress(course, name, path.parent, verdicts)
            seed = "on the public seed. Grading uses a secret seed.\n"
            total = total_in_practice(verdicts)
            without = _left_out(0 if check else len(unit.checks) - len(checks))
            screen.print(f"{total}{without} {seed}", soft_wrap=True)
            wrong = to_mend(unit, {verdict.name: verdict for verdict in verdicts})
            found = None
            if wrong:
                looking = f"Trying small changes of your code for `{wrong.name}` …"
                screen.print(looking, style="dim", soft_wrap=True)
                began = time.monotonic()
                found = mended(unit, source, done)
                is_late = time.monotonic() - began > MOST_SECONDS
            if wrong and not found:
                following = f"autograder hint {name} {wrong.name}"
                hint = f"No small change was found that surely repairs it. Next: {following}"
                if is_late:
                    hint = f"The search took too long, and was stopped. Next: {following}"
                screen.print(hint, style="dim", markup=False, soft_wrap=True)
            if found:
                where = f"{found.check}: {where_mended_in_practice(found.found)}"
                screen.print(where, markup=False, soft_wrap=True)
                verdicts = [with_place(verdict, found) for verdict in verdicts]
        if found:  # its place is new information
            warning = save_progress(course, name, path.parent, verdicts)
        if found and found.found.slips and not warning:
            keep_slip(course, name, path.parent, found.check, what_mended(found.found))
        if warning:
            click.echo(warning, err=True)
        if out:
            write_result(out, practice_result(unit, path, verdicts, quick))
        checked.append(Checked(name, str(path), verdicts))
    if as_json:
        click.echo(as_text(checked))
    sys.exit(0 if all(one.passed for one in checked) else 1)


def _left_out(count: int) -> str:
    """Say how many checks did not run because they train; "" for none."""
    if not count:
        return ""
    return f" (without {count} {'check that trains' if count == 1 else 'checks that train'})"


@main.command()
@click.argument("what", required=False)
@course_option
@report_user_errors
def watch(what: str | None, course_folder: Path | None) -> None:
    """Check the exercise at hand at each save, and go on to the next when it passes.

    WHAT is a unit, the beginning of its name, a file, or nothing for the unit at hand. One key
    each: a hint, an example, all checks, training with its loss, back, next, quit.

    \b
    Example:  autograder watch UNIT
    """
    from autograder.practice.progress import current_unit
    from autograder.practice.watch import Watch, keyboard

    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        remedy = "Without one: autograder check"
        if "MSYSTEM" in os.environ:  # Git Bash's window is no console for Windows programs
            remedy = f"In Git Bash: winpty autograder watch. {remedy}"
        raise Refused(f"watch needs a terminal for its keys. {remedy}")
    course = find_course(course_folder)
    path, name = files_to_check(course, what or current_unit(course))[0]
    watched = Watch(course, name, path)
    with keyboard() as key, suppress(KeyboardInterrupt):
        watched.loop(key)


@main.command()
@click.argument("what", required=False)
@course_option
@report_user_errors
def receipt(what: str | None, course_folder: Path | None) -> None:
    """Print the checksum of a file that you hand in; keep it as your receipt.

    WHAT is a unit, the beginning of its name, a file, or nothing for all units in assignments/.
    Your page of feedback names the checksum of the file that was graded: the same file has the
    same checksum, and any change gives another one.

    \b
    Example:  autograder receipt UNIT
    """
    from datetime import UTC, datetime

    from autograder.grading.results import digest, read_patiently

    course = find_course(course_folder)
    for path, _ in files_to_check(course, what):
        content = read_patiently(path)
        now = datetime.now(UTC).isoformat(" ", "seconds")
        click.echo(f"{path.name}  {len(content)} bytes  {now}")
        click.echo(f"    sha256 {digest(content)}")


@main.command()
@click.argument("unit", required=False)
@click.argument("check", required=False)
@course_option
@report_user_errors
def hint(unit: str | None, check: str | None, course_folder: Path | None) -> None:
    """Show one more hint on a check each time: those of its exercise, then common mistakes.

    Without a UNIT and a CHECK, it helps with the check that failed last, or else with the next
    exercise. It begins with what that check said when it last ran.

    \b
    Example:  autograder hint UNIT CHECK
    """
    from autograder.grading.results import read_patiently
    from autograder.practice import progress

    course = find_course(course_folder)
    what = unit or progress.current_unit(course)
    path, name = files_to_check(course, what)[0]
    wanted = check or progress.check_at_hand(course, name)
    if wanted is None:
        click.echo(f"Every check of {name} passes.")
        return
    help_with_it = progress.hint(course, name, wanted, read_patiently(path))
    seen = progress.last_seen(course, name, wanted)
    if seen:
        click.echo(f"`{wanted}` said: {seen}")
    click.echo(help_with_it)


@main.command()
@click.argument("folder", type=PATH)
@click.argument("release", type=EXISTING, required=False)
@course_option
@report_user_errors
def start(folder: Path, release: Path | None, course_folder: Path | None) -> None:
    """Make a FOLDER to work in from a RELEASE of a course, a folder or a zip of one.

    Without a RELEASE it is the one around the current folder.

    \b
    Example:  autograder start work course.zip
    """
    from autograder.practice.folder import start

    course = start(release or find_course(course_folder).folder, folder)
    first = course.short(course.units[0])
    count = len(course.units)
    units = "1 unit" if count == 1 else f"{count} units"
    click.echo(f"{course.title}: {units} in {folder / 'assignments'}")
    click.echo("Next:")
    click.echo(f"    cd {as_typed(folder)}")
    click.echo(f"    autograder watch {first}")


@main.command()
@click.argument("release", type=EXISTING)
@course_option
@report_user_errors
def update(release: Path, course_folder: Path | None) -> None:
    """Bring the folder that you work in up to a newer RELEASE. What you wrote stays.

    Save your files first. If the release changes the same lines as you, yours stay, and the new
    text is put beside them. Copies of all overwritten files are kept.

    \b
    Example:  autograder update course-2.zip
    """
    from autograder.practice.folder import in_words, update

    course = find_course(course_folder)
    changes = update(course, release)
    for line in in_words(changes, course.folder):
        click.echo(line)
