"""A name of a submission's function that is given values which are never read.

A name that stands nowhere else in the function is what is left where a factor, a term or a call was
forgotten; one that each pass of a loop gives another value, where `=` stands in the place of `+=`.
Both are told as facts.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

Array = np.ndarray
# what becomes of a name's values, as `sandbox/inside/unused.py` says it
VARIABLE, PARAMETER, OVERWRITTEN = range(3)
MOST_NAMES = 4  # that are told
MOST_READ = 1000  # names that are read of what a worker sent


@dataclass(frozen=True)
class Unused:
    """A name that nothing in its function reads.

    function: in which, `Class.method` or a plain name. line: where it is given a value, "line 41".
    kind: what becomes of the value.
    """

    name: str
    function: str
    line: str
    kind: int


@dataclass(frozen=True)
class KnownNames:
    """What right answers do with names: `function.name` of each.

    read: parameters that are read. unused: names that are not.
    """

    read: frozenset[str] = frozenset()
    unused: frozenset[str] = frozenset()

    @cached_property
    def functions(self) -> frozenset[str]:
        """Return the functions of right answers that read a parameter."""
        return frozenset(name.rpartition(".")[0] for name in self.read)

    @classmethod
    def of(cls, runs: Iterable[Mapping[str, Array]]) -> "KnownNames":
        """Make it of what several right answers do."""
        read: set[str] = set()
        unused: set[str] = set()
        for arrays in runs:
            read.update(arrays["parameters"].tolist())
            unused.update(arrays["unused"].tolist())
        return cls(frozenset(read - unused), frozenset(unused))


NO_NAMES = KnownNames()


def read_unused(arrays: Mapping[str, Array]) -> list[Unused]:
    """Read what a worker sent, which may be forged. The list is empty where it is out of form."""
    names, lines, kinds = (arrays.get(key) for key in ("unused", "unused_lines", "unused_kinds"))
    if names is None or lines is None or kinds is None:
        return []
    if not 0 < names.size <= MOST_READ or not names.shape == lines.shape == kinds.shape:
        return []
    if names.ndim != 1 or names.dtype.kind != "U" or lines.dtype.kind != "U":
        return []
    found = []
    for full_name, line, kind in zip(names.tolist(), lines.tolist(), kinds.tolist(), strict=True):
        function, _, name = full_name.rpartition(".")
        found.append(Unused(name, function, line, kind))
    return found


def forgotten(unused: Sequence[Unused], ran: Iterable[str], known: KnownNames) -> Sequence[Unused]:
    """Choose the unused names that no right answer leaves unused, of functions that ran.

    Parameters are those that right answers read. None where several functions have such names:
    then not all of it can be one mistake's doing.
    """
    functions_run = set(ran)
    chosen = []
    for one in unused:
        full_name = f"{one.function}.{one.name}"
        if one.function not in functions_run or full_name in known.unused:
            continue
        if one.kind != PARAMETER or full_name in known.read:
            chosen.append(one)
    functions = {one.function for one in chosen}
    return chosen if len(functions) == 1 else []


def in_words(forgotten: Sequence[Unused]) -> str:
    """Say which names' values are never read, as a fact.

    Example: "`loss` (line 64) is never used in `train`."
    """
    sentences = []
    never_read = [one for one in forgotten if one.kind != OVERWRITTEN]
    if never_read:
        verb = "is" if len(never_read) == 1 else "are"
        function = never_read[0].function
        sentences.append(f"{_listed(never_read)} {verb} never used in `{function}`.")
    overwritten = [one for one in forgotten if one.kind == OVERWRITTEN]
    if overwritten:
        verb = "gets another value" if len(overwritten) == 1 else "get other values"
        which = f"{_listed(overwritten)} {verb} in each pass of the loop"
        sentences.append(f"{which}, and only the last is used.")
    return " ".join(sentences)


def _listed(unused: Sequence[Unused]) -> str:
    """Write `a` (line 1), `b` (line 2) and `c` (line 3)."""
    *firsts, last = [f"`{one.name}` ({one.line})" for one in unused[:MOST_NAMES]]
    if not firsts:
        return last
    return f"{', '.join(firsts)} and {last}"
