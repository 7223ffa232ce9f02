"""Manual points: what a person adds to a grade, with reason and name.

An adjustment may be for a single student, or for all whose answers to a check are wrong in the same
way. They are in a separate file, `adjustments.toml`, and are applied where grades are shown and
exported. Stored results do not change, and so a second grading loses none.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from difflib import get_close_matches
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Any

import msgspec

from autograder.course import Course, UnknownUnit, find_unit, load_unit
from autograder.errors import first_of, visible
from autograder.grading.arithmetic import exact
from autograder.grading.attempts import earlier_results
from autograder.grading.results import Result, digest, held_alone, write_whole
from autograder.grading.roster import Roster
from autograder.grading.ways_wrong import begins_so, is_wrong_so, ways_of_check
from autograder.judging import Remark, Verdict
from autograder.schema import BadFile, as_toml_value, convert, read_toml

FILE = "adjustments.toml"
OWN_FILES = "adjustments-*.toml"
LOCK = ".adjustments.lock"  # held while the common file is read and written again
EVERYONE = "*"  # in place of a student
NBGRADER = "nbgrader"  # the author of scores entered in its formgrader
BY_HAND = "by hand"  # the name of points for a whole unit
FEW = 3  # wrong answers that an error message quotes, each up to `LONG` characters
LONG = 120
MOST_NAMED = 10  # students or checks in an error message
Words = Annotated[str, msgspec.Meta(min_length=1)]
# Windows' editor appends `.txt` and hides it
_LIKE_OURS = re.compile(r"adj.*\.toml(\.txt)?", re.IGNORECASE)
_STUDENT = re.compile(r"\s*student\s*=")


class Adjustment(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A person's change to one check of a student, a line of a rubric, or a whole unit.

    student: whom it is for; `EVERYONE` is for the whole class.
    made: only if the answer to the check is wrong in this way, or in one that begins so: see
    `ways_wrong`.
    points: are added. to: the points are these, whatever they were. factor: the points are
    multiplied by it. Exactly one of the three.
    check, line: a check of the unit, or a line of a rubric that no check grades. Without either it
    is about the whole unit. points = 0 is a comment. who: the person who says so.
    above: more than the maximum is intended, and no error.
    """

    student: Words
    unit: Words
    words: Words
    who: Words
    check: str = ""
    line: str = ""
    points: Annotated[float, msgspec.Meta(ge=-1000, le=1000)] | None = None
    to: Annotated[float, msgspec.Meta(ge=0, le=1000)] | None = None
    factor: Annotated[float, msgspec.Meta(ge=0, le=10)] | None = None
    above: bool = False
    made: str = ""

    def is_for(self, result: Result) -> bool:
        """Return whether it is about a result."""
        if self.student not in (result.lms_name, EVERYONE) or self.unit != result.unit:
            return False
        return not self.made or is_wrong_so(result, self.check, self.made)

    @property
    def counts_twice(self) -> bool:
        """Return whether a copy of it would count as well: it changes points, and sets none."""
        return self.to is None and self.points != 0

    @property
    def gives(self) -> bool:
        """Return whether it gives points, or takes some off, where there were none."""
        return self.to is not None or bool(self.points)

    @property
    def is_factor_of_unit(self) -> bool:
        """Return whether all points of the unit are multiplied."""
        return _is_about_the_unit(self) and self.factor is not None

    @property
    def subject(self) -> tuple[str, ...]:
        """Return what it is about, its author and its words.

        A later adjustment about the same subject replaces it.
        """
        place = (self.student, self.unit, self.check, self.line, self.made)
        return (*place, self.who, self.words)

    @property
    def change(self) -> str:
        """Say what it does to points: `+1.5`, `set to 2`, `× 0.9`, or that it is a comment."""
        if self.to is not None:
            return f"set to {self.to:g}"
        if self.factor is not None:
            return f"× {self.factor:g}"
        return f"{self.points:+g}" if self.points else "comment"

    @property
    def act(self) -> str:
        """Say what its author did: `added 1.5 points`, `set the points to 2`, `commented`."""
        if self.to is not None:
            return f"set the points to {self.to:g}"
        if self.factor is not None:
            return f"multiplied the points by {self.factor:g}"
        if not self.points:
            return "commented"
        verb = "added" if self.points > 0 else "took off"
        count = f"{abs(self.points):g}"
        return f"{verb} {count} {'point' if count == '1' else 'points'}"

    @property
    def said(self) -> str:
        """Say what it does to points, who says so, and why."""
        return f"{self.change} by hand ({self.who}): {self.words}"


class AdjustmentsFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The content of `adjustments.toml`: a table for each adjustment."""

    adjustment: list[dict[str, Any]] = []


def read_adjustments(
    course: Course, path: Path, students: Collection[str], roster: Roster | None = None
) -> tuple[Adjustment, ...]:
    """Read a file of adjustments; none if there is no file.

    students: the known ones. roster: knows their full names, for an error message.
    Raises `BadFile` for unknown students, units or checks, all at once, with the nearest names.
    """
    found = []
    problems = []
    for where, table in _tables(path):
        try:
            one = convert(table, Adjustment, where)
            found.append(checked_adjustment(course, one, where, students, roster=roster))
        except BadFile as error:
            problems.append(str(error))
    _refuse_all(problems)
    return tuple(found)


def _tables(path: Path) -> list[tuple[str, dict[str, Any]]]:
    """Return a file's tables, each with the beginning of its error messages; none without a file.

    Raises `BadFile`.
    """
    if not path.is_file():
        return []
    tables = read_toml(path, AdjustmentsFile).adjustment
    return [(_where(path, number), table) for number, table in enumerate(tables, 1)]


def _entries(course: Course, path: Path) -> list[Adjustment]:
    """Read the entries of a file with whole names of units, without checking their subjects.

    A unit that the course no longer has keeps its name. Raises `BadFile`.
    """
    found = []
    for where, table in _tables(path):
        one = convert(table, Adjustment, where)
        with suppress(UnknownUnit):
            one = msgspec.structs.replace(one, unit=find_unit(course, one.unit))
        found.append(one)
    return found


def _where(path: Path, number: int) -> str:
    """Return an adjustment's position in its file; the first is 1."""
    return f"{path}: adjustment {number}"


def _refuse_all(problems: Sequence[str]) -> None:
    """Raise `BadFile` with all problems, a line each; do nothing without one."""
    if len(problems) > 1:
        head = f"{len(problems)} adjustments cannot be applied."
        raise BadFile("\n".join([head, *problems]))
    if problems:
        raise BadFile(problems[0])


def given_for(adjustments: Sequence[Adjustment], result: Result, check: str) -> list[Adjustment]:
    """Return the manual points for one check of a result."""
    return [one for one in of_result(result, adjustments) if one.check == check]


def all_adjustments(
    course: Course,
    folders: Sequence[Path],
    results: Sequence[Result],
    roster: Roster | None,
    set_aside: list[str] | None = None,
) -> tuple[Adjustment, ...]:
    """Read the adjustments beside results, in the folders that `grade` wrote.

    They may be for each student who has a result or is in the roster. Several people may each keep
    a file: see `adjustment_files`. No two files may give points for the same, in one
    folder or in two, as after a folder was copied.
    set_aside: takes a line for each adjustment beyond the maximum, which then does not count; None
    refuses them.
    Raises `BadFile` with all conflicts at once, as after late submissions of several students who
    had points without one.
    """
    students = students_of(results, roster)
    found: list[Adjustment] = []
    problems: list[str] = []
    said_in: dict[tuple[str, ...], tuple[Path, Adjustment]] = {}
    for folder in folders:
        in_folder: list[Adjustment] = []
        for path in adjustment_files(folder):
            read = read_adjustments(course, path, students, roster)
            if any(one.made for one in read):
                attempts = [*results, *earlier_results(folder)]
                for one in read:
                    refuse_unknown_way(one, str(path), attempts)
            twice = _said_twice(read, path, said_in)
            copies = _copies(read, path)
            beyond = _beyond(read, in_folder, results, path)
            beyond_goes_to = problems if set_aside is None else set_aside
            beyond_goes_to += beyond.values()
            problems += [*twice, *copies]
            in_folder += [one for one in read if one not in beyond]
        found += [one for one in in_folder if one not in found]  # equal comments are one
    _refuse_all(problems)
    return tuple(found)


def adjustment_files(folder: Path) -> list[Path]:
    """Return the files of manual points in a folder: the common one, then those of single people.

    `adjustments-tg.toml` is the file of one of several people who grade the same class.
    """
    common = folder / FILE
    own = sorted(folder.glob(OWN_FILES))
    return [path for path in (common, *own) if path.is_file()]


def perhaps_adjustments(folder: Path) -> list[Path]:
    """Return the files in a folder that are called nearly as manual points, and are not read."""
    named = [path for path in folder.glob("*.*") if _LIKE_OURS.fullmatch(path.name)]
    return sorted(set(named).difference(adjustment_files(folder)))


def refuse_said_twice(course: Course, one: Adjustment, path: Path) -> None:
    """Refuse an adjustment for a file if another one gives points for the same: see `_said_twice`.

    path: of the file. The files of other people beside it count. Raises `BadFile`.
    """
    said_in: dict[tuple[str, ...], tuple[Path, Adjustment]] = {}
    for each in adjustment_files(path.parent):
        _said_twice(_entries(course, each), each, said_in)
    _refuse_all(_said_twice([one], path, said_in))


def _said_twice(
    adjustments: Sequence[Adjustment],
    path: Path,
    said_in: dict[tuple[str, ...], tuple[Path, Adjustment]],
) -> list[str]:
    """Report points for the same subject in two files, whose authors did not know of each other.

    said_in: the entries read so far, by author and subject.
    """
    problems = []
    for one in adjustments:
        if one.points == 0:
            continue  # a comment
        about = (one.student, one.unit, one.check, one.line, one.made)
        first_path, first = said_in.setdefault(about, (path, one))
        if first_path == path:
            if one.to is None:
                continue
            # of two values that are set, the later one would hide the other
            _, first = said_in.setdefault((*about, "to"), (path, one))
            if one.subject == first.subject:
                continue
        place = one.check or one.line or "the whole unit"
        said = f"{first_path} and {path} both give points"
        if first_path == path:
            said = f"{path.name} gives points twice"
        elif first_path.parent == path.parent:
            said = f"{first_path.name} and {path.name} both give points"
        problems.append(
            f"{said} to {one.student} for {place}, "
            f"{one.unit}: {first.change} ({first.who}) and {one.change} ({one.who}). Agree on one, "
            "and remove the other."
        )
    return problems


def _copies(adjustments: Sequence[Adjustment], path: Path) -> list[str]:
    """Report equal adjustments in a file, such as a block copied twice: each would count."""
    problems = []
    first_of: dict[Adjustment, int] = {}
    for number, one in enumerate(adjustments, 1):
        first = first_of.setdefault(one, number)
        if first != number and one.counts_twice:
            problems.append(
                f"{path}: adjustments {first} and {number} are the same, and both would count: "
                f"{one.change} for {one.student}, {one.unit}. Remove one, or give it words of its "
                "own."
            )
    return problems


def _beyond(
    adjustments: Sequence[Adjustment],
    others: Sequence[Adjustment],
    results: Sequence[Result],
    path: Path,
) -> dict[Adjustment, str]:
    """Return the adjustments with which a student exceeds the maximum, with an error for each.

    An adjustment for the whole class may exceed full marks, and so may a line of a rubric.
    others: those of the files before this one.
    """
    problems = {}
    before = [*others]
    for number, one in enumerate(adjustments, 1):
        too_many = who_has_too_many(one, before, results)
        if too_many:
            problems[one] = f"{_where(path, number)}: {too_many}"
        else:
            before.append(one)
    return problems


def who_has_too_many(
    one: Adjustment, before: Sequence[Adjustment], results: Sequence[Result]
) -> str:
    """Say who exceeds the maximum with an adjustment, and what to do; "" if nobody."""
    is_for_the_class = one.student == EVERYONE and not one.made
    if one.above or one.line or is_for_the_class:
        return ""
    problems: dict[str, str] = {}
    for result in results:
        if not one.is_for(result):
            continue
        had = points_with(result, before, one)
        have = points_with(result, [*before, one], one)
        if have.earned > max(have.most, had.earned):
            there = f"in {one.check}" if one.check else f"of {result.unit}"
            problems[result.lms_name] = (
                f"with {one.change}, {result.lms_name} would have {float(have.earned):g} of "
                f"{float(have.most):g} points {there}, without it {float(had.earned):g}. "
            )
    if not problems:
        return ""
    (_, first), *more = problems.items()
    others = "; ".join(student for student, _ in more)
    also = f"The same holds for {others}. " if others else ""
    return (
        f"{first}{also}If the file came after these points, undo them on the page of `autograder "
        "report --serve`, or set the total, as in `to = 2`. To go beyond the maximum, add `above = "
        "true`."
    )


@dataclass(frozen=True)
class _Points:
    """A student's points, and the maximum."""

    earned: Fraction
    most: Fraction


def points_with(result: Result, adjustments: Sequence[Adjustment], one: Adjustment) -> _Points:
    """Return the points of a check or a whole unit after some adjustments of it."""
    verdicts = result.verdicts
    changed = adjusted(result, adjustments).verdicts
    factor = Fraction(1)
    if one.check:
        verdicts = tuple(verdict for verdict in verdicts if verdict.name == one.check)
        changed = tuple(verdict for verdict in changed if verdict.name == one.check)
    else:
        factor, _ = unit_factor(result, adjustments)
    earned = sum((exact(verdict.earned) for verdict in changed), Fraction(0))
    most = sum((exact(verdict.points) for verdict in verdicts), Fraction(0))
    if not verdicts:  # the check did not run, for example with --quick
        most = earned
    return _Points(factor * earned, most)


def refuse_unknown_way(one: Adjustment, where: str, results: Sequence[Result]) -> None:
    """Refuse an adjustment whose description matches no wrong answer, or several kinds.

    where: the beginning of the error message. results: of all attempts.
    Raises `BadFile`.
    """
    if not one.made:
        return
    ways = ways_of_check(results, one.unit, one.check)
    meant = [way for way in ways if begins_so(way, one.made)]
    if one.made in meant or len(meant) == 1:
        return
    about = f"{where}: `{one.check}`: "
    if meant:
        several = " or ".join(f"`{way}`" for way in meant[:MOST_NAMED])
        raise BadFile(f"{about}`made` is the beginning of several: {several}. Write more of it.")
    no_answer = f"{about}no answer is wrong in the way `{one.made}`."
    if not ways:
        raise BadFile(f"{no_answer} {_wrong_alone(one, results)}")
    near = get_close_matches(one.made, ways, 1, 0.4)
    listing = "; ".join(f"`{way}`" for way in near or ways[:MOST_NAMED])
    hint = "Did you mean" if near else "The answers are wrong in these ways:"
    raise BadFile(
        f"{no_answer} {hint} {listing}{'?' if near else '.'} Copy the words from the unit's page. "
        f"{NOBODY_MAKES_IT}."
    )


NOBODY_MAKES_IT = "If nobody makes this mistake any more, remove the adjustment"


def _wrong_alone(one: Adjustment, results: Sequence[Result]) -> str:
    """List the wrong answers to a check if none of them has a description.

    A file that could not be read, as an empty one or a PDF, is no answer.
    """
    wrong = {}
    for result in results:
        if result.unit != one.unit or not result.sha256:
            continue
        for verdict in result.verdicts:
            if verdict.name == one.check and verdict.status != "passed":
                remarks = verdict.remarks
                wrong[result.lms_name] = remarks[0].text if remarks else verdict.status
    if not wrong:
        return f"Every answer to it is right. {NOBODY_MAKES_IT}."
    first = list(wrong.items())[:FEW]
    words = " ".join(f"{student}: {visible(text)[:LONG]}" for student, text in first)
    answers = "1 answer is" if len(wrong) == 1 else f"{len(wrong)} answers are"
    more = f" And {len(wrong) - len(first)} more." if len(wrong) > len(first) else ""
    return (
        f"{answers} not right, but no known mistake and no equal values are found there. {words}"
        f"{more} {NOBODY_MAKES_IT}; otherwise name these students one by one."
    )


def students_of(results: Sequence[Result], roster: Roster | None) -> set[str]:
    """Return the students who may get manual points: those with a result or in the roster."""
    students = {result.lms_name for result in results}
    return students.union(roster.students) if roster else students


def checked_adjustment(
    course: Course,
    one: Adjustment,
    where: str,
    students: Collection[str],
    to_allow: str = "add `above = true`",
    roster: Roster | None = None,
) -> Adjustment:
    """Check an adjustment, and write out the name of its unit.

    where: the beginning of the error message. to_allow: what to do if more than the maximum is
    intended. roster: knows the students' full names.
    Raises `BadFile` for an unknown name, and for more or fewer than one change.
    """
    if one.student not in students and one.student != EVERYONE:
        same = roster.students_called(one.student) if roster else []
        quoted = " or ".join(f"`{each}`" for each in same)
        nearest = _nearest(one.student, students, "students")
        hint = f"Did you mean {quoted}?" if same else nearest
        raise BadFile(f"{where}: no student of the class is called `{one.student}`. {hint}")
    try:
        unit = find_unit(course, one.unit)
    except UnknownUnit as error:
        raise BadFile(f"{where}: {error}") from None
    most = {check.name: check.points for check in load_unit(course, unit).checks}
    checks = list(most)
    if one.check and one.check not in checks:
        hint = _nearest(one.check, checks, "checks")
        raise BadFile(f"{where}: {unit} has no check `{one.check}`. {hint}")
    if one.check and one.line:
        raise BadFile(f"{where}: write `check` or `line`, not both.")
    if one.line in checks:
        raise BadFile(
            f"{where}: `{one.line}` is a check of {unit}, so write `check` instead of `line`."
        )
    if one.made and not one.check:
        raise BadFile(f"{where}: `made` is about the answer to one check. Write `check` too.")
    changes = [one.points, one.to, one.factor]
    if changes.count(None) != 2:
        raise BadFile(
            f"{where}: write one of `points` (to add), `to` (to set) and `factor` (to multiply by)."
        )
    _refuse_slip(one, unit, most, where, to_allow)
    return msgspec.structs.replace(one, unit=unit)


def _refuse_slip(
    one: Adjustment, unit: str, most: Mapping[str, float], where: str, to_allow: str
) -> None:
    """Refuse more points than a check or a unit has, such as 99 for 0.99, and a large factor.

    Raises `BadFile`.
    most: the points of each check of the unit. where, to_allow: see `checked_adjustment`.
    """
    if one.factor is not None and one.factor > MOST_FACTOR and not one.above:
        raise BadFile(
            f"{where}: {one.change} is more than {MOST_FACTOR:g} times the points. To give it "
            f"nevertheless, {to_allow}."
        )
    there = most[one.check] if one.check else sum(most.values())
    given = max(abs(one.points or 0), one.to or 0)
    if one.above or given <= there:
        return
    subject = f"`{one.check}`" if one.check else unit
    verb = "takes off more than" if (one.points or 0) < 0 else "is more than"
    raise BadFile(
        f"{where}: {one.change} {verb} {subject} has, which is {there:g} points. To give it "
        f"nevertheless, {to_allow}."
    )


MOST_FACTOR = 1.5  # a larger one may be a percentage, or 0.9 without its 0


def _nearest(name: str, known: Collection[str], kind: str) -> str:
    near = get_close_matches(name, known, 1, 0.4)
    if near:
        return f"Did you mean `{near[0]}`?"
    first_known = sorted(known)[:MOST_NAMED]
    return f"Known {kind}: {', '.join(first_known)}."


def append_adjustment(path: Path, one: Adjustment) -> None:
    """Append an adjustment to a file, whose text and comments stay.

    Raises `CannotWrite`.
    """
    parts = []
    if path.is_file():
        before = path.read_text(encoding="utf-8-sig")
        parts.append(before.rstrip())
    parts.append(as_toml(one))
    text = "\n\n".join(parts)
    write_whole(path, text.strip())


def remove_adjustment(course: Course, path: Path, checksum: str) -> Adjustment | None:
    """Remove an adjustment from a file, the last one that matches; return None if none does.

    checksum: of the adjustment, as `checksum_of` makes it. All other text stays as it is. Raises
    `BadFile` if the file cannot be read, or has a layout that cannot be cut, and `CannotWrite`.
    """
    known = _entries(course, path)
    places = [place for place, one in enumerate(known) if checksum_of(one) == checksum]
    if not places:
        return None
    last = places[-1]
    lines, heads = _lines_of_entries(path, known, "Remove the entry there.")
    end = heads[last + 1] if last + 1 < len(heads) else len(lines)
    while not lines[end - 1].strip() or lines[end - 1].lstrip().startswith("#"):
        end -= 1  # comments and empty lines below it stay
    text = "\n".join([*lines[: heads[last]], *lines[end:]]).strip()
    write_whole(path, text)
    return known[last]


def _lines_of_entries(
    path: Path, known: Sequence[Adjustment], remedy: str
) -> tuple[list[str], list[int]]:
    """Return a file's lines, and the number of the line with which each entry begins.

    remedy: what a person can do if the file is in another form. Raises `BadFile` for that.
    """
    # not `splitlines`: in TOML a line separator within text ends no line
    lines = path.read_text(encoding="utf-8-sig").split("\n")
    heads = [number for number, line in enumerate(lines) if line.strip() == "[[adjustment]]"]
    if len(heads) != len(known):
        raise BadFile(f"{path} is not in the form that `report --serve` writes. {remedy}")
    return lines, heads


def rename_in_adjustments(course: Course, folder: Path, unit: str, before: str, now: str) -> None:
    """Give a student's points by hand the student's new name, in all files of a folder.

    All other text stays. unit: of the points; "" for all units.
    Raises `BadFile` for a file that cannot be changed so, and `CannotWrite`.
    """
    with held_alone(folder / LOCK):
        for path in adjustment_files(folder):
            _rename_in_file(course, path, unit, before, now)


def _rename_in_file(course: Course, path: Path, unit: str, before: str, now: str) -> None:
    known = _entries(course, path)
    theirs = []
    for number, one in enumerate(known):
        if one.student == before and unit in ("", one.unit):
            theirs.append(number)
    if not theirs:
        return
    remedy = f"Write {now} for {before} there."
    lines, heads = _lines_of_entries(path, known, remedy)
    for number in theirs:
        for place in range(heads[number], [*heads, len(lines)][number + 1]):
            if _STUDENT.match(lines[place]):
                lines[place] = lines[place].replace(as_toml_value(before), as_toml_value(now), 1)
                break
    text = "\n".join(lines).strip()
    wanted = [table for _, table in _tables(path)]
    for number in theirs:
        wanted[number] = wanted[number] | {"student": now}
    if msgspec.toml.decode(text)["adjustment"] != wanted:
        first = _where(path, theirs[0] + 1)
        raise BadFile(f"{first} is not in the form that `report --serve` writes. {remedy}")
    write_whole(path, text)


def checksum_of(one: Adjustment) -> str:
    """Return a checksum by which a page refers to an adjustment."""
    return digest(as_toml(one).encode())[:16]


def replace_entries_of(
    course: Course,
    path: Path,
    who: str,
    several: Sequence[Adjustment],
    places: Collection[tuple[str, str]],
) -> int:
    """Make some adjustments the only ones of their author; return for how many checks any change.

    All other text stays. who: the author. places: the units and students that this is about; other
    entries of the author stay. Raises `BadFile`, also for points that somebody else gives, too,
    and `CannotWrite`.
    """
    with held_alone(path.with_name(LOCK)):
        known = [one for one in _entries(course, path) if one.who == who]
        here = [one for one in known if (one.unit, one.student) in places]
        left = list(several)
        outdated = []
        for one in here:
            if one in left:
                left.remove(one)
            else:
                outdated.append(one)
        kept = [one for one in known if one not in outdated]
        _refuse_all(_said_by_others(course, path, who, [*kept, *left]))
        for one in outdated:
            remove_adjustment(course, path, checksum_of(one))
        for one in left:
            append_adjustment(path, one)
    return len({(one.unit, one.student, one.check) for one in (*outdated, *left)})


def _said_by_others(
    course: Course, path: Path, who: str, several: Sequence[Adjustment]
) -> list[str]:
    """Report which adjustments of an author somebody else gives, too: see `_said_twice`."""
    said_in: dict[tuple[str, ...], tuple[Path, Adjustment]] = {}
    for each in adjustment_files(path.parent):
        of_others = []
        for one in _entries(course, each):
            is_the_authors = each == path and one.who == who
            if not is_the_authors:
                of_others.append(one)
        _said_twice(of_others, each, said_in)
    return _said_twice(several, path, said_in)


def as_toml(one: Adjustment) -> str:
    """Return an adjustment in the form of the file."""
    lines = ["[[adjustment]]"]
    fields = msgspec.structs.asdict(one)
    for name, value in fields.items():
        is_left_out = value is None or value is False or value == ""
        if not is_left_out:
            lines.append(f"{name} = {as_toml_value(value)}")
    return "\n".join(lines)


# ---- applying them


def adjusted(
    result: Result, adjustments: Sequence[Adjustment], dropped: Collection[str] = ()
) -> Result:
    """Apply the adjustments of a result's checks, rubric lines and whole unit.

    Those of the whole unit come last: points that are set are then the sum of everything that
    counts. dropped: the checks that do not count. Only a factor of the whole unit is left to
    `unit_factor`.
    """
    ours = _of_checks(result, adjustments)
    if not ours:
        return result
    verdicts = {verdict.name: verdict for verdict in result.verdicts}
    for one in sorted(ours, key=_turn):  # otherwise in the order of the file
        name = one.check or one.line or BY_HAND
        verdict = verdicts.get(name)
        if verdict is None:
            title = one.line or "points by hand"
            verdict = Verdict(name, title, points=0.0, earned=0.0, status="passed")
        counted_beside = Fraction(0)
        if _is_about_the_unit(one):
            beside = verdicts.keys() - {name, *dropped}
            counted_beside = sum((exact(verdicts[each].earned) for each in beside), Fraction(0))
        verdicts[name] = _with(verdict, one, counted_beside)
    return replace(result, verdicts=tuple(verdicts.values()))


def _turn(one: Adjustment) -> tuple[bool, bool]:
    """Return when an adjustment is applied: a score in nbgrader stays whatever we give there."""
    return _is_about_the_unit(one), one.who == NBGRADER and one.to is not None


def lower_than_files(results: Sequence[Result], adjustments: Sequence[Adjustment]) -> list[str]:
    """Say for whom points set by hand, for a unit or a check, are fewer than those of the file.

    They may have been given before the file came.
    """
    lines = []
    for result in results:
        earned = {verdict.name: verdict.earned for verdict in result.verdicts}
        earned[""] = result.score
        last = {}  # of several values that are set, the last one counts
        for one in of_result(result, adjustments):
            if one.to is not None and not one.line:
                last[one.check] = one
        for one in last.values():
            by_file = earned.get(one.check, 0.0)
            if one.student == EVERYONE or one.to is None or one.to >= by_file:
                continue
            place = f"{result.unit}, {one.check}" if one.check else result.unit
            lines.append(
                f"{result.lms_name}, {place}: {one.who} {one.act} by hand "
                f"({one.words}), and the file earns {by_file:g}. The points by hand "
                "count; if the file came later, undo them."
            )
    return lines


def for_one_of_two_partners(
    results: Sequence[Result], adjustments: Sequence[Adjustment]
) -> list[str]:
    """Say whose points for a check their partner does not have, for whom the file counts, too.

    results: of all attempts, with those that count for partners.
    """
    given = {(one.student, one.unit, one.check, one.line) for one in adjustments if one.gives}
    names = {result.student: result.lms_name for result in results}
    own = {(result.unit, result.lms_name) for result in results if not result.handed_in_by}
    lines: dict[str, None] = {}
    for result in results:
        is_theirs_alone = result.handed_in_by and (result.unit, result.lms_name) not in own
        for one in adjustments if is_theirs_alone else ():
            is_theirs = one.student == names.get(result.handed_in_by) and one.unit == result.unit
            partners = (result.lms_name, one.unit, one.check, one.line)
            if is_theirs and one.check and one.gives and partners not in given:
                lines[
                    f"{one.student}, {one.unit}, {one.check}: {one.who} {one.act} by hand "
                    f"({one.words}), and not for {result.lms_name}, a partner with the same file. "
                    "If you mean both, write it twice."
                ] = None
    return list(lines)


def on_differing_files(results: Sequence[Result], adjustments: Sequence[Adjustment]) -> list[str]:
    """Say whose points for a check count for several files that earn differently in it.

    They may have been given for one of them. results: of all attempts.
    """
    lines = []
    for one in adjustments:
        if not one.check or one.student == EVERYONE or one.to is not None or not one.counts_twice:
            continue
        earned: set[float] = set()
        for result in results:
            if one.is_for(result) and not result.handed_in_by:
                verdicts = [each for each in result.verdicts if each.name == one.check]
                earned.update(verdict.earned for verdict in verdicts)
        if len(earned) > 1:
            points = " and ".join(f"{each:g}" for each in sorted(earned))
            lines.append(
                f"{one.student}, {one.unit}, {one.check}: {one.who} {one.act} by hand "
                f"({one.words}), which counts for each file of the student, and these earn "
                f"{points} there. If it was meant for one file, undo it, or write `to`, which sets "
                "the points of each."
            )
    return lines


def comments_unread(results: Sequence[Result], adjustments: Sequence[Adjustment]) -> list[str]:
    """Say which comments and factors are for a student without a result: no page shows them.

    results: of all attempts, with those that count for partners.
    """
    there = {(result.unit, result.lms_name) for result in results}
    there |= {(one.unit, one.student) for one in adjustments if one.gives}
    lines = []
    for one in adjustments:
        if one.student != EVERYONE and not one.gives and (one.unit, one.student) not in there:
            lines.append(
                f"{one.student} has no result in {one.unit}, so no page shows this: {one.said}"
            )
    return lines


def added_without_a_file(results: Sequence[Result], adjustments: Sequence[Adjustment]) -> list[str]:
    """Say whose points for a unit stand without a file: those of a later file would be added.

    results: of all attempts, with those that count for partners.
    """
    there = {(result.unit, result.lms_name) for result in results if result.checksum}
    lines = []
    for one in adjustments:
        adds = _is_about_the_unit(one) and one.points is not None and one.points > 0
        if one.student != EVERYONE and adds and (one.unit, one.student) not in there:
            lines.append(
                f"{one.student} has no gradable file in {one.unit}, and {one.who} {one.act} by "
                f"hand ({one.words}). The points of a later file would be added: write `to = "
                f"{one.points:g}` instead of `points`, if you mean them as the points of the unit."
            )
    return lines


def in_units_of_nobody(results: Sequence[Result], adjustments: Sequence[Adjustment]) -> list[str]:
    """Say which units count only because of points by hand, as after a slip in `unit`.

    results: of all attempts.
    """
    there = {result.unit for result in results}
    lines = []
    for unit in sorted({one.unit for one in adjustments if one.gives} - there):
        of_unit = [one for one in adjustments if one.gives and one.unit == unit]
        given = [one for one in of_unit if one.student != EVERYONE]
        students = sorted({one.student for one in given})
        if students:
            lines.append(
                f"Warning: nobody has a result in {unit}, and {first_of(students)} "
                f"{'has' if len(students) == 1 else 'have'} points by hand there: "
                f"{given[0].said}. So {unit} counts in the total, where everybody else has 0. If "
                "you mean another unit, correct `unit`."
            )
    return lines


def in_dropped_checks(
    dropped: Mapping[str, Collection[str]], adjustments: Sequence[Adjustment]
) -> list[str]:
    """Say which points by hand have no effect, because the policy drops the check.

    dropped: unit → checks.
    """
    students: dict[tuple[str, str], list[str]] = {}
    for one in adjustments:
        if one.check in dropped.get(one.unit, ()) and one.points != 0:
            students.setdefault((one.unit, one.check), []).append(one.student)
    return [
        f"Warning: the policy drops {check} of {unit}, so points by hand there have no effect "
        f"({len(whose)}): {first_of(whose)}. To count them, give them to the whole unit."
        for (unit, check), whose in students.items()
    ]


def _is_about_the_unit(one: Adjustment) -> bool:
    return not one.check and not one.line


def said_of_checks(result: Result, adjustments: Sequence[Adjustment]) -> list[str]:
    """Return the manual changes of single checks, rubric lines and the whole unit in words.

    Where the points of the whole unit are set, others change nothing and are left out.
    """
    said = []
    changes = _of_checks(result, adjustments)
    is_set = any(_is_about_the_unit(one) and one.to is not None for one in changes)
    for one in changes:
        about = one.check or one.line
        if about and is_set and one.points != 0:
            continue
        if about:
            said.append(f"{about} {one.said}")
        else:
            said.append(f"by hand, {one.who} {one.act}: {one.words}")
    return said


def unit_factor(result: Result, adjustments: Sequence[Adjustment]) -> tuple[Fraction, list[str]]:
    """Return the factor of all points of a result, and its reason."""
    factor = Fraction(1)
    words = []
    for one in of_result(result, adjustments):
        if one.is_factor_of_unit:
            factor *= exact(one.factor or 0.0)
            words.append(one.said)
    return factor, words


def of_result(result: Result, adjustments: Sequence[Adjustment]) -> list[Adjustment]:
    """Return the adjustments of a student's unit."""
    return [one for one in adjustments if one.is_for(result)]


def _of_checks(result: Result, adjustments: Sequence[Adjustment]) -> list[Adjustment]:
    """Return the adjustments of a student's unit except those that multiply all of its points."""
    of_unit = of_result(result, adjustments)
    return [one for one in of_unit if not one.is_factor_of_unit]


def _with(verdict: Verdict, one: Adjustment, counted_beside: Fraction) -> Verdict:
    """Apply an adjustment to its verdict.

    counted_beside: the points of the unit's other verdicts, if it is about the whole unit; the
    points that are set are the sum of both.
    """
    earned = exact(verdict.earned)
    if one.to is not None:
        earned = exact(one.to) - counted_beside
    elif one.factor is not None:
        earned *= exact(one.factor)
    else:
        earned += exact(one.points or 0)
    remark = Remark(one.said, literal=True)
    remarks = (*verdict.remarks, remark)
    return replace(verdict, earned=float(earned), remarks=remarks)
