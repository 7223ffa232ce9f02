"""Experiments of unit 1: tables looked up, their gradient, and three ways to rate films."""

from collections.abc import Iterator
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
    shape,
)
from autograder.torch.networks import condition, size, tensor
from autograder.torch.sgd import Descent

from .ratings import TABLES, Rater, draw, fill, ids, movielens, read
from .training import adam, counted, figures

SIZES = {"B": 5, "U": 8, "E": 11, "V": 14, "H": 17}
B, U, E, V, H = SIZES.values()
USERS, MOVIES, FACTORS = 671, 9066, 10  # of the run on MovieLens


def warm() -> None:
    """Run a model and both optimizers once, so that no fork repeats first uses."""
    torch.set_num_threads(1)
    model = Rater(np.random.default_rng(0), U, V, E)
    first = torch.zeros(B, dtype=torch.long)
    for optimizer in (torch.optim.Adam, torch.optim.SGD):
        rating = model(first, first)
        rating.sum().backward()
        optimizer(model.parameters(), 0.1).step()


UNIT = UnitSettings(packages=("torch", "numpy"), sizes=SIZES, warm=warm)


def rated(rng: np.random.Generator, n: int = B) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Draw users, movies and ratings."""
    users = ids(rng, U, n)
    movies = ids(rng, V, n)
    ratings = draw(rng, n)
    return users, movies, ratings


KEPT = "an argument was modified. Leave arguments as they are, and compute with copies."
SELECT = "ids should be a tensor of integers: a list, an array or floats cannot always select rows."
WORDS = {
    "same_after": KEPT,
    "whole_numbers": "the ids in the index should be whole numbers.",
    "asks_for_no_gradient": (
        "the table should be a plain tensor: no parameter, and none that requires a gradient."
    ),
    "of_default_type": (
        "the table should be of torch's default type, which is that of weights and one-hot rows."
    ),
    "ids_are_a_tensor": "the ids should be a tensor.",
    "every_row_drawn": "a row of zeros is among the random ones. Draw all of them.",
    "index": (
        "number the words 1, 2, 3, … in the order in which they first appear (a `set` keeps no "
        "order)."
    ),
    "integers": (
        "the ids should be integers of 32 or 64 bits: floats cannot select rows, and bytes select "
        "as a mask."
    ),
    "rows": "the table has a row for each word and one more for the id 0, and E columns.",
    "mean_and_spread": "the numbers do not have mean 0 and standard deviation 1.",
    "drawn_anew": "a second table is the same as the first. Draw new numbers, and set no seed.",
}


@check(points=3, words=WORDS, tolerance={"mean_and_spread": 0.06})
def words(net: Any, seed: int) -> Arrays:
    """`index_words` numbers words from 1, `encode` uses that, and `new_table` has a row for each"""
    rng = np.random.default_rng(seed)
    net = Watched(net)
    # neither sorted nor by their number, and soon one comes again: on every seed another order of
    # ids is another answer
    numbers = rng.permutation([*range(7), *range(6), 0, 0])
    text = [f"w{i}" for i in (8, 7, 7, *numbers)]
    index = net.index_words(text)
    question = [f"w{i}" for i in rng.permutation(9)]
    question += ["unseen", "w3", "unseen"]
    ids = net.encode(question, index)
    indexed = [index[f"w{i}"] for i in range(9)]
    out = named("index ids", indexed, ids)
    are_a_tensor = torch.is_tensor(ids)
    many = {f"w{i}": i for i in range(1, 351 + seed % 101)}
    width = 40 + seed % 11
    table = net.new_table(index, E)
    large = net.new_table(many, width)
    again = net.new_table(many, width)
    if not isinstance(table, torch.Tensor):
        raise TypeError(
            "`new_table` should return the numbers, a tensor (rows, E), found "
            f"{type(table).__name__}"
        )
    out |= named("ids_are_a_tensor integers", are_a_tensor, selects(torch.as_tensor(ids)))
    whole = (int, np.integer)
    out |= named("whole_numbers", all(isinstance(i, whole) for i in index.values()))
    is_drawn_anew = not torch.equal(large, again)
    out |= named("rows drawn_anew", [*table.shape, *large.shape], is_drawn_anew)
    is_of_default_type = large.dtype == torch.get_default_dtype()
    out |= named("asks_for_no_gradient", not large.requires_grad)
    out |= named("of_default_type", is_of_default_type)
    every_row = large.any(1).all()
    out |= named("every_row_drawn", bool(every_row))
    out |= same_after(net)
    # 14,000 numbers and more: mean and spread have standard deviations of 0.0085 and 0.006
    numbers = large.detach()
    return out | named("mean_and_spread", [float(numbers.mean()), float(numbers.std())])


def selects(ids: Any) -> bool:
    """Return whether ids can select rows wherever a tensor is wanted.

    Those of bytes cannot: they select as a mask.
    """
    if not torch.is_tensor(ids):
        return False
    return ids.dtype in (torch.int64, torch.int32)


def with_repeats(rng: np.random.Generator, below: int, n: int = B) -> torch.Tensor:
    """Draw ids, 0 twice among them: padding and an overwritten sum show on every seed."""
    drawn = ids(rng, below, n)
    drawn[0] = 0
    drawn[1] = 0
    drawn[2] = below - 1
    order = torch.from_numpy(rng.permutation(n))
    return drawn[order]


@check(
    points=3,
    words={
        "floats": "the one-hot rows should be floats, to be multiplied by a table.",
        "same_after": KEPT,
    },
)
def lookups(net: Any, seed: int) -> Arrays:
    """`lookup` picks rows, `lookup_by_product` gets the same from a product with one-hot rows"""
    rng = np.random.default_rng(seed)
    net = Watched(net)
    table = draw(rng, V, E)
    table.requires_grad_()
    rows = with_repeats(rng, V - 2)
    one_hot = net.one_hot(rows, V)
    shape = tuple(one_hot.shape)
    if shape != (B, V):
        raise TypeError(f"`one_hot` returned {shape}, but should return (B, V) = {(B, V)}.")
    out = named("one_hot floats", one_hot, one_hot.is_floating_point())
    first_rows = rows[:3]
    for name, function in (("rows", net.lookup), ("product", net.lookup_by_product)):
        found = tensor(function.__name__, function(table, rows))
        of_three = function(table, first_rows)
        out |= named(f"{name} {name}_of_three", found, of_three)
        gradient = gradient_in(table, found, rng)
        out |= named(f"gradient_by_{name}", gradient)
    return out | same_after(net)


def gradient_in(table: torch.Tensor, found: torch.Tensor, rng: np.random.Generator) -> torch.Tensor:
    """Return the gradient of what was found, weighted, with respect to a table; else zeros."""
    own = np.random.default_rng(rng.integers(1 << 30))  # whatever is found, `rng` goes on alike
    if not found.requires_grad:
        return torch.zeros_like(table)
    weighted = found * draw(own, *found.shape)
    (back,) = torch.autograd.grad(weighted.sum(), table)
    return back


@check(points=3, words={"same_after": KEPT})
def lookup_gradient(net: Any, seed: int) -> Arrays:
    """`lookup_backward` adds up, for each row, the gradients of all ids that selected it"""
    rng = np.random.default_rng(seed)
    net = Watched(net)
    rows = torch.tensor([3, 0, 3, 7, 3, 0])
    of_six = draw(rng, 6, E)
    of_five = draw(rng, 5, 2)
    with torch.no_grad():
        in_table = net.lookup_backward(rows, of_six, V)
        in_another = net.lookup_backward(rows[1:], of_five, 9)  # a size without a letter
    out = named("gradient gradient_in_another_table", in_table, in_another)
    return out | same_after(net)


@check(points=2, words={"integers": SELECT, "same_after": KEPT})
def dense_ids(net: Any, seed: int) -> Arrays:
    """`reindex` numbers sparse ids from 0 without gaps, and returns the inverse mapping"""
    rng = np.random.default_rng(seed)
    net = Watched(net)
    in_order = np.sort(rng.choice(160000, 7, replace=False)) + 100
    sparse = torch.from_numpy(in_order)
    each_three_times = np.arange(21) % 7
    rows = torch.from_numpy(rng.permutation(each_three_times))
    both = net.reindex(sparse[rows])
    out = named("ids originals", both)
    out |= named("integers", all(map(selects, both)))
    return out | same_after(net)


SIZE = "the model has too many or too few parameters. Compare with the table of attributes."


@check(points=2, words={"same_after": KEPT})
def products(net: Any, seed: int) -> Arrays:
    """`dot_product` multiplies row by row and sums over the factors"""
    rng = np.random.default_rng(seed)
    net = Watched(net)
    users = draw(rng, B, E)
    movies = draw(rng, B, E)
    products = net.dot_product(users, movies)
    one_user = draw(rng, 1, E)
    one_movie = draw(rng, 1, E)
    of_one_pair = net.dot_product(one_user, one_movie)
    out = named("products of_one_pair", products, of_one_pair)
    return out | same_after(net)


def gradients(
    model: nn.Module, rating: torch.Tensor, rng: np.random.Generator, *roles: str
) -> Arrays:
    """Send ratings back, weighted at random; name the gradient in each part that has a role.

    How many numbers can learn is named too.
    """
    own = np.random.default_rng(rng.integers(1 << 30))  # whatever is rated, `rng` goes on alike
    weighted = rating * draw(own, *rating.shape)
    weighted.sum().backward()
    out: Arrays = {}
    for role in roles:
        part = getattr(model, role)
        parameters = {"": part}
        if isinstance(part, nn.Module):
            parameters = dict(part.named_parameters())
        for name, parameter in parameters.items():
            if not isinstance(parameter, torch.Tensor):
                kind = type(parameter).__name__
                raise TypeError(
                    f"`{role}` should be an `nn.Parameter`, which optimizers find; it is a {kind}."
                )
            gradient = parameter.grad
            if gradient is None:
                gradient = torch.zeros_like(parameter)
            out |= named(f"gradient_in_{role}_{name}".rstrip("_"), gradient)
    return out | named("parameters", size(model))


@check(points=4, needs=products, words={"parameters": SIZE, "same_after": KEPT})
def dot_and_biases(net: Any, seed: int) -> Arrays:
    """`DotBias` predicts product + two biases + constant; its gradients reach all five"""
    rng = np.random.default_rng(seed)
    watched = Watched(net)
    mean = float(rng.uniform(3.8, 4.2))
    model = fill(net.DotBias(U, V, E, mean), rng, *TABLES)
    call = watched.hand_to(model)
    rating = call(with_repeats(rng, U), with_repeats(rng, V))
    named_gradients = gradients(model, rating, rng, *TABLES, "constant")
    users, movies, _ = rated(rng, 1)
    of_one_pair = call(users, movies)
    out = named("rating of_one_pair start", rating, of_one_pair, model.constant)
    model.eval()
    model.constant.data.fill_(5.3)  # most ratings are above 5, and twice that is no letter's size
    users, movies, _ = rated(rng, 40)
    out |= named("of_many_in_evaluation", call(users, movies))
    out |= named_gradients
    return out | same_after(watched)


LEFT = (
    "the model was modified: its numbers, its gradients, or its `requires_grad`. Leave it as it is."
)


@check(points=1, question=shape(predict=True))
def predicted_shape(net: Any, seed: int) -> tuple[int, ...]:
    """`column_minus_row` predicts a shape"""
    return net.column_minus_row()


@check(
    points=2,
    words={
        "same_after": KEPT,
        "model_same_after": LEFT,
        "gradients_on_after": (
            "gradients stay off for all that follows: `with torch.no_grad():` ends with its block."
        ),
    },
)
def held_out_error(net: Any, seed: int) -> Arrays:
    """`mse` is the plain mean squared error, in evaluation mode and outside of any graph"""
    rng = np.random.default_rng(seed)
    net = Watched(net)
    model = Rater(rng, 300, 400, E).eval()
    users = ids(rng, 300, 5003)
    movies = ids(rng, 400, 5003)
    model.constant.data.fill_(6.0)  # nearly all predictions are above 5
    predicted = model(users, movies).detach()
    # drawn, else the error of many is nearly the same on all seeds; and far from an error of 1
    spread = float(rng.uniform(2.5, 4.5))
    ratings = predicted + draw(rng, 5003, spread=spread)
    ratings[-3:] = predicted[-3:] + 3 * spread  # in a short last piece they would count too much
    before = condition(model)
    out: Arrays = {}
    for word, n in (("", 30), ("_of_few", 7), ("_of_many", 5003)):
        model.train(True)
        error = net.mse(model, users[:n], movies[:n], ratings[:n])
        in_a_graph = getattr(error, "requires_grad", False)
        out |= named(f"mse{word} in_a_graph{word}", error, in_a_graph)
    same = condition(model).but_for_modes == before.but_for_modes
    out |= named("model_same_after gradients_on_after", same, torch.is_grad_enabled())
    return out | same_after(net)


@check(points=2, words={"model_same_after": LEFT})
def weight_decay(net: Any, seed: int) -> Arrays:
    """`penalty` is the sum of the squares of all embedding tables, whatever else a model has"""
    rng = np.random.default_rng(seed)
    deep = nn.Module()
    deep.user = nn.Embedding(U, E)
    deep.movie = nn.Embedding(V, E)
    deep.hidden = nn.Linear(2 * E, H)
    deep.output = nn.Linear(H, 1)
    fill(deep, rng, "user", "movie", "hidden", "output")
    rater = Rater(rng, U, V, E)
    nested = nn.Module()
    nested.user = deep.user
    nested.movie = deep.movie
    nested.inner = nn.Sequential(Rater(rng, 2, 2, E))
    for parameter in rater.parameters():
        parameter.grad = torch.ones_like(parameter)
    before = condition(rater)
    total = net.penalty(rater)
    same = condition(rater) == before
    gradient = torch.zeros(U, E)
    if getattr(total, "requires_grad", False):
        table = rater.get_parameter("user.weight")
        (found,) = torch.autograd.grad(total.sum(), table, allow_unused=True)
        gradient = gradient if found is None else found
    of_deep = net.penalty(deep)
    of_nested = net.penalty(nested)
    names = "penalty of_a_neural_net of_a_model_in_a_model gradient"
    out = named(names, total, of_deep, of_nested, gradient)
    return out | named("model_same_after", same)


@check(points=3, needs=weight_decay)
def few_steps(net: Any, seed: int) -> Arrays:
    """`train` on seven batches: how far each weight moved, and the losses"""
    rng = np.random.default_rng(seed)
    model = Rater(rng, U, V, E).eval()
    batches = [rated(rng, n) for n in (B, B, 2, B, B, B, 1)]
    before = {}
    for name, array in model.state_dict().items():
        before[name] = array.clone()
    optimizer = Descent(model.parameters(), 0.1, 0.5)
    losses = net.train(model, iter(batches), optimizer, 0.05)
    out: Arrays = {}
    for name, array in model.state_dict().items():
        moved = array - before[name]
        key = name.replace(".", "_")
        out[key] = moved.numpy()
    return out | figures(losses)


def held_out_mse(ours: Any, trained: Arrays, text: str) -> float:
    """Measure our model with the trained tables: mean squared error on held-out ratings."""
    model = ours.DotBias(USERS, MOVIES, FACTORS, 0.0)
    for role in TABLES:
        table = getattr(model, role)
        table.weight.data = torch.tensor(trained[role])
    model.constant.data = torch.tensor(trained["constant"])
    users, movies, ratings = read(text)
    # in float64, where right answers differ: in float32 their errors are the same number
    return float(ours.mse(model.double(), users, movies, ratings.double()))


@check(
    points=4,
    needs=(dot_and_biases, held_out_error, few_steps),
    measure=held_out_mse,
    data=movielens,
    within=0.00002,  # right answers end within 1e-7; without products a model ends at 0.01
    seconds=60,
    kept=(
        "`few_steps` sees what a step does; this trains the submission's own model with its "
        "own `train`, at other sizes, and it is the proof that both work together"
    ),
)
def training(net: Any, seed: int, text: str) -> Arrays:
    """`DotBias` and `train` on MovieLens: mean squared error on held-out ratings"""
    steps = 120
    rng = np.random.default_rng(seed)
    ratings = read(text)
    _, _, values = ratings
    model = net.DotBias(USERS, MOVIES, FACTORS, float(values.mean()))
    for role in TABLES:
        table = getattr(model, role)
        table.weight.data = draw(rng, *table.weight.shape, spread=0.1)
    batches = drawn_batches(ratings, rng, steps)
    optimizer = adam(model, 0.02, steps)
    losses = net.train(model, batches, optimizer, 1e-4)
    weights = [getattr(model, role).weight for role in TABLES]
    out = named(" ".join(TABLES), *weights)
    out |= named("constant", model.constant)
    return out | counted(losses)


@check(points=1, question=choice("lower", "about the same", "higher", predict=True))
def predicted_error(net: Any, seed: int) -> str:
    """`without_biases` predicts how good a product alone is"""
    return net.without_biases()


def drawn_batches(
    ratings: tuple[torch.Tensor, torch.Tensor, torch.Tensor],
    rng: np.random.Generator,
    count: int,
) -> Iterator[tuple[torch.Tensor, torch.Tensor, torch.Tensor]]:
    """Yield `count` batches of 256 ratings, drawn with replacement: users, movies, values."""
    users, movies, values = ratings
    for _ in range(count):
        drawn = rng.integers(0, len(values), 256)
        rows = torch.from_numpy(drawn)
        yield users[rows], movies[rows], values[rows]


NEARLY_ALL = 1 - 2**-24  # what is kept of it on one seed in 50,000, while 1 − p is not 0


def some_ratings(net: Any, drops: tuple[float, float]) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the mean and spread of 400 ratings in training mode.

    The network gives 1 without dropout; with it, 1 on average, and each rating differs.
    """
    model = net.NeuralNet(U, V, E, H, drops).train()
    nn.init.ones_(model.user.weight)
    nn.init.ones_(model.movie.weight)
    nn.init.constant_(model.hidden.weight, 0.5 / E)
    nn.init.constant_(model.output.weight, 1 / H)
    nn.init.zeros_(model.hidden.bias)
    nn.init.zeros_(model.output.bias)
    first = torch.zeros(400, dtype=torch.long)
    ratings = model(first, first).detach()
    return ratings.mean(), ratings.std()


DROPPED = (
    "the mean of ratings with dropout is wrong. Where ratings are right in evaluation, what is "
    "kept has to be divided by 1 − p, as `nn.Dropout` does."
)
EACH = "the ratings vary too much or too little. Dropout draws again for each number of each row."


LAYERS = "user", "movie", "hidden", "output"
CASES = (
    ("", (0.0, 0.0)),
    ("_inputs_dropped", (NEARLY_ALL, 0.0)),
    ("_hidden_dropped", (0.0, NEARLY_ALL)),
)


@check(
    points=4,
    words={"parameters": SIZE, "same_after": KEPT}
    | {f"mean_{part}_dropped": DROPPED for part in ("inputs", "hidden")}
    | {f"spread_{part}_dropped": EACH for part in ("inputs", "hidden")},
    # 7 of their standard deviations
    tolerance={
        "mean_inputs_dropped": 0.1,
        "mean_hidden_dropped": 0.1,
    }
    # 8 of those of the difference of two
    | {
        "spread_inputs_dropped": 0.4,
        "spread_hidden_dropped": 0.4,
    },
)
def neural_net(net: Any, seed: int) -> Arrays:
    """`NeuralNet` runs two concatenated embeddings through two layers, with dropout in training"""
    rng = np.random.default_rng(seed)
    watched = Watched(net)
    users = with_repeats(rng, U)
    movies = with_repeats(rng, V)
    seed_of_weights = int(rng.integers(1 << 30))
    out: Arrays = {}
    for word, drops in CASES:
        weights_rng = np.random.default_rng(seed_of_weights)
        model = fill(net.NeuralNet(U, V, E, H, drops), weights_rng, *LAYERS)
        call = watched.hand_to(model)
        drops_inputs = drops[0] > 0
        if drops_inputs:  # some ratings of the first case are negative, or some of these
            for parameter in model.get_submodule("output").parameters():
                parameter.data = -parameter.data
        model.train()
        in_training = call(users, movies)
        model.eval()
        in_evaluation = call(users, movies)
        out |= named(f"training{word} evaluation{word}", in_training, in_evaluation)
    out |= gradients(model, call(users, movies), rng, *LAYERS)
    of_one_pair = call(users[:1], movies[:1])
    out |= named("of_one_pair", of_one_pair)
    for word, drops in (("inputs", (0.5, 0.0)), ("hidden", (0.0, 0.5))):
        mean_and_spread = some_ratings(net, drops)
        out |= named(f"mean_{word}_dropped spread_{word}_dropped", mean_and_spread)
    return out | same_after(watched)


@check(
    points=3,
    words={
        "integers": "return ids as integers (`torch.int64`), not as floats.",
        "bias_same_after": (
            "`best_and_worst` changed the biases that were passed in. Work on a copy."
        ),
        "table_same_after": "`neighbours` changed the table that was passed in. Work on a copy.",
        "map_same_after": "`two_dimensions` changed the table that was passed in. Work on a copy.",
    },
)
def learned(net: Any, seed: int) -> Arrays:
    """`best_and_worst`, `neighbours` and `two_dimensions` show what a table has learned"""
    rng = np.random.default_rng(seed)
    best = Watched(net)
    near = Watched(net)
    flat = Watched(net)
    lengths = torch.linspace(0.4, 3, V).unsqueeze(1)
    table = draw(rng, V, E) * lengths + 1
    table[1::3] *= -1  # some point the other way
    table[3] = 0.5 * table[4]  # the same direction: as near to row 4 as row 4 itself
    place = torch.as_tensor(flat.two_dimensions(table.clone()))
    best_and_worst = best.best_and_worst(draw(rng, V), 3)
    out = named("best worst", best_and_worst)
    five_of_each = best.best_and_worst(draw(rng, V), 5)
    out |= named("best_five worst_five", five_of_each)
    three = near.neighbours(table.clone(), 4, 3)
    all_others = near.neighbours(table.clone(), 4, V - 1)
    out |= named("neighbours all_neighbours", three, all_others)
    filled = [array for array in out.values() if array.size]  # an empty list has no kind
    integers = all(array.dtype.kind == "i" for array in filled)
    out |= named("integers", integers)
    distances = torch.cdist(place, place)
    out |= named("distances on_the_map", distances, tuple(place.shape))
    out |= named("spreads", place.std(0))
    kept = [same_after(watched)["same_after"] for watched in (best, near, flat)]
    return out | named("bias_same_after table_same_after map_same_after", kept)


@check(points=2, words={"same_after": KEPT})
def repaired(net: Any, seed: int) -> Arrays:
    """`newcomer` finds a row and a bias for somebody who rated a few films, without the mistake"""
    rng = np.random.default_rng(seed)
    net = Watched(net)
    found = []
    for constant, decay in ((3.5, 0.6), (1.5, 1.2), (2.5, 0.9)):
        table, bias, stars = draw(rng, V, E), draw(rng, V), 3 + draw(rng, B)
        row, own_bias = net.newcomer(table, bias, constant, ids(rng, V), stars, decay)
        found.append([*tensor("newcomer", row).tolist(), float(own_bias)])
    return named("rows_and_biases", found) | same_after(net)


@check(points=1, question=planted("newcomer"))
def line_of_the_mistake(net: Any, seed: int) -> tuple[str, int]:
    """`mistaken_line` is the line of your mistake"""
    return net.my_name(), net.mistaken_line()
