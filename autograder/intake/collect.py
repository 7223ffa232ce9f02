"""Takes the content of a source as `grade` reads it, without losing any.

Everything is planned first; `--dry-run` ends there. Existing attempts are kept.
"""

import os
import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from difflib import get_close_matches
from pathlib import Path, PurePath

import msgspec

from autograder.course import Course
from autograder.errors import UserError, first_of, one_line
from autograder.grading.attempts import NUMBERED
from autograder.grading.hand_in import LIST, MARK, RECEIPTS, HandIn, is_collected, kinds_collected
from autograder.grading.outline import outline_unit
from autograder.grading.results import CannotWrite, digest, replace_file
from autograder.grading.roster import (
    CANVAS,
    Roster,
    Student,
    Worksheet,
    called,
    folded,
    kept_from,
    merged,
    refuse_doubled,
    roster_beside,
    times_by_student,
    turned,
    with_others_numbers,
    with_units,
    zone_of,
)
from autograder.grading.roster import FILE as ROSTER
from autograder.grading.submissions import PERHAPS_ONE, is_unchanged, perhaps_one_student
from autograder.intake.adoption import Adoption, adopt, adoptions
from autograder.intake.adoption import in_words as adoption_in_words
from autograder.intake.canvas import ANONYMOUS_NAME
from autograder.intake.folder import FOLDER
from autograder.intake.folder_names import (
    GITHUB,
    Naming,
    folder_name,
    shared_names,
    shared_prefixes,
)
from autograder.intake.found import Found, SourceKind
from autograder.intake.items import (
    CannotCollect,
    Contents,
    Item,
    Left,
    Person,
    content_of,
    in_utc,
    listed,
    shown,
)
from autograder.intake.laid_out import (
    Attempt,
    AttemptsAtUnit,
    add_to_list,
    attempts_in,
    has_any,
    lay_out,
    lay_out_ungraded,
    with_those_before,
)
from autograder.intake.nbgrader import NBGRADER
from autograder.intake.sources import recognize
from autograder.intake.units import AS_TEXT, is_script, script_name, unit_named, unit_within
from autograder.question import is_name_of
from autograder.sandbox.definitions import why_unread

FEWEST_OF_ANOTHER = 3  # files with the name of another unit, from which on a source is refused
MOST_NAMED = 5  # files that are named if nothing is a submission


@dataclass(frozen=True)
class Ungraded:
    """A student who submitted only files that cannot be graded.

    unit: empty if unknown. why: why the first such file was not taken. is_assumed: whether no name
    says the unit, so that it is that of the others.
    """

    student: str
    unit: str
    record: HandIn
    why: str
    is_assumed: bool = False

    @property
    def in_words(self) -> str:
        """Say who it is, and for which unit."""
        about = f", {self.unit}" if self.unit else ""
        whose = called(self.student, self.record.name)
        return f"{whose}{about}: {self.record.file}: {self.why}"


@dataclass
class Plan:
    """The effect of collecting a source.

    places: what is written. left: what is not taken. unknown: who is in no roster. doubtful: of
    them, by a name of the roster's, the folders of those who bear it. missing: who is in the roster
    and submitted nothing of the usual unit; if there is none, nothing at all. ungraded: who
    submitted only files that cannot be graded.
    usual: the unit that most of the students submitted; empty if there is none.
    future: the files whose time is in the future. kinds: the kinds of sources collected into the
    folder, this one too. above: the number of outer folders without information. kept: the message
    on an earlier roster. named: by student and unit, another unit that the file's name belongs to.
    worksheet: Moodle's, an empty one if none was given. maximum: what to say if its maximum grade
    is not the unit's points. lacking: students with a submission in the
    worksheet and none in the zip. adopted: students' files under other names.
    unmatched: the rows of the times that match nobody. timed_already: whose time was given, though
    the source has one. other_names: the numbers whose names differ
    in the zip and in Moodle's worksheet, in words. before: the files that were taken before as
    another unit's, in words. elsewhere: the new files that were handed in for another unit in
    nbgrader, in words. of_others: how much there is of each unit that a person did not ask for in
    nbgrader's assignments.
    """

    source: SourceKind
    places: list[AttemptsAtUnit] = field(default_factory=list)
    left: list[Left] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    doubtful: dict[str, set[str]] = field(default_factory=dict)
    missing: list[Student] = field(default_factory=list)
    ungraded: list[Ungraded] = field(default_factory=list)
    usual: str = ""
    above: int = 0
    future: list[str] = field(default_factory=list)
    kinds: list[str] = field(default_factory=list)
    roster: Roster | None = None
    kept: str = ""
    named: dict[tuple[str, str], str] = field(default_factory=dict)
    worksheet: Worksheet = field(default_factory=Worksheet)
    maximum: str = ""
    lacking: list[Student] = field(default_factory=list)
    adopted: list[Adoption] = field(default_factory=list)
    unmatched: list[str] = field(default_factory=list)
    timed_already: set[str] = field(default_factory=set)
    other_names: list[str] = field(default_factory=list)
    before: list[str] = field(default_factory=list)
    elsewhere: list[str] = field(default_factory=list)
    of_others: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True)
class Wish:
    """A person's options.

    into: where to. unit, kind: those of the source, where it does not say. times: when students
    handed in, by the platform's number, or as a roster knows them.
    """

    into: Path
    unit: str = ""
    kind: str = ""
    times: Mapping[str, str] = field(default_factory=dict)


def plan(course: Course, contents: Contents, wish: Wish, roster: Roster | None = None) -> Plan:
    """Plan what becomes of each file of a source.

    Raises `CannotCollect` if no file in it is a submission.
    """
    _refuse_foreign(wish.into)
    before = kinds_collected(wish.into)
    source, items = recognize(
        contents.items,
        lambda name: bool(unit_named(course, name)),
        wish.kind,
        contents.zipped,
        before,
        contents.name,
    )
    _refuse_other_kind(source, before, wish)
    _refuse_roster_of_another_platform(source, roster)
    known = roster_beside(wish.into)
    named = as_folders(roster)
    refuse_doubled(known, named)
    whole = as_folders(merged(known, named))
    made = Plan(source, roster=whole)
    made.kinds = sorted({*before, source.name})
    made.kept = kept_from(known, named)
    made.above = len(items[0].above) if items else 0
    above = made.above
    found_items = list(source.read([*items, *_unread_items(contents.left, above)], contents.name))
    came = {found.who.id for found in found_items if found.who and found.who.id}
    made.worksheet = _worksheet_of(source, roster)
    _refuse_groups(made.worksheet, found_items)
    _refuse_another_worksheet(made.worksheet, came)
    made.other_names = _with_other_names(made.worksheet, named, found_items)
    if source.name == CANVAS.source and whole:
        made.other_names = _with_others_numbers(whole, found_items)
    given_times = times_by_student(wish.times, whole)
    times = {**made.worksheet.times, **given_times}
    now = datetime.now(UTC)
    shared = shared_names(found.who for found in found_items if found.who)
    clones = {found.who.login for found in found_items if found.who}
    is_of_clones = source.name == GITHUB
    prefixes = shared_prefixes(clones, whole, wish.into) if is_of_clones else ()
    naming = Naming(wish.into, source.name, whole, shared, prefixes)
    candidates: dict[tuple[str, str], list[_Recognized]] = {}
    timed: set[str] = set()
    unread = {each.place: each for each in contents.left}
    for found in found_items:
        if found.who and found.who.id in made.worksheet.late:
            found = replace(found, late=True)
        left = unread.pop(_place_of(found), None)
        if source.name == NBGRADER.name and wish.unit:
            other = _unit_not_asked_for(course, wish.unit, found)
            if other:
                made.of_others[other] += 1
                continue
        if left:
            made.left.append(replace(left, who=found.who, late=found.late))
            continue
        is_files_own = source.name == FOLDER.name  # a given time is better
        submitted = _time_of(found.who, naming, times) if isinstance(found, Found) else ""
        if isinstance(found, Found) and (not found.submitted or (is_files_own and submitted)):
            found = replace(found, submitted=submitted, is_time_given=True)
            timed |= {naming.folder_of(found.who)[0]} if submitted else set()
        elif isinstance(found, Found) and _time_of(found.who, naming, given_times):
            made.timed_already.add(naming.folder_of(found.who)[0])
        if isinstance(found, Found) and _is_to_come(found, now):
            made.future.append(found.item.place)
            found = replace(found, submitted=in_utc(now), is_time_given=False)
        candidate = found if isinstance(found, Left) else _candidate(course, wish, naming, found)
        if isinstance(candidate, Left):
            made.left.append(candidate)
        else:
            whose = (candidate.student, candidate.unit)
            candidates.setdefault(whose, []).append(candidate)
    made.left += unread.values()
    handed_in = [(unit, _number_of(file)) for (_, unit), of in candidates.items() for file in of]
    made.roster = merged(known, with_units(named, handed_in))
    made.adopted = adoptions(wish.into, made.roster)
    for (student, unit), files in sorted(candidates.items()):
        names = {unit_named(course, PurePath(file.found.name).stem) for file in files}
        if unit not in names and names != {""}:
            made.named[student, unit] = max(names)
        fresh, beside = _one_of_each(course, files, source)
        made.left += beside
        if fresh:
            adopted = _adopted(made, wish.into, student, unit)
            place = with_those_before(wish.into, student, unit, fresh, adopted)
            made.places.append(place)
            if source.name == NBGRADER.name and place.fresh:
                made.elsewhere += _for_another_unit(course, files, place)
    if not made.places:
        raise CannotCollect(_nothing(made))
    made.before = _taken_as_another_unit(course, wish.into, made.places)
    _refuse_other_names(made)
    _refuse_older_times(made)
    made.usual = wish.unit or unit_within(course, [contents.name]) or _usual(made.places)
    made.maximum = _other_maximum(course, made.usual, made.worksheet)
    made.ungraded = list(_ungraded(course, wish, made, naming, times))
    if named and source.name == CANVAS.source:
        _refuse_roster_of_nobody(naming, named)
    came_as = came | naming.known | naming.unknown | timed | made.timed_already
    made.unmatched = _unmatched(wish.times, whole, came_as)
    made.unknown = sorted(naming.unknown)
    made.doubtful = naming.doubtful
    if whole:
        there = [place.student for place in made.places]
        there += [one.student for one in made.ungraded]
        made.lacking = _lacking(named, made.worksheet, came)
        there += [student.student for student in made.lacking]
        adopted_now = [one for one in made.adopted if made.usual in ("", one.unit)]
        there += [one.whose.student for one in adopted_now]
        made.missing = _missing(whole, there, wish.into, made.usual)
    return made


def _taken_as_another_unit(
    course: Course, into: Path, places: Sequence[AttemptsAtUnit]
) -> list[str]:
    """List the new files that an earlier run took as another unit's of the same student."""
    lines = []
    for place in places:
        if not place.fresh or why_unread(place.attempts[-1].content):
            continue  # an empty file is no work of either unit
        for unit in course.units:
            for attempt in attempts_in(into, place.student, unit) if unit != place.unit else ():
                if attempt.record.sha256 == place.latest.sha256:
                    number = attempt.record.attempt
                    lines.append(f"{_whose(place)}: {unit}, attempt {number}, now {place.unit}")
    return lines


def _unit_not_asked_for(course: Course, unit: str, found: Found | Left) -> str:
    """Return the unit of an assignment in nbgrader if it is not the one that a person asked for.

    Empty if the assignment's name is no unit's, or a file has the name of the wanted one.
    """
    if isinstance(found, Found) and unit_named(course, PurePath(found.name).stem) == unit:
        return ""
    assigned = _assigned(course, found)
    return "" if assigned == unit else assigned


def _assigned(course: Course, found: Found | Left) -> str:
    """Return the unit that an assignment in nbgrader is named after; empty if there is none."""
    return unit_named(course, found.hint) or unit_within(course, [found.hint])


def _for_another_unit(
    course: Course, files: Sequence["_Recognized"], place: AttemptsAtUnit
) -> list[str]:
    """Say that a student's latest file was handed in for another unit's assignment in nbgrader."""
    for file in files:
        unit = _assigned(course, file.found)
        if unit not in ("", place.unit) and shown(file.found.item.place) == place.latest.file:
            name = f"{_whose(place)}: {shown(file.found.name)}"
            return [f"{name} was handed in for {unit}, and is taken as {place.unit}"]
    return []


def _taken_before(made: Plan) -> list[str]:
    """List the files that were taken before as another unit's, and say how to take them back."""
    if not made.before:
        return []
    return [
        *listed("taken before as another unit's, where they still count", made.before),
        "  To take one back, delete the student's folder, collect all downloads again, each with "
        "--unit, and run grade: it names the results that are left over.",
    ]


def _time_of(who: Person, naming: Naming, times: Mapping[str, str]) -> str:
    """Return when somebody handed in: by the platform's number, else by the student's folder."""
    by_number = times.get(who.id, "") if who.id else ""
    if by_number or not times:
        return by_number
    student, _ = naming.folder_of(who)
    return times.get(student, "")


def _unmatched(times: Mapping[str, str], roster: Roster | None, came: Collection[str]) -> list[str]:
    """List the rows of a table of times that match nobody, each with the nearest name.

    came: the numbers and folders of those in the source.
    """
    lines = []
    for key in sorted(times):
        is_known = roster is not None and roster.find(
            id=key, login=key, sis=key, email=key, name=key
        )
        if is_known or key in came:
            continue
        namesakes = roster.namesakes(key) if roster else []
        if namesakes:
            students = ", ".join(sorted(student.student for student in namesakes))
            lines.append(f"{key}: a name of several people: {students}")
            continue
        shown = {folded(name): name for name in [*came, *_names(roster)]}
        near = get_close_matches(folded(key), shown, 1, 0.6)
        lines.append(f"{key} (did you mean `{shown[near[0]]}`?)" if near else key)
    return lines


def _names(roster: Roster | None) -> list[str]:
    """Return every word by which a table of times may name a student of the roster."""
    names = []
    for student in roster.students.values() if roster else ():
        names += [student.student, student.login, student.email, student.name, turned(student.name)]
    return [name for name in names if name]


def _number_of(file: "_Recognized") -> str:
    """Return the number of a file's student, by its source, else by the roster."""
    return file.found.who.id or (file.known.id if file.known else "")


def _adopted(made: Plan, into: Path, student: str, unit: str) -> list[Attempt]:
    """Read a student's attempts at a unit in folders of other names."""
    attempts = []
    for one in made.adopted:
        if (one.whose.student, one.unit) == (student, unit):
            attempts += one.attempts(into)
    return attempts


def _worksheet_of(source: SourceKind, roster: Roster | None) -> Worksheet:
    """Return Moodle's worksheet, if it was given with a zip of Moodle's; else an empty one."""
    worksheet = roster.worksheet if roster else None
    if worksheet is None or source.name != MOODLE:
        return Worksheet()
    return worksheet


def _refuse_groups(worksheet: Worksheet, found_items: Sequence[Found | Left]) -> None:
    """Refuse a download in which Moodle numbers groups: a number may also be a participant's.

    Raises `CannotCollect`.
    """
    people = [found.who for found in found_items if found.who]
    groups = [who for who in people if folded(who.name) in worksheet.groups]
    if not groups:
        return
    raise CannotCollect(
        "In this assignment students submit in groups, so Moodle's download has the groups' names "
        f"and numbers, such as {shown(groups[0].called)}, and the worksheet those of students. "
        "Collect it into a folder of its own without --roster: each group then counts as one "
        "student. Next time, switch off *Students submit in groups*, let one student of each group "
        "submit, and name the others in the policy's table of partners."
    )


def _refuse_another_worksheet(worksheet: Worksheet, came: Collection[str]) -> None:
    """Refuse the worksheet of another assignment: Moodle numbers participants in each.

    came: the numbers of those with a submission.
    Raises `CannotCollect`.
    """
    is_another = worksheet.numbers and came and worksheet.numbers.isdisjoint(came)
    if not is_another:
        return
    raise CannotCollect(
        f"The worksheet has none of the participants' numbers of the zip, such as {min(came)}, so "
        "it is the worksheet of another assignment. In Moodle, open the assignment that the zip is "
        "of, choose *Download grading worksheet*, and give that to --roster."
    )


def _with_other_names(
    worksheet: Worksheet, named: Roster | None, found_items: Sequence[Found | Left]
) -> list[str]:
    """List the numbers that have another name in the worksheet than in the zip; none if most do.

    A site can write names in another way into the zip. But if two have a name in the zip that
    another row has, then somebody has sorted one column of the worksheet without the others.
    Raises `CannotCollect` for that.
    """
    names = {}
    for student in named.students.values() if named else ():
        if student.id in worksheet.numbers and student.name:
            names[student.id] = student.name
    people = {found.who.id: found.who.name for found in found_items if found.who}
    both = {number: name for number, name in people.items() if name and number in names}
    others = []
    of_other_rows = []
    for number, name in sorted(both.items()):
        if _are_of_one(name, names[number]):
            continue
        there = shown(names[number])
        others.append(f"{number} is {shown(name)} in the zip and {there} in the worksheet")
        if any(_are_of_one(name, other) for other in names.values()):
            of_other_rows.append(others[-1])
    if len(of_other_rows) > 1:
        raise CannotCollect(
            f"{len(of_other_rows)} participants' numbers have the name of another row of the "
            f"worksheet: {of_other_rows[0]}. Perhaps one of its columns was sorted without the "
            "others. Download the grading worksheet again, and give that to --roster."
        )
    return others if 2 * len(others) <= len(both) else []


def _with_others_numbers(roster: Roster, found_items: Sequence[Found | Left]) -> list[str]:
    """List Canvas's numbers that have the name of another row of the roster, if it is only one.

    Canvas's file names hold a number and a name without blanks. Raises `CannotCollect` for several.
    """
    people = sorted({(found.who.id, found.who.name) for found in found_items if found.who})
    exchanged = [
        f"{number} is {shown(name)} in the zip and {shown(there)} in the roster"
        for number, name, there in with_others_numbers(people, roster)
    ]
    if len(exchanged) > 1:
        raise CannotCollect(
            f"{len(exchanged)} of Canvas's numbers stand beside another student's name in the "
            f"roster: {exchanged[0]}. Perhaps one of its columns was sorted without the others. "
            "Export the gradebook again, and give that to --roster."
        )
    return exchanged


def _are_of_one(one: str, other: str) -> bool:
    """Return whether two names can be one person's, in either direction."""
    one, other = _words(one), _words(other)
    return is_name_of(one, [other]) or is_name_of(other, [one])


def _words(name: str) -> str:
    """Return a name without signs: file names in Moodle's zip lack some."""
    return re.sub(r"[^\w\s,]", "", name)


def _other_maximum(course: Course, unit: str, worksheet: Worksheet) -> str:
    """Say that Moodle's maximum grade is not the unit's points; "" if it is, or is unknown."""
    if not worksheet.maximum or not unit:
        return ""
    said = f"The maximum grade of Moodle's assignment is {worksheet.maximum:g}"
    try:
        points = sum(check.points for check in outline_unit(course, unit).checks)
    except (UserError, ImportError) as error:
        why = one_line(str(error))
        return f"{said}. Whether {unit} has as many points could not be seen here: {why}"
    if abs(points - worksheet.maximum) < EQUAL:
        return ""
    return (
        f"{said}, and {unit} has {points:g} points. Change it in the assignment's settings, unless "
        "your policy changes the unit's points."
    )


EQUAL = 0.005  # points: Moodle writes hundredths


def _refuse_roster_of_nobody(naming: Naming, named: Roster) -> None:
    """Refuse a roster in which nobody of Canvas's download is found, by number or name.

    One who is not in it may be a stranger. Raises `CannotCollect`.
    """
    is_of_nobody = not naming.known and not naming.doubtful and len(naming.unknown) > 1
    if not is_of_nobody:
        return
    has_numbers = any(student.id for student in named.students.values())
    lacks = "has none of these numbers" if has_numbers else "has no numbers of Canvas's"
    raise CannotCollect(
        f"None of the {len(naming.unknown)} students of the download, such as "
        f"{shown(min(naming.unknown))}, is in the roster. Canvas's download knows students by "
        f"their names and Canvas's numbers, and the roster {lacks}. In Canvas, choose *Grades*, "
        "*Export*, *Export Entire Gradebook*, and give that to --roster; or write Canvas's "
        "numbers into a column `id` of yours."
    )


def _refuse_older_times(made: Plan) -> None:
    """Refuse new files that a table of times gives the time of an earlier, different file.

    The table is then older than the files. Raises `CannotCollect`.
    """
    of_earlier = []
    for place in made.places:
        of_earlier += [f"{_whose(place)} ({time})" for time in place.with_old_time]
    if not of_earlier:
        return
    who = ", ".join(of_earlier[:MOST_NAMED])
    raise CannotCollect(
        "The table of times is older than the files: it gives a new file the time of an earlier, "
        f"different file of the same student: {who}. Download the table again (in Moodle the "
        "grading worksheet), and give that one."
    )


def _refuse_other_names(made: Plan) -> None:
    """Refuse a source if most of its new files have another unit's name. Raises `CannotCollect`."""
    fresh = [place for place in made.places if place.fresh]
    others = Counter(
        (made.named[place.student, place.unit], place.unit)
        for place in fresh
        if (place.student, place.unit) in made.named
    )
    if not others:
        return
    ((named, taken), count) = others.most_common(1)[0]
    if count < FEWEST_OF_ANOTHER or 2 * count <= len(fresh):
        return
    raise CannotCollect(
        f"{count} of {len(fresh)} new files have the name of {named}, and would be taken as "
        f"{taken}. Give `--unit {named}`, or the zip of {taken}."
    )


def _lacking(named: Roster | None, worksheet: Worksheet, came: Collection[str]) -> list[Student]:
    """Return the students with a submission in the worksheet and none in the source."""
    numbers = set(worksheet.without_file(came))
    students = named.students.values() if named else ()
    return [student for student in students if student.id in numbers]


def _unread_items(left: Sequence[Left], above: int) -> list[Item]:
    """Return unreadable files as items, so that a list can name their owners.

    above: the number of outer folders without information.
    """
    items = []
    for each in left:
        parts = tuple(each.place.split("/"))
        if not each.is_nobodys and len(parts) > above:
            items.append(Item(parts[above:], NOWHERE, above=parts[:above]))
    return items


NOWHERE = Path(os.devnull)


def _place_of(found: Found | Left) -> str:
    return found.item.place if isinstance(found, Found) else found.place


def _usual(places: Sequence[AttemptsAtUnit]) -> str:
    """Return the unit that more than half of the students submitted; empty if there is none."""
    students = {place.student for place in places}
    counts = Counter(place.unit for place in places)
    units = [unit for unit, count in counts.items() if 2 * count > len(students)]
    return units[0] if len(units) == 1 else ""


def _ungraded(
    course: Course, wish: Wish, made: Plan, naming: Naming, times: Mapping[str, str]
) -> Iterator[Ungraded]:
    """Yield the students who submitted only files that cannot be graded, once for each unit.

    A file belongs to the unit in its name, else to that of the others. If they submitted several,
    it may belong to each, so that its student is not listed as having submitted nothing.
    times: of submissions, by the platform's number.
    """
    there = {(place.student, place.unit) for place in made.places}
    students = {place.student for place in made.places}
    found: set[tuple[str, str]] = set()
    for left in made.left:
        if left.who is None or left.is_nobodys:
            continue
        student, known = naming.folder_of(left.who)
        named = wish.unit or _unit_of_left(course, left)
        has_files = student in students
        if has_files and (not named or made.source.name in CLONES):
            continue
        record = _record(made.source, student, known, left.who, left.place)
        record = msgspec.structs.replace(
            record,
            submitted=left.submitted or _time_of(left.who, naming, times),
            late=left.late,
            why=_why_for_students(left.why),
        )
        for unit in [named] if named else _possible_units(made):
            if (student, unit) not in there | found:
                found.add((student, unit))
                yield Ungraded(student, unit, record, left.why, is_assumed=not named)


def _unit_of_left(course: Course, left: Left) -> str:
    """Return the unit in the name of a skipped file, or in that of a folder."""
    for part in reversed(left.place.split("/")):
        unit = unit_within(course, [PurePath(part).stem])
        if unit:
            return unit
    return ""


def _possible_units(made: Plan) -> list[str]:
    """Return the units that a file without a unit's name may be of; an empty one for a clone."""
    if made.source.name in CLONES:
        return [""]
    if made.usual:
        return [made.usual]
    return sorted({place.unit for place in made.places})


def _why_for_students(why: str) -> str:
    """Return why a file cannot be graded, without advice for an instructor."""
    return NO_UNIT if why.startswith(NO_UNIT) else why


def _refuse_other_kind(source: SourceKind, before: Sequence[str], wish: Wish) -> None:
    """Refuse a source of another kind than those before, unless a person confirms it.

    A platform's export says who handed in nothing. The files of one student do not.
    Raises `CannotCollect`.
    """
    if wish.kind or not before or source.name in before:
        return
    known = " and ".join(before)
    raise CannotCollect(
        f"{wish.into} was collected from {known}, and this looks like {source.title}. Students "
        "have other names on another platform, so collect it into a folder of its own. If this "
        f"folder is right nevertheless, add --from {source.name}, or --from what it is."
    )


def _refuse_roster_of_another_platform(source: SourceKind, roster: Roster | None) -> None:
    """Refuse Moodle's table for Canvas's files, and the reverse. Raises `CannotCollect`."""
    of = roster.platform if roster else source.name
    if source.name in NUMBERED and of in NUMBERED and source.name != of:
        raise CannotCollect(
            f"This is {source.title}, and the roster is a table of {NUMBERED[of]}, where students "
            "have other names and numbers. Give --roster the table of the same course."
        )


ZONES = timedelta(hours=26)  # the largest difference of two local times


def _is_to_come(found: Found, now: datetime) -> bool:
    """Return whether a file's time is in the future in every time zone."""
    if not found.submitted:
        return False
    return datetime.fromisoformat(found.submitted) > now + ZONES


def _missing(roster: Roster, came: Sequence[str], into: Path, unit: str) -> list[Student]:
    """Return who has handed in nothing, now or before. came: who has now.

    unit: the one that is collected; empty where there are several, and then for none of them.
    """
    missing = []
    for student in roster.without(came):
        if not has_any(into, student.student, unit):
            missing.append(student)
    return missing


def as_folders(roster: Roster | None) -> Roster | None:
    """Return the roster with each student named like their folder.

    Raises `CannotCollect` if two would share a folder.
    """
    if roster is None:
        return None
    renamed: dict[str, Student] = {}
    called: dict[str, str] = {}
    for student in roster.students.values():
        name = folder_name(student.student)
        if name in renamed:
            raise CannotCollect(
                f"The roster's `{called[name]}` and `{student.student}` would have one folder, "
                f"{name}. Give one of them another name in a column `student`."
            )
        called[name] = student.student
        renamed[name] = replace(student, student=name)
    return Roster(renamed.values())


def _refuse_foreign(into: Path) -> None:
    """Refuse to write into a folder that `collect` did not write. Raises `CannotCollect`."""
    if not into.exists():
        return
    if not into.is_dir():
        raise CannotCollect(f"{into} is a file. Name a folder.")
    is_empty = not any(into.iterdir())
    if not is_empty and not is_collected(into):
        raise CannotCollect(f"{into} holds files that `collect` did not write. Name a new folder.")


def _unit_of(course: Course, found: Found) -> str:
    """Return the unit by the file's name, else by a folder's, else by the source."""
    folders = found.item.parts[1:-1]
    names = [PurePath(found.name).stem, *reversed(folders)]
    for name in names:
        unit = unit_named(course, name)
        if unit:
            return unit
    return unit_within(course, [found.hint])


NO_UNIT = "its name contains no unit"


def _no_unit(course: Course) -> str:
    names = [course.short(unit) for unit in course.units]
    listing = ", ".join(names)
    return f"{NO_UNIT} ({listing}). With --unit UNIT all files belong to that unit"


def _nothing(made: Plan) -> str:
    """Say that there is no submission, and why not for the first files."""
    lines = [f"There is no submission in it, read as {made.source.title}."]
    for left in made.left[:MOST_NAMED]:
        place = shown(left.place)
        lines.append(f"  {place}: {left.why}")
    return "\n".join([*lines, *_of_others(made)])


def _of_others(made: Plan) -> list[str]:
    """Count what nbgrader has of other units, which --unit leaves out."""
    if not made.of_others:
        return []
    named = first_of([f"{unit} ({count})" for unit, count in sorted(made.of_others.items())])
    return [f"handed in for other units, and not taken with --unit: {named}"]


@dataclass(frozen=True, order=True)
class _Rank:
    """A key that sorts the best file of a submission first.

    A name like the unit's comes before others; of those, a file that is in no other unit's folder,
    then a name equal to the unit's, and a script before a notebook.
    """

    is_not_near: bool
    is_of_another: bool
    is_not_exact: bool
    is_notebook: bool
    place: str


@dataclass(frozen=True)
class _Recognized:
    """A script or notebook with its student and unit. known: the student in the roster."""

    found: Found
    student: str
    known: Student | None
    unit: str

    def rank(self, course: Course) -> _Rank:
        """Return how good a choice this file is, the best first."""
        path = PurePath(self.found.name)
        folders = {unit_named(course, name) for name in self.found.item.parts[1:-1]} - {""}
        return _Rank(
            is_of_another=bool(folders) and self.unit not in folders,
            is_not_exact=path.stem != self.unit,
            is_not_near=unit_named(course, path.stem) != self.unit,
            is_notebook=path.suffix.casefold() != ".py",
            place=self.found.item.place,
        )

    def left(self, why: str) -> Left:
        """Return that the file is not taken."""
        return _left(self.found, why)


def _candidate(course: Course, wish: Wish, naming: Naming, found: Found) -> _Recognized | Left:
    """Return the candidate for a file, or why it cannot be a submission."""
    place = found.item.place
    found = replace(found, name=script_name(found.name))
    if naming.source in CLONES and _is_handed_out(course, found):
        return Left(place, HANDED_OUT, found.who, is_nobodys=True)
    if not is_script(found.name):
        return _left(found, "no .py or .ipynb")
    unit = wish.unit or _unit_of(course, found)
    if not unit:
        return _left(found, _no_unit(course))
    student, known = naming.folder_of(found.who)
    return _Recognized(found, student, known, unit)


def _left(found: Found, why: str) -> Left:
    """Return a skipped file with its source's data."""
    return Left(found.item.place, why, found.who, submitted=found.submitted, late=found.late)


CLONES = ("classroom50", GITHUB)
MOODLE = "moodle"
HANDED_OUT = "part of the starter files"


def _is_handed_out(course: Course, found: Found) -> bool:
    """Return whether a clone's file is one of the course's that students need not change."""
    within = found.item.parts[1:]
    if not within or unit_named(course, PurePath(found.name).stem):
        return False
    return course.folder.joinpath(*within).is_file()


def _one_of_each(
    course: Course, candidates: Sequence[_Recognized], source: SourceKind
) -> tuple[list[Attempt], list[Left]]:
    """Return one file of each submission, and the others.

    candidates: all files of one student and one unit.
    """
    hand_ins: dict[str, list[_Recognized]] = {}
    for candidate in candidates:
        hand_in = candidate.found.together
        hand_ins.setdefault(hand_in, []).append(candidate)
    fresh: list[Attempt] = []
    left: list[Left] = []
    for files in hand_ins.values():
        attempt, beside = _one_of(course, files, source)
        left += beside
        if attempt:
            fresh.append(attempt)
    fresh, as_given = _without_given(course, candidates[0].unit, fresh, source)
    return fresh, left + as_given


def _one_of(
    course: Course, files: Sequence[_Recognized], source: SourceKind
) -> tuple[Attempt | None, list[Left]]:
    """Return the file that is taken of one submission, or None, and the others."""
    best, *others = sorted(files, key=lambda file: file.rank(course))
    has_another = bool(others) and not others[0].rank(course).is_not_near
    if has_another and is_unchanged(course, best.unit, lambda: content_of(best.found.item)):
        best, *others = (*others, best)
    if others and _nobody_knows(course, best, others[0]):
        names = [shown(file.found.name) for file in files]
        why = f"which of {', '.join(names)} is {best.unit}? Give one of them that name"
        return None, [file.left(why) for file in files]
    taken = shown(best.found.name)
    why = f"beside {taken}, which is taken as {best.unit}"
    left = [file.left(why) for file in others]
    try:
        return _attempt(best, source), left
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        left.append(best.left(why))
        return None, left


def _nobody_knows(course: Course, best: _Recognized, second: _Recognized) -> bool:
    """Return whether two files of one kind both have names unlike the unit's."""
    first_rank = best.rank(course)
    second_rank = second.rank(course)
    if first_rank.is_notebook != second_rank.is_notebook:
        return False
    return first_rank.is_not_near and second_rank.is_not_near


def _without_given(
    course: Course, unit: str, attempts: list[Attempt], source: SourceKind
) -> tuple[list[Attempt], list[Left]]:
    """Leave out unchanged starter files: in a clone every unit's file exists from the start."""
    stub = course.stub(unit)
    if source.name not in CLONES or not stub.is_file():
        return attempts, []
    given = digest(stub.read_bytes())
    changed = []
    left = []
    for attempt in attempts:
        if attempt.record.sha256 == given:
            left.append(Left(attempt.record.file, "never changed", is_nobodys=True))
        else:
            changed.append(attempt)
    return changed, left


def _attempt(candidate: _Recognized, source: SourceKind) -> Attempt:
    """Read a file, and record the source's and the roster's data on it."""
    found = candidate.found
    content = content_of(found.item)
    record = _record(source, candidate.student, candidate.known, found.who, found.item.place)
    record = msgspec.structs.replace(
        record,
        submission=shown(found.submission),
        submitted=found.submitted,
        late=found.late,
        attempt=max(found.attempt, 1),
        sha256=digest(content),
    )
    suffix = PurePath(found.name).suffix.casefold()
    return Attempt(record, content, suffix, found.is_time_given)


def _record(
    source: SourceKind, student: str, known: Student | None, who: Person, place: str
) -> HandIn:
    """Record a file's student by the source and the roster. place: the file's, in the source."""
    listed = known or Student("")
    return HandIn(
        source=source.name,
        student=student,
        name=shown(listed.name or who.name),
        email=shown(who.email or listed.email),
        id=shown(who.id or listed.id),
        login=shown(who.login or listed.login),
        sis=shown(who.sis or listed.sis),
        file=shown(place),
    )


def carry_out(made: Plan, into: Path) -> None:
    """Write what was planned. A stopped run loses nothing: the next one finds it again.

    Raises `CannotWrite`.
    """
    mark = msgspec.json.encode({"format": 1, "last": made.source.name, "kinds": made.kinds})
    try:
        into.mkdir(parents=True, exist_ok=True)
        replace_file(into / MARK, mark)
        if made.roster:
            replace_file(into / ROSTER, made.roster.as_csv().encode())
        for adoption in made.adopted:
            adopt(adoption, into)
        for place in made.places:
            lay_out(place, into)
        for one in made.ungraded:
            if one.unit:
                lay_out_ungraded(one.student, one.unit, one.record, into)
        add_to_list(into, _whole_list(made))
    except OSError as error:
        path = error.filename or into
        raise CannotWrite(f"{path} cannot be written: {error.strerror}.") from error


def summary(made: Plan) -> list[str]:
    """Describe the plan, a line each: the counts, then everything to look at."""
    lines = [_counts(made)]
    if made.kept:
        lines.append(made.kept)
    lines += _later_attempts(made)
    late = [f"{_whose(place)}, {place.unit}" for place in made.places if place.latest.late]
    if late:
        lines.append(f"marked late by {made.source.name} ({len(late)}): {first_of(late)}")
    if made.maximum:
        lines.append(made.maximum)
    lines += listed(AS_DRAFT, _drafts(made))
    table = "worksheet" if made.source.name == MOODLE else "roster"
    lines += listed(f"with another name in the {table} than in the zip", made.other_names)
    lines += _taken_before(made)
    lines += listed(
        "with another unit's name, or of another unit than most", _of_another_unit(made)
    )
    lines += listed("with the name of another unit than their assignment's", made.elsewhere)
    lines += listed("saved as text, and taken as the script that it is", _saved_as_text(made))
    lines += listed("taken, though no check can run it", _unread(made))
    lines += _coming_back(made)
    lines += _without_time(made)
    lines += _zone_of_worksheet(made)
    if made.source.name == FOLDER.name and any(place.fresh for place in made.places):
        lines.append(
            "Hand-in times are those of the files, which copying or unpacking changes. If late "
            "work loses points, give better ones with --times-from."
        )
    lines += _retimed_in_words(made)
    lines += _unmatched_in_words(made)
    lines += _timed_already_in_words(made)
    future = [shown(place) for place in made.future]
    lines += listed("dated in the future, so they count as handed in now", future)
    unknown = [shown(name) for name in made.unknown]
    missing = [shown(called(student.student, student.name)) for student in made.missing]
    ungraded = [shown(one.in_words) for one in made.ungraded]
    lines += listed("handed in only files that cannot be graded", ungraded)
    lines += _without_unit(made)
    lines += [shown(line) for line in adoption_in_words(made.adopted)]
    lines += listed("not in the roster, but taken", unknown)
    if made.source.name == FOLDER.name:
        known = made.roster.students if made.roster else ()
        doubled = perhaps_one_student({place.latest.login for place in made.places}, known)
        lines += listed(PERHAPS_ONE, [shown(line) for line in doubled])
    lines += _doubtful(made)
    of_unit = f"{made.usual}: " if made.usual else ""
    lines += listed(f"{of_unit}in the roster, and handed in nothing", missing)
    lines += _lacking_in_words(made)
    lines += _not_taken(made)
    lines += _of_others(made)
    lines += _anonymous_in_canvas(made)
    return lines


def _anonymous_in_canvas(made: Plan) -> list[str]:
    """Say that Canvas keeps the names of students back, and what to do."""
    if made.source.name != CANVAS.source:
        return []
    if not any(place.latest.name == ANONYMOUS_NAME for place in made.places):
        return []
    return [
        "The students are anonymous in this download, so their points cannot go back to Canvas. "
        "Post the grades there, or switch Anonymous Grading off; then collect a new download into "
        "a new folder. To grade without names, use `report --anonymous`."
    ]


AS_DRAFT = "taken, though Moodle has it as a draft that was not submitted"


def _drafts(made: Plan) -> list[str]:
    """List the new files that their students have not submitted, only saved."""
    drafts = [place for place in made.places if place.latest.id in made.worksheet.drafts]
    return [f"{_whose(place)}, {place.unit}" for place in drafts if place.fresh]


def _doubtful(made: Plan) -> list[str]:
    """Say whose names could be of several people, so that nobody was taken for them."""
    lines = []
    for name, folders in sorted(made.doubtful.items()):
        namesakes = made.roster.namesakes(name) if made.roster else []
        students = ", ".join(student.student for student in namesakes)
        lines.append(shown(f"{name}: here {', '.join(sorted(folders))}; in the roster {students}"))
    if not lines:
        return []
    return [
        *listed("matched with nobody, because the name may be of several people", lines),
        "  Write into the roster what the platform knows them by, such as its number, in a column "
        "`id`, and run collect again.",
    ]


def _lacking_in_words(made: Plan) -> list[str]:
    """Name submissions that Moodle has and its zip lacks, and say what to do."""
    lacking = [shown(called(student.student, student.name)) for student in made.lacking]
    if not lacking:
        return []
    return [
        *listed("Moodle's worksheet has a submission that the zip lacks", lacking),
        "  In Moodle, choose all participants, with no group and no filter, download all "
        "submissions again, and run collect with the new zip.",
    ]


def _without_unit(made: Plan) -> list[str]:
    """Say how to collect files whose names have no unit, if there are any."""
    unnamed = [left.place for left in made.left if left.why.startswith(NO_UNIT)]
    assumed = [one.record.file for one in made.ungraded if one.unit and one.is_assumed]
    files = list(dict.fromkeys([*unnamed, *assumed]))
    if not files:
        return []
    unit = made.usual or "UNIT"
    lines = [f"{shown(files[0])} names no unit"]
    if len(files) > 1:
        lines = [f"{len(files)} files name no unit, such as {shown(files[0])}"]
    return [f"{lines[0]}. If all of this is {unit}, run collect again with --unit {unit}."]


def _coming_back(made: Plan) -> list[str]:
    """List who may have handed in an earlier file again, and say what that means."""
    whose = [f"{_whose(place)}, {place.unit}" for place in made.places if place.comes_back]
    if not whose:
        return []
    return [
        *listed("an earlier file came again, and is no new attempt", whose),
        '  With keep = "last" the file after it counts. If the earlier one should, give the points '
        "by hand.",
    ]


def _without_time(made: Plan) -> list[str]:
    """Say how many new submissions have no known time."""
    fresh = [place for place in made.places if place.fresh]
    without = [place for place in fresh if not place.latest.submitted]
    if not without:
        return []
    unknown = f"The hand-in time of {len(without)} of {len(fresh)} new submissions is unknown"
    tells_late = made.source.name == "canvas"
    if tells_late and not any(place.latest.late for place in without):
        return [f"{unknown}. Canvas marked none of them late."]
    return [
        f"{unknown}, so nothing can be taken off for being late.{_where_times_are(made, without)}"
    ]


def _zone_of_worksheet(made: Plan) -> list[str]:
    """Say in which time zone the times of Moodle's worksheet were read, if it gave any."""
    fresh = [place.latest for place in made.places if place.fresh]
    times = [made.worksheet.times[each.id] for each in fresh if each.id in made.worksheet.times]
    if not times:
        return []
    zones = {zone_of(datetime.fromisoformat(time)) for time in times}
    return [
        "The worksheet's times were read in this machine's time zone, "
        f"{' and '.join(sorted(zones))}. If Moodle shows you "
        "another one's, collect again into a new folder, with that zone before the command, such "
        "as TZ=Europe/Berlin."
    ]


def _where_times_are(made: Plan, without: Sequence[AttemptsAtUnit]) -> str:
    """Say where the times of submissions without one can be had, after a blank, or nothing."""
    if made.source.name == "canvas":
        return (
            " Canvas can be asked: give the assignment's address with --times-from, or a table "
            "with the columns student and submitted; if nothing is added for early work, a table "
            "of those who are marked late is enough."
        )
    if made.worksheet.times:
        names = ", ".join(_whose(place) for place in without[:MOST_NAMED])
        more = f" and {len(without) - MOST_NAMED} more" if len(without) > MOST_NAMED else ""
        return f" The worksheet has no time for {names}{more}."
    if made.source.name == MOODLE:
        return " The assignment's grading worksheet has the times: add it with --roster."
    return ""


def _retimed_in_words(made: Plan) -> list[str]:
    """List the files whose time differs from the one before, and count those that had none."""
    changed = []
    filled = 0
    is_any_later = False
    for place in made.places:
        for each in place.retimed:
            is_any_later |= "" < each.before < each.now
            if each.before:
                times = f"before {each.before}, now {each.now}"
                changed.append(f"{_whose(place)}, {place.unit}: {times}")
            else:
                filled += 1
    lines = listed("another time than before: the earlier one counts", changed)
    if is_any_later:
        lines.append("  If a later time is right, collect all again into a new folder.")
    if filled:
        submissions, has = ("submission", "has") if filled == 1 else ("submissions", "have")
        lines.append(f"{filled} {submissions} had no time before, and {has} one now.")
    return lines


def _unmatched_in_words(made: Plan) -> list[str]:
    """List the rows of the times that match nobody, and say what to write there."""
    rows = [shown(row) for row in made.unmatched]
    if not rows:
        return []
    return [
        *listed("rows of the times that match nobody, so their times were not taken", rows),
        "  Write the login, the address or the platform's number into the column `student`.",
    ]


def _timed_already_in_words(made: Plan) -> list[str]:
    """List whose given times were not taken, because the source has its own."""
    whose = [shown(student) for student in sorted(made.timed_already)]
    title = f"given times that were not taken, because {made.source.title} has its own"
    return listed(title, whose)


def _whose(place: AttemptsAtUnit) -> str:
    """Return a student's name, if it is known."""
    return shown(called(place.student, place.latest.name))


def _saved_as_text(made: Plan) -> list[str]:
    """List new files such as `sums.py.txt`, which is how some browsers save a script."""
    fresh = [place for place in made.places if place.fresh]
    return [
        f"{_whose(place)}: {shown(place.latest.file)}"
        for place in fresh
        if place.latest.file.casefold().endswith(AS_TEXT)
    ]


def _unread(made: Plan) -> list[str]:
    """List new files that are neither a script nor a notebook, with what they are."""
    lines = []
    for place in made.places:
        why = why_unread(place.attempts[-1].content) if place.fresh else ""
        if why:
            lines.append(f"{_whose(place)}, {place.unit}: {shown(place.latest.file)}: {why}")
    return lines


PER_ASSIGNMENT = ("canvas", "moodle", "gradescope")  # a download of these is of one assignment


def _of_another_unit(made: Plan) -> list[str]:
    """List new files with another unit's name, or the only ones of another unit.

    A platform's download is of one assignment, and so of one unit.
    """
    fresh = [place for place in made.places if place.fresh]
    by_unit = Counter(place.unit for place in fresh)
    lines = []
    for place in fresh:
        called_like = made.named.get((place.student, place.unit), "")
        most, _ = by_unit.most_common(1)[0]
        is_alone = by_unit[place.unit] < by_unit[most]
        if called_like:
            lines.append(
                f"{_whose(place)}: {shown(place.latest.file)} looks like {called_like}, and is "
                f"taken as {place.unit}"
            )
        elif is_alone and made.source.name in PER_ASSIGNMENT:
            lines.append(
                f"{_whose(place)}: {shown(place.latest.file)} is taken as {place.unit}, and most "
                f"files are of {most}"
            )
    return lines


FEW = 3  # files of one student that are listed one by one


def _not_taken(made: Plan) -> list[str]:
    """List a student's skipped files, a few lines each, and count the rest."""
    of_students = [each for each in made.left if not each.is_nobodys]
    by_student: dict[str, list[Left]] = {}
    for each in of_students:
        folders = each.place.split("/")[made.above :]
        by_student.setdefault(folders[0] if folders else "", []).append(each)
    lines = []
    for student, theirs in by_student.items():
        lines += [f"{shown(each.place)}: {each.why}" for each in theirs[:FEW]]
        if len(theirs) > FEW:
            lines.append(f"{shown(student)}: and {len(theirs) - FEW:,} more")
    nobodys = len(made.left) - len(of_students)
    if nobodys:
        files = "1 file" if nobodys == 1 else f"{nobodys:,} files"
        lines.append(f"and {files} that no student wrote, such as tools' own and starter files")
    if not lines:
        return []
    return [f"not taken ({len(made.left):,}; all of them are in {LIST}):", *map(_indented, lines)]


def _indented(line: str) -> str:
    return f"  {line}"


def _whole_list(made: Plan) -> list[str]:
    """Return every skipped file, a line each, for the stored list."""
    return [f"{shown(each.place)}: {each.why}" for each in made.left]


def _counts(made: Plan) -> str:
    """Count the submissions and their students, in words."""
    students = {place.student for place in made.places}
    fresh = [place for place in made.places if place.fresh]
    counted = []
    for count, what in ((len(made.places), "submission"), (len(students), "student")):
        counted.append(f"{count} {what}" if count == 1 else f"{count} {what}s")
    return f"{made.source.title}: {' of '.join(counted)}, {len(fresh)} of them new"


def _later_attempts(made: Plan) -> list[str]:
    """Name the new second and later attempts: a line for each, or one for many."""
    later = [place for place in made.places if place.fresh and _attempts_in_words(place)]
    if len(later) <= MOST_NAMED:
        return [f"  {_whose(one)}, {one.unit}: {_attempts_in_words(one)}" for one in later]
    lines = []
    for is_whole, words in (
        (True, "later attempts; those before are kept"),
        (False, "later attempts, and the download does not hold all before them"),
    ):
        those = [place for place in later if _holds_all_before(place) == is_whole]
        if those:
            names = [f"{_whose(one)}, {one.unit}: {one.latest.attempt}" for one in those]
            lines.append(f"{words} ({len(those)}; all are in {RECEIPTS}): {first_of(names)}")
    return lines


def _holds_all_before(place: AttemptsAtUnit) -> bool:
    return place.latest.attempt <= len(place.attempts)


def _attempts_in_words(place: AttemptsAtUnit) -> str:
    """Say which attempt is the latest, and where earlier ones are; empty for a first one."""
    number = place.latest.attempt
    if number == 1:
        return ""
    if not _holds_all_before(place):
        return f"attempt {number}; the download does not hold all before it"
    return f"attempt {number}; those before are kept"
