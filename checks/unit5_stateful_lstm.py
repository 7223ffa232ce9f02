"""Experiments of unit 5: the cell, batches and state, the network, two epochs, then a run."""

from contextlib import suppress
from typing import Any

import numpy as np
import torch
from torch import nn

from autograder.check import Arrays, UnitSettings, Watched, check, named, same_after
from autograder.torch.networks import condition, floats, gradients, load, moved, put, size, take
from autograder.torch.operators import by_hand
from autograder.torch.sgd import Descent

from .stateful import SIZES, B, E, Flat, H, Reader, T, V, Wanderer, ids, roles
from .training import adam, characters, counted, in_order, listed

UNIT = UnitSettings(packages=("torch", "numpy"), sizes=SIZES)
OF_CORPUS = (128, 24, 48)


NEARLY_ALL = 1 - 2**-24  # what is kept of it on one seed in 50,000, while 1 − p is not 0
KEPT = "what was handed in is not what it was: leave arguments as they are, and make new tensors."
LEFT = "the model's numbers, its gradients, or what of it is to be trained are not what they were."
CALLED = (
    "call `self.norm(…)` and `self.lstm(…)` as they are: section 7 puts other layers in their "
    "places."
)
CUT = "the state was cut off inside the model. Whether to cut it, whoever calls decides."
GRADIENTS = "gradients stay off for all that follows: `with torch.no_grad():` ends with its block."


def backward(results: Any, leaves: list[torch.Tensor], seed: int) -> torch.Tensor:
    """Return the gradients in all leaves in one row, of results weighted at random.

    They are zeros where autograd cannot walk back.
    """
    parts = []
    for i, result in enumerate(results):
        if result.requires_grad:
            weighted = result * floats(seed + i, *result.shape)
            parts.append(weighted.sum())
    found: Any = [None] * len(leaves)
    if parts:
        with suppress(RuntimeError):  # something was changed in place that autograd needs
            found = torch.autograd.grad(sum(parts), leaves, allow_unused=True)
    row = []
    for leaf, part in zip(leaves, found, strict=True):
        gradient = torch.zeros_like(leaf) if part is None else part
        row.append(gradient.flatten())
    return torch.cat(row)


@check(
    points=4,
    words={
        "same_after": KEPT,
        "gradients": "autograd cannot walk back through the step as it should.",
    },
)
def one_step_of_an_lstm(net: Any, seed: int) -> Arrays:
    """`lstm_step` is one step of an LSTM, written by hand"""
    net = Watched(net)
    out: Arrays = {}
    for word, (b, e, h) in (("", (B, E, H)), ("_of_another_size", (1, 2, 4))):
        x = floats(seed, b, e)
        states = floats(seed, 2, b, h).unbind()
        shapes = ((4 * h, e), (4 * h, h), (4 * h,), (4 * h, 1))
        weights = [3 * floats(seed, *shape).squeeze(-1) for shape in shapes]
        given = [part.clone().requires_grad_() for part in (x, *states, *weights)]
        with by_hand():
            both = in_order("lstm_step", net.lstm_step(*given))
        out |= named(f"h{word} c{word}", both)
    return out | named("gradients", backward(both, given, seed)) | same_after(net)


@check(points=3, words={"same_after": KEPT})
def norms_through_time(net: Any, seed: int) -> Arrays:
    """`gradient_norms` says how large the gradient is in the state after each step"""
    net = Watched(net)
    weights, start = floats(seed, H, H).double(), floats(seed, B, H).double()
    small, large = 0.7 * weights, 1.6 * weights
    of_small = net.gradient_norms(lambda h: torch.tanh(h @ small), start, T)
    of_large = net.gradient_norms(lambda h: torch.tanh(h @ large), start, 3)
    return named("small_weights large_weights", of_small, of_large) | same_after(net)


@check(
    points=4,
    words={
        "integers": "ids should stay integers of 64 bits, which both a table and a loss take.",
        "same_after": KEPT,
    },
)
def batches_that_continue(net: Any, seed: int) -> Arrays:
    """`continuing_batches`: column i of each batch goes on where column i of the last stopped"""
    net = Watched(net)
    out: Arrays = {}
    integers = True
    stream = torch.from_numpy(np.random.default_rng(seed).permutation(3 * 22))
    torch.manual_seed(seed)
    for word, length, b, t in (("", 65, B, T), ("_even", 60, B, T), ("_of_another_size", 65, 2, 4)):
        pairs = list(net.continuing_batches(stream[:length].clone(), b, t))
        x = torch.cat([x for x, _ in pairs])
        y = torch.cat([y for _, y in pairs])
        # of 61 the last is only a target
        pairs += net.continuing_batches(stream[: length + 1].clone(), b, t)
        steps = [len(x) for x, _ in pairs]
        out |= named(f"x{word} y{word} steps{word}", x, y, steps)
        integers &= all(part.dtype == torch.int64 for pair in pairs for part in pair)
    return out | named("integers", integers) | same_after(net)


@check(points=2, costs=("h", "c"))
def cut_from_the_past(net: Any, seed: int) -> Arrays:
    """`detached` gives the same state without its past"""
    past = floats(seed, 2, B, H).requires_grad_()
    new = net.detached((2 * past, past - 1))  # of tensors that may be cut in place
    # each state times what it is: where the past is not cut off, that comes twice
    back: list[torch.Tensor] = []
    for now, was in zip(new, (2 * past, past - 1), strict=True):
        back += torch.autograd.grad((now * was).sum(), past)
    out = named("h c", new) | named("gradient_of_h gradient_of_c", *back)
    return out | named("has_a_past", [s.requires_grad for s in new])


@check(
    points=6,
    words={"same_after": KEPT, "state_in_the_graph": CUT, "norm_and_lstm_are_called": CALLED},
)
def network(net: Any, seed: int) -> Arrays:
    """`CharLSTM` evaluating and training: logits, state, statistics, gradients, parameter count"""
    model = load(net.CharLSTM(V, E, H, 0.0), roles(), seed).eval()
    watched = Watched(net)
    called: set[str] = set()
    hooks = []
    for name, part in model.named_children():
        if name in ("norm", "lstm"):
            note = part.register_forward_hook(lambda *_, name=name: called.add(name))
            hooks.append(note)
    call = watched.hand_to(model)
    x, more = ids(seed, T, B), ids(seed + 1, 2, B)
    with torch.no_grad():
        evaluated, state = call(x)
        out = named("logits", evaluated) | named("h c", state)
        out |= named("logits_after", call(more, state)[0])
        out |= named("logits_of_one_text", call(ids(seed, 4, 1))[0])
    for hook in hooks:
        hook.remove()
    h, c = (part.requires_grad_() for part in floats(seed, 2, 2, B, H).unbind())
    logits, _ = call(more, (h, c))
    out |= named("gradient_in_the_state", backward([logits], [h, c], seed))
    logits, state = watched.hand_to(model.train(True))(x)
    weighted = logits * floats(seed, T, B, V)
    weighted.sum().backward()
    statistics = [array for name, array in take(model, roles()).items() if "running" in name]
    out |= named("logits_training statistics", logits, np.array(statistics))
    out |= named("parameters", size(model))
    out |= named("state_in_the_graph", [part.requires_grad for part in state]) | same_after(watched)
    out |= named("norm_and_lstm_are_called", called == {"norm", "lstm"})
    return out | {f"gradient_{role}": row for role, row in gradients(model, roles()).items()}


@torch.no_grad()
def summing(model: nn.Module) -> nn.Module:
    """Give a model weights with which its logits are 1 without dropout, and return it.

    All gates are open, and each layer is the mean of the one below.
    """
    for name, array in model.get_submodule("lstm").named_parameters():
        array.zero_()
        gates = array.view(4, H, -1)
        if name == "bias_ih_l0":
            # h is tanh(1), whatever was read
            gates[:] = torch.tensor([50.0, -50.0, 50.0, 50.0])[:, None, None]
        elif name == "bias_ih_l1":
            gates[:] = torch.tensor([50.0, -50.0, 0.0, 50.0])[:, None, None]
        elif name == "weight_ih_l1":
            gates[2] = 1e-3  # so little that tanh changes nothing
    output = model.get_submodule("output")
    output.get_parameter("weight").fill_(1 / (1e-3 * H * H * np.tanh(1.0)))
    output.get_parameter("bias").zero_()
    return model


RATE = "in training another share is dropped than `dropout` says, or in other places."


@check(
    points=3,
    needs=network,
    words={"mean_of_half": RATE, "spread_of_half": RATE},
    tolerance={
        "mean_of_half": 0.16,
        "spread_of_half": 0.25,
    },  # 7 standard deviations of the difference of two
)
def dropping_out(net: Any, seed: int) -> Arrays:
    """`CharLSTM` drops out between its layers and before its output, while it trains"""
    model = load(net.CharLSTM(V, E, H, NEARLY_ALL), roles(), seed)
    x = ids(seed, T, B)
    logits, (h, _) = model(x.clone())
    logits_evaluated, _ = model.eval()(x.clone())
    dropping_half = summing(net.CharLSTM(V, E, H, 0.5).train())
    of_ones, _ = dropping_half(ids(seed, 40, 20))
    half = of_ones[..., 0].detach()
    out = named("mean_of_half spread_of_half", half.mean(), half.std())
    return out | named("logits h logits_evaluated", logits, h, logits_evaluated)


@check(points=6, needs=cut_from_the_past)
def two_epochs(net: Any, seed: int) -> Arrays:
    """`train_epoch` twice: how far weights move, and losses; once with a bound that acts"""
    out: Arrays = {}
    for word, bound, lengths in (("clipped", 0.1, (T, T, T, 2, T)), ("free", 100.0, (T, T))):
        model = Reader(seed, output=8.0).eval()
        before = take(model, roles())
        batches = [(ids(seed + i, n, B), ids(seed + 9 + i, n, B)) for i, n in enumerate(lengths)]
        optimizer = Descent(model.parameters(), 0.3, momentum=0.5)
        losses = []
        for _ in range(2):
            epoch = net.train_epoch(model.eval(), iter(batches), optimizer, bound)
            losses.append(listed(epoch))
        distances = moved(before, take(model, roles()))
        for role in ("embedding", "output"):
            out[f"{role}_{word}"] = distances[f"{role}.weight"]
        out |= named(f"lstm_{word} losses_{word}", distances["lstm.weight_hh_l0"], losses)
    return out


@torch.no_grad()
def held_out_loss(ours: Any, arrays: Arrays, text: str) -> float:
    """Measure trained weights on held-out text, in nats a character.

    It is read in 64 streams from beginning to end.
    """
    model = put(ours.CharLSTM(*OF_CORPUS, 0.0), roles(*OF_CORPUS), arrays).eval()
    length = len(text) // 64
    streams = characters(text)[: 64 * length].view(64, length).T
    inputs, targets = streams[:-1], streams[1:]
    logits, _ = model(inputs)
    return float(nn.functional.cross_entropy(logits.flatten(0, 1), targets.flatten()))


needed = (batches_that_continue, network, dropping_out, two_epochs)


@check(
    points=4,
    needs=needed,
    measure=held_out_loss,
    within=0.0005,
    seconds=60,
    kept=(
        "`two_epochs` sees four steps of a model of ours; this trains the submission's own on "
        "its own batches, and it is the proof that all parts work together"
    ),
)
def training(net: Any, seed: int, text: str) -> Arrays:
    """`CharLSTM` and `train_epoch` on the corpus: the loss on held-out text"""
    # Without dropout: which holes are drawn is a matter of style, and moves the loss as much as a
    # mistake does. The bound of 0.25 is one that acts.
    model = load(net.CharLSTM(*OF_CORPUS, 0.0), roles(*OF_CORPUS), seed)
    steps = 240
    stream = characters(text)[: steps * 8 * 32 + 1]
    batches = net.continuing_batches(stream, 32, 8)
    losses = net.train_epoch(model, batches, adam(model, 1.2e-2, steps), 0.25)
    return take(model, roles(*OF_CORPUS)) | counted(losses)


# Array, temperature, and what multiplies the logits; the last share is 1, is 0.93 without a
# temperature, and is 0.45 where the temperature multiplies.
SHARES = (
    ("shares", 1.0, 1.0),
    ("shares_hot", 3.0, 1.0),
    ("shares_cold", 0.5, 0.5),
    ("shares_sharp", 0.25, 2.0),
)


@check(
    points=4,
    tolerance={"shares": 0.31, "shares_hot": 0.6, "shares_cold": 0.31, "shares_sharp": 0.31},
    words={
        "start_same_after": (
            "the list `start` is not what it was. Keep the new ids in a list of your own."
        ),
        "same_after": LEFT,
        "mode_of_each_layer_after": (
            "a layer is in another mode than before: `model.train(mode)` sets all of them."
        ),
        "gradients_on_after": GRADIENTS,
        "other_seed_other_text": (
            "another generator gave the same text: draw with the one that is handed in."
        ),
        "without_a_generator": "without a generator, three ids were asked for: None is allowed.",
    },
)
def generating(net: Any, seed: int) -> Arrays:
    """`generate` reads the start, then what it draws itself, and leaves the model as it was"""
    # Where one logit is far above all others the ids are exact, whatever the draws. Of 200
    # independent draws a share deviates by 0.034: 0.22 is 4.6 of two.
    net = Watched(net)
    model = Wanderer(seed, side=8e4)
    sure, modes = [], []
    same = same_modes = True
    for i, trains in enumerate((True, False, True, False)):
        random = torch.Generator().manual_seed(seed)
        before = condition(model.train(trains))
        start = ids(seed + i, 3 + i).tolist()
        sure.append(net.generate(model, start, 8, 0.5, random))
        after = condition(model)
        same &= after.but_for_modes == before.but_for_modes
        same_modes &= after.modes == before.modes
        modes.append(model.training)
    names = "ids trains_after same_after mode_of_each_layer_after"
    out = named(names, sure, modes, same, same_modes)
    (start_same,) = same_after(net).values()
    out |= named("gradients_on_after start_same_after", torch.is_grad_enabled(), start_same)
    texts = []
    for i in (seed, seed, seed + 1):
        texts.append(net.generate(Flat(), [0], 40, 1.0, torch.Generator().manual_seed(i)))
    one, again, other = (np.asarray(text).astype(int).tolist() for text in texts)
    out |= named("same_seed_same_text other_seed_other_text", one == again, one != other)
    free = np.asarray(net.generate(Flat(), [0], 3, 1.0))
    out |= named("without_a_generator", free.shape == (3,) and free.dtype.kind == "i")
    for word, temperature, scale in SHARES:
        drawn = np.asarray(net.generate(Flat(scale), [0], 200, temperature, random))
        out |= named(word, np.bincount(drawn.astype(int).ravel(), minlength=5)[:5] / 200)
    return out


@check(
    points=3,
    words={
        "same_after": KEPT,
        "model_same_after": LEFT,
        "in_a_graph": "the result holds on to its graph: compute it under `torch.no_grad()`.",
        "gradients_on_after": GRADIENTS,
    },
)
def surprised(net: Any, seed: int) -> Arrays:
    """`surprise` is what each character costs, given all before it"""
    net = Watched(net)
    model = Reader(seed, lstm=3.0, output=9.0)
    before = condition(model)
    nats = net.surprise(model, ids(seed, 3 * T))
    of_two = net.surprise(model, ids(seed, 2))
    page = net.surprise(model, ids(seed, 1100))  # longer than Python's stack is deep
    same = condition(model).but_for_modes == before.but_for_modes
    by_sevens = torch.as_tensor(page).view(157, 7).sum(1)
    out = named("nats nats_of_two page_by_sevens", nats, of_two, by_sevens)
    out |= named("in_a_graph model_same_after", getattr(nats, "requires_grad", False), same)
    return out | named("gradients_on_after", torch.is_grad_enabled()) | same_after(net)


@check(points=3, words={"same_after": KEPT})
def area_under_the_curve(net: Any, seed: int) -> Arrays:
    """`roc_auc` is the share of pairs in the right order, ties counting half"""
    rng = np.random.default_rng(seed)
    net = Watched(net)
    areas = []
    for i in range(3):  # of a single area another seed's is the same once in a hundred
        labels = torch.from_numpy(rng.permutation(41) < 13)
        scores = torch.from_numpy(rng.integers(0, 6, 41)).float() + 2 * labels
        apart = scores + floats(seed + i, 41)
        many = torch.from_numpy(rng.permutation(150) < 40)
        mixed = floats(seed + i, 150) * 1e-4 + 5e-6 * many
        with_ties = float(net.roc_auc(scores, labels))
        without = float(net.roc_auc(apart, labels))
        of_many = float(net.roc_auc(mixed, many))
        areas.append([with_ties, without, of_many])
    out = named("with_ties without of_many_small_scores", *np.transpose(areas))
    return out | same_after(net)
