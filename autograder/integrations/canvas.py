"""Grades, comments and files into Canvas, and times out of it, through its API.

Without `send` the plan is only printed. What was sent is recorded in a file, so that no comment is
written twice.
"""

import json
import re
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

from autograder.course import Course
from autograder.errors import UserError, visible
from autograder.grading.adjustments import said_of_checks
from autograder.grading.hand_in import HandIn, id_in
from autograder.grading.policy import Grade
from autograder.grading.results import write_whole
from autograder.grading.roster import Times
from autograder.intake.units import unit_within
from autograder.judging import Verdict
from autograder.report.feedback import Feedback
from autograder.report.terminal import earned_in_words, earned_of, number, own_remarks, said_of_all

TOKEN = "CANVAS_TOKEN"
TO_SEND = "to send to canvas.txt"
LONGEST = 6000  # characters of a comment
LONGEST_ERROR = 300  # characters of an error message in a line


class NoCanvas(UserError):
    """Canvas cannot be reached or refuses; the text says what to do."""


@dataclass(frozen=True)
class Address:
    """The place of grades in Canvas.

    url: Canvas's address. course: its number. assignments: unit → number.
    """

    url: str
    course: int
    assignments: Mapping[str, int]


@dataclass(frozen=True)
class Letter:
    """The data for one student and one unit."""

    student: str
    unit: str
    assignment: int
    user: str
    points: float
    comment: str
    file: Path

    def digest(self) -> str:
        """Return a checksum of the content: equal for the same points, words and page."""
        content = asdict(self)
        content["file"] = sha256(self.file.read_bytes()).hexdigest()
        text = json.dumps(content, sort_keys=True)
        return sha256(text.encode()).hexdigest()

    def in_words(self) -> str:
        """Describe the content in a line."""
        student = visible(self.student)
        points = number(self.points)
        characters = len(self.comment)
        parts = [
            f"{student} (Canvas {self.user})",
            f"{self.unit} → assignment {self.assignment}: {points} points",
            f"a comment of {characters} characters",
            self.file.name,
        ]
        return ", ".join(parts)


def check_address(url: str) -> str:
    """Return Canvas's address without the path after it.

    Raises `NoCanvas` for one that would reveal the token.
    """
    parts = urlparse(url)
    if not parts.hostname or parts.scheme not in ("https", "http"):
        raise NoCanvas(f"{url} is no address of Canvas. Write it as https://canvas.example.edu.")
    is_local = parts.hostname in ("127.0.0.1", "localhost")
    if parts.scheme == "http" and not is_local:
        raise NoCanvas(f"{url} would send your token in clear text. Write https://.")
    return f"{parts.scheme}://{parts.netloc}"


ASSIGNMENT = re.compile(r"/courses/(\d+)/assignments/(\d+)")


def times_of(url: str, token: str) -> Times:
    """Ask Canvas for each student's last submission to an assignment.

    url: the assignment's address, as a browser shows it.
    Raises `NoCanvas`, `ImportError` without canvasapi.
    """
    from canvasapi.exceptions import CanvasException
    from requests import RequestException

    found = ASSIGNMENT.search(urlparse(url).path)
    if not found:
        raise NoCanvas(
            f"{url} is no address of an assignment. Write it as "
            "https://canvas.example.edu/courses/77/assignments/456."
        )
    course, assignment = map(int, found.groups())
    address = check_address(url)
    times = {}
    try:
        asked = _connect(address, token).get_course(course).get_assignment(assignment)
        for submission in asked.get_submissions(per_page=100):
            if submission.submitted_at:
                moment = datetime.fromisoformat(submission.submitted_at).astimezone(UTC)
                times[str(submission.user_id)] = moment.isoformat(timespec="seconds")
    except (CanvasException, RequestException) as error:
        raise NoCanvas(
            f"Canvas at {address} does not give assignment {assignment} of course {course}: "
            f"{_short(error).rstrip('.')}. Open its address in a browser, and test that "
            "CANVAS_TOKEN is of a teacher of this course."
        ) from None
    return Times(times, of=_name(asked))


def _name(assignment: Any) -> str:
    """Return what Canvas calls an assignment."""
    return str(getattr(assignment, "name", ""))


def unlike_units(
    course: Course, assignments: Mapping[str, Any], most: Mapping[str, float]
) -> list[str]:
    """Warn of assignments with other points than their units.

    assignments: unit → Canvas's assignment. most: the points of each unit.
    Raises `NoCanvas` if an assignment has the name of another unit.
    """
    lines = []
    for unit, assignment in assignments.items():
        name = _name(assignment)
        meant = unit_within(course, [name])
        if meant and meant != unit:
            raise NoCanvas(
                f"Canvas calls assignment {assignment.id} `{visible(name)}`, which names {meant}, "
                f"and --assignment says {unit}. Nothing was sent. Correct the number, or the "
                "assignment's name in Canvas."
            )
        points = getattr(assignment, "points_possible", None)
        if points is not None and points != most[unit]:
            lines.append(other_points(f"in Canvas `{visible(name)}`", points, unit, most[unit]))
    return lines


def other_points(assignment: str, points: float, unit: str, most: float) -> str:
    """Warn that an assignment, named with its place, has other points than its unit."""
    return (
        f"Warning: {assignment} has {number(points)} points, and {unit} has {number(most)}. Set "
        "the assignment's points to that in Canvas, or its percentages are wrong."
    )


def _connect(address: str, token: str) -> Any:
    """Return Canvas at an address. Raises `ImportError` without canvasapi."""
    from canvasapi import Canvas

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # for http, accepted only for this machine
        return Canvas(address, token)


def letters(
    pages: Sequence[Feedback], address: Address
) -> tuple[list[Letter], dict[str, list[str]]]:
    """Return the letters to send, and by its reason the students without one.

    They have no number of Canvas's, or no assignment, or have to be graded again.
    """
    found = []
    without: dict[str, list[str]] = {}
    for page in pages:
        result = page.grade.result
        assignment = address.assignments.get(result.unit)
        user = _user(result.hand_in)
        who = f"{visible(result.student)}, {result.unit}"
        if assignment is None:
            without.setdefault(f"no assignment was given for {result.unit}", []).append(who)
        elif result.is_incomplete:
            without.setdefault("run `autograder grade` again: it is incomplete", []).append(who)
        elif not user:
            reason = (
                "the student's number in Canvas is unknown. Run `collect` on Canvas's own "
                "download, with Canvas's exported gradebook as --roster, then `grade` again"
            )
            without.setdefault(reason, []).append(who)
        else:
            letter = Letter(
                student=result.student,
                unit=result.unit,
                assignment=assignment,
                user=user,
                points=page.grade.points,
                comment=comment_on(page.grade),
                file=page.file,
            )
            found.append(letter)
    return found, without


def in_full(letters: Sequence[Letter]) -> str:
    """Return everything to be sent, with full comments, for a person to read."""
    parts = [f"{letter.in_words()}\n\n{letter.comment}\n" for letter in letters]
    return "\n\n".join(parts)


def _user(record: HandIn | None) -> str:
    """Return Canvas's number of a submission's student; empty if it is unknown."""
    user = id_in(record, "canvas")
    is_number = re.fullmatch(r"\d{1,18}", user)
    return user if is_number else ""


def comment_on(grade: Grade) -> str:
    """Return a comment in plain words.

    It has the points, the effect of the policy, the first remark of each check that did not pass or
    has other points by cut-offs, and the manual points.
    """
    result = grade.result
    points = earned_in_words(grade.points, grade.max_points)
    lines = [f"{points}. The page that is attached shows all."]
    if grade.words:
        lines.append(f"{grade.words}.")
    said = said_of_all(result)
    if said:
        lines.append(said)
    for verdict in result.verdicts:
        own = own_remarks(verdict, said)
        is_said = bool(said) and not own
        if _is_worth_a_line(verdict) and not is_said:
            lines.append(_line(replace(verdict, remarks=tuple(own))))
    lines += said_of_checks(result, grade.by_hand)
    text = visible("\n".join(lines))
    return text[:LONGEST]


def _is_worth_a_line(verdict: Verdict) -> bool:
    """Return whether a check failed, or passed with other points by its loss."""
    by_cutoffs = bool(verdict.loss) and verdict.earned != verdict.points
    return verdict.status != "passed" or by_cutoffs


def _line(verdict: Verdict) -> str:
    """Return a check's points, and its first remark."""
    line = f"{verdict.name} {earned_of(verdict.earned, verdict.points)}"
    if verdict.remarks:
        line += f": {verdict.remarks[0].text}"
    return line


def send(
    letters: Iterable[Letter],
    address: Address,
    token: str,
    sent: Path,
    say: Callable[[str], object],
    compare: Callable[[Mapping[str, Any]], Iterable[str]],
) -> int:
    """Send letters; return how many failed.

    Letters recorded in `sent` are skipped, and new ones are recorded there.
    say: called with a line for each. compare: takes each unit's assignment before anything is sent,
    and returns warnings, as `unlike_units` does.
    Raises `NoCanvas`, `ImportError` without canvasapi.
    """
    from canvasapi.exceptions import CanvasException
    from requests import RequestException

    noted = _noted(sent)
    failed = 0
    canvas = _connect(address.url, token)
    assignments = {}
    asked = f"course {address.course}"
    try:
        course = canvas.get_course(address.course)
        for assignment in sorted(set(address.assignments.values())):
            asked = f"assignment {assignment} of course {address.course}"
            assignments[assignment] = course.get_assignment(assignment)
    except (CanvasException, RequestException) as error:
        raise NoCanvas(f"Canvas at {address.url} does not give {asked}: {_short(error)}") from None
    for line in compare({unit: assignments[it] for unit, it in address.assignments.items()}):
        say(line)
    for letter in letters:
        what = letter.in_words()
        digest = letter.digest()
        key = f"{address.url} {address.course} {letter.assignment} {letter.user}"
        of_an_earlier_version = f"{letter.assignment} {letter.user}"
        if digest in (noted.get(key), noted.get(of_an_earlier_version)):
            say(f"{what}: sent before")
            continue
        try:
            _send_one(assignments[letter.assignment], letter)
        except (CanvasException, RequestException, ValueError, KeyError) as error:
            failed += 1
            say(f"{what}: FAILED, {_short(error)}")
            continue
        noted[key] = digest
        write_whole(sent, json.dumps(noted, indent=1))
        say(f"{what}: sent")
    return failed


def _noted(sent: Path) -> dict[str, str]:
    """Read the sent letters: place in Canvas and user → checksum; nothing if unreadable."""
    try:
        noted: dict[str, str] = json.loads(sent.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return noted


def _send_one(assignment: Any, letter: Letter) -> None:
    """Attach the page, then enter points and comment.

    If this fails midway, all of it is sent again the next time.
    """
    submission = assignment.get_submission(letter.user)
    done, answer = submission.upload_comment(letter.file)
    if not done:
        raise ValueError(f"the file was not taken: {answer}")
    submission.edit(
        submission={"posted_grade": number(letter.points)},
        comment={"text_comment": letter.comment},
    )


def _short(error: Exception) -> str:
    kind = type(error).__name__
    words = visible(f"{kind}: {error}")
    return words[:LONGEST_ERROR]
