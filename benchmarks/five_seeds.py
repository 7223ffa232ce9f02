"""The comparisons that the units draw conclusions from, each on five seeds.

python benchmarks/five_seeds.py [COMPARISON …]: trains what is missing in docs/five_seeds.csv, adds
it there, and writes docs/five_seeds.md. Without a name: all, half an hour on one core. The networks
and the loops are the solutions' own; a comparison here is a function that gives, for one seed, the
held-out figure of each condition, mostly nats per character. To measure one again, delete its
lines.
"""

import os

os.environ |= {f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL")}

import csv
import math
import sys
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from statistics import mean, stdev
from typing import Any

import numpy as np
import torch
from at_hand import COURSE, ROOT
from sklearn.datasets import load_digits

from autograder.check import Corpus
from autograder.data import corpus, find
from autograder.sandbox.inside.submission import Submission

FIGURES = ROOT / "docs" / "five_seeds.csv"
PAGE = ROOT / "docs" / "five_seeds.md"
COLUMNS = ("comparison", "condition", "seed", "value")
NATS = "nats per character"
# a seed → pairs of a condition and its figure on held-out data
Comparison = Callable[[int], Iterator[tuple[str, float]]]

torch.set_num_threads(1)


@cache
def text() -> Corpus:
    return corpus(COURSE)


@cache
def vocabulary() -> list[str]:
    """Return the units' vocabulary: the null, then the characters of the training text."""
    return ["\0", *sorted(set(text().train))]


@cache
def unit(name: str) -> Any:
    """Return the definitions of a unit's solution."""
    path = COURSE.solution(name)
    return Submission(path.read_bytes(), path.name)


def ids(read: str) -> torch.Tensor:
    """Return the indices of a text's characters in the vocabulary, 0 for unknown ones."""
    places = {c: i for i, c in enumerate(vocabulary())}
    return torch.tensor([places.get(c, 0) for c in read])


# ------------------------------- units 0 and 1


def soft_labels(seed: int) -> Iterator[tuple[str, float]]:
    """Unit 0: a student of soft labels, one of hard labels, and a network with labels only."""
    unit0 = unit("unit0_pseudo_labels")
    pixels, digits = load_digits(return_X_y=True)
    images, answers = torch.tensor(pixels / 16).float(), torch.tensor(digits)
    soft = unit0.pseudo_labels
    _ = unit0.semi_supervised, unit0.judge

    def hard(model: Any, x: Any) -> Any:
        return torch.nn.functional.one_hot(soft(model, x).argmax(-1), 10).float()

    for name, labels in (("soft labels", soft), ("hard labels", hard)):
        torch.manual_seed(seed)
        held_out, few, none = unit0.split_rows(torch.randperm(len(images)), 550, 50)
        labelled = images[few], torch.nn.functional.one_hot(answers[few], 10).float()
        supervised = unit0.classifier()
        only = unit0.Batches(*labelled, 75), unit0.adam(supervised), 1200
        unit0.train(supervised, *only)
        teacher, student = unit0.classifier(), unit0.classifier()
        made_of = labelled, images[none], unit0.Batches, unit0.adam, 75, 1 / 3, 600
        unit0.namespace["pseudo_labels"] = labels
        unit0.semi_supervised(teacher, student, *made_of)
        unit0.namespace["pseudo_labels"] = soft
        yield name, unit0.judge(student, images[held_out], answers[held_out])[0]
        if name == "soft labels":
            yield "labels only", unit0.judge(supervised, images[held_out], answers[held_out])[0]
            yield "teacher", unit0.judge(teacher, images[held_out], answers[held_out])[0]


def unrated_film(seed: int) -> Iterator[tuple[str, float]]:
    """Unit 1: how long a film's row is that no rating moves, after the unit's 1,000 batches."""
    conditions = (("penalty", 1e-6), ("penalty", 1e-4), ("penalty", 1e-3))
    for name, decay in (*conditions, ("AdamW", 1e-4), ("AdamW", 1e-3)):
        row = torch.nn.Parameter(0.1 * torch.randn(10, generator=torch.manual_seed(seed)))
        optimizer: torch.optim.Optimizer = torch.optim.Adam([row], 0.02)
        if name == "AdamW":
            optimizer = torch.optim.AdamW([row], 0.02, weight_decay=decay)
        for step in range(1000):
            optimizer.param_groups[0]["lr"] = 0.02 * (1 - step / 1000)
            loss = 0 * row.sum() if name == "AdamW" else decay * (row**2).sum()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        yield f"{name}, {decay:g}", float(row.detach().norm())


@cache
def stars() -> tuple[Any, Any]:
    """Return the held-out ratings and the others, as unit 1 splits them: users, films, stars."""
    unit1 = unit("unit1_embeddings")
    path = find(COURSE, "movielens")
    raw = torch.tensor(np.loadtxt(path, delimiter=",", skiprows=1, usecols=(0, 1, 2)))
    users, _ = unit1.reindex(raw[:, 0].long())
    films, _ = unit1.reindex(raw[:, 1].long())
    columns = users, films, raw[:, 2].float()
    order = torch.from_numpy(np.random.default_rng(1).permutation(len(raw)))
    held_out, known = order.split([20000, 80004])
    return tuple(c[held_out] for c in columns), tuple(c[known] for c in columns)


def two_models(seed: int) -> Iterator[tuple[str, float]]:
    """Unit 1, on MovieLens: the product with biases, only biases, and the neural net."""
    unit1 = unit("unit1_embeddings")
    _ = unit1.DotBias, unit1.NeuralNet, unit1.mse, unit1.penalty
    held_out, known = stars()
    average = known[2].mean().item()
    for name, decay, rate in (
        ("product and biases, 0.0001", 1e-4, 0.02),
        ("product and biases, 0.0002", 2e-4, 0.02),
        ("product and biases, 0.0003", 3e-4, 0.02),
        ("product and biases, 0.001", 1e-3, 0.02),
        ("only biases, 0.0001", 1e-4, 0.02),
        ("neural net, 0.0002", 2e-4, 0.005),
        ("neural net, 0.0001", 1e-4, 0.005),
    ):
        torch.manual_seed(seed)
        if not name.startswith("neural"):
            model = unit1.small(unit1.DotBias(671, 9066, 10, average))
            if name.startswith("only"):
                for table in (model.user, model.movie):  # products of zeros have no gradient
                    torch.nn.init.zeros_(table.weight)
        else:
            model = unit1.small(unit1.NeuralNet(671, 9066, 10, 70, (0.3, 0.5)))
            torch.nn.init.constant_(model.output.bias, average)
        optimizer = torch.optim.Adam(model.parameters(), rate)
        drawn = unit1.batches(known, optimizer, 1000, torch.Generator().manual_seed(seed))
        unit1.train(model, drawn, optimizer, decay)
        yield name, float(unit1.mse(model, *held_out))
    yield "neural net, on its training ratings", float(unit1.mse(model, *known))


def newcomers(seed: int) -> Iterator[tuple[str, float]]:
    """Unit 1: people left out of the training, placed by three ratings; error on their others."""
    unit1 = unit("unit1_embeddings")
    columns = [torch.cat(parts) for parts in zip(*stars(), strict=True)]
    users, films, given = columns
    rng = np.random.default_rng(seed)
    people = rng.permutation(671)[:130]
    is_new = torch.isin(users, torch.from_numpy(people))
    known = [column[~is_new] for column in columns]
    average = known[2].mean().item()
    torch.manual_seed(seed)
    model = unit1.small(unit1.DotBias(671, 9066, 10, average))
    optimizer = torch.optim.Adam(model.parameters(), 0.02)
    drawn = unit1.batches(known, optimizer, 1000, torch.Generator().manual_seed(seed))
    unit1.train(model, drawn, optimizer, 1e-4)
    table, constant = model.movie.weight.detach(), model.constant.detach()
    bias = model.movie_bias.weight.detach()[:, 0]
    errors: dict[str, list[float]] = {}
    for person in people:
        places = rng.permutation(np.flatnonzero((users == person).numpy()))
        three, others = places[:3], places[3:]
        expected = {"always the mean": torch.full_like(bias, average)}
        expected["only the films' biases"] = bias + constant
        for decay in (0.3, 3.0, 8.0):
            row, level = unit1.newcomer(table, bias, constant, films[three], given[three], decay)
            expected[f"placed, {decay:g}"] = table @ row.float() + bias + float(level) + constant
        for name, of_films in expected.items():
            squares = (of_films[films[others]] - given[others]) ** 2
            errors.setdefault(name, []).extend(squares.tolist())
    for name, squares_of_all in errors.items():
        yield name, mean(squares_of_all)


# ------------------------------- counting


def trusting_less(counts: Any, context: str, character: str, times: int) -> float:
    """Return the probability of a character by unit 2's rule of back-off, with `times` d for d."""
    p = 1 / len(vocabulary())
    for k in range(min(len(context), len(counts) - 1) + 1):
        after = counts[k].get(context[len(context) - k :])
        if after:
            weight = times * len(after)
            p = (after[character] + weight * p) / (after.total() + weight)
    return p


def counting(_: int) -> Iterator[tuple[str, float]]:
    """Counts of up to n characters with back-off. No seed: counting draws nothing."""
    unit2 = unit("unit2_unrolled_rnn")
    counts = unit2.count_next(text().train, 7)
    for n in range(8):
        losses = []
        for i, c in enumerate(text().held_out):
            context = text().held_out[max(i - n, 0) : i]
            losses.append(-math.log(unit2.backed_off(counts, context, c, len(vocabulary()))))
        yield f"{n} characters", mean(losses)
    losses = []
    for i, c in enumerate(text().held_out):
        context = text().held_out[max(i - 6, 0) : i]
        losses.append(-math.log(trusting_less(counts[:7], context, c, 4)))
    yield "6 characters, with 4 d", mean(losses)


# ------------------------------- unit 2


def adam(parameters: Any, rate: float) -> torch.optim.Optimizer:
    return torch.optim.Adam(parameters, rate, fused=True)


def windows_trained(model: Any, n: int, steps: int, rate: float, seed: int) -> float:
    """Train a network that predicts from `n` characters; return its held-out loss."""
    unit2 = unit("unit2_unrolled_rnn")
    x, y = unit2.windows(ids(text().train), n)
    learned = [weight for weight in model.parameters() if weight.requires_grad]
    unit2.train(model, unit2.random_batches(x, y, 256, steps, seed), adam(learned, rate))
    x, y = unit2.windows(ids(text().held_out), n)
    with torch.no_grad():
        return float(unit2.mean_loss(model(x), y))


def three_characters(seed: int) -> Iterator[tuple[str, float]]:
    """Unit 2: the network of three characters."""
    torch.manual_seed(seed)
    model = unit("unit2_unrolled_rnn").ThreeCharacters(len(vocabulary()), 24, 96)
    model.embedding.weight.data *= 0.1
    yield "three characters", windows_trained(model, 3, 3000, 4e-3, seed)


def embedding(seed: int) -> Iterator[tuple[str, float]]:
    """Unit 2: an embedding of 24 numbers beside one-hot rows."""
    unit2 = unit("unit2_unrolled_rnn")
    for name, numbers in (("an embedding", 24), ("one-hot rows", len(vocabulary()))):
        torch.manual_seed(seed)
        model = unit2.ThreeCharacters(len(vocabulary()), numbers, 64)
        if name == "one-hot rows":
            torch.nn.init.eye_(model.embedding.weight).requires_grad_(False)
        yield name, windows_trained(model, 3, 1500, 3e-3, seed)


def identity(seed: int) -> Iterator[tuple[str, float]]:
    """Unit 2: eight characters, with the identity initialisation and with PyTorch's own."""
    unit2 = unit("unit2_unrolled_rnn")
    for name in ("identity", "PyTorch's default"):
        torch.manual_seed(seed)
        model = unit2.Recurrent(len(vocabulary()), 24, 64)
        if name != "identity":
            model.hidden.reset_parameters()
        yield name, windows_trained(model, 8, 1500, 3e-3, seed)


def network_of_steps(seed: int) -> Any:
    """Train unit 2's network with a target at every step."""
    unit2 = unit("unit2_unrolled_rnn")
    torch.manual_seed(seed)
    x, y = unit2.sequence_windows(ids(text().train), 8)
    model = unit2.EveryStep(len(vocabulary()), 24, 96)
    unit2.train(model, unit2.random_batches(x, y, 256, 1000, seed), adam(model.parameters(), 4e-3))
    return model


def every_step(seed: int) -> Iterator[tuple[str, float]]:
    """Unit 2: a target at every step, the mean of all and the loss of each."""
    unit2 = unit("unit2_unrolled_rnn")
    model = network_of_steps(seed)
    x, y = unit2.sequence_windows(ids(text().held_out), 8)
    with torch.no_grad():
        losses = unit2.loss_by_position(model(x), y)
    yield "mean of eight", float(losses.mean())
    for step, loss in enumerate(losses, 1):
        yield f"step {step}", float(loss)


def one_target(seed: int) -> Iterator[tuple[str, float]]:
    """Unit 2: the size, the rate and the batches of the network of steps, one target a window."""
    torch.manual_seed(seed)
    model = unit("unit2_unrolled_rnn").Recurrent(len(vocabulary()), 24, 96)
    yield "one target a window", windows_trained(model, 8, 1000, 4e-3, seed)


def mixture(seed: int) -> Iterator[tuple[str, float]]:
    """Unit 2: counts of four characters, mixed with the network's eighth step."""
    unit2, held_out = unit("unit2_unrolled_rnn"), text().held_out
    counts = unit2.count_next(text().train, 4)
    by_counts = {}
    for n in (4, 2):
        of_n = [
            unit2.backed_off(counts[: n + 1], held_out[i - n : i], held_out[i], len(vocabulary()))
            for i in range(8, len(held_out))
        ]
        by_counts[n] = np.array(of_n)
    model, read = network_of_steps(seed), ids(held_out)
    with torch.no_grad():
        windows = read.unfold(0, 8, 1)[:-1].T
        parts = [model(part)[-1].softmax(-1) for part in windows.split(4096, 1)]
    by_network = torch.cat(parts).gather(1, read[8:, None])[:, 0].double().numpy()

    def loss(share: float, places: slice = slice(None), mixed: Any = by_network) -> float:
        probabilities = share * mixed + (1 - share) * by_counts[4]
        return float(-np.log(probabilities[places]).mean())

    yield "counts of four", loss(0)
    yield "5 % of the network", loss(0.05)
    yield "10 % of the network", loss(0.1)
    yield "50 % of the network", loss(0.5)
    yield "the network", loss(1)
    yield "5 % of the counts of two", loss(0.05, mixed=by_counts[2])
    half = len(by_network) // 2
    first, second = slice(half), slice(half, None)
    chosen = min(np.arange(0, 1, 0.05), key=lambda share: loss(share, first))
    yield "counts of four, second half", loss(0, second)
    yield "share chosen on the first half, second half", loss(chosen, second)


# ------------------------------- unit 3


def recurrence(seed: int) -> Iterator[tuple[str, float]]:
    """Unit 3, last section: the linear recurrence on sequences of 8 and of 512."""
    unit3 = unit("unit3_scan")
    alphabet = sorted(set(text().train))
    places = {c: i for i, c in enumerate(alphabet)}
    train = torch.tensor([places[c] for c in text().train])
    unseen = torch.tensor([places.get(c, 0) for c in text().held_out])
    random = torch.Generator().manual_seed(seed + 3)
    begin = unit3.initial_weights(len(alphabet), 96, random)
    square = unit3.initial_weights(96, 96, random)["Wx"]
    weights = {name: begin[name].clone() for name in ("Wx", "Wy", "by")}
    weights |= {"Wm": square.clone(), "bm": torch.zeros(96), "keep": torch.linspace(-3, 3, 96)}
    optimizer = torch.optim.Adam([weight.requires_grad_() for weight in weights.values()])
    starts = np.random.default_rng(seed + 3).integers(0, len(train) - 512, 200)
    for rate, start in zip(np.linspace(0.02, 0, len(starts)), starts, strict=True):
        optimizer.param_groups[0]["lr"] = float(rate)
        logits = unit3.parallel_network(weights, train[start : start + 512])
        loss = unit3.sequence_loss(logits, train[start + 1 : start + 513]) / 512
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    for length, count in ((8, 1500), (512, 100)):
        total = 0.0
        for start in np.random.default_rng(0).integers(0, len(unseen) - length, count):
            with torch.no_grad():
                logits = unit3.parallel_network(weights, unseen[start : start + length])
                total += float(unit3.sequence_loss(logits, unseen[start + 1 : start + length + 1]))
        yield f"sequences of {length}", total / count / length


# ------------------------------- unit 4


def gradients(seed: int) -> Iterator[tuple[str, float]]:
    """Unit 4: right and wrong gradients, and gradients that are never clipped. Seeds from 4 on."""
    unit4 = unit("unit4_manual_gradients")
    alphabet = sorted(set(text().train))
    places = {c: i for i, c in enumerate(alphabet)}
    train = np.array([places[c] for c in text().train])
    unseen = np.array([places.get(c, 0) for c in text().held_out])
    x_new, y_new = next(iter(unit4.windows(unseen, np.random.default_rng(0), 8, 3000, 1)))

    def right(*given: Any) -> Any:
        return unit4.backward(*given)[0]

    def left_alone(*given: Any) -> Any:
        return right(*given) | {"Wh": 0 * given[0]["Wh"]}

    for name, gradient, bound in (
        ("right", right, 5.0),
        ("dnext forgotten", unit4.no_past, 5.0),
        ("right, never clipped", right, np.inf),
        ("Wh left alone", left_alone, 5.0),
        ("one number in Wh", unit4.one_number, 5.0),
    ):
        rng = np.random.default_rng(seed + 4)
        params = unit4.starting_weights(rng, len(alphabet), 64)
        for x, targets in unit4.windows(train, rng, 8, 32, 2000):
            logits, h = unit4.forward(params, x, np.zeros((32, 64)))
            grads = gradient(params, x, h, unit4.cross_entropy(logits, targets)[1])
            params = unit4.sgd(params, unit4.clip(grads, bound)[0], 0.1)
        logits, _ = unit4.forward(params, x_new, np.zeros((3000, 64)))
        yield name, unit4.cross_entropy(logits, y_new)[0] / 8


# ------------------------------- unit 5


def of_unit_5() -> Any:
    """Return unit 5's definitions, with the names that its examples bind."""
    unit5 = unit("unit5_stateful_lstm")
    _ = unit5.held_out_loss, unit5.CharLSTM, unit5.train_epoch, unit5.variant
    unit5.namespace["chars"] = vocabulary()
    return unit5


def small_run(network: Any, bound: float) -> None:
    """Train as unit 5, section 6 does: 240,000 characters, then 48,000 at a lower rate."""
    unit5 = of_unit_5()
    train = ids(text().train)
    optimizer = adam(network.parameters(), 8e-3)
    for part in (train[:240001], train[240000:288001]):
        unit5.train_epoch(network, unit5.continuing_batches(part, 32, 10), optimizer, bound)
        optimizer.param_groups[0]["lr"] = 1e-3


def carrying(seed: int) -> Iterator[tuple[str, float]]:
    """Unit 5, section 6: with the state carried in training and in reading, or not."""
    unit5, held_out = of_unit_5(), ids(text().held_out)
    for trained in ("carried", "from zeros"):
        torch.manual_seed(seed)
        network = unit5.CharLSTM(len(vocabulary()), 32, 64, 0.1)
        forgetful = unit5.Forgetful(network)
        small_run(network if trained == "carried" else forgetful, 1.0)
        yield f"trained {trained}, read carried", unit5.held_out_loss(network, held_out)
        yield f"trained {trained}, read from zeros", unit5.held_out_loss(forgetful, held_out)


def parts(seed: int) -> Iterator[tuple[str, float]]:
    """Unit 5, section 12: one thing changed at a time."""
    unit5, held_out = of_unit_5(), ids(text().held_out)
    names = (
        "as it is; no batch norm; small embedding; no batch norm, small embedding; one layer; "
        "plain; not clipped; extra dense layer; forget bias 1; no dropout"
    )
    for name in names.split("; "):
        network, bound = unit5.variant(name, seed)
        small_run(network, bound)
        yield name, unit5.held_out_loss(network, held_out)


def larger(seed: int) -> Iterator[tuple[str, float]]:
    """Unit 5, section 6: the larger network, two passes over the text."""
    unit5, train = of_unit_5(), ids(text().train)
    torch.manual_seed(seed)
    network = unit5.CharLSTM(len(vocabulary()), 32, 128, 0.1)
    optimizer = adam(network.parameters(), 1e-2)
    for rate in (1e-2, 2e-3):
        optimizer.param_groups[0]["lr"] = rate
        unit5.train_epoch(network, unit5.continuing_batches(train, 64, 20), optimizer, 1.0)
    yield "two passes", unit5.held_out_loss(network, ids(text().held_out))


def crossing(seed: int) -> Iterator[tuple[str, float]]:
    """Unit 5: a network of 256 units with a falling rate, after each of eight passes. One seed."""
    unit5, train = of_unit_5(), ids(text().train)
    torch.manual_seed(seed)
    network = unit5.CharLSTM(len(vocabulary()), 64, 256, 0.2)
    optimizer = adam(network.parameters(), 4e-3)
    passes = 8
    batches = list(unit5.continuing_batches(train, 32, 50))
    rates = iter(np.linspace(4e-3, 1e-5, passes * len(batches)))

    def with_rates() -> Iterator[Any]:
        for batch in batches:
            optimizer.param_groups[0]["lr"] = float(next(rates))
            yield batch

    for number in range(1, passes + 1):
        unit5.train_epoch(network, with_rates(), optimizer, 1.0)
        yield f"after {number}", unit5.held_out_loss(network, ids(text().held_out))


# name → comparison, its seeds, the quantity measured on held-out data
COMPARISONS: dict[str, tuple[Comparison, range, str]] = {
    "soft labels": (soft_labels, range(16), "accuracy"),
    "unrated film": (unrated_film, range(5), "length of its row"),
    "two models": (two_models, range(5), "mean squared error"),
    "newcomers": (newcomers, range(5), "mean squared error"),
    "counting": (counting, range(1), NATS),
    "three characters": (three_characters, range(5), NATS),
    "embedding": (embedding, range(5), NATS),
    "identity": (identity, range(5), NATS),
    "every step": (every_step, range(5), NATS),
    "one target": (one_target, range(5), NATS),
    "mixture": (mixture, range(5), NATS),
    "recurrence": (recurrence, range(5), NATS),
    "gradients": (gradients, range(5), NATS),
    "carrying": (carrying, range(5), NATS),
    "parts": (parts, range(5), NATS),
    "larger": (larger, range(5), NATS),
    "crossing": (crossing, range(1), NATS),
}


# ------------------------------- figures and page


def stored(path: Path = FIGURES) -> list[dict[str, str]]:
    """Return the figures measured so far."""
    if not path.exists():
        return []
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def measure(name: str) -> None:
    """Train a comparison on the seeds that are missing, and add the figures to the file."""
    comparison, seeds, _ = COMPARISONS[name]
    done = {row["seed"] for row in stored() if row["comparison"] == name}
    for seed in seeds:
        if str(seed) in done:
            continue
        found = list(comparison(seed))
        rows = [(name, condition, seed, f"{value:.4f}") for condition, value in found]
        is_new = not FIGURES.exists()
        with FIGURES.open("a", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            if is_new:
                writer.writerow(COLUMNS)
            writer.writerows(rows)
        for row in rows:
            print(*row, flush=True)


def differences(values: dict[int, float], first: dict[int, float]) -> str:
    """Return mean and standard deviation of the differences to the first condition, by seed."""
    found = [values[seed] - first[seed] for seed in values]
    return f"{mean(found):+.3f} ± {stdev(found):.3f}"


def table(rows: list[dict[str, str]], measured: str) -> Iterator[str]:
    """Yield the lines of a comparison's table: each condition, and its difference to the first."""
    by_condition: dict[str, dict[int, float]] = {}
    for row in rows:
        values = by_condition.setdefault(row["condition"], {})
        values[int(row["seed"])] = float(row["value"])
    first = next(iter(by_condition.values()))
    yield f"| condition | {measured} | difference to the first, by seed | seeds |"
    yield "|---|---|---|---|"
    for condition, values in by_condition.items():
        figure, difference = f"{mean(values.values()):.3f}", ""
        if len(values) > 1:
            figure += f" ± {stdev(values.values()):.3f}"
            difference = "" if values is first else differences(values, first)
        yield f"| {condition} | {figure} | {difference} | {len(values)} |"


HEAD = """# Comparisons on five seeds

Made by `python benchmarks/five_seeds.py`; each figure stands in `docs/five_seeds.csv`.
Figures are mean ± standard deviation over seeds.
A seed sets the first weights and, where batches are drawn, the batches.
All runs of a text share one held-out part, so the spread is that of training only; in unit 0, each seed draws its own.
"""


def write_page() -> None:
    """Write docs/five_seeds.md."""
    lines = [HEAD]
    rows = stored()
    for name, (comparison, _, measured) in COMPARISONS.items():
        found = [row for row in rows if row["comparison"] == name]
        if found:
            said = (comparison.__doc__ or "").replace(". ", ".\n")
            lines += [f"## {name.capitalize()}\n", f"{said}\n", *table(found, measured), ""]
    PAGE.write_text("\n".join(lines), encoding="utf-8")


if __name__ == "__main__":
    for wanted in sys.argv[1:] or COMPARISONS:
        measure(wanted)
    write_page()
