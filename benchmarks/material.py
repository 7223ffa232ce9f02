"""The speed of the solutions, each compared with a peer in the same run.

    python benchmarks/material.py

It prints rows for docs/measurements/performance.md. One thread; peers take turns; medians of RUNS
turns. It also runs on a GPU if there is one.
"""

import os

for _name in ("OMP", "OPENBLAS", "MKL"):
    os.environ[f"{_name}_NUM_THREADS"] = "1"

import statistics
import time
from collections.abc import Callable

import numpy as np
import torch
import torch.nn.functional as F
from at_hand import solution
from torch import nn

from autograder.sandbox.inside.submission import Submission

RUNS = 7
NO_GPU = """On a GPU: not measured, none was there.
These rows wait for one: the scans; the training steps beside cuDNN's own time, in characters per second, with and without automatic mixed precision and `torch.compile`; the lesson's large model."""
torch.set_num_threads(1)


def solved(unit: str) -> Submission:
    return Submission(solution(unit).plain().encode(), "solution.py")


def in_turns(
    ours: Callable[[], object], peer: Callable[[], object], device: str = "cpu"
) -> tuple[float, float]:
    """Return median seconds of each; every turn repeats until it has taken at least 20 ms."""

    def seconds(function: Callable[[], object]) -> float:
        count = 0
        began = time.perf_counter()
        while count == 0 or time.perf_counter() - began < 0.02:
            function()
            count += 1
        if device != "cpu":
            torch.accelerator.synchronize()
        return (time.perf_counter() - began) / count

    seconds(ours)
    seconds(peer)
    of_ours = []
    of_peer = []
    for _ in range(RUNS):
        of_ours.append(seconds(ours))
        of_peer.append(seconds(peer))
    return statistics.median(of_ours), statistics.median(of_peer)


def row(what: str, peer: str, ours: float, theirs: float, goal: str = "") -> str:
    return (
        f"| {what} | {1e3 * ours:.3g} ms | {peer} | {1e3 * theirs:.3g} ms | {theirs / ours:.3g} | "
        f"{goal} |"
    )


def scans(device: str) -> list[str]:
    """Time unit 3: a linear recurrence and a running sum, H = 64."""
    net, rows = solved("unit3_scan"), []

    def loop(a: torch.Tensor, b: torch.Tensor, h: torch.Tensor) -> torch.Tensor:
        states = []
        for t in range(len(a)):
            h = a[t] * h + b[t]
            states.append(h)
        return torch.stack(states)

    for length in (16, 256, 4096, 65536):
        a, b = torch.full((length, 64), 0.9, device=device), torch.randn(length, 64, device=device)
        h0 = torch.zeros(64, device=device)
        took = in_turns(lambda: net.linear_recurrence(a, b, h0), lambda: loop(a, b, h0), device)
        rows.append(
            row(f"linear recurrence in parallel, T = {length:,}, {device}", "a loop", *took)
        )
        took = in_turns(lambda: net.parallel_scan(torch.add, b), lambda: b.cumsum(0), device)
        rows.append(
            row(
                f"running sum by `parallel_scan`, T = {length:,}, {device}", "`torch.cumsum`", *took
            )
        )
        rounds = length.bit_length() - 1
        took = in_turns(
            lambda: net.parallel_scan(torch.add, b),
            lambda: [b.clone() for _ in range(rounds)],
            device,
        )
        rows.append(
            row(f"the same, {rounds} rounds", f"memory: {rounds} copies of the array", *took)
        )
    return rows


def recurrent() -> list[str]:
    """Measure unit 2's eight steps as a loop over layers beside the kernel of `nn.RNN`.

    Both run forward and back.
    """
    net, rows = solved("unit2_unrolled_rnn"), []
    for batch, hidden in ((64, 64), (64, 256)):
        x = torch.randint(0, 85, (8, batch))
        loop = net.Recurrent(85, 24, hidden)
        kernel = net.as_nn_rnn(loop)
        embedded = loop.embedding(x).detach()

        def ours() -> None:
            loop.read(x).sum().backward()

        def peer() -> None:
            kernel(embedded)[0][-1].sum().backward()

        rows.append(
            row(
                f"eight steps and back, B, H = {batch}, {hidden}",
                "the kernel of `nn.RNN`",
                *in_turns(ours, peer),
            )
        )
    return rows


def gradients() -> list[str]:
    """Time unit 4: forward and backward by hand in NumPy, and torch autograd on the same arrays."""
    net = solved("unit4_manual_gradients")
    rows = []
    rng = np.random.default_rng(0)
    for length, batch, letters, hidden in ((8, 32, 85, 64), (8, 8, 85, 256), (50, 32, 85, 64)):
        params = net.starting_weights(rng, letters, hidden)
        x, y = rng.integers(0, letters, (2, length, batch))
        h0 = np.zeros((batch, hidden))
        leaves = {name: torch.tensor(w, requires_grad=True) for name, w in params.items()}
        ids = torch.tensor(x)
        targets = torch.tensor(y)
        start = torch.zeros(batch, hidden, dtype=torch.float64)

        def by_hand() -> None:
            logits, h = net.forward(params, x, h0)
            _, dlogits = net.cross_entropy(logits, y)
            net.backward(params, x, h, dlogits)

        def autograd() -> None:
            h = start
            logits = []
            for step_ids in ids:
                before = leaves["Wx"][step_ids] + h @ leaves["Wh"] + leaves["bh"]
                h = torch.relu(before)
                logits.append(h @ leaves["Wy"] + leaves["by"])
            rows_of_logits = torch.stack(logits).flatten(0, 1)
            total = F.cross_entropy(rows_of_logits, targets.flatten(), reduction="sum")
            torch.autograd.grad(total / len(start), list(leaves.values()))

        what = f"a gradient by hand, T, B, V, H = {length}, {batch}, {letters}, {hidden}"
        took = in_turns(by_hand, autograd)
        rows.append(row(what, "torch autograd, float64", *took, "1 or more"))
    return rows


class Plain(nn.Module):
    """The model of unit 5 as plainly as possible."""

    def __init__(self, letters: int, embedding: int, hidden: int) -> None:
        super().__init__()
        self.embedding, self.norm = nn.Embedding(letters, embedding), nn.BatchNorm1d(embedding)
        self.lstm, self.output = (
            nn.LSTM(embedding, hidden, 2, dropout=0.1),
            nn.Linear(hidden, letters),
        )

    def forward(
        self, x: torch.Tensor, state: tuple[torch.Tensor, torch.Tensor] | None
    ) -> tuple[torch.Tensor, tuple[torch.Tensor, torch.Tensor]]:
        embedded = self.embedding(x)
        rows = embedded.flatten(0, 1)
        normed = self.norm(rows).view_as(embedded)
        h, state = self.lstm(normed, state)
        h = F.dropout(h, 0.1, self.training)
        return self.output(h), state


def steps(device: str) -> list[str]:
    """Time unit 5: an epoch of ten steps with the state carried."""
    net = solved("unit5_stateful_lstm")
    rows = []
    for length, batch, hidden in ((10, 32, 64), (20, 64, 128)):
        ids = torch.randint(0, 85, (batch * (10 * length + 1),))
        batches = list(net.continuing_batches(ids, batch, length))
        ours = net.CharLSTM(85, 32, hidden, 0.1).to(device)
        plain = Plain(85, 32, hidden).to(device)
        our_optimizer = torch.optim.Adam(ours.parameters(), fused=True)
        optimizer = torch.optim.Adam(plain.parameters(), fused=True)

        def our_epoch() -> None:
            net.train_epoch(ours, batches, our_optimizer, 1.0)

        def plain_epoch() -> None:
            state = None
            for x, y in batches:
                logits, state = plain(x.to(device), state)
                targets = y.to(device).flatten()
                loss = F.cross_entropy(logits.flatten(0, 1), targets)
                optimizer.zero_grad()
                loss.backward()
                nn.utils.clip_grad_norm_(plain.parameters(), 1.0)
                optimizer.step()
                state = tuple(part.detach() for part in state)
                loss.item()

        took = in_turns(our_epoch, plain_epoch, device)
        what = f"{len(batches)} training steps, T, B, H = {length}, {batch}, {hidden}, {device}"
        rows.append(row(what, "`nn.LSTM` as plainly as possible", *took, "0.95 or more"))
    return rows


def page() -> str:
    """Return the section of docs/measurements/performance.md."""
    devices = ["cpu"]
    accelerator = torch.accelerator.current_accelerator(check_available=True)
    if accelerator is not None:
        devices.append(accelerator.type)
    rows = [line for device in devices for line in scans(device)] + recurrent() + gradients()
    rows += [line for device in devices for line in steps(device)]
    gpu = "" if len(devices) > 1 else f"\n{NO_GPU}\n"
    table = (
        "| solution | ours | peer | its time | peer / ours | goal |\n|---|---|---|---|---|---|\n"
        + "\n".join(rows)
    )
    return f"{table}\n{gpu}"


if __name__ == "__main__":
    print(page())
