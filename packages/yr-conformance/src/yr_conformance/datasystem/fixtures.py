"""Fixtures of the SDK chapters: one worker, a second one that joins it, clients and keys.

A released worker takes seconds to start and to stop, so all tests of a process share those that
they do not harm. What a test kills or configures otherwise it makes by `fresh_worker`.
"""

from __future__ import annotations

import contextlib
import gc
import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from yr_conformance.datasystem.clients import (
    Elsewhere,
    Keys,
    connect,
    connect_objects,
    elsewhere_process,
)
from yr_conformance.datasystem.cluster import Cluster, MetastoreCluster, cluster_in
from yr_conformance.datasystem.worker import (
    HOST,
    Worker,
    free_ports,
    head_worker,
    joining_worker,
    new_home,
)

DELETE_BATCH = 10_000
SMALL_POOL_MB = 64
SMALL_CLIENT_S = 2.0


@pytest.fixture(scope="session")
def new_cluster(request: pytest.FixtureRequest) -> Callable[[], Cluster]:
    """Make clusters without workers, in the mode of this run."""
    if request.config.option.mode == "metastore":
        return lambda: MetastoreCluster(HOST, *free_ports(1))
    etcd = request.getfixturevalue("etcd")
    return lambda: cluster_in(etcd.address)


@pytest.fixture(scope="session")
def worker(
    chapter: str, process_mark: str, process_home: str, new_cluster: Callable[[], Cluster]
) -> Iterator[Worker]:
    """The head worker that the tests of a chapter share."""
    with _running(head_worker(new_cluster(), new_home(process_home))) as running:
        yield running


@pytest.fixture(scope="session")
def second_worker(worker: Worker, process_home: str) -> Iterator[Worker]:
    """A worker that joined the first one's cluster; shared as that one."""
    with _running(joining_worker(worker, new_home(process_home))) as running:
        yield running


@pytest.fixture(scope="session")
def small_worker(
    chapter: str, process_mark: str, process_home: str, new_cluster: Callable[[], Cluster]
) -> Iterator[Worker]:
    """A worker of a cluster of its own, with a pool that a test can fill; shared by a chapter."""
    options = ("--shared_memory_size_mb", str(SMALL_POOL_MB))
    with _running(head_worker(new_cluster(), new_home(process_home), *options)) as small:
        yield small


@pytest.fixture(scope="session")
def client(worker: Worker) -> Any:
    """A shared client of the first worker."""
    return connect(worker.port)


@pytest.fixture(scope="session")
def second_client(second_worker: Worker) -> Any:
    """A shared client of the second worker."""
    return connect(second_worker.port)


@pytest.fixture(scope="session")
def small_client(small_worker: Worker, roomy_client: Any) -> Any:
    """A shared client of the worker with the small pool; it gives up soon when that is full.

    What it stored is deleted by the other client, which has the time for it.
    """
    return connect(small_worker.port, req_timeout_ms=int(SMALL_CLIENT_S * 1000))


@pytest.fixture(scope="session")
def roomy_client(small_worker: Worker) -> Any:
    """A shared client of the same worker with ample time, for calls that find room there."""
    return connect(small_worker.port)


@pytest.fixture(scope="session")
def objects(worker: Worker) -> Any:
    """A shared ObjectClient of the first worker."""
    return connect_objects(worker.port)


@pytest.fixture(scope="session")
def other_objects(worker: Worker) -> Any:
    """Another shared ObjectClient of the first worker."""
    return connect_objects(worker.port)


@pytest.fixture
def own_keys(request: pytest.FixtureRequest) -> Iterator[Keys]:
    """Keys of the test's own, deleted afterwards; a key that cannot be deleted fails the test."""
    made = Keys()
    yield made
    for name in ("client", "roomy_client"):
        if name in request.fixturenames:
            gc.collect()
            _delete_all(request.getfixturevalue(name), made.made)


@pytest.fixture
def fresh_worker(
    process_mark: str, process_home: str, new_cluster: Callable[[], Cluster]
) -> Iterator[Callable[..., Worker]]:
    """Start workers that no other test uses; they are gone after the test."""
    made: list[Worker] = []

    def start(*options: str, joins: Worker | None = None) -> Worker:
        home = new_home(process_home)
        if joins:
            new = joining_worker(joins, home, *options)
        else:
            new = head_worker(new_cluster(), home, *options)
        made.append(new)
        new.start()
        return new

    yield start
    gc.collect()
    for worker in reversed(made):
        worker.discard()


@pytest.fixture
def worker_home(process_home: str) -> Iterator[str]:
    """A directory for a worker that the test starts itself; gone after the test."""
    home = new_home(process_home)
    yield home
    shutil.rmtree(home)


@pytest.fixture(scope="session")
def elsewhere(process_mark: str) -> Iterator[Elsewhere]:
    """Another process, shared by the tests of this one."""
    with elsewhere_process() as other:
        yield other


@contextlib.contextmanager
def _running(worker: Worker) -> Iterator[Worker]:
    try:
        worker.start()
        yield worker
    finally:
        gc.collect()
        worker.close()


def _delete_all(client: Any, keys: list[str]) -> None:
    for start in range(0, len(keys), DELETE_BATCH):
        batch = keys[start : start + DELETE_BATCH]
        failed = client.delete(batch)
        assert not failed, f"client.delete left {failed}"
        left = [key for key, there in zip(batch, client.exist(batch), strict=True) if there]
        assert not left, f"client.exist still finds {left}"
