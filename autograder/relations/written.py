"""What stands in a submission's definitions, so that no remark speaks of what does not.

Values tell what an answer amounts to, and not how it came about: a sum that is too large may have
counted all entries, or some of them twice. So a mistake is said to be made only where the code has
its very line, and is told as what the values are elsewhere. And a place is named only where the
code has it.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Set
from dataclasses import dataclass
from functools import cached_property

SLICE = ":"  # the sign of a slice
# definition, `f`, `Class` or `Class.method` → the names, signs and checksums of statements in it
Uses = Mapping[str, Set[str]]


@dataclass(frozen=True)
class Written:
    """What stands in a submission's definitions, read when it is first asked for."""

    read: Callable[[], Uses] = dict

    @cached_property
    def _uses(self) -> Uses:
        return self.read()

    def has(self, definition: str) -> bool:
        """Return whether there is such a definition."""
        return definition in self._uses

    def lacks_all(self, names: Collection[str], definition: str) -> bool:
        """Return whether none of some names stands in a definition, or in what it uses.

        False where there is no name, or no such definition.
        """
        if not names or not self.has(definition):
            return False
        return self._names_in(definition).isdisjoint(names)

    def has_all(self, statements: Collection[str], definition: str) -> bool:
        """Return whether all of some statements stand in a definition.

        statements: their checksums. False where there is none, or no such definition.
        """
        if not statements or not self.has(definition):
            return False
        return self._uses[definition] >= set(statements)

    def _names_in(self, definition: str) -> Set[str]:
        """Return the names that stand in a definition, and in all definitions that it uses."""
        if definition not in self._all_names:
            found: set[str] = set()
            seen = {definition}
            to_read = [definition]
            for one in to_read:  # the list grows by what is used
                names = self._uses[one]
                found |= names
                owner, _, _ = one.rpartition(".")
                methods = {f"{owner}.{name}" for name in names} if owner else set()
                used = sorted((names | methods) & self._uses.keys())
                to_read += [name for name in used if name not in seen]
                seen.update(used)
            self._all_names[definition] = found
        return self._all_names[definition]

    @cached_property
    def _all_names(self) -> dict[str, Set[str]]:
        return {}

    def places(self, functions: Iterable[str]) -> list[str]:
        """Return how to name, for this submission, functions of a right answer.

        functions: `f` or `Class.method` of each. A method that the submission lacks is told by its
        class. None is named where the submission lacks one of them altogether.
        """
        functions = list(functions)
        if not self._uses:
            return [f"`{function}`" for function in functions]
        named: dict[str, None] = {}
        for function in functions:
            top, _, _ = function.partition(".")
            if not self.has(top):
                return []
            name = function if self.has(function) else top
            named[f"`{name}`"] = None
        return list(named)

    def calls_others(self, function: str) -> bool:
        """Return whether a function, or the class around it, uses a definition of the submission.

        function: `f` or `Class.method`.
        """
        if not self.has(function):
            return False
        top, _, _ = function.rpartition(".")
        names = set(self._uses[function])
        if top:
            names.update(f"{top}.{name}" for name in self._uses[function])
            names |= self._uses[top]  # a class may have a helper for its base
        used = names & self._uses.keys()
        return not used <= {function, top}


NOT_KNOWN = Written()
