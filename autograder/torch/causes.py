"""The causes of torch's errors, as far as we have met them, and what to do."""

import ast
import math
import re
import textwrap
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any

from autograder.check import Raised
from autograder.sandbox.inside.causes import (
    call_that_failed,
    length_with_letter,
    parts_of_line,
    product_of_shapes,
    shape_of,
    value_of,
)

KEEPS_EACH_LOSS = re.compile(r"""reduction\s*=\s*["']none["']""")


def axes_of_cross_entropy(raised: Raised) -> str:
    """Explain logits (T, B, V) with targets (T, B)."""
    words = (
        "Expected target size",
        "spatial targets",
        "multi-target not supported",
        "expected to match target",
    )
    if not _says_one_of(raised, words):
        return ""
    if next(_calls(raised.line, "nll_loss"), None):
        return "`nll_loss` expects an id for each row, as integers, and no probabilities."
    calls = *_calls(raised.line, "cross_entropy"), *_calls(raised.function, "cross_entropy")
    if not calls:
        return ""
    cause = f"{_shapes_of_arguments(raised)}`cross_entropy` expects the classes on axis 1"
    if KEEPS_EACH_LOSS.search(raised.line):
        return f"{cause}: `logits.movedim(-1, 1)`. The losses then have the targets' shape."
    return f"{cause}: make all other axes one, `logits.flatten(0, -2)` and `targets.flatten()`."


def _says_one_of(raised: Raised, words: Sequence[str]) -> bool:
    return any(each in raised.text for each in words)


def _shapes_of_arguments(raised: Raised) -> str:
    """Return the shapes of the two arguments of `cross_entropy` in words; "" if unknown."""
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
    for call in _calls(raised.line, function):
        if len(call.args) > 1:
            first, second, *_ = call.args
            return first, second
    return None


def axis_of_chunk(raised: Raised) -> str:
    """Explain `chunk(4)`, which splits along the first axis."""
    words = (
        "must match the size of tensor",
        "values to unpack",
        "shapes cannot be multiplied",
        "size mismatch",
    )
    if not _says_one_of(raised, words):
        return ""
    is_there = "values to unpack" in raised.text  # else an earlier line may have cut it
    before = raised.line if is_there else _until_the_line(raised)
    found = re.search(r"\.(chunk|split)\((\w+)(?:, *(?:dim *= *)?0)?\)", before)
    if not found or isinstance(raised.values.get(found[2]), str):
        return ""
    call, method, size = found[0].removeprefix("."), found[1], found[2]
    return (
        f"`{call}` cuts along the first axis. "
        f"Say which one you mean; the last is `{method}({size}, dim=-1)`."
    )


def _until_the_line(raised: Raised) -> str:
    """Return the text of the function up to the line that raised the error."""
    before, line, _ = raised.function.partition(raised.line)
    return before + line


PRODUCT = re.compile(r"shapes cannot be multiplied \((\d+)x(\d+) and (\d+)x(\d+)\)")


def product_of_a_layer(raised: Raised) -> str:
    """Explain `self.hidden(e)`: the layer's input size, and the given one."""
    found = PRODUCT.search(raised.text)
    if not found:
        return ""
    given, wanted, made = (int(found[i]) for i in (2, 3, 4))
    call = call_that_failed(raised)
    layer = _linear_layer(raised, call, wanted, made)
    if call is None or not layer:
        return ""
    what = "its input"
    shape = None
    if len(call.args) == 1:
        what = f"`{ast.unparse(call.args[0])}`"
        shape = shape_of(raised, call.args[0])
    reads = length_with_letter(raised, wanted)
    cause = f"{layer} expects {reads} numbers on the last axis of its input"
    if shape:
        cause = f"{cause}, and {what} is {raised.shape(shape)}."
    else:
        cause = f"{cause}, and {what} has {length_with_letter(raised, given)}."
    return f"{cause} {_joined_along_the_first_axis(raised, given, wanted)}".rstrip()


def _linear_layer(raised: Raised, call: ast.Call | None, reads: int, makes: int) -> str:
    """Say which linear layer of these sizes was called, directly or in a model; "" if none."""
    called: Any = value_of(raised, call.func) if call else None
    if call is None or not hasattr(called, "modules"):
        return ""
    layer = f"`nn.Linear({reads}, {makes})`"
    text = ast.unparse(call.func)
    for part in called.modules():
        features = getattr(part, "in_features", None), getattr(part, "out_features", None)
        if features == (reads, makes):
            return f"`{text}` is {layer} and" if part is called else f"In `{text}`, {layer}"
    return ""


def _joined_along_the_first_axis(raised: Raised, given: int, wanted: int) -> str:
    """Say that `torch.cat([a, b])` has no axis, if the expected array consists of such parts."""
    for joining in _calls(raised.function, "cat"):
        names_no_axis = len(joining.args) == 1 and not joining.keywords
        if names_no_axis and wanted > given:
            text = ast.unparse(joining)
            return (
                f"`{text}` joins along the first axis. Say which one you mean; the last is "
                f"`{text[:-1]}, dim=-1)`."
            )
    return ""


def _calls(code: str, function: str) -> Iterator[ast.Call]:
    """Yield the calls of a function, or of a method of this name, in a piece of code."""
    with suppress(SyntaxError):
        for node in ast.walk(ast.parse(textwrap.dedent(code))):
            if isinstance(node, ast.Call) and ast.unparse(node.func).endswith(function):
                yield node


def product_of_unknown_shapes(raised: Raised) -> str:
    """Explain a product of two matrices whose line does not show both."""
    found = PRODUCT.search(raised.text)
    if not found or product_of_shapes(raised):
        return ""
    rows, columns, *other = (int(size) for size in found.groups())
    left = raised.shape((rows, columns))
    right = raised.shape(other)
    cause = (
        f"The matrices multiplied are {left} and {right}: the last axis of the first should be as "
        "long as the first of the second."
    )
    return f"{cause} {_joined_along_the_first_axis(raised, columns, other[0])}".rstrip()


def batch_of_a_state(raised: Raised) -> str:
    """Explain `batch_first=True`, or its absence: the state has the batch on the time axis."""
    found = re.search(
        r"Expected hidden\S* size \(\d+, (\d+), \d+\), got \[\d+, (\d+),", raised.text
    )
    if not found or found[1] == found[2]:
        return ""
    read, given = (length_with_letter(raised, int(size)) for size in found.groups())
    return (
        f"The state is for a batch of {given}, and the input is a batch of {read}. With "
        "`batch_first=True` the batch is the first axis of the input, else the second."
    )


def axis_of_batch_norm(raised: Raised) -> str:
    """Explain batch norm of (T, B, H)."""
    found = re.search(r"running_mean should contain (\d+) elements not (\d+)", raised.text)
    if not found:
        return ""
    given_size, wanted_size = map(int, found.groups())
    given = raised.shape((given_size,))
    wanted = raised.shape((wanted_size,))
    return (
        f"Batch norm expects {wanted} features on axis 1, and there are {given}. With more axes, "
        "make the others one, `x.flatten(0, -2)`, and put them back after it."
    )


def second_time_backward(raised: Raised) -> str:
    """Explain a state that carries the graph of the previous batch."""
    if "backward through the graph a second time" not in raised.text:
        return ""
    return (
        "`backward` goes through a graph once. "
        "Something here still hangs on the graph of an earlier step, as a state that is handed on: "
        "`detach()` it between the steps. `retain_graph` would hide that."
    )


def not_probabilities(raised: Raised) -> str:
    """Explain `multinomial` of log-probabilities or of logits."""
    if "probability tensor contains" not in raised.text:
        return ""
    return (
        "`multinomial` needs probabilities: `logits.softmax(-1)`, or `.exp()` of log-probabilities."
    )


def nothing_to_differentiate(raised: Raised) -> str:
    """Explain a loss without a graph."""
    if "does not require grad" not in raised.text:
        return ""
    if "autograd.grad(" in raised.line:
        return (
            "This tensor does not require a gradient. Arguments do not by themselves: compute with "
            "`….clone().requires_grad_()`."
        )
    return (
        "This does not depend on a tensor that requires a gradient. Was the graph cut, under "
        "`no_grad`, by `detach()`, `.item()` or `torch.tensor(…)`? Or is `requires_grad_()` "
        "missing?"
    )


def gradient_of_a_result(raised: Raised) -> str:
    """Explain `state.grad` of a state that is computed from others."""
    if "NoneType" not in raised.text:
        return ""
    for node in parts_of_line(raised.line):
        if not isinstance(node, ast.Attribute) or node.attr != "grad":
            continue
        tensor = value_of(raised, node.value)
        if getattr(tensor, "is_leaf", True) or not tensor.requires_grad:
            continue
        text = ast.unparse(node.value)
        return (
            f"`{text}.grad` is None: `backward` keeps gradients only of tensors that were not "
            f"computed from others, as weights. For `{text}` ask before `backward`, by "
            f"`{text}.retain_grad()`, or take `torch.autograd.grad(loss, {text})`."
        )
    return ""


def gradient_that_is_not_there(raised: Raised) -> str:
    """Explain `weight.grad` before `backward`, or without influence on the loss."""
    if "NoneType" not in raised.text or not re.search(r"\.grad\b(?!\s*\()", raised.line):
        return ""
    return (
        "`.grad` is None here, because `backward` did not reach this tensor. Was a state detached "
        "on the way, or does the loss not depend on it?"
    )


def ids_in_a_product(raised: Raised) -> str:
    """Explain `layer(ids)`: ids multiplied by weights."""
    if not re.search(r"got (Long|Int) and (Float|Double)", raised.text):
        return ""
    return (
        "Integers are multiplied with weights here. If they are ids, look them up in an embedding "
        "first; if they are numbers, convert them with `.float()`."
    )


def input_of_another_size(raised: Raised) -> str:
    """Explain `nn.RNN(H, E)` with inputs of E numbers."""
    found = re.search(
        r"input\.size\(-1\) must be equal to input_size\. Expected (\d+), got (\d+)", raised.text
    )
    if not found:
        return ""
    wanted, given = (length_with_letter(raised, int(size)) for size in found.groups())
    return (
        f"The layer reads {wanted} numbers per step, on the last axis of its input, and got "
        f"{given}. Were axes moved before, and not moved back? Else the layer was made for another "
        "size: its first argument is the size of its input, its second that of its state."
    )


def joined_with_fewer_axes(raised: Raised) -> str:
    """Explain `torch.cat([x, y])` of a matrix and a row."""
    found = re.search(r"same number of dimensions: got (\d+) and (\d+)", raised.text)
    if not found:
        return ""
    axes, others = found.groups()
    return (
        f"`cat` needs tensors with equally many axes, and one has {axes}, the other {others}. Add "
        "the missing axis: `y[None]` puts it first."
    )


def nothing_to_stack(raised: Raised) -> str:
    """Explain `torch.stack([])` after a loop over nothing."""
    if not _says_one_of(raised, ("non-empty TensorList", "non-empty list of Tensors")):
        return ""
    return (
        "The list is empty, because the loop before it did not run. Does it work for a single step?"
    )


def parameter_of_a_number(raised: Raised) -> str:
    """Explain `nn.Parameter(mean)` of a Python number."""
    if not re.search(r"'(float|int)' object has no attribute 'detach'", raised.text):
        return ""
    if "Parameter(" not in raised.line:
        return ""
    return "`nn.Parameter` needs a tensor: `nn.Parameter(torch.tensor(…))` of the number."


def no_influence(raised: Raised) -> str:
    """Explain a gradient with respect to a tensor that the result does not depend on."""
    if "appears to not have been used in the graph" not in raised.text:
        return ""
    if not raised.line:  # the check asks for it
        return (
            "Your result does not depend on one of the tensors that were passed in: it was left "
            "out on the way, copied or detached. The check computes the gradients, so you need no "
            "`allow_unused`."
        )
    return (
        "The result does not depend on one of the tensors whose gradients you need: it was left "
        "out on the way, copied or detached. `allow_unused=True` would only hide that."
    )


def batch_norm_of_one_row(raised: Raised) -> str:
    """Explain a model that predicts in training mode: statistics of a single row."""
    if "Expected more than 1 value per channel when training" not in raised.text:
        return ""
    return (
        "Batch norm is in training mode and takes its statistics from what it reads, here a single "
        "row. Predict in evaluation mode: `model.eval()` before the model is called."
    )


def view_of_another_size(raised: Raised) -> str:
    """Explain `view` with another number of entries than there are."""
    found = re.search(r"shape '\[([\d, ]+)\]' is invalid for input of size (\d+)", raised.text)
    if not found:
        return ""
    shape = tuple(int(size) for size in found[1].split(","))
    if not raised.line:  # the check's own
        return (
            f"The check expects {math.prod(shape)} numbers, and your function returned {found[2]}. "
            "Return the shape that the text says."
        )
    return (
        f"{raised.shape(shape)} has room for {math.prod(shape)} numbers, and there are {found[2]}. "
        "The two should be equal."
    )


def ids_are_floats(raised: Raised) -> str:
    """Explain ids that are no integers."""
    words = (
        "used as indices must be long",
        "expected scalar type Long",
        "not implemented for 'Float'",
        "Long, Int",
    )
    if not _says_one_of(raised, words) or "bitwise_" in raised.text:
        return ""
    return (
        "Ids and targets should be integers: convert them with `.long()`, best where they are made."
    )


def mean_of_no_floats(raised: Raised) -> str:
    """Explain `(x > 0).mean()`."""
    found = re.search(r"could not infer output dtype\..* Got: (\w+)", raised.text)
    if not found:
        return ""
    what = "truth values" if found[1] == "Bool" else "integers"
    return f"A mean needs floating-point numbers, and these are {what}: write `.float()` before it."


def leaf_changed(raised: Raised) -> str:
    """Explain a weight changed in place outside `no_grad`."""
    if "leaf Variable that requires grad" not in raised.text:
        return ""
    return "A weight is changed in place while autograd records: do it within `torch.no_grad()`."


def no_parameter(raised: Raised) -> str:
    """Explain `layer.weight = …`: a tensor in place of a parameter."""
    found = re.search(r"as parameter '(\w+)'", raised.text)
    if not found:
        return ""
    target = f"….{found[1]}"
    with suppress(SyntaxError):
        for node in ast.walk(ast.parse(raised.line)):
            if isinstance(node, ast.Attribute) and node.attr == found[1]:
                target = ast.unparse(node)
                break
    return (
        f"A parameter stays the same object. Write numbers into it, `{target}.copy_(…)` within "
        "`torch.no_grad()`, or put another in its place, `nn.Parameter(…)`."
    )


def numpy_of_graph(raised: Raised) -> str:
    """Explain `.numpy()` of a tensor with a graph."""
    if "Can't call numpy() on Tensor that requires grad" not in raised.text:
        return ""
    return "Write `.detach().numpy()`."


CAUSES = (
    axes_of_cross_entropy,
    axis_of_chunk,
    product_of_a_layer,
    product_of_unknown_shapes,
    batch_of_a_state,
    axis_of_batch_norm,
    second_time_backward,
    not_probabilities,
    nothing_to_differentiate,
    gradient_of_a_result,
    gradient_that_is_not_there,
    ids_in_a_product,
    input_of_another_size,
    joined_with_fewer_axes,
    nothing_to_stack,
    parameter_of_a_number,
    no_influence,
    batch_norm_of_one_row,
    view_of_another_size,
    ids_are_floats,
    mean_of_no_floats,
    leaf_changed,
    no_parameter,
    numpy_of_graph,
)
