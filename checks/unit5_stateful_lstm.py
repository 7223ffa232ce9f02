"""Experiments of unit 5: the cell, batches and state, the network in both modes, two epochs
exactly, then a run.
"""

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
    """The gradients in all leaves in one row, of results weighted at random; zeros where autograd
    cannot walk back.
    """
    parts = [
        (part * floats(seed + i, *part.shape)).sum()
        for i, part in enumerate(results)
        if part.requires_grad
    ]
    try:
        found = (
            torch.autograd.grad(sum(parts), leaves, allow_unused=True)
            if parts
            else [None] * len(leaves)
        )
    except RuntimeError:  # something was changed in place that autograd needs
        found = [None] * len(leaves)
    filled = [
        torch.zeros_like(leaf) if part is None else part
        for leaf, part in zip(leaves, found, strict=True)
    ]
    return torch.cat([part.flatten() for part in filled])


@check(
    points=4,
    words={
        "same_after": KEPT,
        "gradients": "autograd cannot walk back through the step as it should.",
    },
)
def one_step_of_an_lstm(net: Any, seed: int) -> Arrays:
    """`lstm_step` is one step of an LSTM, written by hand"""
    net, out = Watched(net), Arrays()
    for word, (b, e, h) in (("", (B, E, H)), ("_of_another_size", (1, 2, 4))):
        x, states = floats(seed, b, e), floats(seed, 2, b, h).unbind()
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
    net, W, start = Watched(net), floats(seed, H, H).double(), floats(seed, B, H).double()
    norms = [
        net.gradient_norms(lambda h, W=W: torch.tanh(h @ W), start, n)
        for W, n in ((0.7 * W, T), (1.6 * W, 3))
    ]
    return named("small_weights large_weights", *norms) | same_after(net)


@check(
    points=4,
    words={
        "integers": "ids should stay integers of 64 bits, which both a table and a loss take.",
        "same_after": KEPT,
    },
)
def batches_that_continue(net: Any, seed: int) -> Arrays:
    """`continuing_batches`: column i of each batch goes on where column i of the last stopped"""
    net, out, integers = Watched(net), Arrays(), True
    stream = torch.from_numpy(np.random.default_rng(seed).permutation(3 * 22))
    torch.manual_seed(seed)
    for word, length, b, t in (("", 65, B, T), ("_even", 60, B, T), ("_of_another_size", 65, 2, 4)):
        pairs = list(net.continuing_batches(stream[:length].clone(), b, t))
        joined = torch.cat([x for x, _ in pairs]), torch.cat([y for _, y in pairs])
        # of 61 the last is a target alone
        pairs += net.continuing_batches(stream[: length + 1].clone(), b, t)
        out |= named(f"x{word} y{word} steps{word}", *joined, [len(x) for x, _ in pairs])
        integers &= all(part.dtype == torch.int64 for pair in pairs for part in pair)
    return out | named("integers", integers) | same_after(net)


@check(points=2, costs=("h", "c"))
def cut_from_the_past(net: Any, seed: int) -> Arrays:
    """`detached` gives the same state without its past"""
    past = floats(seed, 2, B, H).requires_grad_()
    new = net.detached((2 * past, past - 1))  # of tensors that may be cut in place
    # each state times what it is: where the past is not cut off, that comes twice
    back = [
        torch.autograd.grad((now * was).sum(), past)[0]
        for now, was in zip(new, (2 * past, past - 1), strict=True)
    ]
    out = named("h c", new) | named("gradient_of_h gradient_of_c", *back)
    return out | named("has_a_past", [s.requires_grad for s in new])


@check(
    points=6,
    words={"same_after": KEPT, "state_in_the_graph": CUT, "norm_and_lstm_are_called": CALLED},
)
def network(net: Any, seed: int) -> Arrays:
    """`CharLSTM` evaluating and training: logits, state, statistics, gradients, parameter count"""
    model, watched = load(net.CharLSTM(V, E, H, 0.0), roles(), seed).eval(), Watched(net)
    called = set[str]()
    hooks = [
        part.register_forward_hook(lambda *_, name=name: called.add(name))
        for name, part in model.named_children()
        if name in ("norm", "lstm")
    ]
    call, x, more = watched.hand_to(model), ids(seed, T, B), ids(seed + 1, 2, B)
    with torch.no_grad():
        evaluated, state = call(x)
        out = (
            named("logits", evaluated)
            | named("h c", state)
            | named("logits_after", call(more, state)[0])
        )
        out |= named("logits_of_one_text", call(ids(seed, 4, 1))[0])
    for hook in hooks:
        hook.remove()
    given = [part.requires_grad_() for part in floats(seed, 2, 2, B, H).unbind()]
    out |= named(
        "gradient_in_the_state", backward([call(more, (given[0], given[1]))[0]], given, seed)
    )
    logits, state = watched.hand_to(model.train(True))(x)
    (logits * floats(seed, T, B, V)).sum().backward()
    statistics = [array for name, array in take(model, roles()).items() if "running" in name]
    out |= named("logits_training statistics", logits, np.array(statistics)) | named(
        "parameters", size(model)
    )
    out |= named("state_in_the_graph", [part.requires_grad for part in state]) | same_after(watched)
    out |= named("norm_and_lstm_are_called", called == {"norm", "lstm"})
    return out | {f"gradient_{role}": row for role, row in gradients(model, roles()).items()}


@torch.no_grad()
def summing(model: nn.Module) -> nn.Module:
    """The same model, whose logits are 1 without dropout: open gates, and each layer the mean of
    the one below.
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
    (logits, (h, _)), (logits_evaluated, _) = model(ids(seed, T, B)), model.eval()(ids(seed, T, B))
    half = summing(net.CharLSTM(V, E, H, 0.5).train())(ids(seed, 40, 20))[0][..., 0].detach()
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
        losses = [
            listed(net.train_epoch(model.eval(), iter(batches), optimizer, bound)) for _ in range(2)
        ]
        far = moved(before, take(model, roles()))
        out |= {f"{role}_{word}": far[f"{role}.weight"] for role in ("embedding", "output")}
        out |= named(f"lstm_{word} losses_{word}", far["lstm.weight_hh_l0"], losses)
    return out


@torch.no_grad()
def held_out_loss(ours: Any, arrays: Arrays, text: str) -> float:
    """The loss of trained weights on held-out text, read in 64 streams from beginning to end, in
    nats a character.
    """
    model = put(ours.CharLSTM(*OF_CORPUS, 0.0), roles(*OF_CORPUS), arrays).eval()
    stream = characters(text)[: len(text) // 64 * 64].view(64, -1).T
    return float(
        nn.functional.cross_entropy(model(stream[:-1])[0].flatten(0, 1), stream[1:].flatten())
    )


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
    model, steps = load(net.CharLSTM(*OF_CORPUS, 0.0), roles(*OF_CORPUS), seed), 240
    batches = net.continuing_batches(characters(text)[: steps * 8 * 32 + 1], 32, 8)
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
    net, model, sure, modes, same = Watched(net), Wanderer(seed, side=8e4), [], [], [True, True]
    for i, trains in enumerate((True, False, True, False)):
        random = torch.Generator().manual_seed(seed)
        before = condition(model.train(trains))
        sure.append(net.generate(model, ids(seed + i, 3 + i).tolist(), 8, 0.5, random))
        after = condition(model)
        same = [
            same[0] and after.but_for_modes == before.but_for_modes,
            same[1] and after.modes == before.modes,
        ]
        modes.append(model.training)
    out = named("ids trains_after same_after mode_of_each_layer_after", sure, modes, *same)
    out |= named(
        "gradients_on_after start_same_after", torch.is_grad_enabled(), *same_after(net).values()
    )
    texts = [
        net.generate(Flat(), [0], 40, 1.0, torch.Generator().manual_seed(i))
        for i in (seed, seed, seed + 1)
    ]
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
    net, model = Watched(net), Reader(seed, lstm=3.0, output=9.0)
    before = condition(model)
    nats, of_two = net.surprise(model, ids(seed, 3 * T)), net.surprise(model, ids(seed, 2))
    page = net.surprise(model, ids(seed, 1100))  # longer than Python's stack is deep
    same = condition(model).but_for_modes == before.but_for_modes
    out = named(
        "nats nats_of_two page_by_sevens", nats, of_two, torch.as_tensor(page).view(157, 7).sum(1)
    )
    out |= named("in_a_graph model_same_after", getattr(nats, "requires_grad", False), same)
    return out | named("gradients_on_after", torch.is_grad_enabled()) | same_after(net)


@check(points=3, words={"same_after": KEPT})
def area_under_the_curve(net: Any, seed: int) -> Arrays:
    """`roc_auc` is the share of pairs in the right order, ties counting half"""
    rng, net = np.random.default_rng(seed), Watched(net)
    areas = []
    for i in range(3):  # of one area alone another seed's is the same once in a hundred
        labels = torch.from_numpy(rng.permutation(41) < 13)
        scores = torch.from_numpy(rng.integers(0, 6, 41)).float() + 2 * labels
        apart = scores + floats(seed + i, 41)
        many = torch.from_numpy(rng.permutation(150) < 40)
        mixed = floats(seed + i, 150) * 1e-4 + 5e-6 * many
        three = (scores, labels), (apart, labels), (mixed, many)
        areas.append([float(net.roc_auc(*pair)) for pair in three])
    return named("with_ties without of_many_small_scores", *np.transpose(areas)) | same_after(net)
