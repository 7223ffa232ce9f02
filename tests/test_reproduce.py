"""The parts of `reproduce`: the lesson's counts, gradients, training steps of each model."""

import importlib
import sys

import numpy as np
import pytest
from this_course import COURSE, ROOT

from autograder.data import NoData, load

pytestmark = pytest.mark.proof

torch = pytest.importorskip("torch")


@pytest.fixture(scope="module")
def lesson():
    sys.path.insert(0, str(ROOT / "solutions"))
    yield importlib.import_module("lesson")
    sys.path.remove(str(ROOT / "solutions"))


@pytest.fixture(scope="module")
def ids(lesson):
    try:
        text = load(COURSE, "nietzsche")
    except NoData as error:
        pytest.skip(str(error))
    return lesson.read_ids((text.train + text.held_out).encode())[0]


def size(weights):
    return sum(weight.numel() for weight in weights.values())


def test_models_have_as_many_parameters_as_the_lesson_printed(lesson):
    """With V = 86 models have the lesson's parameter counts; the large one uses V = 60."""
    assert size(lesson.unrolled_weights(86, 3, identity=False)) == 109_738
    assert size(lesson.recurrent_weights(86)) == 102_258
    assert size(lesson.recurrent_weights(86, embed=False)) == 109_910
    large = lesson.Large(60)
    doubled = sum(
        weight.numel() for name, weight in large.named_parameters() if "bias_hh" in name
    )  # torch has two biases
    assert sum(weight.numel() for weight in large.parameters()) - doubled == 3_231_196


def test_ids_and_windows_are_the_lesson_s(lesson, ids):
    """Counts, first ids, inputs and targets are the lesson's; lower case leaves 60 symbols."""
    assert ids[:10].tolist() == [40, 42, 29, 30, 25, 27, 29, 1, 1, 1]
    assert ids.max() + 1 == 86
    x, y = lesson.windows(ids, 3)
    assert len(x) == 200_297
    assert x[:4, 0].tolist() == [40, 30, 29, 1]
    assert y[:4, -1].tolist() == [30, 29, 1, 40]
    x, y = lesson.windows(ids, 8)
    assert len(x) == 75_110
    assert y[:8, -1].tolist() == [1, 33, 2, 72, 67, 73, 2, 68]
    assert lesson.read_ids(lesson.text_bytes().lower())[1] == 60


def test_batches_continue_where_they_should(lesson, monkeypatch):
    """Row i of a batch continues row i of the previous one; the lesson's batches do not."""
    seen = {}
    monkeypatch.setattr(lesson, "text_bytes", lambda: bytes(range(1, 91)) * 60)
    monkeypatch.setattr(
        lesson, "fit_stateful", lambda p, x, y, epochs, reset: seen.setdefault(reset, (x, y)) and []
    )
    monkeypatch.setattr(lesson, "result", lambda history: history)
    for continues in (True, False):
        lesson.stateful_lstm(continues, 1)
        x, y = seen[continues]
        assert torch.equal(x[0, :, 1:], y[0, :, :-1])
        assert torch.equal(x[1, :, 0], y[0, :, -1]) == continues


def test_online_gradients_are_torch_s(lesson):
    """One update with lr 1 subtracts the gradient of the summed error from every weight.

    The hidden bias counts twice.
    """
    rng = np.random.default_rng(0)
    w = {}
    for name, weight in lesson.online_weights(11, 0.1).items():
        w[name] = weight.astype(np.float64)
    p = {name: torch.tensor(weight, requires_grad=True) for name, weight in w.items()}
    x = rng.integers(0, 11, 8)
    y = rng.integers(0, 11, 8)
    h = torch.zeros(lesson.H, dtype=torch.float64)
    loss = torch.zeros(())
    for some_x, some_y in zip(x, y, strict=True):
        h = torch.relu(p["Wx"][some_x] + p["bh"] + h @ p["Wh"])
        logits = h @ p["Wy"] + p["by"]
        loss = loss - torch.log_softmax(logits, 0)[some_y]
    loss.backward()
    error, states, dz = lesson.forward(w, x, y)
    lesson.update(w, x, states, dz, 1.0, 1.0)
    assert error == pytest.approx(loss.item(), rel=1e-5)
    for name, weight in p.items():
        times = 2 if name == "bh" else 1
        expected = weight.detach() - times * weight.grad
        assert np.allclose(expected, w[name], atol=1e-4), name


@pytest.mark.parametrize("kind", ["dot", "biases", "net"])
def test_film_models_rate(lesson, kind):
    """The film models give a rating for each pair."""
    p = lesson.film_weights(5, 7, kind)
    assert lesson.rate(p, kind, torch.tensor([0, 4]), torch.tensor([6, 1])).shape == (2,)


def test_models_learn_a_repeating_text(lesson):
    """A few epochs on a short repeating text lower the loss of each model."""
    torch.manual_seed(0)
    ids, symbols = lesson.read_ids(b"abcdefghij" * 700)
    x, y = (torch.from_numpy(part) for part in lesson.windows(ids, lesson.T))
    next_character = y[:, -1:]
    for p, model in (
        (lesson.unrolled_weights(symbols, lesson.T, identity=True), lesson.unrolled),
        (lesson.recurrent_weights(symbols), lesson.recurrent),
        (lesson.recurrent_weights(symbols, embed=False), lesson.recurrent),
    ):
        first, last = lesson.fit(model, p, x, next_character, 2)
        assert last.mean() < first.mean()
    count = 13 * lesson.B
    shape = (13, lesson.B, lesson.T)
    batches = [part[:count].view(shape) for part in (x, y)]
    first, last = lesson.fit_stateful(lesson.lstm_weights(symbols), *batches, 2, reset=True)
    assert last.mean() < first.mean()
    few_ids = torch.from_numpy(ids[:104])
    first, last = lesson.fit_large(lesson.Large(symbols), few_ids, 2)
    assert last < first


def test_mixed_batches_take_76_steps(lesson):
    """Mixed batches take the lesson's 76 steps; N is 4,777."""
    assert lesson.mixed_steps()[0].curve == [76]


def test_rows_that_cannot_be_trained_say_why(lesson, monkeypatch):
    """Without ratings, a row has a reason in place of a figure."""

    def find(course, name):
        raise NoData(f"`{name}` is not available here")

    monkeypatch.setattr(lesson, "find", find)
    names = [job.rows[0].name for job in lesson.JOBS]
    [films] = lesson.run_job(names.index("MovieLens, dot product"), quick=True)
    [mix] = lesson.run_job(names.index("MixIterator, steps of an epoch"), quick=True)
    assert films.cells()[3:] == ["–", "`movielens` is not available here"]
    assert mix.cells()[1:4] == ["76", "76", "+0.0"]
