"""Fixtures of the client's tests: workers, clients, unique keys."""

import itertools
import os
from collections.abc import Callable, Iterator

import pytest
from worker_fixture import FakeWorker

from yr_fake_ds import KVClient, ObjectClient

_NUMBERS = itertools.count()


@pytest.fixture(scope="session")
def worker() -> Iterator[FakeWorker]:
    """Give a worker that all tests of this process share; tests use keys of their own."""
    shared = FakeWorker()
    try:
        shared.start()
        yield shared
    finally:
        shared.remove()


@pytest.fixture
def own_worker() -> Iterator[FakeWorker]:
    """Give a worker that the test may kill."""
    own = FakeWorker("--client_dead_timeout_s", "5")
    try:
        own.start()
        yield own
    finally:
        own.remove()


@pytest.fixture
def kv(worker: FakeWorker) -> KVClient:
    """Give a connected KV client."""
    return worker.client()


@pytest.fixture
def objects(worker: FakeWorker) -> ObjectClient:
    """Give a connected object client."""
    client = ObjectClient("127.0.0.1", worker.port, 3000, req_timeout_ms=2000)
    client.init()
    return client


@pytest.fixture
def key(kv: KVClient) -> Iterator[Callable[[], str]]:
    """Give a maker of unique keys, which are deleted at the end."""
    made = [f"t-{os.getpid()}-{next(_NUMBERS)}-unused"]

    def make() -> str:
        made.append(f"t-{os.getpid()}-{next(_NUMBERS)}")
        return made[-1]

    yield make
    kv.delete(made)
