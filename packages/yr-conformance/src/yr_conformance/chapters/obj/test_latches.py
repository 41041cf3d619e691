"""OBJ-LATCH: latches between those who write an object in place and those who read it."""

from __future__ import annotations

import gc
from typing import Any

import pytest

from yr_conformance.chapters.obj.clauses import MUST, clause
from yr_conformance.datasystem.clients import Keys
from yr_conformance.datasystem.sources import MEASURED
from yr_conformance.datasystem.statuses import raises_status

LARGE = b"x" * 600_000
TIMED_OUT = "futex wait timeout"


@clause("OBJ-LATCH-01", MUST, source=MEASURED)
def test_a_writer_excludes_others(client: Any, objects: Any, own_keys: Keys) -> None:
    """While one buffer holds the write latch, other buffers' latches of both kinds time out."""
    objects.put(own_keys(), LARGE)
    (first,), (second,) = objects.get([own_keys()], 0), objects.get([own_keys()], 0)
    first.wlatch(5)

    for call in (second.rlatch, second.wlatch):
        with raises_status("Runtime error", TIMED_OUT):
            call(1)

    first.unwlatch()
    second.rlatch(5)
    second.unrlatch()


@clause("OBJ-LATCH-02", MUST, source=MEASURED)
def test_readers_share(client: Any, objects: Any, own_keys: Keys) -> None:
    """Several buffers hold read latches together, and none can be written meanwhile."""
    objects.put(own_keys(), LARGE)
    (first,), (second,) = objects.get([own_keys()], 0), objects.get([own_keys()], 0)

    first.rlatch(1)
    second.rlatch(1)
    with raises_status("Runtime error", TIMED_OUT):
        second.wlatch(1)
    first.unrlatch()
    second.unrlatch()

    second.wlatch(5)
    second.unwlatch()


@clause("OBJ-LATCH-03", MUST, source=MEASURED)
def test_get_buffers_holds_a_read_latch(client: Any, objects: Any, own_keys: Keys) -> None:
    """What `get_buffers` returns excludes writers of the object until it is dropped."""
    client.set(own_keys(), LARGE)
    held = client.get_buffers([own_keys()])
    (writer,) = objects.get([own_keys()], 0)

    with raises_status("Runtime error", TIMED_OUT):
        writer.wlatch(1)
    del held
    gc.collect()

    writer.wlatch(5)
    writer.unwlatch()


@clause("OBJ-LATCH-04", MUST, source=MEASURED)
def test_read_only_buffers_latch_on_demand(client: Any, objects: Any, own_keys: Keys) -> None:
    """A ReadOnlyBuffer takes a latch only in `rlatch` and `immutable_data(with_latch=True)`."""
    client.set(own_keys(), LARGE)
    (reader,) = client.get_read_only_buffers([own_keys()])
    (writer,) = objects.get([own_keys()], 0)
    writer.wlatch(5)

    with raises_status("Runtime error", TIMED_OUT):
        reader.rlatch(1)
    with pytest.raises(RuntimeError, match="The memory view buffer is none, we fail in rlatch"):
        reader.immutable_data(with_latch=True, timeout_sec=1)
    assert bytes(reader.immutable_data()) == LARGE

    writer.unwlatch()
    assert bytes(reader.immutable_data(with_latch=True, timeout_sec=5)) == LARGE


@clause("OBJ-LATCH-05", MUST, source=MEASURED)
def test_values_change_despite_latches(client: Any, objects: Any, own_keys: Keys) -> None:
    """A write latch keeps nobody from setting the key anew or deleting it."""
    client.set(own_keys(), LARGE)
    (writer,) = objects.get([own_keys()], 0)
    writer.wlatch(5)

    client.set(own_keys(), b"new")
    assert client.get([own_keys()]) == [b"new"]
    assert client.delete([own_keys()]) == []

    writer.unwlatch()


@clause("OBJ-LATCH-06", MUST, source=MEASURED)
def test_latch_times_have_a_range(client: Any, objects: Any, own_keys: Keys) -> None:
    """The time for a latch is a plain int from 1; to give back an open latch does no harm."""
    objects.put(own_keys(), b"x")
    (buffer,) = objects.get([own_keys()], 0)

    for call in (buffer.rlatch, buffer.wlatch):
        with pytest.raises(RuntimeError, match=r"^Invalid timeout_sec size 0 is set"):
            call(0)
        with pytest.raises(TypeError, match="The input of timeout_sec has invalid type"):
            call(1.0)
    buffer.unrlatch()
    buffer.unwlatch()


@clause("OBJ-LATCH-07", MUST, source=MEASURED)
@pytest.mark.parametrize("size", [10, 600_000])
def test_what_is_sealed_is_only_read(client: Any, objects: Any, own_keys: Keys, size: int) -> None:
    """Buffers of a sealed object take read latches, but none to write, and are not published."""
    buffer = objects.create(own_keys(), size)
    buffer.memory_copy(b"x" * size)
    buffer.seal()
    (read,) = objects.get([own_keys()], 0)

    for one in (buffer, read):
        for call in (lambda one=one: one.wlatch(1), one.publish, one.seal):
            with raises_status("Object already sealed error", "Client object is already sealed"):
                call()
        one.unwlatch()
        one.rlatch(1)
        one.unrlatch()
