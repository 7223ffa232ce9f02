"""What torch's errors are caused by, as far as they were met, and what to do."""

import ast
import re
from contextlib import suppress

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
    if (
        not any(each in raised.text for each in words)
        or "cross_entropy" not in raised.function + raised.line
    ):
        return ""
    told = ""
    if found := _arguments(raised, "cross_entropy"):
        (logits, targets), (one, two) = (
            list(map(ast.unparse, found)),
            [shape_of(raised, node) for node in found],
        )
        if one and two:
            told = f"`{logits}` is {raised.shape(one)} and `{targets}` is {raised.shape(two)}. "
    return (
        f"{told}`cross_entropy` wants the classes on axis 1: make all other axes one, "
        "`logits.flatten(0, -2)` and `targets.flatten()`."
    )


def _arguments(raised: Raised, function: str) -> list[ast.expr]:
    """The first two arguments of a call that stands in the student's line."""
    with suppress(SyntaxError):
        for node in ast.walk(ast.parse(raised.line)):
            if (
                isinstance(node, ast.Call)
                and ast.unparse(node.func).endswith(function)
                and len(node.args) > 1
            ):
                return node.args[:2]
    return []


def axis_of_chunk(raised: Raised) -> str:
    """`chunk(4)` cuts along the first axis."""
    words = (
        "must match the size of tensor",
        "values to unpack",
        "shapes cannot be multiplied",
        "size mismatch",
    )
    found = (
        re.search(r"\.(chunk|split)\((\w+)\)", raised.function)
        if any(w in raised.text for w in words)
        else None
    )
    if not found:
        return ""
    call = f"{found[1]}({found[2]}"
    return (
        f"`{call})` cuts along the first axis. Say which one you mean; the last is `{call}, "
        "dim=-1)`."
    )


def axis_of_batch_norm(raised: Raised) -> str:
    """Batch norm of (T, B, H)."""
    found = re.search(r"running_mean should contain (\d+) elements not (\d+)", raised.text)
    if not found:
        return ""
    given, wanted = (raised.shape((int(size),)) for size in found.groups())
    return (
        f"Batch norm takes axis 1 for its features: there {given} were given, and {wanted} "
        "wanted. With more axes, "
        "make the others one, `x.flatten(0, -2)`, and put them back after it."
    )


def second_time_backward(raised: Raised) -> str:
    """A state that carries the graph of the batch before."""
    if "backward through the graph a second time" not in raised.text:
        return ""
    return (
        "`backward` goes through a graph once. Something here still hangs on the graph of an "
        "earlier step, as a state "
        "that is handed on: `detach()` it between the steps. `retain_graph` would hide that."
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
        "anew, as by "
        "`torch.tensor(…)` or `.item()`."
    )


def ids_are_floats(raised: Raised) -> str:
    """Ids that are no integers."""
    words = (
        "used as indices must be long",
        "expected scalar type Long",
        "not implemented for 'Float'",
        "Long, Int",
    )
    if not any(each in raised.text for each in words):
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
    return (
        "Write `.detach().numpy()`."
        if "Can't call numpy() on Tensor that requires grad" in raised.text
        else ""
    )


CAUSES = (
    axes_of_cross_entropy,
    axis_of_chunk,
    axis_of_batch_norm,
    second_time_backward,
    not_probabilities,
    nothing_to_differentiate,
    ids_are_floats,
    leaf_changed,
    numpy_of_graph,
)
