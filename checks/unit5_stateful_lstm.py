"""Experiments of unit 5: the cell, batches and state, the network, two epochs, then a run."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import numpy as np
import torch
from torch import nn

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
from autograder.torch.networks import condition, floats, gradients, load, moved, put, size, take
from autograder.torch.operators import by_hand
from autograder.torch.sgd import Descent

from .copying import KINDS, is_fast_enough, nothing_in_common
from .stateful import SIZES, B, E, Flat, H, Reader, T, V, Wanderer, ids, roles
from .training import adam, characters, counted, figures, in_order, in_random_order

UNIT = UnitSettings(packages=("torch", "numpy"), sizes=SIZES)
OF_CORPUS = (128, 24, 40)


NEARLY_ALL = 1 - 2**-24  # what is kept of it on one seed in 50,000, while 1 − p is not 0
KEPT = "an argument was modified. Leave arguments as they are, and make new tensors."
LEFT = (
    "the model was modified: its numbers, its gradients, or its `requires_grad`. Leave it as it is."
)
CALLED = (
    "call `self.norm(…)` and `self.lstm(…)` as they are: section 12 puts other layers in their "
    "places."
)
CUT = "the state was cut off inside the model. Whether to cut it, the caller decides."
PIECES = (
    "`pieces` has a row for each piece: the check's threshold, and then your pair, its first place "
    "and the place after its last. Of several places where the total is as high, the first counts."
)
GRADIENTS = "gradients stay off for all that follows: `with torch.no_grad():` ends with its block."


def backward(results: Any, leaves: list[torch.Tensor], seed: int) -> torch.Tensor:
    """Return in one row the gradients of results, weighted at random, with respect to all leaves.

    They are zeros where autograd cannot walk back.
    """
    sums = []
    for i, result in enumerate(results):
        if result.requires_grad:
            weighted = result * floats(seed + i, *result.shape)
            sums.append(weighted.sum())
    found: Any = [None] * len(leaves)
    if sums:
        with suppress(RuntimeError):  # something was changed in place that autograd needs
            found = torch.autograd.grad(sum(sums), leaves, allow_unused=True)
    row = []
    for leaf, gradient in zip(leaves, found, strict=True):
        if gradient is None:
            gradient = torch.zeros_like(leaf)
        row.append(gradient.flatten())
    return torch.cat(row)


@check(
    points=4,
    words={
        "same_after": KEPT,
        "gradients": (
            "if `h` and `c` are wrong, correct them first. If they are right, something cuts the "
            "graph, such as `detach`, `.data` or a change in place."
        ),
    },
)
def one_step_of_an_lstm(net: Any, seed: int) -> Arrays:
    """`lstm_step` is one step of an LSTM, written by hand"""
    net = Watched(net)
    out: Arrays = {}
    for word, (b, e, h) in (("", (B, E, H)), ("_of_another_size", (1, 2, 4))):
        x = floats(seed, b, e)
        states = floats(seed, 2, b, h).unbind()
        input_weights = 3 * floats(seed, 4 * h, e)
        hidden_weights = 3 * floats(seed, 4 * h, h)
        input_bias = 3 * floats(seed, 4 * h)
        hidden_bias = 3 * floats(seed, 4 * h, 1).squeeze(-1)
        weights = [input_weights, hidden_weights, input_bias, hidden_bias]
        leaves = [part.clone().requires_grad_() for part in (x, *states, *weights)]
        with by_hand():
            after = net.lstm_step(*leaves)
            both = in_order("lstm_step", after)
        out |= named(f"h{word} c{word}", both)
    gradients_of_last = backward(both, leaves, seed)
    out |= named("gradients", gradients_of_last)
    return out | same_after(net)


@check(points=3, words={"same_after": KEPT})
def norms_through_time(net: Any, seed: int) -> Arrays:
    """`gradient_norms` returns the norm of the gradient with respect to each state"""
    net = Watched(net)
    weights = floats(seed, H, H).double()
    start = floats(seed, B, H).double()
    small = 0.7 * weights
    large = 1.6 * weights
    of_small = net.gradient_norms(lambda h: torch.tanh(h @ small), start, T)
    of_large = net.gradient_norms(lambda h: torch.tanh(h @ large), start, 3)
    out = named("small_weights large_weights", of_small, of_large)
    return out | same_after(net)


@check(
    points=1,
    question=choice(
        "plain × 1.60", "plain × 1.41", "plain × 1.00", "LSTM open", "LSTM half open", predict=True
    ),
)
def predicted_network(net: Any, seed: int) -> str:
    """`gradient_that_stays` predicts which network keeps its gradient"""
    return net.gradient_that_stays()


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
    stream = in_random_order(np.random.default_rng(seed), 3 * 22)
    torch.manual_seed(seed)
    for word, length, b, t in (
        ("", 65, B, T),
        ("_even", 60, B, T),
        ("_of_another_size", 65, 2, 3),
    ):
        pairs = list(net.continuing_batches(stream[:length].clone(), b, t))
        x = torch.cat([inputs for inputs, _ in pairs])
        y = torch.cat([targets for _, targets in pairs])
        # of 61 the last is only a target
        one_longer = stream[: length + 1].clone()
        pairs.extend(net.continuing_batches(one_longer, b, t))
        steps = [len(inputs) for inputs, _ in pairs]
        out |= named(f"x{word} y{word} steps{word}", x, y, steps)
        for pair in pairs:
            integers &= all(part.dtype == torch.int64 for part in pair)
    out |= named("integers", integers)
    return out | same_after(net)


@check(points=4, words={"same_after": KEPT, "norm_and_lstm_are_called": CALLED})
def network(net: Any, seed: int) -> Arrays:
    """`CharLSTM` evaluating and training: logits, state, statistics, gradients, parameter count"""
    model = load(net.CharLSTM(V, E, H, 0.0), roles(), seed).eval()
    watched = Watched(net)
    call = watched.hand_to(model)
    x = ids(seed, T, B)
    with torch.no_grad(), noted_calls(model, "norm", "lstm") as called:
        logits, state = call(x)
        out = named("logits", logits)
        out |= named("h c", state)
        logits_of_one_text, _ = call(ids(seed, 4, 1))
        out |= named("logits_of_one_text", logits_of_one_text)
    model.train(True)
    logits, state = call(x)
    weighted = logits * floats(seed, *logits.shape)  # feedback on a wrong shape is in `logits`
    weighted.sum().backward()
    statistics = []
    for name, array in take(model, roles()).items():
        if "running" in name:
            statistics.append(array)
    out |= named("logits_training statistics", logits, np.array(statistics))
    out |= named("parameters", size(model))
    out |= same_after(watched)
    out |= named("norm_and_lstm_are_called", called == {"norm", "lstm"})
    for role, row in gradients(model, roles()).items():
        out[f"gradient_{role}"] = row
    return out


@check(
    points=2,
    needs=network,
    words={"same_after": KEPT, "state_in_the_graph": CUT},
    kept=(
        "it tells a state that is ignored from one that is detached, where later checks show only "
        "another loss"
    ),
)
def state_in_and_out(net: Any, seed: int) -> Arrays:
    """`CharLSTM` goes on from the given state, and does not detach it"""
    model = load(net.CharLSTM(V, E, H, 0.0), roles(), seed).eval()
    watched = Watched(net)
    call = watched.hand_to(model)
    more = ids(seed + 1, 2, B)
    h, c = floats(seed, 2, 2, B, H).unbind()
    h.requires_grad_()
    c.requires_grad_()
    logits, state = call(more, (h, c))
    out = named("logits_from_a_state", logits)
    out |= named("gradient_in_the_state", backward([logits], [h, c], seed))
    out |= named("state_in_the_graph", [part.requires_grad for part in state])
    return out | same_after(watched)


@contextmanager
def noted_calls(model: nn.Module, *names: str) -> Iterator[set[str]]:
    """Note which of a model's parts are called while this runs."""
    called: set[str] = set()
    hooks = []
    for name, part in model.named_children():
        if name in names:
            hook = part.register_forward_hook(lambda *_, name=name: called.add(name))
            hooks.append(hook)
    try:
        yield called
    finally:
        for hook in hooks:
            hook.remove()


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
            gates[:] = torch.tensor([50.0, -50.0, 50.0, 50.0]).view(4, 1, 1)
        elif name == "bias_ih_l1":
            gates[:] = torch.tensor([50.0, -50.0, 0.0, 50.0]).view(4, 1, 1)
        elif name == "weight_ih_l1":
            gates[2] = 1e-3  # so little that tanh changes nothing
    output = model.get_submodule("output")
    sum_of_states = 1e-3 * H * H * np.tanh(1.0)
    output.get_parameter("weight").fill_(1 / sum_of_states)
    output.get_parameter("bias").zero_()
    return model


RATE = (
    "in training, the share of values that is dropped is not `dropout`, or other values are "
    "dropped. Dropout belongs in two places: in `nn.LSTM(…, dropout=dropout)`, which drops between "
    "its layers, and in `self.dropout(…)` before `output`."
)


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
    """`CharLSTM` applies dropout between its layers and before its output, in training only"""
    model = net.CharLSTM(V, E, H, NEARLY_ALL)
    load(model, roles(), seed)
    x = ids(seed, T, B)
    logits, (h, _) = model(x.clone())
    model.eval()
    logits_evaluated, _ = model(x.clone())
    dropping_half = net.CharLSTM(V, E, H, 0.5).train()
    summing(dropping_half)
    many = ids(seed, 40, 20)
    of_ones, _ = dropping_half(many)
    half = of_ones[..., 0].detach()
    out = named("mean_of_half spread_of_half", half.mean(), half.std())
    out |= named("logits h logits_evaluated", logits, h, logits_evaluated)
    return out


@check(points=2, costs=("h", "c"))
def cut_from_the_past(net: Any, seed: int) -> Arrays:
    """`detached` returns the same state, cut off from its graph"""
    past = floats(seed, 2, B, H)
    past.requires_grad_()
    new = net.detached((2 * past, past - 1))  # of tensors that may be cut in place
    # each state times what it is: where the past is not cut off, that comes twice
    found: list[torch.Tensor] = []
    for now, before in zip(new, (2 * past, past - 1), strict=True):
        product = now * before
        found.extend(torch.autograd.grad(product.sum(), past))
    out = named("h c", new)
    out |= named("gradient_of_h gradient_of_c", *found)
    return out | named("has_a_past", [part.requires_grad for part in new])


@check(
    points=6,
    needs=cut_from_the_past,
    words={
        "of_transposed_batches": (
            "batches are transposed here, as `continuing_batches` gives them. If there is no loss: "
            "`view` refuses such tensors, `flatten` and `reshape` take all."
        )
    },
)
def two_epochs(net: Any, seed: int) -> Arrays:
    """`train_epoch` twice: how far weights move, and losses; once with a bound that acts"""
    out: Arrays = {}
    in_a_graph = False
    for word, bound, lengths in (("clipped", 0.1, (T, T, T, 2, T, T)), ("free", 100.0, (T, T))):
        model = Reader(seed, output=8.0).eval()
        before = take(model, roles())
        batches = []
        for i, length in enumerate(lengths):
            inputs = ids(seed + i, length, B)
            targets = ids(seed + 9 + i, length, B)
            batches.append((inputs, targets))
        optimizer = Descent(model.parameters(), 0.3, momentum=0.5)
        losses = []
        for _ in range(2):
            model.eval()
            epoch = figures(net.train_epoch(model, iter(batches), optimizer, bound))
            losses.append(epoch["losses"])
            in_a_graph |= bool(epoch["losses_in_a_graph"])
        after = take(model, roles())
        distances = moved(before, after)
        for role in ("embedding", "output"):
            out[f"{role}_{word}"] = distances[f"{role}.weight"]
        of_lstm = distances["lstm.weight_hh_l0"]
        out |= named(f"lstm_{word} losses_{word}", of_lstm, losses)
    model = Reader(seed, output=8.0)
    batch = ids(seed, B, T).T, ids(seed + 9, B, T).T
    of_transposed: Any = [np.nan]
    with suppress(RuntimeError):  # of `view`
        optimizer = Descent(model.parameters(), 0.3)
        epoch = figures(net.train_epoch(model, iter([batch]), optimizer, 0.1))
        of_transposed = epoch["losses"]
    return out | named("of_transposed_batches losses_in_a_graph", of_transposed, in_a_graph)


@torch.no_grad()
def held_out_loss(ours: Any, arrays: Arrays, text: str) -> float:
    """Measure trained weights on held-out text, in nats per character.

    A third of it is read, in 64 streams from beginning to end.
    """
    model = ours.CharLSTM(*OF_CORPUS, 0.0)
    put(model, roles(*OF_CORPUS), arrays)
    model.eval()
    length = len(text) // 3 // 64
    whole_streams = characters(text)[: 64 * length]
    streams = whole_streams.view(64, length).T
    logits, _ = model(streams[:-1])
    targets = streams[1:]
    mean = nn.functional.cross_entropy(logits.flatten(0, 1), targets.flatten())
    return float(mean)


needed = (batches_that_continue, network, dropping_out, two_epochs)


@check(
    points=4,
    needs=needed,
    measure=held_out_loss,
    within=0.00005,
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
    model = net.CharLSTM(*OF_CORPUS, 0.0)
    load(model, roles(*OF_CORPUS), seed)
    steps = 120
    stream = characters(text)[: steps * 6 * 16 + 1]
    batches = net.continuing_batches(stream, 16, 6)
    optimizer = adam(model, 1.2e-2, steps)
    losses = net.train_epoch(model, batches, optimizer, 0.25)
    return take(model, roles(*OF_CORPUS)) | counted(losses)


# Array, temperature, what multiplies the logits, and how many are drawn; the last share is 1, is
# 0.93 without a temperature, and is 0.45 where the temperature multiplies.
SHARES = (
    ("shares", 1.0, 1.0, 200),
    ("shares_hot", 3.0, 1.0, 200),
    ("shares_cold", 0.5, 0.5, 300),
    ("shares_sharp", 0.25, 2.0, 200),
)


def first_eight(drawn: Any, number: int) -> np.ndarray:
    """Cut a list of ids to eight, or fill it up: one array holds lists of all lengths.

    What fills it up is no id, and in no two places the same: of no ids it is not to be told that
    all are the same.
    number: of the list, from 0.
    """
    no_ids = -1 - 8 * number - np.arange(8)
    filled_up = np.append(np.asarray(drawn), no_ids)
    return filled_up[:8]


@check(
    points=4,
    tolerance={"shares": 0.31, "shares_hot": 0.6, "shares_cold": 0.245, "shares_sharp": 0.31},
    words={
        "how_many_ids": "return `length` ids, only the new ones.",
        "start_same_after": (
            "the list `start` was modified. Keep the new ids in a list of your own."
        ),
        "same_after": LEFT,
        "mode_of_each_layer_after": (
            "a layer is in another mode than before: `model.train(mode)` sets all of them."
        ),
        "gradients_on_after": GRADIENTS,
        "other_seed_other_text": (
            "two different generators gave the same text. Draw with the one that is passed in."
        ),
        "no_generator_other_text": (
            "without a generator every text is the same. Draw without seeding: the caller may "
            "seed, `generate` does not."
        ),
        "integers": (
            "the result should be a list of integers: `.item()` takes the number out of a tensor."
        ),
    },
)
def generating(net: Any, seed: int) -> Arrays:
    """`generate` reads the start, then what it draws itself, and leaves the model as it was"""
    net = Watched(net)
    # Where one logit is far above all others the ids are exact, whatever the draws. Four models:
    # one may write the same character for ever, whatever it reads.
    sure = []
    how_many = []
    modes = []
    same = True
    same_modes = True
    for i, is_training in enumerate((True, False, True, False)):
        random = torch.Generator().manual_seed(seed)
        model = Wanderer(seed + 10 * i, side=8e4)
        model.train(is_training)
        before = condition(model)
        start = ids(seed + i, 3 + i).tolist()
        new_ids = net.generate(model, start, 8, 0.5, random)
        how_many.append(len(new_ids))
        sure.append(first_eight(new_ids, i))
        after = condition(model)
        same &= after.but_for_modes == before.but_for_modes
        same_modes &= after.modes == before.modes
        modes.append(model.training)
    names = "ids how_many_ids trains_after same_after mode_of_each_layer_after"
    out = named(names, sure, how_many, modes, same, same_modes)
    (start_same,) = same_after(net).values()
    out |= named("gradients_on_after start_same_after", torch.is_grad_enabled(), start_same)
    texts = []
    for generator_seed in (seed, seed, seed + 1):
        generator = torch.Generator().manual_seed(generator_seed)
        text = net.generate(Flat(), [0], 40, 1.0, generator)
        texts.append(text)
    one, again, other = (np.asarray(text).astype(int).tolist() for text in texts)
    # short texts, and those of one character over and over, tell nothing of the generator
    is_other = one != other or len(set(one)) < 2
    out |= named("same_seed_same_text other_seed_other_text", one == again, is_other)
    free_texts = []
    for global_seed in (seed, seed + 1):
        torch.manual_seed(global_seed)
        free_texts.append([int(i) for i in net.generate(Flat(), [0], 40, 1.0)])
    one, other = free_texts
    is_other = one != other or len(set(one)) < 2
    out |= named("no_generator_other_text", is_other)
    free = np.asarray(net.generate(Flat(), [0], 3, 1.0))
    are_integers = free.shape == (3,) and free.dtype.kind == "i"
    out |= named("integers", are_integers)
    # Of 200 independent draws a share deviates by 0.034: 0.22 is 4.6 of two. Of 300 it is 0.026 and
    # 0.17, so that 1 is no share that is right, in place of 0.7.
    for word, temperature, scale, length in SHARES:
        drawn = np.asarray(net.generate(Flat(scale), [0], length, temperature, random))
        counts = np.bincount(drawn.astype(int).ravel(), minlength=5)[:5]
        out |= named(word, counts / length)
    return out


@check(
    points=3,
    seconds=3,
    words={
        "fast_enough": (
            "this is too slow: more than the time of 120 searches per character. At each "
            "position, search only for a piece longer than the longest so far."
        ),
        "nothing_in_common": "where the two have nothing in common, return (0, 0).",
    },
)
def copied(net: Any, seed: int) -> Arrays:
    """`longest_copied` finds the longest piece of a text that stands in a source, and fast"""
    rng = np.random.default_rng(seed)
    out: Arrays = {}
    for name, kinds in KINDS.items():
        pairs = [kind(rng) for kind in kinds]
        out |= named(name, [net.longest_copied(*pair) for pair in pairs])
    out |= named("nothing_in_common", [net.longest_copied(*p) for p in nothing_in_common(rng)])
    return out | named("fast_enough", is_fast_enough(net.longest_copied, rng))


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
    """`surprise` is the surprisal of each character, given all before it"""
    net = Watched(net)
    model = Reader(seed, lstm=3.0, output=9.0)
    before = condition(model)
    nats = net.surprise(model, ids(seed, 3 * T))
    of_two = net.surprise(model, ids(seed, 2))
    # longer than Python's stack is deep
    page = torch.as_tensor(net.surprise(model, ids(seed, 1100))).detach()
    same = condition(model).but_for_modes == before.but_for_modes
    by_sevens = [part.sum() for part in page.flatten().split(7)]
    in_a_graph = getattr(nats, "requires_grad", False)
    out = named("nats nats_of_two page_by_sevens", nats, of_two, by_sevens)
    out |= named("in_a_graph model_same_after", in_a_graph, same)
    out |= named("gradients_on_after", torch.is_grad_enabled())
    out |= same_after(net)
    return out


@check(points=3, words={"same_after": KEPT})
def area_under_the_curve(net: Any, seed: int) -> Arrays:
    """`roc_auc` is the fraction of pairs in the right order, ties counting half"""
    rng = np.random.default_rng(seed)
    net = Watched(net)
    areas = []
    for i in range(3):  # of a single area another seed's is the same once in a hundred
        labels = torch.from_numpy(rng.permutation(41) < 13)
        whole_numbers = torch.from_numpy(rng.integers(0, 6, 41))
        with_ties = whole_numbers.float() + 2 * labels
        without_ties = with_ties + floats(seed + i, 41)
        many_labels = torch.from_numpy(rng.permutation(150) < 40)
        small_scores = floats(seed + i, 150) * 1e-4 + 5e-6 * many_labels
        area_with_ties = float(net.roc_auc(with_ties, labels))
        area_without = float(net.roc_auc(without_ties, labels))
        area_of_many = float(net.roc_auc(small_scores, many_labels))
        areas.append([area_with_ties, area_without, area_of_many])
    columns = np.transpose(areas)
    out = named("with_ties without of_many_small_scores", *columns)
    return out | same_after(net)


@check(points=2, words={"same_after": KEPT, "pieces": PIECES})
def repaired(net: Any, seed: int) -> Arrays:
    """`surprising_pieces` finds where the total is above usual, without the mistake"""
    rng = np.random.default_rng(seed)
    net = Watched(net)
    rows = []
    for threshold in (2.5, 4.0, 5.5):
        for usual in (1.8, 2.2):
            # 6 steps of each 24 are a passage, from the first step to the last
            is_foreign = np.arange(246) % 24 < 6
            drawn = rng.exponential(1.2, 246) + np.where(is_foreign, 2.0, 0.1)
            found = net.surprising_pieces(drawn.tolist(), usual, threshold)
            rows += [(threshold, begin, end) for begin, end in found]
    for threshold in (1, 2, 3):  # of whole numbers many totals are equal
        whole = [2, *rng.choice(5, 240, p=(0.5, 0.2, 0.1, 0.1, 0.1)).tolist()]
        found = net.surprising_pieces(whole, 1, threshold)
        rows += [(threshold, begin, end) for begin, end in found]
    return named("pieces", np.reshape(rows, (-1, 3))) | same_after(net)


@check(points=1, question=planted("surprising_pieces"))
def line_of_the_mistake(net: Any, seed: int) -> tuple[str, int]:
    """`mistaken_line` is the line of your mistake"""
    return net.my_name(), net.mistaken_line()
