"""What is said of wrong arrays: by known mistakes, relations, small changes, or their looks."""

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256

import numpy as np

from autograder.check import Answer, Check, TooLarge, is_text, names_in_experiment, names_used
from autograder.explaining.mistake_pairs import find_pairs
from autograder.explaining.small_changes import KIND as SMALL_CHANGE
from autograder.explaining.small_changes import Excluded, can_tell, find_small_change
from autograder.explaining.words import are_right, small_change, values_are
from autograder.judging.compare import wrong_places
from autograder.judging.door import amount
from autograder.judging.key import CheckKey
from autograder.judging.mistakes import Explanation, explained_arrays, is_convincing
from autograder.judging.points import Standard
from autograder.judging.variants import ChangedAnswers
from autograder.judging.verdict import Remark
from autograder.relations import EXCHANGED, Relation, find_relations, letters_of, shape_in_letters

LONGEST_QUOTE = 60  # characters that are shown of a text
ONE_NUMBER = "1 of 1"  # the count of an array of a single number that is wrong


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
    named = explained_arrays(told)
    changed = _variants(comparison, named.union(related), excluded)
    remarks = []
    for explanation in told:
        mistake = explanation.mistakes[0]
        text = values_are(mistake.text)
        remarks.append(Remark(text, explanation.arrays, mistake.code, words=mistake.text))
    descriptions = []
    for name in comparison.wrong:
        if name in named:
            continue
        if name in changed:
            description = Description(changed[name])
        else:
            description = _with_relation(name, comparison, related.get(name))
        descriptions.append(description)
    remarks += _joined(descriptions)
    if not told and all(description.count for description in descriptions):
        remarks += _on_right_arrays(comparison)
    return remarks


def _on_right_arrays(comparison: Comparison) -> list[Remark]:
    """Name the arrays that are right, where of the others only wrong values can be counted."""
    wrong = comparison.wrong
    right = [name for name in comparison.expected.arrays if name not in wrong]
    return [Remark(are_right(right))] if right else []


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
) -> Mapping[str, Remark]:
    """Say of wrong arrays that nothing else explains which variant of a right answer gives them.

    Small changes of the solution first, then two known mistakes at once, then small changes of
    other styles, which no public key holds: each is made only where none before fits.
    """
    told: dict[str, Remark] = {}
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
) -> Mapping[str, Remark]:
    return _small_change(comparison, comparison.key.small_changes, unexplained, excluded)


def _change_of_style(
    comparison: Comparison, unexplained: Sequence[str], excluded: Excluded
) -> Mapping[str, Remark]:
    return _small_change(comparison, comparison.key.style_changes, unexplained, excluded)


def _small_change(
    comparison: Comparison,
    changes: ChangedAnswers,
    unexplained: Sequence[str],
    excluded: Excluded,
) -> Mapping[str, Remark]:
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
        told[name] = Remark(small_change(change), (name,), relation=SMALL_CHANGE)
    return told


def _two_mistakes(
    comparison: Comparison, unexplained: Sequence[str], excluded: Excluded
) -> Mapping[str, Remark]:
    return find_pairs(
        comparison.key.mistake_pairs,
        comparison.expected.arrays,
        comparison.answer.arrays,
        comparison.wrong,
        unexplained,
        excluded,
        comparison.standard.mistakes,
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
    texts = {relation.text for relation in relations}
    if len(texts) != 1:
        return False
    (text,) = texts
    holding = [relation for relation in related.values() if relation.text == text]
    return len(holding) > len(arrays)


def _exchanged_beyond(relation: Relation, arrays: Container[str]) -> bool:
    """Return whether an array is swapped with one outside these."""
    if relation.kind != EXCHANGED:
        return False
    return relation.of not in arrays


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


def _with_relation(name: str, comparison: Comparison, relation: Relation | None) -> Description:
    """Describe a wrong array by its relation to an expected one, if it has one, or by its looks."""
    described = describe_array(name, comparison)
    if relation is None:
        return described
    text = relation.text
    want = comparison.expected.arrays[name]
    got = comparison.answer.arrays[name]
    words = comparison.check.words
    if got.shape != want.shape:
        shapes = _two_shapes(got, want, comparison)
        text = f"{text.removesuffix('.')}: {shapes}"
    elif name in words:
        text = f"{text} {words[name]}"
    remark = replace(described.remark, text=text, relation=relation.kind)
    return Description(remark)


def describe_array(name: str, comparison: Comparison) -> Description:
    """Describe how a wrong array looks."""
    want = comparison.expected.arrays[name]
    got = comparison.answer.arrays.get(name)
    if got is None and name in comparison.answer.too_large:
        text = _too_large(comparison.answer.too_large[name], want, comparison)
    elif got is None:
        text = "is missing from the result."
    elif is_text(want) != is_text(got):
        text = f"is {_kind(got)}, and should be {_kind(want)}."
    elif got.shape != want.shape:
        shapes = _two_shapes(got, want, comparison)
        text = f"the shape is another: {shapes}"
    elif is_text(want):
        remark = _remark_on_text(name, comparison.check, want, got)
        return Description(remark)
    else:
        return _describe_numbers(name, comparison)
    return Description(Remark(text, (name,)))


def _too_large(large: TooLarge, want: np.ndarray, comparison: Comparison) -> str:
    """Say how large an array is that was dropped for its size."""
    count, _, unit = amount(want).partition(" ")
    wanted = count if large.amount.endswith(unit) else f"{count} {unit}"
    text = f"is far too large: {large.amount}, where {wanted} are wanted."
    if large.shape == want.shape:
        return text
    return f"{text} Shape {_two_shapes(large, want, comparison)}"


def _remark_on_text(name: str, check: Check, want: np.ndarray, got: np.ndarray) -> Remark:
    content = f"{got.shape} {got.tolist()}"
    group = _checksum(content.encode())
    words = check.words.get(name)
    if words:
        return Remark(words, (name,), group=group)
    quoted = _differing_text(want, got)
    return Remark(quoted, (name,), group=group, literal=True)


def _describe_numbers(name: str, comparison: Comparison) -> Description:
    """Describe wrong numbers of the right shape."""
    check = comparison.check
    want = comparison.expected.arrays[name]
    got = comparison.answer.arrays[name]
    expected = want.astype(np.float64)
    found = got.astype(np.float64)
    is_strange = ~np.isfinite(found)
    strange = np.count_nonzero(is_strange)
    if strange and np.isfinite(expected).all():
        text = f"NaN or infinity in {strange} of {got.size} places."
        return Description(Remark(text, (name,)))
    if check.measure:
        return Description(Remark("cannot be measured.", (name,)))
    group = _group_of_numbers(found)
    words = check.words.get(name)
    if words is not None:
        remark = Remark(words, (name,), group=group)
        return Description(remark)
    wrong = np.count_nonzero(wrong_places(check, name, comparison.expected, comparison.answer))
    count = f"{wrong} of {got.size}"
    remark = Remark(_wrong_values([count]), (name,), group=group)
    return Description(remark, count)


def _wrong_values(counts: Sequence[str]) -> str:
    """Say how many values are wrong, of one array or of several; once where they are as many."""
    different = [*dict.fromkeys(counts)]
    if different == [ONE_NUMBER]:
        return "this number is wrong." if len(counts) == 1 else "these numbers are wrong."
    if len(counts) > len(different) == 1:
        return f"wrong values in {different[0]} places each."
    return f"wrong values in {', '.join(counts)} places."


def _joined(descriptions: Sequence[Description]) -> list[Remark]:
    """Join remarks that say the same of several arrays, and those that can only count."""
    together: dict[str, list[Description]] = {}
    for description in descriptions:
        text = "" if description.count else description.remark.text
        alike = together.setdefault(text, [])
        alike.append(description)
    joined = []
    for alike in together.values():
        joined.append(_one_of(alike))
    return joined


def _one_of(descriptions: Sequence[Description]) -> Remark:
    """Make one remark of several that say the same."""
    first = descriptions[0].remark
    if len(descriptions) == 1:
        return first
    arrays: list[str] = []
    groups: list[str] = []
    counts: list[str] = []
    for description in descriptions:
        remark = description.remark
        arrays.extend(remark.arrays)
        if remark.group:
            groups.append(remark.group)
        if description.count:
            counts.append(description.count)
    text = first.text
    if counts:
        text = _wrong_values(counts)
    group = ""
    if groups:
        group = _checksum(" ".join(groups).encode())
    return replace(first, text=text, arrays=tuple(arrays), group=group)


def _two_shapes(got: np.ndarray | TooLarge, want: np.ndarray, comparison: Comparison) -> str:
    """Say two shapes, in the letters that the check uses."""
    used = names_used(comparison.check)
    sizes = {letter: size for letter, size in comparison.sizes.items() if letter in used}
    wanted = shape_in_letters(want.shape, sizes)
    has_letters = "=" in wanted
    wanted_sizes = list(want.shape)
    for size in set(got.shape):
        # a size that is a letter's is so by chance where the other shape has no letters, or fewer
        if not has_letters or got.shape.count(size) > max(1, wanted_sizes.count(size)):
            sizes = {}
    found = shape_in_letters(got.shape, sizes, one_more=want.shape)
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
    differs = want != got
    places = np.argwhere(differs)
    first = tuple(places[0].tolist())
    index = "".join(f"[{number}]" for number in first)
    both = _expected_and_found(want[first], got[first])
    text = f"at {index} {both}"
    count = len(places)
    if count > 1:
        text += f"; {count} of {want.size} differ"
    return f"{text}."


def _expected_and_found(want: object, got: object) -> str:
    expected = str(want)
    found = str(got)
    expected_quoted = _quoted(expected, found)
    found_quoted = _quoted(found, expected)
    return f"expected {expected_quoted}, found {found_quoted}"


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
