"""Threads that grade parse at the same time."""

import ast
import gc
import sys
import threading
import warnings
from collections.abc import Iterator

import pytest

from autograder.parsing import parse

TEXT = "\n".join(f"def f{i}(x, y):\n    return [(x + {i}) * y for x in y]" for i in range(200))


class Circle:
    """Garbage that only a collection frees, and whose finalizer lets another thread run."""

    def __init__(self) -> None:
        self.itself = self

    def __del__(self) -> None:
        for _ in range(50):
            pass


@pytest.fixture
def eager_collector() -> Iterator[None]:
    """Switch threads and collect garbage as often as possible."""
    interval, thresholds = sys.getswitchinterval(), gc.get_threshold()
    sys.setswitchinterval(1e-6)
    gc.set_threshold(10)
    yield
    sys.setswitchinterval(interval)
    gc.set_threshold(*thresholds)


@pytest.mark.usefixtures("eager_collector")
def test_threads_that_parse_at_the_same_time_do_not_disturb_each_other() -> None:
    trees: list[str] = []
    errors: list[BaseException] = []

    def parse_often() -> None:
        for _ in range(20):
            garbage = [Circle() for _ in range(50)]
            del garbage
            try:
                trees.append(ast.dump(parse(TEXT).body[-1]))
            except BaseException as error:
                errors.append(error)

    threads = [threading.Thread(target=parse_often) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors
    assert len(trees) == 80
    assert len(set(trees)) == 1


def test_nothing_is_printed_of_a_backslash_that_means_nothing() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert parse(r"x = '\e'").body
