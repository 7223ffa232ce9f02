"""Trains each model of the lesson as the lesson did, and prints our figures beside the lesson's.

One idea to hold: a *row* is a model with the lesson's figures by epoch; a *job* is a function that trains one or more
rows and returns ours by epoch. Jobs share nothing, so two run at a time, each on one thread. Weights are dicts of plain
tensors and models are functions of them; what the layers of Keras 1 did by default is written out.

    autograder reproduce            # all of it; writes docs/lesson.md and docs/lesson/*.svg
    autograder reproduce --quick    # few epochs, under five minutes; writes nothing
"""

import os

os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = (
    "1"  # before NumPy and torch are imported
)

import csv
import multiprocessing
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, field
from functools import partial
from itertools import cycle
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

from autograder.course import read_course
from autograder.data import NoData, corpus, find

COURSE = read_course(Path(__file__).parents[1])
SEED = 6
E, H, B, T = 42, 256, 64, 8  # embedding, hidden, batch, steps: the lesson's

torch.set_num_threads(1)


@dataclass(frozen=True)
class Result:
    """A trained row: our figure of each epoch, at the end by position, a note."""

    curve: list[float]
    positions: list[float] = field(default_factory=list)
    note: str = ""


@dataclass(frozen=True)
class Row:
    """A model of the lesson: its figures by epoch (`mended`: not printed by it), and why ours differ."""

    name: str
    lesson: dict[int, float]
    settings: str
    why: str
    mended: bool = False


@dataclass(frozen=True)
class Job:
    """Trains rows: `train(epochs)` gives a result for each. Epochs of the whole run, of the quick one; minutes of the whole."""

    train: Callable[[int], list[Result]]
    epochs: int
    quick: int
    minutes: float
    rows: list[Row]


# ---------------------------------------------------------------- the text


def read_ids(raw: bytes) -> tuple[np.ndarray, int]:
    """Ids of a text's bytes, as Python 2 read characters, from 1 on: 0 means "no character". And V, with the 0."""
    alphabet = sorted(set(raw))
    number = np.zeros(256, np.int64)
    number[alphabet] = np.arange(1, len(alphabet) + 1)
    return number[np.frombuffer(raw, np.uint8)], len(alphabet) + 1


def text_bytes() -> bytes:
    """The corpus as it lies in its file."""
    found = corpus(COURSE)
    return (found.train + found.held_out).encode()


def windows(ids: np.ndarray, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Non-overlapping windows and the same one character on, both (windows, n); the last two left out, as in the lesson."""
    count = len(range(0, len(ids) - 1 - n, n)) - 2
    return ids[: count * n].reshape(count, n), ids[1 : count * n + 1].reshape(count, n)


def batches_of_text(n: int) -> tuple[torch.Tensor, torch.Tensor, int]:
    """Windows of the corpus and V."""
    ids, V = read_ids(text_bytes())
    x, y = windows(ids, n)
    return torch.from_numpy(x), torch.from_numpy(y), V


# ---------------------------------------------------------------- first weights: the defaults of Keras 1


def glorot(rows: int, columns: int) -> torch.Tensor:
    limit = (6 / (rows + columns)) ** 0.5
    return torch.empty(rows, columns).uniform_(-limit, limit)


def table(rows: int, columns: int) -> torch.Tensor:
    return torch.empty(rows, columns).uniform_(-0.05, 0.05)


def learned(**weights: torch.Tensor) -> dict[str, torch.Tensor]:
    return {name: weight.requires_grad_() for name, weight in weights.items()}


def unrolled_weights(V: int, tables: int, identity: bool) -> dict[str, torch.Tensor]:
    """The three layers that all steps share; an embedding table for each input, as the lesson had it."""
    hidden = torch.eye(H) if identity else glorot(H, H)
    ends = {"Wx": glorot(E, H), "bx": torch.zeros(H), "Wy": glorot(H, V), "by": torch.zeros(V)}
    return learned(tables=table(tables * V, E), Wh=hidden, bh=torch.zeros(H), **ends)


def recurrent_weights(V: int, embed: bool = True) -> dict[str, torch.Tensor]:
    """SimpleRNN with an identity to begin with, after an embedding, or on one-hot input (a lookup in Wx itself)."""
    first = {"table": table(V, E), "Wx": glorot(E, H)} if embed else {"Wx": glorot(V, H)}
    return learned(**first, bh=torch.zeros(H), Wh=torch.eye(H), Wy=glorot(H, V), by=torch.zeros(V))


def lstm_weights(V: int) -> dict[str, torch.Tensor]:
    """Gates in the order input, forget, output, candidate; forget bias one, orthogonal hidden matrices."""
    orthogonal = torch.cat([torch.nn.init.orthogonal_(torch.empty(H, H)) for _ in range(4)], 1)
    inputs = torch.cat([glorot(E, H) for _ in range(4)], 1)
    bias = torch.cat([torch.zeros(H), torch.ones(H), torch.zeros(2 * H)])
    norm = {"gamma": torch.ones(E), "beta": torch.zeros(E)}
    return learned(
        table=table(V, E),
        **norm,
        Wx=inputs,
        Wh=orthogonal,
        b=bias,
        Wy=glorot(H, V),
        by=torch.zeros(V),
    )


# ---------------------------------------------------------------- the models: weights, ids (B, n) → logits (positions, B, V)


def unrolled(
    p: dict, x: torch.Tensor, activation: Callable = torch.relu, every_step: bool = False
) -> torch.Tensor:
    """hidden = relu(Wx e) + activation(Wh hidden): the sum stands *after* the activations, as in the lesson.

    With `every_step`: from a zero input, an output at every step.
    """
    n = x.shape[1]
    V = len(p["tables"]) // n
    e = F.embedding((x + V * torch.arange(n)).T, p["tables"])  # (n, B, E)
    green = torch.relu(e @ p["Wx"] + p["bx"])  # the input products of all steps at once
    if every_step:
        h, steps = torch.relu(p["bx"]).expand(len(x), H), green
    else:
        h, steps = green[0], green[1:]
    states = []
    for new in steps:
        h = new + activation(torch.addmm(p["bh"], h, p["Wh"]))
        states.append(h)
    return (torch.stack(states) if every_step else h[None]) @ p["Wy"] + p["by"]


tanh_unrolled = partial(unrolled, activation=torch.tanh)


def recurrent(p: dict, x: torch.Tensor, every_step: bool = False) -> torch.Tensor:
    """hidden = relu(Wx e + Wh hidden + b), from zeros: Keras's SimpleRNN."""
    rows = F.embedding(x.T, p["table"]) @ p["Wx"] if "table" in p else F.embedding(x.T, p["Wx"])
    inputs = rows + p["bh"]  # (n, B, H)
    h = torch.relu(inputs[0])
    states = [h]
    for new in inputs[1:]:
        h = torch.relu(torch.addmm(new, h, p["Wh"]))
        states.append(h)
    return (torch.stack(states) if every_step else h[None]) @ p["Wy"] + p["by"]


def lstm(p: dict, x: torch.Tensor, state: tuple) -> tuple[torch.Tensor, tuple]:
    """Embedding, batch norm over features, LSTM as in Keras 1 (piecewise linear gates), an output at every step."""
    e = F.embedding(x.T, p["table"])  # (n, B, E)
    e = F.batch_norm(
        e.flatten(0, 1), None, None, p["gamma"], p["beta"], training=True, eps=1e-3
    ).view_as(e)
    h, c = state
    states = []
    for new in e @ p["Wx"] + p["b"]:
        z = torch.addmm(new, h, p["Wh"])  # (B, 4H)
        i, f, o = F.hardsigmoid(1.2 * z[:, : 3 * H]).chunk(3, 1)  # clip(0.2 z + 0.5, 0, 1)
        c = f * c + i * torch.tanh(z[:, 3 * H :])
        h = o * torch.tanh(c)
        states.append(h)
    return torch.stack(states) @ p["Wy"] + p["by"], (h.detach(), c.detach())


# ---------------------------------------------------------------- training


def losses_by_position(logits: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """Mean cross-entropy over the batch: logits (positions, B, V), y (B, positions) → (positions,)."""
    flat = F.cross_entropy(logits.flatten(0, 1), y.T.flatten(), reduction="none")
    return flat.view(len(logits), -1).mean(1)


def adam(p: dict, lr: float = 1e-3) -> torch.optim.Adam:
    return torch.optim.Adam(p.values(), lr, eps=1e-8, fused=True)


def step(optimizer: torch.optim.Optimizer, loss: torch.Tensor) -> None:
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()


def fit(
    model: Callable,
    p: dict,
    x: torch.Tensor,
    y: torch.Tensor,
    epochs: int,
    lr: float = 1e-3,
    combine: Callable = torch.mean,
) -> Iterator[torch.Tensor]:
    """Train on batches shuffled each epoch; yields each epoch's mean loss by position, measured while training."""
    optimizer = adam(p, lr)
    for _ in range(epochs):
        order = torch.randperm(len(x))
        total = torch.zeros(y.shape[1])
        for some_x, some_y in zip(x[order].split(B), y[order].split(B), strict=True):
            losses = losses_by_position(model(p, some_x), some_y)
            step(optimizer, combine(losses))
            total += losses.detach() * len(some_x)
        yield total / len(x)


def fit_stateful(
    p: dict, x: torch.Tensor, y: torch.Tensor, epochs: int, reset: bool
) -> Iterator[torch.Tensor]:
    """Train on batches in order, x and y (batches, B, T), with the state of one handed to the next; yields as `fit`."""
    optimizer = adam(p)
    zeros = (torch.zeros(B, H), torch.zeros(B, H))
    state = zeros
    for _ in range(epochs):
        state = zeros if reset else state
        total = torch.zeros(T)
        for some_x, some_y in zip(x, y, strict=True):
            logits, state = lstm(p, some_x, state)
            losses = losses_by_position(logits, some_y)
            step(optimizer, losses.mean())
            total += losses.detach()
        yield total / len(x)


def result(history: Iterator[torch.Tensor], note: str = "") -> Result:
    """A result whose figure is the mean over positions."""
    found = list(history)
    return Result([float(h.mean()) for h in found], found[-1].tolist(), note)


def three_characters(epochs: int, lr: float = 1e-3) -> list[Result]:
    torch.manual_seed(SEED)
    x, y, V = batches_of_text(3)
    return [
        result(fit(tanh_unrolled, unrolled_weights(V, 3, identity=False), x, y[:, -1:], epochs, lr))
    ]


def three_characters_stuck(epochs: int) -> list[Result]:
    """The learning rate at 1e-6 all the time, and embeddings warm from a first run of half the epochs at 1e-6, half at 1e-2.

    The numbers of the lesson's cells tell of that first run, 42 to 45, before the printed one, 47 to 59.
    """
    torch.manual_seed(SEED)
    x, y, V = batches_of_text(3)
    first, second = unrolled_weights(V, 3, identity=False), unrolled_weights(V, 3, identity=False)
    for lr in (1e-6, 1e-2):
        for _ in fit(tanh_unrolled, first, x, y[:, -1:], epochs // 2, lr):
            pass
    second["tables"] = first["tables"]
    return [result(fit(tanh_unrolled, second, x, y[:, -1:], epochs, 1e-6))]


def first_rnn_then_eight_outputs(epochs: int) -> list[Result]:
    """The second model begins with the first one's trained embeddings, as the lesson's did. Its losses are added up."""
    torch.manual_seed(SEED)
    x, y, V = batches_of_text(T)
    first = unrolled_weights(V, T, identity=True)
    found = result(fit(unrolled, first, x, y[:, -1:], epochs))
    second = unrolled_weights(V, T, identity=True) | {"tables": first["tables"]}
    history = list(fit(partial(unrolled, every_step=True), second, x, y, epochs, combine=torch.sum))
    return [found, Result([float(h.sum()) for h in history], history[-1].tolist())]


def simple_rnn(epochs: int) -> list[Result]:
    torch.manual_seed(SEED)
    x, y, V = batches_of_text(T)
    return [result(fit(recurrent, recurrent_weights(V), x, y[:, -1:], epochs))]


def sequence(embed: bool, epochs: int) -> list[Result]:
    torch.manual_seed(SEED)
    x, y, V = batches_of_text(T)
    return [
        result(fit(partial(recurrent, every_step=True), recurrent_weights(V, embed), x, y, epochs))
    ]


def stateful_lstm(continues: bool, epochs: int) -> list[Result]:
    """With the lesson's batches, of 64 windows in a row; or with rows that continue from one batch to the next."""
    torch.manual_seed(SEED)
    x, y, V = batches_of_text(T)
    count = len(x) // B
    if continues:
        x, y = (part[: count * B].view(B, count, T).transpose(0, 1) for part in (x, y))
    else:
        x, y = (part[: count * B].view(count, B, T) for part in (x, y))
    return [result(fit_stateful(lstm_weights(V), x, y, epochs, reset=continues))]


# ---------------------------------------------------------------- online, one sequence at a time, in NumPy


def online_weights(V: int, spread_y: float) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(SEED)
    ends = {"Wx": rng.normal(0, (2 / V) ** 0.5, (V, H)), "Wy": rng.normal(0, spread_y, (H, V))}
    weights = {"Wh": np.eye(H), **ends, "bh": np.zeros(H), "by": np.zeros(V)}
    return {name: weight.astype(np.float32) for name, weight in weights.items()}


def forward(w: dict, x: np.ndarray, y: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
    """The error summed over steps, the states (T+1, H) from zeros, and the error's gradient in the logits (T, V)."""
    h = np.zeros((len(x) + 1, H), np.float32)
    inputs = w["Wx"][x] + w["bh"]
    for t in range(len(x)):
        np.maximum(inputs[t] + h[t] @ w["Wh"], 0, out=h[t + 1])
    z = h[1:] @ w["Wy"] + w["by"]
    z = np.exp(z - z.max(1, keepdims=True))
    z /= z.sum(1, keepdims=True)
    steps = np.arange(len(x))
    error = -np.log(z[steps, y] + 1e-10).sum()
    z[steps, y] -= 1
    return error, h, z


def update(
    w: dict, x: np.ndarray, h: np.ndarray, dz: np.ndarray, lr: float, lr_bias: float
) -> None:
    """Back through time, then one update of all weights in place."""
    d = dz @ w["Wy"].T  # (T, H)
    active = h[1:] > 0
    d[-1] *= active[-1]
    back = w["Wh"].T
    for t in range(len(x) - 2, -1, -1):
        d[t] = (d[t] + d[t + 1] @ back) * active[t]
    w["Wy"] -= (lr * h[1:].T) @ dz
    w["Wh"] -= (lr * h[:-1].T) @ d
    for t, i in enumerate(x):
        w["Wx"][i] -= lr * d[t]
    # twice: the lesson has a bias of the input and one of the state
    w["bh"] -= 2 * lr_bias * d.sum(0)
    w["by"] -= lr_bias * dz.sum(0)


def update_as_the_lesson(
    w: dict, x: np.ndarray, h: np.ndarray, dz: np.ndarray, lr: float, lr_bias: float
) -> None:
    """The lesson's: weights change inside the loop, and a scalar is taken from Wh where an outer product belongs."""
    d = np.zeros(H, np.float32)
    for t in range(len(x) - 1, -1, -1):
        d = (d @ w["Wh"].T + dz[t] @ w["Wy"].T) * (h[t + 1] > 0)
        w["Wy"] -= lr * np.outer(h[t + 1], dz[t])
        if t > 0:
            w["Wh"] -= lr * (h[t] @ d)
        w["Wx"][x[t]] -= lr * d


def online(
    lr: float, lr_bias: float, spread: Callable, learn: Callable, thousands: int
) -> list[Result]:
    """Error per sequence, for each thousand of sequences in the order of the text."""
    ids, V = read_ids(text_bytes())
    x, y = windows(ids, T)
    w = online_weights(V, spread(V))
    errors = []
    for some_x, some_y in zip(x[: 1000 * thousands], y, strict=False):
        error, h, dz = forward(w, some_x, some_y)
        learn(w, some_x, h, dz, lr, lr_bias)
        errors.append(error)
    return [Result(np.array(errors).reshape(-1, 1000).mean(1).tolist())]


# ---------------------------------------------------------------- MovieLens


def ratings() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Users and films, renumbered from 0, and ratings. Raises `NoData`."""
    with find(COURSE, "movielens").open(newline="") as file:
        lines = np.array([row[:3] for row in list(csv.reader(file))[1:]], np.float64)
    users, films = (np.unique(lines[:, column], return_inverse=True)[1] for column in (0, 1))
    return users, films, lines[:, 2].astype(np.float32)


def film_weights(users: int, films: int, kind: str, factors: int = 50) -> dict[str, torch.Tensor]:
    weights = {"u": table(users, factors), "m": table(films, factors)}
    if kind == "biases":
        weights |= {"bu": table(users, 1), "bm": table(films, 1)}
    if kind == "net":
        weights |= {
            "W1": glorot(2 * factors, 70),
            "b1": torch.zeros(70),
            "W2": glorot(70, 1),
            "b2": torch.zeros(1),
        }
    return learned(**weights)


def rate(
    p: dict, kind: str, users: torch.Tensor, films: torch.Tensor, training: bool = False
) -> torch.Tensor:
    """Ratings from a dot product, a dot product with biases, or a net over both embeddings."""
    u, m = F.embedding(users, p["u"]), F.embedding(films, p["m"])
    if kind == "net":
        x = F.dropout(torch.cat([u, m], 1), 0.3, training)
        x = F.dropout(torch.relu(x @ p["W1"] + p["b1"]), 0.75, training)
        return (x @ p["W2"] + p["b2"])[:, 0]
    dot = (u * m).sum(1)
    return dot + (p["bu"][users] + p["bm"][films])[:, 0] if kind == "biases" else dot


def movielens(kind: str, epochs: int) -> list[Result]:
    """The validation error, without the L2 penalty; the note has it with the penalty."""
    torch.manual_seed(SEED)
    *pairs, stars = ratings()
    known = torch.rand(len(stars)) < 0.8
    users, films, stars = (torch.from_numpy(a) for a in (*pairs, stars))
    p = film_weights(int(users.max()) + 1, int(films.max()) + 1, kind)
    tables = [p["u"], p["m"]]
    others = [weight for name, weight in p.items() if name not in ("u", "m")]
    penalized = {"params": tables, "weight_decay": 2e-4}  # the gradient of 1e-4 Σ w²
    optimizer = torch.optim.Adam(
        [penalized, *([{"params": others}] if others else [])], 1e-3, fused=True
    )
    curve = []
    for _ in range(epochs):
        for batch in known.nonzero()[:, 0][torch.randperm(int(known.sum()))].split(B):
            guess = rate(p, kind, users[batch], films[batch], training=True)
            step(optimizer, F.mse_loss(guess, stars[batch]))
        with torch.no_grad():
            curve.append(
                float(F.mse_loss(rate(p, kind, users[~known], films[~known]), stars[~known]))
            )
    penalty = 1e-4 * float(sum((weight.detach() ** 2).sum() for weight in tables))
    earlier = f"{curve[21]:.3f} after 22; " if len(curve) > 22 else ""
    return [Result(curve, note=f"{earlier}{curve[-1] + penalty:.3f} with the penalty")]


# ---------------------------------------------------------------- the large model, and the mixing of batches


class Large(torch.nn.Module):
    """Embedding, two LSTM of 512 with dropout, an output at every step."""

    def __init__(self, V: int) -> None:
        super().__init__()
        self.embedding = torch.nn.Embedding(V, 24)
        self.lstm = torch.nn.LSTM(24, 512, 2, batch_first=True, dropout=0.2)
        self.output = torch.nn.Linear(512, V)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        states = F.dropout(self.lstm(self.embedding(x))[0], 0.2, self.training)
        return self.output(states)


def large(epochs: int) -> list[Result]:
    """Every window of 40 of the text in small letters, shuffled: only on a GPU."""
    if not torch.cuda.is_available():
        raise NoData("not measured: no GPU here")
    torch.manual_seed(SEED)
    ids, V = read_ids(text_bytes().lower())
    return [Result(fit_large(Large(V).cuda(), torch.from_numpy(ids).cuda(), epochs))]


def fit_large(net: Large, ids: torch.Tensor, epochs: int) -> list[float]:
    optimizer = torch.optim.Adam(net.parameters(), 1e-3)
    around, curve = torch.arange(41, device=ids.device), []
    for _ in range(epochs):
        total = torch.zeros((), device=ids.device)
        starts = torch.randperm(len(ids) - 40, device=ids.device).split(B)
        for some in starts:
            window = ids[some[:, None] + around]
            loss = F.cross_entropy(net(window[:, :-1]).flatten(0, 1), window[:, 1:].flatten())
            step(optimizer, loss)
            total += loss.detach()
        curve.append(float(total) / len(starts))
    return curve


def mixed_steps(_: int = 1) -> list[Result]:
    """How many steps an epoch takes where each child's last batch is short: 3,277 + 1,000 + 500 in 44 + 16 + 4."""
    children = [
        cycle([b] * (n // b) + [n % b] * (n % b > 0)) for n, b in ((3277, 44), (1000, 16), (500, 4))
    ]
    seen = steps = 0
    while seen < 3277 + 1000 + 500:
        seen, steps = seen + sum(next(child) for child in children), steps + 1
    return [Result([steps], note="N = 4,777 (sum of the children's)")]


# ---------------------------------------------------------------- the rows

SHUFFLE = "seed and order of batches"
SAME = "Adam 1e-3, batch 64, shuffled each epoch"


def theano_spread(V: int) -> float:
    return (2 / H) ** 0.5


def hand_spread(V: int) -> float:
    """The lesson drew Wy with the spread that belongs to Wx."""
    return (2 / V) ** 0.5


STUCK = Row(
    "three characters, learning rate stuck",
    {1: 4.2459, 4: 3.1719, 8: 2.9722},
    "Adam 1e-6; relu into tanh, summed after the activations; a table for each input",
    "its embeddings were warm from an earlier run, of unknown length; ours from one of 8 epochs",
)
THREE = Row("three characters", {4: 2.16}, f"{SAME}; the same model", SHUFFLE, mended=True)
FIRST = Row(
    "first RNN, 8 characters",
    {1: 2.5385, 12: 1.8050},
    f"{SAME}; relu and relu, Wh = I, a table for each of 8 inputs",
    SHUFFLE,
)
OUTPUTS = Row(
    "8 outputs, zero input",
    {1: 20.0841, 12: 15.8785},
    f"{SAME}; losses of 8 positions added; embeddings of the row above",
    SHUFFLE,
)
SIMPLE = Row(
    "SimpleRNN",
    {1: 2.7939, 8: 1.6421},
    f"{SAME}; relu after the sum, Wh = I, one table",
    "seed and order of batches: seeds 1 and 2 end at 1.614 and 1.631",
)
SEQUENCE = Row(
    "sequence, time-distributed",
    {1: 2.4284, 8: 1.7258},
    f"{SAME}; SimpleRNN with an output at every step",
    SHUFFLE,
)
ONE_HOT = Row("one-hot", {1: 2.4383, 8: 1.7410}, f"{SAME}; the same without embedding", SHUFFLE)
STATEFUL = Row(
    "stateful LSTM with batch norm",
    {1: 2.2051, 12: 1.6881},
    "Adam 1e-3, in order, the lesson's batches: they do not continue; no reset",
    "seed",
)
CONTINUES = Row(
    "the same, batches that continue",
    {1: 1.998, 2: 1.617, 3: 1.502, 4: 1.438, 5: 1.394, 6: 1.361},
    "row i of a batch goes on where it stopped in the last; reset at each epoch",
    "seed",
    mended=True,
)
SCAN = Row(
    "Theano scan, online",
    {1: 25.196, 75: 14.464},
    "SGD 0.01, one sequence at a time, errors of 8 steps added; Wh = I, others N(0, √(2/rows))",
    "seed",
)
BY_HAND = Row(
    "NumPy by hand, as it was",
    {1: 35.2380, 10: 27.6905},
    "SGD 1e-4, no biases; Wx and Wy both N(0, √(2/V)); a scalar for Wh's gradient, weights changed inside the loop",
    "seed",
)
MENDED = Row(
    "NumPy by hand, mended",
    {1: 31.91, 10: 26.26},
    "the same with the right gradient",
    "seed",
    mended=True,
)
LARGE = Row(
    "characters, two LSTM of 512",
    {1: 1.5152, 2: 1.2892, 3: 1.2544, 4: 1.2218},
    "Adam 1e-3, batch 64; every window of 40, small letters, E 24, dropout 0.2",
    "dropout between layers alone, where the lesson also had it inside the recurrence",
)
DOT = Row(
    "MovieLens, dot product",
    {1: 3.7591, 10: 1.4457},
    f"{SAME}; 50 factors, L2 1e-4 on the tables",
    "split, seed and order of batches",
)
BIASES = Row(
    "MovieLens, with biases",
    {28: 0.797},
    f"{SAME}; the same and a bias for each user and film",
    "the lesson's cells count 22 epochs, but their numbers show that some ran again: 28 is a guess",
)
NET = Row(
    "MovieLens, neural net",
    {8: 0.7943},
    f"{SAME}; concatenated, dropout 0.3, dense 70, dropout 0.75",
    "split, seed and order of batches",
)
MIX = Row(
    "MixIterator, steps of an epoch",
    {1: 76},
    "3,277 + 1,000 + 500 in batches of 44 + 16 + 4; a child's last batch is short",
    "",
)

JOBS = [
    Job(three_characters_stuck, 8, 1, 2.5, [STUCK]),
    Job(three_characters, 4, 1, 0.6, [THREE]),
    Job(first_rnn_then_eight_outputs, 12, 1, 5, [FIRST, OUTPUTS]),
    Job(simple_rnn, 8, 1, 1.3, [SIMPLE]),
    Job(partial(sequence, True), 8, 1, 1.5, [SEQUENCE]),
    Job(partial(sequence, False), 8, 1, 1.4, [ONE_HOT]),
    Job(partial(stateful_lstm, False), 12, 1, 7, [STATEFUL]),
    Job(partial(stateful_lstm, True), 6, 1, 3.5, [CONTINUES]),
    Job(partial(online, 0.01, 0.01, theano_spread, update), 75, 5, 0.7, [SCAN]),
    Job(partial(online, 1e-4, 0.0, hand_spread, update_as_the_lesson), 10, 10, 0.2, [BY_HAND]),
    Job(partial(online, 1e-4, 0.0, hand_spread, update), 10, 10, 0.1, [MENDED]),
    Job(large, 4, 1, 0, [LARGE]),
    Job(partial(movielens, "dot"), 10, 1, 0.1, [DOT]),
    Job(partial(movielens, "biases"), 28, 1, 0.3, [BIASES]),
    Job(partial(movielens, "net"), 8, 1, 0.1, [NET]),
    Job(mixed_steps, 1, 1, 0, [MIX]),
]


@dataclass(frozen=True)
class Outcome:
    """A row as trained, or the reason why it was not."""

    row: Row
    epochs: int
    found: Result | None
    missing: str
    seconds: float

    def cells(self) -> list[str]:
        """Model, lesson, ours, difference in %, why: at the last epoch that both have."""
        figures, last = self.row.lesson, max(self.row.lesson)
        mark = "†" if self.row.mended else ""
        if self.found is None:
            return [self.row.name, f"{figures[last]:.5g}{mark}", "–", "–", self.missing]
        done = len(self.found.curve)
        at = max((epoch for epoch in figures if epoch <= done), default=done)
        ours, lesson = self.found.curve[at - 1], figures.get(at, figures[last])
        percent = f"{100 * (ours / lesson - 1):+.1f}" if at in figures else "–"
        note = "; ".join(part for part in (self.why(at), self.found.note) if part)
        return [self.row.name, f"{lesson:.5g}{mark}", f"{ours:.5g}", percent, note]

    def why(self, at: int) -> str:
        """The reason for a difference after `at` epochs."""
        if corpus(COURSE).name != "nietzsche" and not self.row.name.startswith("M"):
            return f"another corpus: {corpus(COURSE).name}"
        return (
            self.row.why if at == max(self.row.lesson) else f"after {at} of {max(self.row.lesson)}"
        )


def fast_floats() -> None:
    """No tiny numbers: for a process that does nothing but train. Set for good, so never in a caller's process."""
    torch.set_flush_denormal(True)


def run_job(index: int, quick: bool) -> list[Outcome]:
    """Train one job's rows in this process."""
    job, began = JOBS[index], time.perf_counter()
    epochs = job.quick if quick else job.epochs
    try:
        found, missing = job.train(epochs), ""
    except NoData as error:
        found, missing = [None] * len(job.rows), str(error)
    seconds = (time.perf_counter() - began) / len(job.rows)
    return [
        Outcome(row, epochs, result, missing, seconds)
        for row, result in zip(job.rows, found, strict=True)
    ]


def run_all(quick: bool, say: Callable[[str], None]) -> list[Outcome]:
    """Every job, two at a time, the longest first; says each row as it comes."""
    outcomes: dict[int, list[Outcome]] = {}
    longest_first = sorted(range(len(JOBS)), key=lambda index: -JOBS[index].minutes)
    with ProcessPoolExecutor(
        min(2, os.cpu_count() or 1), multiprocessing.get_context("spawn"), fast_floats
    ) as pool:
        waiting = {pool.submit(run_job, index, quick): index for index in longest_first}
        for done in as_completed(waiting):
            outcomes[waiting[done]] = done.result()
            for outcome in done.result():
                name, lesson, ours, percent, why = outcome.cells()
                say(
                    f"{name:38} {lesson:>8} {ours:>8} {percent:>6} %  {outcome.seconds:4.0f} s  {why}"
                )
    return [outcome for index in range(len(JOBS)) for outcome in outcomes[index]]


def reproduce(quick: bool, say: Callable[[str], None] = print) -> None:
    """Train all rows, say them, and unless `quick` write the page. Raises `NoData` where no corpus is here."""
    from lesson_page import markdown, write

    began, name = time.perf_counter(), corpus(COURSE).name
    say(f"corpus: {name}. Rows as they come: model, lesson, ours, difference, time, why.\n")
    outcomes = run_all(quick, say)
    minutes = (time.perf_counter() - began) / 60
    say(
        "\n"
        + "\n".join(
            markdown(
                ["model", "lesson", "ours", "%", "why"], [outcome.cells() for outcome in outcomes]
            )
        )
    )
    if quick or name != "nietzsche":
        why = "Few epochs, so early figures of the lesson" if quick else "Not the lesson's corpus"
        say(f"\n{minutes:.1f} minutes. {why}: docs/lesson.md stays as it is.")
        return
    write(outcomes, minutes, COURSE.folder / "docs")
    say(f"\n{minutes:.1f} minutes. Written: docs/lesson.md, docs/lesson/*.svg")
