"""The add-on for courses on torch: what makes experiments with it repeatable, quick and strict.

course.toml names it beside the package: `torch = { install = "torch", addon = "autograder.torch" }`.
Nothing here imports torch before it is needed; `networks`, `operators` and `sgd` are for the author's
experiments.
"""

# function → what may stand in its place in a wrong variant of a solution, and the other way round
MUTANT_NAMES = (
    ("sigmoid", "tanh"),
    ("softmax", "log_softmax"),
    ("relu", "sigmoid"),
    ("eval", "train"),
)


def reset(seed: int) -> None:
    """Put torch into the same state before each experiment, whatever a submission did to it before."""
    import torch

    torch.manual_seed(seed)
    torch.set_grad_enabled(True)
    torch.set_default_dtype(torch.float32)


def warm() -> None:
    """Use torch once with one thread, so that what a step of training imports is there before any submission."""
    import torch
    from torch import nn

    from autograder.torch.operators import by_hand

    torch.set_num_threads(1)
    lstm, norm, rnn = nn.LSTM(3, 3, 2, dropout=0.5), nn.BatchNorm1d(3), nn.RNN(3, 3, nonlinearity="relu")
    weights = [*lstm.parameters(), *norm.parameters()]
    for optimizer in (torch.optim.SGD(weights, 0.1), torch.optim.Adam(weights, 0.1, fused=True)):
        logits = norm(rnn(lstm(torch.rand(2, 2, 3))[0])[0].movedim(-1, 1)).flatten(0, 1)
        targets = torch.zeros(len(logits), dtype=torch.long)
        torch.autograd.backward(nn.functional.cross_entropy(logits, targets))
        nn.utils.clip_grad_norm_(weights, 1.0)
        optimizer.step()
    with by_hand():
        pass
