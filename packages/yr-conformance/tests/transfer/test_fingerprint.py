"""Fingerprints must tell different tensors apart, or no clause could fail."""

import pytest
import torch

from yr_conformance.transfer.fingerprint import fingerprint
from yr_conformance.transfer.payloads import COMPLEX, FLOATS, INTEGERS, SMALL_FLOATS, random_bytes

ZEROS = torch.zeros(4)


@pytest.mark.parametrize(
    "other",
    [
        torch.tensor([0.0, 0.0, 0.0, 1e-45]),
        torch.tensor([0.0, 0.0, 0.0, -0.0]),
        ZEROS.reshape(2, 2),
        ZEROS.view(torch.int32),
        ZEROS.to("meta").new_zeros(3, device="cpu"),
    ],
    ids=["value", "sign-of-zero", "shape", "dtype", "length"],
)
def test_different_tensors_have_different_fingerprints(other: torch.Tensor) -> None:
    """One bit, the shape or the dtype is enough to differ."""
    assert fingerprint(other) != fingerprint(ZEROS)


def test_equal_content_has_one_fingerprint() -> None:
    """Strides and conjugation are no part of the content; NaNs equal themselves."""
    matrix = random_bytes((3, 5), "complex64")

    assert fingerprint(matrix.t()) == fingerprint(matrix.t().contiguous())
    assert fingerprint(matrix.conj()) == fingerprint(matrix.conj().resolve_conj())


@pytest.mark.filterwarnings("ignore:ComplexHalf support")
@pytest.mark.parametrize("dtype", [*INTEGERS, *FLOATS, *SMALL_FLOATS, *COMPLEX])
def test_every_dtype_can_be_drawn(dtype: str) -> None:
    """The payload of a seed is always the same, and another one's is different."""
    drawn = fingerprint(random_bytes((64, 4), dtype, 1))

    assert drawn == fingerprint(random_bytes((64, 4), dtype, 1))
    assert drawn != fingerprint(random_bytes((64, 4), dtype, 2))


def test_nested_values_keep_what_is_no_tensor() -> None:
    """Only tensors are replaced, at any depth."""
    value = {"a": [ZEROS, 1], "b": (None, {"c": ZEROS})}

    expected = fingerprint(ZEROS)

    assert fingerprint(value) == {"a": [expected, 1], "b": (None, {"c": expected})}
