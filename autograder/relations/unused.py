"""A name of a submission's function that is given a value and never read, where right answers do.

It is what is left where a factor, a term or a call was forgotten. What is told is a fact: the name
stands nowhere else in the function.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

Array = np.ndarray
MOST_NAMES = 4  # that are told
MOST_READ = 1000  # names that are read of what a worker sent


@dataclass(frozen=True)
class Unused:
    """A name that nothing in its function reads.

    function: in which, `Class.method` or a plain name. line: where it is given a value, "line 41".
    is_parameter: whether it is handed in.
    """

    name: str
    function: str
    line: str
    is_parameter: bool


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
    names, lines, are_parameters = (
        arrays.get(key) for key in ("unused", "unused_lines", "unused_parameters")
    )
    if names is None or lines is None or are_parameters is None:
        return []
    if not 0 < names.size <= MOST_READ or not names.shape == lines.shape == are_parameters.shape:
        return []
    if names.ndim != 1 or names.dtype.kind != "U" or lines.dtype.kind != "U":
        return []
    found = []
    for full_name, line, is_parameter in zip(
        names.tolist(), lines.tolist(), are_parameters.tolist(), strict=True
    ):
        function, _, name = full_name.rpartition(".")
        found.append(Unused(name, function, line, bool(is_parameter)))
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
        if not one.is_parameter or full_name in known.read:
            chosen.append(one)
    functions = {one.function for one in chosen}
    return chosen if len(functions) == 1 else []


def in_words(forgotten: Sequence[Unused]) -> str:
    """Say which names are never read, as a fact.

    Example: "`loss` (line 64) is never used in `train`."
    """
    named = [f"`{one.name}` ({one.line})" for one in forgotten[:MOST_NAMES]]
    *firsts, last = named
    verb = "are" if firsts else "is"
    listed = f"{', '.join(firsts)} and {last}" if firsts else last
    return f"{listed} {verb} never used in `{forgotten[0].function}`."
