"""KV-TX: several values in one call, and conditions."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from yr_conformance.clauses import MUST, clause
from yr_conformance.datasystem.clients import Keys, transact
from yr_conformance.datasystem.sources import MEASURED
from yr_conformance.datasystem.statuses import raises_status


@clause("KV-TX-01", MUST, source=MEASURED)
def test_mset_stores_all(client: Any, own_keys: Keys) -> None:
    """`mset` stores every value and returns an empty list."""
    names = own_keys.many(3)

    assert client.mset(names, [b"a", b"b", b"c" * 700_000]) == []

    assert client.get(names) == [b"a", b"b", b"c" * 700_000]


@clause("KV-TX-02", MUST, source=MEASURED)
def test_mset_overwrites_set_values(client: Any, own_keys: Keys) -> None:
    """`mset` replaces values made by `set`; a key made by `mcreate` is returned as failed."""
    client.set(own_keys("set"), b"1")
    client.mset_buffer(client.mcreate([own_keys("created")], [1]))

    failed = client.mset([own_keys("set"), own_keys("created")], [b"2", b"3"])

    assert failed == [own_keys("created")]
    assert client.get([own_keys("set")]) == [b"2"]


@clause("KV-TX-03", MUST, source=MEASURED)
def test_the_first_of_two_equal_keys_wins_in_mset(client: Any, own_keys: Keys) -> None:
    """`mset` with one key twice keeps the first value and returns the key as failed."""
    failed = client.mset([own_keys(), own_keys()], [b"first", b"second"])

    assert failed == [own_keys()]
    assert client.get([own_keys()]) == [b"first"]


@clause("KV-TX-04", MUST, source=MEASURED)
def test_an_empty_value_refuses_the_whole_mset(client: Any, own_keys: Keys) -> None:
    """`mset` with one empty value fails and stores nothing."""
    with raises_status("Invalid parameter", "The dataSize value should be bigger than zero."):
        client.mset([own_keys("a"), own_keys("b")], [b"x", b""])

    assert client.exist([own_keys("a"), own_keys("b")]) == [False, False]


@clause("KV-TX-05", MUST, source=MEASURED)
@pytest.mark.parametrize("call", ["mset", "msettx"])
def test_batches_need_keys(client: Any, call: str) -> None:
    """`mset` and `msettx` refuse an empty list and an empty key."""
    store = client.mset if call == "mset" else partial(transact, client)
    with raises_status("Invalid parameter", "The keys should not be empty."):
        store([], [])
    with raises_status("Invalid parameter", "The key should not be empty."):
        store([""], [b"x"])


@clause("KV-TX-06", MUST, source=MEASURED)
def test_a_transaction_is_all_or_nothing(client: Any, own_keys: Keys) -> None:
    """`msettx` stores nothing if one of its keys exists, and says which."""
    client.set(own_keys("taken"), b"old")

    with raises_status("Object already exist error", own_keys("taken"), "already exist"):
        transact(client, [own_keys("free"), own_keys("taken")], [b"1", b"2"])

    assert client.get([own_keys("free"), own_keys("taken")]) == [None, b"old"]


@clause("KV-TX-07", MUST, source=MEASURED)
def test_a_transaction_of_new_keys(client: Any, own_keys: Keys) -> None:
    """`msettx` of keys that do not exist stores all of them."""
    names = own_keys.many(3)

    transact(client, names, [b"a", b"b", b"c"])

    assert client.get(names) == [b"a", b"b", b"c"]


@clause("KV-TX-08", MUST, source=MEASURED)
def test_a_transaction_refuses_repeated_keys(client: Any, own_keys: Keys) -> None:
    """`msettx` with one key twice fails and stores nothing."""
    with raises_status("Invalid parameter", "The input parameter contains duplicate key"):
        transact(client, [own_keys(), own_keys()], [b"1", b"2"])

    assert client.exist([own_keys()]) == [False]


@clause("KV-TX-09", MUST, source=MEASURED)
def test_a_transaction_is_for_new_keys_only(client: Any, own_keys: Keys) -> None:
    """`msettx` without the condition that the keys are new is refused."""
    with raises_status("Invalid parameter", "The MSetTx only supports set not existence key now."):
        client.msettx([own_keys()], [b"x"])


@clause("KV-TX-10", MUST, source=MEASURED)
def test_mset_has_no_condition(client: Any, own_keys: Keys) -> None:
    """`mset` with the condition that the keys are new fails with a Runtime error."""
    from yr.datasystem.kv_client import ExistenceOpt

    with raises_status("Runtime error", "The MSet doesn't support ntx_1"):
        client.mset([own_keys()], [b"x"], existence_opt=ExistenceOpt.NX)


@clause("KV-TX-11", MUST, source=MEASURED)
def test_mset_of_one_key_overwrites_a_published_value(client: Any, own_keys: Keys) -> None:
    """`mset` of a single key replaces a value that was made by `mcreate`."""
    client.mset_buffer(client.mcreate([own_keys()], [3]))

    assert client.mset([own_keys()], [b"new"]) == []

    assert client.get([own_keys()]) == [b"new"]
