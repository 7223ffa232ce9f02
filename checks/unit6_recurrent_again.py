"""Experiments of unit 6: a scan over pairs, minGRU, attention as a state, delta rule, Newton."""

import sys
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

import numpy as np

from autograder.check import (
    Arrays,
    UnitSettings,
    Watched,
    check,
    choice,
    named,
    planted,
    same_after,
)

SIZES = {"T": 11, "B": 3, "V": 13, "H": 5, "D": 4, "M": 7}
UNIT = UnitSettings(packages=("numpy",), sizes=SIZES)
T, B, V, H, D, M = SIZES.values()
NAMES = "Wz bz Wc Wy by"
KEPT = (
    "an argument was changed in place (`+=`, `[…] =`, `out=`): the caller may still need it. "
    "Make a new array."
)
ROUNDS = (
    "eight times as many steps take Python eight times as long: there is a loop over the steps. "
    "Let `parallel_scan` do them in rounds."
)
CALLS = (
    "`op` was called more often than in a few rounds: 64 elements take at most 13 calls. Combine "
    "all pairs of a round in one call."
)
CHUNKS = (
    "the same number of chunks takes longer where they are longer: there is a loop over the steps. "
    "Loop over chunks, and compute each with matrix products."
)
PAIR_OF_ANSWERS = "the outputs and the last state"


def weights(rng: np.random.Generator, V: int = V, H: int = H) -> Arrays:
    """Draw parameters of a minGRU that reads ids."""
    shapes = {"Wz": (V, H), "bz": (H,), "Wc": (V, H), "Wy": (H, V), "by": (V,)}
    params = {}
    for name, shape in shapes.items():
        params[name] = rng.normal(0, 0.7, shape)
    return params


def pair(result: Any, what: str) -> tuple[Any, Any]:
    """Return the two values that a function returned.

    Raises `TypeError`, which says what they should be, where they are not two.
    """
    if not isinstance(result, tuple | list):
        found = f"one {type(result).__name__}"
    elif len(result) != 2:
        found = f"{len(result)} values"
    else:
        return result[0], result[1]
    raise TypeError(f"two values should come back, {what}; found {found}")


def instructions(function: Callable[[], object]) -> int:
    """Return how many instructions Python runs in a function, and in all that it calls.

    `gates` is left out, which may loop: no step of it waits for another.
    """
    count = 0

    def trace(frame: FrameType, event: str, _: Any) -> Any:
        nonlocal count
        callers = (frame, frame.f_back)
        if any(caller and caller.f_code.co_name == "gates" for caller in callers):
            return None
        frame.f_trace_opcodes = True
        count += event == "opcode"
        return trace

    # Python 3.12 tells of no instruction before some frame has asked for it
    sys._getframe().f_trace_opcodes = True
    before = sys.gettrace()
    sys.settrace(trace)
    try:
        function()
    finally:
        sys.settrace(before)
    return count


def loops(short: Callable[[], object], long: Callable[[], object]) -> bool:
    """Return whether Python has more than three times as much to do in the longer call.

    Where nothing is seen, watching was switched off.
    """
    few = instructions(short)
    many = instructions(long)
    return not few or many > 3 * few


def is_no_scan(short: Callable[[], object], long: Callable[[], object]) -> bool:
    """Return whether a call on eight times as many steps has not a few rounds more to do.

    It has three more, of six. Where it has none more, the scan hides from being watched.
    """
    few = instructions(short)
    many = instructions(long)
    return not few < many <= 3 * few


def rotations(rng: np.random.Generator, n: int, size: int = 3) -> np.ndarray:
    """Draw orthogonal matrices, (n, size, size), so that no product of them grows or fades."""
    orthogonal, _ = np.linalg.qr(rng.normal(0, 1, (n, size, size)))
    return np.asarray(orthogonal)


@check(
    points=3,
    costs=("result_of_1",),
    words={"same_after": KEPT, "calls_over_the_limit": CALLS},
)
def in_rounds(net: Any, seed: int) -> Arrays:
    """`parallel_scan` combines elements of several arrays in order, in about log T rounds"""
    rng = np.random.default_rng(seed)
    net = Watched(net)
    calls = []

    def product(earlier: Any, later: Any) -> Any:
        calls.append(1)
        return (earlier[0] @ later[0],)

    def maps(earlier: Any, later: Any) -> Any:
        matrix1, vector1 = earlier
        matrix2, vector2 = later
        moved = np.einsum("nij,ni->nj", matrix2, vector1)
        return matrix1 @ matrix2, moved + vector2

    def scanned(matrices: np.ndarray) -> Any:
        (results,) = net.parallel_scan(product, (matrices,))
        return results

    out = named("products", scanned(rotations(rng, T)))
    out |= named("result_of_1", scanned(rotations(rng, 1)))
    out |= named("results_of_16", scanned(rotations(rng, 16)))
    two_parts = rotations(rng, T, 2), rng.normal(0, 1, (T, 2))
    out |= named("matrices vectors", net.parallel_scan(maps, two_parts))
    calls.clear()
    end = scanned(rotations(rng, 64))[-3:]
    over_the_limit = max(0, len(calls) - 13)
    out |= named("end_of_64 calls_over_the_limit", end, over_the_limit)
    return out | same_after(net)


@check(points=3, needs=in_rounds, words={"same_after": KEPT, "a_loop_over_steps": ROUNDS})
def recurrence(net: Any, seed: int) -> Arrays:
    """`linear_recurrence`: h[t] = a[t] h[t−1] + b[t] for all t, without a loop over the steps"""
    rng = np.random.default_rng(seed)
    watched = Watched(net)
    a = rng.normal(0, 1, (T, B, H))
    b = rng.normal(0, 1, (T, B, H))
    h0 = rng.normal(0, 1, (B, H))
    a[2] = 0.0
    out = named("h", watched.linear_recurrence(a, b, h0))
    out |= named("h_of_one_step", watched.linear_recurrence(a[:1], b[:1], h0))
    vectors = [rng.normal(0, 1, (6, 2)), rng.normal(0, 1, (6, 2)), rng.normal(0, 1, 2)]
    out |= named("h_of_vectors", watched.linear_recurrence(*vectors))
    fading = np.full(
        (3000, 2), [0.9, 0.6]
    )  # the product of all: 1e-137, and below what floats hold
    long = watched.linear_recurrence(fading, rng.normal(0, 1, (3000, 2)), rng.normal(0, 1, 2))
    out |= named("end_of_3000", long[-3:])

    def of(steps: int) -> Callable[[], object]:
        return lambda: net.linear_recurrence(fading[:steps], fading[:steps], vectors[2])

    out |= named("a_loop_over_steps", is_no_scan(of(64), of(512)))
    return out | same_after(watched)


@check(points=2, words={"same_after": KEPT})
def gate_values(net: Any, seed: int) -> Arrays:
    """`gates` says how much each unit keeps and what it writes, from the character alone"""
    rng = np.random.default_rng(seed)
    net = Watched(net)
    params = weights(rng)
    x = rng.integers(0, V, (T, B))
    what = "what is kept and what is written"
    keep, write = pair(net.gates(params, x), what)
    out = named("keep write", keep, write)
    small = weights(rng, 4, 2)
    of_one_text = pair(net.gates(small, rng.integers(0, 4, 6)), what)
    out |= named("keep_of_one_text write_of_one_text", *of_one_text)
    return out | same_after(net)


@check(
    points=5,
    needs=(recurrence, gate_values),
    words={"same_after": KEPT, "a_loop_over_steps": ROUNDS},
)
def all_gradients(net: Any, seed: int) -> Arrays:
    """`gradients` returns the mean loss and its gradient with respect to each parameter"""
    rng = np.random.default_rng(seed)
    watched = Watched(net)
    params = weights(rng)
    x = rng.integers(0, 4, (T, B))  # of few characters, so that they repeat
    targets = rng.integers(0, V, (T, B))
    loss, grads = pair(watched.gradients(params, x, targets), "the loss and the dict of gradients")
    out = named("loss", loss)
    out |= named(NAMES, grads)
    small = weights(rng, 4, 3)
    ids = rng.integers(0, 4, (2, 2, 1))
    _, of_two_steps = watched.gradients(small, *ids)
    parts = [np.ravel(of_two_steps[name]) for name in NAMES.split()]
    out |= named("all_of_two_steps", np.concatenate(parts))
    large = {**small, "by": 1e6 * small["by"]}
    loss_of_large, _ = watched.gradients(large, *ids)
    out |= named("loss_of_large_logits", loss_of_large)
    text = rng.integers(0, 4, (512, 1))

    def of(steps: int) -> Callable[[], object]:
        return lambda: net.gradients(small, text[:steps], text[:steps])

    out |= named("a_loop_over_steps", is_no_scan(of(64), of(512)))
    return out | same_after(watched)


@check(points=3, needs=all_gradients, words={"same_after": KEPT})
def few_batches(net: Any, seed: int) -> Arrays:
    """`train` on six batches: how far each parameter moved, and the losses"""
    rng = np.random.default_rng(seed)
    net = Watched(net)
    params = weights(rng, V, H - 2)
    batches = []
    for steps, texts in ((T, B), (T, B), (1, B), (T, 1), (4, 2), (T, B)):
        batches.append((rng.integers(0, V, (steps, texts)), rng.integers(0, V, (steps, texts))))
    after, losses = pair(
        net.train(params, iter(batches), 5.0), "the trained weights and the losses"
    )
    for name in NAMES.split():
        if name not in after:
            raise TypeError(f"the trained weights have no {name!r}; they need {NAMES}.")
    moved = [np.asarray(after[name]) - params[name] for name in NAMES.split()]
    out = named(NAMES, *moved)
    return out | named("losses", losses) | same_after(net)


def encode(text: str) -> np.ndarray:
    """Turn a text into ids, the same for every text: places in ASCII, 127 for all others."""
    codes = np.frombuffer(text.encode("latin-1", "replace"), np.uint8)
    return np.minimum(codes, 127).astype(np.int64)


def cut(
    ids: np.ndarray, rng: np.random.Generator, count: int
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield batches of 16 windows of 16 steps, cut anywhere: inputs and targets."""
    steps = np.arange(17).reshape(17, 1)
    for _ in range(count):
        windows = ids[rng.integers(0, len(ids) - 16, 16) + steps]  # (17, 16)
        yield windows[:-1], windows[1:]


def held_out_loss(ours: Any, trained: Arrays, text: str) -> float:
    """Measure the mean loss over each eighth held-out window of 16 steps, in nats per character."""
    ids = encode(text)
    count = len(ids) // 17
    windows = ids[: count * 17].reshape(count, 17)[::8].T  # (17, number of windows)
    loss, _ = ours.gradients(trained, windows[:-1], windows[1:])
    return float(loss)


@check(
    points=4,
    needs=few_batches,
    measure=held_out_loss,
    within=0.0005,
    seconds=60,
    kept="`few_batches` sees six steps; this proves that all parts work together over 300",
)
def training(net: Any, seed: int, text: str) -> Arrays:
    """`train` on the corpus: the loss of the trained weights on held-out text"""
    rng = np.random.default_rng(seed)
    drawn = weights(rng, 128, 32)
    params = {
        "Wz": drawn["Wz"] / 5,
        "bz": np.full(32, -1.0),
        "Wc": drawn["Wc"],
        "Wy": drawn["Wy"] / 4,
        "by": np.zeros(128),
    }
    all_losses: list[float] = []
    for count, lr in ((240, 6.0), (60, 2.0)):
        params, losses = net.train(params, cut(encode(text), rng, count), lr)
        all_losses.extend(losses)
    number_of_losses_only = np.zeros(len(all_losses))
    return named(NAMES, params) | named("losses", number_of_losses_only)


def reading(rng: np.random.Generator, steps: int = T, D: int = D, M: int = M) -> list[np.ndarray]:
    """Draw queries and keys, (steps, D), and values, (steps, M)."""
    return [rng.normal(0, 1, (steps, size)) for size in (D, D, M)]


@check(points=3, words={"same_after": KEPT})
def attention(net: Any, seed: int) -> Arrays:
    """`attention_head` mixes the values of the past by a softmax of products"""
    rng = np.random.default_rng(seed)
    net = Watched(net)
    q, k, v = reading(rng)
    out = named("outputs", net.attention_head(q, k, v))
    out |= named("outputs_of_large", net.attention_head(900 * q, k, v))
    out |= named("outputs_of_another_size", net.attention_head(*reading(rng, 5, 9, 2)))
    of_zeros = q.copy()
    of_zeros[T // 2] = 0  # each product with it is 0, and counts like any other
    out |= named("outputs_of_zeros", net.attention_head(of_zeros, k, v))
    return out | same_after(net)


@check(points=2, words={"same_after": KEPT})
def masked_product(net: Any, seed: int) -> Arrays:
    """`linear_attention` adds up the values of the past, each times the product with its key"""
    rng = np.random.default_rng(seed)
    net = Watched(net)
    out = named("outputs", net.linear_attention(*reading(rng)))
    out |= named("outputs_of_another_size", net.linear_attention(*reading(rng, 5, 9, 2)))
    return out | same_after(net)


@check(points=3, words={"same_after": KEPT})
def as_a_state(net: Any, seed: int) -> Arrays:
    """`recurrent_attention` gives the same outputs from a state of fixed size"""
    rng = np.random.default_rng(seed)
    net = Watched(net)
    state = rng.normal(0, 1, (D, M))
    result = net.recurrent_attention(*reading(rng), state)
    out = named("outputs state", pair(result, PAIR_OF_ANSWERS))
    result = net.recurrent_attention(*reading(rng, 2, 9, 2), rng.normal(0, 1, (9, 2)))
    of_two_steps = pair(result, PAIR_OF_ANSWERS)
    out |= named("outputs_of_two_steps state_of_two_steps", of_two_steps)
    return out | same_after(net)


@check(points=4, words={"same_after": KEPT, "a_loop_over_steps": CHUNKS})
def in_chunks(net: Any, seed: int) -> Arrays:
    """`chunked_attention` gives the same once more, chunk by chunk, for chunks of any size"""
    rng = np.random.default_rng(seed)
    watched = Watched(net)
    q, k, v = reading(rng)
    state = rng.normal(0, 1, (D, M))
    out: Arrays = {}
    for size in (1, 4, 16):  # 4: the last chunk is shorter; 16: there is one, and it is shorter
        result = watched.chunked_attention(q, k, v, state, size)
        outputs, last = pair(result, PAIR_OF_ANSWERS)
        out |= named(f"outputs_by_{size} state_by_{size}", outputs, last)
    long = reading(rng, 512, 2, 3)
    empty = np.zeros((2, 3))

    def of(steps: int) -> Callable[[], object]:
        parts = [part[:steps] for part in long]
        return lambda: net.chunked_attention(*parts, empty, steps // 8)

    out |= named("a_loop_over_steps", loops(of(64), of(512)))
    endless = reading(rng, 30_000, 2, 3)  # all products at once would take 7 gigabytes
    outputs, _ = watched.chunked_attention(*endless, empty, 100)
    out |= named("end_of_30000", np.asarray(outputs)[-3:])
    return out | same_after(watched)


@check(points=2, words={"same_after": KEPT})
def repaired(net: Any, seed: int) -> Arrays:
    """`merged` joins two pieces of the past, without the mistake"""
    rng = np.random.default_rng(seed)
    net = Watched(net)
    out: Arrays = {}
    for name, size in (("joined", 1), ("joined_of_large_scores", 1000)):
        pieces = []
        for _ in range(2):
            scores = size * rng.normal(0, 1, T)
            pieces.append((scores, rng.uniform(1, 3, T), rng.normal(0, 1, (T, M))))
        largest, total, answer = net.merged(*pieces)
        # in one array, so that each mistake shows in all of it
        whole = np.column_stack([np.divide(largest, size), total, answer])
        out |= named(name, whole)
    return out | same_after(net)


@check(points=1, question=planted("merged"))
def line_of_the_mistake(net: Any, seed: int) -> tuple[str, int]:
    """`mistaken_line` is the line of your mistake"""
    return net.my_name(), net.mistaken_line()


def unit_keys(rng: np.random.Generator, steps: int = T) -> list[np.ndarray]:
    """Draw queries, keys of length 1, and values."""
    q, k, v = reading(rng, steps)
    return [q, k / np.linalg.norm(k, axis=1, keepdims=True), v]


@check(points=3, words={"same_after": KEPT})
def overwriting(net: Any, seed: int) -> Arrays:
    """`delta_rule` with `keep` 1: what is stored under a key is overwritten"""
    rng = np.random.default_rng(seed)
    net = Watched(net)
    q, k, v = unit_keys(rng)
    state = rng.normal(0, 1, (D, M))
    strength = rng.uniform(0.3, 1.7, T)
    result = net.delta_rule(q, k, v, strength, np.ones(T), state)
    out = named("outputs state", pair(result, PAIR_OF_ANSWERS))
    # The whole is overwritten under the last key, so that it gives back the last value.
    _, last = net.delta_rule(q, k, v, np.ones(T), np.ones(T), state)
    out |= named("recalled_by_the_last_key", k[-1] @ np.asarray(last))
    of_one_step = net.delta_rule(q[:1], k[:1], v[:1], strength[:1], np.ones(1), state)
    out |= named("outputs_of_one_step state_of_one_step", of_one_step)
    return out | same_after(net)


@check(points=2, needs=overwriting, words={"same_after": KEPT})
def forgetting(net: Any, seed: int) -> Arrays:
    """`delta_rule` with `keep` below 1: the state fades before something is written"""
    rng = np.random.default_rng(seed)
    net = Watched(net)
    q, k, v = unit_keys(rng)
    state = rng.normal(0, 1, (D, M))
    strength = rng.uniform(0.3, 1.7, T)
    keep = rng.uniform(0.2, 0.9, T)
    result = net.delta_rule(q, k, v, strength, keep, state)
    out = named("outputs state", pair(result, PAIR_OF_ANSWERS))
    result = net.delta_rule(q, k, v, strength, np.zeros(T), state)
    out |= named("outputs_where_nothing_is_kept", pair(result, PAIR_OF_ANSWERS)[0])
    return out | same_after(net)


FROM_ITS_BIT = (
    "what is read at a step depends on more than its own bit. Make each row of `q`, `k`, `v` and "
    "`beta` from the bit of that step only."
)


@check(
    points=2,
    needs=overwriting,
    words={"same_after": KEPT, "each_row_from_its_bit": FROM_ITS_BIT},
)
def parity(net: Any, seed: int) -> Arrays:
    """`parity_inputs` lets the delta rule say whether the number of ones so far is even"""
    rng = np.random.default_rng(seed)
    net = Watched(net)

    def inputs(bits: np.ndarray) -> list[np.ndarray]:
        found = net.parity_inputs(bits)
        if not isinstance(found, tuple | list) or len(found) != 5:
            raise TypeError("five arrays should come back: q, k, v, beta and the first state.")
        return [np.asarray(part, dtype=float) for part in found]

    def answers(bits: np.ndarray) -> np.ndarray:
        *rows, state = inputs(bits)
        outputs, _ = pair(net.delta_rule(*rows, np.ones(len(bits)), state), PAIR_OF_ANSWERS)
        return np.asarray(outputs)[:, 0]

    bits = rng.integers(0, 2, T)
    bits[:3] = 0, 1, 1  # a state that is wiped out shows after the first 1 and not before
    out = named("signs", answers(bits))
    out |= named("signs_of_300", answers(rng.integers(0, 2, 300)))
    order = rng.permutation(T)
    *rows, _ = inputs(bits)
    *moved, _ = inputs(bits[order])
    same = all(np.array_equal(one[order], other) for one, other in zip(rows, moved, strict=True))
    return out | named("each_row_from_its_bit", same) | same_after(net)


def states(Wh: np.ndarray, u: np.ndarray, h: np.ndarray) -> np.ndarray:
    """Return the states of the network, step by step: what Newton's rounds come to."""
    found = []
    for row in u:
        h = np.tanh(row + h @ Wh)
        found.append(h)
    return np.array(found)


@check(points=1, question=choice("16", "64", "512", "4,096", predict=True))
def predicted_length(net: Any, seed: int) -> str:
    """`longest_that_is_right` predicts how far a sign that fades can be read"""
    return net.longest_that_is_right()


@check(
    points=5,
    needs=in_rounds,
    words={
        "same_after": KEPT,
        "a_loop_over_steps": ROUNDS,
        "exact_after_as_many_rounds": (
            "after r rounds the first r states should be those of the network, whatever the first "
            "guess was."
        ),
    },
)
def newton(net: Any, seed: int) -> Arrays:
    """`newton_round` improves a guess of all states; after r rounds the first r are exact"""
    rng = np.random.default_rng(seed)
    watched = Watched(net)
    Wh = rng.normal(0, 0.9, (H, H))
    u = rng.normal(0, 1, (T, H))
    h0 = rng.uniform(-1, 1, H)
    guess = np.zeros((T, H))
    exact = []
    right = states(Wh, u, h0)
    rounds = []
    for r in range(1, 5):
        guess = np.asarray(watched.newton_round(Wh, u, h0, guess))
        rounds.append(guess)
        is_close = guess.shape == right.shape and np.allclose(guess[:r], right[:r], 0, 1e-4)
        exact.append(is_close)
    # wrong rounds can grow to 1e200, and then another processor's rounding decides their digits
    second, fourth = (np.clip(rounds[r], -1e4, 1e4) for r in (1, 3))
    out = named("first_round second_round fourth_round", rounds[0], second, fourth)
    out |= named("exact_after_as_many_rounds", exact)
    drawn = rng.uniform(-1, 1, (T, H))
    out |= named("from_another_guess", watched.newton_round(Wh, u, h0, drawn))
    out |= named("of_one_step", watched.newton_round(Wh, u[:1], h0, drawn[:1]))
    small = rng.normal(0, 0.5, (2, 2))
    many = rng.normal(0, 1, (512, 2))

    def of(steps: int) -> Callable[[], object]:
        return lambda: net.newton_round(small, many[:steps], many[0], 0 * many[:steps])

    out |= named("a_loop_over_steps", is_no_scan(of(64), of(512)))
    return out | same_after(watched)
