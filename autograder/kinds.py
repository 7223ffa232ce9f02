"""Makes arrays of answers of other kinds: tables, rows, figures, printed text, exceptions.

Import them from `autograder.check`. They run beside the submission, as an experiment does: they
convert the returned value into arrays, which are compared like all others. A value that cannot be
converted raises a `TypeError` that says what was expected and what was found.
"""

import contextlib
import dis
import inspect
import io
import math
import sys
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from types import BuiltinMethodType, MethodType
from typing import Any

import numpy as np

from autograder.check import Arrays, Unanswered, named, type_in_words

MISSING = "missing"  # the text for a missing text or date in an array of text

Columns = Sequence[tuple[str, Any]]  # the name of a column and its values, in order


# ---- tables


def frame(name: str, table: Any, columns: str = "") -> Arrays:
    """Name the content of a pandas DataFrame or Series, labels included.

    Makes `name.columns`, the names of the columns; `name.index`, the labels of the rows;
    `name.types`, for each column "numbers", "truth values", "text", "dates" or "categories"; and
    `name.COLUMN` for each listed column, or `name.values` with all of them if none is listed. A
    date, a category and an interval are compared as text.
    columns: names separated by blanks. In a list they may hold blanks themselves.
    Raises `TypeError` for anything else, for a missing column, and for one that holds something
    that cannot be compared; readable parts are named before.
    """
    if isinstance(table, Unanswered):
        return {}
    kind = _kind(table)
    if kind == "Series":
        found = [("" if table.name is None else table.name, table)]
    elif kind == "DataFrame":
        found = [(label, table.iloc[:, i]) for i, label in enumerate(table.columns)]
    else:
        raise TypeError(f"`{name}` should be a DataFrame, but it is {type_in_words(table)}.")
    labels = [_as_text(label) for label, _ in found]
    arrays = named(f"{name}.columns", labels or [""])
    arrays |= named(f"{name}.index", _index_values(name, table.index))
    arrays |= named(f"{name}.types", [_type(column) for _, column in found] or [""])
    pairs = list(zip(labels, [column for _, column in found], strict=True))
    wanted = columns.split() if isinstance(columns, str) else list(columns)
    if not wanted:
        return arrays | named(f"{name}.values", _values(name, pairs))
    if kind == "Series" and not set(wanted) & set(labels):
        listed = _listed(wanted)
        raise TypeError(
            f"the result (`{name}`) should be a DataFrame with {listed}. It is a Series."
        )
    return arrays | _pick(name, pairs, wanted, table.index.names)


def _kind(value: Any) -> str:
    """Return "DataFrame", "Series" or "Index" for pandas' objects, "" for all others."""
    for parent in type(value).__mro__:
        package = parent.__module__.partition(".")[0]
        if package == "pandas" and parent.__name__ in ("DataFrame", "Series", "Index"):
            return parent.__name__
    return ""


def _pick(
    name: str, pairs: Columns, wanted: Sequence[str], in_index: Container[object] = ()
) -> Arrays:
    """Name some columns. Raises `TypeError` after the last one if one is missing.

    in_index: the names of the index, for a missing column that stands there.
    """
    arrays: Arrays = {}
    by_label = dict(reversed(pairs))
    missing = []
    wrong = []
    for label in wanted:
        if label not in by_label:
            missing.append(label)
            continue
        try:
            arrays |= named(f"{name}.{label}", _column(name, label, by_label[label]))
        except TypeError as error:
            wrong.append(error)
    if missing:
        there = ", ".join(f"`{label}`" for label, _ in pairs) or "none"
        lacking = _listed(missing)
        said = f"the result (`{name}`) has no {lacking}; its columns are {there}."
        if all(label in in_index for label in missing):
            said += (
                f" The index has the {lacking}: turn the index into columns with `reset_index()`."
            )
        raise TypeError(said)
    if wrong:
        raise wrong[0]
    return arrays


def _listed(labels: Sequence[str]) -> str:
    """Name columns: "column `a`", "columns `a`, `b`"."""
    quoted = ", ".join(f"`{label}`" for label in labels)
    return f"column {quoted}" if len(labels) == 1 else f"columns {quoted}"


def _values(name: str, pairs: Columns) -> np.ndarray:
    """Return all columns side by side: as numbers if all are, else as text."""
    if not pairs:
        return np.zeros((0, 0))
    columns = [_column(name, label, column) for label, column in pairs]
    if all(column.dtype.kind in "fiub" for column in columns):
        return np.column_stack(columns)
    return np.column_stack([_texts(column) for column in columns])


def _texts(column: np.ndarray) -> np.ndarray:
    if column.dtype.kind == "U":
        return column
    if column.dtype.kind != "f":
        return column.astype(str)
    return np.array([_number_as_text(number) for number in column.tolist()], dtype=str)


def _number_as_text(number: float) -> str:
    """Write a fraction with six figures, and a whole number in full, also if it is a float."""
    is_whole = math.isfinite(number) and math.isclose(number, round(number), rel_tol=1e-9)
    return str(round(number)) if is_whole else f"{number:.6g}"


def _type(column: Any) -> str:
    """Return the kind of a column's content in a word or two."""
    kind = _dtype_name(column)
    if kind == "category":
        return "categories"
    if kind == "bool" or kind == "boolean":
        return "truth values"
    if kind.startswith(("datetime", "period")):
        return "dates"
    if kind.startswith(("int", "uint", "float", "Int", "UInt", "Float", "timedelta")):
        return "numbers"
    values = [value for value in column.tolist() if not _is_missing(value)]
    if all(isinstance(value, str) for value in values):
        return "text"
    return "objects"


def _dtype_name(column: Any) -> str:
    return str(column.dtype)


def _column(name: str, label: str, column: Any) -> np.ndarray:
    """Return a column as numbers or as text. Raises `TypeError` for other things in it."""
    kind = _dtype_name(column)
    if kind.startswith("timedelta"):
        return np.asarray(column.dt.total_seconds(), float)
    values = column.tolist()
    if kind in ("bool", "boolean") and not any(_is_missing(value) for value in values):
        return np.array(values, bool)
    if _type(column) in ("numbers", "truth values"):
        return _numbers(values, kind)
    if _type(column) in ("dates", "categories"):
        return np.array([_as_text(value) for value in values], dtype=str)
    for value in values:
        if not _is_missing(value) and not _can_be_text(value):
            raise TypeError(
                f"the column `{label}` of `{name}` holds {type_in_words(value)}. It can hold "
                "numbers, truth values, text, dates or categories."
            )
    return np.array([_as_text(value) for value in values], dtype=str)


def _numbers(values: Sequence[Any], kind: str) -> np.ndarray:
    if kind.lower().startswith(("int", "uint")) and not any(map(_is_missing, values)):
        return np.array(values, np.int64)
    return np.array([np.nan if _is_missing(value) else value for value in values], float)


def _is_missing(value: Any) -> bool:
    """Return whether a value is None, NaN, or one of pandas' missing values."""
    if value is None or type(value).__name__ in ("NAType", "NaTType"):
        return True
    return isinstance(value, float) and value != value


def _can_be_text(value: Any) -> bool:
    if isinstance(value, str | bool | int | float | np.generic):
        return True
    return type(value).__name__ in ("Timestamp", "Period", "Interval", "date", "datetime", "time")


def _as_text(value: Any) -> str:
    """Write a label or an entry as text; a date as in a calendar."""
    if _is_missing(value):
        return MISSING
    if isinstance(value, tuple):
        return " | ".join(map(_as_text, value))
    if hasattr(value, "isoformat"):
        return str(value.isoformat()).removesuffix("T00:00:00")
    return str(value)


def _index_values(name: str, index: Any) -> np.ndarray:
    """Return the labels of rows: as numbers if they are numbers, else as text."""
    labels = index.tolist()
    if not all(map(_is_plain_number, labels)):
        texts = list(map(_as_text, labels))
        return np.array(texts, dtype=str)
    if index.dtype.kind in "iu":
        return np.array(labels, np.int64)
    return np.array(labels, float)


def _is_plain_number(label: Any) -> bool:
    if isinstance(label, bool):
        return False
    return isinstance(label, int | float)


def rows(name: str, answer: Any, columns: str) -> Arrays:
    """Name the columns of rows, as a query returns them: an array `name.COLUMN` for each.

    answer: a cursor, or a list of tuples.
    columns: names separated by blanks, in the order of a row.
    None is NaN among numbers, "missing" among text. Rows keep their order: sort them if a query
    need not.
    Raises `TypeError` if a row has another number of values.
    """
    if isinstance(answer, Unanswered):
        return {}
    wanted = columns.split()
    if hasattr(answer, "fetchall"):
        answer = answer.fetchall()
    if not isinstance(answer, list | tuple):
        raise TypeError(f"`{name}` should be a list of rows, but it is {type_in_words(answer)}.")
    for row in answer:
        if not isinstance(row, list | tuple):
            raise TypeError(
                f"`{name}` should be a list of rows, but it holds {type_in_words(row)}."
            )
        if len(row) != len(wanted):
            raise TypeError(
                f"a row of `{name}` should have {len(wanted)} values ({', '.join(wanted)}), and "
                f"one has {len(row)}."
            )
    arrays: Arrays = {}
    for i, label in enumerate(wanted):
        values = [row[i] for row in answer]
        arrays |= named(f"{name}.{label}", _entries(name, label, values))
    return arrays


_WHOLE = (int, np.integer, np.bool_)
_NUMBER = (*_WHOLE, float, np.floating)


def _entries(name: str, label: str, values: Sequence[Any]) -> np.ndarray:
    there = [value for value in values if not _is_missing(value)]
    if all(isinstance(value, _NUMBER) for value in there):
        if len(there) == len(values) and all(isinstance(value, _WHOLE) for value in there):
            return np.array(values, np.int64)
        return np.array([np.nan if _is_missing(value) else value for value in values], float)
    for value in there:
        if not _can_be_text(value):
            raise TypeError(
                f"the column `{label}` of `{name}` holds {type_in_words(value)}. It can hold "
                "numbers and text."
            )
    return np.array([_as_text(value) for value in values], dtype=str)


# ---- figures


def figure(name: str, answer: Any, parts: str = "labels lines") -> Arrays:
    """Name what a matplotlib figure shows, over all its axes in order.

    parts: those to compare, separated by blanks: "labels", the titles and the labels of the axes;
    "legend", its texts; "lines", x and y of each line, with NaN between two; "points", x and y of
    scattered points; "bars", left edge, width and height of each; "limits" of x and y; "scales",
    "linear" or "log"; "ticks", their texts.
    Each is an array `name.PART`; lines and points give `name.lines_x` and `name.lines_y`.
    Raises `TypeError` if the answer is no figure.
    """
    if isinstance(answer, Unanswered):
        return {}
    if not hasattr(answer, "get_axes") or not hasattr(answer, "savefig"):
        hint = ""
        if hasattr(answer, "get_figure"):
            hint = " Return the figure that it stands in: `.get_figure()` gives it."
        elif answer is None:
            hint = " Return the figure at the end."
        raise TypeError(f"`{name}` should be a Figure, but it is {type_in_words(answer)}.{hint}")
    axes = answer.get_axes()
    arrays: Arrays = {}
    for part in parts.split():
        if part not in _PARTS:
            raise ValueError(f"a figure has no part `{part}`. There are: {', '.join(_PARTS)}.")
        for label, value in _PARTS[part](axes):
            arrays |= named(f"{name}.{label}", value)
    return arrays


def _labels(axes: Sequence[Any]) -> Iterator[tuple[str, Any]]:
    texts = []
    for one in axes:
        texts += [one.get_title(), one.get_xlabel(), one.get_ylabel()]
    yield "labels", texts or [""]


def _legend(axes: Sequence[Any]) -> Iterator[tuple[str, Any]]:
    texts = []
    for one in axes:
        legend = one.get_legend()
        if legend is not None:
            texts += [text.get_text() for text in legend.get_texts()]
    yield "legend", texts or [""]


def _lines(axes: Sequence[Any]) -> Iterator[tuple[str, Any]]:
    xs: list[float] = []
    ys: list[float] = []
    for one in axes:
        for line in one.get_lines():
            x, y = line.get_xdata(orig=False), line.get_ydata(orig=False)
            xs += [*np.asarray(x, float).tolist(), np.nan]
            ys += [*np.asarray(y, float).tolist(), np.nan]
    yield "lines_x", np.array(xs[:-1])
    yield "lines_y", np.array(ys[:-1])


def _points(axes: Sequence[Any]) -> Iterator[tuple[str, Any]]:
    places = [np.zeros((0, 2))]
    for one in axes:
        for collection in one.collections:
            if type(collection).__name__ == "PathCollection":
                places.append(np.asarray(collection.get_offsets(), float))
    joined = np.concatenate(places)
    yield "points_x", joined[:, 0]
    yield "points_y", joined[:, 1]


def _bars(axes: Sequence[Any]) -> Iterator[tuple[str, Any]]:
    found = [np.zeros((0, 3))]
    for one in axes:
        for patch in one.patches:
            if type(patch).__name__ == "Rectangle":
                row = [patch.get_x(), patch.get_width(), patch.get_height()]
                found.append(np.array([row], float))
    yield "bars", np.concatenate(found)


def _limits(axes: Sequence[Any]) -> Iterator[tuple[str, Any]]:
    yield "limits", np.array([[*one.get_xlim(), *one.get_ylim()] for one in axes], float)


def _scales(axes: Sequence[Any]) -> Iterator[tuple[str, Any]]:
    texts = []
    for one in axes:
        texts += [one.get_xscale(), one.get_yscale()]
    yield "scales", texts or [""]


def _ticks(axes: Sequence[Any]) -> Iterator[tuple[str, Any]]:
    texts = []
    for one in axes:
        for axis in (one.xaxis, one.yaxis):
            texts += [label.get_text() for label in axis.get_ticklabels()]
    yield "ticks", texts or [""]


_PARTS: dict[str, Callable[[Sequence[Any]], Iterator[tuple[str, Any]]]] = {
    "labels": _labels,
    "legend": _legend,
    "lines": _lines,
    "points": _points,
    "bars": _bars,
    "limits": _limits,
    "scales": _scales,
    "ticks": _ticks,
}


# ---- printed text and exceptions


def printed(function: Callable[..., Any], *arguments: Any, stdin: str = "", **options: Any) -> Any:
    """Return what a function prints, as text; blanks at the ends of lines do not count.

    stdin: the text that `input()` or `sys.stdin` provides. Prompts of `input` are printed, too.
    Raises what the function raises; `TypeError` if it reads past the end.
    """
    if isinstance(function, Unanswered):
        return function
    out = io.BytesIO()
    streams = {
        "stdin": io.TextIOWrapper(io.BytesIO(stdin.encode(*_AS_BYTES)), *_AS_BYTES),
        "stdout": io.TextIOWrapper(out, *_AS_BYTES, newline="\n", write_through=True),
    }
    try:
        with _replaced(streams, function):
            result = function(*arguments, **options)
    except EOFError:
        count = len(stdin.splitlines())
        raise TypeError(
            f"the function asks for more input than there is: {count} lines can be read."
        ) from None
    if isinstance(result, Unanswered):
        return result
    text = out.getvalue().decode("utf-8", "replace")
    lines = [line.rstrip() for line in text.split("\n")]
    return "\n".join(lines).rstrip("\n")


_AS_BYTES = ("utf-8", "surrogatepass")


@contextlib.contextmanager
def _replaced(streams: Mapping[str, Any], function: Callable[..., Any]) -> Iterator[None]:
    """Replace streams of `sys` by name, also in a function's global variables.

    Those may hold a stream or a method of one, as after `input = sys.stdin.readline`.
    """
    before = {name: getattr(sys, name) for name in streams}
    instead = []
    for name, stream in streams.items():
        instead.append((before[name], stream))
        instead.append((getattr(before[name], "buffer", None), stream.buffer))
    variables = getattr(inspect.unwrap(function), "__globals__", {})
    kept = {}
    for variable, value in variables.items():
        for old, new in instead:
            if value is old is not None:
                kept[variable] = value, new
            elif _owner(value) is old is not None:
                kept[variable] = value, getattr(new, value.__name__)
    try:
        for name, stream in streams.items():
            setattr(sys, name, stream)
        for variable, (_, new) in kept.items():
            variables[variable] = new
        yield
    finally:
        for name, stream in before.items():
            setattr(sys, name, stream)
        for variable, (value, _) in kept.items():
            variables[variable] = value


def _owner(value: object) -> object:
    """Return the object of a method; None if it is none."""
    return value.__self__ if isinstance(value, BuiltinMethodType | MethodType) else None


def raised(
    function: Callable[..., Any], *arguments: Any, by_raise: bool = False, **options: Any
) -> Any:
    """Return the name of the exception that a function raises, as text; "none" if it returns.

    by_raise: whether only a `raise` of the submission counts; for an exception that NumPy or Python
    itself raises, ", not by `raise`" follows the name. An unwritten or missing function stays so:
    `NotImplementedError` is raised.
    """
    try:
        result = function(*arguments, **options)
    except Exception as error:
        if not _can_be_an_answer(error):
            raise
        return _name_of(error, by_raise)
    if isinstance(result, Unanswered):
        was_raised = result.error
        return _name_of(was_raised, by_raise) if _can_be_an_answer(was_raised) else result
    return "none"


def _can_be_an_answer(error: Exception) -> bool:
    """Return whether an exception may be intended: not the engine's own, and not a MemoryError."""
    if isinstance(error, NotImplementedError | MemoryError):
        return False
    return type(error).__module__.partition(".")[0] != "autograder"


def _name_of(error: Exception, by_raise: bool) -> str:
    name = type(error).__name__
    return name if not by_raise or _is_by_raise(error) else f"{name}, not by `raise`"


def _is_by_raise(error: Exception) -> bool:
    """Return whether the innermost executed line is a `raise`, and not a package's."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return False
    code = trace.tb_frame.f_code
    operation = dis.opname[code.co_code[trace.tb_lasti]]
    return operation == "RAISE_VARARGS" and "site-packages" not in code.co_filename
