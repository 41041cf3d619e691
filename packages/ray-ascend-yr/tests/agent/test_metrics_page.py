"""Metrics, seen from outside: the Prometheus page of a Ray node whose agent runs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import ray
import torch
from metrics_page import Page, cluster_with_page

from ray_ascend import register_yr_tensor_transport
from ray_ascend.errors import UnsupportedTensorError
from ray_ascend.metrics import definitions

pytestmark = pytest.mark.datasystem


@ray.remote(num_cpus=0)
class Source:
    """Sends tensors."""

    def __init__(self) -> None:
        register_yr_tensor_transport(["cpu"])

    @ray.method(tensor_transport="YR")
    def make(self, elements: int) -> torch.Tensor:
        """Return a tensor of float32."""
        return torch.ones(elements)

    @ray.method(tensor_transport="YR")
    def make_sparse(self) -> torch.Tensor:
        """Return what cannot be transferred."""
        return torch.eye(2).to_sparse()


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    """The page of a cluster in which an actor has sent three objects; one is still there."""
    with cluster_with_page() as served:
        source: Any = Source.remote()  # type: ignore[attr-defined]  # added by the decorator
        kept = source.make.remote(100)
        for ref in (kept, kept, source.make.remote(1000), source.make.remote(1000)):
            assert float(ray.get(ref).sum()) in {100.0, 1000.0}
        del ref
        with pytest.raises(UnsupportedTensorError):
            ray.get(source.make_sparse.remote())
        yield served
        del kept


def test_transfers_are_counted(page: Page) -> None:
    """Stored in the actor, received in the driver, freed when the last reference has gone."""
    page.wait_for(definitions.TRANSFERS.name, cpu_store=3, cpu_receive=4, cpu_free=2)
    page.wait_for(definitions.BYTES.name, cpu_store=8400, cpu_receive=8800, cpu_free=8000)


def test_seconds_are_a_histogram(page: Page) -> None:
    """It has a count for each transfer, and all of them took less than a minute."""
    page.wait_for("ray_ascend_transfer_seconds_count", cpu_store=3, cpu_receive=4)
    buckets = page.values("ray_ascend_transfer_seconds_bucket")
    assert (buckets["cpu 60.0 store"], buckets["cpu 60.0 receive"]) == (3, 4)


def test_failures_have_a_reason(page: Page) -> None:
    """It is the class of the error that the task ended with."""
    page.wait_for(definitions.FAILURES.name, store_UnsupportedTensorError=1)


def test_keys_are_those_that_live(page: Page) -> None:
    """One object is still referred to, by the driver."""
    page.wait_for(definitions.KEYS_OWNED.name, **{"": 1})
