"""What some packages do at their first use, done before any submission runs.

They start a thread, write to a cache, or read files that a worker cannot see; afterwards they need
none of that. Any course may use them, so their names are here, and nowhere else.
"""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from importlib import import_module

# the remaining environment, for libraries that a worker loads: none may start a thread there, and
# OpenBLAS interrupts a program if it cannot
OF_THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
# package → modules to import, each with a function to call, or ""
FIRST_USE: Mapping[str, Mapping[str, str]] = {
    "matplotlib": {"matplotlib.font_manager": ""},
    "sklearn": {
        "sklearn.utils.parallel": "_get_threadpool_controller",
        "sklearn.utils._openmp_helpers": "_openmp_effective_n_threads",
    },
}


def use_once(package: str) -> None:
    """Do what a package does at its first use; a submission will meet any failure."""
    for name, function in FIRST_USE.get(package, {}).items():
        with suppress(Exception), _threads_unset():
            module = import_module(name)
            if function:
                getattr(module, function)()


@contextmanager
def _threads_unset() -> Iterator[None]:
    """Hide the variables on threads: a worker has none, and packages then look elsewhere."""
    kept = {name: os.environ.pop(name) for name in OF_THREADS if name in os.environ}
    try:
        yield
    finally:
        os.environ.update(kept)
