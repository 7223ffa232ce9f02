"""Folders of clones: Classroom 50's `gh teacher download`, and plain GitHub.

    fall-sums_submissions_2026_12_01_T_23_59_59/scores.csv
    fall-sums_submissions_2026_12_01_T_23_59_59/fall-sums-ada/.classroom50.yaml
    fall-sums_submissions_2026_12_01_T_23_59_59/fall-sums-ada/assignments/sums.py

A clone of Classroom 50 has the name `<classroom>-<assignment>-<username>`. Which part is the
username follows from the beginning that `.classroom50.yaml` gives in most clones (a student can
change the file in their own). Source: foundation50/classroom50, wiki, gh-teacher and Autograders.
Any other folder with `.git` in it is a clone, too, named like its student; a zip of clones holds no
`.git`.

The time of a submission is its clone's last commit, as the student's machine recorded it.
"""

import os
import re
import subprocess
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from autograder.intake.found import Found, Person, SourceKind
from autograder.intake.items import Item, Left, content_of, mostly, utc_of_seconds

MARK = ".classroom50.yaml"
MAX_COMMIT = 64 << 10  # bytes of a commit: a larger one is nobody's message
# a clone's own configuration may name programs: git reads one object, and fetches nothing
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
        if item.in_folder:
            files = clones.setdefault(item.top, [])
            files.append(item)
    return clones


def _marks(items: Sequence[Item]) -> dict[str, Item]:
    """Return Classroom 50's marker of each clone that has one."""
    marks = {}
    for item in items:
        if item.parts[1:] == (MARK,):
            marks[item.top] = item
    return marks


def recognizes_classroom50(items: Sequence[Item]) -> bool:
    """Return whether most clones have Classroom 50's marker."""
    marks = _marks(items)
    clones = _clones(items)
    return mostly(clone in marks for clone in clones)


def recognizes_clones(items: Sequence[Item]) -> bool:
    """Return whether most top folders are git's."""
    is_git = []
    for clone, files in _clones(items).items():
        git = _git_of(files, clone)
        is_git.append(git is not None)
    return mostly(is_git)


def read_classroom50(items: Sequence[Item], source: str) -> Iterator[Found | Left]:
    """Read clones; the part before the username is the same in all of them."""
    usual = _usual_beginning(items)
    yield from _beside_clones(items)
    for clone, files in _clones(items).items():
        if not clone.startswith(usual):
            yield Left(clone, f"a clone that is not called {usual}<username>")
            continue
        login = clone.removeprefix(usual)
        yield from _files(files, clone, login, hint=f"{usual} {source}")


def _usual_beginning(items: Sequence[Item]) -> str:
    """Return the part before the username by most clones' markers; empty if none says it."""
    marks = _marks(items).values()
    begins = Counter(_beginning(mark) for mark in marks)
    del begins[""]  # a marker that does not match
    if not begins:
        return ""
    [(usual, _)] = begins.most_common(1)
    return usual


def _beginning(mark: Item) -> str:
    """Return the part before the username in a clone's name, by the clone's own marker.

    Empty if that does not match.
    """
    try:
        text = content_of(mark).decode("utf-8", "replace")
    except (OSError, ValueError):
        return ""
    names = dict(re.findall(r"^\s*(classroom|assignment)\s*:\s*[\"']?([\w.-]+)", text, re.M))
    classroom = names.get("classroom", "")
    assignment = names.get("assignment", "")
    begin = f"{classroom}-{assignment}-"
    return begin if mark.top.startswith(begin) else ""


def read_clones(items: Sequence[Item], source: str) -> Iterator[Found | Left]:
    """Read clones that have their students' names."""
    yield from _beside_clones(items)
    for clone, files in _clones(items).items():
        yield from _files(files, clone, clone, hint=source)


def _beside_clones(items: Sequence[Item]) -> Iterator[Left]:
    for item in items:
        if not item.in_folder:
            yield Left(item.place, "no student's: it lies beside the clones")


def _files(items: Sequence[Item], clone: str, login: str, hint: str) -> Iterator[Found | Left]:
    """Yield the files of one clone, with the time of its last commit if git knows it."""
    git = _git_of(items, clone)
    submitted, commit = last_commit(git) if git else ("", "")
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
    """Return the `.git` folder of a clone, found from any of its files."""
    first = items[0]
    top = first.path
    for _ in first.parts[1:]:
        top = top.parent
    if top.name != clone:
        return None
    git = top / ".git"
    if git.is_symlink() or not git.is_dir():
        return None
    return git


def last_commit(git: Path) -> tuple[str, str]:
    """Return the time and the checksum of the last commit; empty if git does not know them."""
    if not (git / "HEAD").is_file():  # git would wait for the other end of a pipe
        return "", ""
    what = _ask_git(git, "--batch-check")
    kind = re.fullmatch(rb"([0-9a-f]+) commit (\d{1,12})\n", what)
    if not kind or int(kind[2]) > MAX_COMMIT:
        return "", ""
    body = _ask_git(git, "--batch")
    found = re.search(rb"^committer .*> (\d{1,12}) [+-]\d{4}$", body, re.M)
    if not found:
        return "", ""
    checksum = kind[1].decode("ascii")
    seconds = int(found[1])
    return utc_of_seconds(seconds), checksum


def _ask_git(git: Path, how: str) -> bytes:
    """Return the output of `git cat-file` for the last commit; nothing if it fails.

    how: `--batch-check` for its kind and size, `--batch` for the commit itself.
    """
    environment = {**os.environ, **ALONE}
    command = ["git", f"--git-dir={git}", "cat-file", how]
    try:
        done = subprocess.run(
            command, input=b"HEAD\n", env=environment, capture_output=True, timeout=20, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return b""
    return done.stdout


CLASSROOM50 = SourceKind(
    "classroom50",
    recognizes_classroom50,
    read_classroom50,
    "Classroom 50's clones",
    around=r".+_submissions_\d{4}_\d\d_\d\d_T_\d\d_\d\d_\d\d",
    marks_are_students=True,
)
GITHUB = SourceKind(
    "github", recognizes_clones, read_clones, "a folder of clones", marks_are_students=True
)
