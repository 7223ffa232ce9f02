"""Names that one check replaces are restored before the next."""

from io import BytesIO

import numpy as np
import pytest

from autograder.check import Check, Experiments, UnitSettings, named
from autograder.sandbox.inside.namespaces import ALWAYS, Namespaces
from autograder.sandbox.inside.runner import answer_requests, names_to_keep
from autograder.sandbox.inside.wire import Message, encode
from autograder.sandbox.worker import ReplyReader
from autograder.torch import ADDON


class Shape:
    """A class whose methods must survive."""

    def sides(self):
        """Three."""
        return 3


class Square(Shape):
    """A class that inherits them."""


@pytest.fixture
def shapes():
    return Namespaces([f"{__name__}:Shape", f"{__name__}:Square"])


def test_what_was_replaced_or_deleted_is_put_back(shapes):
    """Replaced and deleted names of a class and of a module are restored."""
    kept, right = Namespaces(ALWAYS), np.linalg.norm
    Shape.sides = np.linalg.norm = None
    kept.put_back()
    shapes.put_back()
    assert (Shape().sides(), np.linalg.norm) == (3, right)
    del Shape.sides
    shapes.put_back()
    assert Shape().sides() == 3


def test_what_was_put_before_an_inherited_name_is_taken_off(shapes):
    """A name set over an inherited one is removed: `torch.Tensor.relu = …` hides the base's."""
    Square.sides = lambda self: 4
    shapes.put_back()
    assert Square().sides() == 3


def test_a_module_keeps_the_names_that_it_gained():
    """A module keeps names that it gained, because importing a submodule adds one."""
    kept = Namespaces(ALWAYS)
    np.gained = 1
    kept.put_back()
    assert np.__dict__.pop("gained") == 1


def test_the_names_of_torch_are_kept_where_a_unit_computes_with_it():
    """In a unit with torch, functions, methods and optimizer steps are restored.

    Modes, a default device and hooks for all layers are removed.
    """
    torch = pytest.importorskip("torch")
    kept = names_to_keep(Experiments((), UnitSettings(), (ADDON,)))
    step = torch.optim.SGD.step
    torch.optim.SGD.step = None
    torch.relu = None
    torch.Tensor.relu = None
    torch.nn.functional.relu = None
    kept.put_back()
    ones = torch.ones(1)
    assert torch.optim.SGD.step is step
    assert torch.relu(ones) == ones.relu()
    torch.nn.modules.module.register_module_forward_hook(lambda *_: torch.zeros(1))
    torch.set_default_device("meta")
    ADDON.undo()
    assert torch.nn.Identity()(torch.ones(1)).tolist() == [1.0]


def answered(script, experiment, addons=()):
    """Return a worker's answer to one question about a submission that restores nothing itself."""
    experiments = Experiments((Check("asked", 1.0, experiment),), UnitSettings(), addons)
    submission = Message({"name": "ada.py"}, {"source": np.frombuffer(script.encode(), np.uint8)})
    question = Message({"check": "asked", "role": "experiment", "seed": "3", "token": "x"}, {})
    names, outbox = names_to_keep(experiments), BytesIO()
    try:
        answer_requests(BytesIO(encode(submission) + encode(question)), outbox, experiments, names)
    finally:
        names.put_back()
        for one in addons:
            one.undo()
    answer = ReplyReader("x").add(outbox.getvalue())
    assert answer
    return answer


def test_the_second_run_of_an_experiment_finds_names_as_the_first_did():
    """An experiment's second run finds the original names.

    The second run leaves out a function that raised, and names that it replaced are restored
    before.
    """

    def three(net, seed):
        return (
            named("before", net.size()) | named("spoilt", net.spoil()) | named("after", net.two())
        )

    script = "import numpy as np\ndef size(): return np.linalg.norm([3, 4])\ndef two(): return 2\n"
    script += "def spoil():\n    np.linalg.norm = None\n    raise ValueError('planted')\n"
    found = answered(script, three)
    assert (found.fields["failure"], list(found.arrays)) == ("raised", ["before", "after"])


def test_a_mode_left_behind_by_an_error_does_not_end_the_worker():
    """After a check leaves a torch mode behind, the worker reports its error and goes on.

    Torch raises in everything that runs under that mode, and so also where the seed is set.
    """
    pytest.importorskip("torch")

    def spoilt(net, seed):
        return named("spoilt", net.spoil())

    script = "import torch\ndef spoil():\n    torch.overrides.TorchFunctionMode().__enter__()\n"
    script += "    return torch.ones(1) + 1\n"
    assert answered(script, spoilt, (ADDON,)).fields["failure"] == "raised"
