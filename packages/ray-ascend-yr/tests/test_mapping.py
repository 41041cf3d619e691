"""Objects that are received as private mappings of the worker's memory."""

from __future__ import annotations

import logging
import os
import uuid
from collections.abc import Iterator

import psutil
import pytest
import torch
from conftest import Sandbox, wait_until
from ray.experimental import CommunicatorMetadata

from ray_ascend import YRTensorTransport, register_yr_tensor_transport
from ray_ascend.cpu import receiving
from ray_ascend.cpu.packing import layout_of
from ray_ascend.errors import ConfigurationError
from ray_ascend.objects.metadata import YRTransportMetadata
from ray_ascend.store.clients import client_of, disconnect
from ray_ascend.store.connection import forget
from ray_ascend.store.discovery import find_worker
from ray_ascend.store.worker_memory import is_held

NOBODY = CommunicatorMetadata()
COUNT = receiving.WORTH_MAPPING // 4


@pytest.fixture
def transport(registered: Sandbox) -> Iterator[YRTensorTransport]:
    """A transport in this process that maps what it receives."""
    register_yr_tensor_transport(["cpu"], receive="map")
    yield YRTensorTransport()
    register_yr_tensor_transport(["cpu"])
    assert not is_held()


def stored(transport: YRTensorTransport, tensors: list[torch.Tensor]) -> YRTransportMetadata:
    """Store an object under an id of its own."""
    return transport.extract_tensor_transport_metadata(uuid.uuid4().hex, tensors)


def received(transport: YRTensorTransport, metadata: YRTransportMetadata) -> list[torch.Tensor]:
    """Receive an object once more."""
    return transport.recv_multiple_tensors("object", metadata, NOBODY)


def free(transport: YRTensorTransport, metadata: YRTransportMetadata) -> None:
    """Free an object, whatever its id is."""
    (obj_id,) = [one for one in transport._stored if one in metadata.key]
    transport.garbage_collect(obj_id, metadata, [])


def of_every_kind() -> list[torch.Tensor]:
    """Tensors of several kinds, in turns, with shapes that are no multiple of a page."""
    big = torch.arange(COUNT, dtype=torch.float32).reshape(4, -1)
    odd = torch.arange(15, dtype=torch.bfloat16).reshape(3, 5)
    return [odd, big, torch.tensor(7), torch.empty(0, 2), odd + 1, big.t(), torch.ones(3) > 0]


@pytest.mark.datasystem
def test_every_tensor_arrives_with_a_storage_of_its_own(transport: YRTensorTransport) -> None:
    """Values, shapes and flags are those of a copy; no storage is larger than its tensor."""
    tensors = [*of_every_kind(), torch.ones(2, requires_grad=True)]
    metadata = stored(transport, tensors)

    back = received(transport, metadata)

    assert is_held()
    for one, other in zip(back, tensors, strict=True):
        assert torch.equal(one, other)
        assert (one.dtype, one.requires_grad) == (other.dtype, other.requires_grad)
        assert one.is_contiguous()
        assert one.untyped_storage().nbytes() == other.nbytes
    del one, back
    free(transport, metadata)


@pytest.mark.datasystem
def test_what_a_receiver_writes_nobody_else_sees(transport: YRTensorTransport) -> None:
    """Two receivers of one object, and the object itself, are apart."""
    metadata = stored(transport, [torch.zeros(COUNT)])
    (mine,), (other,) = received(transport, metadata), received(transport, metadata)

    mine.fill_(1)

    (third,) = received(transport, metadata)
    assert (float(mine.sum()), float(other.sum()), float(third.sum())) == (COUNT, 0, 0)
    free(transport, metadata)


@pytest.mark.datasystem
def test_tensors_outlive_their_object(transport: YRTensorTransport) -> None:
    """The memory of a freed object is not given to others while a tensor uses it."""
    metadata = stored(transport, [torch.full((COUNT,), 5.0), torch.full((COUNT,), 6.0)])
    first, last = received(transport, metadata)
    del first
    free(transport, metadata)

    for value in range(30):
        free(transport, stored(transport, [torch.full((2 * COUNT,), float(value))]))

    assert bool((last == 6).all())


@pytest.mark.datasystem
def test_tensors_outlive_the_connection(transport: YRTensorTransport) -> None:
    """A client whose memory is still in use is kept, and the worker with it keeps the memory."""
    metadata = stored(transport, [torch.full((COUNT,), 5.0)])
    (tensor,) = received(transport, metadata)

    forget()
    disconnect()

    for value in range(30):
        free(transport, stored(transport, [torch.full((COUNT,), float(value))]))
    assert bool((tensor == 5).all())


@pytest.mark.datasystem
def test_small_objects_and_targets_are_copied(transport: YRTensorTransport) -> None:
    """Mapping costs more than it saves there, or has no sense."""
    small, large = stored(transport, [torch.ones(3)]), stored(transport, [torch.ones(COUNT)])
    target = torch.zeros(COUNT)

    (back,) = received(transport, small)
    transport.recv_multiple_tensors("object", large, NOBODY, [target])

    assert not is_held()
    assert (float(back.sum()), float(target.sum())) == (3, COUNT)
    free(transport, small)
    free(transport, large)


@pytest.mark.datasystem
def test_where_mapping_is_impossible_it_copies_and_says_so_once(
    transport: YRTensorTransport, caplog: pytest.LogCaptureFixture
) -> None:
    """Here the process that is asked for the memory is none that has it."""
    metadata = stored(transport, [torch.ones(COUNT)])
    value = client_of(find_worker()).read(metadata.key)
    layout = layout_of(metadata.specs)

    with caplog.at_level(logging.WARNING):
        copies = [receiving.received(value, layout, os.getppid()) for _ in range(2)]

    assert [float(tensor.sum()) for (tensor,) in copies] == [COUNT, COUNT]
    assert not is_held()
    (record,) = caplog.records
    assert record.getMessage() == (
        "objects are copied, not mapped, in this process: "
        f"process {os.getppid()} has no descriptor of that memory"
    )
    del value
    free(transport, metadata)


@pytest.mark.datasystem
def test_a_mapped_tensor_outlives_its_worker(transport: YRTensorTransport) -> None:
    """Its bytes are read as they were when the worker has been killed."""
    metadata = stored(transport, [torch.full((COUNT,), 5.0)])
    (tensor,) = received(transport, metadata)
    worker = psutil.Process(find_worker().pid)

    worker.kill()
    wait_until(lambda: not worker.is_running() or worker.status() == psutil.STATUS_ZOMBIE)

    assert bool((tensor == 5).all())


@pytest.mark.parametrize(
    ("receive", "variables", "said"),
    [
        ("zero-copy", {}, "receive='zero-copy': must be 'copy' or 'map'"),
        (None, {"RAY_ASCEND_RECEIVE": "mmap"}, "RAY_ASCEND_RECEIVE='mmap': must be"),
        ("map", {"RAY_ASCEND_MAP_FROM": "4M"}, "RAY_ASCEND_MAP_FROM='4M': must be a number of"),
    ],
)
def test_another_way_is_refused(receive: object, variables: dict[str, str], said: str) -> None:
    """The message names the argument, or the variable, and what there is."""
    with pytest.raises(ConfigurationError, match=said):
        receiving.chosen(receive, variables)


def test_the_argument_goes_before_the_variable() -> None:
    """And without either, tensors are copied."""
    variables = {"RAY_ASCEND_RECEIVE": " map ", "RAY_ASCEND_MAP_FROM": "65536"}

    assert receiving.chosen("copy", variables).receive == "copy"
    assert receiving.chosen(None, variables) == receiving.Choice("map", 65536)
    assert receiving.chosen(None, {}) == receiving.Choice("copy", 4 << 20)
