"""Errors are explained by their cause: shapes in letters, the student's line, and what to do.

An error without a known cause gets no explanation.
"""

import numpy as np
import pytest
import small
import torch

import autograder.torch
from autograder.check import Addon, Experiments, UnitSettings, check, named
from autograder.sandbox.client import Server
from autograder.sandbox.inside.causes import explain_error, with_cause
from autograder.sandbox.inside.runner import run_experiment
from autograder.sandbox.inside.submission import Submission

SIZES = {"T": 6, "B": 4, "V": 17, "E": 7, "H": 11}
T, B, V, E, H = SIZES.values()


class Batches:
    """The batches that a check passes to a submission under the name of its parameter."""

    def __init__(self, x, y, size):
        self.x = (x, y, size)


def told(body, given, addons=(autograder.torch.ADDON,), experiment=None):
    """Return the explanation of an exception that `f(x, h)` raises."""

    @check(points=1)
    def asking(net, seed):
        "`f`"
        _ = T, B, V, E, H
        return named("y", net.f(*given))

    asked = experiment or asking
    its = Experiments((asked,), UnitSettings(sizes=SIZES), addons)
    script = (
        "import numpy as np\nimport torch\nimport torch.nn.functional as F\n\n\ndef f(x, "
        f"h=None):\n    {body}\n"
    )
    answer = run_experiment(
        asked,
        Submission(script.encode(), "ada.py"),
        1,
        its.reset,
        explain=lambda *what: explain_error(its, *what),
    )
    assert answer.failure == "raised"
    return answer.message


NUMPY = [
    (
        "return h @ x",
        (np.ones((B, E)), np.ones((H, E))),
        "Your line: `return h @ x`. `h` is (H, E) = (11, 7) and `x` is (B, E) = (4, 7); the last "
        "axis of the left operand of `@` should be as long as the last but one axis of the right "
        "operand. If both have the right shape, the sizes of `x @ h.T` or of `h @ x.T` go "
        "together.",
    ),
    (
        "return x + h",
        (np.ones((B, E)), np.ones(B)),
        "Your line: `return x + h`. `x` is (B, E) = (4, 7) and `h` is (B,) = (4,): from the last "
        "axis on, two sizes "
        "should be equal, or one of them 1.",
    ),
    (
        "return h or x",
        (np.ones(B), np.ones(B)),
        "To ask whether it was given: `x if h is None else h`.",
    ),
    (
        "return x if x > 0 else h",
        (np.ones(B), 1),
        "A condition needs a single truth value, and `x` is (B,) = (4,). `where` decides for "
        "each entry; `.all()` and `.any()` ask about all of them.",
    ),
    (
        "if not x == h:\n        return h",
        (np.ones((T, B)), 1),
        "A condition needs a single truth value, and `x` is (T, B) = (6, 4). `where` decides for "
        "each entry; `.all()` and `.any()` ask about all of them.",
    ),
    (
        "rows, columns = x.shape",
        (np.ones((T, B, V)),),
        "`x.shape` is (T, B, V) = (6, 4, 17), but there are 2 names on the left. "
        "Write one for each.",
    ),
    (
        "return h(x, 3)",
        (np.ones(B), Batches),
        "Your line: `return h(x, 3)`. Call it with what it takes: `h(x, y, size)`.",
    ),
    (
        "def walk(fn, xs): return [fn(y) for y in xs]\n    def grow(y, rate): return rate * y\n"
        "    return walk(grow, x)",
        (np.ones(B),),
        "`fn` is your `grow(y, rate)`, which was passed in and is called with 1 argument. "
        "Pass a function that takes as many: a `lambda` can fix the others.",
    ),
    (
        "state, out = h",
        (1, np.ones((B, V))),
        "`h` is a tensor or array of shape (B, V) = (4, 17), but there are 2 names on the left. "
        "They need a tuple of 2 values.",
    ),
    (
        "return x / x.sum(-1)",
        (np.ones((T, B, V)),),
        "`x.sum(-1)` has one axis fewer than the array from which it is computed. With "
        "`keepdims=True` that axis would stay, with length 1.",
    ),
    (
        "return x[np.arange(6), np.arange(4), h]",
        (np.ones((T, B, V)), np.zeros((T, B), int)),
        "The indices have the shapes (6,) (4,) (6,4). Counted from the last axis, their sizes "
        "should be equal or 1",
    ),
    (
        "x += h",
        (np.ones(V), np.ones((B, V))),
        "The array on the left has the shape (17,), and the sum would have (4,17), which does not "
        "fit into it. Is a sum over one of the axes missing on the right, such as that of the",
    ),
    (
        "x[h] = 1",
        (np.ones((B, V)), np.array([3, 12])),
        "Axis 0 has the length B = 4, and index 12 was asked for there. Did you mean another",
    ),
    (
        "return [x[t] for t in range(5)]",
        (np.ones((B, V)),),
        "Axis 0 has the length 4, and index 4 was asked for there. The last is 3, counted from 0.",
    ),
    ("return x.T @ h", ((np.ones(B), 1), np.ones((B, B))), "`x` is a tuple of 2. Take it apart"),
    (
        "if x.sum() > 99 or h > 0:\n        return x",
        (np.ones(B), np.ones(B)),
        "A condition needs a single truth value, and `h` is (B,) = (4,)",
    ),
    (
        "return h @ (x + 1)",
        (np.ones((B, E)), np.ones((3, E))),
        "the sizes of `(x + 1) @ h.T` or of `h @ (x + 1).T` go together.",
    ),
    ("return x.sum() + x.real", ((0, 1),), "`x` is a tuple of 2: (0, 1)."),
    ("return h[0] + x", (np.ones(B),), "A value in this line is None."),
    (
        "xs, ys = zip(*x)",
        ([iter(range(9)), iter(range(9))],),
        "`x` holds iterators, and `zip` goes on until one ends. Call `next` once on each",
    ),
    (
        "return x[h] - x[~h]",
        (np.ones(5), np.array([True, True, False, False, False])),
        "`x[h]` is (2,) and `x[~h]` is (3,): from the last axis on, two sizes",
    ),
    (
        "return 'abc'[x.argmax()]",
        (np.eye(4)[:, ::-1].copy(),),
        "`argmax()` without an axis counts through all numbers of an array.",
    ),
    (
        "return h[x.argmax()]",
        (np.eye(4)[:, ::-1].copy(), np.ones(2)),
        "`argmax()` without an axis counts through all numbers of an array.",
    ),
]
GATES = "i, j, g, o = (x @ h).chunk(4); return i * torch.ones(4, 11)"
TORCH = [
    (
        "return F.cross_entropy(x, h)",
        (torch.ones(T, B, V), torch.zeros(T, B, dtype=torch.long)),
        "`x` is (T, B, V) = (6, 4, 17) and `h` is (T, B) = (6, 4). `cross_entropy` expects the "
        "classes on axis 1: make "
        "all other axes one, `logits.flatten(0, -2)` and `targets.flatten()`.",
    ),
    (
        "return F.nll_loss(x, h)",
        (torch.ones(B, V), torch.ones(B, V)),
        "`nll_loss` expects an id for each row, as integers, and no probabilities.",
    ),
    (
        "return torch.nn.RNN(7, 17)(x)",
        (torch.ones(T, E, B),),
        "The layer reads E = 7 numbers per step, on the last axis of its input, and got B = 4. "
        "Were axes moved before, and not moved back?",
    ),
    ("return h or torch.zeros(3)", (1, torch.ones(B)), "`torch.zeros(3) if h is None else h`."),
    (
        "return F.cross_entropy(x, h, reduction='none')",
        (torch.ones(T, B, V), torch.zeros(T, B, dtype=torch.long)),
        "expects the classes on axis 1: `logits.movedim(-1, 1)`. The losses then have the targets'",
    ),
    (
        "i, f, g, o = x.chunk(4, 0)",
        (torch.ones(3, 8),),
        "`chunk(4, 0)` cuts along the first axis. Say which one you mean; the last is `chunk",
    ),
    (
        "return torch.autograd.grad((2 * x).sum(), [x])",
        (torch.ones(B),),
        "This tensor does not require a gradient.",
    ),
    (
        "return x.grad.norm()",
        (torch.ones(B, requires_grad=True),),
        "`.grad` is None here, because `backward` did not reach",
    ),
    (GATES, (torch.ones(B, E), torch.ones(E, 4 * H)), "`chunk(4)` cuts along the first axis."),
    (
        "f, i, o, g = x.chunk(4, 0); return f",
        (torch.ones(3, 4 * H),),
        "`chunk(4, 0)` cuts along the first axis. Say which one you mean; the last is `chunk(4, "
        "dim=-1)`.",
    ),
    (
        "import warnings; warnings.simplefilter('ignore'); y = 2 * x; y.sum().backward(); return "
        "y.grad.norm()",
        (torch.ones(B, requires_grad=True),),
        "`y.grad` is None: `backward` keeps gradients only of tensors that were not",
    ),
    (
        "return torch.nn.Linear(4, 11)(x)",
        (torch.ones(B, dtype=torch.long),),
        "look them up in an embedding first",
    ),
    (
        "return torch.nn.RNN(11, 7)(x)",
        (torch.ones(T, B, E),),
        "The layer reads H = 11 numbers per step, on the last axis of its input, and got E = 7.",
    ),
    ("return torch.cat([x, h])", (torch.ones(T, B), torch.ones(B)), "one has 2, the other 1."),
    ("return torch.stack(x)", ([],), "The list is empty"),
    ("return torch.nn.Parameter(x)", (0.5,), "`nn.Parameter(torch.tensor(…))`"),
    ("return x.detach()", ((torch.ones(B), 1),), "`x` is a tuple of 2. Take it apart first"),
    (
        "return h @ x",
        (torch.ones(B, E), torch.ones(H, E)),
        "the sizes of `x @ h.T` or of `h @ x.T` go together.",
    ),
    (
        "hidden = torch.nn.Linear(7, 11); return hidden(x)",
        (torch.ones(T, B, H),),
        "`hidden` is `nn.Linear(7, 11)` and expects E = 7 numbers on the last axis of its input, "
        "and `x` is (T, B, H) = (6, 4, 11).",
    ),
    (
        "hidden = torch.nn.Linear(14, 11); return hidden(torch.cat([x, h]))",
        (torch.ones(B, E), torch.ones(B, E)),
        "and `torch.cat([x, h])` has E = 7. `torch.cat([x, h])` joins along the first axis. Say "
        "which one you mean; the last is `torch.cat([x, h], dim=-1)`.",
    ),
    (
        "net = torch.nn.Sequential(torch.nn.ReLU(), torch.nn.Linear(11, 17)); return net(x)",
        (torch.ones(B, E),),
        "In `net`, `nn.Linear(11, 17)` expects H = 11 numbers on the last axis of its input, "
        "and `x` is (B, E) = (4, 7).",
    ),
    (
        "return x @ torch.diag(h)",
        (torch.ones(B, E), torch.ones(H)),
        "The matrices multiplied are (B, E) = (4, 7) and (H, H) = (11, 11): the last axis of the "
        "first should be as long as the first of the second.",
    ),
    (
        "return torch.nn.RNN(7, 11, batch_first=True)(x, h)",
        (torch.ones(T, B, E), torch.zeros(1, B, H)),
        "The state is for a batch of B = 4, and the input is a batch of T = 6. With "
        "`batch_first=True`",
    ),
    (
        "return torch.nn.BatchNorm1d(11)(x)",
        (torch.ones(T, B, H),),
        "expects (H,) = (11,) features on axis 1, and there are (B,) = (4,).",
    ),
    (
        "y = (x * x).sum(); y.backward(); y.backward()",
        (torch.ones(B, requires_grad=True),),
        "`detach()` it between",
    ),
    (
        "return torch.multinomial(x.log(), 1)",
        (torch.full((V,), 0.5),),
        "or `.exp()` of log-probabilities.",
    ),
    ("rows, columns = x.shape", (torch.ones(T, B, V),), "`x.shape` is (T, B, V) = (6, 4, 17)"),
    ("x.sum().backward()", (torch.ones(B),), "Or is `requires_grad_()` missing?"),
    (
        "torch.autograd.grad((2 * x).sum(), [x, h])",
        (torch.ones(B, requires_grad=True), torch.ones(B, requires_grad=True)),
        "does not depend on one of the tensors",
    ),
    ("return torch.nn.BatchNorm1d(7)(x)", (torch.ones(1, E),), "`model.eval()` before"),
    (
        "return x[:-1].view(4, 6)",
        (torch.ones(T * B),),
        "(B, T) = (4, 6) has room for 24 numbers, and there are 23.",
    ),
    ("return F.embedding(x, h)", (torch.ones(B), torch.ones(V, E)), "`.long()`"),
    ("return (x > 0).mean()", (torch.ones(B),), "are truth values: write `.float()` before it."),
    ("x += 1", (torch.ones(B, requires_grad=True),), "within `torch.no_grad()`."),
    (
        "hidden = torch.nn.Linear(3, 3); hidden.weight = x",
        (torch.eye(3),),
        "Write numbers into it, `hidden.weight.copy_(…)` within `torch.no_grad()`, or put another "
        "in its place, `nn.Parameter(…)`.",
    ),
    ("return x.numpy()", (torch.ones(B, requires_grad=True),), "Write `.detach().numpy()`."),
    ("return torch.zeros(h) + x.detach()", ((torch.ones(B), 1), (3, 4)), "`x` is a tuple of 2."),
]


@pytest.mark.parametrize(
    ("body", "given", "words"),
    [
        (
            "g = lambda x: None; return torch.autograd.grad(g(x).sum(), x)[0]",
            (torch.ones(B, requires_grad=True),),
            "`.grad` is None here",
        ),
        (
            "B, T = x.shape\n    return x.chunk(4, 0)",
            (torch.ones(T, B, E),),
            "cuts along the first axis",
        ),
        ("return x & h", (torch.ones(B), torch.ones(B)), ".long()"),
        ("return h or torch.zeros(3)  # or not", (1, torch.ones(B)), "or not"),
    ],
)
def test_what_is_not_the_cause_is_not_blamed(body, given, words):
    """A cause is blamed only where the line that failed has it."""
    said, _, line = told(body, given).partition("Your line:")
    assert words not in said + line.partition("`.")[2]


@pytest.mark.parametrize("body, given, words", NUMPY)
def test_numpys_errors_are_told_by_their_cause(body, given, words):
    """NumPy's errors are explained without any add-on."""
    assert words in told(body, given, addons=())


@pytest.mark.parametrize("body, given, words", TORCH)
def test_torchs_errors_are_told_by_their_cause(body, given, words):
    """The add-on explains torch's errors for every course; the exception's own text comes first."""
    said = told(body, given)
    assert words in said
    assert said.startswith("line 7, in `f`: ")
    assert f"Your line: `{body}`." in said


def test_a_norm_is_told_no_keyword_that_it_may_not_have():
    """A norm keeps its axis with `keepdim` in torch and with `keepdims` in NumPy."""
    said = told("return x / x.norm(dim=-1)", (torch.ones(T, B, V),))
    assert "`x.norm(dim=-1)` has one axis fewer" in said
    assert "keepdims" not in said


def test_a_state_that_is_not_returned_is_told_by_what_the_check_takes():
    """If a state is not returned, the explanation says what the check expects.

    The exception comes from the check, and from no line of the student's.
    """

    @check(points=1)
    def two(net, seed):
        "`f` gives logits and a state"
        logits, state = net.f(np.ones((T, B)))
        return named("logits state", logits, state)

    said = told("return x", (), experiment=two)
    assert said.endswith(
        "The check takes exactly 2 values (logits, state) from what was returned. Return these, in "
        "the order that the exercise gives."
    )


def test_a_shape_that_the_check_cannot_use_is_told_of_what_was_returned():
    """A shape that the check cannot use is explained by the returned value.

    No line of the student's raises the error.
    """

    @check(points=1)
    def in_rows(net, seed):
        "`f` gives a number for each"
        return named("rows", net.f(torch.ones(T * B)).view(T, B))

    assert told("return x.mean()", (), experiment=in_rows).endswith(
        "The check expects 24 numbers, and your function returned 1. Return the shape that the "
        "text says."
    )


def test_what_has_no_influence_is_told_of_what_was_handed_in():
    """If the result does not depend on an argument, the explanation speaks of the arguments.

    The check computes the gradient, so torch's `allow_unused` appears in no line of the student's.
    """

    @check(points=1)
    def gradients(net, seed):
        "`f` is differentiated"
        leaves = [torch.ones(B, requires_grad=True), torch.ones(B, requires_grad=True)]
        return named("x h", torch.autograd.grad(net.f(*leaves).sum(), leaves))

    said = told("return 2 * x", (), experiment=gradients)
    assert "does not depend on one of the tensors that were passed in" in said


def test_a_letter_is_said_only_where_the_check_has_it():
    """An explanation uses a letter only for sizes of the check; other sizes stay numbers."""

    @check(points=1)
    def small(net, seed):
        "`f`"
        return named("y", net.f(np.ones((B, 7)), np.ones((11, 7))))

    assert "`h` is (11, 7) and `x` is (4, 7);" in told("return h @ x", (), experiment=small)


def test_an_error_of_which_nothing_is_known_is_told_as_it_is():
    """An error without a known cause is reported in its own words only."""
    assert told("raise ValueError('planted')", (1,)) == "line 7, in `f`: ValueError: planted"


def test_what_the_students_own_line_takes_apart_is_no_wish_of_the_check():
    """If the student's own line unpacks a value of unknown shape, no explanation is added."""
    said = told("one, two = filter(None, x)", ([1, 2, 3],))
    assert said.endswith("too many values to unpack (expected 2)")


def test_an_addon_that_fails_costs_nothing():
    """If an add-on fails, the exception is still reported."""
    broken = Addon(explain=lambda raised: 1 / 0)
    assert (
        told("raise ValueError('planted')", (1,), addons=(broken,))
        == "line 7, in `f`: ValueError: planted"
    )


def test_nothing_of_the_students_runs_again():
    """An expression that contains a call is not evaluated again to find its shape."""
    said = told(
        "calls = []\n    return (calls.append(1) or x) @ h",
        (np.ones((2, 3)), np.ones((2, 3))),
        addons=(),
    )
    assert "is (" not in said


ENDLESS = "in `f`, which calls itself without end, "


@pytest.mark.parametrize(
    ("body", "given", "is_endless"),
    [
        ("return f(x, h) + 1", (np.ones(3), 2), True),
        ("return f(x, h - 1) + 1", (np.ones(3), 5), True),
        ("return f(x[1:], h) + x[0] if len(x) else 0", ("a" * 5000, 0), False),
        ("return f(x, h - 1) + 1 if h else 0", (np.ones(3), 5000), False),
        ("return x.pop() + f(x, h) if x else 0", ([1.0] * 5000, 0), False),
        ("return next(x) + f(x, h)", (iter(range(5000)), 0), False),
    ],
    ids=[
        "the same arguments",
        "counted down beyond 0",
        "a long text",
        "a large number",
        "a list that is used up",
        "an iterator",
    ],
)
def test_a_recursion_without_end_is_told_from_one_that_goes_too_deep(body, given, is_endless):
    """Endless recursion and recursion that is merely too deep get different texts.

    The text precedes the student's line, so that no known mistake has the same one.
    """
    message = told(body, given)
    assert "RecursionError: maximum recursion depth exceeded" in message
    assert (ENDLESS in message) == is_endless


FOUND_BY_NAME = """
    import numpy as np
    from autograder.check import check, named

    @check(points=1)
    def by_name(unit, seed):
        found = unit.summary(np.arange(3.0) + seed)
        return named("mean", found["mean"]) | named("sd", found["sd"])

    @check(points=1)
    def entry(unit, seed):
        return named("a", unit.pair(seed)[5])

    @check(points=1)
    def sum_of(unit, seed):
        return named("a", unit.word(seed))

    @check(points=1)
    def sorted_of(unit, seed):
        return named("a", sorted(unit.nothing(seed)))

    @check(points=1)
    def type_of(unit, seed):
        return named("kind", str(unit.pair(seed).dtype))
"""
RETURNED_OTHERS = """
def summary(x):
    return {"mean": x.mean(), "std": x.std()}

def pair(seed):
    return [1, 2]

def word(seed):
    return object()

def nothing(seed):
    pass
"""


def test_an_error_of_the_checks_own_code_is_told_as_that(tmp_path):
    """An error in the check's own code is reported as such; values named before it count.

    No student wrote the bare `KeyError: 'sd'`. Errors of the engine already say what it expects and
    stay unchanged.
    """
    unit = small.write_course(tmp_path, "own", FOUND_BY_NAME, RETURNED_OTHERS)
    with Server(unit) as server, server.worker(RETURNED_OTHERS.encode(), "ada.py") as worker:
        answers = [worker.ask(check, 1) for check in unit.checks]
    assert [answer.message for answer in answers] == [
        "The check cannot use what was returned (KeyError: 'sd'). "
        "The check looks for `sd`; what you returned has: `mean`, `std`.",
        "The check cannot use what was returned (IndexError: list index out of range).",
        "TypeError: `a` should be a number or an array of numbers, found object",
        "The check cannot use what was returned (TypeError: 'NoneType' object is not iterable). "
        "A value is None. A function that ends without `return` gives None: does yours?",
        "The check cannot use what was returned (AttributeError: 'list' object has no attribute "
        "'dtype'). The check expects an array, and found a list.",
    ]
    assert list(answers[0].arrays) == ["mean"]
    assert answers[0].error.words == "KeyError: 'sd'"


def test_a_cause_stands_behind_a_full_stop():
    """A cause follows a full stop, also after an error text without one."""
    assert with_cause("found NoneType", "A value.") == "found NoneType. A value."
    assert with_cause("found (3,).", "A value.") == "found (3,). A value."
