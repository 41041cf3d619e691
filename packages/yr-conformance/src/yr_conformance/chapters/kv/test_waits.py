"""KV-WAIT: gets that wait for keys. The value always comes from another process."""

from __future__ import annotations

import time
from typing import Any

import pytest

from yr_conformance.clauses import MUST, clause
from yr_conformance.datasystem.clients import Keys, connect, transact
from yr_conformance.datasystem.sources import MEASURED
from yr_conformance.datasystem.statuses import raises_status

LONG_MS = 20_000
WRITERS = pytest.mark.parametrize("how", ["set", "mset", "mset_buffer", "msettx"])


@clause("KV-WAIT-01", MUST, source=MEASURED)
@WRITERS
def test_a_waiting_get_wakes(
    client: Any, worker: Any, own_keys: Keys, elsewhere: Any, how: str
) -> None:
    """A `get` with a waiting time returns the value as soon as it is published in any way."""
    waiting = elsewhere.begin(_wait_for, worker.port, [own_keys()])

    _write(client, how, own_keys(), b"late")

    assert waiting.result(LONG_MS / 1000) == [b"late"]


@clause("KV-WAIT-02", MUST, source=MEASURED)
def test_get_waits_for_all_keys(client: Any, worker: Any, own_keys: Keys, elsewhere: Any) -> None:
    """A waiting `get` of several keys returns when the last of them exists."""
    waiting = elsewhere.begin(_wait_for, worker.port, [own_keys("a"), own_keys("b")])

    client.set(own_keys("a"), b"1")
    client.set(own_keys("b"), b"2")

    assert waiting.result(LONG_MS / 1000) == [b"1", b"2"]


@clause("KV-WAIT-03", MUST, source=MEASURED)
def test_a_wait_in_vain_raises(client: Any, own_keys: Keys) -> None:
    """When the time is over and no key exists, a waiting `get` raises Key not found."""
    with raises_status("Key not found", "Cannot get objects from worker"):
        client.get([own_keys()], sub_timeout_ms=300)


@clause("KV-WAIT-04", MUST, source=MEASURED)
def test_a_partly_vain_wait_gives_none(client: Any, own_keys: Keys) -> None:
    """When the time is over and some keys exist, the others are None."""
    client.set(own_keys("there"), b"x")

    assert client.get([own_keys("there"), own_keys("no")], sub_timeout_ms=300) == [b"x", None]


@clause("KV-WAIT-05", MUST, source=MEASURED)
def test_a_wait_lasts_nine_tenths(client: Any, own_keys: Keys) -> None:
    """A `get` in vain waits for at least nine tenths of the time that it was given."""
    begin = time.monotonic()

    with raises_status("Key not found"):
        client.get([own_keys()], sub_timeout_ms=1000)

    assert time.monotonic() - begin >= 0.9 - 0.02


@clause("KV-WAIT-06", MUST, source=MEASURED)
def test_get_buffers_waits_too(client: Any, worker: Any, own_keys: Keys, elsewhere: Any) -> None:
    """`get_buffers` with a waiting time wakes like `get`."""
    waiting = elsewhere.begin(_wait_for_buffer, worker.port, own_keys())

    client.set(own_keys(), b"late")

    assert waiting.result(LONG_MS / 1000) == b"late"


@clause("KV-WAIT-07", MUST, source=MEASURED)
def test_existing_keys_are_not_waited_for(client: Any, own_keys: Keys) -> None:
    """A `get` with a waiting time of keys that exist answers at once."""
    client.set(own_keys(), b"x")

    assert client.get([own_keys()], sub_timeout_ms=LONG_MS) == [b"x"]


def _wait_for(port: int, keys: list[str]) -> list[bytes | None]:
    values: list[bytes | None] = connect(port).get(keys, sub_timeout_ms=LONG_MS)
    return values


def _wait_for_buffer(port: int, key: str) -> bytes:
    client = connect(port)
    (buffer,) = client.get_buffers([key], LONG_MS)
    return bytes(memoryview(buffer))


def _write(client: Any, how: str, key: str, value: bytes) -> None:
    if how == "set":
        client.set(key, value)
    elif how == "mset_buffer":
        buffers = client.mcreate([key], [len(value)])
        buffers[0].MutableData()[:] = value
        client.mset_buffer(buffers)
    elif how == "msettx":
        transact(client, [key], [value])
    else:
        client.mset([key], [value])
