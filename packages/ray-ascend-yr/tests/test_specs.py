"""Specs: descriptions of tensors, each kind once."""

from __future__ import annotations

import pytest

from ray_ascend.objects.specs import Specs, TensorSpec

FEW, MANY = TensorSpec("int8", (1,)), TensorSpec("int8", (1000,), True)


def test_specs_are_a_sequence() -> None:
    """They are read one by one, by place and in slices, and are not sorted anew."""
    specs = Specs.of([FEW, MANY, FEW])

    assert list(specs) == [specs[0], specs[1], specs[-1]] == [FEW, MANY, FEW]
    assert (specs[1:], specs[:2], len(specs)) == ([MANY, FEW], [FEW, MANY], 3)
    assert specs.kinds == (FEW, MANY)
    assert Specs.of(specs) is specs


def test_a_tensor_needs_no_gradient_unless_it_says_so() -> None:
    """That is what most tensors are."""
    assert not FEW.requires_grad


@pytest.mark.parametrize(
    ("kinds", "typecode"),
    [(1, "B"), (1 << 8, "B"), ((1 << 8) + 1, "H"), (1 << 16, "H"), ((1 << 16) + 1, "L")],
)
def test_numbers_are_as_small_as_can_be(kinds: int, typecode: str) -> None:
    """A tensor costs a byte as long as its kinds can be told apart by one, and so on."""
    specs = Specs.of(TensorSpec("int8", (size,)) for size in range(kinds))

    assert specs.numbers.typecode == typecode
    assert specs[-1].shape == (kinds - 1,)
