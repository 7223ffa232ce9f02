"""The add-on for courses on torch: it makes experiments repeatable, quick and strict.

course.toml names it beside the package: `torch = { install = "torch", addon = "autograder.torch"
}`. No module here imports torch before it is needed; `networks`, `operators` and `sgd` are for the
author's experiments.
"""

from autograder.check import Addon, Raised

# function → its replacement in a wrong variant of a solution, and the other way round
COUNTERPARTS = (
    ("sigmoid", "tanh"),
    ("softmax", "log_softmax"),
    ("relu", "sigmoid"),
    ("eval", "train"),
)

# functions and methods all of whose integers, by position among the arguments, are axes
AXIS_FUNCTIONS = (
    *("softmax", "log_softmax", "logsumexp", "cat", "unsqueeze", "movedim", "unbind"),
    *("flatten", "size"),
)

# modules and classes whose names each check finds as they were before any submission
NAMESPACES = (
    "torch",
    "torch.nn",
    "torch.nn.functional",
    "torch.nn.init",
    "torch.linalg",
    "torch.optim",
    "torch.optim.SGD",
    "torch.optim.Adam",
    "torch.optim.Optimizer",
    "torch.nn.Module",
    "torch.Tensor",
)


def reset(seed: int) -> None:
    """Put torch into the same state before each experiment, whatever a submission did to it."""
    import torch

    torch.manual_seed(seed)
    torch.set_grad_enabled(True)
    torch.set_default_dtype(torch.float32)


def undo() -> None:
    """Remove what an earlier check left: modes, a default device, hooks of every layer."""
    import torch

    while torch._C._len_torch_function_stack():  # a default device is such a mode too
        torch._C._pop_torch_function_stack()
    names = vars(torch.nn.modules.module)
    for name, hooks in names.items():
        if name.startswith("_global_") and isinstance(hooks, dict):
            hooks.clear()


def warm() -> None:
    """Use torch once with one thread.

    The imports of a training step are then done before any submission; torch's compiler, which an
    optimizer imports and does not use, is left out.
    """
    import torch
    from torch import nn

    from autograder.torch.compiler import stand_in
    from autograder.torch.operators import by_hand

    torch.set_num_threads(1)
    stand_in()
    lstm = nn.LSTM(3, 3, 2, dropout=0.5)
    norm = nn.BatchNorm1d(3)
    rnn = nn.RNN(3, 3, nonlinearity="relu")
    weights = [*lstm.parameters(), *norm.parameters()]
    sgd = torch.optim.SGD(weights, 0.1)
    adam = torch.optim.Adam(weights, 0.1, fused=True)
    for optimizer in (sgd, adam):
        states, _ = lstm(torch.rand(2, 2, 3))
        states, _ = rnn(states)
        logits = norm(states.movedim(-1, 1)).flatten(0, 1)
        targets = torch.zeros(len(logits), dtype=torch.long)
        loss = nn.functional.cross_entropy(logits, targets)
        torch.autograd.backward(loss)
        nn.utils.clip_grad_norm_(weights, 1.0)
        optimizer.step()
    with by_hand():
        pass


def explain(raised: Raised) -> str:
    """Return the cause of one of torch's errors, and what to do; "" if it is unknown."""
    from autograder.torch.causes import CAUSES

    for cause in CAUSES:
        text = cause(raised)
        if text:
            return text
    return ""


ADDON = Addon(
    reset=reset,
    warm=warm,
    undo=undo,
    namespaces=NAMESPACES,
    explain=explain,
    counterparts=COUNTERPARTS,
    axis_functions=AXIS_FUNCTIONS,
)
