"""Experiments of unit 4: every function on random inputs, two steps of training, then a run."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from autograder.check import (
    Arrays,
    UnitSettings,
    Watched,
    check,
    named,
    number,
    planted,
    same_after,
)

SIZES = {"T": 6, "B": 5, "V": 13, "H": 9}
UNIT = UnitSettings(packages=("numpy",), sizes=SIZES)
T, B, V, H = SIZES.values()
NAMES = "Wx Wh bh Wy by"
MOVED = "`w` is not what it was: put the old number back after each entry, or move copies."
KEPT = (
    "an argument was changed in place (`-=`, `[…] =`, `out=`): the caller may still need it. "
    "Make a new array."
)


def weights(rng: np.random.Generator, V: int = V, H: int = H) -> Arrays:
    """Draw parameters; their spread keeps states and gradients near 1."""
    shapes = {"Wx": (V, H), "Wh": (H, H), "bh": (H,), "Wy": (H, V), "by": (V,)}
    params = {}
    for name, shape in shapes.items():
        params[name] = rng.normal(0, 0.5, shape)
    return params


def batch(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Draw x and targets, (T, B), and a start h0, (B, H).

    The ids in x are of few characters, so that they repeat.
    """
    x = rng.integers(0, 4, (T, B))
    targets = rng.integers(0, V, (T, B))
    h0 = rng.random((B, H))
    return x, targets, h0


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


@check(points=2, words={"same_after": KEPT})
def activations(net: Any, seed: int) -> Arrays:
    """`sigmoid`, `relu` and their derivatives, elementwise"""
    rng = np.random.default_rng(seed)
    net = Watched(net)
    drawn = rng.normal(0, 2, B * H)
    z = np.concatenate([drawn, [0.0, -1000.0, 1000.0]]).reshape(6, -1)
    out: Arrays = {}
    for name, function in (
        ("sigmoid", net.sigmoid),
        ("sigmoid_d", net.sigmoid_d),
        ("relu", net.relu),
        ("relu_d", net.relu_d),
    ):
        values = function(z.copy())
        of_three_axes = function(rng.normal(0, 2, (2, 3, 4)))
        out |= named(f"{name} {name}_of_three_axes", values, of_three_axes)
    return out | same_after(net)


@check(points=2, words={"same_after": KEPT})
def softmax_values(net: Any, seed: int) -> Arrays:
    """`softmax` gives probabilities over the last axis, for scores of any size"""
    rng = np.random.default_rng(seed)
    net = Watched(net)
    z = rng.normal(0, 2, (T, B, V))
    probabilities = net.softmax(z.copy())
    row = z[0, 0].copy()
    of_row = net.softmax(row)
    far_from_0 = np.array([900.0, -900.0, 0.0, 1.0, 2.0]).reshape(B, 1)
    large = net.softmax(z[0] + far_from_0)
    # within a row, too: the first score is far below the last one, and so are some between them
    far_apart = np.where(rng.random((B, V)) < 0.5, 900.0, -900.0)
    far_apart[:, 0], far_apart[:, -1] = -900.0, 900.0
    spread = net.softmax(z[0] + far_apart)
    names = "probabilities one_row large_scores scores_far_apart"
    out = named(names, probabilities, of_row, large, spread)
    return out | same_after(net)


@check(points=2, needs=softmax_values, words={"same_after": KEPT})
def softmax_jacobian(net: Any, seed: int) -> Arrays:
    """`softmax_d` is the Jacobian of softmax"""
    rng = np.random.default_rng(seed)
    net = Watched(net)
    jacobian = net.softmax_d(rng.normal(0, 1, V))
    of_three = net.softmax_d(rng.normal(0, 1, 3))
    out = named("jacobian of_three", jacobian, of_three)
    return out | same_after(net)


@check(points=2, words={"same_after": KEPT})
def cross_entropy_of_probabilities(net: Any, seed: int) -> Arrays:
    """`x_entropy` is the loss of a distribution in nats, `x_entropy_d` its derivative"""
    rng = np.random.default_rng(seed)
    net = Watched(net)
    out: Arrays = {}
    for word, n, is_rare in (("", V, False), ("_of_few", 6, False), ("_of_a_rare_one", 4, True)):
        p = rng.dirichlet(np.ones(n)) + 0.1
        truth = rng.integers(n)
        if is_rare:
            # below any bound that is put under probabilities
            p[truth] = 0.002 * rng.uniform(0.5, 1)
        p = p / p.sum()
        y = np.eye(n)[truth]
        loss = net.x_entropy(p, y)
        derivative = net.x_entropy_d(p, y)
        out |= named(f"loss{word} derivative{word}", loss, derivative)
    return out | same_after(net)


@check(points=3, words={"same_after": KEPT})
def loss_of_logits(net: Any, seed: int) -> Arrays:
    """`cross_entropy` gives loss and gradient from logits, for logits of any size"""
    rng = np.random.default_rng(seed)
    net = Watched(net)
    out: Arrays = {}
    logits = rng.normal(0, 2, (T, B, V))
    targets = rng.integers(0, V, (T, B))
    targets.flat[rng.integers(T * B)] = 0
    few_logits = rng.normal(0, 2, (2, 3, 4))
    few_targets = rng.integers(0, 4, (2, 3))
    for word, scores, truth in (
        ("", logits, targets),
        ("_of_large", 4000 * logits, targets),
        ("_of_few", few_logits, few_targets),
    ):
        result = net.cross_entropy(scores, truth)
        loss, dlogits = pair(result, "the loss and its gradient")
        out |= named(f"loss{word} dlogits{word}", loss, dlogits)
    return out | same_after(net)


@check(points=3, needs=activations, words={"same_after": KEPT})
def states_and_logits(net: Any, seed: int) -> Arrays:
    """`forward` returns the logits at every step and all hidden states"""
    rng = np.random.default_rng(seed)
    net = Watched(net)
    params = weights(rng)
    x, _, h0 = batch(rng)
    result = pair(net.forward(params, x, h0), "the logits and the states")
    # what came first stays as it was
    again = pair(net.forward(weights(rng), x, h0), "the logits and the states")
    small_params = weights(rng, 4, 3)
    one_step = rng.integers(0, 4, (1, 2))
    small_h0 = rng.random((2, 3))
    # so that of each unit's two values before the activation one is above 0 and one below
    z = small_params["Wx"][one_step[0]] + small_h0 @ small_params["Wh"]
    small_params["bh"] = -z.mean(0)
    of_one_step = net.forward(small_params, one_step, small_h0)
    out = named("logits h", result)
    out |= named("logits_again h_again", again)
    out |= named("logits_of_one_step h_of_one_step", of_one_step)
    return out | same_after(net)


@check(points=1, needs=states_and_logits, words={"same_after": KEPT})
def output_gradients(net: Any, seed: int) -> Arrays:
    """`backward`, first stage: the gradients of `Wy` and `by` over all steps"""
    rng = np.random.default_rng(seed)
    net = Watched(net)
    out: Arrays = {}
    # a batch, and a single text of two steps
    for word, steps, texts in (("", T, B), ("_of_one_text", 2, 1)):
        params = weights(rng)
        x, _, h0 = batch(rng)
        x, h0 = x[:steps, :texts], h0[:texts]
        _, h = net.forward(params, x, h0)
        dlogits = rng.normal(0, 1, (steps, texts, V))
        result = net.backward(params, x, h, dlogits)
        grads, _ = pair(result, "the dict of gradients and dh0")
        out |= named(f"Wy{word} by{word}", grads["Wy"], grads["by"])
    return out | same_after(net)


@check(points=2, needs=states_and_logits, words={"same_after": KEPT})
def one_step_back(net: Any, seed: int) -> Arrays:
    """`backward`, second stage: the other gradients, for a sequence of one step"""
    rng = np.random.default_rng(seed)
    net = Watched(net)
    params = weights(rng)
    x = rng.permutation(V)[None, :B]  # no character twice: repeated ones are the third stage's
    h0 = rng.random((B, H)) - 0.5  # some of it is negative: no activation made the start
    _, h = net.forward(params, x, h0)
    dlogits = rng.normal(0, 1, (1, B, V))
    result = net.backward(params, x, h, dlogits)
    grads, dh0 = pair(result, "the dict of gradients and dh0")
    out = named("Wx Wh bh", grads["Wx"], grads["Wh"], grads["bh"])
    out |= named("dh0", dh0)
    return out | same_after(net)


@check(
    points=2,
    needs=(states_and_logits, output_gradients, one_step_back),
    words={"same_after": KEPT},
)
def backward_through_time(net: Any, seed: int) -> Arrays:
    """`backward`, third stage: all gradients, through all steps"""
    rng = np.random.default_rng(seed)
    net = Watched(net)
    params = weights(rng)
    x, _, h0 = batch(rng)
    h0 = h0 - 0.5  # some of it is negative: no activation made the start
    _, h = net.forward(params, x, h0)
    dlogits = rng.normal(0, 1, (T, B, V))
    result = net.backward(params, x, h, dlogits)
    grads, dh0 = pair(result, "the dict of gradients and dh0")
    small_params = weights(rng, 4, 3)
    two_steps = rng.integers(0, 4, (2, 1))
    small_h0 = rng.random((1, 3))
    small_params["bh"] = 0.5 + rng.random(3)  # most units are above 0, and pass a gradient on
    _, small_h = net.forward(small_params, two_steps, small_h0)
    small_dlogits = rng.normal(0, 1, (2, 1, 4))
    result = net.backward(small_params, two_steps, small_h, small_dlogits)
    of_two_steps, dh0_of_two_steps = result
    out = named("Wx Wh bh", grads["Wx"], grads["Wh"], grads["bh"])
    out |= named("dh0", dh0)
    parts = [np.ravel(of_two_steps[name]) for name in NAMES.split()]
    parts.append(np.ravel(dh0_of_two_steps))
    out |= named("all_of_two_steps", np.concatenate(parts))
    return out | same_after(net)


@check(points=2, words={"same_after": MOVED})
def numerical(net: Any, seed: int) -> Arrays:
    """`numerical_gradient` is the central difference for every entry"""
    rng = np.random.default_rng(seed)
    out: Arrays = {}
    kept = True
    for word, shape, eps in (
        ("", (3, 4), [0.1]),
        ("_of_vector", (4,), [0.3]),
        ("_of_three_axes", (2, 3, 2), [0.1]),
        ("_at_the_usual_eps", (2, 2), []),
    ):
        w = rng.normal(0, 1 if eps else 0.2, shape)
        a = 0.2 + rng.random(shape)
        before = w.copy()
        gradient = net.numerical_gradient(lambda v, a=a: float((a * v**3).sum()), w, *eps)
        out |= named(f"gradient{word}", gradient)
        kept &= np.allclose(before, w, 1e-9, 1e-9)  # + ε − 2ε + ε rounds
    return out | named("same_after", kept)


@check(points=2, words={"same_after": KEPT})
def repaired(net: Any, seed: int) -> Arrays:
    """`error_along` compares a gradient with the slope along a direction, without the mistake"""
    rng = np.random.default_rng(seed)
    net = Watched(net)

    def drawn() -> Arrays:
        return {"matrix": rng.normal(0, 1, (2, 3)), "vector": rng.normal(0, 1, 4)}

    errors = []
    for eps in np.linspace(0.05, 0.6, 12):
        slopes = drawn()

        def loss(params: Arrays, slopes: Arrays = slopes) -> float:
            # not linear, so that a slope depends on where it is measured
            parts = [np.sin(slopes[name] + params[name]).sum() for name in slopes]
            return float(sum(parts))

        # sums of both signs, and gradients that are far off
        errors.append(net.error_along(loss, drawn(), drawn(), drawn(), float(eps)))
    return named("errors", errors) | same_after(net)


@check(points=1, question=planted("error_along"))
def line_of_the_mistake(net: Any, seed: int) -> tuple[str, int]:
    """`mistaken_line` is the line of your mistake"""
    return net.my_name(), net.mistaken_line()


@check(points=1, question=number(rtol=0.1, predict=True))
def predicted_growth(net: Any, seed: int) -> float:
    """`gradient_100_steps_back` predicts how large a gradient becomes"""
    return net.gradient_100_steps_back()


@check(
    points=2,
    costs=tuple(f"{name}_short" for name in NAMES.split()),  # they stay as they are
    words={"same_after": KEPT},
)
def clipping(net: Any, seed: int) -> Arrays:
    """`clip` scales gradients to a global norm and leaves small ones unchanged"""
    rng = np.random.default_rng(seed)
    net = Watched(net)
    out: Arrays = {}
    others = {"one": rng.normal(0, 1, 3), "two": rng.normal(0, 1, (2, 2, 2))}
    grads = weights(rng)
    for word, given, bound in (
        ("long", grads, 0.5),
        ("short", grads, 1e3),
        ("other", others, 0.7),
    ):
        clipped, norm = pair(net.clip(given, bound), "the clipped gradients and the norm")
        names = " ".join(f"{name}_{word}" for name in given)
        values = [clipped[name] for name in given]
        out |= named(names, *values)
        out |= named(f"norm_{word}", norm)
    return out | same_after(net)


@check(points=2, words={"same_after": KEPT})
def gradient_descent(net: Any, seed: int) -> Arrays:
    """`sgd` steps downhill and does not modify its inputs"""
    rng = np.random.default_rng(seed)
    net = Watched(net)
    params = weights(rng)
    grads = weights(rng)
    after = net.sgd(params, grads, 0.3)
    other_params = {"one": rng.normal(0, 1, 3)}
    other_grads = {"one": rng.normal(0, 1, 3)}
    other_after = net.sgd(other_params, other_grads, 2.0)
    out = named(NAMES, after)
    out |= named("another", other_after["one"])
    return out | same_after(net)


@check(
    points=3,
    needs=(
        loss_of_logits,
        states_and_logits,
        output_gradients,
        one_step_back,
        backward_through_time,
        clipping,
        gradient_descent,
    ),
    words={"same_after": KEPT},
)
def seven_steps(net: Any, seed: int) -> Arrays:
    """`train` on seven batches: how far each weight moved, and the losses"""
    rng = np.random.default_rng(seed)
    net = Watched(net)
    out: Arrays = {}
    params = weights(rng, V, H - 2)
    batches = []
    for turn in range(7):
        x, targets, _ = batch(rng)
        if turn == 2:  # of two texts
            x = x[:, :2]
            targets = targets[:, :2]
        if turn == 4:  # of one step
            x = x[:1]
            targets = targets[:1]
        batches.append((x, targets))
    for word, bound in (("clipped", 1.0), ("free", 1e3)):
        # a copy: what one call changes in place, the next one does not see
        start = {name: params[name].copy() for name in params}
        result = net.train(start, iter(batches), 0.3, bound)
        after, losses = pair(result, "the trained parameters and the losses")
        for name in NAMES.split():
            out[f"{name}_{word}"] = np.asarray(after[name]) - params[name]
        out |= named(f"losses_{word}", losses)
    return out | same_after(net)


def encode(text: str) -> np.ndarray:
    """Turn a text into ids, the same for every text: places in ASCII, 127 for all others."""
    in_bytes = text.encode("latin-1", "replace")
    codes = np.frombuffer(in_bytes, np.uint8)
    places = np.minimum(codes, 127)
    return places.astype(np.int64)


def cut(
    ids: np.ndarray, rng: np.random.Generator, count: int
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield batches of 16 windows of 8 steps, cut anywhere: inputs and targets."""
    steps = np.arange(9).reshape(9, 1)
    for _ in range(count):
        starts = rng.integers(0, len(ids) - 8, 16)
        windows = ids[starts + steps]  # (9, 16)
        inputs = windows[:-1]
        targets = windows[1:]
        yield inputs, targets


def held_out_loss(ours: Any, trained: Arrays, text: str) -> float:
    """Measure the mean loss over each eighth held-out window of 8 steps, in nats per character."""
    ids = encode(text)
    count = len(ids) // 9
    windows = ids[: count * 9].reshape(count, 9)
    some_windows = windows[::8].T  # (9, number of windows)
    inputs = some_windows[:-1]
    targets = some_windows[1:]
    hidden_units = len(trained["Wh"])
    h0 = np.zeros((inputs.shape[1], hidden_units))
    logits, _ = ours.forward(trained, inputs, h0)
    loss, _ = ours.cross_entropy(logits, targets)
    return float(loss) / 8


@check(
    points=4,
    needs=seven_steps,
    measure=held_out_loss,
    within=0.002,
    seconds=60,
    kept=(
        "`seven_steps` finds what one step does wrong; this finds sizes that are written into the "
        "code and state that is kept between calls, and it proves that all parts work together"
    ),
)
def training(net: Any, seed: int, text: str) -> Arrays:
    """`train` on the corpus: the loss of the trained weights on held-out text"""
    # In float32, the style that drifts most, a rounding error at relu's kink grew to 0.027 nats:
    # less from half the identity, with few units, in short steps and few.
    rng = np.random.default_rng(seed)
    H = 32
    drawn = weights(rng, 128, H)
    params = {
        "Wx": drawn["Wx"] / 3,
        "Wh": np.eye(H) / 2,
        "bh": np.zeros(H),
        "Wy": drawn["Wy"] / 3,
        "by": np.zeros(128),
    }
    all_losses: list[float] = []
    for count, lr in ((140, 0.1), (40, 0.03)):
        batches = cut(encode(text), rng, count)
        params, losses = net.train(params, batches, lr, 1.0)
        all_losses.extend(losses)
    number_of_losses_only = np.zeros(len(all_losses))
    return named(NAMES, params) | named("losses", number_of_losses_only)


@check(
    points=3,
    needs=states_and_logits,
    tolerance={"shares": 0.46, "shares_sharp": 0.46, "shares_cold": 0.46},
    words={
        "same_after": KEPT,
        "integers": "the ids should be integers: floats cannot be looked up.",
        "same_rng_same_text": ("two equal generators gave different texts. Draw only with `rng`."),
        "other_rng_other_text": ("two different generators gave the same text. Draw with `rng`."),
    },
)
def sampling(net: Any, seed: int) -> Arrays:
    """`sample` reads the start, then draws and reads its own characters"""
    rng = np.random.default_rng(seed)
    net = Watched(net)
    # Where one logit is far above all others the ids are exact, whatever the draws. Seven networks
    # that remember: with six that forget sooner, code that reads only the last id of `start`
    # passed on 8 seeds of 100.
    texts = []
    for length in (1, 3, 3, 3, 3, 3, 3):
        params = weights(rng)
        start = [int(i) for i in rng.integers(0, V, length)]
        params["Wx"] = 2 * params["Wx"]
        params["Wh"] = 1.2 * params["Wh"]
        params["Wy"] = 1e6 * params["Wy"]
        params["by"] = 1e6 * params["by"]
        texts.append(net.sample(params, start, 5, 0.5, np.random.default_rng(seed)))
    sure = np.asarray(texts)
    are_integers = sure.dtype.kind in "iu" or not sure.size  # an empty list has no kind
    out = named("ids integers", sure, are_integers)
    # With no weights but `by`, draws are independent: of 24 the largest share is 0.09, and would be
    # 1 without a temperature; where it should be 1, it is 0.82 without one, and 0.18 where it
    # multiplies. Of two right programs one share differs by over 0.46 once in 4 million times, from
    # a wrong one by less once in 36 million.
    # Two networks where the share is 1, so that ids of another seed fit once in 169 times.
    for word, temperature, odds, networks in (
        ("", 100.0, 1.2, 1),
        ("_sharp", 0.25, np.exp(16), 2),
        ("_cold", 0.5, 1.2, 1),
    ):
        shares: list[float] = []
        for _ in range(networks):
            flat = {name: np.zeros_like(array) for name, array in weights(rng, V, 2).items()}
            preferred = rng.integers(V)
            flat["by"][preferred] = temperature * np.log(odds)
            drawn = []
            for generator_seed in (seed, seed, seed + 1):
                generator = np.random.default_rng(generator_seed)
                drawn.append(net.sample(flat, [0], 24, temperature, generator))
            ids, again, other = (np.asarray(text).astype(int).ravel() for text in drawn)
            shares.extend(np.bincount(ids, minlength=V)[:V] / 24)
        scale_of_tolerance = 1.0
        out |= named(f"shares{word}", [*shares, scale_of_tolerance])
    same_text = np.array_equal(ids, again)
    other_text = not np.array_equal(ids, other) or not ids.size
    out |= named("same_rng_same_text other_rng_other_text", same_text, other_text)
    return out | same_after(net)
