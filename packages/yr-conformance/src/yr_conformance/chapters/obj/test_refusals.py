"""OBJ-ERR: what the object client refuses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from yr_conformance.chapters.obj.clauses import MUST, clause
from yr_conformance.datasystem.clients import Keys
from yr_conformance.datasystem.sources import MEASURED, SDK_SOURCE
from yr_conformance.datasystem.statuses import raises_status
from yr_conformance.datasystem.worker import HOST

ILLEGAL = "The key contains illegal char(s)"
FIXED = "The write mode, consistency type or cache type cannot be modified."


@clause("OBJ-ERR-01", MUST, source=MEASURED)
def test_keys_of_objects_are_checked(objects: Any) -> None:
    """`get` refuses an empty list without a code, and empty or illegal keys with one."""
    with pytest.raises(RuntimeError, match=r"^The input of object_keys list should not be empty$"):
        objects.get([], 0)
    with raises_status("Invalid parameter", "keys[0] can not be empty"):
        objects.get([""], 0)
    with raises_status("Invalid parameter", ILLEGAL):
        objects.get(["a.b"], 0)


@clause("OBJ-ERR-02", MUST, source=MEASURED)
def test_kv_and_objects_share_keys(client: Any, objects: Any, own_keys: Keys) -> None:
    """Both clients read what the other stored, but neither overwrites it."""
    objects.put(own_keys("object"), b"o")
    client.set(own_keys("value"), b"v")

    assert client.get([own_keys("object")]) == [b"o"]
    (read,) = objects.get([own_keys("value")], 0)
    assert bytes(read.immutable_data()) == b"v"
    with raises_status("Invalid parameter", FIXED):
        client.set(own_keys("object"), b"x")
    with raises_status("Invalid parameter", FIXED):
        objects.put(own_keys("value"), b"x")


@clause("OBJ-ERR-03", MUST, source=MEASURED)
def test_objects_need_init(worker: Any) -> None:
    """Calls of a client that was not initialised are Not ready; its reference count is -1."""
    from yr.datasystem import ObjectClient

    fresh = ObjectClient(HOST, worker.port)

    calls: list[Callable[[], Any]] = [
        lambda: fresh.create("o", 1),
        lambda: fresh.put("o", b"x"),
        lambda: fresh.get(["o"], 0),
        lambda: fresh.g_increase_ref(["o"]),
    ]
    for call in calls:
        with raises_status("Not ready", "The client has not been initialized yet"):
            call()
    assert fresh.query_global_ref_num("o") == -1


@clause("OBJ-ERR-04", MUST, source=MEASURED)
def test_impossible_objects_are_refused(objects: Any, own_keys: Keys) -> None:
    """`create` and `put` refuse empty objects, and keys that are empty or illegal."""
    empty = "The dataSize value should be bigger than zero."
    refusals: list[tuple[str, Callable[[], Any]]] = [
        (empty, lambda: objects.create(own_keys(), 0)),
        (empty, lambda: objects.put(own_keys(), b"")),
        ("The objectKey is empty", lambda: objects.create("", 1)),
        ("The objectKey should not be empty.", lambda: objects.put("", b"x")),
        (ILLEGAL, lambda: objects.create("a.b", 1)),
        (ILLEGAL, lambda: objects.put("a.b", b"x")),
    ]
    for text, call in refusals:
        with raises_status("Invalid parameter", text):
            call()


@clause("OBJ-ERR-05", MUST, source=SDK_SOURCE)
def test_types_of_objects_are_checked(objects: Any, own_keys: Keys) -> None:
    """Arguments of a wrong type are a TypeError; so are parameters without a consistency type."""
    refusals: list[tuple[str, Callable[[], Any]]] = [
        ("The input of value has invalid type", lambda: objects.put(own_keys(), "text")),
        ("The input of size has invalid type", lambda: objects.create(own_keys(), "1")),
        ("The input of param has invalid type", lambda: objects.create(own_keys(), 1, [1])),
        ("The key 'consistency_type' of", lambda: objects.create(own_keys(), 1, {"x": 1})),
        ("incompatible function arguments", lambda: objects.create(own_keys(), -1)),
        ("should be a list of strings", lambda: objects.create(own_keys(), 1).publish([1])),
    ]
    for text, call in refusals:
        with pytest.raises(TypeError, match=text):
            call()


@clause("OBJ-ERR-06", MUST, source=SDK_SOURCE)
def test_waiting_times_of_objects_have_a_range(objects: Any, own_keys: Keys) -> None:
    """`get` refuses a waiting time outside 0 to 2**31-1 ms with a RuntimeError without a code."""
    for timeout in (-1, 2**31):
        with pytest.raises(RuntimeError, match=f"^Invalid timeout_ms size {timeout} is set"):
            objects.get([own_keys()], timeout)


@clause("OBJ-ERR-07", MUST, source=SDK_SOURCE)
def test_an_empty_buffer_object() -> None:
    """A Buffer that no client made refuses every call: it is to be created first."""
    from yr.datasystem import Buffer

    for call in (Buffer().publish, Buffer().get_size, Buffer().mutable_data, Buffer().unrlatch):
        with pytest.raises(RuntimeError, match=r"^The buffer is None, please create it first\.$"):
            call()
