"""KV-CONN: connecting, health, and workers that die."""

from __future__ import annotations

import time
from typing import Any

import pytest

from yr_conformance.clauses import MUST, clause
from yr_conformance.datasystem.clients import TIMEOUTS, Keys, connect
from yr_conformance.datasystem.sources import MEASURED, SDK_SOURCE
from yr_conformance.datasystem.statuses import raises_status, split_status
from yr_conformance.datasystem.worker import HOST, Worker, free_ports

ALMOST_A_SECOND_S = 0.9


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

    begin = time.monotonic()
    with raises_status("RPC unavailable"):
        client.init()
    took_s = time.monotonic() - begin

    assert took_s > ALMOST_A_SECOND_S
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

    client = KVClient("localhost", worker.port, **TIMEOUTS)
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


@clause("KV-CONN-16", MUST, source=SDK_SOURCE)
def test_types_of_the_address() -> None:
    """Host and port are text and int; all else is a TypeError when the client is made."""
    from yr.datasystem import KVClient

    for name, arguments in (("host", (1, 2)), ("port", (HOST, "31501")), ("port", (HOST, True))):
        with pytest.raises(TypeError, match=f"The input of {name} has invalid type"):
            KVClient(*arguments)


@clause("KV-CONN-17", MUST, source=MEASURED)
def test_an_address_must_be_given(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a host, neither as an argument nor in DATASYSTEM_HOST, `init` is refused."""
    from yr.datasystem import KVClient

    monkeypatch.delenv("DATASYSTEM_HOST", raising=False)
    monkeypatch.delenv("DATASYSTEM_PORT", raising=False)
    client = KVClient("", 0, connect_timeout_ms=1000)

    with raises_status("Invalid parameter", "ConnectOptions was not configured"):
        client.init()


@clause("KV-CONN-18", MUST, source=MEASURED)
def test_the_address_may_come_from_the_environment(
    worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With an empty host the client uses DATASYSTEM_HOST and DATASYSTEM_PORT."""
    from yr.datasystem import KVClient

    monkeypatch.setenv("DATASYSTEM_HOST", HOST)
    monkeypatch.setenv("DATASYSTEM_PORT", str(worker.port))
    client = KVClient("", 0, **TIMEOUTS)
    client.init()

    assert client.health_check().is_ok()


@clause("KV-CONN-19", MUST, source=MEASURED)
def test_two_clients_are_one_world(worker: Worker, client: Any, own_keys: Keys) -> None:
    """Every client of a worker sees what any other stores and deletes."""
    other = connect(worker.port)

    client.set(own_keys(), b"x")
    assert other.get([own_keys()]) == [b"x"]
    other.delete([own_keys()])

    assert client.exist([own_keys()]) == [False]
