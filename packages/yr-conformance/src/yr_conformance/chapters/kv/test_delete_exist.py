"""KV-DEL and KV-EXIST: deleting and asking."""

from __future__ import annotations

from typing import Any

import pytest

from yr_conformance.clauses import MUST, clause
from yr_conformance.datasystem.clients import Keys
from yr_conformance.datasystem.sources import MEASURED
from yr_conformance.datasystem.statuses import raises_status


@clause("KV-DEL-01", MUST, source=MEASURED)
@pytest.mark.parametrize("size", [10, 1024 * 1024])
def test_a_deleted_key_is_gone(client: Any, own_keys: Keys, size: int) -> None:
    """After `delete`, `exist` says False and `get` raises Key not found."""
    client.set(own_keys(), b"x" * size)

    assert client.delete([own_keys()]) == []

    assert client.exist([own_keys()]) == [False]
    with raises_status("Key not found"):
        client.get([own_keys()])


@clause("KV-DEL-02", MUST, source=MEASURED)
def test_deleting_is_idempotent(client: Any, own_keys: Keys) -> None:
    """`delete` of keys that are missing, deleted already or named twice succeeds."""
    client.set(own_keys("there"), b"x")

    assert client.delete([own_keys("there"), own_keys("never"), own_keys("there")]) == []
    assert client.delete([own_keys("there")]) == []


@clause("KV-DEL-03", MUST, source=MEASURED)
def test_delete_leaves_other_keys(client: Any, own_keys: Keys) -> None:
    """`delete` touches only the keys that it names."""
    for name in "ab":
        client.set(own_keys(name), name.encode())

    client.delete([own_keys("a")])

    assert client.get([own_keys("a"), own_keys("b")]) == [None, b"b"]


@clause("KV-DEL-04", MUST, source=MEASURED)
def test_a_deleted_key_can_be_used_again(client: Any, own_keys: Keys) -> None:
    """After `delete` a key may be written again, in another way than before."""
    client.set(own_keys(), b"1")
    client.delete([own_keys()])

    buffers = client.mcreate([own_keys()], [1])
    buffers[0].MutableData()[:] = b"2"
    client.mset_buffer(buffers)

    assert client.get([own_keys()]) == [b"2"]


@clause("KV-EXIST-01", MUST, source=MEASURED)
def test_exist_answers_for_each_key(client: Any, own_keys: Keys) -> None:
    """`exist` gives one bool a key, in order, and never raises for missing keys."""
    client.set(own_keys("there"), b"x")

    answers = client.exist([own_keys("there"), own_keys("no"), own_keys("there")])

    assert answers == [True, False, True]
    assert client.exist([own_keys("no")]) == [False]


@clause("KV-EXIST-02", MUST, source=MEASURED)
def test_values_outlive_their_writer(
    client: Any, worker: Any, own_keys: Keys, elsewhere: Any
) -> None:
    """A value stays when the process that set it is gone."""
    status = elsewhere.run(_set_in_a_process_that_ends, worker.port, own_keys())

    assert status == 0
    assert client.get([own_keys()]) == [b"left behind"]


def _set_in_a_process_that_ends(port: int, key: str) -> int | None:
    import multiprocessing

    process = multiprocessing.get_context("spawn").Process(target=_set, args=(port, key))
    process.start()
    process.join(60)
    return process.exitcode


def _set(port: int, key: str) -> None:
    from yr_conformance.datasystem.clients import connect

    connect(port).set(key, b"left behind")
