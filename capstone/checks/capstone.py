"""Experiments of the capstone: a measurement, a training that is free, and a report."""

import json
from typing import Any

import numpy as np
import torch

from autograder.check import Arrays, Limits, UnitSettings, check, named, written

from . import settings
from .networks import MOST_PARAMETERS, Network, V, weights_of, with_weights
from .texts import ids_of, texts

UNIT = UnitSettings(
    packages=("torch", "numpy"),
    limits=Limits(kilobytes=24, seconds=6 * settings.BUDGET + 60),
)


def drawn_network(seed: int) -> torch.nn.Module:
    """Return a network with dropout whose weights are so large that its logits differ."""
    rng = np.random.default_rng(seed)
    network = Network("embedding 7, gru 11, dropout 0.5")
    weights = rng.normal(0, 1, len(weights_of(network)))
    return with_weights(network, weights)


@check(
    points=4,
    words={"trains_after": "the network should be in training mode afterwards."},
)
def measuring(net: Any, seed: int) -> Arrays:
    """`loss_on` is the mean loss of a network on a text"""
    losses = []
    for i, (size, streams) in enumerate(((50, 3), (61, 5), (40, 1))):
        rng = np.random.default_rng(seed + i)
        network = drawn_network(seed + i)
        ids = torch.from_numpy(rng.integers(0, V, size))
        losses.append(net.loss_on(network, ids, streams))
    return named("losses", losses) | named("trains_after", network.training)


def relative_loss(ours: Any, arrays: Arrays, held_out: str) -> float:
    """Return the loss of weights on the held-out pieces of their text, divided by that of counting.

    Nothing of a submission runs here: its plan is text, and its weights are numbers.
    """
    of_text = json.loads(held_out)[str(arrays["text"])]
    weights = np.asarray(arrays["weights"], np.float64)
    if weights.size > MOST_PARAMETERS or not np.isfinite(weights).all():
        return float("nan")
    network = with_weights(Network(str(arrays["plan"])), weights).eval()
    pieces = np.stack([ids_of(piece) for piece in of_text["pieces"]], axis=1)  # (T, pieces)
    return loss_of(network, torch.from_numpy(pieces)) / of_text["counting"]


AT_ONCE = 500  # characters of each piece: all of them with all states are too much to hold


@torch.no_grad()
def loss_of(network: torch.nn.Module, ids: torch.Tensor) -> float:
    """Return the mean loss of a network on streams of ids, (T, B), in nats per character."""
    state = None
    total = 0.0
    for first in range(0, len(ids) - 1, AT_ONCE):
        part = ids[first : first + AT_ONCE + 1]
        logits, state = network(part[:-1], state)
        loss = torch.nn.functional.cross_entropy(
            logits.flatten(0, 1), part[1:].flatten(), reduction="sum"
        )
        total += float(loss)
    return total / ids[1:].numel()


@check(
    points=20,
    data=texts,
    measure=relative_loss,
    free=True,
    within=settings.WITHIN,
    seconds=settings.BUDGET,
    kept="it is the capstone: all else prepares it",
)
def training(net: Any, seed: int, text: str) -> Arrays:
    """`train` trains the network of `my_plan` on `my_text`: its loss beside that of counting"""
    all_texts = json.loads(text)
    name = net.my_text()
    if name not in all_texts:
        known = ", ".join(f'"{one}"' for one in all_texts)
        raise ValueError(f"`my_text` should return one of {known}")
    plan = net.my_plan()
    network = Network(plan)
    ids = torch.from_numpy(ids_of(all_texts[name]))
    net.train(network, ids, seed, settings.BUDGET)
    return named("text plan weights", name, plan, weights_of(network))


@check(points=12, question=written())
def reporting(net: Any, seed: int) -> str:
    """`report` is one page on what was tried, measured and found"""
    return net.report()
