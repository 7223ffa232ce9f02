"""What all commands share: the group that holds them, and how an error is told.

Exit code 0: all is well; 1: something was found wanting; 2: wrong use.
"""

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import ParamSpec, TypeVar

import click

from autograder import __version__

CONTEXT = {"help_option_names": ["-h", "--help"]}
P = ParamSpec("P")
R = TypeVar("R")
# the errors of the kit's modules whose texts are for people; by name, so that parsing arguments imports none of them
KIND = {"UnknownUnit", "NoData", "NoKey", "NothingToGrade", "CannotConfine", "Busy", "Stale", "ServerGone", "Broken"}
KIND |= {"NoCluster", "NoCourse", "BadPolicy"}


class Refused(click.ClickException):
    """A person can mend this: one sentence on what was seen and what to do."""

    exit_code = 2


def report_user_errors(command: Callable[P, R]) -> Callable[P, R]:
    """Say in a sentence what a person can mend, instead of a traceback."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except ImportError as error:
            if (name := (error.name or str(error)).split(".")[0]) == "autograder":
                raise Refused("this is the instructor's part of the kit; a student's copy does not hold it.") from error
            if name in ("fcntl", "resource"):
                raise Refused("this needs Linux, to confine submissions. `check` and `watch` work anywhere.") from error
            raise Refused(f"this needs {name}, which is not installed: pip install {name}") from error
        except Exception as error:
            if type(error).__name__ in KIND or isinstance(error, OSError):
                raise Refused(str(error)) from error
            raise

    return run


@click.group(context_settings=CONTEXT, invoke_without_command=True)
@click.version_option(__version__, prog_name="autograder")
@click.pass_context
@report_user_errors
def main(context: click.Context) -> None:
    """A course on recurrent networks that grades itself. Without a command: where you are and what is next.

    \b
    Students:     autograder watch unit4
    Instructors:  autograder grade SUBMITTED --out GRADES -j 2
    """
    if context.invoked_subcommand:
        return
    from autograder.course import workplace
    from autograder.practice.progress import at_hand, course, to_do

    if not (workplace() / "assignments").is_dir():
        raise Refused("No course here. Run `autograder` in the folder that holds assignments/, or `autograder --help`.")
    unit = at_hand()
    for name, far, of in course():
        click.echo(f"{'>' if name == unit else ' '} {name:25}{far:3} of {of} checks")
    short, left = unit.split("_")[0], to_do(unit)[:1]
    click.echo(f"\nNext is `{left[0]}` of {unit}. Open it and run beside it one of" if left else "\nEverything passes.")
    for command in (f"watch {short}", f"check {short}", *(f"hint {short} {name}" for name in left), "--help"):
        click.echo(f"    autograder {command}")


def files_to_check(what: str | None) -> list[tuple[Path, str]]:
    """The files that `what` names, each with its unit: a unit, a file, or nothing for all units. Raises `Refused`."""
    from autograder.course import UnknownUnit, find_unit, unit_names, workplace

    if what and (Path(what).suffix in (".py", ".ipynb") or Path(what).exists()):
        path = Path(what)
        if not path.is_file():
            raise Refused(f"There is no file {path}. Name a unit, or a .py or .ipynb file.")
        try:
            return [(path, find_unit(path.stem))]
        except UnknownUnit as error:
            raise Refused(f"{error} A file is named like its unit.") from None
    found = []
    for name in [find_unit(what)] if what else unit_names():
        files = [workplace() / "assignments" / f"{name}{suffix}" for suffix in (".py", ".ipynb")]
        if not (there := [path for path in files if path.is_file()]):
            raise Refused(f"There is no {files[0]}. Run the command from the course's folder, or name the file.")
        found.append((max(there, key=lambda path: path.stat().st_mtime), name))
    return found
