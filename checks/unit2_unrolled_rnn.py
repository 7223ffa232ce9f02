"""Experiments of unit 2: windows, three networks, training steps, three short runs."""

from collections import Counter
from collections.abc import Callable
from itertools import product
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
from autograder.torch.networks import condition, floats, load, take, tensor
from autograder.torch.operators import by_hand
from autograder.torch.sgd import Descent

from .training import figures, in_random_order
from .unrolled import (
    SIZES,
    B,
    Clock,
    E,
    H,
    Run,
    T,
    V,
    backward,
    ids,
    number,
    one_character,
    prompts,
    roles,
    whole,
)

UNIT = UnitSettings(packages=("torch", "numpy"), sizes=SIZES)
# In few steps: where relu has its kink, a rounding error grows, in 600 steps of `EIGHT` to 0.012
# nats.
THREE = Run("ThreeCharacters", 96, 3, False, 120, 6e-3)
EIGHT = Run("Recurrent", 48, 8, False, 120, 6e-3)
SEQUENCE = Run("EveryStep", 48, 6, True, 120, 6e-3)


KEPT = "an argument was modified. Leave arguments as they are, and compute with copies."
LEFT = "the model was modified. Only training should do that."
WHOLE = "ids should be a tensor of 64-bit integers, which both a table and a loss take."
GRADIENTS = "gradients stay off for all that follows: `with torch.no_grad():` ends with its block."


@check(
    points=2,
    words={
        "ids_are_a_tensor": "the ids should be a tensor.",
        "ids_are_integers": WHOLE,
        "same_after": KEPT,
    },
)
def vocabulary_and_ids(net: Any, seed: int) -> Arrays:
    """`vocabulary` lists the characters after the null; `encode` turns a text into their ids"""
    rng = np.random.default_rng(seed)
    net = Watched(net)
    letters = list("So, then: the sea\nAnd\tthe sky, Zoë!")
    more_letters = rng.choice(list("bcfgijlmpqruvwx"), 5, False)
    letters.extend(more_letters)
    text = "".join(rng.permutation(letters))
    chars = net.vocabulary(text)
    characters = [one_character("vocabulary", each) for each in chars]
    known = ["\0", *sorted(set(text))]
    with_unknown = text[:12] + "§Q" + text[12:]
    places = net.encode(with_unknown, known)
    out = named("chars ids", characters, places)
    are_a_tensor = torch.is_tensor(places)
    are_integers = whole(torch.as_tensor(places))
    out |= named("ids_are_a_tensor ids_are_integers", are_a_tensor, are_integers)
    page = "".join(rng.choice(list(text), 3000))  # more than Python's stack holds
    ids_of_page = net.encode(page, known)
    out |= named("ids_of_a_page", ids_of_page[-20:])
    return out | same_after(net)


def cuts(net: Watched, cut: Any, seed: int) -> Arrays:
    """Name what a function cuts of streams of ids, where windows end with them and where not."""
    stream = in_random_order(np.random.default_rng(seed), 41)
    out: Arrays = {}
    integers = True
    for case, length, window in (
        ("", 41, 3),
        ("_where_n_divides_L", 39, 3),
        ("_where_n_divides_L_less_1", 40, 3),
        ("_of_five", 41, 5),
        ("_one_window", 9, 8),
    ):
        inputs_and_targets = cut(stream[:length].clone(), window)
        out |= named(f"x{case} y{case}", inputs_and_targets)
        integers &= all(map(whole, inputs_and_targets))
    # more windows than Python's stack holds
    book = in_random_order(np.random.default_rng(seed), 6000)
    ends = [part[..., -4:] for part in cut(book, 3)]
    out |= named("x_at_a_book_s_end y_at_a_book_s_end integers", *ends, integers)
    return out | same_after(net)


CUTTING = {"integers": WHOLE, "same_after": KEPT}


@check(points=3, words=CUTTING)
def cutting_windows(net: Any, seed: int) -> Arrays:
    """`windows` cuts ids into windows that do not overlap, each with the id that follows"""
    net = Watched(net)
    return cuts(net, net.windows, seed)


@check(points=5, words={"same_after": KEPT})
def three_characters(net: Any, seed: int) -> Arrays:
    """`ThreeCharacters`: logits, gradients with respect to each layer, number of parameters"""
    model = load(net.ThreeCharacters(V, E, H), roles(), seed)
    watched = Watched(net)
    with by_hand():
        call = watched.hand_to(model)
        logits = call(ids(seed, 3, B))
        of_one = call(ids(seed, 3, 1))
        model.eval()
        evaluated = call(ids(seed, 3, 2))
        out = named("logits of_one_text in_evaluation", logits, of_one, evaluated)
    out |= backward(model, logits, seed)
    return out | same_after(watched)


@check(
    points=3,
    words={
        "same_after": KEPT,
        "of_transposed_targets": (
            "logits and targets are transposed here. Flatten both in the same order: "
            "`logits.flatten(0, -2)` and `targets.flatten()`."
        ),
    },
)
def loss_in_nats(net: Any, seed: int) -> Arrays:
    """`mean_loss` is the mean cross-entropy of logits with any axes, and is differentiable"""
    net = Watched(net)
    logits = 3 * floats(seed, T, B, V)
    logits.requires_grad_()
    targets = ids(seed, T, B)
    loss = tensor("mean_loss", net.mean_loss(logits, targets))
    gradient = 0 * logits
    if loss.requires_grad:
        (gradient,) = torch.autograd.grad(loss, logits)
    logits_of_few = 3 * floats(seed, 2, 3)
    of_few = net.mean_loss(logits_of_few, torch.tensor([0, 2]))
    out = named(
        "sequences gradient last_step with_four_axes of_large_logits of_few_characters",
        loss,
        gradient,
        net.mean_loss(logits[-1], ids(seed, B)),
        net.mean_loss(logits[:, None], targets[:, None]),
        net.mean_loss(1000 * logits, targets),
        of_few,
    )
    out |= same_after(net)
    # last: `view` refuses transposed tensors, and what was named before counts
    of_transposed = net.mean_loss(floats(seed, V, T, B).movedim(0, -1), ids(seed, B, T).T)
    return out | named("of_transposed_targets", of_transposed)


@check(points=4, needs=loss_in_nats)
def training_steps(net: Any, seed: int) -> Arrays:
    """`train` on seven batches: what the weights are after them, and the losses"""
    model = nn.Embedding(V, V)
    load(model, {"table": (nn.Embedding, (V, V))}, seed)
    before = model.weight.detach().clone()
    shapes = [(T, B), (T, B), (T, 2), (3, B), (1, B), (T, 2), (T, B)]
    batches = []
    for i, shape in enumerate(shapes):
        inputs = ids(seed + i, *shape)
        targets = ids(seed + 9 + i, *shape)
        batches.append((inputs, targets))
    optimizer = Descent(model.parameters(), 3.0, momentum=0.5)
    losses = net.train(model, iter(batches), optimizer)
    moved = model.weight - before
    return named("how_far_the_weights_moved", moved) | figures(losses)


@check(
    points=3,
    needs=(three_characters, training_steps),
    measure=THREE.loss,
    within=0.0003,
    seconds=60,
    kept=(
        "`training_steps` trains a table for three steps; this trains the submission's "
        "network with its own `train` at other sizes, and it is the proof that both work "
        "together"
    ),
)
def three_characters_learn(net: Any, seed: int, text: str) -> Arrays:
    """`ThreeCharacters` and `train` on the corpus: the loss on held-out text"""
    return THREE.train(net, seed, text)


SMOOTHED = (
    "the curve is still wrong. Try losses that are all equal, and then `keep = 0`: these curves "
    "you know."
)


@check(points=2, words={"same_after": KEPT, "slow": SMOOTHED, "quick": SMOOTHED})
def repaired(net: Any, seed: int) -> Arrays:
    """`smoothed` is a running mean, without the mistake"""
    rng = np.random.default_rng(seed)
    net = Watched(net)
    losses = rng.uniform(1, 4, 12)
    slow, quick = rng.uniform(0.8, 0.9), rng.uniform(0.2, 0.4)
    out = named("slow quick", net.smoothed(losses, slow), net.smoothed(losses, quick))
    return out | same_after(net)


@check(points=1, question=planted("smoothed"))
def line_of_the_mistake(net: Any, seed: int) -> tuple[str, int]:
    """`mistaken_line` is the line of your mistake"""
    return net.my_name(), net.mistaken_line()


@check(
    points=2,
    needs=vocabulary_and_ids,
    words={
        "characters": "for some of 24 texts another character is more likely. Return the one with "
        "the largest logit after the whole text.",
        "null": "where the null is the most likely character, it alone should be the answer.",
        "model_same_after": LEFT,
        "gradients_on_after": GRADIENTS,
    },
)
def predicting(net: Any, seed: int) -> Arrays:
    """`next_character` is the most likely after a text"""
    chars, texts = prompts(seed)
    model = Clock(seed)
    before = condition(model)
    found = []
    for text in texts:
        answer = net.next_character(model, chars, text)
        if not isinstance(answer, str):
            raise TypeError(
                f"`next_character` returned a {type(answer).__name__}, but should return a string."
            )
        found.append(answer)
    same = condition(model).but_for_modes == before.but_for_modes
    out = named("model_same_after gradients_on_after", same, torch.is_grad_enabled())
    silent = Clock(seed, silent=True)
    answer = net.next_character(silent, chars, texts[0])
    return out | named("characters null", "|".join(found), answer == "\0")


@check(points=3, words={"same_after": KEPT})
def recurrent_states(net: Any, seed: int) -> Arrays:
    """`Recurrent` reads a text of any length: states, logits, gradients, number of parameters"""
    model = load(net.Recurrent(V, E, H), roles(), seed)
    watched = Watched(net)
    x = ids(seed, T, B)
    with by_hand():
        call = watched.hand_to(model)
        read = watched.hand_to(model.read)
        logits = call(x)
        out = named("states logits", read(x), logits)
        longer = read(ids(seed, 12, 2))
        first_characters = ids(seed, 1, 2)[:, :1]
        of_one = call(first_characters)
        out |= named("states_of_another_size of_one_character", longer, of_one)
    out |= backward(model, logits, seed)
    return out | same_after(watched)


@check(
    points=2,
    needs=recurrent_states,
    words={"same_after": KEPT},
    kept=(
        "it tells a state that is ignored from one that is detached, where later checks show only "
        "other values"
    ),
)
def from_a_given_state(net: Any, seed: int) -> Arrays:
    """`Recurrent.read` goes on from a state that it is given, and gradients reach that state"""
    model = load(net.Recurrent(V, E, H), roles(), seed)
    watched = Watched(net)
    x = ids(seed, T, B)
    h = floats(seed, B, H).abs()
    h.requires_grad_()
    with by_hand():
        read = watched.hand_to(model.read)
        from_h = tensor("read", read(x[:2], h))
    weighted = from_h * floats(seed, *from_h.shape)
    (gradient,) = torch.autograd.grad(weighted.sum(), h, allow_unused=True)
    if gradient is None:
        gradient = torch.zeros_like(h)
    out = named("states_from_h gradient_in_h", from_h, gradient)
    return out | same_after(watched)


@check(
    points=2,
    words={
        "other_biases_are_zero": "the bias of `input` or `output` is zero. Only `hidden` begins so."
    },
)
def identity_start(net: Any, seed: int) -> Arrays:
    """`Recurrent` initialises its hidden layer as the identity"""
    torch.manual_seed(seed)
    size = 18 + seed % 13  # above V: a size that two layers share would hide which is which
    model = net.Recurrent(V, E, size)
    weights = take(model, roles(V, E, size))
    if "hidden.weight" not in weights:
        raise TypeError(
            f"`Recurrent(V, E, H)` with H = {size} has no `nn.Linear` whose weight is "
            f"({size}, {size}), as that from hidden to hidden is."
        )
    are_identities = []
    for name in ("hidden.weight", "input.weight"):
        weight = weights.get(name, np.zeros((1, 1)))  # without one the check before this says so
        identity = np.eye(*weight.shape)
        are_identities.append(np.array_equal(weight, identity))
    bias = weights.get("hidden.bias", np.zeros(1))
    # of numbers drawn as `nn.Linear` draws them only zeros are left
    rounded = weights["hidden.weight"].round()
    names = "hidden_rounded hidden_is_identity input_is_identity"
    out = named(names, rounded, *are_identities)
    out |= named("hidden_bias_is_zero", not bias.any())
    others_are_zero = []
    for name in ("input.bias", "output.bias"):
        drawn = weights.get(name, np.ones(1))
        others_are_zero.append(not drawn.any())
    return out | named("other_biases_are_zero", others_are_zero)


@check(
    points=3,
    needs=(recurrent_states, training_steps),
    measure=EIGHT.loss,
    within=0.002,
    seconds=60,
    kept=(
        "`recurrent_states` sees what `Recurrent` computes; this trains it over eight steps "
        "at other sizes, and it is the proof that it learns by its own `train`"
    ),
)
def eight_characters_learn(net: Any, seed: int, text: str) -> Arrays:
    """`Recurrent` and `train` on the corpus: the loss on held-out text"""
    return EIGHT.train(net, seed, text)


@check(points=3, words={"model_same_after": LEFT})
def ready_made(net: Any, seed: int) -> Arrays:
    """`as_nn_rnn` copies the weights into an `nn.RNN` that computes the same"""
    torch.manual_seed(seed)
    model = nn.ModuleDict(
        {
            "embedding": nn.Embedding(V, E),
            "input": nn.Linear(E, H),
            "hidden": nn.Linear(H, H),
        }
    )
    load(model, roles(), seed)
    before = condition(model)
    rnn = net.as_nn_rnn(model)
    same = condition(model).but_for_modes == before.but_for_modes
    embedded = floats(seed, T, B, E)
    start = floats(seed, 1, B, H)
    out = named("states last", rnn(embedded, start))
    return out | named("model_same_after", same)


def tables(rng: np.random.Generator, letters: str, n: int) -> list[dict[str, Counter[str]]]:
    """Draw counts for contexts of 0 to n letters. For some contexts there are none.

    The end of a context that is known is known too, as in a text.
    """
    drawn: list[dict[str, Counter[str]]] = []
    for k in range(n + 1):
        table = {}
        for parts in product(letters, repeat=k):
            context = "".join(parts)
            if k and (context[1:] not in drawn[k - 1] or rng.random() < 0.3):
                continue
            some = rng.choice(list(letters), rng.integers(1, len(letters)), False)
            table[context] = Counter({str(c): int(rng.integers(1, 9)) for c in some})
        drawn.append(table)
    return drawn


@check(points=2, words={"same_after": KEPT})
def counting(net: Any, seed: int) -> Arrays:
    """`count_next` counts what follows each context of up to n characters"""
    rng = np.random.default_rng(seed)
    net = Watched(net)
    letters = "abcdE"
    text = "".join(rng.choice(list(letters), 90, p=(0.4, 0.2, 0.2, 0.1, 0.1)))
    contexts = [text[i : i + k] for k in range(4) for i in range(0, 60, 4)]
    contexts += [text[:1], text[:2], text[:3], "dEdE"[:3]]
    out: Arrays = {}
    sizes = []
    for name, of, n in (("", text, 3), ("_in_a_short_text", text[:3], 5)):
        counts = net.count_next(of, n)
        sizes += [len(table) for table in counts]
        found = []
        for context in contexts:
            following = counts[len(context)].get(context, {})
            found.append([following.get(c, 0) for c in letters])
        out |= named(f"counts{name}", found)
    return out | named("contexts", sizes) | same_after(net)


@check(points=2, words={"same_after": KEPT})
def backing_off(net: Any, seed: int) -> Arrays:
    """`backed_off` mixes counts of all lengths into a probability"""
    rng = np.random.default_rng(seed)
    net = Watched(net)
    letters = "abcdE"
    drawn = tables(rng, letters, 3)
    known = [context for table in drawn for context in table]
    unknown = ["".join(rng.choice(list(letters), 3)) for _ in range(40)]
    unknown = [context for context in unknown if context not in drawn[3]]
    longer = ["".join(rng.choice(list(letters), 9)) for _ in range(12)]
    out: Arrays = {}
    for name, asked_of in (
        ("after_nothing", [""]),
        ("after_known_contexts", known),
        ("after_new_contexts", unknown),
        ("after_long_contexts", longer),
    ):
        found = []
        for context in asked_of:
            row = [net.backed_off(drawn, context, c, 30) for c in letters + "z"]
            found.append([number("backed_off", p) for p in row])
        out |= named(name, found)
    return out | same_after(net)


@check(points=1, question=choice("falls", "falls, then rises", "stays", "rises", predict=True))
def predicted_curve(net: Any, seed: int) -> str:
    """`longer_contexts` predicts what longer contexts do"""
    return net.longer_contexts()


def after_some_text(rng: np.random.Generator, chars: str) -> Callable[[str], list[float]]:
    """Draw the probabilities of what comes next: a function of the whole text so far.

    They are whole hundredths, some of them 0.
    """
    rows = rng.multinomial(100, rng.dirichlet(np.ones(len(chars))), 50) / 100

    def probabilities(text: str) -> list[float]:
        places = [(i + 1) * chars.index(c) for i, c in enumerate(text)]
        row: list[float] = rows[sum(places) % len(rows)].tolist()
        return row

    return probabilities


@check(
    points=2,
    words={
        "same_after": KEPT,
        "texts": "some of eight texts are not the ones that the numbers draw.",
        "at_zero": (
            "the number 0 drew a character of probability 0. The sum has to be *above* the number."
        ),
    },
)
def writing(net: Any, seed: int) -> Arrays:
    """`written` continues a text by characters drawn by their probabilities"""
    rng = np.random.default_rng(seed)
    net = Watched(net)
    chars = "\0 abcdeT"
    found = []
    for length in (1, 2, 3, 5, 8, 12, 16, 20):
        text = "".join(rng.choice(list(chars[1:]), length))
        # between the hundredths, so that no rounding decides
        numbers = ((rng.integers(0, 100, length + 2) + 0.5) / 100).tolist()
        text = net.written(after_some_text(rng, chars), list(chars), text, numbers)
        if not isinstance(text, str):
            raise TypeError(
                f"`written` returned a {type(text).__name__}, but should return a string."
            )
        found.append(text)
    lengths = [len(text) for text in found]
    at_zero = net.written(lambda text: [0.0, 0.5, 0.5], ["\0", "a", "b"], "b", [0.0]) == "ba"
    out = named("lengths texts at_zero", lengths, "|".join(found), at_zero)
    return out | same_after(net)


@check(points=2, words=CUTTING)
def sequence_targets(net: Any, seed: int) -> Arrays:
    """`sequence_windows` gives each step of a window the next id as its target"""
    net = Watched(net)
    return cuts(net, net.sequence_windows, seed)


@check(points=4, needs=recurrent_states, words={"same_after": KEPT})
def an_output_at_every_step(net: Any, seed: int) -> Arrays:
    """`EveryStep` predicts after each character: logits, gradients and the number of parameters"""
    torch.manual_seed(seed)
    model = load(net.EveryStep(V, E, H), roles(), seed)
    watched = Watched(net)
    with by_hand():
        call = watched.hand_to(model)
        logits = call(ids(seed, T, B))
        longer = call(ids(seed, 12, 2))
    out = named("logits of_another_size", logits, longer)
    out |= backward(model, logits, seed)
    return out | same_after(watched)


@check(
    points=3,
    needs=(an_output_at_every_step, training_steps),
    measure=SEQUENCE.loss,
    within=0.015,
    seconds=60,
    kept=(
        "`an_output_at_every_step` sees what `EveryStep` computes; this trains it with a "
        "target at each step at other sizes, and it is the proof that it learns by its own "
        "`train`"
    ),
)
def sequences_learn(net: Any, seed: int, text: str) -> Arrays:
    """`EveryStep` and `train` on the corpus: the loss on held-out text"""
    return SEQUENCE.train(net, seed, text)


@check(points=2, needs=loss_in_nats, words={"same_after": KEPT})
def positions(net: Any, seed: int) -> Arrays:
    """`loss_by_position` is the mean loss of each step"""
    net = Watched(net)
    logits = 3 * floats(seed, T, B, V)
    losses = net.loss_by_position(logits, ids(seed, T, B))
    longer_logits = 3 * floats(seed, 7, 2, 3)
    longer_targets = ids(seed, 7, 2) % 3
    longer = net.loss_by_position(longer_logits, longer_targets)
    losses = tensor("loss_by_position", losses)
    out = named("losses of_another_size", losses, longer)
    return out | same_after(net)


@check(points=3, words={"same_after": KEPT, "model_same_after": LEFT})
def the_same_at_any_time(net: Any, seed: int) -> Arrays:
    """`shift_gap`: 0 for a time-invariant network, else the largest difference"""
    net = Watched(net)
    x = ids(seed, T, B)
    gaps_by_drift = []
    same = True
    for drift in (0.0, 0.5, -0.5):
        model = Clock(seed, drift)
        before = condition(model)
        gaps = []
        for shift in (1, 3, T - 1):
            gap = net.shift_gap(model, x, shift)
            gaps.append(number("shift_gap", gap))
        gaps_by_drift.append(gaps)
        same &= condition(model).but_for_modes == before.but_for_modes
    without_clock, *with_clock = gaps_by_drift
    out = named("gaps_without_clock gaps_with_clock", without_clock, with_clock)
    return out | named("model_same_after", same) | same_after(net)
