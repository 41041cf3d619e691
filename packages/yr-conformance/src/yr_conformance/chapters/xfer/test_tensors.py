"""XFER-DTYPE, XFER-SHAPE, XFER-VIEW and XFER-GRAD: every kind of dense CPU tensor."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import ray
import torch

from yr_conformance.transfer.clauses import MUST, SHOULD, clause
from yr_conformance.transfer.fingerprint import fingerprint
from yr_conformance.transfer.payloads import (
    COMPLEX,
    FLOATS,
    INTEGERS,
    SMALL_FLOATS,
    empty,
    many,
    ramp,
    random_bytes,
)
from yr_conformance.transfer.peer import observed

SHAPES = [(1,), (2, 3), (1, 1, 1), (2, 1, 3, 1, 2, 1, 2, 1), (7, 11, 13)]
EMPTY_SHAPES = [(0,), (3, 0, 5), (0, 4)]


@clause("XFER-DTYPE-01", MUST, source="torch: dense CPU dtypes")
@pytest.mark.parametrize("dtype", INTEGERS)
def test_integers_and_booleans(sender: Any, receiver: Any, dtype: str) -> None:
    """Tensors of every integer dtype and of bool arrive bit by bit."""
    _travels(sender, receiver, random_bytes, (5, 3), dtype)


@clause("XFER-DTYPE-02", MUST, source="torch: dense CPU dtypes")
@pytest.mark.parametrize("dtype", FLOATS)
def test_floating_point_numbers(sender: Any, receiver: Any, dtype: str) -> None:
    """Tensors of every floating-point dtype arrive bit by bit, NaN payloads included."""
    _travels(sender, receiver, random_bytes, (64, 4), dtype)


@clause("XFER-DTYPE-03", MUST, source="torch: dense CPU dtypes")
@pytest.mark.parametrize("dtype", SMALL_FLOATS)
def test_floats_of_eight_bits_and_less(sender: Any, receiver: Any, dtype: str) -> None:
    """Tensors of every fp8 and fp4 dtype arrive bit by bit."""
    _travels(sender, receiver, random_bytes, (9, 2), dtype)


@clause("XFER-DTYPE-04", MUST, source="torch: dense CPU dtypes")
@pytest.mark.parametrize("dtype", COMPLEX)
@pytest.mark.filterwarnings("ignore:ComplexHalf support")
def test_complex_numbers(sender: Any, receiver: Any, dtype: str) -> None:
    """Tensors of every complex dtype arrive bit by bit."""
    _travels(sender, receiver, random_bytes, (5, 3), dtype)


@clause("XFER-SHAPE-01", MUST, source="torch: 0-dim tensors")
@pytest.mark.parametrize("dtype", ["float32", "int64", "bool", "complex64"])
def test_a_tensor_without_dimensions(sender: Any, receiver: Any, dtype: str) -> None:
    """A 0-dim tensor arrives as a 0-dim tensor."""
    _travels(sender, receiver, random_bytes, (), dtype)


@clause("XFER-SHAPE-02", MUST, source="torch: tensors of any rank")
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_any_number_of_dimensions(sender: Any, receiver: Any, shape: tuple[int, ...]) -> None:
    """A tensor of any rank arrives in its own shape."""
    _travels(sender, receiver, random_bytes, shape)


@clause("XFER-SHAPE-03", MUST, source="measured on ray-ascend 0.1.1: the source actor dies")
@pytest.mark.parametrize("shape", EMPTY_SHAPES, ids=str)
@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_a_tensor_without_elements(
    sender: Any, receiver: Any, shape: tuple[int, ...], dtype: str
) -> None:
    """A tensor without elements arrives alone, with its shape and dtype."""
    _travels(sender, receiver, empty, shape, dtype)


@clause("XFER-SHAPE-04", MUST, source="measured on ray-ascend 0.1.1: the source actor dies")
def test_empty_tensors_among_others(sender: Any, receiver: Any) -> None:
    """Tensors without elements between others shift nothing."""
    _travels(sender, receiver, _with_empty_ones)


def _views() -> dict[str, Callable[[], torch.Tensor]]:
    """Name every way of looking at memory that is not its plain order."""
    base = random_bytes((6, 8), "complex64")
    return {
        "transposed": base.t,
        "every-third-row": lambda: base[::3],
        "every-second-column": lambda: base[:, ::2],
        "slice-with-offset": lambda: base[2:4, 3:5],
        "expanded": lambda: random_bytes((1, 5)).expand(4, 5),
        "channels-last": lambda: random_bytes((2, 4, 5, 3)).permute(0, 3, 1, 2),
        "conjugated": base.conj,
        "conjugated-transposed": lambda: base.mH,
        "negated-imaginary": lambda: base.conj().imag,
        "real-part": lambda: base.real,
        "bytes-of-floats": lambda: random_bytes((4, 4)).view(torch.int16),
        "diagonal": lambda: torch.diagonal(base),
        "unfolded": lambda: ramp(10).unfold(0, 4, 2),
    }


@clause("XFER-VIEW-01", MUST, source="torch: views; measured on ray-ascend 0.1.1: conj kills")
@pytest.mark.parametrize("name", sorted(_views()))
def test_a_view_arrives_as_what_it_shows(sender: Any, receiver: Any, name: str) -> None:
    """A view (strided, offset, expanded, conjugated, negated) arrives as what it shows."""
    _travels(sender, receiver, _view, name)


@clause("XFER-VIEW-02", MUST, source="torch: views of one storage")
def test_views_of_one_storage(sender: Any, receiver: Any) -> None:
    """Overlapping views of one storage in one object all arrive."""
    _travels(sender, receiver, _overlapping)


@clause("XFER-VIEW-03", MUST, source="Ray RDT: two entries for one tensor")
def test_one_tensor_twice_in_an_object(sender: Any, receiver: Any) -> None:
    """One tensor that stands in an object twice arrives in both places."""
    _travels(sender, receiver, _twice)


@clause("XFER-GRAD-01", MUST, source="Ray's object store keeps requires_grad (torch pickling)")
def test_requires_grad_is_kept(sender: Any, receiver: Any) -> None:
    """`requires_grad` arrives as Ray's object store keeps it, tensor by tensor."""
    reference = sender.make.remote(_some_require_grad)

    expected = [(True, True), (False, True), (True, True)]
    assert [(t.requires_grad, t.is_leaf) for t in ray.get(reference)] == expected
    assert ray.get(receiver.apply.remote(_flags, reference)) == expected
    assert observed(receiver, reference) == fingerprint(_some_require_grad())


@clause("XFER-GRAD-02", MUST, source="torch: autograd")
def test_received_tensors_take_part_in_autograd(sender: Any, receiver: Any) -> None:
    """A received tensor that requires grad can be differentiated."""
    reference = sender.make.remote(_some_require_grad)

    gradient = ray.get(receiver.apply.remote(_gradient_of_squares, reference))

    assert fingerprint(gradient) == fingerprint(2 * ramp(3, 1.0))


@clause("XFER-GRAD-03", SHOULD, source="torch: inference mode")
def test_results_made_in_inference_mode(sender: Any, receiver: Any) -> None:
    """A tensor made under `torch.inference_mode` can be sent."""
    _travels(sender, receiver, _inferred)


def _travels(sender: Any, receiver: Any, function: Callable[..., Any], *arguments: Any) -> None:
    reference = sender.make.remote(function, *arguments)

    seen = [observed(receiver, reference), fingerprint(ray.get(reference))]

    assert seen == [fingerprint(function(*arguments))] * 2


def _with_empty_ones() -> list[torch.Tensor]:
    first, second = many(2)
    return [torch.empty(0), first, torch.empty((2, 0), dtype=torch.int8), second, torch.empty(0)]


def _view(name: str) -> torch.Tensor:
    return _views()[name]()


def _overlapping() -> list[torch.Tensor]:
    whole = ramp(100)
    return [whole, whole[10:20], whole[15:30:3], whole.view(10, 10).t()]


def _twice() -> list[torch.Tensor]:
    tensor = random_bytes((12,))
    return [tensor, random_bytes((3,), seed=1), tensor]


def _some_require_grad() -> list[torch.Tensor]:
    leaf = ramp(3, 1.0).requires_grad_()
    return [leaf, ramp(3), leaf * 2]


def _flags(tensors: list[torch.Tensor]) -> list[tuple[bool, bool]]:
    return [(tensor.requires_grad, tensor.is_leaf) for tensor in tensors]


def _gradient_of_squares(tensors: list[torch.Tensor]) -> torch.Tensor:
    (gradient,) = torch.autograd.grad((tensors[0] ** 2).sum(), tensors[0])
    return gradient


def _inferred() -> torch.Tensor:
    with torch.inference_mode():
        return ramp(4) * 2
