"""KV-ERR: what errors look like, trace ids, and arguments that are not what they should be."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from yr_conformance.clauses import MAY, MUST, clause
from yr_conformance.datasystem.clients import Keys, transact
from yr_conformance.datasystem.sources import MEASURED, SDK_SOURCE
from yr_conformance.datasystem.statuses import raises_status, split_status, told


@pytest.fixture
def trace_id() -> Iterator[Callable[[str], None]]:
    """Set the trace id of this thread; it is taken back after the test."""
    from yr.datasystem import Context

    yield Context.set_trace_id
    Context.set_trace_id("")


@clause("KV-ERR-01", MUST, source=MEASURED)
def test_errors_carry_the_trace_id(
    client: Any, own_keys: Keys, trace_id: Callable[[str], None]
) -> None:
    """After `Context.set_trace_id`, errors say `traceId: <that id>;<12 hexadecimal digits>`."""
    trace_id("my-trace")

    text = told(client.get, [own_keys()])

    assert re.search(r"traceId: my-trace;[0-9a-f]{12}\]$", str(text)), text


@clause("KV-ERR-02", MUST, source=MEASURED)
def test_errors_have_a_trace_id_anyway(client: Any, own_keys: Keys) -> None:
    """Without a trace id of the user's, errors carry a new uuid each time."""
    texts = [str(told(client.get, [own_keys()])) for _ in range(2)]

    found = [re.search(r"traceId: ([0-9a-f-]{36})\]$", text) for text in texts]
    assert all(found), texts
    assert texts[0] != texts[1]


@clause("KV-ERR-03", MUST, source=MEASURED)
def test_trace_ids_have_an_alphabet(trace_id: Callable[[str], None]) -> None:
    """A trace id with a space is refused, naming the alphabet; one that is no text too."""
    with raises_status("Invalid parameter", "The trace id contains illegal char(s)."):
        trace_id("a b")
    with pytest.raises(TypeError, match="incompatible function arguments"):
        trace_id(1)  # type: ignore[arg-type]


@clause("KV-ERR-04", MUST, source=MEASURED)
def test_errors_have_no_code_attribute(client: Any, own_keys: Keys) -> None:
    """An error is a plain RuntimeError: its code is the beginning of its text and nowhere else."""
    with pytest.raises(RuntimeError) as raised:
        client.get([own_keys()])

    assert raised.type is RuntimeError
    assert len(raised.value.args) == 1
    assert split_status(raised.value.args[0])[0] == "Key not found"


@clause("KV-ERR-05", MUST, source=MEASURED)
def test_elements_of_lists_are_checked_by_the_native_part(client: Any, own_keys: Keys) -> None:
    """Lists with elements of a wrong type are a TypeError: `incompatible function arguments`."""
    calls: list[Callable[[], Any]] = [
        lambda: client.exist([1]),
        lambda: client.delete([None]),
        lambda: client.mset([own_keys()], [1]),
        lambda: client.mcreate([own_keys()], ["1"]),
        lambda: client.get_buffers([own_keys()], -1),
        lambda: client.expire([own_keys()], -1),
    ]
    for call in calls:
        with pytest.raises(TypeError, match="incompatible function arguments"):
            call()


@clause("KV-ERR-06", MUST, source=SDK_SOURCE)
def test_types_are_exact(client: Any, own_keys: Keys) -> None:
    """A tuple for a list, a bool for an int and a subclass of list are TypeErrors."""

    class Names(list[str]):
        pass

    refusals: list[tuple[str, Callable[[], Any]]] = [
        ("keys", lambda: client.mset((own_keys(),), [b"x"])),
        ("keys", lambda: client.get(Names([own_keys()]))),
        ("sub_timeout_ms", lambda: client.get([own_keys()], sub_timeout_ms=True)),
        ("ttl_second", lambda: client.expire([own_keys()], 1.0)),
    ]
    for name, call in refusals:
        with pytest.raises(TypeError, match=f"The input of {name} has invalid type, valid type: "):
            call()


@clause("KV-ERR-07", MUST, source=MEASURED)
def test_waiting_times_of_buffers(client: Any, own_keys: Keys) -> None:
    """`get_buffers` refuses a waiting time above 2**31-1 ms with Invalid parameter."""
    with raises_status("Invalid parameter", "subTimeoutMs 2147483648 is out of range"):
        client.get_buffers([own_keys()], 2**31)
    with pytest.raises(RuntimeError, match=r"^Invalid timeout_ms size -1 is set"):
        client.get_read_only_buffers([own_keys()], -1)


@clause("KV-ERR-08", MUST, source=MEASURED)
def test_keys_and_values_must_match(client: Any, own_keys: Keys) -> None:
    """`mset` refuses lists of keys and values of different lengths."""
    with raises_status("Invalid parameter", "The number of key and value is not the same."):
        client.mset([own_keys("a"), own_keys("b")], [b"x"])

    assert client.exist([own_keys("a")]) == [False]


@clause("KV-ERR-09", MUST, source=MEASURED)
def test_an_empty_value_in_a_transaction(client: Any, own_keys: Keys) -> None:
    """`msettx` of an empty value fails with a Runtime error and stores nothing."""
    with raises_status("Runtime error", "Small object doesn't match the payload size"):
        transact(client, [own_keys()], [b""])

    assert client.exist([own_keys()]) == [False]


@clause("KV-ERR-10", MUST, source=MEASURED)
def test_read_checks_its_parameters(client: Any, own_keys: Keys) -> None:
    """`read` refuses an empty list, missing keys by status, and tuples by AttributeError."""
    from yr.datasystem.kv_client import ReadParam

    with raises_status("Invalid parameter", "The keys are empty"):
        client.read([])
    with raises_status("Key not found", "Cannot get objects from worker"):
        client.read([ReadParam(own_keys(), 0, 1)])
    with pytest.raises(AttributeError, match="'tuple' object has no attribute"):
        client.read([(own_keys(), 0, 1)])


@clause("KV-ERR-11", MAY, source=MEASURED)
def test_wide_items_are_cut_off(client: Any, own_keys: Keys) -> None:
    """`set` of a memoryview with wide items stores as many bytes as it has items, silently."""
    client.set(own_keys(), memoryview(b"\1\0\0\0\2\0\0\0\3\0\0\0").cast("i"))

    assert client.get([own_keys()]) == [b"\1\0\0"]
