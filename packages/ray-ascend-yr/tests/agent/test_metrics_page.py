"""Metrics, seen from outside: the Prometheus page of a Ray node whose agent runs."""

from __future__ import annotations

import re
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import psutil
import pytest
import ray
import torch
from conftest import HOST, free_port, new_sandbox, wait_until

from ray_ascend import register_yr_tensor_transport
from ray_ascend.errors import UnsupportedTensorError
from ray_ascend.metrics import definitions
from ray_ascend.store.discovery import find_worker

pytestmark = pytest.mark.datasystem
LINE = re.compile(r"(?P<name>ray_ascend_\w+)\{(?P<labels>.*)\} (?P<value>\S+)")
OURS = frozenset({"phase", "device", "reason", "le"})


@dataclass(frozen=True)
class Page:
    """The page of metrics of a node."""

    port: int

    def text(self) -> str:
        """Read it over HTTP."""
        with urllib.request.urlopen(f"http://{HOST}:{self.port}/metrics", timeout=20) as answer:
            text: str = answer.read().decode()
        return text

    def values(self, name: str) -> dict[str, float]:
        """Give a metric's values, of all processes together, by our labels' values."""
        values: dict[str, float] = {}
        for found in LINE.finditer(self.text()):
            if found["name"] == name:
                labels = re.findall(r'(\w+)="([^"]*)"', found["labels"])
                key = " ".join(value for label, value in sorted(labels) if label in OURS)
                values[key] = values.get(key, 0.0) + float(found["value"])
        return values

    def wait_for(self, name: str, **wanted: float) -> None:
        """Wait until a metric has exactly these values."""
        expected = {key.replace("_", " ", 1): value for key, value in wanted.items()}
        wait_until(lambda: self.values(name) == expected)


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
    port = free_port()
    with new_sandbox() as box:
        box.start_ray(
            _metrics_export_port=port, _system_config={"metrics_report_interval_ms": 1000}
        )
        register_yr_tensor_transport(["cpu"])
        source: Any = Source.remote()  # type: ignore[attr-defined]  # added by the decorator
        kept = source.make.remote(100)
        for ref in (kept, kept, source.make.remote(1000), source.make.remote(1000)):
            assert float(ray.get(ref).sum()) in {100.0, 1000.0}
        del ref
        with pytest.raises(UnsupportedTensorError):
            ray.get(source.make_sparse.remote())
        yield Page(port)
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


def test_a_worker_that_is_started_again_is_counted(page: Page) -> None:
    """The first start is none; after a death it is one."""
    assert page.values(definitions.WORKER_RESTARTS.name) == {}

    psutil.Process(find_worker().pid).kill()

    wait_until(lambda: page.values(definitions.WORKER_RESTARTS.name) == {"": 1})
