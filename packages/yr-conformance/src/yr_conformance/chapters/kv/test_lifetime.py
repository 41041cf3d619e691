"""KV-LIFE: what readers hold stays as it was, and memory comes back when nobody holds it."""

from __future__ import annotations

import gc
from typing import Any

import pytest

from yr_conformance.clauses import MUST, clause
from yr_conformance.datasystem.clients import Keys, connect
from yr_conformance.datasystem.sources import MEASURED
from yr_conformance.datasystem.statuses import raises_status

BIG = 1024 * 1024
SIZES = pytest.mark.parametrize("size", [100, BIG])


@clause("KV-LIFE-01", MUST, source=MEASURED)
@SIZES
def test_held_bytes_survive_delete(client: Any, own_keys: Keys, size: int) -> None:
    """A buffer that a reader holds keeps its bytes after the key is deleted."""
    client.set(own_keys(), b"x" * size)
    (held,) = client.get_buffers([own_keys()])

    client.delete([own_keys()])
    client.set(own_keys("other"), b"y" * size)

    assert bytes(memoryview(held)) == b"x" * size


@clause("KV-LIFE-02", MUST, source=MEASURED)
@SIZES
def test_held_bytes_survive_overwriting(client: Any, own_keys: Keys, size: int) -> None:
    """A buffer that a reader holds keeps its bytes after the key is set anew."""
    client.set(own_keys(), b"x" * size)
    (held,) = client.get_buffers([own_keys()])

    client.set(own_keys(), b"y" * size)

    assert bytes(memoryview(held)) == b"x" * size
    assert client.get([own_keys()]) == [b"y" * size]


@clause("KV-LIFE-03", MUST, source=MEASURED)
def test_a_view_keeps_its_buffer(client: Any, own_keys: Keys) -> None:
    """A memoryview of a buffer keeps the bytes when the buffer object itself is dropped."""
    client.set(own_keys(), b"x" * BIG)
    view = memoryview(client.get_buffers([own_keys()])[0])

    gc.collect()
    client.delete([own_keys()])
    client.set(own_keys("other"), b"y" * BIG)

    assert bytes(view) == b"x" * BIG


@clause("KV-LIFE-04", MUST, source=MEASURED)
def test_torch_and_numpy_read_without_a_copy(client: Any, own_keys: Keys) -> None:
    """An array of numpy over a buffer keeps the bytes alive and is not writable."""
    numpy = pytest.importorskip("numpy")
    client.set(own_keys(), b"\x01" * BIG)

    array = numpy.frombuffer(client.get_buffers([own_keys()])[0], dtype=numpy.uint8)
    client.delete([own_keys()])
    client.set(own_keys("other"), b"y" * BIG)

    assert not array.flags.writeable
    assert int(array.sum()) == BIG


@clause("KV-LIFE-05", MUST, source=MEASURED)
def test_bytes_stay_when_another_process_deletes(
    client: Any, worker: Any, own_keys: Keys, elsewhere: Any
) -> None:
    """Held bytes survive a delete and an overwrite by another process."""
    client.set(own_keys(), b"x" * BIG)
    (held,) = client.get_buffers([own_keys()])

    elsewhere.run(_delete_and_fill, worker.port, own_keys())

    assert client.get([own_keys()]) == [b"z" * BIG]
    assert bytes(memoryview(held)) == b"x" * BIG


@clause("KV-LIFE-08", MUST, source=MEASURED)
def test_a_buffer_of_a_dead_client_cannot_be_published(worker: Any, own_keys: Keys) -> None:
    """`mset_buffer` of a buffer whose client is gone fails with a Runtime error."""
    creator, other = connect(worker.port), connect(worker.port)
    buffers = creator.mcreate([own_keys()], [10])

    del creator
    gc.collect()

    with raises_status("Runtime error", "Client already destroyed"):
        other.mset_buffer(buffers)


@clause("KV-LIFE-09", MUST, source=MEASURED)
def test_a_buffer_may_be_published_by_another_client(
    worker: Any, client: Any, own_keys: Keys
) -> None:
    """`mset_buffer` takes buffers that another client of the same worker created."""
    creator = connect(worker.port)
    buffers = creator.mcreate([own_keys()], [3])
    buffers[0].MutableData()[:] = b"abc"

    client.mset_buffer(buffers)

    assert client.get([own_keys()]) == [b"abc"]


def _delete_and_fill(port: int, key: str) -> None:
    other = connect(port)
    other.delete([key])
    other.set(key, b"z" * BIG)
