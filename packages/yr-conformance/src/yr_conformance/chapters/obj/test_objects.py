"""OBJ: the object client."""

from __future__ import annotations

from typing import Any

import pytest

from yr_conformance.chapters.obj.clauses import MUST, clause
from yr_conformance.datasystem.clients import Keys
from yr_conformance.datasystem.sources import MEASURED
from yr_conformance.datasystem.statuses import raises_status

SIZES = pytest.mark.parametrize("size", [100, 1024 * 1024])


@clause("OBJ-PUT-01", MUST, source=MEASURED)
@SIZES
def test_an_object_comes_back(client: Any, objects: Any, own_keys: Keys, size: int) -> None:
    """`get` gives buffers with the bytes that `put` stored."""
    objects.put(own_keys(), b"o" * size)

    (buffer,) = objects.get([own_keys()], 0)

    assert bytes(buffer.immutable_data()) == b"o" * size
    assert buffer.get_size() == size


@clause("OBJ-PUT-02", MUST, source=MEASURED)
@SIZES
def test_a_created_object_is_published(
    client: Any, objects: Any, own_keys: Keys, size: int
) -> None:
    """An object made by `create` is written in place and visible after `publish`."""
    buffer = objects.create(own_keys(), size)
    buffer.memory_copy(b"c" * size)

    buffer.publish()

    (read,) = objects.get([own_keys()], 0)
    assert bytes(read.immutable_data()) == b"c" * size


@clause("OBJ-PUT-03", MUST, source=MEASURED)
def test_a_sealed_object_stays(client: Any, objects: Any, own_keys: Keys) -> None:
    """After `seal` a buffer can be neither published nor sealed again."""
    buffer = objects.create(own_keys(), 10)
    buffer.memory_copy(b"0123456789")
    buffer.seal()

    for call in (buffer.publish, buffer.seal):
        with raises_status("Object already sealed error"):
            call()
    (read,) = objects.get([own_keys()], 0)
    assert bytes(read.immutable_data()) == b"0123456789"


@clause("OBJ-GET-01", MUST, source=MEASURED)
def test_missing_objects(client: Any, objects: Any, own_keys: Keys) -> None:
    """`get` gives None for a missing object among others, and raises if all are missing."""
    objects.put(own_keys("there"), b"x")

    got = objects.get([own_keys("there"), own_keys("no")], 0)

    assert got[1] is None
    with raises_status("Key not found", "Cannot get objects from worker"):
        objects.get([own_keys("no")], 0)
