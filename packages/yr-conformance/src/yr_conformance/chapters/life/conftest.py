"""Fixtures of chapter LIFE: clusters of Ray nodes, and the settings of their drivers."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

import pytest

from yr_conformance.etcd.server import Etcd
from yr_conformance.nodes.ray_cluster import RayCluster, ray_cluster
from yr_conformance.settings.of_the_run import variables_of
from yr_conformance.settings.variables import (
    GRACE,
    Variables,
    in_etcd_mode,
    in_metastore_mode,
)

SETTLED = "--add_node_wait_time_s 1"
"""A worker is a full member of its cluster as soon as it has joined, as others are in a minute."""
GRACE_S = 3


@pytest.fixture(scope="package")
def settings(request: pytest.FixtureRequest) -> Callable[[], Variables]:
    """Make the variables of a driver in the mode of the run."""
    variables = variables_of(request)
    return lambda: {**variables(SETTLED), GRACE: GRACE_S}


@pytest.fixture(scope="module")
def new_cluster(process_mark: str, process_home: str) -> Iterator[Callable[[int], RayCluster]]:
    """Start clusters of so many nodes; all end with the module."""
    with contextlib.ExitStack() as stack:
        yield lambda count: stack.enter_context(ray_cluster(process_home, count))


@pytest.fixture(scope="module")
def own_etcd(request: pytest.FixtureRequest) -> Etcd | None:
    """In etcd mode an etcd that nobody else uses."""
    if request.config.option.mode == "metastore":
        return None
    started: Etcd = request.getfixturevalue("start_etcd")()
    return started


@pytest.fixture(scope="module")
def own_settings(own_etcd: Etcd | None) -> Variables:
    """The variables of a driver whose etcd, if any, may be stopped."""
    made = in_etcd_mode(own_etcd.address, SETTLED) if own_etcd else in_metastore_mode(SETTLED)
    return {**made, GRACE: GRACE_S}
