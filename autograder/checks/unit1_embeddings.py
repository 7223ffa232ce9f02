"""Experiments of unit 1: tables looked up, their gradient, three ways to rate films, and what they learned."""

from functools import cache
from typing import Any

import numpy as np
import torch
from torch import nn

from autograder.checking import Arrays, check, named

PACKAGES = ("torch", "numpy")
SIZES = {"B": 5, "U": 8, "E": 11, "V": 14, "H": 17}
B, U, E, V, H = SIZES.values()
TABLES = ("user", "movie", "user_bias", "movie_bias")


def warm() -> None:
    """One pass of a model and both optimizers, so that no fork pays for first uses."""
    torch.set_num_threads(1)
    model = Rater(np.random.default_rng(0), U, V, E)
    for kind in (torch.optim.Adam, torch.optim.SGD):
        model(torch.zeros(B, dtype=torch.long), torch.zeros(B, dtype=torch.long)).sum().backward()
        kind(model.parameters(), 0.1).step()


def draw(rng: np.random.Generator, *shape: int, spread: float = 1.0) -> torch.Tensor:
    return torch.from_numpy(rng.normal(0, spread, shape)).float()


def ids(rng: np.random.Generator, below: int, n: int = B) -> torch.Tensor:
    return torch.from_numpy(rng.integers(0, below, n))


def fill(model: nn.Module, rng: np.random.Generator, *roles: str) -> nn.Module:
    """Put numbers drawn by role into a model: the order in which layers are declared never matters."""
    for role in roles:
        for parameter in getattr(model, role).parameters():
            parameter.data = draw(rng, *parameter.shape, spread=0.5)
    return model


class Rater(nn.Module):
    """A model of the checks' own, none that is asked for: tables by role, and off by 1 in training mode."""

    def __init__(self, rng: np.random.Generator, users: int, movies: int, factors: int, spread: float = 0.5) -> None:
        super().__init__()
        for role, shape in zip(TABLES, ((users, factors), (movies, factors), (users, 1), (movies, 1)), strict=True):
            setattr(self, role, nn.Embedding.from_pretrained(draw(rng, *shape, spread=spread), freeze=False))
        self.constant = nn.Parameter(torch.tensor(3.0))

    def forward(self, users: torch.Tensor, movies: torch.Tensor) -> torch.Tensor:
        rows = self.user(users), self.movie(movies), self.user_bias(users), self.movie_bias(movies)
        return 3 * torch.cat(rows, 1).sin().mean(1) + self.constant + self.training


def rated(rng: np.random.Generator, n: int = B) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    return ids(rng, U, n), ids(rng, V, n), draw(rng, n)


@check(points=3)
def words(net: Any, seed: int) -> Arrays:
    """`index_words` numbers the words of a text from 1, `encode` uses the numbers, `new_table` has a row for each"""
    rng = np.random.default_rng(seed)
    text = [f"w{i}" for i in rng.permutation([*range(9), *range(6), 0, 0])]
    index = net.index_words(text)
    out = named("index ids", [index[f"w{i}"] for i in range(9)], net.encode([*text[:7], "unseen", "w3"], index))
    return out | named("rows", tuple(net.new_table(index, E).shape))


@check(points=3)
def lookups(net: Any, seed: int) -> Arrays:
    """`lookup` picks rows, and `lookup_by_product` gets the same from a product with one-hot rows"""
    rng = np.random.default_rng(seed)
    table, rows = draw(rng, V, E), ids(rng, V)
    return named(
        "one_hot rows product", net.one_hot(rows, V), net.lookup(table, rows), net.lookup_by_product(table, rows)
    )


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


@check(points=2)
def products(net: Any, seed: int) -> Arrays:
    """`dot_product` multiplies row by row and sums over the factors"""
    rng = np.random.default_rng(seed)
    products = net.dot_product(draw(rng, B, E), draw(rng, B, E))
    return named("products of_one_pair", products, net.dot_product(draw(rng, 1, E), draw(rng, 1, E)))


def gradients(model: nn.Module, rating: torch.Tensor, rng: np.random.Generator) -> Arrays:
    """The gradient in each parameter by name, of the ratings weighted at random; and how many numbers can learn."""
    (rating * draw(rng, *rating.shape)).sum().backward()
    learns = {n.replace(".", "_"): p for n, p in model.named_parameters()}
    out = {n: (torch.zeros_like(p) if p.grad is None else p.grad).numpy() for n, p in learns.items()}
    return out | {"parameters": np.array(sum(p.numel() for p in model.parameters()))}


@check(points=4)
def dot_and_biases(net: Any, seed: int) -> Arrays:
    """`DotBias` predicts product + two biases + constant; its gradients reach all five"""
    rng = np.random.default_rng(seed)
    model = fill(net.DotBias(U, V, E, 3.5), rng, *TABLES)
    rating = model(*rated(rng)[:2])
    grads, one = gradients(model, rating, rng), model(*rated(rng, 1)[:2])
    names = " ".join([*(f"{role}_weight" for role in TABLES), "constant", "parameters"])
    return named("rating of_one_pair start", rating, one, model.constant) | named(names, grads)


@check(points=4)
def neural_net(net: Any, seed: int) -> Arrays:
    """`NeuralNet` puts two embeddings side by side and runs them through two layers, with dropout in training"""
    rng = np.random.default_rng(seed)
    users, movies, _ = rated(rng)
    start = int(rng.integers(1 << 30))
    out: Arrays = {}
    for word, drops in (("", (0.0, 0.0)), ("_inputs_dropped", (1.0, 0.0)), ("_hidden_dropped", (0.0, 1.0))):
        model = fill(
            net.NeuralNet(U, V, E, H, drops), np.random.default_rng(start), "user", "movie", "hidden", "output"
        )
        out |= named(f"training{word} evaluation{word}", model.train(True)(users, movies), model.eval()(users, movies))
    one = model(users[:1], movies[:1])
    return out | named("of_one_pair parameters", one, sum(p.numel() for p in model.parameters()))


@check(points=2)
def weight_decay(net: Any, seed: int) -> Arrays:
    """`penalty` is the sum of the squares of all embedding tables, whatever else a model has"""
    rng = np.random.default_rng(seed)
    deep = nn.Module()
    deep.user, deep.movie = nn.Embedding(U, E), nn.Embedding(V, E)
    deep.hidden, deep.output = nn.Linear(2 * E, H), nn.Linear(H, 1)
    fill(deep, rng, "user", "movie", "hidden", "output")
    return named("penalty of_a_neural_net", net.penalty(Rater(rng, U, V, E)), net.penalty(deep))


@check(points=2)
def held_out_error(net: Any, seed: int) -> Arrays:
    """`mse` is the plain mean squared error, in evaluation mode and outside of any graph"""
    rng = np.random.default_rng(seed)
    model, users, movies = Rater(rng, 300, 400, E).eval(), ids(rng, 300, 30), ids(rng, 400, 30)
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
    losses = net.train(model, iter(batches), torch.optim.SGD(model.parameters(), 0.1, 0.5), 0.05)
    moved = {name.replace(".", "_"): array - before[name] for name, array in model.state_dict().items()}
    return {name: array.numpy() for name, array in moved.items()} | named("losses", losses)


@check(points=3)
def learned(net: Any, seed: int) -> Arrays:
    """`best_and_worst`, `neighbours` and `two_dimensions` show what a table has learned"""
    rng = np.random.default_rng(seed)
    table = draw(rng, V, E) * torch.linspace(0.4, 3, V)[:, None] + 1
    place = torch.as_tensor(net.two_dimensions(table))
    out = named("best worst", net.best_and_worst(draw(rng, V), 3)) | named("neighbours", net.neighbours(table, 4, 3))
    return out | named("distances on_the_map", torch.cdist(place, place), tuple(place.shape))


@cache
def movielens() -> Any:
    """Ratings as rows of user, movie (numbered without gaps) and rating × 2. Called where no submission runs."""
    from autograder.data import Corpus, find

    rows = np.loadtxt(find("movielens"), delimiter=",", skiprows=1, usecols=(0, 1, 2))
    columns = [np.unique(rows[:, i], return_inverse=True)[1] for i in (0, 1)]
    table = np.column_stack([*columns, rows[:, 2] * 2]).astype(int)[np.random.default_rng(0).permutation(len(rows))]
    return Corpus("movielens", *(" ".join(map(str, part.ravel())) for part in (table[20000:], table[:20000])))


def read(text: str) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    rows = torch.from_numpy(np.array(text.split(), np.int64).reshape(-1, 3))
    return rows[:, 0], rows[:, 1], rows[:, 2].float() / 2


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
    within=0.01,
    seconds=60,
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
