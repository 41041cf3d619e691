"""KV-TTL: time to live. The tests wait for what must happen and measure no times.

A time to live of two seconds lets what must come before it come in time.
"""

from __future__ import annotations

from typing import Any

from yr_conformance.clauses import MUST, clause
from yr_conformance.datasystem.clients import Keys
from yr_conformance.datasystem.sources import MEASURED
from yr_conformance.datasystem.statuses import raises_status
from yr_conformance.waiting import wait_until


def wait_until_gone(client: Any, key: str) -> None:
    """Wait until the key no longer exists."""
    wait_until(lambda: client.exist([key]) == [False], f"{key} has expired")


@clause("KV-TTL-01", MUST, source=MEASURED)
def test_a_value_expires(client: Any, own_keys: Keys) -> None:
    """A value set with a time to live is there at first and goes without being deleted."""
    client.set(own_keys(), b"x", ttl_second=2)

    assert client.get([own_keys()]) == [b"x"]
    wait_until_gone(client, own_keys())
    with raises_status("Key not found"):
        client.get([own_keys()])


@clause("KV-TTL-02", MUST, source=MEASURED)
def test_a_published_buffer_expires(client: Any, own_keys: Keys) -> None:
    """The time to live given to `mcreate` holds for the published value."""
    buffers = client.mcreate([own_keys()], [3], ttl_second=2)
    client.mset_buffer(buffers)
    del buffers

    assert client.exist([own_keys()]) == [True]
    wait_until_gone(client, own_keys())


@clause("KV-TTL-03", MUST, source=MEASURED)
def test_the_last_set_decides(client: Any, own_keys: Keys) -> None:
    """Setting again without a time to live makes the value stay; with one, it expires."""
    client.set(own_keys("stays"), b"1", ttl_second=2)
    client.set(own_keys("stays"), b"2")
    client.set(own_keys("goes"), b"1")
    client.set(own_keys("goes"), b"2", ttl_second=2)

    wait_until_gone(client, own_keys("goes"))

    assert client.get([own_keys("stays")]) == [b"2"]


@clause("KV-TTL-04", MUST, source=MEASURED)
def test_expire_gives_a_time_to_live(client: Any, own_keys: Keys) -> None:
    """`expire` makes a value expire that was set without a time to live."""
    client.set(own_keys(), b"x")

    assert client.expire([own_keys()], 1) == []

    wait_until_gone(client, own_keys())


@clause("KV-TTL-05", MUST, source=MEASURED)
def test_expire_extends(client: Any, own_keys: Keys) -> None:
    """`expire` with a longer time keeps a value that would have gone."""
    client.set(own_keys("longer"), b"x", ttl_second=2)
    client.set(own_keys("witness"), b"x", ttl_second=3)

    client.expire([own_keys("longer")], 60)
    wait_until_gone(client, own_keys("witness"))

    assert client.exist([own_keys("longer")]) == [True]


@clause("KV-TTL-06", MUST, source=MEASURED)
def test_expire_tells_missing_keys(client: Any, own_keys: Keys) -> None:
    """`expire` returns the missing keys, each once, and raises if all are missing."""
    client.set(own_keys("there"), b"x")

    assert client.expire([own_keys("there"), own_keys("no"), own_keys("no")], 60) == [
        own_keys("no")
    ]
    with raises_status("Key not found", "Some object can not be found in metaTable_, size: 1"):
        client.expire([own_keys("no")], 60)


@clause("KV-TTL-07", MUST, source=MEASURED)
def test_held_bytes_survive_expiry(client: Any, own_keys: Keys) -> None:
    """Bytes that a reader holds stay as they are when the value expires."""
    client.set(own_keys(), b"x" * 600_000, ttl_second=2)
    (held,) = client.get_buffers([own_keys()])

    wait_until_gone(client, own_keys())

    assert bytes(memoryview(held)) == b"x" * 600_000


@clause("KV-TTL-08", MUST, source=MEASURED)
def test_times_to_live_have_a_range(client: Any, own_keys: Keys) -> None:
    """A time to live is a plain int from 0 to 2**32-1; all else is a TypeError."""
    import pytest

    for wrong in (-1, 2**32):
        with pytest.raises(TypeError, match="incompatible function arguments"):
            client.set(own_keys(), b"x", ttl_second=wrong)
    for wrong_type in (1.0, True):
        with pytest.raises(TypeError, match="The input of ttl_second has invalid type"):
            client.set(own_keys(), b"x", ttl_second=wrong_type)
    client.set(own_keys(), b"x", ttl_second=2**32 - 1)
    assert client.exist([own_keys()]) == [True]


@clause("KV-TTL-09", MUST, source=MEASURED)
def test_expire_with_zero_leaves_a_lasting_value(client: Any, own_keys: Keys) -> None:
    """`expire` with 0 has no effect on a value without a time to live."""
    client.set(own_keys(), b"x")
    client.set(own_keys("witness"), b"x", ttl_second=1)

    assert client.expire([own_keys()], 0) == []
    wait_until_gone(client, own_keys("witness"))

    assert client.get([own_keys()]) == [b"x"]
