"""The first value in a run of a submission that occurs in no right answer, though its parts do.

Of each value there is only a *print*, which is the same for any layout of the same entries. What is
told is a fact, as "`f * c + i` is the first value that none of our right answers has; the numbers
of `f`, `c` and `i` occur in them".

A right answer in another style has values, too, that none of ours has. So values that later ones
are made of which do occur are *cleared*, and so are the expressions that took them. Behind such
values it is not said that one is the first.
"""

import ast
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import compress

import numpy as np

from autograder.parsing import parse
from autograder.relations.prints import (
    ENTRIES,
    FEW,
    WHOLE,
    WIDTH,
    KnownValues,
    are_in_order,
    differ,
    numbers_of_values,
    say_little,
)
from autograder.relations.records import (
    CALL,
    CALLEE,
    CONTAINER,
    FILL,
    FRESH,
    MOVE,
    NAME,
    NOWHERE,
    UPDATE,
    Records,
)

Array = np.ndarray
KIND = "located"  # what a remark calls this relation
MOST_STEPS = 500_000  # records in which what functions return is looked for
# expressions that compute nothing, but choose or put together
MOVES = frozenset({CONTAINER, MOVE, CALLEE, FILL})
NEVER_TOLD = frozenset({NAME, FRESH}) | MOVES
NOT_MADE = NEVER_TOLD - {MOVE}  # of values that were made before, or that have no numbers yet
MOST_IN_LOOP = 8  # evaluations of an expression whose single numbers may be told
MOST_NAMED = 4  # parts that are named
LONGEST_QUOTE = 60  # characters of a student's code
LONGEST_STATEMENT = 2_000  # characters of one that is parsed


@dataclass(frozen=True)
class Located:
    """An expression whose value is the first that no right answer has, as far as can be told.

    line: where its statement stands, "line 41", and `statement` its text. function: around it.
    parts: those whose values do occur. in_pieces: those that are put together of pieces which do.
    is_first: whether all that was computed before it occurs.
    """

    text: str
    line: str
    statement: str
    function: str
    parts: tuple[str, ...]
    in_pieces: tuple[str, ...] = ()
    is_first: bool = True


def locate(run: "Run") -> Located | None:
    """Find the first expression whose value no right answer has and whose parts all have.

    None where several statements compute such values: then not all of it can be one mistake's
    doing. (Infinity spreads, and says nothing of where to.) None, too, where an unknown value came
    before it of which it cannot be said whether its parts are right. What nothing is made of says
    nothing of what came out.
    """
    found = [record for record in run.candidates() if run.is_used(record)]
    if not found:
        return None
    first = found[0]
    if run.computes_unknown_before(first) or run.is_of_layer_that_changed(first):
        return None
    if run.are_in_one_statement(found) or not run.is_finite(first):
        return run.told(first)
    computed = [record for record in found if not run.is_put_together(record)]
    if computed and run.are_in_one_statement(computed):
        return run.told(computed[0])
    return None


def first_not_finite(run: "Run") -> str:
    """Say which expression makes NaN or infinity of parts that have none; "" where none does.

    It is one whose value no right answer has, for some have infinity on their way. Example:
    "`np.log(z)` (line 41: `return np.log(z)`) is the first value with NaN or infinity in it that
    none of our right answers has."
    """
    record = run.first_not_finite()
    if record is None:
        return ""
    text, place = quoted_with_place(run.records, record)
    return (
        f"{text} ({place}) is the first value with NaN or infinity in it that none of our right "
        "answers has."
    )


def in_words(located: Located) -> str:
    """Say what is located, as a fact, where it is the first.

    Example: "`f * c + i` (line 41) is the first value that none of our right answers has; the
    numbers of `f` and `c` occur in them." They may be laid out otherwise there.
    """
    text = quoted(located.text)
    place = _place(located.line, located.statement, located.text)
    said = f"{text} ({place}) is the first value that none of our right answers has"
    if located.in_pieces:
        said = f"{said}, after {_listed(located.in_pieces)}, all pieces of which occur in them"
    if located.parts:
        said = f"{said}; the numbers of {_listed(located.parts)} occur in them"
    return f"{said}."


def quoted_with_place(records: Records, record: int) -> tuple[str, str]:
    """Return an expression's text, quoted, and the place where it stands."""
    site = records.sites[record]
    text = records.texts[site]
    statement = records.statements[site]
    place = _place(records.lines[statement], records.wholes[statement], text)
    return quoted(text), place


def _place(line: str, statement: str, text: str) -> str:
    """Return a line, with its statement where an expression's text is not all of it."""
    if _short(statement) == _short(text):
        return line
    return f"{line}: {quoted(statement)}"


def _short(text: str) -> str:
    """Return code of a student's in one line, without what would end a quotation.

    What is long is cut in its middle: two parts of one line mostly differ in their ends.
    """
    in_one_line = " ".join(text.split()).replace("`", "'")
    if len(in_one_line) <= LONGEST_QUOTE:
        return in_one_line
    half = LONGEST_QUOTE // 2
    return f"{in_one_line[:half]}…{in_one_line[-half:]}"


def quoted(text: str) -> str:
    """Return code of a student's between backticks, in one line that is not too long."""
    return f"`{_short(text)}`"


def _listed(parts: Sequence[str]) -> str:
    """Write `a`, `b` and `c`."""
    *firsts, last = map(quoted, parts)
    if not firsts:
        return last
    return f"{', '.join(firsts)} and {last}"


def _gives_a_name(statement: str) -> bool:
    """Return whether a statement only gives a value a name, or several values names."""
    if len(statement) > LONGEST_STATEMENT:
        return False
    try:
        (node,) = parse(statement).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    if not isinstance(node, ast.Assign):
        return False
    targets: list[ast.expr] = []
    for target in node.targets:
        targets += target.elts if isinstance(target, ast.Tuple) else [target]
    return all(isinstance(target, ast.Name) for target in targets)


def _without_doubles(prints: Array) -> tuple[Array, Array]:
    """Return prints once each, and for each of all the place of its own among these.

    prints: (n, WIDTH) → (unique, WIDTH), (n,).
    """
    as_bytes = np.ascontiguousarray(prints).view(f"V{prints.itemsize * WIDTH}").ravel()
    _, firsts, places = np.unique(as_bytes, return_index=True, return_inverse=True)
    return prints[firsts], places.ravel()


class Run:
    """A run of a submission beside the values of right answers. A record goes by its number."""

    def __init__(self, records: Records, known: KnownValues) -> None:
        self.records = records
        self.known = known
        unique, places = _without_doubles(records.prints)
        self._values: list[int] = numbers_of_values(unique)[places].tolist()
        self._agrees: list[bool] = known.hold(unique)[places].tolist()
        self._says_little: list[bool] = say_little(unique)[places].tolist()
        whole = records.prints[:, WHOLE]
        entries = records.prints[:, ENTRIES]
        self._may_be_any: list[bool] = ((whole > 0) & (entries < FEW)).tolist()
        # calls of the submission's own functions, in which other values were noted
        self._own_calls: set[int] = set()
        self._steps_left = MOST_STEPS
        self._parts = list(self._found_parts())
        self._in_pieces: set[int] = set()  # of these values only the pieces occur
        self._let_rows_occur()
        self._sites_of_own_calls = {records.sites[record] for record in self._own_calls}
        self._sites_noted = set(records.sites)
        # values that say little, or whose entries mean nothing yet, where they are made of such
        # that occur
        self._not_telling: set[int] = set()
        # whether a value occurs, or is made of values that do
        self._is_fine = [False] * len(records.sites)

    def _kind(self, record: int) -> int:
        return self.records.kinds[self.records.sites[record]]

    def _function(self, record: int) -> str:
        """Return the function in which a value was computed."""
        statement = self.records.statements[self.records.sites[record]]
        return self.records.functions[statement]

    # ---- what is made of what

    @cached_property
    def _children(self) -> dict[int, list[int]]:
        """Map expressions to their parts; what holds no number, as a shape, to parts of its own."""
        children: dict[int, list[int]] = {}
        noted = set(self.records.sites)
        parents = self.records.parents
        for site in sorted(noted):
            parent = parents[site]
            while parent != NOWHERE and parent not in noted:
                parent = parents[parent]
            if parent != NOWHERE:
                children.setdefault(parent, []).append(site)
        return children

    def _found_parts(self) -> Iterator[list[int]]:
        """Yield the parts of each record, as they were evaluated for it."""
        records = self.records
        latest: dict[tuple[int, int], int] = {}  # (frame, site) → record
        in_own_scope: dict[int, list[int]] = {}  # of elements of comprehensions
        pieces: list[int] = []
        for record, site in enumerate(records.sites):
            if records.pieces[record]:
                pieces.append(record)
                yield []
                continue
            frame = records.frames[record]
            before = latest.get((frame, site), NOWHERE)
            parts = pieces
            pieces = []
            for child in self._children.get(site, ()):
                if records.inner[child]:
                    parts.extend(in_own_scope.pop(child, ()))
                    continue
                part = latest.get((frame, child), NOWHERE)
                if part > before:
                    parts.append(part)
            kind = records.kinds[site]
            if kind in (UPDATE, FILL) and before != NOWHERE:
                parts.append(before)
            if kind == CALL:
                parts.extend(self._results_within(record))
            latest[frame, site] = record
            if records.inner[site]:
                of_site = in_own_scope.setdefault(site, [])
                of_site.append(record)
            yield parts

    def _let_rows_occur(self) -> None:
        """Count values as occurring of which each row does, as a loop takes one after another."""
        of_rows = set()
        for record, parts in enumerate(self._parts):
            if not parts or not self.records.pieces[parts[0]]:  # they come first
                continue
            pieces = [part for part in parts if self.records.pieces[part]]
            telling = [piece for piece in pieces if not self._says_little[piece]]
            if telling and all(self._agrees[piece] for piece in pieces):
                of_rows.add(self._values[record])
        for record, value in enumerate(self._values):
            if value in of_rows and not self._agrees[record]:
                self._agrees[record] = True
                self._in_pieces.add(record)

    def _results_within(self, record: int) -> list[int]:
        """Return what functions returned that a call called: what was noted elsewhere before it."""
        records = self.records
        results = []
        for within in range(record - 1, NOWHERE, -1):
            if records.pieces[within]:
                continue
            if records.frames[within] == records.frames[record]:
                break
            self._steps_left -= 1
            if self._steps_left < 0:
                return []
            if self._is_part_of(records.sites[within], records.sites[record]):
                continue  # an element of a comprehension has a frame of its own
            self._own_calls.add(record)
            if records.results[records.sites[within]]:
                results.append(within)
        return results

    def _is_part_of(self, site: int, whole: int) -> bool:
        """Return whether an expression stands within another one."""
        parents = self.records.parents
        while site > whole:  # a part has a higher number
            site = parents[site]
        return site == whole

    @cached_property
    def _cleared(self) -> set[int]:
        """Return the values that others are made of which occur and say enough."""
        made_of: dict[int, set[int]] = {}
        occurring = []
        for record, parts in enumerate(self._parts):
            value = self._values[record]
            if self._agrees[record] and not self._says_little[record]:
                occurring.append(value)
            for part in parts:
                if not self._agrees[part]:
                    made_of.setdefault(value, set()).add(self._values[part])
        cleared: set[int] = set()
        seen: set[int] = set()
        while occurring:
            value = occurring.pop()
            if value in seen:
                continue
            seen.add(value)
            parts_of_value = made_of.get(value, set())
            cleared |= parts_of_value
            occurring.extend(parts_of_value)
        return cleared

    # ---- candidates

    def candidates(self) -> Iterator[int]:
        """Yield the records whose values no right answer has, though their parts all have."""
        for record, site in enumerate(self.records.sites):
            is_fine = self._made_of_fine(record)
            self._is_fine[record] = is_fine
            tells_nothing = self._says_little[record] or self._kind(record) == FRESH
            if is_fine and tells_nothing:
                self._not_telling.add(self._values[record])
            if site in self._of_own_style:
                continue
            if self._is_candidate(record):
                yield record

    @cached_property
    def _of_own_style(self) -> set[int]:
        """Return the expressions that a right answer in another style may have."""
        sites = self.records.sites
        of_own_style = set()
        for record, value in enumerate(self._values):
            if not self._agrees[record] and value in self._cleared:
                of_own_style.add(sites[record])
        for record in self._in_right_calls():
            if not self._agrees[record]:
                of_own_style.add(sites[record])
        return of_own_style

    def _in_right_calls(self) -> list[int]:
        """List the records within calls of which the result occurs: nothing there is a mistake.

        A result of a few whole numbers, or of equal ones, says too little, and so do whole numbers
        in another order, as ids that are sorted otherwise.
        """
        records = self.records
        began: dict[int, int] = {}
        within: list[int] = []
        results = self._results()
        tell = self._tell_in_order(results)
        for record, frame in enumerate(records.frames):
            first = began.setdefault(frame, record)
            if record not in results:
                continue
            if record in tell or (self._agrees[record] and not self._says_little[record]):
                within.extend(range(first, record))
            del began[frame]
        return within

    def _results(self) -> dict[int, None]:
        """Return the records of what functions return, in their order."""
        records = self.records
        results: dict[int, None] = {}
        for record, site in enumerate(records.sites):
            if records.results[site] and not records.pieces[record]:
                results[record] = None
        return results

    def _tell_in_order(self, results: Iterable[int]) -> set[int]:
        """Return the results that occur in their order, and have entries enough that differ."""
        occurring = [record for record in results if self._agrees[record]]
        prints = self.records.prints[occurring]
        are_enough = prints[:, ENTRIES] >= FEW
        are_known = self.known.hold(prints, are_in_order)
        tell = are_enough & differ(prints) & are_known
        return set(compress(occurring, tell))

    def _is_candidate(self, record: int) -> bool:
        if self._agrees[record] or self.records.pieces[record]:
            return False
        if self._kind(record) in NEVER_TOLD or record in self._own_calls:
            return False
        if self._has_pieces(record) and not self._is_of_layer(record):
            return False  # as of a decomposition: there may be several right ones
        if self._says_little[record] or self._values[record] in self._cleared:
            return False
        site = self.records.sites[record]
        if not self._is_outermost(site) or self._is_entry_in_loop(record):
            return False
        parts = self._proper_parts(record)
        if not parts or not all(self._is_fine[part] for part in parts):
            return False
        return any(not self._says_little[leaf] for leaf in self._leaves(record))

    def is_used(self, record: int) -> bool:
        """Return whether a value may have been read: not if it has a name alone, and none reads it.

        What is written into a dict, an attribute or a list is not noted.
        """
        records = self.records
        statement = records.statements[records.sites[record]]
        if records.cut or not _gives_a_name(records.wholes[statement]):
            return True
        pieces = [part for part in self._parts[record] if records.pieces[part]]
        for one in (record, *pieces):
            value = self._values[one]
            if self._seen_last[value] > record:
                return True
        return False

    @cached_property
    def _seen_last(self) -> dict[int, int]:
        """Map each value to the last record of it."""
        return {value: record for record, value in enumerate(self._values)}

    def is_of_layer_that_changed(self, record: int) -> bool:
        """Return whether a value is a layer's that gave right ones before.

        Then its weights may have come to be wrong, by less than what counts as rounding.
        """
        site = self.records.sites[record]
        before = [other for other in range(record) if self.records.sites[other] == site]
        return self._is_of_layer(record) and any(self._agrees[other] for other in before)

    def _is_entry_in_loop(self, record: int) -> bool:
        """Return whether a value is one number of many that an expression computes one by one.

        Other right answers compute them all at once, and are not known to have each.
        """
        is_single = self.records.prints[record][ENTRIES] == 1
        return bool(is_single and self._evaluations[self.records.sites[record]] > MOST_IN_LOOP)

    @cached_property
    def _evaluations(self) -> Counter[int]:
        """Count how often each expression was evaluated."""
        return Counter(self.records.sites)

    def computes_unknown_before(self, record: int) -> bool:
        """Return whether a value that occurs nowhere came before: then this one is not the first.

        That is one of the same expression, as in an earlier call of which the parts occur nowhere
        either, or one that another statement has made in place, or that another one has computed in
        the same call and that is no part of this one. Where the same expression had a value that
        does occur, that is any value of another statement: the expression may be right, and what it
        reads wrong. Of what functions have returned, values count that say little, as of one-hot
        rows.
        """
        records = self.records
        own_site = records.sites[record]
        own_function = self._function(record)
        own_parts = self._all_parts(record)
        occurred_before = any(
            self._agrees[before] and not self._says_little[before]
            for before in range(record)
            if records.sites[before] == own_site
        )
        for before in range(record):
            if self._agrees[before] or records.pieces[before]:
                continue
            site = records.sites[before]
            if self._says_little[before]:
                are_several = records.prints[before][ENTRIES] > 1
                if records.results[site] and are_several and self._function(before) != own_function:
                    return True
                continue
            if self._values[before] in self._cleared:
                continue
            is_elsewhere = records.statements[site] != records.statements[own_site]
            is_in_same_call = records.frames[before] == records.frames[record]
            may_be_read = is_elsewhere and (is_in_same_call or occurred_before)
            if may_be_read and before not in own_parts and self._kind(before) not in NEVER_TOLD:
                return True
            if site in self._of_own_style:
                continue
            is_in_place = self._kind(before) == UPDATE
            if site == own_site or (is_in_place and is_elsewhere):
                return True
        return False

    def _is_first_unknown(self, record: int) -> bool:
        """Return whether all that was computed or chosen before a value occurs.

        But for its own parts, and what functions of the submission returned.
        """
        own_parts = self._all_parts(record)
        for before in range(record):
            if self._agrees[before] or before in own_parts:
                continue
            if self._kind(before) not in NOT_MADE and self.is_computed_here(before):
                return False
        return True

    def _all_parts(self, record: int) -> set[int]:
        """Return the parts of a value, and all parts of these."""
        found: set[int] = set()
        to_see = [record]
        while to_see:
            for part in self._parts[to_see.pop()]:
                if part not in found:
                    found.add(part)
                    to_see.append(part)
        return found

    def first_not_finite(self) -> int | None:
        """Return the first record with NaN or infinity in it that is made of parts without."""
        for record, parts in enumerate(self._parts):
            if self.is_finite(record) or self._agrees[record] or self.records.pieces[record]:
                continue
            if self._kind(record) in NEVER_TOLD or record in self._own_calls:
                continue
            if parts and all(map(self.is_finite, parts)):
                return record
        return None

    def is_finite(self, record: int) -> bool:
        """Return whether a value has neither NaN nor infinity in it."""
        return bool(np.isfinite(self.records.prints[record]).all())

    def is_computed_here(self, record: int) -> bool:
        """Return whether a value is no piece of another, and not what an own function returned."""
        return not self.records.pieces[record] and record not in self._own_calls

    def makes_right_values(self, record: int) -> bool:
        """Return whether a right value was computed of this one, wherever that was."""
        return self._values[record] in self._computed_with

    @cached_property
    def _computed_with(self) -> set[int]:
        """Return the values of which others were computed that occur and say enough."""
        computed_with: set[int] = set()
        for record, parts in enumerate(self._parts):
            if not self._agrees[record] or self._says_little[record]:
                continue
            if self._kind(record) in NEVER_TOLD or record in self._own_calls:
                continue
            if not self.is_put_together(record):
                computed_with.update(self._values[part] for part in parts)
        return computed_with

    def are_in_one_statement(self, found: Sequence[int]) -> bool:
        """Return whether records are all of expressions in one statement."""
        records = self.records
        statements = {records.statements[records.sites[record]] for record in found}
        return len(statements) == 1

    def functions_by_suspicion(self) -> list[str]:
        """List the functions that ran, those first in which unknown values came first."""
        unknown: dict[str, None] = {}
        others: dict[str, None] = {}
        for record in range(len(self.records.sites)):
            is_known = self._agrees[record] or self._says_little[record]
            listed = others if is_known else unknown
            listed[self._function(record)] = None
        return list(unknown | others)

    def is_put_together(self, record: int) -> bool:
        """Return whether a value has the entries of a part, as `concatenate([a, b])` has."""
        of_parts = {self._values[part] for part in self._parts[record]}
        return self._values[record] in of_parts

    def _has_pieces(self, record: int) -> bool:
        parts = self._parts[record]
        return bool(parts) and self.records.pieces[parts[0]]  # they come first

    def _is_of_layer(self, record: int) -> bool:
        return any(self._kind(part) == CALLEE for part in self._parts[record])

    def _proper_parts(self, record: int) -> list[int]:
        return [part for part in self._parts[record] if not self.records.pieces[part]]

    def _is_outermost(self, site: int) -> bool:
        """Return whether nothing is computed from an expression within its statement.

        What is handed to a function of the submission is looked at by itself, and so is what an
        object is made with, which holds no numbers that were noted.
        """
        records = self.records
        parent = records.parents[site]
        while parent != NOWHERE:
            kind = records.kinds[parent]
            is_own = parent in self._sites_of_own_calls or parent not in self._sites_noted
            if kind == CALL and is_own:
                return True
            if kind not in (CONTAINER, FILL):
                return False
            parent = records.parents[parent]
        return True

    def _made_of_fine(self, record: int) -> bool:
        """Return whether a value occurs, or is made of values that do, by this expression itself.

        What is chosen of a value, and occurs nowhere itself, is not fine: another style may choose
        otherwise, and all that it makes of that is its own.
        """
        if self._may_be_any[record]:
            return False
        value = self._values[record]
        if self._agrees[record] or value in self._not_telling:
            return True
        kind = self._kind(record)
        if kind == FRESH:
            return True
        if kind == CONTAINER:  # of constants, it has no parts that were noted
            parts = self._proper_parts(record)
            is_known = bool(parts) or self._says_little[record]
            return is_known and all(self._is_fine[part] for part in parts)
        if kind == MOVE or record in self._own_calls or self._has_pieces(record):
            return False
        parts = self._parts[record]
        return bool(parts) and all(self._is_fine[part] for part in parts)

    def _leaves(self, record: int) -> Iterator[int]:
        """Yield the parts, and parts of parts, that occur, in their order."""
        seen: set[int] = set()
        to_see = [record]
        while to_see:
            one = to_see.pop()
            if one in seen:
                continue
            seen.add(one)
            if self._agrees[one]:
                yield one
            else:
                to_see.extend(reversed(self._proper_parts(one)))

    # ---- in words

    def told(self, record: int) -> Located:
        """Describe a record that is to be told."""
        records = self.records
        site = records.sites[record]
        statement = records.statements[site]
        parts: dict[str, None] = {}
        in_pieces: dict[str, None] = {}
        for leaf in self._leaves(record):
            if not self._says_little[leaf]:
                listed = in_pieces if leaf in self._in_pieces else parts
                listed[records.texts[records.sites[leaf]]] = None
        return Located(
            text=records.texts[site],
            line=records.lines[statement],
            statement=records.wholes[statement],
            function=records.functions[statement],
            parts=tuple(parts)[:MOST_NAMED],
            in_pieces=tuple(in_pieces)[:MOST_NAMED],
            is_first=self._is_first_unknown(record),
        )
