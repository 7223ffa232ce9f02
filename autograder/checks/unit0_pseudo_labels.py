"""Experiments of unit 0: batches of two kinds, soft labels, a training loop, then digits with few labels."""

from functools import cache
from typing import Any

import numpy as np
import torch
from torch import nn

from autograder.checking import Arrays, check, named

PACKAGES = ("torch", "numpy")
SIZES = {"B": 5, "V": 8, "D": 12, "H": 17}
B, V, D, H = SIZES.values()


def warm() -> None:
    """One step of both optimizers with batch norm, so that no fork pays for first uses."""
    torch.set_num_threads(1)
    model = classifier(np.random.default_rng(0)).train()
    for kind in (torch.optim.Adam, torch.optim.SGD):
        nn.functional.cross_entropy(model(torch.ones(B, D)), torch.ones(B, V) / V).backward()
        kind(model.parameters(), 0.1).step()


def draw(rng: np.random.Generator, *shape: int, spread: float = 1.0) -> torch.Tensor:
    return torch.from_numpy(rng.normal(0, spread, shape)).float()


def soft(rng: np.random.Generator, n: int) -> torch.Tensor:
    return torch.from_numpy(rng.dirichlet(np.ones(V), n)).float()


class Child:
    """Batches in the order of the rows, over and over; a pass ends with a short batch. It counts its resets."""

    def __init__(self, x: torch.Tensor, y: torch.Tensor, size: int) -> None:
        self.x, self.y, self.size, self.N, self.place, self.resets = x, y, size, len(x), 0, 0

    def __iter__(self) -> "Child":
        return self

    def __next__(self) -> tuple[torch.Tensor, torch.Tensor]:
        rows = slice(self.place, self.place + self.size)
        self.place = 0 if rows.stop >= self.N else rows.stop
        return self.x[rows], self.y[rows]

    def reset(self) -> None:
        self.place, self.resets = 0, self.resets + 1


def classifier(rng: np.random.Generator, sizes: tuple[int, int, int] = (D, H, V)) -> nn.Sequential:
    """A network with batch norm, all its numbers from `rng`, in evaluation mode. A bias before batch norm would have no
    gradient but rounding, which is another in each style.
    """
    a, b, c = sizes
    model = nn.Sequential(nn.Linear(a, b, bias=False), nn.BatchNorm1d(b), nn.ReLU(), nn.Linear(b, c)).eval()
    for array in [*model.parameters(), model[1].running_mean]:
        array.data = draw(rng, *array.shape, spread=1.5 / array.shape[-1] ** 0.5)
    model[1].running_var.data = torch.from_numpy(rng.uniform(0.5, 2, b)).float()
    return model


def state(model: nn.Module, word: str = "") -> Arrays:
    """A network's numbers by place and name: `0_weight`; batch norm's count of batches left out."""
    return {word + n.replace(".", "_"): a.detach().numpy().copy() for n, a in model.state_dict().items() if a.ndim}


def moved(model: nn.Module, before: Arrays, word: str = "") -> Arrays:
    return {name: array - before[name] for name, array in state(model, word).items()}


@check(points=4)
def mixing(net: Any, seed: int) -> Arrays:
    """`MixIterator` joins one batch of each child, and passes `reset` on"""
    rng, out = np.random.default_rng(seed), {}
    children = [Child(draw(rng, n, D), soft(rng, n), size) for n, size in ((9, 2), (17, B), (7, 3))]
    mix = net.MixIterator(children)
    x, y = zip(*[next(mix) for _ in range(5)], strict=True)
    out = named("x y N", torch.cat(x), torch.cat(y), mix.N)
    mix.reset()
    out |= named("resets after_reset", [child.resets for child in children], next(mix)[0])
    return out | named("iterates", iter(mix) is mix)


@check(points=2)
def epochs(net: Any, seed: int) -> Arrays:
    """`one_epoch` starts anew and goes on until N examples have been seen"""
    rng = np.random.default_rng(seed)
    out: Arrays = {}
    for word, n in (("", 12), ("_ragged", 14)):
        child = Child(draw(rng, n, D), soft(rng, n), 4)
        next(child)
        got = list(net.one_epoch(child))
        out |= named(f"batches{word} x{word}", len(got), torch.cat([x for x, _ in got]))
    return out


@check(points=2)
def shares(net: Any, seed: int) -> Arrays:
    """`batch_sizes` divides a batch into labelled and pseudo-labelled examples"""
    total = 40 + 12 * (seed % 5)
    wanted = {"quarter": 0.25, "third": (total // 3 + 0.4) / total, "most": (total // 2 + 8.6) / total}
    return named(" ".join(wanted), *(net.batch_sizes(total, share) for share in wanted.values()))


@check(points=2)
def three_parts(net: Any, seed: int) -> Arrays:
    """`split_rows` makes three parts that have no row in common"""
    order = torch.from_numpy(np.random.default_rng(seed).permutation(23))
    return named("held_out labelled unlabelled", net.split_rows(order, 6, 4))


@check(points=4)
def soft_labels(net: Any, seed: int) -> Arrays:
    """`pseudo_labels` predicts probabilities in evaluation mode and leaves the model as it was"""
    rng = np.random.default_rng(seed)
    torch.manual_seed(seed)
    model, x = classifier(rng), draw(rng, 21, D)
    before = state(model)
    out: Arrays = {}
    for word, mode in (("", True), ("_again", False)):
        y = net.pseudo_labels(model.train(mode), x)
        out |= named(f"y{word} in_a_graph{word} mode{word}", y, y.requires_grad, model.training)
    return out | named("same_after", all(np.array_equal(before[n], a) for n, a in state(model).items()))


@check(points=2)
def loss_of_soft_labels(net: Any, seed: int) -> Arrays:
    """`soft_cross_entropy` is the mean cross-entropy with labels that are probabilities"""
    rng = np.random.default_rng(seed)
    logits, y = draw(rng, B, V, spread=2), soft(rng, B)
    small, large = net.soft_cross_entropy(logits, y), net.soft_cross_entropy(100 * logits, y)
    return named("loss loss_of_large", small, large)


@check(points=3, needs=loss_of_soft_labels)
def few_steps(net: Any, seed: int) -> Arrays:
    """`train` for three steps: how far each weight moved, and the losses"""
    rng = np.random.default_rng(seed)
    model, child = classifier(rng), Child(draw(rng, 22, D), soft(rng, 22), B)
    before = state(model)
    losses = net.train(model, child, torch.optim.SGD(model.parameters(), 0.3, 0.5), 3)
    return moved(model, before) | named("losses", losses)


@check(points=3, needs=(mixing, shares, soft_labels, few_steps))
def both_networks(net: Any, seed: int) -> Arrays:
    """`semi_supervised` trains the teacher, then the student on both kinds of labels"""
    rng = np.random.default_rng(seed)
    teacher, student, labelled = classifier(rng), classifier(rng), (draw(rng, 16, D), soft(rng, 16))
    before = state(teacher, "teacher_") | state(student, "student_")
    done = net.semi_supervised(teacher, student, labelled, draw(rng, 26, D), Child, sgd, 8, 0.25, 3)
    return moved(teacher, before, "teacher_") | moved(student, before, "student_") | named("student", done is student)


def sgd(model: nn.Module) -> torch.optim.Optimizer:
    return torch.optim.SGD(model.parameters(), 0.3, 0.5)


@cache
def digits() -> Any:
    """Images as rows of pixels and a label; −1 where a label is not to be known. Called where no submission runs."""
    from sklearn.datasets import load_digits

    from autograder.data import Corpus

    x, y = load_digits(return_X_y=True)
    rows = np.column_stack([x, y]).astype(int)[np.random.default_rng(0).permutation(len(x))]
    rows[:1247, -1][50:] = -1
    parts = ["\n".join(" ".join(map(str, row)) for row in part) for part in (rows[:1247], rows[1247:])]
    return Corpus("digits", *parts)


def read(text: str) -> tuple[torch.Tensor, torch.Tensor]:
    rows = torch.from_numpy(np.array(text.split(), np.int64).reshape(-1, 65))
    return rows[:, :64].float() / 16, rows[:, 64]


class Network(nn.Module):
    """Two layers with dropout before each, from a random stream of the network's own. Which row gets which holes goes
    by its pixels (in float64, where no two images come near), so that the order of a batch changes nothing.
    """

    def __init__(self, seed: int) -> None:
        super().__init__()
        self.random = torch.Generator().manual_seed(seed)
        self.hidden, self.output = nn.Linear(64, 96), nn.Linear(96, 10)
        rng = np.random.default_rng(seed)
        for array in self.parameters():
            array.data = draw(rng, *array.shape, spread=array.shape[-1] ** -0.5 if array.ndim > 1 else 0.0)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        rank = (x.detach().double() @ torch.arange(1, 65).double().sin()).argsort().argsort()
        return self.output(self.dropped(self.hidden(self.dropped(x, 0.3, rank)).relu(), 0.5, rank))

    def dropped(self, x: torch.Tensor, p: float, rank: torch.Tensor) -> torch.Tensor:
        return x * (torch.rand(x.shape, generator=self.random) > p)[rank] / (1 - p) if self.training else x


def shuffled(x: torch.Tensor, y: torch.Tensor, size: int) -> Child:
    """Batches of rows drawn with a stream that depends on the number of rows alone."""
    rows = torch.from_numpy(np.random.default_rng(len(x)).integers(0, len(x), 20000))
    return Child(x[rows], y[rows], size)


def adam(model: nn.Module) -> torch.optim.Optimizer:
    return torch.optim.Adam(model.parameters(), 3e-3)


def held_out_loss(ours: Any, trained: Arrays, text: str) -> float:
    """The student's cross-entropy on images that no one trained on."""
    model, (x, y) = Network(0).eval(), read(text)
    model.load_state_dict({name.replace("_", "."): torch.tensor(array) for name, array in trained.items()})
    return float(nn.functional.cross_entropy(model(x).detach(), y))


@check(points=4, needs=both_networks, measure=held_out_loss, data=digits, within=0.03, seconds=60)
def training(net: Any, seed: int, text: str) -> Arrays:
    """`semi_supervised` on digits with 50 labels: the student's loss on held-out images"""
    x, y = read(text)
    labelled = x[y >= 0], nn.functional.one_hot(y[y >= 0], 10).float()
    teacher, student = Network(seed % 10**6), Network(seed % 10**6 + 10)
    net.semi_supervised(teacher, student, labelled, x[y < 0], shuffled, adam, 64, 1 / 3, 1200)
    return state(student)
