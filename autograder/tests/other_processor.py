"""Keys as another processor makes them: a helper of tests that compare keys."""

from dataclasses import replace

import numpy as np


def largest(array):
    return float(np.abs(array[np.isfinite(array)].astype(np.float64)).max(initial=0.0))


def elsewhere(answer, solution, rng):
    """An answer as another processor rounds it: floats moved, on the array's own scale and the solution's."""

    def moved(name, array):
        if array.dtype.kind != "f":
            return array
        most = 1e-4 * largest(array) + 1e-7 * largest(solution.arrays[name])
        noise = np.asarray(rng.uniform(-most, most, array.shape))
        return np.where(np.isfinite(array), array + noise, array).astype(array.dtype)

    return replace(answer, arrays={name: moved(name, array) for name, array in answer.arrays.items()})


def key_elsewhere(key, checks):
    """A key as another processor makes it."""
    rng = np.random.default_rng(1)
    within = {check.name: check.within for check in checks}
    made = {}
    for name, known in key.items():
        mistakes = tuple((mistake, elsewhere(its, known.expected, rng)) for mistake, its in known.mistakes)
        loss = None if known.loss is None else known.loss + 0.1 * within[name.split("@")[0]]
        expected = elsewhere(known.expected, known.expected, rng)
        made[name] = replace(known, expected=expected, mistakes=mistakes, loss=loss)
    return made
