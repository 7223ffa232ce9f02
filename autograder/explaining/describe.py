"""What is found of wrong arrays: known mistakes, relations, small changes, or their looks."""

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256

import numpy as np

from autograder.check import Answer, Check, TooLarge, is_text, names_in_experiment, names_used
from autograder.explaining.variants import Excluded, can_tell, find_pairs, find_small_change
from autograder.finding import (
    Certainty,
    Content,
    Finding,
    FindingKind,
    Look,
    LookKind,
    Relation,
    RelationKind,
    Shapes,
)
from autograder.judging.compare import wrong_places
from autograder.judging.door import amount
from autograder.judging.key import CheckKey
from autograder.judging.mistakes import Explanation, explained_arrays, is_convincing
from autograder.judging.points import Standard
from autograder.judging.prints import ChangedAnswers
from autograder.relations import find_relations, letters_of

LONGEST_QUOTE = 60  # characters that are shown of a text


@dataclass(frozen=True)
class Comparison:
    """A wrong answer, what it was compared with, and what is wrong in it.

    key: of the check, which knows what small changes answer.
    wrong: the arrays that differ from the solution's, in its order.
    sizes: letter → size, for shapes in words.
    """

    check: Check
    standard: Standard
    key: CheckKey
    answer: Answer
    wrong: Sequence[str]
    sizes: Mapping[str, int]

    @property
    def expected(self) -> Answer:
        """Return the solution's answer."""
        return self.standard.expected


def findings_on(
    comparison: Comparison, explanations: Sequence[Explanation], excluded: Excluded
) -> list[Finding]:
    """Find what is wrong: known mistakes, relations, small changes, and else how arrays look.

    Arrays of which the same is true share a finding.
    excluded: whether a mistake, or a small change of the solution, cannot have been made.
    """
    related = _relations(comparison, explanations)
    told = _told(comparison, explanations, related)
    named = explained_arrays(told)
    changed = _variants(comparison, named.union(related), excluded)
    findings = []
    for explanation in told:
        mistake = explanation.mistakes[0]
        findings.append(
            Finding(
                FindingKind.MISTAKE,
                explanation.arrays,
                Certainty.SURE,
                mistakes=(mistake.text,),
                code=mistake.code,
            )
        )
    of_arrays = []
    for name in comparison.wrong:
        if name in named:
            continue
        if name in changed:
            found = changed[name]
        else:
            found = _with_relation(name, comparison, related.get(name))
        of_arrays.append(found)
    findings += _joined(of_arrays)
    if not told and all(_only_counts(found) for found in of_arrays):
        findings += _right_arrays(comparison)
    return findings


def _only_counts(finding: Finding) -> bool:
    """Return whether it only says how many values are wrong."""
    return finding.look is not None and finding.look.kind is LookKind.WRONG_VALUES


def _right_arrays(comparison: Comparison) -> list[Finding]:
    """Name the arrays that are right, where of the others only wrong values can be counted."""
    wrong = comparison.wrong
    right = tuple(name for name in comparison.expected.arrays if name not in wrong)
    return [Finding(FindingKind.ARE_RIGHT, names=right)] if right else []


def _relations(
    comparison: Comparison, explanations: Sequence[Explanation]
) -> Mapping[str, Relation]:
    """Find relations to the expected arrays; not where known mistakes surely explain everything."""
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
    """Find of wrong arrays that nothing else explains which variant of a right answer gives them.

    Small changes of the solution first, then two known mistakes at once, then small changes of
    other styles, which no public key holds: each is made only where none before fits.
    """
    told: dict[str, Finding] = {}
    if all(name in explained for name in comparison.wrong):
        return told
    expected = comparison.expected.arrays
    if not can_tell(expected, comparison.answer.arrays, comparison.wrong):
        return told
    for find in (_change_of_solution, _two_mistakes, _change_of_style):
        unexplained = []
        for name in comparison.wrong:
            if name not in explained and name not in told:
                unexplained.append(name)
        if not unexplained:
            break
        told.update(find(comparison, unexplained, excluded))
    return told


def _change_of_solution(
    comparison: Comparison, unexplained: Sequence[str], excluded: Excluded
) -> Mapping[str, Finding]:
    return _small_change(comparison, comparison.key.small_changes, unexplained, excluded)


def _change_of_style(
    comparison: Comparison, unexplained: Sequence[str], excluded: Excluded
) -> Mapping[str, Finding]:
    return _small_change(comparison, comparison.key.style_changes, unexplained, excluded)


def _small_change(
    comparison: Comparison,
    changes: ChangedAnswers,
    unexplained: Sequence[str],
    excluded: Excluded,
) -> Mapping[str, Finding]:
    found = find_small_change(
        changes,
        comparison.expected.arrays,
        comparison.answer.arrays,
        comparison.wrong,
        unexplained,
        excluded,
        names_in_experiment(comparison.check.experiment),
    )
    told = {}
    for name, change in found.items():
        certainty = Certainty.SURE if len(change.slips) == 1 else Certainty.OPEN
        told[name] = Finding(FindingKind.SMALL_CHANGE, (name,), certainty, change=change)
    return told


def _two_mistakes(
    comparison: Comparison, unexplained: Sequence[str], excluded: Excluded
) -> Mapping[str, Finding]:
    found = find_pairs(
        comparison.key.mistake_pairs,
        comparison.expected.arrays,
        comparison.answer.arrays,
        comparison.wrong,
        unexplained,
        excluded,
        comparison.standard.mistakes,
    )
    told = {}
    for name, mistakes in found.items():
        certainty = Certainty.SURE if len(mistakes) > 1 else Certainty.OPEN
        told[name] = Finding(FindingKind.TWO_MISTAKES, (name,), certainty, mistakes)
    return told


def _told(
    comparison: Comparison,
    explanations: Sequence[Explanation],
    related: Mapping[str, Relation],
) -> list[Explanation]:
    """Choose the explanations whose mistakes are to be named.

    None is beside an array without values, unless known mistakes explain that one too: what follows
    from no values looks like many mistakes.
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
        if not explanation.has_one_text or _is_outdone(explanation, related):
            continue
        if not is_convincing(comparison.check, comparison.standard, comparison.answer, explanation):
            continue
        if all_explained or _is_credible(explanation, comparison, accounted):
            told.append(explanation)
    return told


def _is_outdone(explanation: Explanation, related: Mapping[str, Relation]) -> bool:
    """Return whether a relation explains all that known mistakes do, and other arrays too.

    Arrays that changed places outdo a mistake that explains only one of them.
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
    """Return whether known mistakes are to be named that leave wrong arrays unexplained.

    A boolean always counts as evidence. Numbers that many mistakes have in common, zeros, NaN and
    infinity, say little of how they came about, and so does an array that is missing. And where
    most of the wrong arrays are explained by nothing, so may these be.
    accounted: arrays that a known mistake or a relation explains.
    """
    tells_something = False
    for name in explanation.arrays:
        array = comparison.answer.arrays.get(name)
        if array is None:
            continue
        if array.dtype.kind == "b":
            return True
        if _is_telling(array):
            tells_something = True
    if not tells_something:
        return False
    explained = [name for name in comparison.wrong if name in accounted]
    return len(explained) >= len(comparison.wrong) / 2


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
        look = Look(LookKind.OTHER_SHAPE, _two_shapes(got, want, comparison))
    elif name in words:
        look = Look(LookKind.OWN_WORDS, words=words[name])
    return replace(
        described,
        kind=FindingKind.RELATION,
        certainty=Certainty.SURE,
        relation=relation,
        look=look,
    )


def look_at(name: str, comparison: Comparison) -> Finding:
    """Describe how a wrong array looks."""
    want = comparison.expected.arrays[name]
    got = comparison.answer.arrays.get(name)
    group = ""
    if got is None and name in comparison.answer.too_large:
        look = _too_large(comparison.answer.too_large[name], want, comparison)
    elif got is None:
        look = Look(LookKind.MISSING)
    elif is_text(want) != is_text(got):
        look = Look(LookKind.OTHER_CONTENT, contents=(_content(got), _content(want)))
    elif got.shape != want.shape:
        look = Look(LookKind.OTHER_SHAPE, _two_shapes(got, want, comparison))
    elif is_text(want):
        look = _look_of_text(name, comparison.check, want, got)
        group = _checksum(f"{got.shape} {got.tolist()}".encode())
    else:
        look = _look_of_numbers(name, comparison)
        if look.kind in (LookKind.OWN_WORDS, LookKind.WRONG_VALUES):
            group = _group_of_numbers(got.astype(np.float64))
    return Finding(FindingKind.LOOK, (name,), look=look, group=group)


def _too_large(large: TooLarge, want: np.ndarray, comparison: Comparison) -> Look:
    """Return how large an array is that was dropped for its size."""
    shapes = None
    if large.shape != want.shape:
        shapes = _two_shapes(large, want, comparison)
    return Look(LookKind.TOO_LARGE, shapes, amounts=(large.amount, amount(want)))


def _look_of_text(name: str, check: Check, want: np.ndarray, got: np.ndarray) -> Look:
    words = check.words.get(name)
    if words:
        return Look(LookKind.OWN_WORDS, words=words)
    return _differing_text(want, got)


def _look_of_numbers(name: str, comparison: Comparison) -> Look:
    """Describe wrong numbers of the right shape."""
    check = comparison.check
    want = comparison.expected.arrays[name]
    got = comparison.answer.arrays[name]
    is_strange = ~np.isfinite(got.astype(np.float64))
    strange = int(np.count_nonzero(is_strange))
    if strange and np.isfinite(want.astype(np.float64)).all():
        return Look(LookKind.NOT_FINITE, counts=((strange, got.size),))
    if check.measure:
        return Look(LookKind.UNMEASURABLE)
    words = check.words.get(name)
    if words is not None:
        return Look(LookKind.OWN_WORDS, words=words)
    places = wrong_places(check, name, comparison.expected, comparison.answer)
    return Look(LookKind.WRONG_VALUES, counts=((int(places.sum()), got.size),))


def _joined(findings: Sequence[Finding]) -> list[Finding]:
    """Join findings that are the same of several arrays, and those that can only count."""
    together: dict[Finding, list[Finding]] = {}
    for finding in findings:
        alike = together.setdefault(_of_no_array(finding), [])
        alike.append(finding)
    return [_one_of(alike) for alike in together.values()]


def _of_no_array(finding: Finding) -> Finding:
    """Return what is found, whatever the array is; counts may differ."""
    look = finding.look
    if look and look.kind is LookKind.WRONG_VALUES:
        look = replace(look, counts=())
    return replace(finding, arrays=(), group="", look=look)


def _one_of(findings: Sequence[Finding]) -> Finding:
    """Make one finding of several that are the same."""
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
        group = _checksum(" ".join(groups).encode())
    return replace(first, look=look, arrays=tuple(arrays), group=group)


def _two_shapes(got: np.ndarray | TooLarge, want: np.ndarray, comparison: Comparison) -> Shapes:
    """Return two shapes, with the letters that the check uses."""
    used = names_used(comparison.check)
    letters = tuple(pair for pair in comparison.sizes.items() if pair[0] in used)
    named = {size for _, size in letters}
    has_letters = bool(want.shape) and named.issuperset(want.shape)
    found_has_letters = True
    wanted_sizes = list(want.shape)
    for size in set(got.shape):
        # a size that is a letter's is so by chance where the other shape has no letters, or fewer
        if not has_letters or got.shape.count(size) > max(1, wanted_sizes.count(size)):
            found_has_letters = False
    return Shapes(got.shape, want.shape, letters, found_has_letters)


def _content(array: np.ndarray) -> Content:
    """Return what an array holds; an empty list holds neither numbers nor text."""
    if not array.size:
        return Content.EMPTY
    if is_text(array):
        return Content.TEXT
    return Content.NUMBERS if array.shape else Content.NUMBER


def _differing_text(want: np.ndarray, got: np.ndarray) -> Look:
    """Return where text differs first. Both arrays have the same shape."""
    if not want.shape:
        return Look(LookKind.TEXT, text=_found_and_expected(want, got))
    differs = want != got
    places = np.argwhere(differs)
    first = tuple(places[0].tolist())
    count = len(places)
    return Look(
        LookKind.TEXT,
        text=_found_and_expected(want[first], got[first]),
        index=first,
        counts=((count, want.size),) if count > 1 else (),
    )


def _found_and_expected(want: object, got: object) -> tuple[str, str]:
    expected = str(want)
    found = str(got)
    return _quoted(found, expected), _quoted(expected, found)


def _quoted(text: str, other: str) -> str:
    """Quote a text; of a long one, the part around the first character that differs."""
    if len(text) <= LONGEST_QUOTE:
        return repr(text)
    middle = min(_first_difference(text, other), len(text))
    start = max(0, middle - LONGEST_QUOTE // 2)
    end = start + LONGEST_QUOTE
    quoted = repr(text[start:end])
    if start:
        quoted = f"…{quoted}"
    if end < len(text):
        quoted = f"{quoted}…"
    return quoted


def _first_difference(text: str, other: str) -> int:
    """Return the first place where two texts differ; the end of `other` where they do not."""
    for place, (one, two) in enumerate(zip(text, other, strict=False)):
        if one != two:
            return place
    return len(other)


def _group_of_numbers(wrong: np.ndarray) -> str:
    """Return a checksum of values to two decimals.

    It is the same for others who made the same mistake in another style.
    """
    magnitudes = np.abs(wrong)
    scale = magnitudes.max(initial=0.0) or 1.0
    rounded = np.round(wrong / scale, 2)
    without_minus_zero = rounded + 0.0
    head = f"{wrong.shape} {scale:.1e}"
    return _checksum(head.encode() + without_minus_zero.tobytes())


def _checksum(content: bytes) -> str:
    digest = sha256(content).hexdigest()
    return digest[:12]
