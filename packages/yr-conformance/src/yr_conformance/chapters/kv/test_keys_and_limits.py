"""KV-KEY and KV-LIMIT: which keys are legal, and how many one call takes."""

from __future__ import annotations

import random
import string
from typing import Any

import pytest

from yr_conformance.clauses import MUST, clause
from yr_conformance.datasystem.clients import Keys, transact
from yr_conformance.datasystem.sources import MEASURED
from yr_conformance.datasystem.statuses import raises_status

LIMIT = 10_000
LEGAL = string.ascii_letters + string.digits + "!#%()*+-:=@^_"
ILLEGAL = "The key contains illegal char(s)"


@clause("KV-KEY-01", MUST, source=MEASURED)
def test_legal_punctuation(client: Any, own_keys: Keys) -> None:
    """Letters, digits and `! # % ( ) * + - : = @ ^ _` may stand in a key."""
    key = own_keys("azAZ09!#%()*+-:=@^_")

    client.set(key, b"x")

    assert client.get([key]) == [b"x"]


@clause("KV-KEY-02", MUST, source=MEASURED)
@pytest.mark.parametrize("character", list(" \"$&',./<>?[\\]`{|}~\n\x00é元"), ids=ascii)
def test_illegal_characters(client: Any, own_keys: Keys, character: str) -> None:
    """Every other character makes `set` fail with Invalid parameter, naming the key."""
    with raises_status("Invalid parameter", ILLEGAL):
        client.set(f"a{character}b", b"x")


@clause("KV-KEY-03", MUST, source=MEASURED)
def test_the_longest_key(client: Any, own_keys: Keys) -> None:
    """A key of 255 bytes is legal, one of 256 is not."""
    longest = own_keys("k").ljust(255, "x")

    client.set(longest, b"x")
    with raises_status("Invalid parameter", ILLEGAL, "length: 256"):
        client.set(longest + "x", b"x")

    assert client.exist([longest]) == [True]
    assert client.delete([longest]) == []


@clause("KV-KEY-04", MUST, source=MEASURED)
def test_only_the_first_key_of_a_read_is_checked(client: Any, own_keys: Keys) -> None:
    """`get`, `exist` and `delete` check the first key; an illegal later key counts as missing."""
    client.set(own_keys(), b"x")

    assert client.get([own_keys(), "a.b", ""]) == [b"x", None, None]
    assert client.exist([own_keys(), "a.b", ""]) == [True, False, False]
    for call in (client.get, client.exist, client.delete):
        with raises_status("Invalid parameter", ILLEGAL, "Current key: a.b, length: 3"):
            call(["a.b", own_keys()])


@clause("KV-KEY-05", MUST, source=MEASURED)
def test_mcreate_checks_every_key(client: Any, own_keys: Keys) -> None:
    """`mcreate` checks every key."""
    with raises_status("Invalid parameter", ILLEGAL):
        client.mcreate([own_keys(), "a.b"], [1, 1])


@clause("KV-KEY-06", MUST, source=MEASURED)
def test_generated_keys_name_the_worker(client: Any) -> None:
    """`generate_key` appends a semicolon and the worker's uuid to the prefix; the key is legal."""
    first, second = client.generate_key("pre"), client.generate_key("other")

    assert first.split(";")[0] == "pre"
    assert first.split(";")[1] == second.split(";")[1]
    assert len(first.split(";")[1]) == 36
    client.set(first, b"x")
    assert client.get([first]) == [b"x"]
    assert client.delete([first]) == []


@clause("KV-KEY-07", MUST, source=MEASURED)
def test_a_key_that_is_no_text(client: Any) -> None:
    """A key of another type is a TypeError, in a list too."""
    with pytest.raises(TypeError, match="The input of key has invalid type"):
        client.set(b"key", b"x")
    with pytest.raises(TypeError, match="incompatible function arguments"):
        client.get([7])


@clause("KV-KEY-08", MUST, source=MEASURED)
def test_mset_and_expire_check_the_first_key_only(client: Any, own_keys: Keys) -> None:
    """`mset` stores an illegal later key, and `expire` takes it; as a first key it is refused."""
    names = [own_keys("first"), own_keys("a.b")]

    assert client.mset(names, [b"1", b"2"]) == []

    assert client.exist(names) == [True, True]
    assert client.expire(names, 60) == []
    with raises_status("Invalid parameter", ILLEGAL):
        client.mset(names[::-1], [b"1", b"2"])
    with raises_status("Invalid parameter", ILLEGAL):
        client.expire(names[::-1], 60)


@clause("KV-KEY-09", MUST, source=MEASURED)
def test_generated_keys_may_be_too_long(client: Any) -> None:
    """`generate_key` checks its prefix but not the length of its result."""
    with raises_status("Invalid parameter", ILLEGAL):
        client.generate_key("p.q")

    longest = client.generate_key("x" * 255)

    assert len(longest) == 255 + 1 + 36
    with raises_status("Invalid parameter", ILLEGAL):
        client.set(longest, b"x")


@clause("KV-KEY-10", MUST, source=MEASURED)
def test_any_key_and_any_value(client: Any, own_keys: Keys, rng: random.Random) -> None:
    """Keys of random legal characters and values of random bytes and sizes come back as set."""
    values = {own_keys(_random_name(rng)): rng.randbytes(rng.randint(1, 2000)) for _ in range(50)}

    for key, value in values.items():
        client.set(key, value)

    assert client.get(list(values)) == list(values.values())


@clause("KV-LIMIT-01", MUST, source=MEASURED)
def test_ten_thousand_keys_in_one_call(client: Any, own_keys: Keys) -> None:
    """`mset`, `exist`, `get` and `delete` take 10000 keys in one call."""
    names = own_keys.many(LIMIT)

    assert client.mset(names, [b"x"] * LIMIT) == []

    assert client.exist(names) == [True] * LIMIT
    assert client.get(names) == [b"x"] * LIMIT
    assert client.delete(names) == []


@clause("KV-LIMIT-02", MUST, source=MEASURED)
def test_more_than_ten_thousand_keys_are_refused(client: Any) -> None:
    """One key more is refused by `get`, `get_buffers`, `exist`, `delete` and `expire`."""
    names = [f"k{number}" for number in range(LIMIT + 1)]

    for call in (client.get, client.get_buffers, client.exist, client.delete):
        with raises_status("Invalid parameter", "The objectKeys size exceed 10000"):
            call(names)
    with raises_status("Invalid parameter", "The objectKeys size exceed 10000"):
        client.expire(names, 1)


@clause("KV-LIMIT-03", MUST, source=MEASURED)
def test_more_than_ten_thousand_values_are_refused(client: Any) -> None:
    """One value more than 10000 is refused by `mset` and `mcreate`."""
    names = [f"k{number}" for number in range(LIMIT + 1)]

    with raises_status("Invalid parameter", "size exceed 10000"):
        client.mset(names, [b"x"] * (LIMIT + 1))
    with raises_status("Invalid parameter", "The key size cannot exceed 10000."):
        client.mcreate(names, [1] * (LIMIT + 1))


@clause("KV-LIMIT-04", MUST, source=MEASURED)
def test_a_transaction_takes_eight_keys(client: Any, own_keys: Keys) -> None:
    """`msettx` takes at most 8 keys."""
    names = own_keys.many(9)

    transact(client, names[:8], [b"x"] * 8)
    with raises_status("Invalid parameter", "The maximum size of keys in single operation is 8."):
        transact(client, names, [b"x"] * 9)


@clause("KV-LIMIT-05", MUST, source=MEASURED)
def test_ten_thousand_buffers_in_one_call(client: Any, own_keys: Keys) -> None:
    """`mcreate` and `mset_buffer` take 10000 keys in one call."""
    names = own_keys.many(LIMIT)
    buffers = client.mcreate(names, [1] * LIMIT)
    for buffer in buffers:
        buffer.MutableData()[:] = b"b"

    client.mset_buffer(buffers)

    assert client.get(names) == [b"b"] * LIMIT


def _random_name(rng: random.Random) -> str:
    return "".join(rng.choices(LEGAL, k=rng.randint(1, 200)))
