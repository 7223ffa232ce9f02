"""Describes wrong arrays: known mistakes, relations, small changes, or their looks.

No code here decides about points.
"""

from collections.abc import Collection, Container, Mapping, Sequence
from dataclasses import replace

import numpy as np

from autograder.check import Answer, Check, is_text, names_in_experiment
from autograder.explaining.cover import variants_that_give
from autograder.explaining.looks import Comparison, checksum, look_at, two_shapes
from autograder.explaining.tables import counts_rows
from autograder.finding import (
    Certainty,
    ChangeFound,
    Finding,
    FindingKind,
    Look,
    LookKind,
    Relation,
    RelationKind,
)
from autograder.judging.compare import TOLERANCE, deviation, share_allowed
from autograder.judging.key import Excluded, KnownMistakes, Mistake, ids_of_pair
from autograder.judging.mistakes import Explanation, explained_arrays
from autograder.judging.prints import ChangedAnswers, SmallChange
from autograder.judging.variants import WrongAnswer
from autograder.relations import find_relations, letters_of

MOST_FUNCTIONS = 2  # number of functions with small changes; more are no diagnosis
# a tolerance this many times the usual one is for random numbers; such an answer matches a mistake
# within this part of it
WIDE, NEAR_IF_DRAWN = 10, 0.5
FEW_KINDS = 2  # distinct texts that many wrong answers share
# fraction of its scale: an array further away does not match this mistake
FURTHEST_FROM_MISTAKE = 2e-4


def findings_on(
    comparison: Comparison, explanations: Sequence[Explanation], excluded: Excluded
) -> list[Finding]:
    """Find the cause of wrong arrays: mistakes, relations, small changes, or else their looks.

    Arrays that have the same cause or relation share a finding.
    excluded: whether a mistake, or a small change of the solution, cannot have been made.
    """
    comparison = _without_row_numbers(comparison)
    related = _relations(comparison, explanations)
    told = mistakes_to_name(comparison, explanations, related)
    named = explained_arrays(told)
    changed = _variants(comparison, named.union(related), excluded)
    changed = {**_same_change(comparison, named, related, changed, excluded), **changed}
    findings = []
    for explanation in told:
        mistake = explanation.mistakes[0]
        findings.append(of_mistake(FindingKind.MISTAKE, mistake, explanation.arrays))
    of_arrays = []
    for name in comparison.wrong:
        if name in named:
            continue
        if name in changed:
            found = changed[name]
        else:
            found = _with_relation(name, comparison, related.get(name))
        of_arrays.append(_beside_mistake(found) if told else found)
    findings += _joined(of_arrays)
    if not told and all(_only_counts(found) for found in of_arrays):
        findings += _right_arrays(comparison)
    return findings


def _without_row_numbers(comparison: Comparison) -> Comparison:
    """Leave out a table's index if it only counts the rows, and other columns have as many.

    What is wrong with it is the number of rows; relations between two counts say nothing.
    """
    expected, answered = comparison.expected.arrays, comparison.answer.arrays
    kept = []
    for name in comparison.wrong:
        table = name.removesuffix(".index")
        counts = name != table and name in answered
        if counts and counts_rows(expected[name]) and counts_rows(answered[name]):
            columns = [one for one in comparison.wrong if one.startswith(f"{table}.")]
            if len(columns) > 1:
                continue
        kept.append(name)
    return replace(comparison, wrong=tuple(kept))


def _beside_mistake(finding: Finding) -> Finding:
    """Note on wrong values that the known mistakes of other arrays do not explain them."""
    if finding.look is None or not _only_counts(finding):
        return finding
    return replace(finding, look=replace(finding.look, beside_mistake=True))


def of_mistake(kind: FindingKind, mistake: Mistake, arrays: tuple[str, ...] = ()) -> Finding:
    """Return the finding that a known mistake was made."""
    texts = (mistake.text,)
    return Finding(kind, arrays, Certainty.SURE, mistakes=texts, code=mistake.code)


def have_one_text(mistakes: Sequence[Mistake]) -> bool:
    """Return whether mistakes have the same description; a list of several is no diagnosis."""
    texts = {mistake.text for mistake in mistakes}
    return len(texts) == 1


def _only_counts(finding: Finding) -> bool:
    """Return whether the finding only counts wrong values."""
    return finding.look is not None and finding.look.kind is LookKind.WRONG_VALUES


def _right_arrays(comparison: Comparison) -> list[Finding]:
    """Return the arrays that are right, if wrong values of the others can only be counted."""
    wrong = comparison.wrong
    right = tuple(name for name in comparison.expected.arrays if name not in wrong)
    return [Finding(FindingKind.ARE_RIGHT, names=right)] if right else []


def _relations(
    comparison: Comparison, explanations: Sequence[Explanation]
) -> Mapping[str, Relation]:
    """Find relations to the expected arrays, unless known mistakes surely explain everything."""
    explained = explained_arrays(explanations)
    all_explained = explained.issuperset(comparison.wrong)
    all_sure = all(explanation.is_sure for explanation in explanations)
    if all_explained and all_sure:
        return {}
    letters = letters_of(comparison.check, comparison.sizes)
    expected = comparison.expected.arrays
    found = comparison.answer.arrays
    return find_relations(expected, found, comparison.wrong, letters)


def _variants(
    comparison: Comparison, explained: Container[str], excluded: Excluded
) -> Mapping[str, Finding]:
    """Find which variant of a right answer gives the wrong arrays that nothing else explains.

    Small changes of the solution come first, then two known mistakes at once, then small changes of
    other styles, which no public key holds. Each kind is made only if no earlier one fits.
    """
    found: dict[str, Finding] = {}
    for find in (_change_of_solution, _two_mistakes, _change_of_style):
        unexplained = []
        for name in comparison.wrong:
            if name not in explained and name not in found:
                unexplained.append(name)
        answer = comparison.wrong_answer(unexplained)
        if not unexplained or not answer.says_enough:
            break
        found.update(find(comparison, answer, excluded))
    return found


def _same_change(
    comparison: Comparison,
    explained: Container[str],
    related: Collection[str],
    changed: Mapping[str, Finding],
    excluded: Excluded,
) -> Mapping[str, Finding]:
    """Find which related arrays the variant gives, too, that gives the arrays without a relation.

    explained: arrays that need no variant. changed: array without a relation → its finding.
    """
    if not changed or not related:
        return {}
    causes = {_of_no_array(finding) for finding in changed.values()}
    found = {}
    for name, finding in _variants(comparison, explained, excluded).items():
        if name in related and _of_no_array(finding) in causes:
            found[name] = finding
    return found


def _change_of_solution(
    comparison: Comparison, answer: WrongAnswer, excluded: Excluded
) -> Mapping[str, Finding]:
    exercises = names_in_experiment(comparison.check.experiment)
    return small_changes_that_give(answer, comparison.key.small_changes, excluded, exercises)


def _change_of_style(
    comparison: Comparison, answer: WrongAnswer, excluded: Excluded
) -> Mapping[str, Finding]:
    exercises = names_in_experiment(comparison.check.experiment)
    return small_changes_that_give(answer, comparison.key.style_changes, excluded, exercises)


def _two_mistakes(
    comparison: Comparison, answer: WrongAnswer, excluded: Excluded
) -> Mapping[str, Finding]:
    known = comparison.standard.mistakes
    return pairs_that_give(answer, comparison.key.mistake_pairs, excluded, known)


def small_changes_that_give(
    answer: WrongAnswer, changed: ChangedAnswers, excluded: Excluded, exercises: Container[str]
) -> Mapping[str, Finding]:
    """Find the wrong arrays that one small change of a right answer gives, by array.

    changed: the answers of small changes. excluded: whether one cannot have been made.
    exercises: the names of functions and classes that every submission has; others are not named.
    """
    found = {}
    for given in variants_that_give(changed, answer, excluded):
        change = _in_common(given.variants, exercises)
        if change is None:
            continue
        certainty = Certainty.SURE if len(change.slips) == 1 else Certainty.OPEN
        for name in sorted(given.arrays):
            found[name] = Finding(FindingKind.SMALL_CHANGE, (name,), certainty, change=change)
    return found


def _in_common(changes: Sequence[SmallChange], exercises: Container[str]) -> ChangeFound | None:
    """Return what changes with the same values have in common; None if it is little."""
    functions = {change.function for change in changes}
    if len(functions) > MOST_FUNCTIONS:
        return None
    slips = {change.slip for change in changes}
    named = sorted(functions)
    if not all(_is_of_exercise(function, exercises) for function in functions):
        named = []
    return ChangeFound(
        functions=tuple(named),
        slips=tuple(sorted(slips)),
        are_of_several=len(functions) > 1,
    )


def _is_of_exercise(function: str, exercises: Container[str]) -> bool:
    """Return whether a function, or the class of a method, is one of some exercises."""
    top, _, _ = function.partition(".")
    return top in exercises


def pairs_that_give(
    answer: WrongAnswer, pairs: ChangedAnswers, excluded: Excluded, known: KnownMistakes
) -> Mapping[str, Finding]:
    """Find the wrong arrays that two known mistakes at once give, by array.

    If several pairs do, the feedback has the descriptions that all of them share.
    pairs: the answers of pairs. excluded: whether a mistake cannot have been made.
    known: the mistakes that lose points here.
    """
    mistakes = {mistake.id: mistake for mistake, _ in known}

    def cannot_be(pair: SmallChange) -> bool:
        both = ids_of_pair(pair)
        if not mistakes.keys() >= set(both):
            return True
        return any(excluded(mistakes[identity]) for identity in both)

    texts = {identity: mistake.text for identity, mistake in mistakes.items()}
    found = {}
    for given in variants_that_give(pairs, answer, cannot_be):
        common = _words_in_common(given.variants, texts)
        certainty = Certainty.SURE if len(common) > 1 else Certainty.OPEN
        if common:
            for name in sorted(given.arrays):
                found[name] = Finding(FindingKind.TWO_MISTAKES, (name,), certainty, common)
    return found


def _words_in_common(pairs: Sequence[SmallChange], texts: Mapping[str, str]) -> tuple[str, ...]:
    """Return the descriptions that all pairs share, in the order of the solution."""
    words = []
    for pair in pairs:
        words.append(dict.fromkeys(texts[identity] for identity in ids_of_pair(pair)))
    first, *others = words
    return tuple(text for text in first if all(text in other for other in others))


# ---- which known mistakes are named


def mistakes_to_name(
    comparison: Comparison,
    explanations: Sequence[Explanation],
    related: Mapping[str, Relation],
) -> list[Explanation]:
    """Choose the explanations whose mistakes are named.

    Beside a missing array none is named, unless known mistakes explain that one, too: the
    consequences of a missing array look like many mistakes.
    """
    explained = explained_arrays(explanations)
    unexplained = [name for name in comparison.wrong if name not in explained]
    answered = comparison.answer.arrays
    if any(_has_no_values(answered.get(name)) for name in unexplained):
        return []
    all_explained = not unexplained
    accounted = explained.union(related)
    told = []
    for explanation in explanations:
        if not have_one_text(explanation.mistakes) or _is_outdone(explanation, related):
            continue
        if not _is_convincing(explanation, comparison):
            continue
        if _leaves_columns(explanation, comparison):
            continue
        if all_explained or _is_credible(explanation, comparison, accounted):
            told.append(explanation)
    return told


def _is_outdone(explanation: Explanation, related: Mapping[str, Relation]) -> bool:
    """Return whether a relation explains everything that known mistakes do, and other arrays too.

    Swapped arrays count more than a mistake that explains only one of them.
    """
    arrays = explanation.arrays
    relations = [related[name] for name in arrays if name in related]
    if any(_exchanged_beyond(relation, arrays) for relation in relations):
        return True
    if len(relations) < len(arrays):
        return False
    first, *others = relations
    if any(other != first for other in others):
        return False
    holding = [relation for relation in related.values() if relation == first]
    return len(holding) > len(arrays)


def _exchanged_beyond(relation: Relation, arrays: Container[str]) -> bool:
    """Return whether an array is swapped with one outside these."""
    if relation.kind is not RelationKind.EXCHANGED:
        return False
    return any(name not in arrays for name in relation.arrays)


def _is_credible(
    explanation: Explanation, comparison: Comparison, accounted: Container[str]
) -> bool:
    """Return whether known mistakes should be named that leave wrong arrays unexplained.

    A truth value always counts as evidence. Values that many mistakes share (zeros, NaN and
    infinity) are weak evidence, and so is a missing array. If most of the wrong arrays have no
    explanation, the explained ones may have the same unknown cause.
    accounted: arrays that a known mistake or a relation explains.
    """
    tells_something = False
    for name in explanation.arrays:
        array = comparison.answer.arrays.get(name)
        if array is None:
            continue
        if array.dtype.kind == "b" and array.size == 1:
            return True
        if _is_telling(array):
            tells_something = True
    if not tells_something:
        return False
    explained = [name for name in comparison.wrong if name in accounted]
    return len(explained) >= len(comparison.wrong) / 2


def _is_convincing(explanation: Explanation, comparison: Comparison) -> bool:
    """Return whether an explanation's arrays are enough evidence to name its mistake.

    Each array must be twice as near to the mistake's as the right one is: random numbers within a
    part of their tolerance, others up to rounding. A truth value can be wrong in one way only,
    texts of two kinds in few, and random numbers match a mistake within a wide tolerance. Alone
    they are no evidence, unless everything that the mistake spoils is as it makes it.
    """
    check, expected = comparison.check, comparison.expected
    identities = {mistake.id for mistake in explanation.mistakes}
    for mistake, mistaken in comparison.standard.mistakes:
        if mistake.id not in identities:
            continue
        for name in explanation.arrays:
            if not _is_near(check, name, expected, mistaken, comparison.answer):
                return False
    if explanation.is_sure:
        return True
    answered = comparison.answer.arrays
    return not all(
        _says_little(check, expected, name) or _is_of_few(answered.get(name))
        for name in explanation.arrays
    )


def _leaves_columns(explanation: Explanation, comparison: Comparison) -> bool:
    """Return whether an explanation is of a part of a table only that has other rows.

    A mistake that leaves out rows or adds some changes all columns, so it explains all of them.
    """
    expected, answered = comparison.expected.arrays, comparison.answer.arrays
    for name in explanation.arrays:
        table, dot, _ = name.partition(".")
        array = answered.get(name)
        if not dot or array is None or array.shape == expected[name].shape:
            continue
        columns = [wrong for wrong in comparison.wrong if wrong.startswith(f"{table}.")]
        if not set(columns) <= set(explanation.arrays):
            return True
    return False


def _is_near(check: Check, name: str, expected: Answer, mistaken: Answer, answer: Answer) -> bool:
    """Return whether an answer is much nearer to a mistake's than the right one is."""
    to_answer = deviation(check, name, mistaken, answer)
    to_right = deviation(check, name, mistaken, expected)
    if _is_drawn(check, expected, name):
        nearest = NEAR_IF_DRAWN
    else:
        share = share_allowed(check, name, expected.arrays[name])
        nearest = FURTHEST_FROM_MISTAKE / share if share else 0.0
    if to_answer > nearest:
        return False
    return 2 * to_answer <= to_right


def _says_little(check: Check, expected: Answer, name: str) -> bool:
    """Return whether an array is a single truth value, or holds random numbers."""
    array = expected.arrays[name]
    is_truth_value = array.dtype.kind == "b" and array.size == 1
    return is_truth_value or _is_drawn(check, expected, name)


def _is_of_few(array: np.ndarray | None) -> bool:
    """Return whether an array holds texts or truth values of at most two kinds."""
    if array is None or not (is_text(array) or array.dtype.kind == "b"):
        return False
    return len(np.unique(array)) <= FEW_KINDS


def _is_drawn(check: Check, expected: Answer, name: str) -> bool:
    """Return whether an array's tolerance is as wide as that of random numbers."""
    array = expected.arrays[name]
    return not is_text(array) and share_allowed(check, name, array) > WIDE * TOLERANCE


def _has_no_values(array: np.ndarray | None) -> bool:
    if array is None:
        return True
    return array.size == 0


def _is_telling(array: np.ndarray) -> bool:
    """Return whether an array holds text, or a number that is finite and not zero."""
    if is_text(array):
        return bool(array.size)
    finite = array[np.isfinite(array)]
    return bool(finite.any())


# ---- the rest


def _with_relation(name: str, comparison: Comparison, relation: Relation | None) -> Finding:
    """Describe a wrong array by its relation to an expected one, if it has one, or by its looks."""
    described = look_at(name, comparison)
    if relation is None:
        return described
    want = comparison.expected.arrays[name]
    got = comparison.answer.arrays[name]
    words = comparison.check.words
    look = None
    if got.shape != want.shape:
        look = Look(LookKind.OTHER_SHAPE, two_shapes(got, want, comparison))
    elif name in words:
        look = Look(LookKind.OWN_WORDS, words=words[name])
    return replace(
        described,
        kind=FindingKind.RELATION,
        certainty=Certainty.SURE,
        relation=relation,
        look=look,
    )


def _joined(findings: Sequence[Finding]) -> list[Finding]:
    """Join findings that are the same for several arrays, and those that can only count."""
    together: dict[Finding, list[Finding]] = {}
    for finding in findings:
        alike = together.setdefault(_of_no_array(finding), [])
        alike.append(finding)
    return [_one_of(alike) for alike in together.values()]


def _of_no_array(finding: Finding) -> Finding:
    """Return the finding without its array; counts may differ."""
    look = finding.look
    if look and look.kind is LookKind.WRONG_VALUES:
        look = replace(look, counts=())
    return replace(finding, arrays=(), group="", look=look)


def _one_of(findings: Sequence[Finding]) -> Finding:
    """Make one finding from several equal ones."""
    first = findings[0]
    if len(findings) == 1:
        return first
    arrays: list[str] = []
    groups: list[str] = []
    counts: list[tuple[int, int]] = []
    for finding in findings:
        arrays.extend(finding.arrays)
        if finding.group:
            groups.append(finding.group)
        if finding.look:
            counts.extend(finding.look.counts)
    look = first.look
    if look and look.kind is LookKind.WRONG_VALUES:
        look = replace(look, counts=tuple(counts))
    group = ""
    if groups:
        group = checksum(" ".join(groups).encode())
    return replace(first, look=look, arrays=tuple(arrays), group=group)
