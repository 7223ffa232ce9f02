"""Seven layers that read, at one budget: their loss, their time and their memory.

    python benchmarks/side_by_side.py SEED …    train each layer on the same windows
    python benchmarks/side_by_side.py --times   time each layer on 8 to 4,096 steps
    python benchmarks/side_by_side.py           print the tables of unit 6 from the stored figures

Training stores its figures in benchmarks/side_by_side.json, seed by seed (about two minutes each,
on one core).

The budget is the same for all: 614,400 characters (600 batches of 16 windows of 64 steps), AdamW at
4e-3 with a warm-up and a linear decay, and 12,300 to 12,700 parameters in the layer. Around each
layer are an embedding, a convolution over the last four characters, as today's layers have, and a
layer of 128 relu units at each step. No layer gets positions as input.
"""

import json
import math
import os
import sys
from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import Any

os.environ |= {f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL")}

import numpy as np
import torch
from at_hand import COURSE
from torch import Tensor, nn

from autograder.data import corpus

FIGURES = Path(__file__).with_suffix(".json")
WIDTH = 64  # numbers in an embedding
KEY = 48  # numbers in a key and in a value
STEPS, ROWS, BATCHES, RATE = 64, 16, 600, 4e-3
LENGTHS = (8, 64, 512, 4096)
HELD_OUT = 32_768  # characters, at each length


def scanned(a: Tensor, b: Tensor) -> Tensor:
    """Return h[t] = a[t] h[t−1] + b[t] from zero, along the first axis, by a parallel scan."""
    distance = 1
    while distance < len(a):
        moved = b[distance:] + a[distance:] * b[:-distance]
        b = torch.cat([b[:distance], moved])
        a = torch.cat([a[:distance], a[distance:] * a[:-distance]])
        distance *= 2
    return b


class MinGRU(nn.Module):
    """Section 3 of unit 6."""

    state = WIDTH

    def __init__(self) -> None:
        super().__init__()
        self.gate, self.candidate = nn.Linear(WIDTH, WIDTH), nn.Linear(WIDTH, WIDTH)
        self.out = nn.Linear(WIDTH, WIDTH)

    def forward(self, x: Tensor) -> Tensor:
        z = torch.sigmoid(self.gate(x))
        read: Tensor = self.out(scanned(1 - z, z * self.candidate(x)))
        return read


class Loop(nn.Module):
    """A recurrent layer of torch: a plain network or an LSTM."""

    def __init__(self, layer: Callable[..., Any], units: int, state: int) -> None:
        super().__init__()
        self.layer, self.out = layer(WIDTH, units), nn.Linear(units, WIDTH)
        self.state = state

    def forward(self, x: Tensor) -> Tensor:
        read: Tensor = self.out(self.layer(x)[0])
        return read


class Attending(nn.Module):
    """Queries, keys and values with the operation on them: (B, T, ·)."""

    state = KEY * KEY

    def __init__(self) -> None:
        super().__init__()
        self.q, self.k, self.v = (nn.Linear(WIDTH, KEY, bias=False) for _ in range(3))
        self.out = nn.Linear(KEY, WIDTH)

    def forward(self, x: Tensor) -> Tensor:
        x = x.transpose(0, 1)
        mixed = self.mixed(self.q(x), self.k(x), self.v(x), x)
        read: Tensor = self.out(mixed)
        return read.transpose(0, 1)

    def mixed(self, q: Tensor, k: Tensor, v: Tensor, x: Tensor) -> Tensor:
        raise NotImplementedError


class Head(Attending):
    """Section 7: softmax attention, causal."""

    state = 0  # its keys and values grow with the text

    def mixed(self, q: Tensor, k: Tensor, v: Tensor, x: Tensor) -> Tensor:
        return nn.functional.scaled_dot_product_attention(q, k, v, is_causal=True)


class Linear(Attending):
    """Sections 8 to 10, in chunks of 64."""

    def mixed(self, q: Tensor, k: Tensor, v: Tensor, x: Tensor) -> Tensor:
        state = torch.zeros(len(q), KEY, KEY)
        outputs = []
        for a, b, c in zip(*(part.split(64, 1) for part in (q, k / KEY, v)), strict=True):
            outputs.append(a @ state + torch.tril(a @ b.mT) @ c)
            state = state + b.mT @ c
        return torch.cat(outputs, 1)


class Delta(Attending):
    """Section 11 with keep = 1; β is a sigmoid of the input."""

    gated = False

    def __init__(self) -> None:
        super().__init__()
        self.beta, self.keep = nn.Linear(WIDTH, 1), nn.Linear(WIDTH, 1)
        nn.init.constant_(self.keep.bias, 4.0)

    def mixed(self, q: Tensor, k: Tensor, v: Tensor, x: Tensor) -> Tensor:
        k = nn.functional.normalize(k, dim=-1)
        q = nn.functional.normalize(q, dim=-1)
        beta, keep = torch.sigmoid(self.beta(x)), torch.sigmoid(self.keep(x))
        state = torch.zeros(len(q), KEY, KEY)
        outputs = []
        for t in range(q.shape[1]):
            if self.gated:
                state = keep[:, t, :, None] * state
            key = k[:, t, :, None]  # (B, D, 1)
            wrong = v[:, t, None] - key.mT @ state
            state = state + key @ (beta[:, t, :, None] * wrong)
            outputs.append(q[:, t, None] @ state)
        return torch.cat(outputs, 1)


class GatedDelta(Delta):
    """Section 11."""

    gated = True


LAYERS: dict[str, Callable[[], Any]] = {
    "plain network, a loop": lambda: Loop(nn.RNN, 64, 64),
    "LSTM, a loop": lambda: Loop(nn.LSTM, 29, 58),
    "minGRU": MinGRU,
    "attention head": Head,
    "linear attention": Linear,
    "delta rule": Delta,
    "gated delta rule": GatedDelta,
}


class Reader(nn.Module):
    """The parts around every layer: ids (T, B) → logits (T, B, V)."""

    def __init__(self, V: int, layer: Any) -> None:
        super().__init__()
        self.embedding = nn.Embedding(V, WIDTH)
        self.last_four = nn.Conv1d(WIDTH, WIDTH, 4, groups=WIDTH)
        self.before, self.after = nn.LayerNorm(WIDTH), nn.LayerNorm(WIDTH)
        self.layer = layer
        self.bends = nn.Sequential(nn.Linear(WIDTH, 128), nn.ReLU(), nn.Linear(128, WIDTH))
        self.output = nn.Linear(WIDTH, V)

    def forward(self, ids: Tensor) -> Tensor:
        x = self.embedding(ids)  # (T, B, WIDTH)
        padded = nn.functional.pad(x.permute(1, 2, 0), (3, 0))
        x = x + self.last_four(padded).permute(2, 0, 1)
        x = x + self.layer(self.before(x))
        x = x + self.bends(self.after(x))
        logits: Tensor = self.output(x)
        return logits


def texts() -> tuple[Tensor, Tensor, int]:
    """Return the training ids, the held-out ids, and the size of the vocabulary."""
    text = corpus(COURSE)
    alphabet = {symbol: i for i, symbol in enumerate(sorted(set(text.train)))}
    train = torch.tensor([alphabet[symbol] for symbol in text.train])
    held_out = torch.tensor([alphabet.get(symbol, 0) for symbol in text.held_out])
    return train, held_out, len(alphabet)


def windows(ids: Tensor, rng: np.random.Generator, T: int, B: int) -> tuple[Tensor, Tensor]:
    """Cut B windows of T steps at random, with the same windows shifted by one: (T, B)."""
    starts = torch.from_numpy(rng.integers(0, len(ids) - T, B))
    window = ids[starts + torch.arange(T + 1)[:, None]]
    return window[:-1], window[1:]


def loss_of(model: nn.Module, x: Tensor, y: Tensor) -> Tensor:
    """Return the mean cross-entropy in nats per character."""
    return nn.functional.cross_entropy(model(x).flatten(0, 1), y.flatten())


def trained(make: Callable[[], Any], seed: int) -> dict[str, Any]:
    """Train a layer on one seed; return the seconds, and its held-out loss at each length."""
    ids, unseen, V = texts()
    torch.manual_seed(seed)
    model = Reader(V, make())
    optimizer = torch.optim.AdamW(model.parameters(), lr=RATE)
    rng = np.random.default_rng(seed)
    began = perf_counter()
    for batch in range(BATCHES):
        rate = min(1, (batch + 1) / 30) * (1 - batch / BATCHES)
        optimizer.param_groups[0]["lr"] = RATE * rate
        loss = loss_of(model, *windows(ids, rng, STEPS, ROWS))
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
    seconds = perf_counter() - began
    held_out = {}
    with torch.no_grad():
        for T in LENGTHS:
            x, y = windows(unseen, np.random.default_rng(1), T, HELD_OUT // T)
            held_out[str(T)] = round(float(loss_of(model, x, y)), 4)
    parameters = sum(w.numel() for w in model.layer.parameters())
    return {"seconds": round(seconds, 1), "held out": held_out, "parameters": parameters}


def milliseconds(make: Callable[[], Any], T: int) -> float:
    """Return the milliseconds of a layer for one sequence of T steps: the shortest of five runs."""
    layer, x = make(), torch.randn(T, 1, WIDTH)
    times = []
    with torch.no_grad():
        for _ in range(5):
            began = perf_counter()
            layer(x)
            times.append(perf_counter() - began)
    return round(1e3 * min(times), 3)


def kept() -> dict[str, Any]:
    """Return the stored figures."""
    if FIGURES.exists():
        found: dict[str, Any] = json.loads(FIGURES.read_text())
        return found
    return {"seeds": {}, "milliseconds": {}}


def keep(figures: dict[str, Any]) -> None:
    """Store figures."""
    FIGURES.write_text(json.dumps(figures, indent=1) + "\n")


def mean_of(numbers: list[float]) -> float:
    """Return the mean of some numbers."""
    return sum(numbers) / len(numbers)


def deviation_of(numbers: list[float]) -> float:
    """Return the standard deviation of two numbers or more."""
    mean = mean_of(numbers)
    squares = sum((number - mean) ** 2 for number in numbers)
    return math.sqrt(squares / (len(numbers) - 1))


def print_tables(figures: dict[str, Any]) -> None:
    """Print the tables of unit 6."""
    runs = [run for run in figures["seeds"].values() if len(run) == len(LAYERS)]
    print(f"{len(runs)} seeds\n")
    print("| layer | nats | deviation | bytes of state |")
    print("|---|---|---|---|")
    losses = []
    for name, make in LAYERS.items():
        held_out = [run[name]["held out"] for run in runs]
        nats = [run["64"] for run in held_out]
        state = make().state
        size = f"{4 * state:,}" if state else f"{8 * KEY} × T"
        deviation = f"{deviation_of(nats):.3f}" if len(nats) > 1 else "–"
        print(f"| {name} | {mean_of(nats):.3f} | {deviation} | {size} |")
        at_4096 = mean_of([run["4096"] for run in held_out])
        losses.append(f"| {name} | {mean_of(nats):.2f} | {at_4096:.2f} |")
    print("\n| nats for T = | 64 | 4,096 |\n|---|---|---|")
    print("\n".join(losses))
    steps = " | ".join(f"{T:,}" for T in LENGTHS)
    print(f"\n| milliseconds for T = | {steps} |\n|---|---|---|---|---|")
    for name, times in figures["milliseconds"].items():
        print(f"| {name} | " + " | ".join(f"{ms:.1f}" for ms in times.values()) + " |")


def main() -> None:
    """Train on the named seeds, or measure times, or print the stored figures."""
    torch.set_num_threads(1)
    for argument in sys.argv[1:]:
        for name, make in LAYERS.items():
            figures = kept()
            if argument == "--times":
                times = {str(T): milliseconds(make, T) for T in LENGTHS}
                figures["milliseconds"][name] = times
                print(name, times, flush=True)
            else:
                run = trained(make, int(argument))
                figures["seeds"].setdefault(argument, {})[name] = run
                print(argument, name, run, flush=True)
            keep(figures)
    print_tables(kept())


if __name__ == "__main__":
    main()
