"""KV-SET and KV-GET: values by copy."""

from __future__ import annotations

import array
from typing import Any

import pytest

from yr_conformance.clauses import MUST, clause
from yr_conformance.datasystem.clients import Keys
from yr_conformance.datasystem.sources import MEASURED, SDK_SOURCE
from yr_conformance.datasystem.statuses import raises_status

BIG = 1024 * 1024


@clause("KV-SET-01", MUST, source=MEASURED)
@pytest.mark.parametrize("size", [1, 100, 511_999, 512_000, BIG])
def test_a_value_comes_back_as_it_was_set(client: Any, own_keys: Keys, size: int) -> None:
    """`get` returns as bytes exactly what `set` stored, for small and big values."""
    value = bytes(number % 251 for number in range(size))

    client.set(own_keys(), value)

    assert client.get([own_keys()]) == [value]


@clause("KV-SET-02", MUST, source=SDK_SOURCE)
@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview], ids=lambda kind: kind.__name__)
def test_bytes_like_values_are_taken(client: Any, own_keys: Keys, kind: Any) -> None:
    """`set` takes bytes, bytearray and memoryview alike."""
    client.set(own_keys(), kind(b"abc"))

    assert client.get([own_keys()]) == [b"abc"]


@clause("KV-SET-03", MUST, source=MEASURED)
def test_text_is_stored_as_utf8(client: Any, own_keys: Keys) -> None:
    """`set` encodes text as UTF-8, and `get(convert_to_str=True)` decodes it."""
    client.set(own_keys(), "grüß 元")

    assert client.get([own_keys()]) == ["grüß 元".encode()]
    assert client.get([own_keys()], convert_to_str=True) == ["grüß 元"]


@clause("KV-SET-04", MUST, source=MEASURED)
def test_text_that_is_no_utf8_cannot_be_converted(client: Any, own_keys: Keys) -> None:
    """`get(convert_to_str=True)` of bytes that are not UTF-8 raises UnicodeDecodeError."""
    client.set(own_keys(), b"\xff\xfe\xfd")

    with pytest.raises(UnicodeDecodeError):
        client.get([own_keys()], convert_to_str=True)


@clause("KV-SET-05", MUST, source=MEASURED)
@pytest.mark.parametrize("value", [b"", ""], ids=["bytes", "text"])
def test_an_empty_value_is_refused(client: Any, own_keys: Keys, value: Any) -> None:
    """`set` of an empty value fails with Invalid parameter and stores nothing."""
    with raises_status("Invalid parameter", "The dataSize value should be bigger than zero."):
        client.set(own_keys(), value)

    assert client.exist([own_keys()]) == [False]


@clause("KV-SET-06", MUST, source=MEASURED)
@pytest.mark.parametrize("sizes", [(10, 20), (20, 10), (10, BIG), (BIG, 10), (BIG, BIG)])
def test_set_overwrites_with_any_size(client: Any, own_keys: Keys, sizes: tuple[int, int]) -> None:
    """A second `set` replaces the value, whatever the two sizes are."""
    client.set(own_keys(), b"1" * sizes[0])
    client.set(own_keys(), b"2" * sizes[1])

    assert client.get([own_keys()]) == [b"2" * sizes[1]]


@clause("KV-SET-07", MUST, source=SDK_SOURCE)
@pytest.mark.parametrize("value", [None, 7, [1], array.array("B", b"ab")], ids=str)
def test_other_values_are_type_errors(client: Any, own_keys: Keys, value: Any) -> None:
    """`set` of anything but bytes, bytearray, memoryview and str is a TypeError."""
    with pytest.raises(TypeError, match="The input of val has invalid type, valid type:"):
        client.set(own_keys(), value)


@clause("KV-SET-08", MUST, source=MEASURED)
def test_subclasses_are_type_errors(client: Any, own_keys: Keys) -> None:
    """Arguments are checked by exact type: subclasses of str and bytes are refused."""

    class Text(str):
        __slots__ = ()

    class Data(bytes):
        __slots__ = ()

    with pytest.raises(TypeError, match="The input of key has invalid type"):
        client.set(Text(own_keys()), b"x")
    with pytest.raises(TypeError, match="The input of val has invalid type"):
        client.set(own_keys(), Data(b"x"))


@clause("KV-SET-09", MUST, source=MEASURED)
def test_a_set_value_gets_a_key(client: Any) -> None:
    """`set_value` returns a new key of 73 characters, `uuid;worker uuid`, for the value."""
    key = client.set_value(b"abc")

    assert len(key) == 73
    assert key[36] == ";"
    assert client.get([key]) == [b"abc"]
    assert client.delete([key]) == []


@clause("KV-SET-10", MUST, source=MEASURED)
def test_set_value_of_nothing_gives_no_key(client: Any) -> None:
    """`set_value` of an empty value does not raise: it returns an empty key."""
    assert client.set_value(b"") == ""


@clause("KV-SET-11", MUST, source=MEASURED)
@pytest.mark.parametrize(
    "mode", ["WRITE_THROUGH_L2_CACHE", "WRITE_BACK_L2_CACHE", "WRITE_BACK_L2_CACHE_EVICT"]
)
def test_write_modes_need_a_second_level(client: Any, own_keys: Keys, mode: str) -> None:
    """Write modes that need a second-level cache are refused by a worker that has none."""
    from yr.datasystem import WriteMode

    with raises_status("Invalid parameter", "but L2_cache_type is set to none."):
        client.set(own_keys(), b"x", getattr(WriteMode, mode))


@clause("KV-SET-12", MUST, source=MEASURED)
def test_the_write_mode_of_a_key_is_fixed(client: Any, own_keys: Keys) -> None:
    """`set` of an existing key in another write mode fails and keeps the old value."""
    from yr.datasystem import WriteMode

    client.set(own_keys(), b"old")

    with raises_status(
        "Invalid parameter",
        "The write mode, consistency type or cache type cannot be modified.",
    ):
        client.set(own_keys(), b"new", WriteMode.NONE_L2_CACHE_EVICT)

    assert client.get([own_keys()]) == [b"old"]


@clause("KV-GET-01", MUST, source=MEASURED)
def test_a_missing_key_raises(client: Any, own_keys: Keys) -> None:
    """`get` raises Key not found when every key of the call is missing."""
    with raises_status("Key not found", "Cannot get objects from worker"):
        client.get([own_keys("a"), own_keys("b")])


@clause("KV-GET-02", MUST, source=MEASURED)
def test_a_missing_key_among_others_is_none(client: Any, own_keys: Keys) -> None:
    """`get` gives None in the place of each missing key if another key of the call exists."""
    client.set(own_keys("there"), b"x")

    got = client.get([own_keys("no"), own_keys("there"), own_keys("neither")])

    assert got == [None, b"x", None]


@clause("KV-GET-03", MUST, source=MEASURED)
def test_get_keeps_order_and_repetition(client: Any, own_keys: Keys) -> None:
    """`get` answers per position: in the order of the keys, and again for a repeated key."""
    for name in "ab":
        client.set(own_keys(name), name.encode())

    got = client.get([own_keys("b"), own_keys("a"), own_keys("b")])

    assert got == [b"b", b"a", b"b"]


@clause("KV-GET-04", MUST, source=MEASURED)
def test_an_empty_list_is_refused(client: Any) -> None:
    """`get`, `get_buffers`, `exist`, `delete` and `expire` refuse an empty list of keys."""
    calls = [client.get, client.get_buffers, client.exist, client.delete]
    calls.append(lambda keys: client.expire(keys, 1))
    for call in calls:
        with raises_status("Invalid parameter", "The keys are empty"):
            call([])


@clause("KV-GET-05", MUST, source=MEASURED)
def test_an_empty_key_is_refused(client: Any) -> None:
    """`get`, `get_buffers`, `exist`, `delete` and `expire` refuse an empty first key."""
    calls = [client.get, client.get_buffers, client.exist, client.delete]
    calls.append(lambda keys: client.expire(keys, 1))
    for call in calls:
        with raises_status("Invalid parameter", "keys[0] can not be empty"):
            call([""])


@clause("KV-GET-06", MUST, source=MEASURED)
@pytest.mark.parametrize("wrong", [None, ("a",), "a", 7], ids=repr)
def test_keys_must_be_a_list(client: Any, wrong: Any) -> None:
    """`get`, `exist` and `delete` take a list and nothing else; all else is a TypeError."""
    for call in (client.get, client.exist, client.delete):
        with pytest.raises(TypeError, match="The input of keys has invalid type"):
            call(wrong)


@clause("KV-GET-07", MUST, source=MEASURED)
@pytest.mark.parametrize("timeout", [-1, 2**31])
def test_timeouts_have_a_range(client: Any, own_keys: Keys, timeout: int) -> None:
    """`get` refuses a waiting time outside 0 to 2**31-1 ms with a RuntimeError without a code."""
    expected = f"Invalid sub_timeout_ms size {timeout} is set, which should be between"

    with pytest.raises(RuntimeError, match=expected):
        client.get([own_keys()], sub_timeout_ms=timeout)


@clause("KV-GET-08", MUST, source=MEASURED)
def test_read_gives_a_part(client: Any, own_keys: Keys) -> None:
    """`read` gives `size` bytes from `offset`, clipped at the end, and all the rest for size 0."""
    from yr.datasystem.kv_client import ReadParam

    for name in "abc":
        client.set(own_keys(name), b"0123456789")

    parts = client.read(
        [
            ReadParam(own_keys("a"), 2, 3),
            ReadParam(own_keys("b"), 8, 9),
            ReadParam(own_keys("c"), 4, 0),
        ]
    )

    assert [bytes(part.immutable_data()) for part in parts] == [b"234", b"89", b"456789"]


@clause("KV-GET-11", MUST, source=MEASURED)
def test_read_takes_a_key_once(client: Any, own_keys: Keys) -> None:
    """`read` refuses a call that names one key twice."""
    from yr.datasystem.kv_client import ReadParam

    client.set(own_keys(), b"0123456789")

    with raises_status("Invalid parameter", "Duplicate offset read for objectKey"):
        client.read([ReadParam(own_keys(), 2, 3), ReadParam(own_keys(), 5, 1)])


@clause("KV-GET-09", MUST, source=MEASURED)
def test_read_beyond_the_end_fails(client: Any, own_keys: Keys) -> None:
    """`read` from an offset at or after the end fails with Out of range."""
    from yr.datasystem.kv_client import ReadParam

    client.set(own_keys(), b"x" * 100)

    with raises_status("Out of range", "Read offset 100 out of range [0, 100)"):
        client.read([ReadParam(own_keys(), 100, 1)])


@clause("KV-GET-12", MUST, source=MEASURED)
def test_read_beyond_the_end_among_others(client: Any, own_keys: Keys) -> None:
    """`read` gives None for an offset behind the end if another part of the call can be given."""
    from yr.datasystem.kv_client import ReadParam

    client.set(own_keys("short"), b"xy")
    client.set(own_keys("long"), b"0123456789")

    parts = client.read([ReadParam(own_keys("short"), 2, 1), ReadParam(own_keys("long"), 8, 0)])

    assert parts[0] is None
    assert bytes(parts[1].immutable_data()) == b"89"


@clause("KV-GET-10", MUST, source=MEASURED)
def test_several_values_of_mixed_sizes(client: Any, own_keys: Keys) -> None:
    """One `get` returns small and big values together."""
    values = [bytes([65 + n]) * size for n, size in enumerate((1, BIG, 100, 600_000))]
    for name, value in enumerate(values):
        client.set(own_keys(f"{name}"), value)

    assert client.get(own_keys.many(4)) == values
