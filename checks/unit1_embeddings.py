"""Experiments of unit 1: tables looked up, their gradient, three ways to rate films, and what they learned."""

from typing import Any

import numpy as np
import torch
from torch import nn

from autograder.check import Arrays, UnitSettings, check, named
from autograder.torch.sgd import Descent

from .ratings import TABLES, Rater, draw, fill, ids, movielens, read
from .training import figures

SIZES = {"B": 5, "U": 8, "E": 11, "V": 14, "H": 17}
B, U, E, V, H = SIZES.values()


def warm() -> None:
    """One pass of a model and both optimizers, so that no fork pays for first uses."""
    torch.set_num_threads(1)
    model = Rater(np.random.default_rng(0), U, V, E)
    for kind in (torch.optim.Adam, torch.optim.SGD):
        model(torch.zeros(B, dtype=torch.long), torch.zeros(B, dtype=torch.long)).sum().backward()
        kind(model.parameters(), 0.1).step()


UNIT = UnitSettings(packages=("torch", "numpy"), sizes=SIZES, warm=warm)


def rated(rng: np.random.Generator, n: int = B) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    return ids(rng, U, n), ids(rng, V, n), draw(rng, n)


WORDS = {
    "index": "number the words 1, 2, 3, … in the order in which they first appear (a `set` keeps no order).",
    "integers": "the ids should be a tensor of integers: a list or floats cannot index a table.",
    "rows": "the table has a row for each word and one more for the id 0, and E columns.",
    "mean_and_spread": "the numbers are not drawn from N(0, 1).",
    "drawn_anew": "a second table is the same as the first. Draw new numbers, and set no seed.",
}


@check(points=3, words=WORDS, tolerance={"mean_and_spread": 0.06})
def words(net: Any, seed: int) -> Arrays:
    """`index_words` numbers the words of a text from 1, `encode` uses the numbers, `new_table` has a row for each"""
    rng = np.random.default_rng(seed)
    # neither sorted nor by their number, and soon one comes again: on every seed another order of ids is another answer
    text = [f"w{i}" for i in (8, 7, 7, *rng.permutation([*range(7), *range(6), 0, 0]))]
    index = net.index_words(text)
    ids = net.encode([*(f"w{i}" for i in rng.permutation(9)), "unseen", "w3"], index)
    out = named("index ids", [index[f"w{i}"] for i in range(9)], ids)
    many = {f"w{i}": i for i in range(1, 401)}
    table, large, again = net.new_table(index, E), net.new_table(many, 50), net.new_table(many, 50)
    if not isinstance(table, torch.Tensor):
        raise TypeError(f"`new_table` should return the numbers, a tensor (rows, E), found {type(table).__name__}")
    integers = hasattr(ids, "dtype") and np.asarray(ids).dtype.kind in "iu"
    # 20,050 numbers: mean and spread have standard deviations of 0.007 and 0.005
    out |= named("integers rows drawn_anew", integers, tuple(table.shape), not torch.equal(large, again))
    return out | named("mean_and_spread", [float(large.mean()), float(large.std())])


@check(points=3, words={"floats": "the one-hot rows should be floats, to be multiplied by a table."})
def lookups(net: Any, seed: int) -> Arrays:
    """`lookup` picks rows, and `lookup_by_product` gets the same from a product with one-hot rows"""
    rng = np.random.default_rng(seed)
    table, rows = draw(rng, V, E), ids(rng, V - 2)
    one_hot = net.one_hot(rows, V)
    if tuple(one_hot.shape) != (B, V):
        raise TypeError(f"`one_hot` gave {tuple(one_hot.shape)}; (B, V) = {(B, V)} was wanted")
    out = named("one_hot floats rows", one_hot, one_hot.is_floating_point(), net.lookup(table, rows))
    return out | named("product", net.lookup_by_product(table, rows))


@check(points=3)
def lookup_gradient(net: Any, seed: int) -> Arrays:
    """`lookup_backward` adds up the gradients of all that looked a row up"""
    rng = np.random.default_rng(seed)
    rows = torch.tensor([3, 0, 3, 7, 3, 0])
    return named("gradient", net.lookup_backward(rows, draw(rng, 6, E), V))


@check(points=2)
def dense_ids(net: Any, seed: int) -> Arrays:
    """`reindex` numbers sparse ids from 0 without gaps, and tells which is which"""
    rng = np.random.default_rng(seed)
    sparse = torch.from_numpy(np.sort(rng.choice(9000, 7, replace=False)) + 100)
    return named("ids originals", net.reindex(sparse[torch.from_numpy(rng.permutation(np.arange(21) % 7))]))


SIZE = "another count of numbers that learn: see the table of attributes for the sizes, and make nothing else."


@check(points=2)
def products(net: Any, seed: int) -> Arrays:
    """`dot_product` multiplies row by row and sums over the factors"""
    rng = np.random.default_rng(seed)
    products = net.dot_product(draw(rng, B, E), draw(rng, B, E))
    return named("products of_one_pair", products, net.dot_product(draw(rng, 1, E), draw(rng, 1, E)))


def gradients(model: nn.Module, rating: torch.Tensor, rng: np.random.Generator) -> Arrays:
    """The gradient in each parameter, of the ratings weighted at random; and how many numbers can learn."""
    (rating * draw(rng, *rating.shape)).sum().backward()
    learns = {"gradient_in_" + n.replace(".", "_"): p for n, p in model.named_parameters()}
    out = {n: (torch.zeros_like(p) if p.grad is None else p.grad).numpy() for n, p in learns.items()}
    return out | {"parameters": np.array(sum(p.numel() for p in model.parameters()))}


@check(points=4, needs=products, words={"parameters": SIZE})
def dot_and_biases(net: Any, seed: int) -> Arrays:
    """`DotBias` predicts product + two biases + constant; its gradients reach all five"""
    rng = np.random.default_rng(seed)
    model = fill(net.DotBias(U, V, E, 3.5), rng, *TABLES)
    rating = model(*rated(rng)[:2])
    grads, one = gradients(model, rating, rng), model(*rated(rng, 1)[:2])
    names = " ".join([*(f"gradient_in_{role}_weight" for role in TABLES), "gradient_in_constant", "parameters"])
    return named("rating of_one_pair start", rating, one, model.constant) | named(names, grads)


def mean_rating(net: Any, drops: tuple[float, float]) -> torch.Tensor:
    """The mean of 400 ratings in training mode, of a network that gives 1 without dropout; with it, 1 on average."""
    model = net.NeuralNet(U, V, E, H, drops).train()
    for parameter, number in ((model.user, 1), (model.movie, 1), (model.hidden, 0.5 / E), (model.output, 1 / H)):
        nn.init.constant_(parameter.weight, number)
    nn.init.zeros_(model.hidden.bias), nn.init.zeros_(model.output.bias)
    return model(torch.zeros(400, dtype=torch.long), torch.zeros(400, dtype=torch.long)).mean()


DROPPED = "dropout changes the mean: divide what is kept by 1 − p, as `nn.Dropout` does."


@check(
    points=4,
    words={"parameters": SIZE, "mean_inputs_dropped": DROPPED, "mean_hidden_dropped": DROPPED},
    tolerance={"mean_inputs_dropped": 0.1, "mean_hidden_dropped": 0.1},  # 7 of their standard deviations
)
def neural_net(net: Any, seed: int) -> Arrays:
    """`NeuralNet` puts two embeddings side by side and runs them through two layers, with dropout in training"""
    rng = np.random.default_rng(seed)
    users, movies, _ = rated(rng)
    start = int(rng.integers(1 << 30))
    out: Arrays = {}
    for word, drops in (("", (0.0, 0.0)), ("_inputs_dropped", (1.0, 0.0)), ("_hidden_dropped", (0.0, 1.0))):
        roles = "user", "movie", "hidden", "output"
        model = fill(net.NeuralNet(U, V, E, H, drops), np.random.default_rng(start), *roles)
        for parameter in model.get_submodule("output").parameters() if drops[0] else ():
            parameter.data = -parameter.data  # some ratings of the first are negative, or some of these
        out |= named(f"training{word} evaluation{word}", model.train(True)(users, movies), model.eval()(users, movies))
    one = model(users[:1], movies[:1])
    means = mean_rating(net, (0.5, 0.0)), mean_rating(net, (0.0, 0.5))
    out |= named("mean_inputs_dropped mean_hidden_dropped", means)
    return out | named("of_one_pair parameters", one, sum(p.numel() for p in model.parameters()))


@check(points=2)
def weight_decay(net: Any, seed: int) -> Arrays:
    """`penalty` is the sum of the squares of all embedding tables, whatever else a model has"""
    rng = np.random.default_rng(seed)
    deep = nn.Module()
    deep.user, deep.movie = nn.Embedding(U, E), nn.Embedding(V, E)
    deep.hidden, deep.output = nn.Linear(2 * E, H), nn.Linear(H, 1)
    fill(deep, rng, "user", "movie", "hidden", "output")
    rater, nested = Rater(rng, U, V, E), nn.Module()
    nested.user, nested.movie, nested.inner = deep.user, deep.movie, nn.Sequential(Rater(rng, 2, 2, E))
    total = net.penalty(rater)
    if getattr(total, "requires_grad", False):
        total.sum().backward()
    gradient = rater.get_parameter("user.weight").grad
    gradient = torch.zeros(U, E) if gradient is None else gradient
    names = "penalty of_a_neural_net of_a_model_in_a_model gradient"
    return named(names, total, net.penalty(deep), net.penalty(nested), gradient)


@check(points=2)
def held_out_error(net: Any, seed: int) -> Arrays:
    """`mse` is the plain mean squared error, in evaluation mode and outside of any graph"""
    rng = np.random.default_rng(seed)
    model, users, movies = Rater(rng, 300, 400, E).eval(), ids(rng, 300, 30), ids(rng, 400, 30)
    model.constant.data.fill_(4.8)  # some predictions are above 5
    ratings = model(users, movies).detach() + draw(rng, 30, spread=0.5)
    error = net.mse(model.train(True), users, movies, ratings)
    few = net.mse(model.train(True), users[:7], movies[:7], ratings[:7])
    return named("mse mse_of_few in_a_graph", error, few, getattr(error, "requires_grad", False))


@check(points=3, needs=weight_decay)
def few_steps(net: Any, seed: int) -> Arrays:
    """`train` on three batches: how far each weight moved, and the losses"""
    rng = np.random.default_rng(seed)
    model, batches = Rater(rng, U, V, E).eval(), [rated(rng) for _ in range(3)]
    before = {name: array.clone() for name, array in model.state_dict().items()}
    losses = net.train(model, iter(batches), Descent(model.parameters(), 0.1, 0.5), 0.05)
    moved = {name.replace(".", "_"): array - before[name] for name, array in model.state_dict().items()}
    return {name: array.numpy() for name, array in moved.items()} | figures(losses)


@check(points=3, words={"same_after": "the caller's table was changed in place. Work on a copy."})
def learned(net: Any, seed: int) -> Arrays:
    """`best_and_worst`, `neighbours` and `two_dimensions` show what a table has learned"""
    rng = np.random.default_rng(seed)
    table = draw(rng, V, E) * torch.linspace(0.4, 3, V)[:, None] + 1
    table[1::3] *= -1  # some point the other way
    given = table.clone()
    place = torch.as_tensor(net.two_dimensions(given))
    out = named("best worst", net.best_and_worst(draw(rng, V), 3))
    out |= named("neighbours all_neighbours", net.neighbours(given, 4, 3), net.neighbours(given, 2, V - 1))
    out |= named("distances on_the_map", torch.cdist(place, place), tuple(place.shape))
    return out | named("spreads same_after", place.std(0), torch.equal(given, table))


def held_out_mse(ours: Any, trained: Arrays, text: str) -> float:
    """The mean squared error of our model with the trained tables, on ratings that no one trained on."""
    model = ours.DotBias(671, 9066, 10, 0.0)
    for role in TABLES:
        getattr(model, role).weight.data = torch.tensor(trained[role])
    model.constant.data = torch.tensor(trained["constant"])
    return float(ours.mse(model, *read(text)))


@check(
    points=4,
    needs=(dot_and_biases, held_out_error, few_steps),
    measure=held_out_mse,
    data=movielens,
    within=0.001,  # right answers end within 1e-6, a model that learns nothing of products at 0.003
    seconds=60,
    kept=(
        "`few_steps` sees what a step does; this trains the submission's own model with its "
        "own `train`, at other sizes, and it is the proof that both work together"
    ),
)
def training(net: Any, seed: int, text: str) -> Arrays:
    """`DotBias` and `train` on MovieLens: mean squared error on held-out ratings"""
    rng, (users, movies, ratings) = np.random.default_rng(seed), read(text)
    model = net.DotBias(671, 9066, 10, float(ratings.mean()))
    for role in TABLES:
        getattr(model, role).weight.data = draw(rng, *getattr(model, role).weight.shape, spread=0.1)
    optimizer = torch.optim.Adam(model.parameters(), 0.02)

    def batches() -> Any:
        for step in range(600):
            optimizer.param_groups[0]["lr"] = 0.02 * (1 - step / 600)
            rows = torch.from_numpy(rng.integers(0, len(ratings), 1024))
            yield users[rows], movies[rows], ratings[rows]

    net.train(model, batches(), optimizer, 1e-4)
    return named(" ".join(TABLES), *(getattr(model, role).weight for role in TABLES)) | named(
        "constant", model.constant
    )
