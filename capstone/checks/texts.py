"""The texts of the capstone: a split drawn from the seed, ids, and what counting comes to."""

import json
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np

from autograder.check import Corpus
from autograder.errors import UserError

from . import settings
from .networks import V


def ids_of(text: str) -> np.ndarray:
    """Return a text as ids: places in ASCII, 127 for all other characters."""
    codes = np.frombuffer(text.encode("utf-32-le", "replace"), "<u4")
    return np.minimum(codes, V - 1).astype(np.int64)


def split(text: str, seed: int) -> tuple[str, list[str]]:
    """Cut a text into a hundred pieces and hold some out: the rest joined, and those.

    Which, the seed draws.
    """
    size = len(text) // 100
    pieces = [text[i * size : (i + 1) * size] for i in range(100)]
    held = np.random.default_rng(seed).permutation(100)[: settings.PIECES_HELD_OUT]
    train = [piece for i, piece in enumerate(pieces) if i not in held]
    return "".join(train), [pieces[i] for i in sorted(held)]


@cache
def texts(find: Callable[..., Path], seed: int) -> Corpus:
    """Return all texts, split: what is trained on, and what is held out, with the loss of counting.

    Where a dataset `NAME-held-back` is found, it stands for NAME: students never had it.
    """
    train, held_out = {}, {}
    for name in settings.TEXTS:
        try:
            path = find(f"{name}-held-back")
        except UserError:
            path = find(name)
        text = path.read_text(encoding="utf-8")[: settings.LONGEST]
        train[name], pieces = split(text, seed)
        counting = loss_of_counting(ids_of(train[name]), [ids_of(piece) for piece in pieces])
        held_out[name] = {"pieces": pieces, "counting": counting}
    return Corpus("texts", json.dumps(train), json.dumps(held_out))


def loss_of_counting(
    train: np.ndarray, pieces: list[np.ndarray], longest: int = 6, shortest: int = 3
) -> float:
    """Return the loss of interpolated counts on held-out pieces, in nats per character.

    longest, shortest: how many characters a context has; the number that is best on these pieces,
    which favours counting.
    """
    probability = [np.full(len(piece) - longest, 1 / V) for piece in pieces]
    losses = []
    for k in range(longest + 1):
        before, following = windows(train, k)
        pairs, counts = np.unique(before * V + following, return_counts=True)
        contexts, first, kinds = np.unique(pairs // V, return_index=True, return_counts=True)
        totals = np.add.reduceat(counts, first)
        for i, piece in enumerate(pieces):
            asked, target = (row[longest - k :] for row in windows(piece, k))
            place = np.minimum(np.searchsorted(contexts, asked), len(contexts) - 1)
            known = contexts[place] == asked
            pair = np.minimum(np.searchsorted(pairs, asked * V + target), len(pairs) - 1)
            count = np.where(pairs[pair] == asked * V + target, counts[pair], 0)
            total, kind = totals[place], kinds[place]
            mixed = (count + kind * probability[i]) / (total + kind)
            probability[i] = np.where(known, mixed, probability[i])
        if k >= shortest:
            losses.append(-float(np.log(np.concatenate(probability)).mean()))
    return min(losses)


def windows(ids: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Return each context of k characters as a number, and the character that follows it."""
    code = np.zeros(len(ids) - k, np.int64)
    for i in range(k):
        code = code * V + ids[i : len(ids) - k + i]
    return code, ids[k:]
