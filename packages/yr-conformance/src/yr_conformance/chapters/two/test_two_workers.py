"""TWO: two workers of one cluster, each with a client of its own."""

from __future__ import annotations

from typing import Any

import pytest

from yr_conformance.chapters.two.clauses import MUST, clause
from yr_conformance.datasystem.clients import Keys, connect, transact
from yr_conformance.datasystem.sources import MEASURED
from yr_conformance.datasystem.statuses import raises_status
from yr_conformance.datasystem.worker import Worker
from yr_conformance.waiting import wait_until

BIG = 1024 * 1024
SIZES = pytest.mark.parametrize("size", [100, BIG])


@clause("TWO-GET-01", MUST, source=MEASURED)
@SIZES
def test_a_value_is_read_through_the_other_worker(
    client: Any, second_client: Any, own_keys: Keys, size: int
) -> None:
    """What is set at one worker is read at the other at once, again and again."""
    value = bytes(number % 249 for number in range(size))
    client.set(own_keys(), value)

    assert second_client.get([own_keys()]) == [value]
    assert second_client.get([own_keys()]) == [value]


@clause("TWO-GET-02", MUST, source=MEASURED)
def test_the_other_direction(client: Any, second_client: Any, own_keys: Keys) -> None:
    """What is set at the joined worker is read at the head."""
    second_client.set(own_keys(), b"x" * BIG)

    assert client.get([own_keys()]) == [b"x" * BIG]


@clause("TWO-GET-03", MUST, source=MEASURED)
def test_a_published_buffer_is_read_remotely(
    client: Any, second_client: Any, own_keys: Keys
) -> None:
    """A buffer published at one worker is read as a buffer at the other."""
    buffers = client.mcreate([own_keys()], [BIG])
    buffers[0].MutableData()[:] = b"z" * BIG
    client.mset_buffer(buffers)

    (held,) = second_client.get_buffers([own_keys()])

    assert bytes(memoryview(held)) == b"z" * BIG


@clause("TWO-GET-04", MUST, source=MEASURED)
def test_exist_knows_the_other_worker(client: Any, second_client: Any, own_keys: Keys) -> None:
    """`exist` at one worker comes to say True for values at the other."""
    client.set(own_keys("a"), b"x")
    second_client.set(own_keys("b"), b"x")
    names = [own_keys("a"), own_keys("b"), own_keys("c")]

    wait_until(lambda: client.exist(names) == [True, True, False], "the head knows both keys")
    wait_until(lambda: second_client.exist(names) == [True, True, False], "the other does too")


@clause("TWO-GET-05", MUST, source=MEASURED)
def test_a_batch_from_both_workers(client: Any, second_client: Any, own_keys: Keys) -> None:
    """One `get` returns values of both workers, with None for missing keys."""
    client.set(own_keys("a"), b"1")
    second_client.set(own_keys("b"), b"2")

    assert client.get([own_keys("a"), own_keys("no"), own_keys("b")]) == [b"1", None, b"2"]


@clause("TWO-SET-01", MUST, source=MEASURED)
def test_overwriting_reaches_the_other_worker(
    client: Any, second_client: Any, own_keys: Keys
) -> None:
    """After a value is set anew, the other worker comes to read the new one."""
    client.set(own_keys(), b"old")
    assert second_client.get([own_keys()]) == [b"old"]

    client.set(own_keys(), b"new")

    wait_until(lambda: second_client.get([own_keys()]) == [b"new"], "the new value is read")


@clause("TWO-SET-02", MUST, source=MEASURED)
def test_a_transaction_sees_the_other_worker(
    client: Any, second_client: Any, own_keys: Keys
) -> None:
    """`msettx` at one worker fails if a key exists at the other."""
    client.set(own_keys("taken"), b"old")

    with raises_status("Object already exist error", own_keys("taken"), "already exist"):
        transact(second_client, [own_keys("free"), own_keys("taken")], [b"1", b"2"])

    assert client.exist([own_keys("free")]) == [False]


@clause("TWO-DEL-01", MUST, source=MEASURED)
@SIZES
def test_a_delete_counts_everywhere(
    client: Any, second_client: Any, own_keys: Keys, size: int
) -> None:
    """A key deleted at one worker is gone at both, replicas included."""
    client.set(own_keys(), b"x" * size)
    second_client.get([own_keys()])

    assert second_client.delete([own_keys()]) == []

    for side in (client, second_client):
        assert side.exist([own_keys()]) == [False]
        with raises_status("Key not found"):
            side.get([own_keys()])


@clause("TWO-DEL-02", MUST, source=MEASURED)
def test_held_bytes_survive_a_remote_delete(
    client: Any, second_client: Any, own_keys: Keys
) -> None:
    """Buffers held at both workers keep their bytes when the key is deleted at one."""
    client.set(own_keys(), b"x" * BIG)
    held = [side.get_buffers([own_keys()])[0] for side in (client, second_client)]

    second_client.delete([own_keys()])
    client.set(own_keys("other"), b"y" * BIG)

    assert [bytes(memoryview(buffer)) for buffer in held] == [b"x" * BIG] * 2


@clause("TWO-TTL-01", MUST, source=MEASURED)
def test_expiry_counts_everywhere(client: Any, second_client: Any, own_keys: Keys) -> None:
    """A time to live given by one worker's client makes the value go at both."""
    client.set(own_keys(), b"x")
    second_client.get([own_keys()])

    assert second_client.expire([own_keys()], 1) == []

    gone = [False, False]
    sides = (client, second_client)
    wait_until(lambda: [side.exist([own_keys()])[0] for side in sides] == gone, "it is gone")


@clause("TWO-WAIT-01", MUST, source=MEASURED)
def test_a_wait_wakes_across_workers(
    client: Any, second_worker: Worker, own_keys: Keys, elsewhere: Any
) -> None:
    """A `get` that waits at one worker returns when the key is set at the other."""
    waiting = elsewhere.begin(_wait_for, second_worker.port, own_keys())

    client.set(own_keys(), b"late")

    assert waiting.result(30) == b"late"


def _wait_for(port: int, key: str) -> bytes:
    values: list[bytes] = connect(port).get([key], sub_timeout_ms=20_000)
    return values[0]
