"""Fixtures of the chapters XFER, GC and COST: one Ray cluster and a few actors per test process.

    clause --fixtures--> device ("cpu", "npu") --> sender, receiver, ... with tensors of that kind

Most clauses share three actors a device, because an actor costs a second or more. Each is looked at
before it is lent out, and replaced when an earlier clause or a defect ended it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from yr_conformance.datasystem.clients import TIMEOUTS
from yr_conformance.datasystem.room import accounts, has_room
from yr_conformance.transfer.clauses import BETWEEN_KINDS, BY_VALUE, OF_DEVICES, ON_STREAMS
from yr_conformance.transfer.device_kind import CPU, KINDS, DeviceKind
from yr_conformance.transfer.device_memory import default_device, use_last
from yr_conformance.transfer.key_space import DeviceKeys, KeySpace, ValueKeys
from yr_conformance.transfer.key_watch import KeyWatch
from yr_conformance.transfer.ray_session import RAY_ENVIRONMENT, RaySession, ray_session
from yr_conformance.transfer.second_driver import DriverRun, run_second_driver
from yr_conformance.waiting import PATIENCE_S, wait_until

# Ray 2.55 leaves these to the garbage collector when it starts and stops a node.
RAY_LEAVES = (
    r"ignore:unclosed file <_io.(TextIOWrapper|FileIO) name='/dev/null':ResourceWarning",
    r"ignore:subprocess \d+ is still running:ResourceWarning",
)


def pytest_configure(config: pytest.Config) -> None:
    """Set what Ray reads when it is imported, which is while the chapters are collected."""
    os.environ.update(RAY_ENVIRONMENT)
    config.addinivalue_line("markers", f"{BY_VALUE.name}: holds for objects that are copies")
    config.addinivalue_line("markers", f"{BETWEEN_KINDS.name}: about a device and the host")
    config.addinivalue_line("markers", f"{OF_DEVICES.name}: about what only devices have")
    config.addinivalue_line("markers", f"{ON_STREAMS.name}: holds for devices with streams")
    for line in RAY_LEAVES:
        config.addinivalue_line("filterwarnings", line)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Let each clause about transfers be proven for every kind of device that it holds for."""
    if "device" not in metafunc.fixturenames:
        return
    kinds = [kind for kind in KINDS if _fits(kind, metafunc.definition)]
    names = [kind.name for kind in kinds]
    metafunc.parametrize("device", kinds, ids=names, indirect=True, scope="session")


class PeerPool:
    """The shared actors of a session, by role and device."""

    def __init__(self) -> None:
        self._peers: dict[tuple[str, DeviceKind], Any] = {}

    def lend(self, role: str, device: DeviceKind, make: Callable[[], Any]) -> Any:
        """Return the living actor of the role, making it if there is none."""
        place = (role, device)
        if place not in self._peers or not _answers(self._peers[place]):
            self._peers[place] = make()
        return self._peers[place]


@pytest.fixture(scope="session")
def session(request: pytest.FixtureRequest) -> Iterator[RaySession]:
    """One Ray cluster with a registered backend for this test process, in the mode of this run."""
    in_etcd = request.config.option.mode == "etcd"
    etcd_address = request.getfixturevalue("etcd").address if in_etcd else ""
    with ray_session(etcd_address) as running:
        yield running


@pytest.fixture(scope="session")
def device(request: pytest.FixtureRequest) -> DeviceKind:
    """The kind of device that the tensors of a clause are on; also in the test's own process."""
    kind: DeviceKind = request.param
    use_last(kind)
    return kind


@pytest.fixture(autouse=True)
def made_on_device(request: pytest.FixtureRequest) -> Iterator[None]:
    """Make what a clause makes itself, to compare, on its device."""
    if "device" not in request.fixturenames:
        yield
        return
    with default_device(request.getfixturevalue("device").name):
        yield


@pytest.fixture(scope="session")
def peer_pool(session: RaySession) -> PeerPool:
    """The actors that clauses share; they end with the cluster."""
    return PeerPool()


@pytest.fixture
def sender(peer_pool: PeerPool, device: DeviceKind) -> Any:
    """A shared actor that makes tensors."""
    return peer_pool.lend("sender", device, _new_peer(device))


@pytest.fixture
def receiver(peer_pool: PeerPool, device: DeviceKind) -> Any:
    """A shared actor that receives tensors."""
    return peer_pool.lend("receiver", device, _new_peer(device))


@pytest.fixture
def third(peer_pool: PeerPool, device: DeviceKind) -> Any:
    """A third shared actor."""
    return peer_pool.lend("third", device, _new_peer(device))


@pytest.fixture
def host_peer(peer_pool: PeerPool, device: DeviceKind) -> Any:
    """A shared actor without any device but the host."""
    return peer_pool.lend("host", CPU, _new_peer(CPU))


@pytest.fixture
def wide_peers(peer_pool: PeerPool, device: DeviceKind) -> tuple[Any, Any]:
    """Two shared actors that see all devices of the kind, and have reserved none."""
    make = _new_peer(device.unreserved())
    first, second = (peer_pool.lend(role, device, make) for role in ("wide-1", "wide-2"))
    return first, second


@pytest.fixture
def wide_slow_peer(peer_pool: PeerPool, device: DeviceKind) -> Any:
    """A shared actor that sees all devices, which work half a second later where they can."""
    kind = device.unreserved().with_slow_streams()
    return peer_pool.lend("wide-slow", device, _new_peer(kind))


@pytest.fixture
def threaded_peer(peer_pool: PeerPool, device: DeviceKind) -> Any:
    """A shared actor with four threads."""
    from yr_conformance.transfer.peer import peer_class

    threaded = peer_class(device).options(max_concurrency=4).remote
    return peer_pool.lend("threaded", device, threaded)


@pytest.fixture
def async_peer(peer_pool: PeerPool, device: DeviceKind) -> Any:
    """A shared actor whose methods are coroutines."""
    from yr_conformance.transfer.peer import async_peer_class

    return peer_pool.lend("async", device, async_peer_class(device).remote)


@pytest.fixture
def slow_peer(peer_pool: PeerPool, device: DeviceKind) -> Any:
    """A shared actor whose device works half a second later, where that can be arranged."""
    from yr_conformance.transfer.peer import peer_class

    return peer_pool.lend("slow", device, peer_class(device.with_slow_streams()).remote)


@pytest.fixture
def unregistered(peer_pool: PeerPool, device: DeviceKind) -> Any:
    """A shared actor that does not register the transport itself."""
    from yr_conformance.transfer.peer import unregistered_peer_class

    return peer_pool.lend("unregistered", device, unregistered_peer_class(device).remote)


@pytest.fixture(scope="session")
def second_driver(session: RaySession, device: DeviceKind) -> DriverRun:
    """What another driver process of the same cluster saw, said and left behind."""
    return run_second_driver(session, device)


@pytest.fixture
def late_peer(session: RaySession, device: DeviceKind) -> Iterator[Callable[[str], Any]]:
    """Make actors whose constructor waits for a file; they are killed after the test."""
    from yr_conformance.transfer.peer import late_peer_class

    yield from _factory(late_peer_class(device).remote)


@pytest.fixture
def fresh_peer(session: RaySession, device: DeviceKind) -> Iterator[Callable[..., Any]]:
    """Make actors that no other test uses; they are killed after the test."""
    yield from _factory(_new_peer(device))


@pytest.fixture
def serial_peer(session: RaySession, device: DeviceKind) -> Iterator[Any]:
    """An actor whose methods are coroutines, one at a time; killed after the test.

    The shared actors have all but one of eight NPUs, and there is no ninth.
    """
    from yr_conformance.transfer.peer import async_peer_class

    serial = async_peer_class(device).options(max_concurrency=1).remote
    for new in _factory(serial):
        yield new()


@pytest.fixture
def keys(key_space: KeySpace) -> KeyWatch:
    """Watch the keys that actors create."""
    return KeyWatch(key_space)


@pytest.fixture
def host_keys(session: RaySession) -> KeyWatch:
    """Watch keys of values, whatever device the clause is about."""
    from yr.datasystem import KVClient

    return KeyWatch(ValueKeys(_connected(KVClient, session)))


@pytest.fixture
def room(session: RaySession, device: DeviceKind) -> Callable[[int], None]:
    """Wait until the worker has room for so many MiB: what others dropped goes some time later.

    An object that is its source's memory takes none of the worker's.
    """
    from yr.datasystem import KVClient

    client = _connected(KVClient, session)

    def wait(mebibytes: int) -> None:
        if device.by_reference:
            return
        what = f"the worker has room for {mebibytes} MiB"
        try:
            wait_until(lambda: has_room(client, mebibytes * 2**20), what)
        except AssertionError as error:
            raise AssertionError(f"{error} ({accounts(session.datasystem_pids())})") from None

    return wait


@pytest.fixture(scope="session")
def key_space(session: RaySession, device: DeviceKind) -> KeySpace:
    """The keys of the device's objects, by a client of the test's own."""
    from yr.datasystem import HeteroClient, KVClient

    values = ValueKeys(_connected(KVClient, session))
    return DeviceKeys(_connected(HeteroClient, session), values) if device.by_reference else values


@pytest.fixture(scope="session")
def ray_version() -> tuple[int, ...]:
    """Ray's version as numbers, for what only some versions offer."""
    import ray

    return tuple(int(part) for part in ray.__version__.split(".")[:2])


def _connected(client_class: Any, session: RaySession) -> Any:
    client = client_class(session.host, session.worker_port, **TIMEOUTS)
    client.init()
    return client


def _new_peer(device: DeviceKind) -> Callable[..., Any]:
    from yr_conformance.transfer.peer import peer_class

    return peer_class(device).remote  # type: ignore[no-any-return]  # Ray's


def _fits(kind: DeviceKind, test: pytest.Item) -> bool:
    is_copied, has_streams = not kind.by_reference, bool(kind.slow_streams)
    is_device = kind != CPU
    holds = (
        (BY_VALUE, is_copied),
        (ON_STREAMS, has_streams),
        (BETWEEN_KINDS, is_device),
        (OF_DEVICES, is_device),
    )
    return all(fits or not test.get_closest_marker(mark.name) for mark, fits in holds)


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
        ray.get(actor.apply.remote(abs, 0), timeout=PATIENCE_S)
    except ray.exceptions.RayError:
        return False
    return True
