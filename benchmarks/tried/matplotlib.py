"""matplotlib: what a course would use of it; each function is tried in the sandbox."""

import io
import tempfile

import matplotlib.backends.backend_agg
import matplotlib.figure
import matplotlib.pyplot as plt
import numpy as np


def lines(rng):
    figure = matplotlib.figure.Figure()
    (line,) = figure.subplots().plot(rng.normal(size=9))
    return line.get_ydata()


def pyplot(rng):
    figure, axes = plt.subplots(1, 2)
    counts, *_ = axes[0].hist(rng.normal(size=50))
    axes[1].scatter(rng.normal(size=9), rng.normal(size=9))
    plt.close(figure)
    return counts


def pixels(rng):
    figure = matplotlib.figure.Figure(figsize=(2, 1), dpi=50)
    figure.subplots().imshow(rng.normal(size=(4, 4)))
    canvas = matplotlib.backends.backend_agg.FigureCanvasAgg(figure)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba()).mean((0, 1))


def formulas_in_text(rng):
    figure = matplotlib.figure.Figure()
    figure.subplots().set_title(rf"$\alpha = {rng.integers(9)}$")
    target = io.BytesIO()
    figure.savefig(target, format="png")
    return target.getvalue()[:4] == b"\x89PNG"


def pictures_on_disk(rng):
    with tempfile.TemporaryDirectory() as folder:
        figure = matplotlib.figure.Figure()
        figure.subplots().plot(rng.normal(size=9))
        figure.savefig(f"{folder}/a.png")
        with open(f"{folder}/a.png", "rb") as file:
            return file.read(4) == b"\x89PNG"
