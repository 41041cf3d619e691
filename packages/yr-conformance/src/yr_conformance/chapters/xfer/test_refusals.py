"""XFER-FAIL: what a task sees when its code fails or its result cannot travel."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import ray
import torch

from yr_conformance.transfer.call_journal import created_keys, start_journal
from yr_conformance.transfer.clauses import BY_VALUE, MUST, clause
from yr_conformance.transfer.fingerprint import fingerprint
from yr_conformance.transfer.payloads import big, give, ramp
from yr_conformance.transfer.peer import observed
from yr_conformance.transfer.ray_session import SHARED_MEMORY_MB


class LayerError(Exception):
    """An exception of the user's own, with a payload."""

    def __init__(self, layer: str) -> None:
        super().__init__(layer)
        self.layer = layer

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.layer,)


@clause(
    "XFER-FAIL-01", MUST, source="measured on Ray 2.55.1: an extract that raises kills the actor"
)
@pytest.mark.parametrize("error", [ValueError("no such layer"), KeyError("k"), LayerError("fc1")])
def test_the_exception_of_a_method_reaches_the_driver(sender: Any, error: Exception) -> None:
    """An exception that a method raises keeps its type and message for `ray.get`."""
    with pytest.raises(type(error), match=str(error.args[0])):
        ray.get(sender.make.remote(_fail, error))


@clause("XFER-FAIL-02", MUST, source="Ray RDT: test_app_error_inter_actor")
def test_the_exception_of_a_method_reaches_a_consumer(sender: Any, receiver: Any) -> None:
    """A task that was given a failed reference fails with the exception of the method."""
    failed = sender.make.remote(_fail, LayerError("fc2"))

    with pytest.raises(LayerError, match="fc2"):
        ray.get(receiver.apply.remote(give, failed))


@clause(
    "XFER-FAIL-03", MUST, source="measured on Ray 2.55.1: an extract that raises kills the actor"
)
def test_an_actor_survives_its_exceptions(sender: Any, receiver: Any) -> None:
    """An actor whose method raised is the same process afterwards, and sends tensors."""
    before = ray.get(sender.pid.remote())
    for _ in range(3):
        ray.wait([sender.make.remote(_fail, LayerError("fc3"))])

    seen = observed(receiver, sender.make.remote(ramp, 8))

    assert seen == fingerprint(ramp(8))
    assert ray.get(sender.pid.remote()) == before


def _unsendable() -> dict[str, Callable[[], Any]]:
    """Name every result that cannot travel."""
    two, ones = torch.eye(2, device="cpu"), torch.ones(4, device="cpu")
    return {
        "mixed-devices": lambda: [ramp(4), torch.empty(4, device="meta")],
        "mixed-devices-reversed": lambda: [torch.empty(4, device="meta"), ramp(4)],
        "meta": lambda: torch.empty(4, device="meta"),
        "sparse-coo": two.to_sparse,
        "sparse-csr": two.to_sparse_csr,
        "quantised": lambda: torch.quantize_per_tensor(ones, 0.5, 0, torch.qint8),
        "nested": lambda: torch.nested.nested_tensor([ones, ones[:3]]),
        "sparse-after-dense": lambda: [ramp(4), two.to_sparse()],
    }


@clause("XFER-FAIL-04", MUST, source="design: refused before anything is stored")
@pytest.mark.parametrize("name", sorted(_unsendable()))
def test_what_cannot_travel_is_refused(sender: Any, name: str) -> None:
    """Tensors that are meta, sparse, quantised, nested or on different devices: ValueError."""
    with pytest.raises(ValueError, match=r"(?i)device|sparse|quanti|nested|layout|strided"):
        ray.get(sender.make.remote(_make_unsendable, name))


@clause(
    "XFER-FAIL-05",
    MUST,
    source="design: refused before anything is stored",
    needs=["datasystem"],
)
@pytest.mark.parametrize("name", sorted(_unsendable()))
def test_a_refusal_stores_nothing(sender: Any, name: str) -> None:
    """A refused result leaves no key in the datasystem, and the actor sends the next one."""
    ray.get(sender.apply.remote(start_journal))
    ray.wait([sender.make.remote(_make_unsendable, name)])

    stored = ray.get(sender.apply.remote(created_keys))

    assert stored == []
    assert fingerprint(ray.get(sender.make.remote(ramp, 3))) == fingerprint(ramp(3))


@clause("XFER-FAIL-06", MUST, source="Ray RDT: recv errors are raised in the consuming task")
def test_a_consumer_of_a_refused_result_fails(sender: Any, receiver: Any) -> None:
    """A task that was given the reference of a refused result fails with ValueError."""
    refused = sender.make.remote(_make_unsendable, "mixed-devices")

    with pytest.raises(ValueError, match="device"):
        ray.get(receiver.apply.remote(give, refused))


@clause(
    "XFER-FAIL-07",
    MUST,
    source="measured on openyuanrong-datasystem 0.8.1: Out of memory",
    needs=["datasystem"],
)
@BY_VALUE
def test_an_object_larger_than_the_worker_fails(sender: Any) -> None:
    """An object larger than the worker's memory is an error of its task, not of its actor."""
    before = ray.get(sender.pid.remote())

    with pytest.raises(RuntimeError, match=r"(?i)memory"):
        ray.get(sender.make.remote(big, SHARED_MEMORY_MB + 64), timeout=60)

    assert ray.get(sender.pid.remote()) == before
    assert fingerprint(ray.get(sender.make.remote(ramp, 3))) == fingerprint(ramp(3))


def _fail(error: Exception) -> None:
    raise error


def _make_unsendable(name: str) -> Any:
    return _unsendable()[name]()
