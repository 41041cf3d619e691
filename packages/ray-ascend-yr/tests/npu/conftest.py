"""Fixtures: one Ray cluster with NPUs for all tests of this directory, and three actors in it.

One for all: what Ray's thread has not yet looked at when a session ends, it takes into the next one
of the same process, where it fails (Ray 2.60 rdt_manager).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import npu_actors
import pytest
import ray

from ray_ascend import register_yr_tensor_transport


@pytest.fixture(scope="session")
def cluster(lasting_sandbox: Any) -> Iterator[None]:
    """One Ray cluster with the NPUs that Ray detects; `npu_actors` travels by value."""
    ray.cloudpickle.register_pickle_by_value(npu_actors)
    lasting_sandbox.start_ray()
    register_yr_tensor_transport(["npu", "cpu"])
    yield
    ray.cloudpickle.unregister_pickle_by_value(npu_actors)


@pytest.fixture(scope="session")
def peers(cluster: None) -> list[Any]:
    """Three actors on three NPUs of the four."""
    return [npu_actors.new_peer() for _ in range(3)]
