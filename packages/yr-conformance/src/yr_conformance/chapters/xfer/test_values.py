"""XFER-TREE: what may stand around the tensors of an object, and objects without any."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import ray
import torch

from yr_conformance.transfer.clauses import MUST, clause
from yr_conformance.transfer.fingerprint import fingerprint
from yr_conformance.transfer.payloads import give, many, ramp, random_bytes
from yr_conformance.transfer.peer import observed

WITHOUT_TENSORS = [None, [], {}, (), "text", 7, 2.5, b"bytes", {"answer": 42}, [1, "two", None]]


@clause("XFER-TREE-01", MUST, source="guide: nested dicts, lists and tuples")
def test_nesting_is_kept(sender: Any, receiver: Any) -> None:
    """Nested lists, tuples and dicts arrive with their structure, types and order."""
    reference = sender.make.remote(_nested)

    assert observed(receiver, reference) == fingerprint(_nested())
    assert fingerprint(ray.get(reference)) == fingerprint(_nested())


@clause("XFER-TREE-02", MUST, source="Ray RDT: test_mix_cpu_gpu_data")
def test_tensors_among_ordinary_values(sender: Any, receiver: Any) -> None:
    """Ordinary values beside the tensors arrive with them, NumPy arrays included."""
    received = ray.get(sender.make.remote(_mixed))

    assert np.array_equal(received.pop("array"), np.arange(10))
    assert fingerprint(received) == fingerprint({k: v for k, v in _mixed().items() if k != "array"})


@clause("XFER-TREE-03", MUST, source="Ray RDT: test_object_in_plasma")
def test_a_large_ordinary_part(sender: Any, receiver: Any) -> None:
    """An ordinary part too large to travel inline arrives together with the tensors."""
    reference = sender.make.remote(_with_large_text)

    assert observed(receiver, reference) == fingerprint(_with_large_text())


@clause("XFER-TREE-04", MUST, source="torch: Parameter; measured on Ray 2.55.1")
def test_a_parameter_stays_a_parameter(sender: Any) -> None:
    """An `nn.Parameter` arrives as a Parameter with its `requires_grad`, true or false."""
    received = ray.get(sender.make.remote(_parameters))

    assert [type(item) for item in received] == [torch.nn.Parameter] * 2
    assert [item.requires_grad for item in received] == [True, False]
    assert fingerprint(received) == fingerprint(_parameters())


@clause("XFER-TREE-05", MUST, source="torch: nn.Module")
def test_a_module_arrives_in_working_order(sender: Any) -> None:
    """An `nn.Module` arrives with equal weights and computes the same."""
    received = ray.get(sender.make.remote(_module))

    assert fingerprint(dict(received.state_dict())) == fingerprint(dict(_module().state_dict()))
    assert torch.equal(received(ramp(6)), _module()(ramp(6)))


@clause("XFER-TREE-06", MUST, source="measured on Ray 2.55.1 to 2.60.0: extract is called with []")
@pytest.mark.parametrize("value", WITHOUT_TENSORS, ids=repr)
def test_a_result_without_tensors(sender: Any, receiver: Any, value: Any) -> None:
    """A result that holds no tensor reaches the driver and another actor."""
    reference = sender.make.remote(give, value)

    assert ray.get(reference) == value
    assert ray.get(receiver.apply.remote(give, reference)) == value


@clause("XFER-TREE-07", MUST, source="published-package check list, no. 13: thousands of tensors")
@pytest.mark.parametrize("count", [2001, 10001])
def test_thousands_of_tensors_in_one_object(sender: Any, receiver: Any, count: int) -> None:
    """Thousands of tensors in one object all arrive, each at its own place."""
    reference = sender.make.remote(many, count)

    joined = ray.get(receiver.apply.remote(_joined, reference))

    assert joined == (count, fingerprint(torch.cat(many(count))))


@clause("XFER-TREE-08", MUST, source="torch: tensors of different dtypes")
def test_different_dtypes_in_one_object(sender: Any, receiver: Any) -> None:
    """Tensors of different dtypes and odd sizes in one object do not disturb each other."""
    reference = sender.make.remote(_odd_sizes)

    assert observed(receiver, reference) == fingerprint(_odd_sizes())


def _nested() -> Any:
    leaves = many(6)
    return {
        "list": [leaves[0], [leaves[1]]],
        "tuple": (leaves[2], {"deep": (leaves[3],)}),
        3: leaves[4],
        "last": leaves[5],
    }


def _mixed() -> dict[str, Any]:
    return {
        "name": "layer",
        "weights": random_bytes((8, 2)),
        "nothing": None,
        "array": np.arange(10),
        "bias": random_bytes((2,), seed=1),
        "raw": b"\0\1",
    }


def _with_large_text() -> list[Any]:
    return [random_bytes((16,)), "x" * 300_000, random_bytes((16,), seed=1)]


def _parameters() -> list[torch.nn.Parameter]:
    return [
        torch.nn.Parameter(ramp(5)),
        torch.nn.Parameter(ramp(3).to(torch.float8_e4m3fn), requires_grad=False),
    ]


def _module() -> torch.nn.Module:
    torch.manual_seed(7)
    return torch.nn.Sequential(torch.nn.Linear(6, 4), torch.nn.LayerNorm(4))


def _joined(tensors: list[torch.Tensor]) -> Any:
    return len(tensors), fingerprint(torch.cat(tensors))


def _odd_sizes() -> list[torch.Tensor]:
    dtypes = ("uint8", "float64", "bool", "bfloat16", "complex64", "int16")
    return [random_bytes((size,), dtype, size) for size in (1, 63, 64, 65, 129) for dtype in dtypes]
