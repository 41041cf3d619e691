"""OBJ-REF: global references to objects."""

from __future__ import annotations

import gc
from typing import Any

import pytest

from yr_conformance.chapters.obj.clauses import MUST, clause
from yr_conformance.datasystem.clients import Keys, connect_objects
from yr_conformance.datasystem.sources import MEASURED
from yr_conformance.datasystem.statuses import raises_status
from yr_conformance.waiting import wait_until

LARGE = b"x" * 600_000


@clause("OBJ-REF-01", MUST, source=MEASURED)
def test_references_are_counted_by_client(
    client: Any, objects: Any, other_objects: Any, own_keys: Keys
) -> None:
    """`query_global_ref_num` tells how many clients hold references to an object."""
    objects.put(own_keys(), b"x")

    for holder, expected in ((objects, 1), (objects, 1), (other_objects, 2)):
        assert holder.g_increase_ref([own_keys()]) == []
        assert objects.query_global_ref_num(own_keys()) == expected

    assert other_objects.g_decrease_ref([own_keys()]) == []
    assert objects.query_global_ref_num(own_keys()) == 1
    for _ in range(2):
        assert objects.g_decrease_ref([own_keys()]) == []


@clause("OBJ-REF-02", MUST, source=MEASURED)
def test_the_last_reference_deletes(client: Any, objects: Any, own_keys: Keys) -> None:
    """When a client gives back its last reference and no other has one, the object is deleted."""
    objects.g_increase_ref([own_keys()])
    objects.g_increase_ref([own_keys()])
    objects.put(own_keys(), b"x")

    objects.g_decrease_ref([own_keys()])
    assert client.exist([own_keys()]) == [True]
    objects.g_decrease_ref([own_keys()])

    assert client.exist([own_keys()]) == [False]
    with raises_status("Key not found"):
        objects.get([own_keys()], 0)


@clause("OBJ-REF-03", MUST, source=MEASURED)
def test_references_of_others_keep(
    client: Any, objects: Any, other_objects: Any, own_keys: Keys
) -> None:
    """An object stays while any client has a reference."""
    for holder in (objects, other_objects):
        holder.g_increase_ref([own_keys()])
    objects.put(own_keys(), b"x")

    objects.g_decrease_ref([own_keys()])
    assert client.exist([own_keys()]) == [True]
    other_objects.g_decrease_ref([own_keys()])

    assert client.exist([own_keys()]) == [False]


@clause("OBJ-REF-04", MUST, source=MEASURED)
def test_missing_objects_can_be_referenced(objects: Any, own_keys: Keys) -> None:
    """References to objects that do not exist are taken and given back without an error."""
    assert objects.g_increase_ref([own_keys()]) == []
    assert objects.query_global_ref_num(own_keys()) == 1
    assert objects.g_decrease_ref([own_keys()]) == []
    assert objects.g_decrease_ref([own_keys("never")]) == []
    assert objects.query_global_ref_num(own_keys()) == 0


@clause("OBJ-REF-05", MUST, source=MEASURED)
def test_references_end_with_their_client(worker: Any, client: Any, own_keys: Keys) -> None:
    """When a client goes, its references go, and with the last one the object."""
    holder = connect_objects(worker.port)
    holder.g_increase_ref([own_keys()])
    holder.put(own_keys(), b"x")

    del holder
    gc.collect()

    wait_until(lambda: client.exist([own_keys()]) == [False], "the object is gone")


@clause("OBJ-REF-06", MUST, source=MEASURED)
def test_an_outer_object_keeps_an_inner_one(client: Any, objects: Any, own_keys: Keys) -> None:
    """An object named as nested stays until the outer object is deleted, and goes with it."""
    outer, inner = own_keys("outer"), own_keys("inner")
    objects.g_increase_ref([outer])
    objects.put(inner, b"i")
    objects.put(outer, b"o", nested_object_keys=[inner])
    objects.g_increase_ref([inner])

    objects.g_decrease_ref([inner])
    assert client.exist([inner]) == [True]
    objects.g_decrease_ref([outer])

    wait_until(lambda: client.exist([outer, inner]) == [False, False], "both objects are gone")


@clause("OBJ-REF-09", MUST, source=MEASURED)
def test_what_an_object_nests_is_settled_once(objects: Any, own_keys: Keys) -> None:
    """An object stored again may come to nest keys, and must nest the same ones from then on."""
    outer, inner, other = own_keys("outer"), own_keys("inner"), own_keys("other")
    objects.put(outer, b"1")
    objects.put(outer, b"2", nested_object_keys=[inner])
    objects.put(outer, b"3", nested_object_keys=[inner])

    for nested in ([], [other], [inner, other]):
        with raises_status("Runtime error", "Nested keys not match"):
            objects.put(outer, b"4", nested_object_keys=nested)


@clause("OBJ-REF-07", MUST, source=MEASURED)
def test_references_need_keys(objects: Any) -> None:
    """`g_increase_ref` and `g_decrease_ref` refuse an empty list, and check the first key."""
    for call in (objects.g_increase_ref, objects.g_decrease_ref):
        with pytest.raises(RuntimeError, match=r"^The input of object_keys list should not be emp"):
            call([])
    with raises_status("Invalid parameter", "keys[0] can not be empty"):
        objects.g_increase_ref([""])
    with raises_status("Invalid parameter", "The key contains illegal char(s)"):
        objects.g_increase_ref(["a.b"])


@clause("OBJ-REF-08", MUST, source=MEASURED)
def test_held_bytes_survive_the_last_reference(
    client: Any, objects: Any, other_objects: Any, own_keys: Keys
) -> None:
    """Bytes that a reader holds stay when the last reference deletes the object."""
    objects.g_increase_ref([own_keys()])
    objects.put(own_keys(), LARGE)
    (held,) = other_objects.get([own_keys()], 0)

    objects.g_decrease_ref([own_keys()])
    objects.put(own_keys("other"), b"y" * len(LARGE))

    assert bytes(held.immutable_data()) == LARGE
