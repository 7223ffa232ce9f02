"""The first value in a run of a submission that occurs in no right answer, though its parts do.

Of each value there is only a *print*: how many entries it has, and sums over them, of which all but
two are the same for any layout of the same entries. What is told is a fact, as "`f * c + i` is the
first value that none of our right answers has; `f`, `c` and `i` occur in them".

A right answer in another style has values, too, that none of ours has. So values that later ones
are made of which do occur are *cleared*, and so are the expressions that took them.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from autograder.relations.unused import NO_NAMES, KnownNames

Array = np.ndarray
AreEqual = Callable[[Array, Array], Array]
KIND = "located"  # what a remark calls this relation
WIDTH = 8
ENTRIES, SIZES, SUM, SQUARES, SIGNED_SQUARES, WHOLE, *IN_ORDER = range(WIDTH)  # places of a print
# shares by which sums over equal values may differ; of few entries each says more
NEAR, NEAR_OF_FEW = 1e-5, 1e-6
FEW = 4  # entries; so few whole numbers are met by chance
PARTS = 840  # multiples of 1/840 are met by chance
LARGE = 1e12
ZERO = 1e-9  # what is smaller on average is nearly zero
AT_ONCE = 256  # values that are compared at once
MOST_COMPARED = 128  # known values of nearly one size with which a value is compared
# of records that are read, and expressions; a worker sends half as many at most
MOST_RECORDS, MOST_SITES = 10_000, 8_000
MOST_STEPS = 500_000  # records in which what functions return is looked for
MOST_NEIGHBOURS = 6  # values of nearly one size, among which an equal one is looked for
# what an expression does, as `sandbox/inside/values.py` says it
NAME, CONTAINER, MOVE, COMPUTE, CALL, UPDATE, CALLEE, FRESH, FILL = range(9)
# expressions that compute nothing, but choose or put together
MOVES = frozenset({CONTAINER, MOVE, CALLEE, FILL})
NEVER_TOLD = frozenset({NAME, FRESH}) | MOVES
NOWHERE = -1
MOST_NAMED = 4  # parts that are named
LONGEST_QUOTE = 60  # characters of a student's code


# ---- prints


def are_near(one: Array, other: Array) -> Array:
    """Return whether prints are of equal entries, in any order. one, other: (…, WIDTH) → (…)."""
    share = np.where(one[..., ENTRIES] < FEW, NEAR_OF_FEW, NEAR)
    of_sizes = share * one[..., SIZES]
    of_squares = 2 * share * one[..., SQUARES]
    with np.errstate(invalid="ignore"):
        apart = np.abs(one - other)
    is_finite = np.isfinite(apart).all(axis=-1)
    fits: Array = is_finite & (apart[..., ENTRIES] == 0)
    for place, most in (
        (SIZES, of_sizes),
        (SUM, of_sizes),
        (SQUARES, of_squares),
        (SIGNED_SQUARES, of_squares),
    ):
        fits = fits & (apart[..., place] <= most)
    return fits


def are_in_order(one: Array, other: Array) -> Array:
    """Return whether prints are of equal entries in one order. one, other: (…, WIDTH) → (…)."""
    most = NEAR * one[..., SIZES]
    with np.errstate(invalid="ignore"):
        apart = np.abs(one - other)[..., IN_ORDER].max(axis=-1)
    in_order: Array = are_near(one, other) & (apart <= most)
    return in_order


def say_little(prints: Array) -> Array:
    """Return which values would be met by chance: nearly zero, all equal, or simple fractions."""
    count = prints[:, ENTRIES]
    sizes = prints[:, SIZES]
    squares = prints[:, SQUARES]
    with np.errstate(over="ignore", invalid="ignore"):
        finite = np.isfinite(prints).all(axis=1)
        nearly_zero = sizes <= ZERO * count
        all_equal = (count > 1) & (squares * count <= sizes**2 * (1 + 1e-9))
        simple = _are_whole(PARTS * sizes) & _are_whole(PARTS**2 * squares)
        of_whole_numbers = prints[:, WHOLE] == count
    little: Array = finite & (nearly_zero | all_equal | simple | of_whole_numbers)
    return little


def _are_whole(numbers: Array) -> Array:
    """Return which numbers are whole up to rounding; none so large that nearly all would be."""
    from_whole = np.abs(numbers - np.round(numbers))
    rounding = np.clip(1e-7 * np.abs(numbers), 1e-7, 0.02)
    whole: Array = (from_whole <= rounding) & (np.abs(numbers) < LARGE)
    return whole


@dataclass(frozen=True)
class KnownValues:
    """The prints of all values that occur in right answers, sorted by the sum of squares.

    names: what right answers do with names.
    """

    prints: Array
    names: KnownNames = NO_NAMES

    @classmethod
    def of(cls, prints: Iterable[Array], names: KnownNames = NO_NAMES) -> "KnownValues":
        """Make it of the prints of several runs."""
        together = np.concatenate([np.zeros((0, WIDTH)), *prints])
        finite = together[np.isfinite(together).all(axis=1)]
        order = np.argsort(finite[:, SQUARES])
        return cls(finite[order], names)

    def hold(self, prints: Array, are_equal: AreEqual = are_near) -> Array:
        """Return which of some values occur. prints: (n, WIDTH) → (n,)."""
        found = np.zeros(len(prints), bool)
        for start in range(0, len(prints), AT_ONCE):  # pairs take memory
            part = slice(start, start + AT_ONCE)
            found[part] = self._hold(prints[part], are_equal)
        return found

    def _hold(self, prints: Array, are_equal: AreEqual) -> Array:
        squares = np.where(np.isfinite(prints[:, SQUARES]), prints[:, SQUARES], 0)
        reach = 3 * NEAR * squares
        mine = self.prints[:, SQUARES]
        starts = np.searchsorted(mine, squares - reach, "left")
        ends = np.searchsorted(mine, squares + reach, "right")
        counts = np.clip(ends - starts, 0, MOST_COMPARED)  # (n,)
        # each value beside each known one of nearly its size
        values = np.repeat(np.arange(len(prints)), counts)
        firsts = np.repeat(starts - np.cumsum(counts) + counts, counts)
        candidates = firsts + np.arange(len(values))
        fits = are_equal(prints[values], self.prints[candidates])
        found = np.zeros(len(prints), bool)
        found[values[fits]] = True
        return found


def numbers_of_values(prints: Array) -> Array:
    """Number values so that equal ones have one number. prints: (n, WIDTH) → (n,)."""
    order = np.argsort(prints[:, SQUARES], kind="stable")
    ordered = prints[order]
    equal_to = np.arange(len(prints))  # of each value in this order the first that equals it
    for apart in range(1, MOST_NEIGHBOURS + 1):
        later = np.arange(apart, len(prints))
        fits = are_near(ordered[apart:], ordered[:-apart])
        equal_to[later[fits]] = later[fits] - apart
    numbers = np.zeros(len(prints), int)
    for place, equal in enumerate(equal_to.tolist()):
        numbers[order[place]] = place if equal == place else numbers[order[equal]]
    return numbers


# ---- what was noted


@dataclass(frozen=True)
class Records:
    """What the expressions of a submission were seen to be, in the order of time.

    Of each record: sites, the number of the expression; frames, of the call in which it was
    evaluated; prints; pieces, whether it is a part of a list that the next record is of.
    Of each expression: parents, of which other it is a part; kinds, what it does; statements, in
    which it stands; inner, whether it is evaluated in a scope of its own there; results, whether a
    function returns it; texts, its own text.
    Of each statement: lines, where it stands; functions, in which; wholes, its text.
    cut: whether later values are missing.
    """

    sites: list[int]
    frames: list[int]
    prints: Array
    pieces: list[bool]
    parents: list[int]
    kinds: list[int]
    statements: list[int]
    inner: list[bool]
    results: list[bool]
    texts: list[str]
    lines: list[str]
    functions: list[str]
    wholes: list[str]
    cut: bool

    def functions_run(self) -> set[str]:
        """Return the functions in which something was noted."""
        return {self.functions[self.statements[site]] for site in set(self.sites)}


def read_records(arrays: Mapping[str, Array]) -> Records | None:
    """Read what a worker sent, which may be forged. Return None where it is out of form."""
    if any(array.size > MOST_RECORDS * WIDTH for array in arrays.values()):
        return None
    try:
        records = _records(arrays)
    except (KeyError, ValueError, TypeError, OverflowError):
        return None
    return records if _fit_together(records) else None


def _records(arrays: Mapping[str, Array]) -> Records:
    parents, kinds, statements, inner, results = map(_numbers, arrays["sites"])
    return Records(
        sites=_numbers(arrays["numbers"]),
        frames=_numbers(arrays["frames"]),
        prints=arrays["prints"].astype(np.float64),
        pieces=[bool(piece) for piece in _numbers(arrays["pieces"])],
        parents=parents,
        kinds=kinds,
        statements=statements,
        inner=[bool(value) for value in inner],
        results=[bool(value) for value in results],
        texts=_texts(arrays["texts"]),
        lines=_texts(arrays["lines"]),
        functions=_texts(arrays["functions"]),
        wholes=_texts(arrays["statements"]),
        cut=bool(arrays["cut"]),
    )


def _numbers(array: Array) -> list[int]:
    if array.ndim != 1 or array.dtype.kind not in "iub":
        raise ValueError("no row of numbers")
    numbers: list[int] = array.astype(int).tolist()
    return numbers


def _texts(array: Array) -> list[str]:
    (count,) = array.shape
    if count and array.dtype.kind != "U":
        raise ValueError("no texts")
    texts: list[str] = array.tolist()
    return texts


def _fit_together(records: Records) -> bool:
    """Return whether each number that names something names something that is there."""
    count = len(records.sites)
    sites = len(records.parents)
    if count > MOST_RECORDS or sites > MOST_SITES:
        return False
    if records.prints.shape != (count, WIDTH):
        return False
    lengths = {count, len(records.frames), len(records.pieces)}
    of_statements = {len(records.lines), len(records.functions), len(records.wholes)}
    if len(lengths) > 1 or len(of_statements) > 1 or len(records.texts) != sites:
        return False
    if not all(0 <= site < sites for site in records.sites):
        return False
    # a part has a higher number than what it is a part of: there are no circles
    if not all(NOWHERE <= parent < site for site, parent in enumerate(records.parents)):
        return False
    statements = len(records.lines)
    return all(0 <= statement < statements for statement in records.statements)


# ---- what is told


@dataclass(frozen=True)
class Located:
    """An expression whose value is the first that no right answer has.

    line: where its statement stands, "line 41", and `statement` its text. function: around it.
    parts: those whose values do occur. times_right: how often it was evaluated before, where its
    value occurred each time.
    """

    text: str
    line: str
    statement: str
    function: str
    parts: tuple[str, ...]
    times_right: int = 0


def locate(records: Records, known: KnownValues) -> Located | None:
    """Find the first expression whose value no right answer has and whose parts all have.

    None where several statements compute such values: then not all of it can be one mistake's
    doing. (Infinity spreads, and says nothing of where to.)
    """
    if not records.sites:
        return None
    run = _Run(records, known)
    found = list(run.candidates())
    if not found:
        return None
    first = found[0]
    if run.are_in_one_statement(found) or not np.isfinite(records.prints[first]).all():
        return run.told(first)
    computed = [record for record in found if not run.is_put_together(record)]
    if computed and run.are_in_one_statement(computed):
        return run.told(computed[0])
    return None


def in_words(located: Located) -> str:
    """Say what is located, as a fact.

    Example: "`f * c + i` (line 41) is the first value that none of our right answers has; `f` and
    `c` occur in them."
    """
    text = _quoted(located.text)
    place = located.line
    if _short(located.statement) != _short(located.text):
        place = f"{place}: {_quoted(located.statement)}"
    parts = [_quoted(part) for part in located.parts]
    verb = "occur" if len(parts) > 1 else "occurs"
    said = f"{text} ({place}) is the first value that none of our right answers has"
    if located.times_right:
        times = "time" if located.times_right == 1 else f"{located.times_right} times"
        said = f"{said}, though it had the right ones the first {times}"
    return f"{said}; {_listed(parts)} {verb} in them."


def _short(text: str) -> str:
    """Return code of a student's in one line, without what would end a quotation, cut."""
    in_one_line = " ".join(text.split()).replace("`", "'")
    if len(in_one_line) <= LONGEST_QUOTE:
        return in_one_line
    return f"{in_one_line[:LONGEST_QUOTE]}…"


def _quoted(text: str) -> str:
    return f"`{_short(text)}`"


def _listed(parts: Sequence[str]) -> str:
    """Write `a`, `b` and `c`."""
    *firsts, last = parts
    if not firsts:
        return last
    return f"{', '.join(firsts)} and {last}"


class _Run:
    """A run of a submission beside the values of right answers. A record goes by its number."""

    def __init__(self, records: Records, known: KnownValues) -> None:
        self._records = records
        self._known = known
        unique, places = np.unique(records.prints, axis=0, return_inverse=True)
        places = places.ravel()
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
        self._let_rows_occur()
        self._sites_of_own_calls = {records.sites[record] for record in self._own_calls}
        # values that say little, or whose entries mean nothing yet, where they are made of such
        # that occur
        self._not_telling: set[int] = set()
        # whether a value occurs, or is made of values that do
        self._is_fine = [False] * len(records.sites)

    def _kind(self, record: int) -> int:
        return self._records.kinds[self._records.sites[record]]

    # ---- what is made of what

    @cached_property
    def _children(self) -> dict[int, list[int]]:
        """Map expressions to their parts; what holds no number, as a shape, to parts of its own."""
        children: dict[int, list[int]] = {}
        noted = set(self._records.sites)
        parents = self._records.parents
        for site in sorted(noted):
            parent = parents[site]
            while parent != NOWHERE and parent not in noted:
                parent = parents[parent]
            if parent != NOWHERE:
                children.setdefault(parent, []).append(site)
        return children

    def _found_parts(self) -> Iterator[list[int]]:
        """Yield the parts of each record, as they were evaluated for it."""
        records = self._records
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
            pieces = [part for part in parts if self._records.pieces[part]]
            telling = [piece for piece in pieces if not self._says_little[piece]]
            if telling and all(self._agrees[piece] for piece in pieces):
                of_rows.add(self._values[record])
        for record, value in enumerate(self._values):
            if value in of_rows:
                self._agrees[record] = True

    def _results_within(self, record: int) -> list[int]:
        """Return what functions returned that a call called: what was noted elsewhere before it."""
        records = self._records
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
        parents = self._records.parents
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
        sites = self._records.sites
        of_own_style = set()
        for record, value in enumerate(self._values):
            if not self._agrees[record] and value in self._cleared:
                of_own_style.add(sites[record])
        for record in self._in_right_calls():
            if not self._agrees[record]:
                of_own_style.add(sites[record])
        for record, site in enumerate(sites):
            self._is_fine[record] = self._made_of_fine(record)
            if self._is_fine[record] and (self._says_little[record] or self._kind(record) == FRESH):
                self._not_telling.add(self._values[record])
            if site not in of_own_style and self._is_candidate(record):
                yield record

    def _in_right_calls(self) -> list[int]:
        """List the records within calls of which the result occurs: nothing there is a mistake.

        A result of a few whole numbers, or of equal ones, says too little, and so do whole numbers
        in another order, as ids that are sorted otherwise.
        """
        records = self._records
        entries = records.prints[:, ENTRIES]
        sizes = records.prints[:, SIZES]
        squares = records.prints[:, SQUARES]
        with np.errstate(over="ignore", invalid="ignore"):
            differ = squares * entries > sizes**2 * (1 + 1e-9)
        tells = (entries >= FEW) & differ & self._known.hold(records.prints, are_in_order)
        began: dict[int, int] = {}
        within: list[int] = []
        for record, frame in enumerate(records.frames):
            first = began.setdefault(frame, record)
            if not records.results[records.sites[record]] or records.pieces[record]:
                continue
            if self._agrees[record] and (tells[record] or not self._says_little[record]):
                within.extend(range(first, record))
            del began[frame]
        return within

    def _is_candidate(self, record: int) -> bool:
        if self._agrees[record] or self._records.pieces[record]:
            return False
        if self._kind(record) in NEVER_TOLD or record in self._own_calls:
            return False
        if self._has_pieces(record) and not self._is_of_layer(record):
            return False  # as of a decomposition: there may be several right ones
        if self._says_little[record] or self._values[record] in self._cleared:
            return False
        if not self._is_outermost(self._records.sites[record]):
            return False
        parts = self._proper_parts(record)
        if not parts or not all(self._is_fine[part] for part in parts):
            return False
        return any(not self._says_little[leaf] for leaf in self._leaves(record))

    def are_in_one_statement(self, found: Sequence[int]) -> bool:
        """Return whether records are all of expressions in one statement."""
        records = self._records
        statements = {records.statements[records.sites[record]] for record in found}
        return len(statements) == 1

    def is_put_together(self, record: int) -> bool:
        """Return whether a value has the entries of a part, as `concatenate([a, b])` has."""
        of_parts = {self._values[part] for part in self._parts[record]}
        return self._values[record] in of_parts

    def _has_pieces(self, record: int) -> bool:
        return any(self._records.pieces[part] for part in self._parts[record])

    def _is_of_layer(self, record: int) -> bool:
        return any(self._kind(part) == CALLEE for part in self._parts[record])

    def _proper_parts(self, record: int) -> list[int]:
        return [part for part in self._parts[record] if not self._records.pieces[part]]

    def _is_outermost(self, site: int) -> bool:
        """Return whether nothing is computed from an expression within its statement.

        What is handed to a function of the submission is looked at by itself.
        """
        records = self._records
        parent = records.parents[site]
        while parent != NOWHERE:
            kind = records.kinds[parent]
            if kind == CALL and parent in self._sites_of_own_calls:
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
        records = self._records
        site = records.sites[record]
        statement = records.statements[site]
        parts: dict[str, None] = {}
        for leaf in self._leaves(record):
            if not self._says_little[leaf]:
                parts[records.texts[records.sites[leaf]]] = None
        before = [other for other in range(record) if records.sites[other] == site]
        times_right = len(before) if all(self._agrees[other] for other in before) else 0
        return Located(
            text=records.texts[site],
            line=records.lines[statement],
            statement=records.wholes[statement],
            function=records.functions[statement],
            parts=tuple(parts)[:MOST_NAMED],
            times_right=times_right,
        )
