"""What is said of wrong arrays: by known mistakes, relations, small changes, or their looks."""

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from hashlib import sha256

import numpy as np

from autograder.check import Answer, Check, is_text
from autograder.judging.compare import TOLERANCE, wrong_arrays
from autograder.judging.explain import Explanation
from autograder.judging.verdict import CheckKey, Excluded, Remark
from autograder.relations import EXCHANGED, Relation, find_relations, letters_of, shape_in_letters
from autograder.relations.small_changes import KIND as SMALL_CHANGE
from autograder.relations.small_changes import find_small_change

LONGEST_QUOTE = 60  # characters that are shown of a text


@dataclass(frozen=True)
class Comparison:
    """An answer beside the key of its check.

    sizes: letter → size, for shapes in words.
    """

    check: Check
    key: CheckKey
    answer: Answer
    sizes: Mapping[str, int]

    @cached_property
    def wrong(self) -> tuple[str, ...]:
        """The arrays that differ from the solution's, in its order."""
        return tuple(wrong_arrays(self.check, self.key.expected, self.answer))


@dataclass(frozen=True)
class Description:
    """A remark on one array; where it can only count wrong values, `count`: "3 of 6"."""

    remark: Remark
    count: str = ""


def remarks_on(
    comparison: Comparison, explanations: Sequence[Explanation], excluded: Excluded
) -> list[Remark]:
    """Tell what is wrong: by known mistakes, relations, small changes, and else by how arrays look.

    Arrays of which the same is said share a remark.
    excluded: whether a mistake, or a small change of the solution, cannot have been made.
    """
    related = _relations(comparison, explanations)
    told = _told(comparison, explanations, related)
    remarks = []
    for explanation in told:
        mistake = explanation.mistakes[0]
        remarks.append(Remark(mistake.text, explanation.arrays, mistake.code))
    named = _explained_arrays(told)
    changed = _small_changes(comparison, named.union(related), excluded)
    descriptions = []
    for name in comparison.wrong:
        if name in named:
            continue
        if name in changed:
            remark = Remark(changed[name], (name,), relation=SMALL_CHANGE)
            descriptions.append(Description(remark))
        else:
            descriptions.append(_with_relation(name, comparison, related.get(name)))
    return remarks + _joined(descriptions)


def _explained_arrays(explanations: Sequence[Explanation]) -> set[str]:
    return {name for explanation in explanations for name in explanation.arrays}


def _relations(
    comparison: Comparison, explanations: Sequence[Explanation]
) -> Mapping[str, Relation]:
    """Find relations to the expected arrays; not where known mistakes surely explain everything."""
    explained = _explained_arrays(explanations)
    all_explained = explained.issuperset(comparison.wrong)
    if all_explained and all(explanation.is_sure for explanation in explanations):
        return {}
    letters = letters_of(comparison.check, comparison.sizes)
    expected = comparison.key.expected.arrays
    return find_relations(expected, comparison.answer.arrays, comparison.wrong, letters)


def _small_changes(
    comparison: Comparison, explained: Container[str], excluded: Excluded
) -> Mapping[str, str]:
    """Say of wrong arrays that nothing else explains which small change of the solution fits."""
    unexplained = [name for name in comparison.wrong if name not in explained]
    if not unexplained:
        return {}
    key, answer = comparison.key, comparison.answer
    return find_small_change(
        key.small_changes,
        key.expected.arrays,
        answer.arrays,
        comparison.wrong,
        unexplained,
        excluded,
    )


def _told(
    comparison: Comparison,
    explanations: Sequence[Explanation],
    related: Mapping[str, Relation],
) -> list[Explanation]:
    """Choose the explanations whose mistakes are to be named.

    None is beside an array without values, unless known mistakes explain that one too: what follows
    from no values looks like many mistakes.
    """
    explained = _explained_arrays(explanations)
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
        if all_explained or _is_credible(explanation, comparison, accounted):
            told.append(explanation)
    return told


def _is_outdone(explanation: Explanation, related: Mapping[str, Relation]) -> bool:
    """Whether a relation explains all that known mistakes do, and other arrays too.

    Arrays that changed places outdo a mistake that explains only one of them.
    """
    arrays = explanation.arrays
    relations = [related[name] for name in arrays if name in related]
    if any(_exchanged_beyond(relation, arrays) for relation in relations):
        return True
    texts = {relation.text for relation in relations}
    if len(texts) != 1 or len(relations) < len(arrays):
        return False
    (text,) = texts
    holding = [relation for relation in related.values() if relation.text == text]
    return len(holding) > len(arrays)


def _exchanged_beyond(relation: Relation, arrays: Container[str]) -> bool:
    """Whether an array changed places with one that is none of these."""
    return relation.kind == EXCHANGED and relation.of not in arrays


def _is_credible(
    explanation: Explanation, comparison: Comparison, accounted: Container[str]
) -> bool:
    """Whether known mistakes are to be named that leave wrong arrays unexplained.

    Truth values say what they say. Numbers that many mistakes have in common, zeros, NaN and
    infinity, say little of how they came about, and so does an array that is missing. And where
    most of the wrong arrays are explained by nothing, so may these be.
    accounted: arrays that a known mistake or a relation explains.
    """
    answered = comparison.answer.arrays
    arrays = [answered[name] for name in explanation.arrays if name in answered]
    if any(array.dtype.kind == "b" for array in arrays):
        return True
    if not any(_is_telling(array) for array in arrays):
        return False
    explained = [name for name in comparison.wrong if name in accounted]
    return len(explained) >= len(comparison.wrong) / 2


def _has_no_values(array: np.ndarray | None) -> bool:
    return array is None or array.size == 0


def _is_telling(array: np.ndarray) -> bool:
    """Whether an array holds text, or a number that is finite and not zero."""
    if is_text(array):
        return bool(array.size)
    return bool(array[np.isfinite(array)].any())


def _with_relation(name: str, comparison: Comparison, relation: Relation | None) -> Description:
    """Describe a wrong array by its relation to an expected one, if it has one, or by its looks."""
    described = describe_array(name, comparison)
    if relation is None:
        return described
    text = relation.text
    want = comparison.key.expected.arrays[name]
    got = comparison.answer.arrays[name]
    words = comparison.check.words
    if got.shape != want.shape:
        text = f"{text.removesuffix('.')}: {_two_shapes(got, want, comparison.sizes)}"
    elif name in words:
        text = f"{text} {words[name]}"
    return Description(replace(described.remark, text=text, relation=relation.kind))


def describe_array(name: str, comparison: Comparison) -> Description:
    """Describe how a wrong array looks."""
    want = comparison.key.expected.arrays[name]
    got = comparison.answer.arrays.get(name)
    if got is None:
        return Description(Remark("is missing from the result.", (name,)))
    if is_text(want) != is_text(got):
        text = f"is {_kind(got)}, and should be {_kind(want)}."
        return Description(Remark(text, (name,)))
    if got.shape != want.shape:
        text = f"the shape is another: {_two_shapes(got, want, comparison.sizes)}"
        return Description(Remark(text, (name,)))
    if is_text(want):
        return Description(_remark_on_text(name, comparison.check, want, got))
    return _describe_numbers(name, comparison.check, want, got)


def _remark_on_text(name: str, check: Check, want: np.ndarray, got: np.ndarray) -> Remark:
    group = _checksum(f"{got.shape} {got.tolist()}".encode())
    words = check.words.get(name)
    if words:
        return Remark(words, (name,), group=group)
    return Remark(_differing_text(want, got), (name,), group=group, literal=True)


def _describe_numbers(name: str, check: Check, want: np.ndarray, got: np.ndarray) -> Description:
    """Describe wrong numbers of the right shape."""
    expected = want.astype(np.float64)
    found = got.astype(np.float64)
    strange = np.count_nonzero(~np.isfinite(found))
    if strange and np.isfinite(expected).all():
        text = f"NaN or infinity in {strange} of {got.size} places."
        return Description(Remark(text, (name,)))
    if check.measure:
        return Description(Remark("cannot be measured.", (name,)))
    group = _group_of_numbers(found)
    if name in check.words:
        return Description(Remark(check.words[name], (name,), group=group))
    close = np.isclose(found, expected, rtol=TOLERANCE, atol=1e-6)
    # at least one: the check's own tolerance may be tighter than the one that counts here
    count = f"{max(1, np.count_nonzero(~close))} of {got.size}"
    return Description(Remark(_wrong_values(count), (name,), group=group), count)


def _wrong_values(count: str) -> str:
    return f"wrong values in {count} places."


def _joined(descriptions: Sequence[Description]) -> list[Remark]:
    """Join remarks that say the same of several arrays, and those that can only count."""
    together: dict[str, list[Description]] = {}
    for description in descriptions:
        said = "" if description.count else description.remark.text
        together.setdefault(said, []).append(description)
    return [_one_of(alike) for alike in together.values()]


def _one_of(descriptions: Sequence[Description]) -> Remark:
    """Make one remark of several that say the same."""
    first = descriptions[0].remark
    if len(descriptions) == 1:
        return first
    arrays: list[str] = []
    groups: list[str] = []
    for description in descriptions:
        arrays.extend(description.remark.arrays)
        if description.remark.group:
            groups.append(description.remark.group)
    text = first.text
    if descriptions[0].count:
        text = _wrong_values(", ".join(description.count for description in descriptions))
    group = _checksum(" ".join(groups).encode()) if groups else ""
    return replace(first, text=text, arrays=tuple(arrays), group=group)


def _two_shapes(got: np.ndarray, want: np.ndarray, sizes: Mapping[str, int]) -> str:
    found = shape_in_letters(got.shape, sizes)
    wanted = shape_in_letters(want.shape, sizes)
    return f"{found} found, {wanted} wanted."


def _kind(array: np.ndarray) -> str:
    """Name what an array holds; an empty list holds neither numbers nor text."""
    if not array.size:
        return "an empty list"
    if is_text(array):
        return "text"
    return "numbers" if array.shape else "a number"


def _differing_text(want: np.ndarray, got: np.ndarray) -> str:
    """Say where text differs first: "expected 'A. L.', found 'A.L.'.".

    Both arrays have the same shape.
    """
    if not want.shape:
        return f"{_expected_and_found(want, got)}."
    places = np.argwhere(want != got)
    first = tuple(places[0].tolist())
    index = "".join(f"[{number}]" for number in first)
    text = f"at {index} {_expected_and_found(want[first], got[first])}"
    if len(places) > 1:
        text += f"; {len(places)} of {want.size} differ"
    return f"{text}."


def _expected_and_found(want: object, got: object) -> str:
    expected, found = str(want), str(got)
    return f"expected {_quoted(expected, found)}, found {_quoted(found, expected)}"


def _quoted(text: str, other: str) -> str:
    """Quote a text; of a long one, the part around the first character that differs."""
    if len(text) <= LONGEST_QUOTE:
        return repr(text)
    middle = min(_first_difference(text, other), len(text))
    start = max(0, middle - LONGEST_QUOTE // 2)
    end = start + LONGEST_QUOTE
    before = "…" if start else ""
    after = "…" if end < len(text) else ""
    return f"{before}{text[start:end]!r}{after}"


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
    scale = np.abs(wrong).max(initial=0.0) or 1.0
    rounded = np.round(wrong / scale, 2) + 0.0  # no minus zero
    return _checksum(f"{wrong.shape} {scale:.1e}".encode() + rounded.tobytes())


def _checksum(content: bytes) -> str:
    return sha256(content).hexdigest()[:12]
