"""KV-BUF: values written in place and read without a copy."""

from __future__ import annotations

import ctypes
from typing import Any

import pytest

from yr_conformance.clauses import MUST, clause
from yr_conformance.datasystem.clients import Keys
from yr_conformance.datasystem.sources import MEASURED
from yr_conformance.datasystem.statuses import raises_status

SMALL, BIG = 100, 1024 * 1024
SIZES = pytest.mark.parametrize("size", [SMALL, BIG])


def publish(client: Any, key: str, value: bytes) -> None:
    """Create, fill and publish one value."""
    buffers = client.mcreate([key], [len(value)])
    buffers[0].MutableData()[:] = value
    client.mset_buffer(buffers)


@clause("KV-BUF-01", MUST, source=MEASURED)
@SIZES
def test_a_published_buffer_is_a_value(client: Any, own_keys: Keys, size: int) -> None:
    """What is written into a buffer of `mcreate` is what everybody gets after `mset_buffer`."""
    value = bytes(number % 253 for number in range(size))

    publish(client, own_keys(), value)

    assert client.get([own_keys()]) == [value]


@clause("KV-BUF-02", MUST, source=MEASURED)
@SIZES
def test_a_created_buffer_is_invisible(client: Any, own_keys: Keys, size: int) -> None:
    """Before `mset_buffer`, `exist` says False and `get` raises Key not found."""
    buffers = client.mcreate([own_keys()], [size])

    assert client.exist([own_keys()]) == [False]
    with raises_status("Key not found"):
        client.get([own_keys()])
    del buffers


@clause("KV-BUF-03", MUST, source=MEASURED)
@SIZES
def test_mutable_data_is_a_plain_writable_view(client: Any, own_keys: Keys, size: int) -> None:
    """`MutableData()` is a contiguous writable memoryview of format B over `GetSize()` bytes."""
    (buffer,) = client.mcreate([own_keys()], [size])
    view = buffer.MutableData()

    assert buffer.GetSize() == size
    assert isinstance(view, memoryview)
    assert (view.format, view.nbytes, view.readonly, view.contiguous) == ("B", size, False, True)


@clause("KV-BUF-04", MUST, source=MEASURED)
@SIZES
def test_created_memory_is_aligned(client: Any, own_keys: Keys, size: int) -> None:
    """Memory of `mcreate` begins at a multiple of 16 bytes, in shared memory of 64."""
    (buffer,) = client.mcreate([own_keys()], [size])

    address = ctypes.addressof(ctypes.c_char.from_buffer(buffer.MutableData()))

    assert address % (64 if size == BIG else 16) == 0


@clause("KV-BUF-05", MUST, source=MEASURED)
def test_created_buffers_have_no_buffer_protocol(client: Any, own_keys: Keys) -> None:
    """What `mcreate` returns has neither a length nor the buffer protocol."""
    (buffer,) = client.mcreate([own_keys()], [SMALL])

    with pytest.raises(TypeError):
        len(buffer)
    with pytest.raises(TypeError):
        memoryview(buffer)


@clause("KV-BUF-06", MUST, source=MEASURED)
@SIZES
def test_get_buffers_are_read_only_views(client: Any, own_keys: Keys, size: int) -> None:
    """`get_buffers` gives read-only contiguous buffers of format B, without a length."""
    client.set(own_keys(), b"x" * size)

    (buffer,) = client.get_buffers([own_keys()])
    view = memoryview(buffer)

    assert (view.format, view.nbytes, view.readonly, view.contiguous) == ("B", size, True, True)
    assert buffer.GetSize() == size
    assert bytes(view) == b"x" * size
    with pytest.raises(TypeError):
        len(buffer)


@clause("KV-BUF-07", MUST, source=MEASURED)
def test_get_buffers_marks_missing_keys(client: Any, own_keys: Keys) -> None:
    """`get_buffers` gives None for missing keys, and raises Key not found if all are missing."""
    client.set(own_keys("there"), b"x")

    assert client.get_buffers([own_keys("no"), own_keys("there")])[0] is None
    with raises_status("Key not found", "Cannot get objects from worker"):
        client.get_buffers([own_keys("no")])


@clause("KV-BUF-08", MUST, source=MEASURED)
def test_get_read_only_buffers_reads(client: Any, own_keys: Keys) -> None:
    """`get_read_only_buffers` gives objects whose `immutable_data()` is a read-only memoryview."""
    client.set(own_keys(), b"abc")

    (buffer,) = client.get_read_only_buffers([own_keys()])
    view = buffer.immutable_data()

    assert isinstance(view, memoryview)
    assert view.readonly
    assert bytes(view) == b"abc"


@clause("KV-BUF-09", MUST, source=MEASURED)
def test_one_wrong_size_refuses_all(client: Any, own_keys: Keys) -> None:
    """`mcreate` refuses a size of zero."""
    with raises_status("Invalid parameter", "The dataSize value should be bigger than zero."):
        client.mcreate([own_keys("a"), own_keys("b")], [10, 0])


@clause("KV-BUF-10", MUST, source=MEASURED)
def test_keys_and_sizes_must_match(client: Any, own_keys: Keys) -> None:
    """`mcreate` refuses lists of different lengths, empty lists and empty keys."""
    with raises_status("Invalid parameter", "The number of key and value is not the same."):
        client.mcreate([own_keys()], [1, 2])
    with raises_status("Invalid parameter", "The keys should not be empty."):
        client.mcreate([], [])
    with raises_status("Invalid parameter", "The key should not be empty."):
        client.mcreate([""], [1])


@clause("KV-BUF-11", MUST, source=MEASURED)
@pytest.mark.parametrize("size", [-1, 1.5])
def test_sizes_are_unsigned(client: Any, own_keys: Keys, size: Any) -> None:
    """A negative or fractional size is a TypeError that says `incompatible function arguments`."""
    with pytest.raises(TypeError, match="incompatible function arguments"):
        client.mcreate([own_keys()], [size])


@clause("KV-BUF-12", MUST, source=MEASURED)
def test_only_buffers_can_be_published(client: Any) -> None:
    """`mset_buffer` refuses an empty list by status and anything but a list of buffers by type."""
    with raises_status("Invalid parameter", "The buffer list must not be empty."):
        client.mset_buffer([])
    with pytest.raises(TypeError, match="incompatible function arguments"):
        client.mset_buffer([b"x"])
    with pytest.raises(TypeError, match="The input of buffers has invalid type"):
        client.mset_buffer(())


@clause("KV-BUF-13", MUST, source=MEASURED)
def test_the_same_key_twice_publishes_nothing(client: Any, own_keys: Keys) -> None:
    """`mset_buffer` with one key twice fails with Key duplicated and publishes nothing."""
    buffers = client.mcreate([own_keys(), own_keys()], [SMALL, SMALL])

    with raises_status("Key duplicated", "Multi publish with duplicate object key"):
        client.mset_buffer(buffers)

    assert client.exist([own_keys()]) == [False]


@clause("KV-BUF-14", MUST, source=MEASURED)
@SIZES
def test_publishing_overwrites_a_published_value(client: Any, own_keys: Keys, size: int) -> None:
    """`mset_buffer` replaces a value that was published by `mset_buffer`."""
    publish(client, own_keys(), b"1" * size)

    publish(client, own_keys(), b"2" * (size // 2))

    assert client.get([own_keys()]) == [b"2" * (size // 2)]


@clause("KV-BUF-15", MUST, source=MEASURED)
@SIZES
def test_publishing_over_a_set_value_conflicts(client: Any, own_keys: Keys, size: int) -> None:
    """`mset_buffer` over a key made by `set` fails: the two kinds differ in consistency."""
    client.set(own_keys(), b"1" * size)

    with raises_status("Invalid parameter", "Inconsistency in publish or set cache whose key"):
        publish(client, own_keys(), b"2" * size)


@clause("KV-BUF-16", MUST, source=MEASURED)
def test_a_conflict_is_cured_by_delete(client: Any, own_keys: Keys) -> None:
    """After the conflict, `delete` and a new `mcreate` with `mset_buffer` store the value."""
    client.set(own_keys(), b"1")
    with raises_status("Invalid parameter"):
        publish(client, own_keys(), b"2")

    assert client.delete([own_keys()]) == []
    publish(client, own_keys(), b"3")

    assert client.get([own_keys()]) == [b"3"]


@clause("KV-BUF-21", MUST, source=MEASURED)
def test_a_conflict_in_a_batch_spares_the_others(client: Any, own_keys: Keys) -> None:
    """`mset_buffer` of a batch with one conflicting key fails, but publishes the other keys."""
    client.set(own_keys("set"), b"1")
    buffers = client.mcreate([own_keys("a"), own_keys("set"), own_keys("b")], [1, 1, 1])
    for buffer in buffers:
        buffer.MutableData()[:] = b"2"

    with raises_status("Invalid parameter", "Inconsistency in publish or set cache"):
        client.mset_buffer(buffers)

    assert client.get([own_keys("a"), own_keys("b")]) == [b"2", b"2"]


@clause("KV-BUF-17", MUST, source=MEASURED)
def test_set_over_a_published_value_conflicts(client: Any, own_keys: Keys) -> None:
    """`set` on a key made by `mcreate` fails and keeps the old value."""
    publish(client, own_keys(), b"old")

    with raises_status(
        "Invalid parameter",
        "The write mode, consistency type or cache type cannot be modified.",
    ):
        client.set(own_keys(), b"new")

    assert client.get([own_keys()]) == [b"old"]


@clause("KV-BUF-18", MUST, source=MEASURED)
def test_creating_leaves_an_existing_value(client: Any, own_keys: Keys) -> None:
    """`mcreate` on an existing key succeeds, and the old value stays until `mset_buffer`."""
    publish(client, own_keys(), b"old")

    buffers = client.mcreate([own_keys()], [3])

    assert client.get([own_keys()]) == [b"old"]
    del buffers


@clause("KV-BUF-19", MUST, source=MEASURED)
def test_a_batch_of_many_buffers(client: Any, own_keys: Keys) -> None:
    """One `mcreate` and one `mset_buffer` store many values of different sizes."""
    names = own_keys.many(200)
    sizes = [1 + 37 * number for number in range(200)]
    buffers = client.mcreate(names, sizes)
    for number, buffer in enumerate(buffers):
        buffer.MutableData()[:] = bytes([number]) * sizes[number]

    client.mset_buffer(buffers)

    got = client.get(names)
    assert got == [bytes([number]) * size for number, size in enumerate(sizes)]


@clause("KV-BUF-20", MUST, source=MEASURED)
def test_two_gets_share_memory(client: Any, own_keys: Keys) -> None:
    """Two `get_buffers` of one big value show the same memory: nothing is copied."""
    client.set(own_keys(), b"x" * BIG)

    (first,), (second,) = client.get_buffers([own_keys()]), client.get_buffers([own_keys()])

    assert _address(first) == _address(second)
    assert _address(first) % 64 == 0


def _address(buffer: Any) -> int:
    torch = pytest.importorskip("torch")
    numpy = pytest.importorskip("numpy")
    assert torch is not None
    address: int = numpy.frombuffer(buffer, dtype=numpy.uint8).ctypes.data
    return address
