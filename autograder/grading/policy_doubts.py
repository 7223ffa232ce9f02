"""What looks like a slip in a policy, beside the results that it is for: warnings in words.

Each function takes a policy and the results of all attempts, and returns a line for each doubt.
"""

import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from itertools import pairwise
from math import isfinite

from autograder.errors import first_of, visible
from autograder.grading.arithmetic import exact, interpolated, percent
from autograder.grading.policy import (
    DAY_AND_HOUR,
    Late,
    Policy,
    deadline,
    first_time,
    units_of,
)
from autograder.grading.results import Result
from autograder.grading.roster import called

USUAL_LETTER = re.compile("[A-F][*+−–-]?")
SIGNS = "*+ -−–"  # from the best; a space for none
SEVERAL = 5
A_MINUTE = timedelta(minutes=1)  # Moodle's worksheet has no seconds
A_DAY = timedelta(days=1)
LONG_AFTER = timedelta(days=60)
MOST_GRACE = 48  # hours
FAR_ABOVE = 10  # times our loss, as after a slip in a decimal point
NEARLY_A_YEAR = timedelta(days=330)
LONG_BEFORE = timedelta(days=180)  # some hand in a term's last unit in its first weeks
A_FORTNIGHT = timedelta(days=14)
CHECK_DUE = "Check the day, month and year of `due`."
CHECK_BOTH = (
    "Check `due` and extensions in the policy and on the platform, and the times and the time zone "
    "that `collect` read."
)
MARK_LATE = ("canvas", "moodle")
WITH_TIMES = (
    "collect again with the times: of Canvas by --times-from, of Moodle by --roster and its "
    "worksheet, of nbgrader from its `submitted`. Then run `grade`."
)
KEEP_LATENESS = f"Take points off for lateness on the platform, or {WITH_TIMES}"
KEEP_EARLINESS = f"To add it, {WITH_TIMES}"


def doubts(
    policy: Policy, results: Sequence[Result], is_stamped: bool, students: Collection[str] = ()
) -> list[str]:
    """Return all warnings.

    is_stamped: whether nbgrader wrote when files came. students: the class, by a roster.
    """
    lines = []
    for look_at in (
        lateness_not_counted,
        early_not_counted,
        late_before_due,
        unmarked_after_due,
        *(() if is_stamped else (late_by_files_alone,)),
        units_never_late,
        partial(due_far_from_files, students=students),
        times_after_due,
        dates_out_of_order,
        handed_out_long_before_due,
        nobody_begun,
        units_never_begun,
        cutoffs_without_loss,
        cutoffs_far_from_ours,
        long_extensions,
        odd_late_rules,
        exceptions_to_come,
        partners_to_come,
    ):
        lines += look_at(policy, results)
    return [*lines, *cutoffs_above_the_maximum(policy), *letters_out_of_order(policy)]


def _called(result: Result) -> str:
    """Return a result's student, with the name if a platform gave it."""
    return called(result.lms_name, result.hand_in.name if result.hand_in else "")


def lateness_not_counted(policy: Policy, results: Sequence[Result]) -> list[str]:
    """Say of each unit with a due time for which submissions its late rules have no effect.

    These are all, if no submission has a time; else those that a platform marked as late, without
    a time; else those without a time that do not come from Canvas, which would have marked them.
    """
    lines = []
    for unit in units_of(results):
        if not any(rules.due for rules in policy.rules_of_sections(unit)):
            continue
        late = [
            one
            for one in results
            if one.unit == unit and one.hand_in and one.hand_in.late and not one.submitted
        ]
        names = sorted({_called(one) for one in late})
        sources = sorted({one.hand_in.source.capitalize() for one in late if one.hand_in})
        marked = f"{' and '.join(sources)} marked {len(names)} as late"
        if unit in policy.untimed:
            line = f"Warning: {unit}: no submission has a time, so late days were not counted."
            line += f" {marked}: {'; '.join(names)}." if late else ""
        elif late:
            line = f"Warning: {unit}: {marked} whose times are missing, so nothing was taken off: "
            line += f"{'; '.join(names)}."
        elif policy.late.per_day and (without := _without_time(unit, results)):
            line = f"Warning: {unit}: the times of {len(without)} are not known, so nothing was "
            line += f"taken off: {first_of(without)}."
        else:
            continue
        lines.append(visible(f"{line} {KEEP_LATENESS}"))
    return lines


def _without_time(unit: str, results: Sequence[Result]) -> list[str]:
    """List the students with a file of a unit whose time is not known, and not of Canvas."""
    students = set()
    for one in results:
        is_marked = one.hand_in is not None and one.hand_in.source == "canvas"
        if one.unit == unit and one.sha256 and not one.submitted and not is_marked:
            students.add(_called(one))
    return sorted(students)


def early_not_counted(policy: Policy, results: Sequence[Result]) -> list[str]:
    """Say of each unit with a due time whose files have no time, so that none can be early."""
    if not policy.early.bonus:
        return []
    lines = []
    for unit in units_of(results):
        of_unit = [one for one in results if one.unit == unit and one.sha256]
        without = [one for one in of_unit if not one.submitted]
        if not without or not policy.rules(unit).due:
            continue
        names = sorted({_called(one) for one in without})
        lines.append(
            visible(
                f"Warning: {unit}: {len(names)} of those who handed in have no time, so no bonus "
                f"for early work was added for them: {first_of(names)}. {KEEP_EARLINESS}"
            )
        )
    return lines


def late_before_due(policy: Policy, results: Sequence[Result]) -> list[str]:
    """Warn of files that a platform marked as late, with a time that is before the due time.

    One of the two is wrong, such as a time in a table. The platform may not know days of extension
    and dates by section, so a late mark on a file within them may be right.
    """
    names: dict[tuple[str, str], set[str]] = {}
    for result in results:
        record = result.hand_in
        both = (policy.rules_of(result.lms_name, result.unit), policy.rules(result.unit))
        due_times = [rules.due for rules in both if rules.due]
        if not (record and record.late and due_times and result.submitted):
            continue
        if datetime.fromisoformat(result.submitted) + A_MINUTE <= min(due_times):
            whose = names.setdefault((result.unit, record.source.capitalize()), set())
            whose.add(_called(result))
    lines = []
    for (unit, source), students in sorted(names.items()):
        lines.append(
            visible(
                f"Warning: {unit}: {source} marked {len(students)} as late whose times are before "
                f"the due time, so nothing was taken off: {'; '.join(sorted(students))}. "
                f"{CHECK_BOTH}"
            )
        )
    return lines


def unmarked_after_due(policy: Policy, results: Sequence[Result]) -> list[str]:
    """Warn of files that a platform did not mark as late, with a time after the student's due time.

    One of the two is wrong, such as a time in a table, or the platform does not know a date or days
    of grace, or the policy an extension. If it marked nobody, its assignment may have no due time.
    """
    if not policy.late.per_day:
        return []
    grace = timedelta(hours=policy.late.grace_hours)
    marked: set[tuple[str, str]] = set()
    names: dict[tuple[str, str], set[str]] = {}
    for result in results:
        record = result.hand_in
        if not record or record.source not in MARK_LATE:
            continue
        of = (result.unit, record.source.capitalize())
        if record.late:
            marked.add(of)
            continue
        own = deadline(result.lms_name, result.unit, policy)
        if own and result.submitted and datetime.fromisoformat(result.submitted) > own.due + grace:
            names.setdefault(of, set()).add(_called(result))
    lines = []
    for unit, source in sorted(marked & names.keys()):
        whose = sorted(names[unit, source])
        lines.append(
            visible(
                f"Warning: {unit}: {source} did not mark {len(whose)} as late whose times are "
                f"after the due time, and they count as late: {'; '.join(whose)}. {CHECK_BOTH}"
            )
        )
    return lines


def late_by_files_alone(policy: Policy, results: Sequence[Result]) -> list[str]:
    """Warn of files that are late by their own time, because `collect` did not read another.

    results: without those whose time nbgrader wrote.
    """
    if not policy.late.per_day:
        return []
    names: dict[str, set[str]] = {}
    for result in results:
        own = deadline(result.lms_name, result.unit, policy)
        if own and result.submitted and result.checksum and not result.hand_in:
            late = datetime.fromisoformat(result.submitted) - own.due
            if late > timedelta(hours=policy.late.grace_hours):
                names.setdefault(result.unit, set()).add(_called(result))
    lines = []
    for unit, students in sorted(names.items()):
        whose = sorted(students)
        lines.append(
            visible(
                f"Warning: {unit}: {len(whose)} are late by the time of the file itself, which "
                f"copying or unpacking changes: {first_of(whose)}. `collect` reads the times of a "
                "platform or a table, and `grade --timestamps` those of nbgrader."
            )
        )
    return lines


def units_never_late(policy: Policy, results: Sequence[Result]) -> list[str]:
    """Say which units have results and no due time, if the policy takes off for being late.

    Also say that a policy with other keys of [late] takes nothing off.
    """
    if not policy.late.per_day:
        if policy.late.not_begun or policy.late == Late():
            return []
        return [
            "Warning: the policy's [late] has no `per_day` above 0, so nothing is taken off for "
            "being late. Write `per_day = 0.1`, as for 10 % a day, or remove [late]."
        ]
    never = []
    for unit in units_of(results):
        if not any(rules.due for rules in policy.rules_of_sections(unit)):
            never.append(unit)
    if not never:
        return []
    tables = ", ".join(f"[{unit}]" for unit in never)
    return [
        f"Warning: the policy has [late] and no due time for {', '.join(never)}, so nothing is "
        f"taken off there for being late. Write `due` below {tables}.",
    ]


def units_never_begun(policy: Policy, results: Sequence[Result]) -> list[str]:
    """Say that `not_begun` takes nothing off, if no unit has a time by which to begin."""
    units = units_of(results)
    if not (policy.late.not_begun and units):
        return []
    if any(rules.begun for unit in units for rules in policy.rules_of_sections(unit)):
        return []
    tables = ", ".join(f"[{unit}]" for unit in units)
    return [
        "Warning: the policy's [late] has `not_begun`, and no unit with results has `begun`, so "
        f"nothing is taken off for not having begun. Write `begun` below {tables}."
    ]


def due_far_from_files(
    policy: Policy, results: Sequence[Result], students: Collection[str] = ()
) -> list[str]:
    """Warn of units due long before or after all their files, as with a wrong year in `due`.

    Those with other dates, as of a section, are judged by themselves, if they are two or more. Of
    five or more, a day after is long; if they are half of the class, a fortnight before, too.
    students: the class; without it, early ones may be a few of many.
    """
    lines = []
    for unit in units_of(results):
        of_dates: dict[datetime, list[Result]] = {}
        for result in results:
            due = policy.rules_of(result.lms_name, unit).due
            if result.unit == unit and due:
                of_dates.setdefault(due, []).append(result)
        for due, those in sorted(of_dates.items()):
            timed = {result.lms_name for result in those if result.submitted}
            if timed and (len(of_dates) == 1 or len(timed) > 1):
                of_class = [each for each in students if policy.rules_of(each, unit).due == due]
                line = _far_from_files(due, those, policy, of_class)
                lines += [f"Warning: {unit} was due {line}"] if line else []
    return lines


def _far_from_files(
    due: datetime, results: Sequence[Result], policy: Policy, of_class: Collection[str]
) -> str:
    """Say when something was due that is far from all its files; "" if it is not.

    results: of those for whom it was due then. Only the late ones may have a time. of_class: all
    for whom it was due then, as far as a roster knows them.
    """
    delays = []
    for result in results:
        own = deadline(result.lms_name, result.unit, policy)
        if own and result.submitted:
            delays.append(datetime.fromisoformat(result.submitted) - own.due)
    least, most = min(delays), max(delays)
    when = f"{due.day} {due:%B %Y}"
    students = {result.lms_name for result in results}
    in_time = [
        one for one in results if not one.submitted and not (one.hand_in and one.hand_in.late)
    ]
    are_several = len(students) >= SEVERAL and not in_time
    if least > LONG_AFTER or (are_several and least > A_DAY):
        days = f"{least.days} day" if least.days == 1 else f"{least.days} days"
        return f"{when}, and the first of its files came {days} later. {CHECK_DUE}"
    timed = {result.lms_name for result in results if result.submitted}
    are_most = len(timed) >= SEVERAL and of_class and 2 * len(timed) >= len(of_class)
    if -most > LONG_BEFORE or (are_most and -most > A_FORTNIGHT):
        days = f"{(-most).days} days"
        return f"{when}, and the last of its files came {days} earlier. {CHECK_DUE}"
    return ""


def times_after_due(policy: Policy, results: Sequence[Result]) -> list[str]:
    """Warn of times that are all a day late or more, though Canvas marked nobody as late.

    They may be another unit's. Its assignment may as well have no due time, and a table have only
    those who were late.
    """
    lines = []
    for unit in units_of(results):
        of_canvas = [
            one
            for one in results
            if one.unit == unit and one.hand_in and one.hand_in.source == "canvas"
        ]
        if any(one.hand_in and one.hand_in.late for one in of_canvas):
            continue
        delays = []
        for one in of_canvas:
            own = deadline(one.lms_name, unit, policy)
            if own and one.submitted:
                delays.append(datetime.fromisoformat(one.submitted) - own.due)
        is_all = len(delays) >= SEVERAL and min(delays) > A_DAY
        if is_all and not all(one.submitted for one in of_canvas):
            lines.append(
                f"Warning: {unit}: Canvas marked nobody as late, and all {len(delays)} known times "
                "are more than a day after the due time. Check that the times given with "
                "--times-from are this unit's."
            )
    return lines


def dates_out_of_order(policy: Policy, results: Sequence[Result]) -> list[str]:
    """Warn of a unit whose dates do not follow each other: handed out, begun, due."""
    lines = []
    for unit in units_of(results):
        for dates in policy.rules_of_sections(unit):
            named = {"handed_out": dates.handed_out, "begun": dates.begun, "due": dates.due}
            written = [(name, time) for name, time in named.items() if time]
            for (first, before), (second, after) in pairwise(written):
                if before > after:
                    lines.append(
                        f"Warning: {unit}: `{first}`, {before:{DAY_AND_HOUR}}, is after "
                        f"`{second}`, {after:{DAY_AND_HOUR}}. Check the dates and times of both."
                    )
    return list(dict.fromkeys(lines))


def handed_out_long_before_due(policy: Policy, results: Sequence[Result]) -> list[str]:
    """Warn of units handed out long before they are due, as with a wrong year in `handed_out`.

    Extra time multiplies the days between.
    """
    if not policy.extra_time:
        return []
    lines = []
    for unit in units_of(results):
        for dates in policy.rules_of_sections(unit):
            if not (dates.due and dates.handed_out):
                continue
            days = dates.due - dates.handed_out
            if days > NEARLY_A_YEAR:
                lines.append(
                    f"Warning: {unit} was handed out {dates.handed_out.day} "
                    f"{dates.handed_out:%B %Y}, {days.days} days before it was due, and "
                    "`extra_time` multiplies these days. Check the year and month of "
                    "`handed_out`."
                )
                break
    return lines


def nobody_begun(policy: Policy, results: Sequence[Result]) -> list[str]:
    """Warn of units in which everybody loses points for not having begun, if they are several."""
    if not policy.late.not_begun:
        return []
    lines = []
    for unit in units_of(results):
        of_students: dict[str, list[Result]] = {}
        for result in results:
            if result.unit == unit and result.sha256:
                of_students.setdefault(result.lms_name, []).append(result)
        begun = {student: policy.rules_of(student, unit).begun for student in of_students}
        have_not = []
        for student, theirs in of_students.items():
            first, needed = first_time(theirs), begun[student]
            if first and needed and datetime.fromisoformat(first) > needed:
                have_not.append(needed)
        if len(have_not) >= SEVERAL and len(have_not) == len(of_students):
            lines.append(
                f"Warning: {unit}: nobody handed in anything by `begun`, "
                f"{max(have_not):%d %B %Y}. Check its day, month and year; or collect what was "
                "there then."
            )
    return lines


def long_extensions(policy: Policy, results: Sequence[Result]) -> list[str]:
    """Warn of extensions as if hours were meant, in units that have results.

    These are of more than 60 days, and of 24 or 48.
    """
    units = units_of(results)
    return [
        f"Warning: the policy's `extensions` give {visible(student)} {days:g} days for {unit}. "
        "They are in days, not hours: check the number."
        for (student, unit), days in sorted(policy.extensions.items())
        if unit in units and (timedelta(days=days) > LONG_AFTER or days in (24, 48))
    ]


def exceptions_to_come(policy: Policy, results: Sequence[Result]) -> list[str]:
    """Count the extensions and the excused of units without results, as after a slip in a unit."""
    excused = [unit for units in policy.excused.values() for unit in units]
    lines = []
    for what, of_units in (
        ("extensions", [unit for _, unit in policy.extensions]),
        ("excused", excused),
    ):
        counts = Counter(of_units)
        units = sorted(counts.keys() - units_of(results))
        if units:
            named = first_of([f"{unit} ({counts[unit]})" for unit in units])
            lines.append(f"The policy's `{what}` also name units without results: {named}.")
    return lines


def odd_late_rules(policy: Policy, results: Sequence[Result]) -> list[str]:
    """Warn of many hours of grace, as if minutes were meant, and of less than a day as the most."""
    late = policy.late
    lines = []
    if late.per_day and late.grace_hours > MOST_GRACE and results:
        hours = late.grace_hours
        lines.append(
            f"Warning: the policy's `grace_hours = {hours:g}` are {hours / 24:.3g} days. They are "
            "in hours, not minutes: check the number."
        )
    if late.at_most < late.per_day and results:
        lines.append(
            f"Warning: the policy's `at_most = {late.at_most:g}` is below its `per_day = "
            f"{late.per_day:g}`, so all late files lose {percent(exact(late.at_most))}. If that is "
            f"right, write `per_day = {late.at_most:g}`, too."
        )
    return lines


def partners_to_come(policy: Policy, results: Sequence[Result]) -> list[str]:
    """Count the groups of partners in units that have no results yet, as after a slip in a row.

    Or say that there are no groups, as if the first one stands in the place of the heading.
    """
    if policy.has_empty_partners:
        return ["The policy's table of partners has no groups. Its first line is the heading."]
    to_come = sorted(policy.partners.keys() - units_of(results))
    if not to_come:
        return []
    counts = [f"{unit} ({len(policy.partners[unit])})" for unit in to_come]
    return [
        f"The policy's `partners` also have groups of units without results: {first_of(counts)}."
    ]


def cutoffs_without_loss(policy: Policy, results: Sequence[Result]) -> list[str]:
    """Warn of cut-offs for a check that has points and no loss, where they have no effect."""
    lines = []
    for unit, rules in policy.units.items():
        for check in rules.cutoffs:
            verdicts = [
                verdict
                for result in results
                for verdict in result.verdicts
                if (result.unit, verdict.name) == (unit, check)
            ]
            has_points = any(verdict.earned for verdict in verdicts)
            if has_points and not any(verdict.loss for verdict in verdicts):
                lines.append(
                    f"Warning: the policy's `{unit}.cutoffs.{check}` has no effect: this check "
                    "compares no loss. Name the check that trains."
                )
    return lines


def cutoffs_above_the_maximum(policy: Policy) -> list[str]:
    """Warn of each check whose cut-offs give more than its points."""
    lines = []
    for unit, rules in policy.units.items():
        for check, cutoffs in rules.cutoffs.items():
            loss, share = min(cutoffs)
            if share > 1:
                lines.append(
                    f"Warning: the policy's `{unit}.cutoffs.{check}` gives {percent(exact(share))} "
                    f"of the points at a loss of {loss:g}. If you do not mean more than the "
                    "maximum, write a share from 0 to 1."
                )
    return lines


def cutoffs_far_from_ours(policy: Policy, results: Sequence[Result]) -> list[str]:
    """Warn of each check whose first cut-off is below our solution's loss, or far above it.

    Our loss depends on the seed; the nearest in these results counts.
    """
    lines = []
    for unit, rules in policy.units.items():
        for check, cutoffs in rules.cutoffs.items():
            ours = _our_losses(results, unit, check)
            if not (ours and cutoffs):
                continue
            best = min(ours)
            first, most = min(cutoffs)
            share = interpolated(best, cutoffs)
            if share < exact(most):
                lines.append(
                    f"Warning: the policy's `{unit}.cutoffs.{check}` gives {percent(exact(most))} "
                    f"of the points at a loss of {first:g}, and our solution's is {best:.4g} here, "
                    f"which earns {percent(share)}. Set the first cut-off above our loss."
                )
            elif first > FAR_ABOVE * max(ours) > 0:
                lines.append(
                    f"Warning: the policy's `{unit}.cutoffs.{check}` gives {percent(exact(most))} "
                    f"of the points at a loss of {first:g}, far above our solution's, which is "
                    f"{max(ours):.4g} here. Perhaps it has a slip."
                )
    return lines


def _our_losses(results: Sequence[Result], unit: str, check: str) -> list[float]:
    """Return our solution's held-out losses, which are beside those of submissions."""
    found = []
    for result in results:
        for verdict in result.verdicts:
            is_meant = (result.unit, verdict.name) == (unit, check)
            if is_meant and len(verdict.loss) > 1 and isfinite(verdict.loss[1]):
                found.append(verdict.loss[1])
    return found


def letters_out_of_order(policy: Policy) -> list[str]:
    """Warn if a better letter does not need a higher share of the total.

    The first two that are out of order are named.
    """
    shares = policy.total.letters
    for better, worse in pairwise(_from_the_best(shares)):
        if shares[better] <= shares[worse]:
            return [
                f"Warning: the policy's `total.letters` are out of order: {visible(better)} begins "
                f"at {percent(exact(shares[better]))} and {visible(worse)} at "
                f"{percent(exact(shares[worse]))}. Write them from the best to the worst, with "
                "falling shares."
            ]
    return []


def _from_the_best(shares: Mapping[str, float]) -> list[str]:
    """Return letters from the best to the worst, as far as their order is certain.

    With A and B, these are A to F with their signs; without, C and D may be *credit* and
    *distinction*. Other names stand in the order of the file, which may begin with the worst.
    """
    usual = [name for name in shares if USUAL_LETTER.fullmatch(name)]
    if "A" in usual and "B" in usual:
        return sorted(usual, key=_letter_and_sign)
    as_written = list(shares)
    is_rising = bool(shares) and shares[as_written[0]] < shares[as_written[-1]]
    return as_written[::-1] if is_rising else as_written


def _letter_and_sign(name: str) -> tuple[str, int]:
    return name[0], SIGNS.index(name[1:] or " ")
