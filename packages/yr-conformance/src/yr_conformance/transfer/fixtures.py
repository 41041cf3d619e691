"""Fixtures of the chapters XFER, GC and COST: one Ray cluster and a few actors per test process.

Most clauses share three actors, because an actor costs a second or more. Each is looked at before
it is lent out, and replaced when an earlier clause or a defect ended it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from yr_conformance.transfer.key_watch import KeyWatch
from yr_conformance.transfer.ray_session import RAY_ENVIRONMENT, RaySession, ray_session
from yr_conformance.transfer.second_driver import DriverRun, run_second_driver

ANSWER_SECONDS = 30.0
# Ray 2.55 leaves these to the garbage collector when it starts and stops a node.
RAY_LEAVES = (
    r"ignore:unclosed file <_io.(TextIOWrapper|FileIO) name='/dev/null':ResourceWarning",
    r"ignore:subprocess \d+ is still running:ResourceWarning",
)


def pytest_configure(config: pytest.Config) -> None:
    """Set what Ray reads when it is imported, which is while the chapters are collected."""
    os.environ.update(RAY_ENVIRONMENT)
    for line in RAY_LEAVES:
        config.addinivalue_line("filterwarnings", line)


class PeerPool:
    """The shared actors of a session, by role."""

    def __init__(self) -> None:
        self._peers: dict[str, Any] = {}

    def lend(self, role: str, make: Callable[[], Any]) -> Any:
        """Return the living actor of the role, making it if there is none."""
        if role not in self._peers or not _answers(self._peers[role]):
            self._peers[role] = make()
        return self._peers[role]


@pytest.fixture(scope="session")
def session(request: pytest.FixtureRequest) -> Iterator[RaySession]:
    """One Ray cluster with a registered backend for this test process, in the mode of this run."""
    in_etcd = request.config.option.mode == "etcd"
    etcd_address = request.getfixturevalue("etcd").address if in_etcd else ""
    with ray_session(etcd_address) as running:
        yield running


@pytest.fixture(scope="session")
def peer_pool(session: RaySession) -> PeerPool:
    """The actors that clauses share; they end with the cluster."""
    return PeerPool()


@pytest.fixture
def sender(peer_pool: PeerPool) -> Any:
    """A shared actor that makes tensors."""
    return peer_pool.lend("sender", _new_peer)


@pytest.fixture
def receiver(peer_pool: PeerPool) -> Any:
    """A shared actor that receives tensors."""
    return peer_pool.lend("receiver", _new_peer)


@pytest.fixture
def third(peer_pool: PeerPool) -> Any:
    """A third shared actor."""
    return peer_pool.lend("third", _new_peer)


@pytest.fixture
def threaded_peer(peer_pool: PeerPool) -> Any:
    """A shared actor with four threads."""
    from yr_conformance.transfer.peer import peer_class

    return peer_pool.lend("threaded", peer_class().options(max_concurrency=4).remote)


@pytest.fixture
def async_peer(peer_pool: PeerPool) -> Any:
    """A shared actor whose methods are coroutines."""
    from yr_conformance.transfer.peer import async_peer_class

    return peer_pool.lend("async", async_peer_class().remote)


@pytest.fixture
def unregistered(peer_pool: PeerPool) -> Any:
    """A shared actor that does not register the transport itself."""
    from yr_conformance.transfer.peer import unregistered_peer_class

    return peer_pool.lend("unregistered", unregistered_peer_class().remote)


@pytest.fixture(scope="session")
def second_driver(session: RaySession) -> DriverRun:
    """What another driver process of the same cluster saw, said and left behind."""
    return run_second_driver(session)


@pytest.fixture
def late_peer(session: RaySession) -> Iterator[Callable[[str], Any]]:
    """Make actors whose constructor waits for a file; they are killed after the test."""
    from yr_conformance.transfer.peer import late_peer_class

    yield from _factory(late_peer_class().remote)


@pytest.fixture
def fresh_peer(session: RaySession) -> Iterator[Callable[..., Any]]:
    """Make actors that no other test uses; they are killed after the test."""
    yield from _factory(_new_peer)


@pytest.fixture
def keys(kv: Any) -> KeyWatch:
    """Watch the keys that actors create."""
    return KeyWatch(kv)


@pytest.fixture(scope="session")
def kv(session: RaySession) -> Any:
    """A client of the test's own, on the worker that the transport started."""
    from yr.datasystem import KVClient

    client = KVClient(
        session.host, session.worker_port, connect_timeout_ms=5000, req_timeout_ms=5000
    )
    client.init()
    return client


@pytest.fixture(scope="session")
def ray_version() -> tuple[int, ...]:
    """Ray's version as numbers, for what only some versions offer."""
    import ray

    return tuple(int(part) for part in ray.__version__.split(".")[:2])


def _new_peer() -> Any:
    from yr_conformance.transfer.peer import peer_class

    return peer_class().remote()


def _factory(make: Callable[..., Any]) -> Iterator[Callable[..., Any]]:
    import ray

    made: list[Any] = []

    def new(*arguments: Any, killed_at_the_end: bool = True) -> Any:
        actor = make(*arguments)
        if killed_at_the_end:
            made.append(actor)
        return actor

    yield new
    for actor in made:
        ray.kill(actor)


def _answers(actor: Any) -> bool:
    import ray

    try:
        ray.get(actor.apply.remote(abs, 0), timeout=ANSWER_SECONDS)
    except ray.exceptions.RayError:
        return False
    return True
