"""The validation of the material, and the figures on the grader that it measures.

Every solution earns all points, in other styles too, and every stub none. Known mistakes are
diagnosed; mutants lose points.
"""

import math
import random
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from itertools import combinations
from types import MappingProxyType

from autograder.authoring.arguments import arguments_that_never_vary
from autograder.authoring.nothing import ALL, try_after_mistakes, try_nothing
from autograder.authoring.slips import (
    RIGHT_VALUES,
    lines_of_mistakes,
    refuse_slips,
    refuse_slips_of_key,
)
from autograder.authoring.validation_report import Trial, ValidationReport, counted, finding
from autograder.check import Answer, Check, Corpus, Failure
from autograder.course import Unit
from autograder.data import all_unit_data
from autograder.grading.emptied import KINDS, exercises_of
from autograder.grading.judge import Judge
from autograder.grading.keys import (
    SOLUTION,
    all_needed,
    build_key,
    checks_to_run,
    solution_of,
    spoilt_names,
)
from autograder.grading.made_key import MadeKey
from autograder.grading.one import grade_one
from autograder.grading.store import AnswerStore
from autograder.grading.styles import styles as styles_behind
from autograder.judging import (
    Key,
    Mistake,
    PlainKey,
    Verdict,
    deviation,
    same_answer,
    same_bits,
    wrong_arrays,
)
from autograder.judging.compare import TOLERANCE
from autograder.practice.first_wrong import first_wrong, first_wrong_text
from autograder.sandbox.client import Server
from autograder.sandbox.own_code import author_server
from autograder.source.solution import PlacedMistake, Solution

FIRST_SEED = 1000
SAMPLE = 10  # a quick run takes every tenth mutant or early mistake, and as many fewer pairs
ARGUMENT_SEEDS = 2  # number of seeds on which arguments are watched
PAIRS = 200  # number of pairs of mistakes
MAX_MISLED = 1 / 50  # the fraction of pairs that may be reported as a third mistake
MIN_SCORE = 0.98  # the fraction of wrong variants that must lose points

AllData = Mapping[str, Sequence[Corpus]]  # by check, everything that it may have to train on


def validate(unit: Unit, report: ValidationReport, jobs: int = 1) -> Iterator[Trial]:
    """Test a unit's material, and count in the report what was tried.

    A quick report leaves out the training checks, and most mutants. jobs: mutants at a time.
    Raises `BadSource` with all errors of the unit that `build` refuses, too.
    """
    began = time.perf_counter()
    refuse_slips(unit.course, unit.name)
    if report.only:
        unit = with_one_check(unit, report.only)
    solution = solution_of(unit)
    data = {} if report.quick else all_unit_data(unit)
    report.points = sum(check.points for check in unit.checks)
    report.checks = [check.name for check in unit.checks]
    report.mistakes = len(mistakes_to_try(unit, report.only))
    with author_server(unit, stub=solution.stub) as server:
        yield from _judge_all(server, data, report)
    yield _of_all_mistakes(report)
    yield from _mistakes_of_one_number(unit, report)
    if report.styles:
        yield _of_all_styles(report)
    for told in arguments_that_never_vary(unit, _seeds(ARGUMENT_SEEDS)):
        yield Trial(f"  {told}")
    first_corpora = {check: corpora[0] for check, corpora in data.items()}
    yield from judge_mutants(unit, report, first_corpora, jobs)
    report.seconds = time.perf_counter() - began


def _judge_all(server: Server, data: AllData, report: ValidationReport) -> Iterator[Trial]:
    """Judge everything on one server: what the author wrote, and files derived from it."""
    for seed in _seeds(report.seeds):
        key = build_key(server, seed, data)
        if report.only:
            key = _with_tried_mistakes(key, mistakes_to_try(server.unit, report.only))
        if seed == FIRST_SEED and report.only:
            yield from _what_arrays_earn(server.unit, key, report.only)
        elif seed == FIRST_SEED:
            refuse_slips_of_key(server.unit, solution_of(server.unit), key, seed)
        yield from check_material(server, seed, key, data, report)
        for trial in judge_nothing(server, seed, key):
            if trial.fault or seed == FIRST_SEED + report.seeds - 1:
                yield trial
    # on the last of these seeds
    if not report.only:
        yield from judge_pairs(server, seed, key, report)
    yield from judge_nothing_after_mistakes(server, seed, SAMPLE if report.quick else 1)
    for seed in _seeds(report.style_seeds):
        yield from judge_styles(server, seed, report)


def _what_arrays_earn(unit: Unit, key: Key, name: str) -> Iterator[Trial]:
    """Report how many points each array of a check earns if it is right, or costs if it is not."""
    check = unit.check_called(name)
    known = key[name]
    if check.measure or check.question:
        return
    earning: list[str] = []
    costing: list[str] = []
    for array in known.expected.arrays:
        of_kind = costing if array in known.constant else earning
        of_kind.append(f"`{array}`")
    if earning:
        each = f"{check.points / len(earning):.3g}"
        of = "for each of" if len(earning) > 1 else "for"
        yield Trial(f"  `{name}` gives {each} points {of} {', '.join(earning)}")
    if costing:
        share = f"{check.points / len(known.expected.arrays):.3g}"
        listed = ", ".join(costing)
        yield Trial(f"  not for {listed}: the same on every seed, so a wrong one costs {share}")


def _with_tried_mistakes(
    key: Mapping[str, PlainKey], tried: Sequence[PlacedMistake]
) -> dict[str, PlainKey]:
    """Leave out of a key the mistakes of functions that the one check does not ask for.

    In the whole unit an earlier check tells them, which does not run here.
    """
    identities = {one.mistake.id for one in tried}
    kept = {}
    for name, known in key.items():
        mistakes = tuple(made for made in known.mistakes if made[0].id in identities)
        kept[name] = replace(known, mistakes=mistakes)
    return kept


def _of_all_mistakes(report: ValidationReport) -> Trial:
    """Report how many known mistakes were judged as they should be, on every seed."""
    right = report.mistakes - len(report.misjudged)
    words = f"{right} of {counted(report.mistakes, 'mistake')} diagnosed"
    return finding(f"{report.unit}: {words}, on {_each_seed(report.seeds)}", bool(report.misjudged))


def _of_all_styles(report: ValidationReport) -> Trial:
    """Report how many alternative solutions lost no point, on any seed."""
    right = report.styles - len(report.failed_styles)
    words = f"{right} of {counted(report.styles, 'alternative solution')} earned all points"
    where = _each_seed(report.style_seeds)
    return finding(f"{report.unit}: {words}, on {where}", bool(report.failed_styles))


def _each_seed(count: int) -> str:
    return "1 seed" if count == 1 else f"each of {count} seeds"


def _seeds(count: int) -> range:
    return range(FIRST_SEED, FIRST_SEED + count)


# ---- the solution, the stub and the known mistakes


def with_one_check(unit: Unit, name: str) -> Unit:
    """Return a unit with one of its checks, and those that it needs. Raises `UnknownUnit`."""
    asked = unit.check_called(name)
    needed = all_needed(asked, {check.name: check for check in unit.checks})
    kept = []
    for check in unit.checks:
        if check.name == name or check.name in needed:
            kept.append(check)
    experiments = replace(unit.experiments, checks=tuple(kept))
    return replace(unit, experiments=experiments)


def functions_to_try(unit: Unit, only: str) -> set[str] | None:
    """Return the exercises that a check's experiment uses; None if all checks are tried."""
    for check in unit.checks:
        if check.name == only:
            return exercises_of(check, unit)
    return None


def mistakes_to_try(unit: Unit, only: str) -> list[PlacedMistake]:
    """List the known mistakes in the tried exercises."""
    solution = solution_of(unit)
    functions = functions_to_try(unit, only)
    if functions is None:
        return list(solution.mistakes)
    names = spoilt_names(solution)
    return [one for one in solution.mistakes if functions & names.get(one.mistake.id, frozenset())]


def check_material(
    server: Server, seed: int, key: Key, data: AllData, report: ValidationReport
) -> Iterator[Trial]:
    """Grade the solution on each corpus, the starter code and each known mistake, on one seed.

    report: counts the mistakes that are misjudged, except, if it is about one check, those
    elsewhere.
    """
    unit = server.unit
    solution = solution_of(unit)
    where = f"{unit.name}, seed {seed}"
    for corpora in each_in_turn(data):
        parts = [where]
        for corpus in corpora.values():
            dataset = f"dataset `{corpus.name}`"
            if dataset not in parts:
                parts.append(dataset)
        graded = _grade(server, solution.plain(), seed, key, corpora)
        earned = f"earned {_points_of(graded)}"
        yield _with_fault(f"{', '.join(parts)}: the solution", earned, lost(graded))
    graded = _grade(server, solution.stub, seed, key)
    yield _with_fault(f"{where}: the starter code", "earned 0 points", gained(graded))
    lines = lines_of_mistakes(solution)
    for mistake, _, _ in mistakes_to_try(unit, report.only):
        report.constants.setdefault(mistake.id, []).append(_constants(key, mistake))
        verdicts = judge_mistake(unit, key, mistake)
        fault = misjudged(mistake.text, verdicts)
        if fault:
            twin = _same_values_as(unit, key, mistake)
            if twin:
                fault += (
                    f"; the mistake in line {lines[twin]} gives the same values. Give both the "
                    "same words, or add a check that tells them apart"
                )
            report.misjudged.add(mistake.id)
            words = f"{where}, line {lines[mistake.id]}: the mistake `{mistake.code}`"
            yield finding(f"{words}\n    {fault}", True)


def _same_values_as(unit: Unit, key: Key, mistake: Mistake) -> str:
    """Return the id of another mistake that gives the same values in each check; "" if none."""
    checks = {check.name: check for check in unit.checks}
    answers: dict[str, dict[str, Answer]] = {}
    for name in key.keys() & checks.keys():
        for made, answer in key[name].mistakes:
            answers.setdefault(made.id, {})[name] = answer
    own = answers.pop(mistake.id, {})
    for other, theirs in answers.items():
        if own.keys() != theirs.keys():
            continue
        if all(same_answer(checks[name], own[name], theirs[name]) for name in own):
            return other
    return ""


def _constants(key: Key, mistake: Mistake) -> tuple[tuple[str, float], ...]:
    """Return the values of a mistake in the arrays that it spoils: names and numbers.

    Returns nothing if one of them holds text, a single truth value, or more than one number.
    """
    constants = []
    for known in key.values():
        expected = known.expected.arrays
        for made, answer in known.mistakes:
            if made.id != mistake.id:
                continue
            if answer.failure:
                return ()
            for name, array in answer.arrays.items():
                right = expected.get(name)
                if right is not None and same_bits(array, right):
                    continue
                is_of_numbers = array.dtype.kind in "fiu"
                is_mask = array.dtype.kind == "b" and array.size > 1
                numbers = set(array.ravel().tolist()) if is_of_numbers or is_mask else ()
                if len(numbers) != 1:
                    return ()
                constants.append((name, float(*numbers) + 0.0))  # -0 equals 0
    return tuple(constants)


def _mistakes_of_one_number(unit: Unit, report: ValidationReport) -> Iterator[Trial]:
    """Yield a line for each mistake that gives one number, the same on every seed.

    Any answer of that number gets its feedback, for whatever reason.
    """
    lines = lines_of_mistakes(solution_of(unit))
    for mistake, _, _ in mistakes_to_try(unit, report.only):
        on_each = report.constants.get(mistake.id, [])
        if len(on_each) < 2 or not on_each[0] or len(set(on_each)) > 1:
            continue
        given = dict.fromkeys(f"`{name}` is {number:g}" for name, number in on_each[0])
        yield Trial(
            f"  line {lines[mistake.id]}: with the mistake `{mistake.code}`, {', '.join(given)} "
            "on every seed. Whatever else gives that gets this mistake's words, too, so write what "
            "is true of each."
        )


def judge_mistake(unit: Unit, key: Key, mistake: Mistake) -> list[Verdict]:
    """Judge a known mistake as a submission, by its answers from the building of the key."""
    judge = Judge(key, unit.sizes)
    for check in checks_to_run(unit, data=()):
        lacking = judge.lacking(check)
        if lacking:
            judge.verdicts[check.name] = judge.not_judged(check, lacking)
            continue
        known = key[check.name]
        answer = known.expected  # the solution's own, if the mistake changes nothing
        for made, answer_of_mistake in known.mistakes:
            if made.id == mistake.id:
                answer = answer_of_mistake
        judged = judge.judge(check, known, answer)
        judge.verdicts[check.name] = judge.explain(judged)
    return list(judge.verdicts.values())


def each_in_turn(data: AllData) -> list[dict[str, Corpus]]:
    """Choose one corpus for each training check, until each corpus has had its turn.

    There is at least one turn. A check with fewer corpora than others gets its last one again.
    """
    counts = [len(corpora) for corpora in data.values()]
    turns = max(counts, default=1)
    chosen = []
    for turn in range(turns):
        of_this_turn = {}
        for check, corpora in data.items():
            last = len(corpora) - 1
            of_this_turn[check] = corpora[min(turn, last)]
        chosen.append(of_this_turn)
    return chosen


# ---- two mistakes at once


def judge_pairs(server: Server, seed: int, key: Key, report: ValidationReport) -> Iterator[Trial]:
    """Make random pairs of mistakes: feedback should name one that was made.

    Pairs that are reported as a third mistake are listed. It is a fault if more than 2 % are, and
    more than one.
    """
    solution = solution_of(server.unit)
    draw = random.Random(FIRST_SEED)
    wanted = _count_wanted_pairs(solution, report.quick)
    while report.pairs < wanted:
        drawn = draw.sample(solution.mistakes, 2)
        if not _are_apart(*drawn):
            continue
        report.pairs += 1
        drawn.sort(key=lambda placed: placed.first_line)
        first, second = (placed.mistake for placed in drawn)
        made = (first.text, second.text)
        script = solution.with_mistake(first.id, second.id)
        graded = _grade(server, script, seed, key)
        third = [text for text in _mistakes_named(graded) if text not in made]
        if third:
            pair = f"{first.code}` and `{second.code}"
            report.misled.append(pair)
            yield Trial(
                f"  `{pair}`, made together, get the feedback of a third mistake: {third[0]}"
            )
    misled = len(report.misled)
    most = max(1, MAX_MISLED * report.pairs)
    if report.pairs:
        pairs = f"of {counted(report.pairs, 'pair')} of mistakes made together"
        words = f"{pairs}, {misled or 'none'} got the feedback of a third mistake"
        if misled:
            words += f"; at most {math.floor(most)} may"
        yield finding(f"{report.unit}: {words}", misled > most)


def _count_wanted_pairs(solution: Solution, quick: bool) -> int:
    """Return the number of pairs to try, at most the number of existing ones."""
    possible = 0
    for one, other in combinations(solution.mistakes, 2):
        if _are_apart(one, other):
            possible += 1
    wanted = PAIRS // SAMPLE if quick else PAIRS
    return min(wanted, possible)


def _are_apart(one: PlacedMistake, other: PlacedMistake) -> bool:
    """Return whether two mistakes spoil different statements, so that both can be made at once."""
    if one.last_line < other.first_line:
        return True
    return other.last_line < one.first_line


def _mistakes_named(verdicts: Sequence[Verdict]) -> list[str]:
    """Return the texts about known mistakes, in order."""
    told: list[str] = []
    for verdict in verdicts:
        for remark in verdict.remarks:
            if remark.mistake:
                told.extend(remark.mistakes)
    return told


# ---- files that solve nothing


def judge_nothing(server: Server, seed: int, key: Key) -> Iterator[Trial]:
    """Empty each exercise, and all of them: a check that gives points for the rest is a fault.

    Reports the largest number of points with all exercises emptied.
    """
    unit = server.unit
    earned_of_all = dict.fromkeys(KINDS, 0.0)
    for tried in try_nothing(server, seed, key):
        if tried.exercise == ALL:
            earned_of_all[tried.kind] += tried.earned
        if tried.too_much:
            yield finding(f"{unit.name}: {tried}", True)
    most = max(earned_of_all.values())
    points = sum(check.points for check in unit.checks)
    earned = f"{most:g} of {points:g} points"
    words = f"{unit.name}: a file that solves nothing, but returns something, earns {earned}"
    yield finding(words, most > 0)


def judge_nothing_after_mistakes(server: Server, seed: int, each: int = 1) -> Iterator[Trial]:
    """Empty exercises after early mistakes: one that earns points for the rest is a fault.

    Reports the number of such files, if there are any. each: the step by which the mistakes before
    a check are sampled.
    """
    unit = server.unit
    tried = faults = 0
    with closing(MadeKey(unit, seed, {}, AnswerStore(None), lambda: server)) as key:
        for one in try_after_mistakes(unit, key, each):
            tried += 1
            if one.too_much:
                faults += 1
                yield finding(f"{unit.name}: {one}", True)
    if tried:
        files = counted(tried, "file")
        words = f"an empty exercise after an early mistake earns nothing, in {files}"
        if faults:
            words = f"an empty exercise after an early mistake earns points in {faults} of {files}"
        yield finding(f"{unit.name}: {words}", faults > 0)


# ---- right answers in other styles


def styles(unit: Unit) -> dict[str, str]:
    """Return right answers in other styles: name → script."""
    return styles_behind(unit, solution_of(unit).plain())


def judge_styles(server: Server, seed: int, report: ValidationReport) -> Iterator[Trial]:
    """Try right answers in other styles on one seed: one that fails a check is a fault."""
    scripts = styles(server.unit)
    report.styles = len(scripts)
    checks = checks_to_run(server.unit, data=())
    key = plain_key(server, checks, seed)
    for style, script in scripts.items():
        where = f"{server.unit.name}, seed {seed}, style {style}"
        submission = script.encode()
        with server.worker(submission, "submission.py") as worker:
            for check in checks:
                answer = worker.ask(check, seed)
                deviations = _deviations(check, key, answer)
                furthest = _furthest_by_rounding(check, deviations)
                on_each_seed = report.deviations.setdefault((check.name, style), [])
                on_each_seed.append(furthest)
                most = max(deviations.values())
                if most > 1:
                    report.failed_styles.add(style)
                    why = answer.message or _first_difference(check, key, answer)
                    why = why or f"{most:.3g} tolerances from the solution's"
                    yield finding(f"{where}: lost {check.name}: {why}", True)


def _first_difference(check: Check, key: Key, answer: Answer) -> str:
    """Say where an answer first differs from the solution's; "" if its shapes do."""
    expected = key[check.name].expected
    for name in wrong_arrays(check, expected, answer):
        said = first_wrong(name, check, expected, answer)
        said = said or first_wrong_text(name, expected, answer)
        if said:
            return said
    return ""


def plain_key(server: Server, checks: Sequence[Check], seed: int) -> Key:
    """Make a key of exact checks without mistakes: the solution's answers."""
    script = solution_of(server.unit).plain()
    key: dict[str, PlainKey] = {}
    with server.worker(script.encode(), SOLUTION) as worker:
        for check in checks:
            expected = worker.ask(check, seed)
            key[check.name] = PlainKey(expected)
    return key


def _deviations(check: Check, key: Key, answer: Answer) -> dict[str, float]:
    """Return array → how many tolerances it is from the solution's."""
    expected = key[check.name].expected
    if answer.failure:
        return dict.fromkeys(expected.arrays, math.inf)
    deviations = {}
    for name in expected.arrays:
        deviations[name] = deviation(check, name, expected, answer)
    return deviations


def _furthest_by_rounding(check: Check, deviations: Mapping[str, float]) -> float:
    """Return the largest deviation of arrays that are not random, in the judge's own tolerances."""
    furthest = 0.0
    for name, far in deviations.items():
        if name not in check.tolerance and name not in check.atol:
            furthest = max(furthest, far)
    return furthest


# ---- mutants


def judge_mutants(
    unit: Unit, report: ValidationReport, data: Mapping[str, Corpus], jobs: int = 2
) -> Iterator[Trial]:
    """Grade mutants of the solution; list those that survive.

    data: the data of training checks, by check; checks without data are left out. It is a fault if
    fewer than 98 % of wrong variants lose points; if, in a run that is not quick, a check catches
    no mutant that others miss and does not say why it is kept; and if a mutant listed as right
    loses points.
    """
    from autograder.authoring.mutants import equivalents, name_of, run_mutants

    known_right = equivalents(unit)
    places = places_of_mistakes(unit)
    part = slice(None, None, SAMPLE if report.quick else 1)
    functions = functions_to_try(unit, report.only)
    for result in run_mutants(unit, FIRST_SEED, data, jobs, part, functions):
        name = name_of(result.mutant)
        report.mutants += 1
        report.feedback.add(result.verdicts, result.mutant, places)
        if result.failed:
            first, *others = result.failed
            if not others:
                report.alone[first] += 1
            if name in known_right:
                words = "loses points, though `solutions/equivalent.toml` says that it is right"
                yield finding(f"{report.unit}: {name} {words}", True)
        elif name in known_right:
            report.equivalent += 1
        else:
            report.survivors.append(name)
            yield Trial(f"  survives: {name}")
            if result.within:
                yield Trial(_within_tolerance(unit, *result.within))
    if report.survivors:
        yield Trial(
            "  Each of these variants passes. If it is wrong, add a check or an input that detects "
            "it. If it is right, add it to solutions/equivalent.toml:"
        )
        for name in report.survivors:
            yield Trial(f"    [[{report.unit}]]\n    mutant = '''{name}'''\n    why = \"…\"")
    wrong = report.mutants - report.equivalent
    score = "each mutant is right, too" if report.mutants else "no mutant was tried"
    if wrong:
        score = f"{report.score:.1%} of {wrong} wrong mutants lose points"
    is_low = report.score < MIN_SCORE
    if is_low:
        score += f"; at least {MIN_SCORE:.0%} should"
    yield finding(f"{report.unit}: {score}", is_low)
    yield from _false_feedback(report)
    if not report.quick and not report.only:
        yield from _checks_that_catch_nothing(unit, report)


def _within_tolerance(unit: Unit, check: str, array: str) -> str:
    """Say that a survivor differs by less than the tolerance, and what to do."""
    (found,) = [one for one in unit.checks if one.name == check]
    share = found.tolerance.get(array, TOLERANCE)
    return (
        f"    `{array}` of `{check}` differs by less than the tolerance, {share:g} of the largest "
        f'value. If that is wrong, set a smaller one: tolerance={{"{array}": …}}.'
    )


def _checks_that_catch_nothing(unit: Unit, report: ValidationReport) -> Iterator[Trial]:
    """Report checks that catch nothing that others miss, and do not say why they are kept."""
    for check in unit.checks:
        if not report.alone[check.name] and not check.kept and not check.question:
            words = (
                'catches no mutant that others miss. Add `kept="why it is there"`, or take it out'
            )
            yield finding(f"{report.unit}: {check.name} {words}", True)


def places_of_mistakes(unit: Unit) -> dict[str, frozenset[str]]:
    """Return code of a known mistake → the names of the definitions that contain it."""
    solution = solution_of(unit)
    nowhere: frozenset[str] = frozenset()
    names = spoilt_names(solution)
    places: dict[str, frozenset[str]] = {}
    for mistake, _, _ in solution.mistakes:
        before = places.get(mistake.code, nowhere)
        here = names.get(mistake.id, nowhere)
        places[mistake.code] = before | here
    return places


def _false_feedback(report: ValidationReport) -> Iterator[Trial]:
    """Report the mutants to which feedback gives a known mistake's words that are not true."""
    untrue = report.feedback.untrue
    if untrue:
        lines = [f"{report.unit}: feedback on {counted(len(untrue), 'mutant')} is false:"]
        lines += [f"    {one}" for one in untrue]
        yield finding("\n".join(lines), True)


# ---- in words


def _grade(
    server: Server,
    script: str,
    seed: int,
    key: Key,
    data: Mapping[str, Corpus] = MappingProxyType({}),
) -> list[Verdict]:
    submission = script.encode()
    return grade_one(server, submission, "submission.py", seed, key, data)


def _with_fault(what: str, went: str, fault: str) -> Trial:
    """Make a finding of what was tried, how it went, and the fault, "" if there is none."""
    if not fault:
        return finding(f"{what} {went}", False)
    return finding(f"{what} {fault}", True)


def _points_of(verdicts: Sequence[Verdict]) -> str:
    """Say what a file earned: "5 of 8 points"."""
    earned = sum(verdict.earned for verdict in verdicts)
    points = sum(verdict.points for verdict in verdicts)
    return f"{earned:g} of {points:g} points"


def lost(verdicts: Sequence[Verdict]) -> str:
    """Say which points a solution lost; "" if it earned all."""
    lines = []
    for verdict in verdicts:
        if not verdict.is_done:
            remark = verdict.remarks[0].text
            lines.append(f"lost {verdict.name}: {remark}")
    return "; ".join(lines)


def _is_unwritten(verdict: Verdict) -> bool:
    """Return whether a check was lost because something is not written yet."""
    if verdict.status == "not_reached":
        return True
    return verdict.failure == Failure.STUB


def gained(verdicts: Sequence[Verdict]) -> str:
    """Say what a stub earned, or did not earn though it is written; "" if nothing."""
    lines = []
    for verdict in verdicts:
        if not verdict.earned and _is_unwritten(verdict):
            continue
        remark = verdict.remarks[0].text if verdict.remarks else ""
        what = f"earned {verdict.earned:g} of {verdict.points:g} points for {verdict.name}"
        if not verdict.earned:
            what = f"failed {verdict.name}, and not because an answer is missing"
        lines.append(f"{what}: {remark}")
    return "; ".join(lines)


def misjudged(text: str, verdicts: Sequence[Verdict]) -> str:
    """Say why a known mistake was misjudged; "" if it was judged correctly.

    It should lose points, unless it is a prediction, and be named by its own text only.
    """
    told = set(_mistakes_named(verdicts))
    is_prediction = any(verdict.given and not verdict.agrees for verdict in verdicts)
    if all(verdict.status == "passed" for verdict in verdicts) and not is_prediction:
        return f"lost no points: it {RIGHT_VALUES}"
    if told == {text}:
        return ""
    if told:
        return f"got these words: {sorted(told)}"
    for verdict in verdicts:
        if verdict.remarks:
            return f"got no known mistake's words, but: {verdict.remarks[0].text}"
    return "got no known mistake's words"
