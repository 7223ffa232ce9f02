"""Folders of clones: Classroom 50's `gh teacher download`, and plain GitHub.

    fall-sums_submissions_2026_12_01_T_23_59_59/scores.csv
    fall-sums_submissions_2026_12_01_T_23_59_59/fall-sums-ada/.classroom50.yaml
    fall-sums_submissions_2026_12_01_T_23_59_59/fall-sums-ada/assignments/sums.py

A clone of Classroom 50 is called `<classroom>-<assignment>-<username>`; which part is the username
is known from the beginning that `.classroom50.yaml` gives in most clones (a student can change the
file in their own). Source: foundation50/classroom50, wiki, gh-teacher and Autograders. Any other
folder with `.git` in it is a clone too, called like its student; a zip of clones holds no `.git`.

When a clone was handed in is its last commit's time, which is what the student's machine said.
"""

import os
import re
import subprocess
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from autograder.intake.found import Found, Person, Source
from autograder.intake.items import Item, Left, content_of, mostly

MARK = ".classroom50.yaml"
# a clone's own configuration may name programs: git is asked for one object, and fetches nothing
ALONE = {
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_ALLOW_PROTOCOL": "none",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
}


def _clones(items: Sequence[Item]) -> dict[str, list[Item]]:
    """Return the items of each top folder."""
    clones: dict[str, list[Item]] = {}
    for item in items:
        if len(item.parts) > 1:
            clones.setdefault(item.parts[0], []).append(item)
    return clones


def _marked(items: Sequence[Item]) -> dict[str, Item]:
    return {item.parts[0]: item for item in items if item.parts[1:] == (MARK,)}


def recognizes_classroom50(items: Sequence[Item]) -> bool:
    """Most clones have Classroom 50's mark."""
    marked = _marked(items)
    return mostly(clone in marked for clone in _clones(items))


def recognizes_clones(items: Sequence[Item]) -> bool:
    """Most top folders are git's."""
    return mostly(_git_of(its, name) is not None for name, its in _clones(items).items())


def read_classroom50(items: Sequence[Item], source: str) -> Iterator[Found | Left]:
    """Read clones; what stands before the username is the same in all of them."""
    begins = Counter(_beginning(item) for item in _marked(items).values())
    del begins[""]  # a mark that does not fit
    usual = begins.most_common(1)[0][0] if begins else ""
    for item in items:
        if len(item.parts) == 1:
            yield Left(item.place, "no student's: it lies beside the clones")
    for clone, its in _clones(items).items():
        if usual and not clone.startswith(usual):
            where = "/".join(its[0].parts[:1])
            yield Left(where, f"a clone that is not called {usual}<username>")
            continue
        yield from _files(its, clone, clone.removeprefix(usual), hint=f"{usual} {source}")


def _beginning(mark: Item) -> str:
    """Return what stands before the username in a clone's name, by the clone's own mark.

    Empty where that does not fit.
    """
    try:
        text = content_of(mark).decode("utf-8", "replace")
    except (OSError, ValueError):
        return ""
    said = dict(re.findall(r"^\s*(classroom|assignment)\s*:\s*[\"']?([\w.-]+)", text, re.M))
    begin = f"{said.get('classroom', '')}-{said.get('assignment', '')}-"
    return begin if mark.parts[0].startswith(begin) else ""


def read_clones(items: Sequence[Item], source: str) -> Iterator[Found | Left]:
    """Read clones that are called like their students."""
    for item in items:
        if len(item.parts) == 1:
            yield Left(item.place, "no student's: it lies beside the clones")
    for clone, its in _clones(items).items():
        yield from _files(its, clone, clone, hint=source)


def _files(items: Sequence[Item], clone: str, login: str, hint: str) -> Iterator[Found | Left]:
    git = _git_of(items, clone)
    submitted, commit = _last_commit(git) if git else ("", "")
    for item in items:
        yield Found(
            item,
            item.name,
            Person(login=login),
            submitted or item.time,
            submission=commit,
            together=commit,
            hint=hint,
        )


def _git_of(items: Sequence[Item], clone: str) -> Path | None:
    """Return the `.git` of a clone that lies here as a folder, found from any of its files."""
    first = items[0]
    top = first.path
    for _ in first.parts[1:]:
        top = top.parent
    git = top / ".git"
    return git if top.name == clone and git.is_dir() and not git.is_symlink() else None


def _last_commit(git: Path) -> tuple[str, str]:
    """Return the time and the checksum of the last commit; empty where git does not say."""
    environment = {**os.environ, **ALONE}
    command = ["git", f"--git-dir={git}", "cat-file", "--batch"]
    try:
        done = subprocess.run(
            command, input=b"HEAD\n", env=environment, capture_output=True, timeout=20, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return "", ""
    head, _, body = done.stdout.partition(b"\n")
    found = re.search(rb"^committer .*> (\d{1,12}) [+-]\d{4}$", body, re.M)
    checksum = head.split(b" ")[0].decode("ascii", "replace")
    if not found or b" commit " not in head:
        return "", ""
    try:
        return datetime.fromtimestamp(int(found[1]), UTC).isoformat(timespec="seconds"), checksum
    except (OverflowError, ValueError, OSError):
        return "", checksum


CLASSROOM50 = Source(
    "classroom50", recognizes_classroom50, read_classroom50, "Classroom 50's clones"
)
GITHUB = Source("github", recognizes_clones, read_clones, "a folder of clones")
