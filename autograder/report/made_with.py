"""The policy that files were made with: recorded in their folder, so that no file loses it."""

from collections.abc import Sequence
from pathlib import Path

from autograder.grading.results import write_whole

FILE = "made with.txt"  # a line for each name: the name, a tab, the policy
SENT = "sent to Canvas"  # represents what was sent
EACH_PAGE = "each page"  # represents all pages of a folder, so that the record names no student
MOST_LOST = 3  # files that the warning names
ADD = "add --policy {policy}"  # advice for a command that takes a policy


def without_policy_now(
    folder: Path, names: Sequence[str], policy: Path | None, to_do: str = ADD
) -> list[str]:
    """Record the policy that files were made with; warn about those that now have none.

    Such a file replaces one with late days and cut-offs, under the same name. names: of the files
    written below the folder. to_do: how to restore it, with `{policy}` in it. Raises `CannotWrite`.
    """
    before = _noted(folder)
    noted = {name: made_with for name, made_with in before.items() if name not in names}
    if policy:
        noted |= dict.fromkeys(names, str(policy))
    if noted != before:
        rows = [f"{name}\t{made_with}" for name, made_with in sorted(noted.items())]
        write_whole(folder / FILE, "\n".join(rows))
    lost = sorted(before.keys() & set(names))
    if policy or not lost:
        return []
    made_with = before[lost[0]]
    what = ", ".join(lost[:MOST_LOST])
    if lost == [EACH_PAGE]:
        what = f"{EACH_PAGE} below {folder}"
    return [
        f"Warning: {what} had been made with {made_with}, and now counts under no policy. To have "
        f"it as before, {to_do.format(policy=made_with)}."
    ]


def policy_of(folder: Path, name: str = EACH_PAGE) -> Path | None:
    """Return the policy that a file, or the pages, below a folder were made with, if with one."""
    made_with = _noted(folder).get(name)
    return Path(made_with) if made_with else None


def unlike_pages(folder: Path, what: str) -> list[str]:
    """Warn that something was made without the policy of the pages below a folder."""
    made_with = _noted(folder).get(EACH_PAGE)
    if not made_with:
        return []
    return [
        f"Warning: the pages below {folder} were made with {made_with}, and {what} counts under no "
        f"policy. To have the same points in both, {ADD.format(policy=made_with)}."
    ]


def _noted(folder: Path) -> dict[str, str]:
    """Return the records of a folder: name → policy."""
    path = folder / FILE
    if not path.is_file():
        return {}
    lines = path.read_text(encoding="utf-8").splitlines()
    return dict(line.split("\t", 1) for line in lines if "\t" in line)
