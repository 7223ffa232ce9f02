"""Right answers in other styles: `solutions/styles/UNIT/NAME.py`.

Such a file holds definitions that follow the solution's own and replace them.
"""

from pathlib import Path

from autograder.course import Unit
from autograder.source.markers import BEGIN, END


def styles(unit: Unit, plain: str) -> dict[str, str]:
    """Return right answers in other styles: name → script. plain: the solution's script."""
    scripts = {}
    for name, definitions in _definitions(unit).items():
        scripts[name] = f"{plain}\n\n# %%\n{definitions}"
    return scripts


def marked_styles(unit: Unit, plain: str) -> dict[str, str]:
    """Return the same scripts with a region around each style's code, and none before it."""
    unmarked = plain.replace(BEGIN, "#").replace(END, "#")
    scripts = {}
    for name, definitions in _definitions(unit).items():
        scripts[name] = f"{unmarked}\n\n# %%\n{BEGIN}\n{definitions}\n{END}\n"
    return scripts


def files_of_styles(unit: Unit) -> list[Path]:
    """List the files of a unit's right answers in other styles."""
    folder = unit.course.folder / "solutions" / "styles" / unit.name
    return sorted(folder.glob("*.py"))


def _definitions(unit: Unit) -> dict[str, str]:
    found = {}
    for path in files_of_styles(unit):
        found[path.stem] = path.read_text(encoding="utf-8")
    return found
