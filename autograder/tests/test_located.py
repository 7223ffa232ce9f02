"""The first value that no right answer has: planted mistakes, other styles, forged records."""

import time

import numpy as np
import pytest

from autograder import torch as addon
from autograder.grading.located import where
from autograder.relations.prints import (
    WIDTH,
    KnownValues,
    are_in_order,
    are_near,
    numbers_of_values,
    say_little,
)
from autograder.relations.records import read_records
from autograder.relations.values import Located, Run, in_words, locate
from autograder.sandbox.inside.submission import Submission
from autograder.sandbox.inside.values import OF_SUBMISSIONS, Recorder

RNG = np.random.default_rng(3)
T, B, H = 5, 3, 4
X = RNG.normal(size=(T, B, H))
W, U = RNG.normal(size=(2, H, H))
GATES = """
import numpy as np

def sigmoid(z):
    return 1 / (1 + np.exp(-z))

def step(x, h, w, u):
    gate = sigmoid(x @ w)
    new = np.tanh(x @ u + h)
    h = gate * h + (1 - gate) * new
    return h

def everything(x, w, u):
    h = np.zeros_like(x[0])
    states = []
    for t in range(len(x)):
        h = step(x[t], h, w, u)
        states.append(h)
    return np.stack(states)
"""
# the same with other intermediate values: all gates at once, in place, recursion, other layouts
AT_ONCE = '''
import numpy as np

def states_before(keeps, inputs, h):
    """Yield states, each made of the one before, without the last."""
    for keep, given in zip(keeps, inputs):
        h = keep * (h - np.tanh(given + h)) + np.tanh(given + h)
        yield h

def everything(x, w, u):
    flat = x.reshape(-1, x.shape[-1])
    keeps = np.empty((len(flat), len(w)))
    keeps[:] = 0.5
    keeps += 0.5 * np.tanh((flat @ w) / 2)
    keeps = keeps.reshape(x.shape)
    inputs = (u.T @ flat.T).T.reshape(x.shape)
    return np.array(list(states_before(keeps, inputs, np.zeros(x.shape[1:]))))
'''


def records_of(script, *arguments):
    """What the expressions of `everything` are seen to be."""
    submission = Submission(script.encode(), "submission.py")
    recorder = Recorder(OF_SUBMISSIONS, [addon.array_of])
    recorder.watch(submission)
    with np.errstate(all="ignore"):
        submission.everything(*(arguments or (X, W, U)))
    return recorder.as_arrays()


def known_of(*scripts, arguments=()):
    return KnownValues.of([records_of(script, *arguments)["prints"] for script in scripts])


def located(script, *right, arguments=()):
    records = read_records(records_of(script, *arguments))
    return locate(Run(records, known_of(*(right or (GATES,)), arguments=arguments)))


SLIPS = [
    ("(1 - gate) * new", "(1 + gate) * new", "gate * h + (1 + gate) * new"),
    ("gate * h +", "gate * x +", "gate * x + (1 - gate) * new"),
    ("np.tanh(x @ u + h)", "np.tanh(x @ u - h)", "np.tanh(x @ u - h)"),
    ("sigmoid(x @ w)", "sigmoid(x.T.T @ w.T)", "x.T.T @ w.T"),
    ("np.exp(-z)", "np.exp(-2 * z)", "1 / (1 + np.exp(-2 * z))"),
    ("np.tanh(x @ u + h)", "np.maximum(x @ u + h, 0)", "np.maximum(x @ u + h, 0)"),
]


@pytest.mark.parametrize(("right", "wrong", "told"), SLIPS, ids=[told for *_, told in SLIPS])
def test_a_slip_is_told_where_it_was_made(right, wrong, told):
    """The outermost expression of its statement, or what is handed to a function."""
    found = located(GATES.replace(right, wrong))
    assert found.text == told
    assert told in found.statement
    assert found.is_first


def test_a_slip_is_told_though_the_style_is_another():
    """What was right up to it has values of its own, from which right ones were made."""
    assert located(AT_ONCE) is None
    found = located(AT_ONCE.replace("(h - np.tanh(given + h))", "(h - np.tanh(given))"))
    assert found.statement == "h = keep * (h - np.tanh(given)) + np.tanh(given + h)"
    assert found.function == "states_before"
    assert not found.is_first
    found = located(AT_ONCE.replace("(flat @ w) / 2", "(flat @ w)"))
    assert found.statement == "keeps += 0.5 * np.tanh((flat @ w))"


def test_only_the_first_unknown_value_is_told():
    """Behind others, as of a style of its own, it is only where changes are tried first."""
    slip = GATES.replace("gate * h +", "gate * x +")
    found = where(records_of(slip), known_of(GATES), ["h"])
    assert "is the first value that none of our right answers has" in found.words
    behind = AT_ONCE.replace("(h - np.tanh(given + h))", "(h - np.tanh(given))")
    found = where(records_of(behind), known_of(GATES), ["h"])
    assert "first value" not in found.words
    assert found.line == "line 7"


PUT_TOGETHER = """
import numpy as np

def everything(x, w, u):
    h = np.tanh(x @ w)
    ends = np.exp(h[1:]).sum() + np.exp(h[-1:]).sum()
    before = np.concatenate([h[:1], h[:-1]])
    return before * np.exp(x @ u) + ends
"""


def test_what_is_put_together_is_not_said_to_occur():
    """Its pieces do. They may be the wrong ones, and then the product of them is right."""
    found = located(PUT_TOGETHER.replace("[h[:1], h[:-1]]", "[h[1:], h[-1:]]"), PUT_TOGETHER)
    assert found.text.startswith("before * np.exp(x @ u)")
    assert found.in_pieces == ("before",)
    assert "before" not in found.parts
    text = in_words(found)
    assert "answers has, after `before`, all pieces of which occur in them; the numbers of " in text


TWO_CALLS = """
import numpy as np

def everything(x, w, u):
    return np.array([spread(part) for part in (x[:3], x[:1])])

def spread(part):
    top = part.max(0)
    return np.exp(part - top).sum()
"""


def test_nothing_is_the_first_of_an_expression_that_was_unknown_before():
    """In a call with one row its parts occur, and in the call before it was wrong already."""
    assert located(TWO_CALLS.replace("np.exp(part", "np.exp(2 * part"), TWO_CALLS)
    slip = TWO_CALLS.replace("top = part.max(0)", "*_, top = part").replace(
        "part - top", "part + top"
    )
    assert located(slip, TWO_CALLS) is None


IN_PLACE = """
import numpy as np

def everything(x, w, u):
    h = x @ w
    h[0] *= 2.5
    scale = np.exp(u).sum()
    return h / scale
"""


def test_nothing_is_the_first_behind_what_was_made_in_place():
    """What an operator made of a row may be the mistake, and its parts are not all seen."""
    slip = IN_PLACE.replace("np.exp(u).sum()", "np.exp(u).mean()")
    assert located(slip, IN_PLACE).text == "np.exp(u).mean()"
    assert located(slip.replace("h[0] *= 2.5", "h[0] *= h[:, 1].max() / 3"), IN_PLACE) is None


OF_OBJECTS = """
import numpy as np

class Pair:
    def __init__(self, a, b):
        self.a, self.b = a, b

    def times(self, h):
        return np.tanh(self.a * h) + self.b

def everything(x, w, u):
    pair = Pair(np.exp(x @ w), x @ u)
    return pair.times(x)
"""


def test_what_an_object_is_made_with_is_looked_at_by_itself():
    """The call that makes it gives no number, and the first wrong value stands within it."""
    found = located(OF_OBJECTS.replace("np.exp(x @ w)", "np.exp(2 * x @ w)"), OF_OBJECTS)
    assert found.text == "np.exp(2 * x @ w)"


def test_a_right_answer_is_told_nothing():
    """Each style beside the other."""
    assert located(GATES, AT_ONCE) is None
    assert located(GATES) is None


def test_an_answer_of_which_nothing_is_known_is_told_nothing():
    """Where no value occurs there is no place where it parted."""
    script = "def everything(x, w, u):\n    y = 1.37\n    z = y * 2.2\n    return z + y\n"
    assert located(script) is None


def test_an_index_may_be_wrong_from_the_second_time_on():
    """An expression may be told whose value was another one before, which occurs."""
    sums = """
def everything(x, w, u):
    total = x[0]
    for t in range(1, len(x)):
        total = total * 0.5 + x[t]
    return total
"""
    found = located(sums.replace("+ x[t]", "+ x[min(t, 2)]"), sums)
    assert found.text == "total * 0.5 + x[min(t, 2)]"
    assert "the first value that none of our right answers has" in in_words(found)


NEVER_READ = """
import numpy as np

def everything(x, w, u):
    h = np.tanh(x @ w)
    for t in range(len(h)):
        d = h[t] * (h[t] > 0)
        before = d @ u
    return h @ u
"""


def test_what_nothing_is_made_of_is_not_told():
    """Its numbers may be others, and no wrong one came of them."""
    slip = NEVER_READ.replace("* (h[t] > 0)", "- 1")
    assert located(slip.replace("return h @ u", "return before"), NEVER_READ)
    assert located(slip.replace("d = h[t] - 1", "d = h[t] * (h[t] > 1)"), NEVER_READ) is None


KEPT = (
    "grads['w'] = slip\n    return grads",
    "return {'w': np.exp(d), 'u': slip}",
    "return {name: slip for name in ('w', 'u')}",
    "grads.w = slip\n    return grads",
    "return make(w=np.exp(d), u=slip)",
    "[made.append(slip) for i in range(40)]\n    return made",
)


@pytest.mark.parametrize("kept", KEPT)
def test_what_is_written_where_nothing_is_noted_counts_as_used(kept):
    """As into a dict, an attribute, or a list that is long."""
    script = """
import numpy as np
from types import SimpleNamespace as make

def everything(x, w, u):
    grads, made = make() if "grads.w" in KEPT else {}, []
    d = np.tanh(x[0] @ w) * u[0]
    KEPT
"""
    script = script.replace("KEPT", repr(kept), 1).replace("KEPT", kept)
    right = script.replace("slip", "np.sin(d) @ u")
    found = located(script.replace("slip", "np.sin(d) @ w"), right)
    assert found.text == "np.sin(d) @ w"


def test_an_innocent_line_is_not_told_in_the_place_of_one_that_is_kept():
    """Nothing is told where several statements are suspicious."""
    script = """
import numpy as np

def everything(x, w, u):
    grads = {}
    d = np.tanh(x[0] @ w) * u[0]
    norms = d * 0.7
    assert norms.sum()
    grads["w"] = x[0].T @ d
    return grads
"""
    right = script.replace("norms = d * 0.7", "norms = d")
    assert located(script.replace("x[0].T @ d", "x[0].T @ (d + 1)"), right) is None


def test_behind_what_was_chosen_wrongly_nothing_is_the_first():
    """A slice that no right answer has is no computed value, and may be the mistake."""
    script = """
import numpy as np

def everything(x, w, u):
    late = x[1:]
    h = np.exp(x) / w[0]
    return h[1:] * late
"""
    found = located(
        script.replace("late = x[1:]", "late = x[:-1]").replace("/ w", "/ 2 / w"), script
    )
    assert not found.is_first


READ_AGAIN = """
import numpy as np

def everything(x, w, u):
    h, before = x[0], 0
    for t in range(len(x)):
        h = np.tanh(h + x[before])
        before = chosen(h, t)
    return h

def chosen(h, t):
    sums = np.cumsum(h)
    return int(sums[-1] > 100) + t
"""


def test_nothing_is_the_first_that_reads_what_may_have_been_wrong():
    """What it reads came of values that occur nowhere, and was right the first time by chance."""
    slip = READ_AGAIN.replace("+ t", "+ min(t, 1)")
    assert located(slip, READ_AGAIN).text == "np.tanh(h + x[before])"
    slip = slip.replace("np.cumsum(h)", "np.cumsum(np.exp(h))")
    assert located(slip, READ_AGAIN) is None


def test_recursion_and_in_place_operations_are_followed():
    """A part is the one that was evaluated for it, in its own call."""
    script = """
import numpy as np
def fold(xs, h):
    if len(xs) == 0:
        return h
    return np.tanh(fold(xs[:-1], h) * 0.7 + xs[-1])
def everything(x, w, u):
    h = fold(x, x[0] * 0.1)
    h -= h.mean(axis=0)
    h /= h.std(axis=0)
    return h @ w
"""
    assert located(script, script) is None
    found = located(script.replace("/= h.std(axis=0)", "/= h.var(axis=0)"), script)
    assert found.statement == "h /= h.var(axis=0)"
    found = located(script.replace("* 0.7 + xs[-1]", "* 0.8 + xs[-1]"), script)
    assert found.function == "fold"
    found = located(script.replace("h @ w", "h @ w.T"), script)
    assert found.text == "h @ w.T"


def test_tensors_are_located_too():
    """The weights of a layer are parts of what it computes."""
    torch = pytest.importorskip("torch")
    script = """
import torch
def everything(layer, x):
    h = torch.tanh(layer(x))
    loss = (h ** 2).mean()
    return loss
"""
    torch.manual_seed(0)
    arguments = torch.nn.Linear(3, 2), torch.rand(5, 3)
    found = located(script.replace("layer(x)", "layer(-x)"), script, arguments=arguments)
    assert found.text == "torch.tanh(layer(-x))"
    assert found.parts == ("layer", "x")
    with torch.no_grad():
        arguments[0].weight *= 2
    other = read_records(records_of(script, *arguments))
    known = known_of(script, arguments=(torch.nn.Linear(3, 2), arguments[1]))
    assert locate(Run(other, known)) is None


def test_it_is_said_as_a_fact():
    """In one line, without anything of ours, and without ending the quotation."""
    found = Located("a +\n   `b`", "cell 2, line 3", "c = a + `b`", "f", ("a", "b"))
    text = in_words(found)
    assert text == (
        "`a + 'b'` (cell 2, line 3: `c = a + 'b'`) is the first value that none of our right "
        "answers has; the numbers of `a` and `b` occur in them."
    )
    assert len(in_words(Located("x" * 999, "line 1", "y" * 999, "f", ("z" * 999,)))) < 350


def prints_of(*values):
    script = "def everything(*values):\n    for value in values:\n        value\n"
    arrays = records_of(script, *values)
    are_values = arrays["texts"][arrays["numbers"]] == "value"
    return arrays["prints"][are_values & ~arrays["pieces"]]


def test_what_is_met_by_chance_says_little():
    """Zeros, ones, counts, simple fractions, masks."""
    little = (np.zeros(5), np.ones(3) * 0.37, 2.0, 0.25, np.eye(3), np.eye(3) / 4, np.arange(9))
    much = (
        0.3712345,
        RNG.normal(size=3),
        RNG.random((2, 2)),
        RNG.normal(size=9) > 9.0 + X[0, 0, 0],
    )
    assert say_little(prints_of(*little)).all()
    assert not say_little(prints_of(*much[:3])).any()


def test_equal_values_are_known_again_and_others_are_not():
    """Up to rounding, in any order of many."""
    values = RNG.normal(size=(300, 7))
    prints = prints_of(*values)
    rounded = prints_of(*values.astype(np.float32))
    assert KnownValues.of([prints]).hold(rounded).all()
    assert not KnownValues.of([prints]).hold(prints_of(*(1.001 * values))).any()
    numbers = numbers_of_values(np.concatenate([prints, rounded]))
    assert (numbers[:300] == numbers[300:]).all()
    assert len(set(numbers.tolist())) == 300
    assert are_near(prints, rounded).all()


def test_the_order_is_known_again_where_it_is_asked_for():
    """Rows of a list are in order as those of an array are."""
    prints, in_parts, turned = prints_of(X, [[*row] for row in X], X[::-1])[:, None]
    known = KnownValues.of([prints])
    assert known.hold(in_parts, are_in_order)
    assert known.hold(turned)
    assert not known.hold(turned, are_in_order)


def test_a_permutation_of_whole_numbers_says_too_little_of_what_is_before():
    """It has the entries of a right one, and may be in a wrong order because of the mistake."""
    ranks = """
import numpy as np
def everything(x, w, u):
    lengths = np.sqrt((x ** 2).sum((0, 2)))
    products = x[0] @ x[0, 0]
    return np.argsort(products / lengths)
"""
    x = RNG.normal(size=(3, 9, 4))
    wrong = ranks.replace("np.sqrt((x ** 2).sum((0, 2)))", "np.abs(x).sum((0, 2))")
    assert located(ranks, ranks, arguments=(x, W, U)) is None
    found = located(wrong, ranks, arguments=(x, W, U))
    assert found.statement.startswith("lengths = ")


def test_a_state_of_ones_is_told_where_a_layer_takes_it():
    """Ones say little by themselves; what a layer makes of them is in no right answer."""
    torch = pytest.importorskip("torch")
    script = """
import torch
def everything(lstm, x):
    start = torch.zeros(
        1, x.shape[1], 3
    )
    out, state = lstm(x, (start, start))
    return out
"""
    torch.manual_seed(0)
    arguments = torch.nn.LSTM(2, 3), torch.rand(5, 4, 2)
    assert located(script, script, arguments=arguments) is None
    found = located(script.replace("zeros", "ones"), script, arguments=arguments)
    assert found.text == "lstm(x, (start, start))"


def test_what_only_puts_together_is_none_of_several_places():
    """A padded copy is of the style's own; the slip is where something is computed of it."""
    padded = """
import numpy as np
def everything(x, w, u):
    longer = np.concatenate([x, np.ones_like(x)])
    steps = np.tanh(x @ w) + np.sin(x @ u)
    return steps.sum() + longer.sum()
"""
    plain = padded.replace("np.concatenate([x, np.ones_like(x)])", "x")
    found = located(padded.replace("+ np.sin", "- np.sin"), plain)
    assert found.text == "np.tanh(x @ w) - np.sin(x @ u)"
    assert located(padded, plain).text == "np.concatenate([x, np.ones_like(x)])"


def forged(**changed):
    return {**records_of(GATES), **changed}


@pytest.mark.parametrize(
    "changed",
    [
        {"numbers": np.array([9999])},
        {"numbers": np.zeros((2, 2), int)},
        {"prints": np.zeros((3, WIDTH))},
        {"prints": np.array("text")},
        {"sites": np.zeros((4, 2), int)},
        {"sites": np.full((5, 1), 7)},
        {"sites": np.array([[0], [0], [0], [0], [0]])},
        {"texts": np.zeros(3)},
        {"lines": np.array(["line 1"])},
        {"cut": np.zeros(3, bool)},
        {"frames": np.full(3, np.nan)},
        {"prints": np.zeros((1 << 18, WIDTH))},
    ],
)
def test_records_out_of_form_are_none(changed):
    """Whatever a submission sends in their place."""
    assert read_records(forged(**changed)) is None
    assert read_records({}) is None


@pytest.mark.parametrize("number", [np.nan, np.inf, -np.inf, -1.0, 1e300, 0.0])
def test_forged_prints_are_compared_as_any(number):
    """Numbers that no value has."""
    arrays = records_of(GATES)
    prints = arrays["prints"].copy()
    prints[::2] = number
    prints[1::3, 3] = number
    records = read_records({**arrays, "prints": prints})
    locate(Run(records, known_of(GATES)))


def test_forged_records_cost_little_time():
    """Values of which all are parts of all, and all nearly equal."""
    count = 5000
    prints = np.tile([2.0, 1.0, 1.0, 0.6, 0.6, 0.0, 0.1, 0.2], (count, 1))
    prints[:, 3] += np.linspace(0, 1e-7, count)
    sites = np.zeros((5, 2), int)
    sites[0] = [-1, 0]
    sites[1] = 4
    alike = forged(
        numbers=np.arange(count) % 2,
        frames=np.arange(count) % 7,
        prints=prints,
        pieces=np.zeros(count, bool),
        sites=sites,
        texts=np.array(["a", "b"]),
        lines=np.array(["line 1"]),
        functions=np.array(["f"]),
        statements=np.array(["a"]),
    )
    began = time.process_time()
    records = read_records(alike)
    locate(Run(records, KnownValues.of([prints + 1e-9])))
    assert time.process_time() - began < 3


def test_a_value_that_is_updated_in_part_is_followed():
    """What it was before the update, and what other rows it has, are of the style's own."""
    script = """
import numpy as np
def everything(x, w, u):
    rows = np.exp(x[0] @ w)
    rows[np.arange(3), [0, 1, 2]] -= 1
    table = np.empty((2, 4, 4))
    for i in range(2):
        table[i] = rows.T @ x[i]
    return table, np.tanh(x[1] @ u)
"""
    other = """
import numpy as np
def everything(x, w, u):
    rows = np.exp(x[0] @ w) - np.eye(3, 4)
    return np.stack([rows.T @ x[0], rows.T @ x[1]]), np.tanh(x[1] @ u)
"""
    hidden = other.replace(
        "np.exp(x[0] @ w) - np.eye(3, 4)", "np.expm1(x[0] @ w) + (1 - np.eye(3, 4))"
    )
    found = located(script.replace("x[1] @ u", "x[1] @ u.T"), hidden)
    assert found.text == "np.tanh(x[1] @ u.T)"


def told_of(body, right):
    """What is told of the body of a function beside another's that is right."""
    head = "import numpy as np\ndef everything(x, w, u):\n    "
    found = located(head + "\n    ".join(body), head + "\n    ".join(right))
    return found and found.text


def test_values_from_which_right_ones_were_made_are_cleared():
    """They are of the style's own; else two statements would be left, and nothing told."""
    right = ["a = np.tanh(x[0] @ w)", "return a @ u"]
    mine = ["z = np.exp(2 * (x[0] @ w))", "a = (z - 1) / (z + 1)", "return a @ u.T"]
    assert told_of(mine, right) == "a @ u.T"


def test_a_call_with_a_right_result_is_cleared():
    """Also where the result is an order, which says too little to clear what it is made of."""
    right = ["return np.argsort(x[0].ravel()), x[0] @ w"]
    mine = [
        "def order(z):",
        "    scaled = z * 3.3",
        "    return np.argsort(scaled)",
        "return order(x[0].ravel()), x[0] @ w.T",
    ]
    assert told_of(mine, right) == "x[0] @ w.T"


def test_what_is_made_of_a_choice_of_the_style_is_not_told():
    """Pieces of a batch occur nowhere, and may be right."""
    right = ["return ((x.ravel() * 1.3 + 0.2) ** 2).sum()"]
    mine = [
        "total = 0.0",
        "for i in (0, 30):",
        "    errors = x.ravel()[i : i + 30] * 1.3 + 0.2",
        "    total += (errors * 2).sum()",
        "return total",
    ]
    assert told_of(mine, right) is None


def test_what_is_looked_up_by_few_whole_numbers_is_not_told():
    """An index is met by chance: it may be what is wrong."""
    right = ["i = np.argmax(x[0, 0], keepdims=True)", "return np.take(w, i, axis=0) * 1.7"]
    mine = ["i = np.argmin(x[0, 0], keepdims=True)", "return np.take(w, i, axis=0) * 1.7"]
    assert told_of(mine, right) is None


def test_of_several_statements_none_is_told():
    """One mistake has one place."""
    right = ["return x[0] @ w, x[1] @ u"]
    assert told_of(["a = x[0] @ w", "return a, x[1] @ u.T"], right) == "x[1] @ u.T"
    assert told_of(["a = x[0] @ w.T", "return a, x[1] @ u.T"], right) is None
