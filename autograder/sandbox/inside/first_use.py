"""What some packages do the first time that they are used, done before any submission is there.

They start a thread, write into a cache, or read what a worker is not shown; afterwards they do
without. Any course may use them, so they stand here by their names, and nowhere else.
"""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from importlib import import_module

# what is left of the environment, for libraries that a worker loads: none may start a thread there,
# and OpenBLAS interrupts the program where it cannot
OF_THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
# package → modules to import, each with a function of it to call, or ""
FIRST_USE: Mapping[str, Mapping[str, str]] = {
    "matplotlib": {"matplotlib.font_manager": ""},
    "sklearn": {
        "sklearn.utils.parallel": "_get_threadpool_controller",
        "sklearn.utils._openmp_helpers": "_openmp_effective_n_threads",
    },
}


def use_once(package: str) -> None:
    """Do what a package does the first time; what fails is for a submission to find out."""
    for name, function in FIRST_USE.get(package, {}).items():
        with suppress(Exception), _threads_unset():
            module = import_module(name)
            if function:
                getattr(module, function)()


@contextmanager
def _threads_unset() -> Iterator[None]:
    """Hide the variables on threads: a worker has none, and packages look elsewhere then."""
    kept = {name: os.environ.pop(name) for name in OF_THREADS if name in os.environ}
    try:
        yield
    finally:
        os.environ.update(kept)
