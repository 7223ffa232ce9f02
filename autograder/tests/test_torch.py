"""The add-on for torch: equal starting states, and no ready-made layers in code by hand."""

import subprocess
import sys
from dataclasses import replace

import pytest
import small

torch = pytest.importorskip("torch")

import numpy as np

from autograder.check import Watched, load_experiments, named, same_after
from autograder.course import Course, Package
from autograder.source.addons import names_of_addons
from autograder.source.small_changes import in_each_others_place
from autograder.torch import ADDON, networks
from autograder.torch.operators import by_hand
from autograder.torch.sgd import Descent

nn = torch.nn


def course_on_torch(folder, add_on="autograder.torch"):
    """Return the fixture course with torch as a package with an add-on."""
    (folder / "checks").mkdir()
    (folder / "checks" / "one.py").write_text(
        "from autograder.check import UnitSettings\nSETTINGS = UnitSettings(packages=('torch',))\n"
    )
    packages = {"torch": Package(install="torch", addon=add_on)}
    about = small.COURSE.about
    fields = {name: getattr(about, name) for name in about.__struct_fields__}
    return Course(folder, type(about)(**(fields | {"packages": packages, "units": ["one"]})))


# ---- what a course names with the package


def test_the_add_on_does_not_import_torch_to_be_loaded():
    """Loading the add-on does not import torch, so commands that run nothing do not wait."""
    code = "import sys, autograder.torch; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout == "False\n", done.stderr


def test_whatever_a_submission_did_to_torch_each_experiment_begins_alike():
    """Each experiment starts with the seed, gradients on and the default dtype.

    A submission may have changed any of them.
    """
    try:
        ADDON.reset(3)
        drawn = torch.rand(2)
        torch.set_grad_enabled(False)
        torch.set_default_dtype(torch.float64)
        torch.manual_seed(99)
        ADDON.reset(3)
        assert torch.equal(torch.rand(2), drawn)
        assert torch.is_grad_enabled()
        assert torch.get_default_dtype() == torch.float32
    finally:
        ADDON.reset(0)


def test_experiments_of_a_unit_on_torch_reset_it(tmp_path):
    """A unit that names torch gets the add-on's reset before each experiment."""
    course = course_on_torch(tmp_path)
    experiments = load_experiments(course.checks, "one", {"torch": "autograder.torch"})
    drawn = []
    for _ in range(2):
        experiments.reset(7)
        drawn.append((np.random.rand(), torch.rand(1).item()))
    assert drawn[0] == drawn[1]


def test_once_warm_a_step_of_training_imports_nothing():
    """Warming imports everything that a training step and `by_hand` import later.

    It uses one thread.
    """
    code = """if True:
        import sys
        import autograder.torch
        autograder.torch.warm()
        import torch
        from torch import nn
        from autograder.torch.operators import by_hand
        before = set(sys.modules)
        layer = nn.LSTM(3, 3)
        layer(torch.ones(2, 1, 3))[0].sum().backward()
        for kind in (torch.optim.SGD, torch.optim.Adam):
            kind(layer.parameters(), 0.1).step()
        with by_hand():
            pass
        compilers = {"sympy", "torch._dynamo.config"} & before
        print(sorted(set(sys.modules) - before), compilers, torch.get_num_threads())
    """
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout == "[] set() 1\n", done.stdout + done.stderr


def test_who_asks_more_of_torchs_compiler_gets_the_real_one():
    """Access to an attribute of torch's compiler loads the real one.

    `inspect` over all modules does not. Training works afterwards.
    """
    code = """if True:
        import inspect
        import sys
        from autograder.torch.compiler import StandIn, stand_in
        stand_in()
        import torch
        weight = torch.ones(2, requires_grad=True)
        adam = torch.optim.Adam([weight], 0.5)
        weight.sum().backward()
        adam.step()
        inspect.getmodule(adam.step)
        torch.func.grad(torch.sum)(torch.ones(2))
        stood_in = isinstance(sys.modules["torch._dynamo"], StandIn)
        double = torch.compile(lambda x: 2 * x, backend="eager")
        doubled = double(torch.ones(2)).tolist()
        from torch._dynamo import config
        adam.step()
        torch.func.grad(torch.sum)(torch.ones(2))
        print(stood_in, doubled, config.__name__, round(weight[0].item(), 3))
        stand_in()
        import torch._dynamo
        print(torch._dynamo.__file__ is not None)
    """
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    expected = "True [2.0, 2.0] torch._dynamo.config 0.0\nTrue\n"
    assert done.stdout == expected, done.stdout + done.stderr


def test_wrong_variants_know_the_names_of_torch(tmp_path):
    """In a course with the add-on, wrong variants exchange torch's names, in both directions.

    Names of Python and NumPy are exchanged in any course.
    """
    unit = replace(small.unit(), course=course_on_torch(tmp_path))
    pairs, _ = names_of_addons(unit)
    names = in_each_others_place(pairs)
    assert names["log_softmax"] == ["softmax"]
    assert "relu" in names["sigmoid"]
    assert names["train"] == ["eval"]
    assert names["mean"] == ["median", "sum"]
    assert {a for pair in ADDON.counterparts for a in pair} <= names.keys()
    assert names_of_addons(small.unit()) == ([], [])


# ---- layers to be written by hand

ROUTES = {
    "the layer": lambda x: nn.LSTM(3, 3)(x),
    "the cell": lambda x: nn.LSTMCell(3, 3)(x[0]),
    "a simple layer": lambda x: nn.RNN(3, 3, nonlinearity="relu")(x),
    "another gate": lambda x: nn.GRU(3, 3)(x),
    "torch.ops": lambda x: torch.ops.aten.rnn_tanh_cell(
        x[0], x[0], torch.ones(3, 3), torch.ones(3, 3), torch.ones(3), torch.ones(3)
    ),
    "torch._VF": lambda x: torch._VF.gru_cell(
        x[0], x[0], torch.ones(9, 3), torch.ones(9, 3), torch.ones(9), torch.ones(9)
    ),
    "without gradients": lambda x: torch.no_grad()(nn.GRUCell(3, 3))(x[0]),
}


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.filterwarnings("ignore")
def test_ready_made_layers_are_out_of_reach(route):
    """Ready-made layers raise under any of their names, and work again afterwards."""
    x = torch.ones(2, 1, 3)
    with (
        by_hand(),
        pytest.raises(RuntimeError, match="recurrent layers are blocked here: write it by hand"),
    ):
        ROUTES[route](x)
    assert ROUTES[route](x) is not None


def test_what_a_student_writes_by_hand_runs_beside_them():
    """Matrices, other layers and gradients work inside `by_hand`.

    It can block other operators instead, with a name for them in the error.
    """
    with by_hand():
        w = torch.ones(3, 3, requires_grad=True)
        (torch.tanh(nn.Linear(3, 3)(torch.ones(3) @ w))).sum().backward()
        assert w.grad is not None
    with by_hand(["relu"], "torch's own rectifiers"):
        with pytest.raises(RuntimeError, match="torch's own rectifiers are blocked here"):
            torch.relu(torch.ones(1))
        nn.LSTM(3, 3)(torch.ones(2, 1, 3))


def test_a_profiler_that_was_there_before_is_there_after():
    """A profiler that was active before is active again, also after an exception."""

    def mine(*_):
        return None

    before = sys.getprofile()
    sys.setprofile(mine)
    try:
        with pytest.raises(ZeroDivisionError), by_hand():
            _ = 1 / 0
        found = sys.getprofile()
    finally:
        sys.setprofile(before)
    assert found is mine


# ---- stochastic gradient descent


def test_descent_is_torchs_own():
    """`Descent` steps as torch does: momentum, weight decay, a closure, zeroed gradients."""
    ends = []
    for kind in (torch.optim.SGD, Descent):
        w = nn.Parameter(torch.linspace(-1, 1, 5))
        unused = nn.Parameter(torch.ones(2))
        optimizer = kind([w, unused], 0.1, 0.5)
        for step in range(4):
            if step == 2:
                optimizer.param_groups[0] |= {"weight_decay": 0.3, "lr": 0.2}

            def closure(w=w, optimizer=optimizer, step=step):
                optimizer.zero_grad(set_to_none=step % 2 == 0)
                loss = (w**3).sum()
                loss.backward()
                return loss

            loss = optimizer.step(closure)
        ends.append((w.detach().clone(), loss.item(), unused.detach().clone()))
    assert torch.allclose(ends[0][0], ends[1][0], 1e-6)
    assert ends[0][1] == pytest.approx(ends[1][1])
    assert torch.equal(ends[0][2], ends[1][2])


# ---- weights and gradients by role


class Net(nn.Module):
    """Three layers; `names` gives a student's names for them, in the order of declaration."""

    def __init__(self, names):
        super().__init__()
        for name, (rows, columns) in names.items():
            setattr(self, name, nn.Linear(columns, rows))


ROLES = {"to_state": (nn.Linear, (4, 3)), "out": (nn.Linear, (5, 4))}


def test_weights_depend_on_roles_and_not_on_names_or_order():
    """Initial and returned weights depend on roles, not on a network's names or order."""
    one = networks.load(Net({"a": (4, 3), "b": (5, 4)}), ROLES, 7)
    other = networks.load(Net({"last": (5, 4), "first": (4, 3)}), ROLES, 7)
    found, same = networks.take(one, ROLES), networks.take(other, ROLES)
    assert (
        found.keys() == same.keys() == {f"{role}.{n}" for role in ROLES for n in ("weight", "bias")}
    )
    for name in found:
        np.testing.assert_array_equal(found[name], same[name])
    assert not np.array_equal(
        networks.take(networks.load(one, ROLES, 8), ROLES)["out.bias"], same["out.bias"]
    )


def test_what_was_taken_can_be_put_back():
    """Stored weights can be restored, and their change in between is given by array."""
    net = networks.load(Net({"a": (4, 3), "b": (5, 4)}), ROLES, 7)
    before = networks.take(net, ROLES)
    networks.load(net, ROLES, 7, {"out": 2.0})
    change = networks.moved(before, networks.take(net, ROLES))
    assert not change["to_state.weight"].any()
    np.testing.assert_allclose(change["out.weight"], before["out.weight"], rtol=1e-6)
    networks.put(net, ROLES, before)
    np.testing.assert_array_equal(networks.take(net, ROLES)["out.weight"], before["out.weight"])


def test_gradients_are_rows_and_zeros_where_nothing_was_sent_back():
    """Gradients are rows, with zeros where there is none; two layers of one role are summed."""
    net = Net({"a": (4, 3), "again": (4, 3), "b": (5, 4)})
    ones = torch.ones(3)
    out = net.a(ones) + 2 * net.again(ones)
    out.sum().backward()
    found = networks.gradients(net, ROLES)
    assert found["to_state"].tolist() == [3.0] * 16
    assert found["out"].tolist() == [0.0] * 25
    assert networks.size(net) == 16 + 16 + 25


def test_what_is_no_tensor_is_told_with_the_function():
    """A returned list in place of a tensor is reported with the function."""
    assert networks.tensor("forward", torch.ones(1)) is not None
    with pytest.raises(TypeError, match="`forward` returned a list, but should return a tensor"):
        networks.tensor("forward", [1.0])


def test_a_norms_running_variance_is_drawn_above_zero():
    """A norm's running variance is drawn above 0, because it is a divisor.

    Integer counts stay unchanged.
    """
    net = nn.Sequential(nn.BatchNorm1d(6))
    roles = {"norm": (nn.BatchNorm1d, (6,))}
    drawn = networks.take(networks.load(net, roles, 1), roles)
    assert drawn.keys() == {f"norm.{n}" for n in ("weight", "bias", "running_mean", "running_var")}
    assert (drawn["norm.running_var"] >= 0.5).all()
    assert (drawn["norm.running_mean"] < 0).any()


# ---- side effects of a function


@pytest.mark.parametrize(
    "change",
    [
        lambda x: x.add_(1),
        lambda x: x.requires_grad_(),
        lambda x: x.unsqueeze_(0),
        lambda x: (x.requires_grad_().sum().backward(), x.requires_grad_(False)),
    ],
)
def test_a_trace_on_a_tensor_is_seen(change):
    """A changed tensor is detected: values, shape, requires_grad, or a stored gradient."""
    net = Watched(None)
    net.hand_to(lambda x: x + 1)(torch.zeros(3))
    assert same_after(net)["same_after"]
    net.hand_to(change)(torch.zeros(3))
    assert not same_after(net)["same_after"]


@pytest.mark.parametrize(
    ("change", "part"),
    [
        (lambda model: model[0].weight.data.add_(1), "numbers"),
        (lambda model: model.train()(torch.rand(4, 2)), "numbers"),  # batch norm counts its batches
        (lambda model: model.requires_grad_(False), "trainable"),
        (lambda model: model(torch.rand(4, 2)).sum().backward(), "gradients"),
        (lambda model: model[1].train(), "modes"),
    ],
)
def test_the_condition_of_a_model_shows_what_was_done_to_it(change, part):
    """A model's recorded state shows each change separately, every layer's mode included."""
    model = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3)).eval()
    before = networks.condition(model)
    model(torch.rand(4, 2))
    assert networks.condition(model) == before
    change(model)
    after = networks.condition(model)
    assert getattr(after, part) != getattr(before, part)
    assert (after.but_for_modes == before.but_for_modes) == (part == "modes")


def test_a_list_of_tensors_on_a_graph_is_told():
    """Losses appended with their graph, and a tensor among numbers, are reported."""
    loss = torch.ones(3, requires_grad=True).sum()
    with pytest.raises(TypeError, match="each keeps its graph in memory: keep the number"):
        named("losses", [2.0, loss])
    with pytest.raises(TypeError, match=r"combine them into one with `stack`"):
        named("logits", [2 * torch.ones(3, requires_grad=True)])
    words = r"parts of one shape, and two of them are a single number and \(2,\)"
    with pytest.raises(TypeError, match=words):
        named("ids", [3, torch.tensor([1, 2])])
    assert named("losses", [torch.tensor(1.0), 2.0])["losses"].tolist() == [1, 2]
