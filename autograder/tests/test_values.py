"""The values that expressions of a submission take: noted without changing what it does."""

import cProfile
import pstats

import numpy as np
import pytest
import small

from autograder import torch as addon
from autograder.sandbox.inside.submission import Submission
from autograder.sandbox.inside.values import MOST_ENTRIES, Most, Recorder

ALL = Most(10_000, 10.0)
READERS = (addon.array_of,)
AWKWARD = """
import contextlib
from functools import lru_cache

import numpy as np

RATE = 2.0

def twice(function):
    return lambda *a, **k: 2 * function(*a, **k)

class Base:
    def __init__(self, **options):
        self.options = options
        self.__hidden = 1.5

    def hidden(self):
        return self.__hidden

class Derived(Base):
    @property
    def name(self) -> "str":
        return f"{type(self).__name__!r:>10} {1.5 * 2:.2f}"

    def __init__(self, x, *rest, scale=0.5):
        super().__init__(x=x, rest=rest)
        self.x = [*rest, x * scale]

    def hidden(self):
        return super().hidden() + self._Base__hidden

def numbers(n):
    received = yield 0.5
    for i in range(n):
        received = (yield i * RATE) or received
    yield from (y ** 2 for y in [1.5, 2.5] if y > (received or 0))

@twice
def defaults(a, b=RATE, *, c=RATE * 2):
    return a + b + c

def places(x):
    x = x.copy()
    x[1:, ..., None][0] = 7
    x[0] += x[1]
    x[-1, ::2] *= 0.5
    first, (second, *others) = x[0, 0], [x[1], *x[2:]]
    del x
    return first, second, others

def matched(value):
    match value:
        case [float(a), *_, b] if a < b:
            return a - b
        case {"key": k, **rest}:
            return k, rest
        case np.pi:
            return "pi"
        case _:
            return None

def walrus(xs):
    total = 0.0
    while (x := xs.pop() if xs else None) is not None:
        total += (y := x * 2) + y
    else:
        total -= 1
    return total, y

def counted():
    global RATE
    count = 0
    def more():
        nonlocal count
        count += 1
        return count
    RATE *= 1.5
    more(); more()
    return count, RATE

@lru_cache
def fibonacci(n: "int") -> float:
    return float(n) if n < 2 else fibonacci(n - 1) + fibonacci(n - 2)

def errors():
    with contextlib.suppress(ZeroDivisionError):
        1 / 0
    try:
        {}["x"]
    except (KeyError, IndexError) as error:
        return repr(error), locals().keys() >= {"error"}
    finally:
        assert True, 1.5

def comprehended(xs):
    table = {i: x * y for i, x in enumerate(xs) for y in xs if y}
    return table, {x + 1 for x in xs}, [[x * y for y in xs] for x in xs], sum(x for x in xs)

def everything(np):
    derived = Derived(3.0, 1.0, 2.0, scale=0.25)
    x = np.arange(12.0).reshape(3, 4)
    steps = numbers(3)
    sent = [next(steps), steps.send(None), steps.send(2.0), *steps]
    chained = 1 < derived.x[0] < 3 or not derived.options
    return (
        derived.name, derived.x, derived.options, derived.hidden(), sent, chained,
        defaults(1.0, c=3), places(x), matched([1.0, 2, 3.0]), matched({"key": 1, "z": 2}),
        matched(np.pi), walrus([1.0, 2.0]), counted(), fibonacci(9), errors(),
        comprehended([1.0, 2.0]), x.sum(axis=0)[::-1], (lambda a, *, b=2.0: a @ a * b)(x[0]),
        x[np.array([0, 2])][:, 1:3], x if x.any() else -x, "%s" % 1.5, -x[~(x > 3)],
    )
"""


def run(script, limits=ALL, readers=(), **names):
    """Run `everything` of a script; its result, and what was noted."""
    submission = Submission(script.encode(), "submission.py")
    recorder = Recorder(limits, readers)
    recorder.watch(submission)
    submission.namespace.update(names)
    return submission.everything(np), recorder.as_arrays()


def noted(arrays):
    """The text of each expression that was noted, in time."""
    return arrays["texts"][arrays["numbers"]].tolist()


def print_of(value):
    """The print of one value."""
    _, arrays = run("def everything(np):\n    return given", given=value)
    return arrays["prints"][-1]


def test_a_submission_does_what_it_did():
    """Order, `super()`, stars, slices, patterns, generators, walrus, `global`: all as before."""
    plain = Submission(AWKWARD.encode(), "submission.py").everything(np)
    watched, arrays = run(AWKWARD)
    assert repr(watched) == repr(plain)
    assert len(arrays["numbers"]) > 100


def test_an_error_is_on_the_line_where_it_was():
    """What is noted before it counts."""
    script = "def everything(np):\n    a = np.ones(3) * 2\n    return (a +\n        a[5])\n"
    with pytest.raises(IndexError) as caught:
        run(script)
    assert caught.traceback[-1].lineno == 3  # counted from 0


def test_a_print_does_not_depend_on_the_layout():
    """A transposed, cut or nested value has the same one but for the order; another, another."""
    x = np.random.default_rng(0).normal(size=(3, 4))
    for same in (x.T, x.reshape(2, 6), x.tolist(), [*x], (x[:1], [x[1], x[2]]), x[::-1]):
        np.testing.assert_allclose(print_of(same)[:-2], print_of(x)[:-2], rtol=1e-9)
    for same in (x.reshape(2, 6), x.tolist(), [*x], (x[:1], [x[1], x[2]])):
        np.testing.assert_allclose(print_of(same), print_of(x), rtol=1e-9)
    for other in (-x, 2 * x, abs(x), x**2, x[:2]):
        assert not np.allclose(print_of(other), print_of(x))


def test_expressions_are_noted_with_their_statements():
    """An update is noted after it was made, a target that is filled as well."""
    script = """
def everything(np):
    h = np.ones(2)
    h += [2, 3.5]
    h[0] = 7.5
    h[1] *= 2
    return [x + 1 for x in h]
"""
    _, arrays = run(script)
    texts = noted(arrays)
    assert texts.index("h += [2, 3.5]") < texts.index("h[1] *= 2") < texts.index("x + 1")
    sums = dict(zip(texts, arrays["prints"][:, 2].tolist(), strict=True))
    assert sums["h += [2, 3.5]"] == 7.5
    assert sums["h[1] *= 2"] == 9
    statement = arrays["sites"][2][arrays["numbers"][texts.index("x + 1")]]
    assert arrays["statements"][statement] == "return [x + 1 for x in h]"
    assert arrays["lines"][statement] == "line 7"
    assert arrays["functions"][statement] == "everything"


def test_tensors_are_looked_at_and_stay_in_their_graph():
    """No random number is drawn; a layer's weights are a part of what it computes."""
    torch = pytest.importorskip("torch")
    script = """
import torch
def everything(np):
    torch.manual_seed(1)
    layer = torch.nn.Linear(3, 2)
    x = torch.rand(4, 3, requires_grad=True)
    y = layer(x)
    y.sum().backward()
    return x.grad, y.requires_grad, torch.rand(1)
"""
    plain = Submission(script.encode(), "submission.py").everything(np)
    watched, arrays = run(script, readers=READERS)
    assert torch.equal(watched[0], plain[0])
    assert watched[1]
    assert torch.equal(watched[2], plain[2])
    texts = noted(arrays)
    entries = arrays["prints"][texts.index("layer"), 0]
    assert entries == 3 * 2 + 2


def test_an_experiment_that_watches_torch_is_told_nothing():
    """An experiment may count the calls of torch, or refuse some: what is noted is none of them."""
    torch = pytest.importorskip("torch")
    script = "def everything(np):\n    y = x * 2\n    return y + 1\n"
    asked = []

    class Watching(torch.overrides.TorchFunctionMode):
        def __torch_function__(self, func, types, args=(), kwargs=None):
            asked.append(func)
            return func(*args, **(kwargs or {}))

    x = torch.rand(3, requires_grad=True)
    with Watching():
        _, arrays = run(script, readers=READERS, x=x)
    assert len(asked) == 2
    np.testing.assert_allclose(arrays["prints"][-1], print_of(2 * x.detach().numpy() + 1))


def test_what_torch_wraps_is_noted():
    """Within `torch.func.grad` and `vmap` a tensor has the entries of what it wraps."""
    torch = pytest.importorskip("torch")
    script = """
import torch
def everything(np):
    def loss(w):
        y = torch.vmap(lambda row: row * 3.0)(w)
        return (y ** 2).sum()
    return torch.func.grad(loss)(given)
"""
    given = torch.rand(2, 3)
    _, arrays = run(script, readers=READERS, given=given)
    prints = arrays["prints"][noted(arrays).index("row * 3.0")]
    np.testing.assert_allclose(prints, print_of(3 * given.numpy()), rtol=1e-6)


@pytest.mark.parametrize("limits", [Most(50, 10.0), Most(10_000, 0.01)])
def test_a_run_beyond_a_limit_is_cut(limits):
    """The submission itself runs on, and what was noted before counts."""
    script = """
def everything(np):
    x = np.ones(2)
    for _ in range(20_000):
        x = x * 0.5 + 1
    return x
"""
    result, arrays = run(script, limits)
    assert result.tolist() == [2, 2]
    assert arrays["cut"]
    assert 0 < len(arrays["numbers"]) < 5000


def test_what_is_large_or_odd_is_passed_over():
    """It costs nothing and says nothing."""

    class Odd:
        def __getattr__(self, name):
            raise RuntimeError(name)

    for value in (np.zeros(MOST_ENTRIES + 1), "text", {"a": 1.5}, Odd(), [Odd()], [1.5] * 100):
        _, arrays = run("def everything(np):\n    return given", given=value)
        assert not len(arrays["numbers"])


def test_a_submission_that_finds_our_function_breaks_only_the_noting():
    """What it notes then is its own, and what it computes is what it computes."""
    script = """
def everything(np):
    for name in list(globals()):
        if name.startswith("__seen"):
            exec(f"{name} = lambda number, value: value", globals())
    return np.ones(2) * 2
"""
    result, arrays = run(script)
    assert result.tolist() == [2, 2]
    assert not any("np.ones(2) * 2" in text for text in noted(arrays))


def test_very_deep_code_runs_as_it_is():
    """It is not wrapped."""
    script = f"def everything(np):\n    return {' + '.join(['1.5'] * 800)}\n"
    result, _ = run(script)
    assert result == 1200


def test_looking_costs_little():
    """Some thirty calls of functions a value, however many there are."""
    script = """
def everything(np):
    x = np.ones((8, 8))
    for i in range({}):
        x = x * 0.5
"""
    calls, values = [], []
    for times in (250, 1000):
        profile = cProfile.Profile()
        _, arrays = profile.runcall(run, script.format(times))
        calls.append(pstats.Stats(profile).total_calls)
        values.append(len(arrays["numbers"]))
    assert np.diff(calls)[0] < 40 * np.diff(values)[0]


def test_a_worker_is_asked_for_values(server):
    """It answers with arrays, as ever; of a right answer only with prints and names."""
    check = small.check()
    with server.worker(small.solved().encode(), "submission.py") as worker:
        values = worker.ask(check, small.SEED, role="values")
        prints = worker.ask(check, small.SEED, role="prints")
        answer = worker.ask(check, small.SEED)
    assert "2 * x" in values.arrays["texts"].tolist()
    expected = {"prints", "parameters", "unused", "answer", "answer_prints"}
    assert set(prints.arrays) == expected
    assert values.arrays["answer"].tolist() == ["doubled", "same_after"]
    assert "double.x" in prints.arrays["parameters"].tolist()
    assert set(answer.arrays) == {"doubled", "same_after"}


def test_a_submission_that_never_ends_is_stopped(server):
    """As any other question is."""
    check = small.check(seconds=0.2)
    script = "def double(x):\n    while True:\n        x = x * 1.0\n"
    with server.worker(script.encode(), "submission.py") as worker:
        assert worker.ask(check, small.SEED, role="values").failure == "timeout"
