"""OBJ-BUF and OBJ-SEAL: objects written in place, published again, sealed and invalidated."""

from __future__ import annotations

import gc
from typing import Any

from yr_conformance.chapters.obj.clauses import MUST, clause
from yr_conformance.datasystem.clients import Keys, connect_objects
from yr_conformance.datasystem.sources import MEASURED
from yr_conformance.datasystem.statuses import raises_status


@clause("OBJ-BUF-01", MUST, source=MEASURED)
def test_a_created_object_is_invisible(client: Any, objects: Any, own_keys: Keys) -> None:
    """Before `publish`, an object made by `create` does not exist for anybody."""
    buffer = objects.create(own_keys(), 10)

    assert client.exist([own_keys()]) == [False]
    with raises_status("Key not found"):
        objects.get([own_keys()], 0)
    del buffer


@clause("OBJ-BUF-02", MUST, source=MEASURED)
def test_a_buffer_has_two_views(objects: Any, own_keys: Keys) -> None:
    """`mutable_data` is a writable memoryview of format B, `immutable_data` a read-only one."""
    buffer = objects.create(own_keys(), 10)

    writable, readable = buffer.mutable_data(), buffer.immutable_data()
    writable[:] = b"0123456789"

    assert (writable.format, writable.readonly, writable.nbytes) == ("B", False, 10)
    assert (readable.format, readable.readonly, readable.nbytes) == ("B", True, 10)
    assert bytes(readable) == b"0123456789"


@clause("OBJ-BUF-03", MUST, source=MEASURED)
def test_memory_copy_must_fit(objects: Any, own_keys: Keys) -> None:
    """`memory_copy` takes 1 byte up to the size of the buffer, and overwrites from its start."""
    buffer = objects.create(own_keys(), 10)
    buffer.memory_copy(b"0123456789")

    buffer.memory_copy(b"abc")

    assert bytes(buffer.immutable_data()) == b"abc3456789"
    for wrong in (b"", b"x" * 11):
        with raises_status("Invalid parameter", "Data length must be in (0, buffer_size]."):
            buffer.memory_copy(wrong)


@clause("OBJ-BUF-04", MUST, source=MEASURED)
def test_publishing_again_replaces(client: Any, objects: Any, own_keys: Keys) -> None:
    """What is copied into a buffer after `publish` is seen after the next `publish`."""
    buffer = objects.create(own_keys(), 5)
    buffer.memory_copy(b"first")
    buffer.publish()

    buffer.memory_copy(b"again")
    buffer.publish()

    assert client.get([own_keys()]) == [b"again"]


@clause("OBJ-BUF-05", MUST, source=MEASURED)
def test_an_object_buffer_needs_its_client(worker: Any, own_keys: Keys) -> None:
    """`publish` of a buffer whose client is gone fails with a Runtime error."""
    creator = connect_objects(worker.port)
    buffer = creator.create(own_keys(), 10)

    del creator
    gc.collect()

    with raises_status("Runtime error", "Client already destroyed"):
        buffer.publish()


@clause("OBJ-BUF-06", MUST, source=MEASURED)
def test_an_object_can_be_invalidated(client: Any, objects: Any, own_keys: Keys) -> None:
    """After `invalidate_buffer` on the only worker that has it, an object cannot be read."""
    buffer = objects.create(own_keys(), 700_000)
    buffer.publish()

    buffer.invalidate_buffer()

    with raises_status("Key not found"):
        objects.get([own_keys()], 0)


@clause("OBJ-SEAL-01", MUST, source=MEASURED)
def test_a_sealed_key_stays(client: Any, objects: Any, own_keys: Keys) -> None:
    """The key of a sealed object can be written neither by `put` nor by `set`."""
    buffer = objects.create(own_keys(), 4)
    buffer.memory_copy(b"seal")
    buffer.seal()

    for call in (objects.put, client.set):
        with raises_status("Object already sealed error", "already be sealed."):
            call(own_keys(), b"other")
    assert client.get([own_keys()]) == [b"seal"]


@clause("OBJ-SEAL-02", MUST, source=MEASURED)
def test_a_published_object_can_be_sealed(client: Any, objects: Any, own_keys: Keys) -> None:
    """`seal` after `publish` succeeds, with the bytes as they are then."""
    buffer = objects.create(own_keys(), 4)
    buffer.memory_copy(b"soft")
    buffer.publish()

    buffer.memory_copy(b"hard")
    buffer.seal()

    assert client.get([own_keys()]) == [b"hard"]
