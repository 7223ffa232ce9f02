"""Trains each model of the lesson as the lesson did, and prints our figures beside the lesson's.

One idea to hold: a *row* is a model with the lesson's figures by epoch; a *job* is a function that
trains one or more rows and returns ours by epoch. Jobs share nothing, so two run at a time, each on
one thread. Weights are dicts of plain tensors and models are functions of them; what the layers of
Keras 1 did by default is written out.

    autograder reproduce            # all of it; writes docs/lesson.md and docs/lesson/*.svg
    autograder reproduce --quick    # few epochs, under five minutes; writes nothing
"""

import os

# before NumPy and torch are imported
os.environ["OMP_NUM_THREADS"] = "1"
os.environ["OPENBLAS_NUM_THREADS"] = "1"

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
    """A model of the lesson, with its figures by epoch.

    why: why ours differ. mended: whether the lesson did not print these figures.
    """

    name: str
    lesson: dict[int, float]
    settings: str
    why: str
    mended: bool = False


@dataclass(frozen=True)
class Job:
    """Trains rows: `train(epochs)` gives a result for each.

    epochs, minutes: of the whole run. quick: epochs of the quick one.
    """

    train: Callable[[int], list[Result]]
    epochs: int
    quick: int
    minutes: float
    rows: list[Row]


# ------------------------------- the text


def read_ids(raw: bytes) -> tuple[np.ndarray, int]:
    """Return the ids of a text's bytes, as Python 2 read characters, and V.

    Ids go from 1 on: 0 means "no character", and is counted in V.
    """
    alphabet = sorted(set(raw))
    V = len(alphabet) + 1
    id_of_byte = np.zeros(256, np.int64)
    id_of_byte[alphabet] = np.arange(1, V)
    codes = np.frombuffer(raw, np.uint8)
    return id_of_byte[codes], V


def text_bytes() -> bytes:
    """Return the corpus as it lies in its file."""
    found = corpus(COURSE)
    return (found.train + found.held_out).encode()


def windows(ids: np.ndarray, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Return windows that do not overlap, and the same one character on, both (windows, n).

    The last two are left out, as in the lesson.
    """
    starts = range(0, len(ids) - 1 - n, n)
    count = len(starts) - 2
    inputs = ids[: count * n]
    targets = ids[1 : count * n + 1]
    return inputs.reshape(count, n), targets.reshape(count, n)


def batches_of_text(n: int) -> tuple[torch.Tensor, torch.Tensor, int]:
    """Return windows of the corpus, their targets, and V."""
    ids, V = read_ids(text_bytes())
    x, y = windows(ids, n)
    return torch.from_numpy(x), torch.from_numpy(y), V


# ------------------------------- first weights: the defaults of Keras 1


def glorot(rows: int, columns: int) -> torch.Tensor:
    limit = (6 / (rows + columns)) ** 0.5
    return torch.empty(rows, columns).uniform_(-limit, limit)


def table(rows: int, columns: int) -> torch.Tensor:
    return torch.empty(rows, columns).uniform_(-0.05, 0.05)


def learned(**weights: torch.Tensor) -> dict[str, torch.Tensor]:
    return {name: weight.requires_grad_() for name, weight in weights.items()}


def unrolled_weights(V: int, tables: int, identity: bool) -> dict[str, torch.Tensor]:
    """Return the three layers that all steps share.

    There is an embedding table for each input, as the lesson had it.
    """
    hidden = torch.eye(H) if identity else glorot(H, H)
    of_input = glorot(E, H)
    of_output = glorot(H, V)
    return learned(
        tables=table(tables * V, E),
        Wh=hidden,
        bh=torch.zeros(H),
        Wx=of_input,
        bx=torch.zeros(H),
        Wy=of_output,
        by=torch.zeros(V),
    )


def recurrent_weights(V: int, embed: bool = True) -> dict[str, torch.Tensor]:
    """Return the weights of a SimpleRNN with an identity to begin with.

    embed: whether it reads an embedding; else one-hot input, a lookup in Wx itself.
    """
    weights = {}
    if embed:
        weights["table"] = table(V, E)
        weights["Wx"] = glorot(E, H)
    else:
        weights["Wx"] = glorot(V, H)
    weights["bh"] = torch.zeros(H)
    weights["Wh"] = torch.eye(H)
    weights["Wy"] = glorot(H, V)
    weights["by"] = torch.zeros(V)
    return learned(**weights)


def lstm_weights(V: int) -> dict[str, torch.Tensor]:
    """Return an LSTM's weights, with gates in the order input, forget, output, candidate.

    The forget gate's bias is one, the hidden matrices are orthogonal.
    """
    orthogonal = [torch.nn.init.orthogonal_(torch.empty(H, H)) for _ in range(4)]
    inputs = [glorot(E, H) for _ in range(4)]
    bias = [torch.zeros(H), torch.ones(H), torch.zeros(2 * H)]
    return learned(
        table=table(V, E),
        gamma=torch.ones(E),
        beta=torch.zeros(E),
        Wx=torch.cat(inputs, 1),
        Wh=torch.cat(orthogonal, 1),
        b=torch.cat(bias),
        Wy=glorot(H, V),
        by=torch.zeros(V),
    )


# ------------------------------- the models: weights, ids (B, n) → logits (positions, B, V)


def outputs(p: dict, states: list[torch.Tensor], every_step: bool) -> torch.Tensor:
    """Return the logits of all states, or of the last one only."""
    read_out = torch.stack(states) if every_step else states[-1].unsqueeze(0)
    return read_out @ p["Wy"] + p["by"]


def unrolled(
    p: dict, x: torch.Tensor, activation: Callable = torch.relu, every_step: bool = False
) -> torch.Tensor:
    """hidden = relu(Wx e) + activation(Wh hidden): the sum stands *after* the activations.

    So it does in the lesson. With `every_step`: from a zero input, an output at every step.
    """
    n = x.shape[1]
    V = len(p["tables"]) // n
    rows_of_tables = x + V * torch.arange(n)
    e = F.embedding(rows_of_tables.T, p["tables"])  # (n, B, E)
    read = torch.relu(e @ p["Wx"] + p["bx"])  # the input products of all steps at once
    if every_step:
        h = torch.relu(p["bx"]).expand(len(x), H)
        steps = read
    else:
        h = read[0]
        steps = read[1:]
    states = []
    for new in steps:
        h = new + activation(torch.addmm(p["bh"], h, p["Wh"]))
        states.append(h)
    return outputs(p, states, every_step)


tanh_unrolled = partial(unrolled, activation=torch.tanh)


def recurrent(p: dict, x: torch.Tensor, every_step: bool = False) -> torch.Tensor:
    """hidden = relu(Wx e + Wh hidden + b), from zeros: Keras's SimpleRNN."""
    if "table" in p:
        e = F.embedding(x.T, p["table"])
        rows = e @ p["Wx"]
    else:
        rows = F.embedding(x.T, p["Wx"])
    inputs = rows + p["bh"]  # (n, B, H)
    h = torch.relu(inputs[0])
    states = [h]
    for new in inputs[1:]:
        h = torch.relu(torch.addmm(new, h, p["Wh"]))
        states.append(h)
    return outputs(p, states, every_step)


def lstm(p: dict, x: torch.Tensor, state: tuple) -> tuple[torch.Tensor, tuple]:
    """Read ids by an embedding, batch norm over features, and an LSTM as in Keras 1.

    Its gates are piecewise linear. There is an output at every step.
    """
    e = F.embedding(x.T, p["table"])  # (n, B, E)
    rows = e.flatten(0, 1)
    normed = F.batch_norm(rows, None, None, p["gamma"], p["beta"], training=True, eps=1e-3)
    inputs = normed.view_as(e) @ p["Wx"] + p["b"]
    h, c = state
    states = []
    for new in inputs:
        z = torch.addmm(new, h, p["Wh"])  # (B, 4H)
        gates = F.hardsigmoid(1.2 * z[:, : 3 * H])  # clip(0.2 z + 0.5, 0, 1)
        i, f, o = gates.chunk(3, 1)
        candidate = torch.tanh(z[:, 3 * H :])
        c = f * c + i * candidate
        h = o * torch.tanh(c)
        states.append(h)
    return outputs(p, states, every_step=True), (h.detach(), c.detach())


# ------------------------------- training


def losses_by_position(logits: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """Return the mean cross-entropy over the batch, (positions,).

    logits: (positions, B, V). y: (B, positions).
    """
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
    """Train on batches shuffled each epoch.

    Yields each epoch's mean loss by position, measured while training.
    """
    optimizer = adam(p, lr)
    for _ in range(epochs):
        order = torch.randperm(len(x))
        total = torch.zeros(y.shape[1])
        for rows in order.split(B):
            logits = model(p, x[rows])
            losses = losses_by_position(logits, y[rows])
            step(optimizer, combine(losses))
            total += losses.detach() * len(rows)
        yield total / len(x)


def fit_stateful(
    p: dict, x: torch.Tensor, y: torch.Tensor, epochs: int, reset: bool
) -> Iterator[torch.Tensor]:
    """Train on batches in order, with the state of one handed to the next.

    x, y: (batches, B, T). reset: whether each epoch begins at zeros. Yields as `fit`.
    """
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
    """Return a result whose figure is the mean over positions."""
    epochs = list(history)
    curve = [float(losses.mean()) for losses in epochs]
    return Result(curve, epochs[-1].tolist(), note)


def three_characters(epochs: int, lr: float = 1e-3) -> list[Result]:
    torch.manual_seed(SEED)
    x, y, V = batches_of_text(3)
    p = unrolled_weights(V, 3, identity=False)
    history = fit(tanh_unrolled, p, x, y[:, -1:], epochs, lr)
    return [result(history)]


def three_characters_stuck(epochs: int) -> list[Result]:
    """Train with the learning rate at 1e-6 all the time, and embeddings warm from a first run.

    That had half the epochs at 1e-6, half at 1e-2: the numbers of the lesson's cells tell of it, 42
    to 45, before the printed one, 47 to 59.
    """
    torch.manual_seed(SEED)
    x, y, V = batches_of_text(3)
    last = y[:, -1:]
    first = unrolled_weights(V, 3, identity=False)
    second = unrolled_weights(V, 3, identity=False)
    for lr in (1e-6, 1e-2):
        for _ in fit(tanh_unrolled, first, x, last, epochs // 2, lr):
            pass
    second["tables"] = first["tables"]
    history = fit(tanh_unrolled, second, x, last, epochs, 1e-6)
    return [result(history)]


def first_rnn_then_eight_outputs(epochs: int) -> list[Result]:
    """Train both; the second begins with the first one's trained embeddings, as the lesson's did.

    The second one's losses are added up.
    """
    torch.manual_seed(SEED)
    x, y, V = batches_of_text(T)
    first = unrolled_weights(V, T, identity=True)
    of_first = result(fit(unrolled, first, x, y[:, -1:], epochs))
    second = unrolled_weights(V, T, identity=True)
    second["tables"] = first["tables"]
    model = partial(unrolled, every_step=True)
    history = list(fit(model, second, x, y, epochs, combine=torch.sum))
    curve = [float(losses.sum()) for losses in history]
    return [of_first, Result(curve, history[-1].tolist())]


def simple_rnn(epochs: int) -> list[Result]:
    torch.manual_seed(SEED)
    x, y, V = batches_of_text(T)
    history = fit(recurrent, recurrent_weights(V), x, y[:, -1:], epochs)
    return [result(history)]


def sequence(embed: bool, epochs: int) -> list[Result]:
    torch.manual_seed(SEED)
    x, y, V = batches_of_text(T)
    model = partial(recurrent, every_step=True)
    history = fit(model, recurrent_weights(V, embed), x, y, epochs)
    return [result(history)]


def stateful_lstm(continues: bool, epochs: int) -> list[Result]:
    """Train on the lesson's batches, of 64 windows in a row, or on rows that continue.

    continues: whether each row of a batch goes on where it stopped in the last one.
    """
    torch.manual_seed(SEED)
    x, y, V = batches_of_text(T)
    count = len(x) // B

    def batches(windows: torch.Tensor) -> torch.Tensor:
        whole = windows[: count * B]
        if continues:
            return whole.view(B, count, T).transpose(0, 1)
        return whole.view(count, B, T)

    history = fit_stateful(lstm_weights(V), batches(x), batches(y), epochs, reset=continues)
    return [result(history)]


# ------------------------------- online, one sequence at a time, in NumPy


def online_weights(V: int, spread_y: float) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(SEED)
    spread_x = (2 / V) ** 0.5
    weights = {
        "Wh": np.eye(H),
        "Wx": rng.normal(0, spread_x, (V, H)),
        "Wy": rng.normal(0, spread_y, (H, V)),
        "bh": np.zeros(H),
        "by": np.zeros(V),
    }
    return {name: weight.astype(np.float32) for name, weight in weights.items()}


def forward(w: dict, x: np.ndarray, y: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
    """Return the error summed over steps, the states, and the error's gradient in the logits.

    The states, (T+1, H), begin with zeros. The gradient is (T, V).
    """
    h = np.zeros((len(x) + 1, H), np.float32)
    inputs = w["Wx"][x] + w["bh"]
    for t in range(len(x)):
        before = inputs[t] + h[t] @ w["Wh"]
        np.maximum(before, 0, out=h[t + 1])
    logits = h[1:] @ w["Wy"] + w["by"]
    largest = logits.max(1, keepdims=True)
    p = np.exp(logits - largest)
    p /= p.sum(1, keepdims=True)
    steps = np.arange(len(x))
    error = -np.log(p[steps, y] + 1e-10).sum()
    dz = p
    dz[steps, y] -= 1
    return error, h, dz


def update(
    w: dict, x: np.ndarray, h: np.ndarray, dz: np.ndarray, lr: float, lr_bias: float
) -> None:
    """Go back through time, then update all weights once, in place."""
    d = dz @ w["Wy"].T  # (T, H)
    is_active = h[1:] > 0
    back = w["Wh"].T
    d[-1] *= is_active[-1]
    for t in reversed(range(len(x) - 1)):
        arriving = d[t] + d[t + 1] @ back
        d[t] = arriving * is_active[t]
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
    """Update as the lesson did: weights change inside the loop.

    A scalar is taken from Wh where an outer product belongs.
    """
    d = np.zeros(H, np.float32)
    for t in reversed(range(len(x))):
        state = h[t + 1]
        arriving = d @ w["Wh"].T + dz[t] @ w["Wy"].T
        d = arriving * (state > 0)
        w["Wy"] -= lr * np.outer(state, dz[t])
        if t > 0:
            scalar = h[t] @ d
            w["Wh"] -= lr * scalar
        w["Wx"][x[t]] -= lr * d


def online(
    lr: float, lr_bias: float, spread: Callable, learn: Callable, thousands: int
) -> list[Result]:
    """Return the error per sequence, for each thousand of sequences in the order of the text."""
    ids, V = read_ids(text_bytes())
    x, y = windows(ids, T)
    count = 1000 * thousands
    w = online_weights(V, spread(V))
    errors = []
    for some_x, some_y in zip(x[:count], y[:count], strict=True):
        error, h, dz = forward(w, some_x, some_y)
        learn(w, some_x, h, dz, lr, lr_bias)
        errors.append(error)
    by_thousand = np.array(errors).reshape(-1, 1000)
    return [Result(by_thousand.mean(1).tolist())]


# ------------------------------- MovieLens

TABLES = ("u", "m")  # the embeddings, which are penalized


def ratings() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return users and films, renumbered from 0, and ratings. Raises `NoData`."""
    with find(COURSE, "movielens").open(newline="") as file:
        _, *rows = csv.reader(file)
    table_of_ratings = np.array([row[:3] for row in rows], np.float64)
    user_ids, film_ids, stars = table_of_ratings.T
    _, users = np.unique(user_ids, return_inverse=True)
    _, films = np.unique(film_ids, return_inverse=True)
    return users, films, stars.astype(np.float32)


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
    """Return ratings of a model of a kind.

    `dot` is a dot product, `biases` one with biases, `net` a net over both embeddings.
    """
    u = F.embedding(users, p["u"])
    m = F.embedding(films, p["m"])
    if kind == "net":
        x = F.dropout(torch.cat([u, m], 1), 0.3, training)
        hidden = torch.relu(x @ p["W1"] + p["b1"])
        hidden = F.dropout(hidden, 0.75, training)
        out = hidden @ p["W2"] + p["b2"]
        return out.squeeze(1)
    products = (u * m).sum(1)
    if kind == "dot":
        return products
    biases = p["bu"][users] + p["bm"][films]
    return products + biases.squeeze(1)


def movielens(kind: str, epochs: int) -> list[Result]:
    """Return the validation error, without the L2 penalty; the note has it with the penalty."""
    torch.manual_seed(SEED)
    user_ids, film_ids, given = ratings()
    is_known = torch.rand(len(given)) < 0.8
    users = torch.from_numpy(user_ids)
    films = torch.from_numpy(film_ids)
    stars = torch.from_numpy(given)
    p = film_weights(int(users.max()) + 1, int(films.max()) + 1, kind)
    optimizer = adam_with_penalty(p)
    known_rows = is_known.nonzero().squeeze(1)
    curve = []
    for _ in range(epochs):
        order = torch.randperm(len(known_rows))
        for batch in known_rows[order].split(B):
            guess = rate(p, kind, users[batch], films[batch], training=True)
            step(optimizer, F.mse_loss(guess, stars[batch]))
        with torch.no_grad():
            guess = rate(p, kind, users[~is_known], films[~is_known])
            error = F.mse_loss(guess, stars[~is_known])
        curve.append(float(error))
    squares = [(p[name].detach() ** 2).sum() for name in TABLES]
    penalty = 1e-4 * float(sum(squares))
    earlier = f"{curve[21]:.3f} after 22; " if len(curve) > 22 else ""
    return [Result(curve, note=f"{earlier}{curve[-1] + penalty:.3f} with the penalty")]


def adam_with_penalty(p: dict) -> torch.optim.Adam:
    """Make Adam with the gradient of 1e-4 Σ w² on the embedding tables."""
    groups = [{"params": [p[name] for name in TABLES], "weight_decay": 2e-4}]
    others = [weight for name, weight in p.items() if name not in TABLES]
    if others:
        groups.append({"params": others})
    return torch.optim.Adam(groups, 1e-3, fused=True)


# ------------------------------- the large model, and the mixing of batches


class Large(torch.nn.Module):
    """Embedding, two LSTM of 512 with dropout, an output at every step."""

    def __init__(self, V: int) -> None:
        super().__init__()
        self.embedding = torch.nn.Embedding(V, 24)
        self.lstm = torch.nn.LSTM(24, 512, 2, batch_first=True, dropout=0.2)
        self.output = torch.nn.Linear(512, V)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        states, _ = self.lstm(self.embedding(x))
        states = F.dropout(states, 0.2, self.training)
        return self.output(states)


def large(epochs: int) -> list[Result]:
    """Train on every window of 40 of the text in small letters, shuffled: only on a GPU."""
    if not torch.cuda.is_available():
        raise NoData("not measured: no GPU here")
    torch.manual_seed(SEED)
    ids, V = read_ids(text_bytes().lower())
    net = Large(V).cuda()
    curve = fit_large(net, torch.from_numpy(ids).cuda(), epochs)
    return [Result(curve)]


def fit_large(net: Large, ids: torch.Tensor, epochs: int) -> list[float]:
    """Train, and return each epoch's mean loss, measured while training."""
    optimizer = torch.optim.Adam(net.parameters(), 1e-3)
    steps = torch.arange(41, device=ids.device)
    curve = []
    for _ in range(epochs):
        total = torch.zeros((), device=ids.device)
        batches = torch.randperm(len(ids) - 40, device=ids.device).split(B)
        for starts in batches:
            windows = ids[starts.unsqueeze(1) + steps]
            inputs = windows[:, :-1]
            targets = windows[:, 1:]
            loss = F.cross_entropy(net(inputs).flatten(0, 1), targets.flatten())
            step(optimizer, loss)
            total += loss.detach()
        curve.append(float(total) / len(batches))
    return curve


def mixed_steps(_: int = 1) -> list[Result]:
    """Return how many steps an epoch takes where each child's last batch is short.

    The children have 3,277 + 1,000 + 500 examples, in batches of 44 + 16 + 4.
    """
    children = []
    for examples, size in ((3277, 44), (1000, 16), (500, 4)):
        sizes = [size] * (examples // size)
        if examples % size:
            sizes.append(examples % size)
        children.append(cycle(sizes))
    seen = 0
    steps = 0
    while seen < 3277 + 1000 + 500:
        seen += sum(next(child) for child in children)
        steps += 1
    return [Result([steps], note="N = 4,777, the examples of all three sources")]


# ------------------------------- the rows

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
    "the lesson went on with embeddings of an earlier run, whose length is unknown; ours come from a run of 8 epochs",
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
    "SGD 1e-4, no biases; Wx and Wy both N(0, √(2/V)); a scalar for Wh's gradient, weights changed "
    "inside the loop",
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
    "the lesson shows 22 epochs, but its losses suggest that some cells ran twice; we guess 28",
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
        """Return model, lesson, ours, difference in %, why: at the last epoch that both have."""
        figures = self.row.lesson
        last = max(figures)
        mark = "†" if self.row.mended else ""
        if self.found is None:
            return [self.row.name, f"{figures[last]:.5g}{mark}", "–", "–", self.missing]
        curve = self.found.curve
        done = len(curve)
        at = max((epoch for epoch in figures if epoch <= done), default=done)
        ours = curve[at - 1]
        lesson = figures.get(at, figures[last])
        percent = "–"
        if at in figures:
            percent = f"{100 * (ours / lesson - 1):+.1f}"
        reasons = [self.why(at), self.found.note]
        note = "; ".join(reason for reason in reasons if reason)
        return [self.row.name, f"{lesson:.5g}{mark}", f"{ours:.5g}", percent, note]

    def why(self, at: int) -> str:
        """Return the reason for a difference after `at` epochs."""
        name = corpus(COURSE).name
        trains_on_text = not self.row.name.startswith("M")
        if name != "nietzsche" and trains_on_text:
            return f"another corpus: {name}"
        last = max(self.row.lesson)
        return self.row.why if at == last else f"after {at} of {last}"


def fast_floats() -> None:
    """Compute without tiny numbers, in a process that does nothing but train.

    That is set for good, so never in a caller's process.
    """
    torch.set_flush_denormal(True)


def run_job(index: int, quick: bool) -> list[Outcome]:
    """Train one job's rows in this process."""
    job = JOBS[index]
    began = time.perf_counter()
    epochs = job.quick if quick else job.epochs
    missing = ""
    results: list[Result | None] = [None] * len(job.rows)
    try:
        results = list(job.train(epochs))
    except NoData as error:
        missing = str(error)
    seconds = (time.perf_counter() - began) / len(job.rows)
    outcomes = []
    for row, found in zip(job.rows, results, strict=True):
        outcomes.append(Outcome(row, epochs, found, missing, seconds))
    return outcomes


def run_all(quick: bool, say: Callable[[str], None]) -> list[Outcome]:
    """Run every job, two at a time, the longest first; say each row as it comes."""
    outcomes: dict[int, list[Outcome]] = {}
    longest_first = sorted(range(len(JOBS)), key=lambda index: -JOBS[index].minutes)
    workers = min(2, os.cpu_count() or 1)
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, spawn, fast_floats) as pool:
        waiting = {}
        for index in longest_first:
            waiting[pool.submit(run_job, index, quick)] = index
        for done in as_completed(waiting):
            index = waiting[done]
            outcomes[index] = done.result()
            for outcome in outcomes[index]:
                say(line_of(outcome))
    return [outcome for index in range(len(JOBS)) for outcome in outcomes[index]]


def line_of(outcome: Outcome) -> str:
    """Return a row as it is shown on a terminal."""
    name, lesson, ours, percent, why = outcome.cells()
    return f"{name:38} {lesson:>8} {ours:>8} {percent:>6} %  {outcome.seconds:4.0f} s  {why}"


def reproduce(quick: bool, say: Callable[[str], None] = print) -> None:
    """Train all rows, say them, and unless `quick` write the page.

    Raises `NoData` where no corpus is here.
    """
    from lesson_page import markdown, write

    began = time.perf_counter()
    name = corpus(COURSE).name
    say(f"corpus: {name}. Rows as they come: model, lesson, ours, difference, time, why.\n")
    outcomes = run_all(quick, say)
    minutes = (time.perf_counter() - began) / 60
    rows = [outcome.cells() for outcome in outcomes]
    table_lines = markdown(["model", "lesson", "ours", "%", "why"], rows)
    say("\n" + "\n".join(table_lines))
    if quick or name != "nietzsche":
        why = "Few epochs, so early figures of the lesson" if quick else "Not the lesson's corpus"
        say(f"\n{minutes:.1f} minutes. {why}: docs/lesson.md stays as it is.")
        return
    write(outcomes, minutes, COURSE.folder / "docs")
    say(f"\n{minutes:.1f} minutes. Written: docs/lesson.md, docs/lesson/*.svg")
