"""Pictures of verdicts for a notebook: inline SVG, and beside each the same in words."""

import numpy as np

from autograder.checking import TOLERANCE, Answer, Check, CheckKey, Verdict
from autograder.report import html

SIDE, MOST = 14, 300  # pixels of a cell; cells of an array that is still a picture


def picture(check: Check, verdict: Verdict, known: CheckKey, answer: Answer) -> str:
    """What is worth seeing of a verdict, as HTML: the first wrong array beside the expected one; a loss beside ours."""
    if check.measure:
        loss = answer.arrays.get("loss", np.array(np.nan)).item()
        return _losses(loss, known.loss, check.within) if known.loss and np.isfinite(loss) else ""
    for name in (name for remark in verdict.remarks for name in remark.arrays if name in answer.arrays):
        want, got = known.expected.arrays[name].astype(float), answer.arrays[name].astype(float)
        if want.shape == got.shape and (maps := _heat_maps(name, want, got, check.tolerance.get(name, TOLERANCE))):
            return maps
    return ""


def _heat_maps(name: str, want: np.ndarray, got: np.ndarray, tolerance: float) -> str:
    """Two maps of an array, its last axis to the right: expected, found. A ring marks what is wrong, not the colour."""
    scale = np.abs(want[np.isfinite(want)]).max(initial=0.0) or 1.0
    with np.errstate(invalid="ignore"):
        wrong = ~(np.abs(want - got) <= tolerance * scale)
    if not wrong.any():
        return ""
    at = tuple(map(int, np.argwhere(wrong)[0]))
    words = f"`{name}{list(at) or ''}` should be {want[at]:.4g} and is {got[at]:.4g}."
    if want.ndim == 0 or want.size > MOST:
        return f"<br>{html(words)}"
    rows, columns = want.size // want.shape[-1], want.shape[-1]
    cells = []
    for left, grid in ((0, want), (columns + 1, got)):
        for (i, j), value in np.ndenumerate(grid.reshape(rows, columns)):
            ring = ' stroke="black" stroke-width="2"' if left and wrong.reshape(rows, columns)[i, j] else ""
            place = f'x="{(left + j) * SIDE + 1}" y="{i * SIDE + 1}" width="{SIDE - 2}" height="{SIDE - 2}"'
            cells.append(f'<rect {place} fill="{_colour(value / scale)}"{ring}/>')
    words += (
        f" Left: expected. Right: found, with a ring around each of the {wrong.sum()} wrong of {wrong.size} places."
    )
    return _svg((2 * columns + 1) * SIDE, rows * SIDE, "".join(cells), words)


def _colour(value: float) -> str:
    """Orange above 0, white at 0, blue below, grey for what is no number."""
    if not np.isfinite(value):
        return "#888"
    fade = int(255 * (1 - min(abs(value), 1)))
    return f"rgb(255,{128 + fade // 2},{fade})" if value > 0 else f"rgb({fade},{100 + fade * 155 // 255},255)"


def _losses(loss: float, ours: float, within: float) -> str:
    """A line with the band that passes, our solution's loss (a stroke) and the loss found (a dot)."""
    reach = 1.2 * max(abs(loss - ours), 2 * within)
    band, dot = (150 * (1 - within / reach), 300 * within / reach), 150 * (1 + (loss - ours) / reach)
    drawn = f'<rect x="{band[0]:.0f}" y="4" width="{band[1]:.0f}" height="16" fill="#9ccfa5"/>'
    drawn += '<path d="M0 12H300M150 2V22" stroke="#555" stroke-width="2"/>'
    words = f"Dot: held-out loss {loss:.3f}. Stroke: ours, {ours:.3f}. Band: within {within:g} of ours."
    return _svg(300, 24, f'{drawn}<circle cx="{dot:.0f}" cy="12" r="5" fill="black" stroke="white"/>', words)


def _svg(width: int, height: int, drawn: str, words: str) -> str:
    size = f'width="{width}" height="{height}" viewBox="0 0 {width} {height}"'
    return f'<br><svg {size} aria-hidden="true">{drawn}</svg><br>{html(words)}'
