"""KV-CONN: connecting, health, and workers that die."""

from __future__ import annotations

import gc
from collections.abc import Callable
from typing import Any

import pytest

from yr_conformance.clauses import MUST, clause
from yr_conformance.datasystem.clients import Keys, connect
from yr_conformance.datasystem.sources import MEASURED
from yr_conformance.datasystem.statuses import raises_status, split_status
from yr_conformance.datasystem.worker import HOST, Worker, free_ports
from yr_conformance.waiting import wait_until


@clause("KV-CONN-01", MUST, source=MEASURED)
def test_calls_need_init(worker: Worker, own_keys: Keys) -> None:
    """Calls of a client that was not initialised fail with Not ready."""
    from yr.datasystem import KVClient

    client = KVClient(HOST, worker.port)

    for call in (client.get, client.exist, client.delete):
        with raises_status("Not ready", "The client has not been initialized yet"):
            call([own_keys()])


@clause("KV-CONN-02", MUST, source=MEASURED)
def test_nobody_listens() -> None:
    """`init` to a port where nobody listens fails with RPC unavailable when its time is over."""
    from yr.datasystem import KVClient

    client = KVClient(HOST, free_ports(1)[0], connect_timeout_ms=1000)

    with raises_status("RPC unavailable"):
        client.init()
    with raises_status("Not ready", "The client initialization failed"):
        client.get(["key"])


@clause("KV-CONN-03", MUST, source=MEASURED)
def test_init_twice(client: Any) -> None:
    """`init` of a connected client does nothing."""
    client.init()

    assert client.health_check().is_ok()


@clause("KV-CONN-04", MUST, source=MEASURED)
def test_the_connect_timeout_has_a_minimum(worker: Worker) -> None:
    """A connect time-out under 500 ms makes `init` fail with Invalid parameter."""
    from yr.datasystem import KVClient

    client = KVClient(HOST, worker.port, connect_timeout_ms=0)

    with raises_status("Invalid parameter", "should be greater than or equal to 500 milliseconds"):
        client.init()


@clause("KV-CONN-05", MUST, source=MEASURED)
def test_a_negative_connect_timeout(worker: Worker) -> None:
    """A negative connect time-out is refused when the client is made."""
    from yr.datasystem import KVClient

    with pytest.raises(RuntimeError, match="Invalid connect_timeout_ms size -1 is set"):
        KVClient(HOST, worker.port, connect_timeout_ms=-1)


@clause("KV-CONN-06", MUST, source=MEASURED)
def test_a_name_is_an_address(worker: Worker) -> None:
    """The host may be a name that can be resolved."""
    from yr.datasystem import KVClient

    client = KVClient("localhost", worker.port, connect_timeout_ms=5000)
    client.init()

    assert client.health_check().is_ok()


@clause("KV-CONN-07", MUST, source=MEASURED)
def test_an_unknown_host() -> None:
    """A host that cannot be resolved makes `init` fail with Invalid parameter."""
    from yr.datasystem import KVClient

    client = KVClient("nosuch.invalid", 32001, connect_timeout_ms=1000)

    with raises_status("Invalid parameter", "Invalid IP address/port. Host nosuch.invalid"):
        client.init()


@clause("KV-CONN-08", MUST, source=MEASURED)
def test_health_is_a_status(client: Any) -> None:
    """`health_check` returns a status object: OK with an empty message."""
    status = client.health_check()

    assert (status.is_ok(), status.is_error()) == (True, False)
    assert split_status(status.to_string()) == ("OK", "")


@clause("KV-CONN-09", MUST, source=MEASURED)
def test_a_dead_worker(fresh_worker: Callable[..., Worker]) -> None:
    """After the worker was killed, calls fail with RPC unavailable within the request time-out."""
    worker = fresh_worker()
    client = connect(worker.port, req_timeout_ms=1000)
    client.set("conn", b"x")

    worker.kill()

    with raises_status("RPC unavailable"):
        client.get(["conn"])
    assert client.health_check().is_error()


@clause("KV-CONN-10", MUST, source=MEASURED)
def test_a_client_reconnects(fresh_worker: Callable[..., Worker]) -> None:
    """A client goes on by itself when the worker is back at its address; the data is gone."""
    worker = fresh_worker()
    client = connect(worker.port, req_timeout_ms=1000)
    client.set("conn", b"x")
    worker.kill()

    worker.start()

    wait_until(lambda: _works(client), "the client has reconnected", 40)
    assert client.exist(["conn"]) == [False]


@clause("KV-CONN-11", MUST, source=MEASURED)
def test_held_bytes_survive_the_worker(fresh_worker: Callable[..., Worker]) -> None:
    """Bytes that a reader holds stay readable when the worker is killed."""
    worker = fresh_worker()
    client = connect(worker.port, req_timeout_ms=1000)
    client.set("conn", b"x" * 600_000)
    (held,) = client.get_buffers(["conn"])

    worker.kill()

    assert bytes(memoryview(held)) == b"x" * 600_000


@clause("KV-CONN-12", MUST, source=MEASURED)
def test_clients_are_limited(fresh_worker: Callable[..., Worker]) -> None:
    """A worker takes `max_client_num` clients, and a place is free again when a client goes."""
    worker = fresh_worker("--max_client_num", "2")
    first, second = connect(worker.port), connect(worker.port)
    assert first.health_check().is_ok()
    assert second.health_check().is_ok()

    with raises_status("Runtime error", "Client number upper to the limit"):
        connect(worker.port, connect_timeout_ms=1000)

    del first
    gc.collect()
    wait_until(lambda: _can_connect(worker.port), "a place is free", 30)


@clause("KV-OOM-01", MUST, source=MEASURED)
def test_a_full_worker_says_so(fresh_worker: Callable[..., Worker]) -> None:
    """When memory is full, `set` fails within the request time-out, naming Out of memory."""
    client = connect(fresh_worker("--shared_memory_size_mb", "64").port, req_timeout_ms=1000)

    with pytest.raises(RuntimeError, match="Out of memory"):
        _fill(client)

    assert client.get(["oom0"]) == [b"x" * (8 * 2**20)]


@clause("KV-OOM-02", MUST, source=MEASURED)
def test_a_value_larger_than_the_memory(fresh_worker: Callable[..., Worker]) -> None:
    """A value larger than the worker's memory fails, naming Out of memory."""
    client = connect(fresh_worker("--shared_memory_size_mb", "64").port, req_timeout_ms=1000)

    with pytest.raises(RuntimeError, match="Out of memory"):
        client.mcreate(["oom"], [100 * 2**20])


@clause("KV-OOM-03", MUST, source=MEASURED)
def test_evictable_values_make_room(fresh_worker: Callable[..., Worker]) -> None:
    """Values written as evictable go silently, the oldest first, when memory is needed."""
    from yr.datasystem import WriteMode

    client = connect(fresh_worker("--shared_memory_size_mb", "64").port)
    names = [f"evict{number}" for number in range(30)]

    for name in names:
        client.set(name, b"x" * (4 * 2**20), WriteMode.NONE_L2_CACHE_EVICT)

    present = client.exist(names)
    assert present[-1]
    assert not present[0]
    assert present == sorted(present)


def _fill(client: Any) -> None:
    for number in range(20):
        client.set(f"oom{number}", b"x" * (8 * 2**20))


def _works(client: Any) -> bool:
    try:
        client.set("probe", b"x")
    except RuntimeError:
        return False
    return True


def _can_connect(port: int) -> bool:
    try:
        connect(port, connect_timeout_ms=1000)
    except RuntimeError:
        return False
    return True
