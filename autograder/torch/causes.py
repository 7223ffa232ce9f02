"""What torch's errors are caused by, as far as they were met, and what to do."""

import ast
import math
import re
from collections.abc import Sequence

from autograder.check import Raised
from autograder.sandbox.inside.causes import shape_of


def axes_of_cross_entropy(raised: Raised) -> str:
    """Logits (T, B, V) with targets (T, B)."""
    words = (
        "Expected target size",
        "spatial targets",
        "multi-target not supported",
        "expected to match target",
    )
    if not _says_one_of(raised, words):
        return ""
    if "cross_entropy" not in raised.function + raised.line:
        return ""
    return (
        f"{_shapes_of_arguments(raised)}`cross_entropy` wants the classes on axis 1: make all "
        "other axes one, `logits.flatten(0, -2)` and `targets.flatten()`."
    )


def _says_one_of(raised: Raised, words: Sequence[str]) -> bool:
    return any(each in raised.text for each in words)


def _shapes_of_arguments(raised: Raised) -> str:
    """Say the shapes of the two arguments of `cross_entropy`; "" where they cannot be seen."""
    arguments = _first_two_arguments(raised, "cross_entropy")
    if not arguments:
        return ""
    logits, targets = arguments
    logits_shape = shape_of(raised, logits)
    targets_shape = shape_of(raised, targets)
    if not (logits_shape and targets_shape):
        return ""
    return (
        f"`{ast.unparse(logits)}` is {raised.shape(logits_shape)} "
        f"and `{ast.unparse(targets)}` is {raised.shape(targets_shape)}. "
    )


def _first_two_arguments(raised: Raised, function: str) -> tuple[ast.expr, ast.expr] | None:
    """Find a call in the student's line, and return its first two arguments."""
    try:
        line = ast.parse(raised.line)
    except SyntaxError:
        return None
    for node in ast.walk(line):
        if not isinstance(node, ast.Call):
            continue
        called = ast.unparse(node.func)
        if called.endswith(function) and len(node.args) > 1:
            first, second, *_ = node.args
            return first, second
    return None


def axis_of_chunk(raised: Raised) -> str:
    """`chunk(4)` cuts along the first axis."""
    words = (
        "must match the size of tensor",
        "values to unpack",
        "shapes cannot be multiplied",
        "size mismatch",
    )
    if not _says_one_of(raised, words):
        return ""
    found = re.search(r"\.(chunk|split)\((\w+)\)", raised.function)
    if not found:
        return ""
    method, size = found.groups()
    return (
        f"`{method}({size})` cuts along the first axis. "
        f"Say which one you mean; the last is `{method}({size}, dim=-1)`."
    )


def axis_of_batch_norm(raised: Raised) -> str:
    """Batch norm of (T, B, H)."""
    found = re.search(r"running_mean should contain (\d+) elements not (\d+)", raised.text)
    if not found:
        return ""
    given_size, wanted_size = map(int, found.groups())
    given = raised.shape((given_size,))
    wanted = raised.shape((wanted_size,))
    return (
        f"Batch norm takes axis 1 for its features: there {given} were given, and {wanted} wanted. "
        "With more axes, make the others one, `x.flatten(0, -2)`, and put them back after it."
    )


def second_time_backward(raised: Raised) -> str:
    """A state that carries the graph of the batch before."""
    if "backward through the graph a second time" not in raised.text:
        return ""
    return (
        "`backward` goes through a graph once. "
        "Something here still hangs on the graph of an earlier step, as a state that is handed on: "
        "`detach()` it between the steps. `retain_graph` would hide that."
    )


def not_probabilities(raised: Raised) -> str:
    """`multinomial` of log-probabilities or of logits."""
    if "probability tensor contains" not in raised.text:
        return ""
    return (
        "`multinomial` wants probabilities: of logits `logits.softmax(-1)`, of log-probabilities "
        "`.exp()`."
    )


def nothing_to_differentiate(raised: Raised) -> str:
    """A loss without a graph."""
    if "does not require grad" not in raised.text:
        return ""
    return (
        "Nothing leads from this back to a weight: it was made under `no_grad`, detached, or made "
        "anew, as by `torch.tensor(…)` or `.item()`."
    )


def no_influence(raised: Raised) -> str:
    """A gradient is asked for with respect to a tensor that the result was not made from."""
    if "appears to not have been used in the graph" not in raised.text:
        return ""
    return (
        "The result does not depend on one of the tensors that gradients are asked for: it was "
        "left out on the way, copied or detached. `allow_unused=True` would only hide that."
    )


def batch_norm_of_one_row(raised: Raised) -> str:
    """A model that predicts in training mode: statistics of a single row."""
    if "Expected more than 1 value per channel when training" not in raised.text:
        return ""
    return (
        "Batch norm is in training mode and takes its statistics from what it reads, here a single "
        "row. Predict in evaluation mode: `model.eval()` before the model is called."
    )


def view_of_another_size(raised: Raised) -> str:
    """`view` with room for more or fewer numbers than there are."""
    found = re.search(r"shape '\[([\d, ]+)\]' is invalid for input of size (\d+)", raised.text)
    if not found:
        return ""
    shape = tuple(int(size) for size in found[1].split(","))
    return (
        f"{raised.shape(shape)} has room for {math.prod(shape)} numbers, and there are {found[2]}. "
        "The two should be equal."
    )


def ids_are_floats(raised: Raised) -> str:
    """Ids that are no integers."""
    words = (
        "used as indices must be long",
        "expected scalar type Long",
        "not implemented for 'Float'",
        "Long, Int",
    )
    if not _says_one_of(raised, words):
        return ""
    return (
        "Ids and targets should be integers: `.long()` makes them so, better where they are made."
    )


def leaf_changed(raised: Raised) -> str:
    """A weight changed in place outside `no_grad`."""
    if "leaf Variable that requires grad" not in raised.text:
        return ""
    return "A weight is changed in place while autograd watches: do it within `torch.no_grad()`."


def numpy_of_graph(raised: Raised) -> str:
    """`.numpy()` of what hangs on a graph."""
    if "Can't call numpy() on Tensor that requires grad" not in raised.text:
        return ""
    return "Write `.detach().numpy()`."


CAUSES = (
    axes_of_cross_entropy,
    axis_of_chunk,
    axis_of_batch_norm,
    second_time_backward,
    not_probabilities,
    nothing_to_differentiate,
    no_influence,
    batch_norm_of_one_row,
    view_of_another_size,
    ids_are_floats,
    leaf_changed,
    numpy_of_graph,
)
