"""What one check puts in the place of others' names is gone before the next."""

import numpy as np
import pytest

from autograder import torch as addon
from autograder.check import Experiments, UnitSettings
from autograder.sandbox.inside.namespaces import NUMPY, Namespaces
from autograder.sandbox.inside.runner import names_to_keep


class Shape:
    """Something whose methods are to stay."""

    def sides(self):
        """Three."""
        return 3


class Square(Shape):
    """One that inherits them."""


@pytest.fixture
def shapes():
    return Namespaces([f"{__name__}:Shape", f"{__name__}:Square"])


def test_what_was_replaced_or_deleted_is_put_back(shapes):
    """Names of a class, and of a module."""
    kept, right = Namespaces(NUMPY), np.linalg.norm
    Shape.sides = np.linalg.norm = None
    kept.put_back()
    shapes.put_back()
    assert (Shape().sides(), np.linalg.norm) == (3, right)
    del Shape.sides
    shapes.put_back()
    assert Shape().sides() == 3


def test_what_was_put_before_an_inherited_name_is_taken_off(shapes):
    """`torch.Tensor.relu = …` hides the one of its base."""
    Square.sides = lambda self: 4
    shapes.put_back()
    assert Square().sides() == 3


def test_a_module_keeps_the_names_that_it_gained():
    """A package gains one by each part of it that is imported."""
    kept = Namespaces(NUMPY)
    np.gained = 1
    kept.put_back()
    assert np.__dict__.pop("gained") == 1


def test_the_names_of_torch_are_kept_where_a_unit_computes_with_it():
    """Functions, methods, steps of optimizers; modes, a default device and hooks for all layers are taken away."""
    torch = pytest.importorskip("torch")
    kept, right = names_to_keep(Experiments((), UnitSettings(), (addon,))), torch.optim.SGD.step
    torch.optim.SGD.step = torch.relu = torch.Tensor.relu = torch.nn.functional.relu = None
    kept.put_back()
    assert torch.optim.SGD.step is right and torch.relu(torch.ones(1)) == torch.ones(1).relu()
    torch.nn.modules.module.register_module_forward_hook(lambda *_: torch.zeros(1))
    torch.set_default_device("meta")
    addon.undo()
    assert torch.nn.Identity()(torch.ones(1)).tolist() == [1.0]
