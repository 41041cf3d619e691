"""Siblings: fetches that one `ray.get` asks for, in a driver, against one backend."""

from __future__ import annotations

import concurrent.futures
import uuid
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
import torch
from conftest import Sandbox
from ray.experimental import CommunicatorMetadata

from ray_ascend import YRTensorTransport
from ray_ascend.cpu import path
from ray_ascend.errors import ObjectLostError
from ray_ascend.objects.metadata import YRTransportMetadata
from ray_ascend.store.clients import client_of
from ray_ascend.store.discovery import find_worker
from ray_ascend.transport.fetch import PendingFetch

pytestmark = pytest.mark.datasystem
NOBODY = CommunicatorMetadata()
Asked = list[list[str]]


@pytest.fixture
def transport(registered: Sandbox) -> YRTensorTransport:
    """A transport in this process, which has fetched nothing yet."""
    return YRTensorTransport()


@pytest.fixture
def objects(transport: YRTensorTransport) -> Iterator[list[YRTransportMetadata]]:
    """Three objects, of one, two and three elements."""
    ids = [uuid.uuid4().hex for _ in range(3)]
    sizes = enumerate(ids, start=1)
    yield [
        transport.extract_tensor_transport_metadata(one, [torch.full((size,), float(size))])
        for size, one in sizes
    ]
    for one in ids:
        transport.garbage_collect(one, None)


@pytest.fixture
def asked(transport: YRTensorTransport, monkeypatch: pytest.MonkeyPatch) -> Asked:
    """The keys of each call that gets values from the worker, in this test."""
    calls: Asked = []
    sdk: Any = client_of(find_worker()).sdk
    get = type(sdk).get_buffers

    def noting(client: Any, keys: list[str]) -> Sequence[Any]:
        calls.append(list(keys))
        answer: Sequence[Any] = get(client, keys)
        return answer

    monkeypatch.setattr(type(sdk), "get_buffers", noting)
    return calls


def fetch(transport: YRTensorTransport, metadata: YRTransportMetadata) -> PendingFetch:
    """Begin to fetch as Ray does."""
    return transport.fetch_multiple_tensors(uuid.uuid4().hex, metadata, NOBODY)


def sizes(transport: YRTensorTransport, fetches: Sequence[PendingFetch]) -> list[int]:
    """Wait for fetches in Ray's order, the last first; gives the number of elements of each."""
    return [transport.wait_fetch_complete(one)[0].numel() for one in reversed(fetches)][::-1]


def delete(metadata: YRTransportMetadata) -> None:
    """Lose an object."""
    client_of(find_worker()).delete([metadata.key])


def test_fetches_are_one_call(
    transport: YRTensorTransport, objects: list[YRTransportMetadata], asked: Asked
) -> None:
    """All that was fetched before the first wait comes with that, and each has its own tensors."""
    fetches = [fetch(transport, one) for one in objects]
    assert asked == []

    assert sizes(transport, fetches) == [1, 2, 3]

    assert asked == [[one.key for one in reversed(objects)]]


def test_a_lost_object_is_its_own_error(
    transport: YRTensorTransport, objects: list[YRTransportMetadata]
) -> None:
    """Of three that are begun together one is gone: the others arrive."""
    lost = objects[1]
    delete(lost)
    fetches = [fetch(transport, one) for one in objects]

    assert sizes(transport, fetches[2:]) == [3]
    with pytest.raises(ObjectLostError, match=lost.key):
        transport.wait_fetch_complete(fetches[1])
    assert sizes(transport, fetches[:1]) == [1]


def test_lost_objects_have_an_error_each(
    transport: YRTensorTransport, objects: list[YRTransportMetadata]
) -> None:
    """Where all are gone, so that the one call fails, each error names its own key."""
    for one in objects:
        delete(one)
    fetches = [fetch(transport, one) for one in objects]

    for metadata, one in zip(objects, fetches, strict=True):
        with pytest.raises(ObjectLostError, match=metadata.key):
            transport.wait_fetch_complete(one)


def test_a_fetch_that_was_dropped_is_not_asked_for(
    transport: YRTensorTransport, objects: list[YRTransportMetadata], asked: Asked
) -> None:
    """What an earlier ray.get announced and did not wait for is forgotten with it."""
    fetch(transport, objects[0])
    fetches = [fetch(transport, one) for one in objects[1:]]

    assert sizes(transport, fetches) == [2, 3]

    assert asked == [[objects[2].key, objects[1].key]]


def test_what_was_announced_before_an_error_is_forgotten(
    transport: YRTensorTransport, objects: list[YRTransportMetadata], asked: Asked
) -> None:
    """A ray.get that fails while it fetches leaves its fetches in a traceback, not to the next."""
    kept = fetch(transport, objects[0])
    with pytest.raises(ValueError, match="target"):
        transport.fetch_multiple_tensors(uuid.uuid4().hex, objects[0], NOBODY, [torch.zeros(9)])
    fetches = [fetch(transport, one) for one in objects[1:]]

    assert sizes(transport, fetches) == [2, 3]

    assert asked == [[objects[2].key, objects[1].key]]
    assert sizes(transport, [kept]) == [1]


def test_what_an_error_interrupts_begins_anew(
    transport: YRTensorTransport, objects: list[YRTransportMetadata], asked: Asked
) -> None:
    """When one is an error Ray waits for no other: what they had begun is dropped."""
    lost = objects[2]
    delete(lost)
    fetches = [fetch(transport, one) for one in objects]
    with pytest.raises(ObjectLostError, match=lost.key):
        transport.wait_fetch_complete(fetches[2])
    asked.clear()

    assert sizes(transport, fetches[:2]) == [1, 2]

    assert asked == [[objects[1].key], [objects[0].key]]


def test_targets_are_written_by_their_own_wait(
    transport: YRTensorTransport, objects: list[YRTransportMetadata], asked: Asked
) -> None:
    """A fetch with target buffers begins alone, and leaves them as they are until then."""
    target = torch.zeros(3)
    with_target = transport.fetch_multiple_tensors(uuid.uuid4().hex, objects[2], NOBODY, [target])
    others = [fetch(transport, one) for one in objects[:2]]

    assert sizes(transport, others) == [1, 2]
    assert target.tolist() == [0.0, 0.0, 0.0]

    assert transport.wait_fetch_complete(with_target)[0] is target
    assert target.tolist() == [3.0, 3.0, 3.0]
    assert asked == [[objects[1].key, objects[0].key], [objects[2].key]]


def test_a_thread_begins_its_own_fetches(
    transport: YRTensorTransport, objects: list[YRTransportMetadata], asked: Asked
) -> None:
    """What another thread has announced is that one's."""
    others = [fetch(transport, one) for one in objects[:2]]

    with concurrent.futures.ThreadPoolExecutor(1) as thread:
        received = thread.submit(lambda: sizes(transport, [fetch(transport, objects[2])]))

    assert received.result() == [3]
    assert asked == [[objects[2].key]]
    assert sizes(transport, others) == [1, 2]


def test_large_objects_do_not_share_a_call(
    transport: YRTensorTransport,
    objects: list[YRTransportMetadata],
    asked: Asked,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A call that takes too long fails: what would make it too large is asked for alone."""
    monkeypatch.setattr(path, "_BYTES_AT_ONCE", objects[2].total + objects[1].total)
    fetches = [fetch(transport, one) for one in objects]

    assert sizes(transport, fetches) == [1, 2, 3]

    assert asked == [[objects[2].key, objects[1].key], [objects[0].key]]


def test_objects_without_bytes_are_not_asked_for(
    transport: YRTensorTransport, objects: list[YRTransportMetadata], asked: Asked
) -> None:
    """An object of empty tensors is made without the datasystem, in any company."""
    empty = transport.extract_tensor_transport_metadata(uuid.uuid4().hex, [torch.empty(0)])
    fetches = [fetch(transport, one) for one in (objects[0], empty, objects[1])]

    assert sizes(transport, fetches) == [1, 0, 2]

    assert asked == [[objects[1].key, objects[0].key]]
