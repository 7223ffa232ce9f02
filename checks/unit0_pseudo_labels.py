"""Experiments of unit 0: batches of two kinds, soft labels, a training loop, then digits."""

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
from autograder.torch.networks import condition, tensor
from autograder.torch.sgd import Descent

from .semi import Child, Network, Uneven, adam, digits, draw, held_out_loss, read, shuffled, soft
from .training import figures, in_random_order, listed

SIZES = {"B": 5, "V": 8, "D": 11}
B, V, D = SIZES.values()
H = 17
DRAWN = "too many or too few batches were taken. Take one batch for each batch that you give."
STEPS = "too many or too few batches were taken. Take one for each step."
AHEAD = (
    "batches were taken before they were needed. Take each when it is needed, as a generator does."
)
KEPT = "an argument was modified. Leave arguments as they are, and compute with copies."


def warm() -> None:
    """Take one step of both optimizers with batch norm, so that no fork repeats first uses."""
    torch.set_num_threads(1)
    model = classifier(np.random.default_rng(0)).train()
    x = torch.ones(B, D)
    y = torch.ones(B, V) / V
    for optimizer in (torch.optim.Adam, torch.optim.SGD):
        loss = nn.functional.cross_entropy(model(x), y)
        loss.backward()
        optimizer(model.parameters(), 0.1).step()


UNIT = UnitSettings(packages=("torch", "numpy"), sizes=SIZES, warm=warm)


def classifier(rng: np.random.Generator, sizes: tuple[int, int, int] = (D, H, V)) -> nn.Sequential:
    """Make a network with batch norm, all its numbers from `rng`, in evaluation mode.

    A bias before batch norm would have no gradient but rounding, which differs between styles.
    """
    inputs, hidden, outputs = sizes
    model = nn.Sequential(
        nn.Linear(inputs, hidden, bias=False),
        nn.BatchNorm1d(hidden),
        nn.ReLU(),
        nn.Linear(hidden, outputs),
    )
    model.eval()
    norm: Any = model[1]
    for array in [*model.parameters(), norm.running_mean]:
        fan_in = array.shape[-1]
        array.data = draw(rng, *array.shape, spread=1.5 / fan_in**0.5)
    variances = rng.uniform(0.5, 2, hidden)
    norm.running_var.data = torch.from_numpy(variances).float()
    return model


def state(model: nn.Module, word: str = "") -> Arrays:
    """Copy a network's numbers by place and name: `0_weight`.

    Batch norm's count of batches is left out. word: what names begin with.
    """
    arrays = {}
    for name, array in model.state_dict().items():
        if array.ndim:
            place_and_name = name.replace(".", "_")
            arrays[word + place_and_name] = array.detach().numpy().copy()
    return arrays


def moved(model: nn.Module, before: Arrays, word: str = "") -> Arrays:
    """Return by how much a network's numbers have changed since `state`."""
    changes = {}
    for name, array in state(model, word).items():
        changes[name] = array - before[name]
    return changes


@check(
    points=4,
    words={
        "resets": (
            "`mix.reset()` resets each child once, and nothing else does: not `__init__`, not "
            "`__iter__`."
        ),
        "iterates": "`iter(mix)` should be the mix itself: `__iter__` returns `self`.",
    },
)
def mixing(net: Any, seed: int) -> Arrays:
    """`MixIterator` joins one batch of each child, and passes `reset` on"""
    rng = np.random.default_rng(seed)
    net = Watched(net)
    children = []
    # the smallest and the largest are neither first nor last
    for n, size in ((9, 2), (7, 3), (17, B), (11, 4)):
        children.append(Child(draw(rng, n, D), soft(rng, n), size))
    mix = net.MixIterator(children)
    iterates = iter(mix) is mix
    batches = [next(mix) for _ in range(5)]
    x, y = zip(*batches, strict=True)
    out = named("x y N", torch.cat(x), torch.cat(y), mix.N)
    mix.reset()
    resets = [child.resets for child in children]
    x_after_reset, _ = next(mix)
    out |= named("resets after_reset", resets, x_after_reset)
    pictures = []
    for size in (1, 3):
        x_of_pictures = draw(rng, 4, 3, 2)
        numbers = in_random_order(rng, 4)
        pictures.append(Child(x_of_pictures, numbers, size))
    mix_of_pictures = net.MixIterator(tuple(pictures))
    out |= named("x_of_pictures y_of_numbers", next(mix_of_pictures))
    out |= named("N_of_pictures", mix_of_pictures.N)
    # a mix is a child, too; it promises no more than `N`, `reset` and batches
    part = net.MixIterator([Child(draw(rng, n, D), soft(rng, n), 2) for n in (5, 8)])
    mix_of_mixes = net.MixIterator([Child(draw(rng, 6, D), soft(rng, 6), 3), part])
    out |= named("x_of_mixes y_of_mixes", next(mix_of_mixes))
    return out | named("N_of_mixes iterates", mix_of_mixes.N, iterates)


@check(
    points=2,
    words={f"drawn{word}": DRAWN for word in ("", "_ragged", "_over", "_uneven")}
    | {"drawn_early": AHEAD, "as_they_come": "the batches were changed. Give them as they come."},
)
def epochs(net: Any, seed: int) -> Arrays:
    """`one_epoch` starts again and goes on until it has given N examples"""
    rng = np.random.default_rng(seed)
    out: Arrays = {}
    as_they_come = True
    for word, kind, n, N in (
        ("", Child, 12, 12),
        ("_ragged", Child, 14, 14),
        ("_over", Child, 16, 13),  # this gives 16 before it has given 13
        ("_uneven", Uneven, 14, 14),
    ):
        child = kind(draw(rng, n, D), soft(rng, n), 4)
        next(child)
        child.N = N
        batches = list(net.one_epoch(child))
        if not batches:
            raise TypeError(
                "`one_epoch` gave no batch. Give batches until N examples have been seen, whatever "
                "the size of each."
            )
        if not all(is_pair(batch) for batch in batches):
            raise TypeError(
                "an epoch should give pairs, one after another: `yield x, y` in the loop, not "
                "`return x, y`"
            )
        x, y = zip(*batches, strict=True)
        for part in (*x, *y):
            as_they_come &= part.dtype == torch.float32 and not part.requires_grad
        names = f"batches{word} x{word} y{word} drawn{word}"
        out |= named(names, len(batches), torch.cat(x), torch.cat(y), child.drawn)
    child = Child(draw(rng, 12, D), soft(rng, 12), 4)
    next(iter(net.one_epoch(child)))
    return out | named("drawn_early as_they_come", child.drawn, as_they_come)


def is_pair(batch: Any) -> bool:
    """Return whether a batch is a tuple or list of two."""
    if not isinstance(batch, tuple | list):
        return False
    return len(batch) == 2


@check(
    points=2,
    costs=("none", "all"),
    words={"integers": "sizes are numbers of examples: return two integers."},
)
def shares(net: Any, seed: int) -> Arrays:
    """`batch_sizes` divides a batch into labelled and pseudo-labelled examples"""
    total = 40 + 12 * (seed % 997)
    wanted = {
        "quarter": 0.25,
        "third": (total // 3 + 0.4) / total,
        "most": (total // 2 + 8.6) / total,
        "none": 0.0,
        "all": 1.0,
    }
    pairs = []
    integers = True
    for share in wanted.values():
        sizes = tuple(net.batch_sizes(total, share))
        pairs.append(sizes)
        integers &= all(is_integer(size) for size in sizes)
    out = named(" ".join(wanted), *pairs)
    return out | named("integers", integers)


def is_integer(value: Any) -> bool:
    """Return whether a value counts as an integer: of Python, of NumPy, or a tensor of integers."""
    if isinstance(value, torch.Tensor) and value.is_floating_point():
        return False
    return hasattr(value, "__index__")


@check(
    points=2,
    words={"integers": "row numbers are integers: floats cannot select rows.", "same_after": KEPT},
)
def three_parts(net: Any, seed: int) -> Arrays:
    """`split_rows` makes three parts that have no row in common"""
    rng = np.random.default_rng(seed)
    net = Watched(net)
    order = in_random_order(rng, 23)
    parts = net.split_rows(order, 6, 4)
    out = named("held_out labelled unlabelled", parts)
    integers = all(part.dtype.kind == "i" for part in out.values())
    out |= named("integers", integers)
    return out | same_after(net)


@check(
    points=4,
    words={
        "same_after": (
            "the model's numbers changed: labelling only reads them (batch norm in training mode "
            "writes)."
        ),
        "mode_of_each_layer_after": (
            "a layer is in another mode than before: `model.train(mode)` sets all of them."
        ),
        "no_gradients_after": (
            "gradients were left on the model's parameters. Labelling needs none."
        ),
        "x_same_after": KEPT,
    },
)
def soft_labels(net: Any, seed: int) -> Arrays:
    """`pseudo_labels` predicts probabilities in evaluation mode and leaves the model as it was"""
    rng = np.random.default_rng(seed)
    net = Watched(net)
    torch.manual_seed(seed)
    model = classifier(rng)
    x = draw(rng, 21, D)
    out: Arrays = {}
    modes = True
    unchanged = True
    for word, is_training in (("", True), ("_again", False)):
        model.train(is_training)
        before = condition(model)
        y = tensor("pseudo_labels", net.pseudo_labels(model, x))
        out |= named(f"y{word} in_a_graph{word} mode{word}", y, y.requires_grad, model.training)
        after = condition(model)
        modes &= after.modes == before.modes
        unchanged &= after.numbers == before.numbers
    trainable = all(parameter.requires_grad for parameter in model.parameters())
    out |= named("trainable_after gradients_on_after", trainable, torch.is_grad_enabled())
    out |= named("same_after mode_of_each_layer_after", unchanged, modes)
    no_gradients = after.gradients == before.gradients
    (x_same,) = same_after(net).values()
    return out | named("no_gradients_after x_same_after", no_gradients, x_same)


@check(points=2, words={"same_after": KEPT})
def loss_of_soft_labels(net: Any, seed: int) -> Arrays:
    """`soft_cross_entropy` is the mean cross-entropy with labels that are probabilities"""
    rng = np.random.default_rng(seed)
    net = Watched(net)
    logits = draw(rng, B, V, spread=2)
    logits.requires_grad_()
    y = soft(rng, B)
    loss = net.soft_cross_entropy(logits, y)
    large_logits = 1000 * logits.detach()
    of_large = net.soft_cross_entropy(large_logits, y)
    more_logits = torch.cat([logits.detach(), draw(rng, B - 1, V, spread=2)])
    of_more = net.soft_cross_entropy(more_logits, soft(rng, 2 * B - 1))
    two_classes = torch.from_numpy(rng.permutation(V)[:2])
    true_labels = torch.eye(V)[two_classes]
    of_two = net.soft_cross_entropy(logits[:2].detach(), true_labels)
    if getattr(loss, "requires_grad", False):
        loss.sum().backward()
    gradient = logits.grad
    if gradient is None:
        gradient = torch.zeros(B, V)
    names = "loss loss_of_large loss_of_more loss_of_two_true_labels gradient"
    out = named(names, loss, of_large, of_more, of_two, gradient)
    return out | same_after(net)


@check(
    points=3,
    needs=loss_of_soft_labels,
    words={
        "drawn": STEPS,
        "resets": "the batches were reset, but only the caller does that. Take the next batch.",
    },
)
def few_steps(net: Any, seed: int) -> Arrays:
    """`train` for six steps, then two: how far each weight moves, and the losses"""
    rng = np.random.default_rng(seed)
    model = classifier(rng)
    child = Child(draw(rng, 22, D), soft(rng, 22), B)
    # Large gradients, and short steps, so that they stay large: it shows whether they were clipped.
    # Of 300 seeds the larger of the last two norms is 0.78 at least.
    model.get_parameter("3.weight").data *= 4
    next(child)
    before = state(model)
    optimizer = Descent(model.parameters(), 0.05, 0.5)
    losses: list[Any] = []
    for steps in (6, 2):
        model.eval()
        losses += listed(net.train(model, child, optimizer, steps))
    out = figures(losses)
    out |= moved(model, before)
    return out | named("drawn resets", child.drawn, child.resets)


@check(
    points=3,
    needs=(mixing, shares, soft_labels, few_steps),
    words={
        "returned": "return the student: the network that was given, not another.",
        "same_after": KEPT,
    },
)
def both_networks(net: Any, seed: int) -> Arrays:
    """`semi_supervised` trains the teacher, then the student on both kinds of labels"""
    rng = np.random.default_rng(seed)
    net = Watched(net)
    teacher = classifier(rng)
    student = classifier(rng)
    labelled = draw(rng, 16, D), soft(rng, 16)
    unlabelled = draw(rng, 26, D)
    before = state(teacher, "teacher_") | state(student, "student_")
    result = net.semi_supervised(
        teacher, student, labelled, unlabelled, make_batches, sgd, 10, 0.4, 5
    )
    out = moved(teacher, before, "teacher_")
    out |= moved(student, before, "student_")
    which = 0
    if result is teacher:
        which = 1
    elif result is student:
        which = 2
    out |= named("returned", which)
    return out | same_after(net)


@check(
    points=1,
    question=choice("clearly better", "about the same", "clearly worse", predict=True),
)
def predicted_accuracy(net: Any, seed: int) -> str:
    """`with_four_fifths` predicts what more guesses do"""
    return net.with_four_fifths()


@check(
    points=4,
    needs=both_networks,
    measure=held_out_loss,
    data=digits,
    within=0.00005,
    seconds=60,
    kept=(
        "`both_networks` sees what three steps do; this has other sizes and another "
        "optimizer, and it is the proof that all parts work together"
    ),
)
def training(net: Any, seed: int, text: str) -> Arrays:
    """`semi_supervised` on digits with 50 labels: the student's loss on held-out images"""
    x, y = read(text)
    is_labelled = y >= 0
    labels = nn.functional.one_hot(y[is_labelled], 10).float()
    labelled = x[is_labelled], labels
    unlabelled = x[~is_labelled]
    start = seed % 10**6
    teacher = Network(start)
    student = Network(start + 10)
    net.semi_supervised(teacher, student, labelled, unlabelled, shuffled, adam, 64, 1 / 3, 150)
    return state(student)


def make_batches(x: torch.Tensor, y: torch.Tensor, size: int) -> Child:
    """Make the batches that `semi_supervised` asks for.

    Raises `TypeError` for labels in a graph or of another shape, which would fail later, in
    another function.
    """
    if y.requires_grad:
        raise TypeError(
            "these labels are part of a graph. Labels are data: `pseudo_labels` makes them outside "
            "of any graph"
        )
    if y.ndim != 2 or y.shape[1] != V:
        raise TypeError(
            f"`make_batches` was given labels of shape {tuple(y.shape)}. Each label is a row of "
            f"{V} probabilities, a guess as well as a true one: pass on the soft labels, whole, "
            "without `argmax`"
        )
    return Child(x, y, size)


def sgd(model: nn.Module) -> torch.optim.Optimizer:
    """Make the optimizer that `semi_supervised` is given."""
    return Descent(model.parameters(), 0.3, 0.5)


@check(
    points=2,
    words={
        "equal_is_below": (
            "a confidence that equals an edge belongs to the bin below that edge, and to no other."
        ),
        "same_after": KEPT,
    },
)
def repaired(net: Any, seed: int) -> Arrays:
    """`calibration_error` compares confidence and accuracy in bins, without the mistake"""
    rng = np.random.default_rng(seed)
    net = Watched(net)
    # few guesses are less than 30 % sure, so some of the lower bins are empty
    edges = torch.tensor([0.0, 0.2, 0.3, 0.5, 0.6, 0.75, 0.9, 1.0])
    on_edges = torch.zeros(3, V)
    on_edges[:, :3] = torch.tensor([[0.5, 0.3, 0.2], [0.75, 0.25, 0], [0, 0.25, 0.75]])
    errors = []
    equal_is_below = True
    for spread in np.linspace(0.5, 3, 12):
        probabilities = torch.softmax(draw(rng, 3 * D, V, spread=spread), -1)
        rows = torch.cat([probabilities, on_edges])
        likely = rows.argmax(-1).numpy()
        drawn = rng.integers(0, V, len(rows))
        classes = torch.from_numpy(np.where(rng.random(len(rows)) < 0.6, likely, drawn))
        error = float(net.calibration_error(rows, classes, edges))
        slightly_lower = torch.cat([probabilities, (1 - 1e-5) * on_edges])
        of_lower = float(net.calibration_error(slightly_lower, classes, edges))
        if abs(error - of_lower) > 1e-3 * (1 + abs(error)):
            equal_is_below = False
        errors.append(error)
    return named("errors equal_is_below", errors, equal_is_below) | same_after(net)


@check(points=1, question=planted("calibration_error"))
def line_of_the_mistake(net: Any, seed: int) -> tuple[str, int]:
    """`mistaken_line` is the line of your mistake"""
    return net.my_name(), net.mistaken_line()


@check(points=2, words={"same_after": KEPT})
def corrections(net: Any, seed: int) -> Arrays:
    """`corrected_and_lost` measures what a student mends of its teacher's mistakes, and loses"""
    rng = np.random.default_rng(seed)
    net = Watched(net)
    shares = []
    for n in range(30, 54, 2):
        classes = rng.integers(0, V, n)
        teacher, other = (classes + rng.integers(1, V, (2, n))) % V
        right = rng.permutation(n) < rng.integers(n // 2, n - 8)
        teacher[right] = classes[right]
        # the student is right, agrees with its teacher, or is wrong in its own way
        kinds = rng.choice(3, n, p=rng.dirichlet([3, 3, 3]))
        student = np.choose(kinds, [classes, teacher, other])
        answers = map(torch.from_numpy, (teacher, student, classes))
        shares.append([float(share) for share in net.corrected_and_lost(*answers)])
    return named("corrected lost", *np.array(shares).T) | same_after(net)
