"""Fixtures of the SDK chapters: one worker, a second one that joins it, clients and keys.

A released worker takes seconds to start, so all tests of a process share the first two. What a test
kills, fills or configures otherwise it makes by `fresh_worker`.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from yr_conformance.datasystem.clients import Elsewhere, Keys, connect, elsewhere_process
from yr_conformance.datasystem.worker import Worker, free_ports

DELETE_BATCH = 10_000


@pytest.fixture(scope="session")
def worker(process_mark: str) -> Iterator[Worker]:
    """The shared head worker."""
    yield from _running(Worker(*free_ports(2)))


@pytest.fixture(scope="session")
def second_worker(worker: Worker) -> Iterator[Worker]:
    """A shared worker that joined the first one's metastore."""
    yield from _running(Worker(free_ports(1)[0], worker.metastore_port, head=False))


@pytest.fixture(scope="session")
def client(worker: Worker) -> Any:
    """A shared client of the first worker."""
    return connect(worker.port)


@pytest.fixture(scope="session")
def second_client(second_worker: Worker) -> Any:
    """A shared client of the second worker."""
    return connect(second_worker.port)


@pytest.fixture
def own_keys(request: pytest.FixtureRequest) -> Iterator[Keys]:
    """Keys of the test's own; those that are still there afterwards are deleted."""
    made = Keys()
    yield made
    if made.made and "client" in request.fixturenames:
        gc.collect()
        shared = request.getfixturevalue("client")
        for start in range(0, len(made.made), DELETE_BATCH):
            failed = shared.delete(made.made[start : start + DELETE_BATCH])
            assert not failed, f"client.delete left {failed}"


@pytest.fixture
def fresh_worker(process_mark: str) -> Iterator[Callable[..., Worker]]:
    """Start workers that no other test uses; they are gone after the test."""
    made: list[Worker] = []

    def start(*options: str, joins: Worker | None = None) -> Worker:
        port, metastore_port = free_ports(2)
        metastore_port = joins.metastore_port if joins else metastore_port
        made.append(Worker(port, metastore_port, head=joins is None, options=options))
        made[-1].start()
        return made[-1]

    yield start
    gc.collect()
    for worker in reversed(made):
        worker.close()


@pytest.fixture(scope="session")
def elsewhere(process_mark: str) -> Iterator[Elsewhere]:
    """Another process, shared by the tests of this one."""
    with elsewhere_process() as other:
        yield other


def _running(worker: Worker) -> Iterator[Worker]:
    try:
        worker.start()
        yield worker
    finally:
        gc.collect()
        worker.close()
