"""Transport: what Ray calls, called directly in a driver, against one backend."""

from __future__ import annotations

import concurrent.futures
import uuid

import psutil
import pytest
import torch
from conftest import Sandbox, wait_until
from ray.experimental import CommunicatorMetadata

from ray_ascend import YRTensorTransport, register_yr_tensor_transport
from ray_ascend.errors import (
    MixedDevicesError,
    ObjectLostError,
    StoreFullError,
    TransferAbortedError,
    TransferTimeoutError,
    UnsupportedDeviceError,
    UnsupportedTensorError,
)
from ray_ascend.objects.metadata import YRTransportMetadata
from ray_ascend.store.clients import client_of
from ray_ascend.store.discovery import find_worker

pytestmark = pytest.mark.datasystem
NOBODY = CommunicatorMetadata()


@pytest.fixture
def transport(registered: Sandbox) -> YRTensorTransport:
    """A transport in this process, with a living worker."""
    register_yr_tensor_transport(["cpu"])
    return YRTensorTransport()


@pytest.fixture
def obj_id() -> str:
    """An object id of the test's own."""
    return uuid.uuid4().hex


def exists(*metadata: YRTransportMetadata) -> list[bool]:
    """Ask the datasystem for the keys of objects."""
    client = client_of(find_worker())
    answer: list[bool] = client.sdk.exist([one.key for one in metadata])
    return answer


def kill_worker() -> None:
    """Kill -9 the worker; a later registration starts another."""
    worker = psutil.Process(find_worker().pid)
    worker.kill()
    wait_until(lambda: not worker.is_running() or worker.status() == psutil.STATUS_ZOMBIE)


def test_what_ray_asks_first(transport: YRTensorTransport) -> None:
    """One-sided, abortable, named YR, always available."""
    assert transport.tensor_transport_backend() == "YR"
    assert transport.is_one_sided()
    assert transport.can_abort_transport()
    assert transport.actor_has_tensor_transport(None)


def test_an_object_without_tensors_stores_nothing(
    transport: YRTensorTransport, obj_id: str
) -> None:
    """Ray 2.55 describes errors that way; it must work, and so must receiving and freeing it."""
    metadata = transport.extract_tensor_transport_metadata(obj_id, [])

    assert (metadata.tensor_meta, metadata.tensor_device, metadata.key) == ([], None, "")
    assert transport.recv_multiple_tensors(obj_id, metadata, NOBODY) == []
    transport.garbage_collect(obj_id, metadata, [])


def test_an_object_of_empty_tensors_stores_nothing(
    transport: YRTensorTransport, obj_id: str
) -> None:
    """Shapes and dtypes travel in the metadata alone."""
    metadata = transport.extract_tensor_transport_metadata(
        obj_id, [torch.empty(3, 0, dtype=torch.bfloat16)]
    )

    (tensor,) = transport.recv_multiple_tensors(obj_id, metadata, NOBODY, None)

    assert metadata.key == ""
    assert (tensor.shape, tensor.dtype) == ((3, 0), torch.bfloat16)


def test_each_attempt_has_its_key_and_one_free_deletes_all(
    transport: YRTensorTransport, obj_id: str
) -> None:
    """A retried task describes its object again; nothing is overwritten, nothing remains."""
    first = transport.extract_tensor_transport_metadata(obj_id, [torch.ones(3)])
    second = transport.extract_tensor_transport_metadata(obj_id, [torch.zeros(3)])
    assert exists(first, second) == [True, True]
    assert float(transport.recv_multiple_tensors(obj_id, first, NOBODY)[0].sum()) == 3.0

    transport.garbage_collect(obj_id, second, [])
    transport.garbage_collect(obj_id, second, [])

    assert exists(first, second) == [False, False]
    with pytest.raises(ObjectLostError, match=first.key):
        transport.recv_multiple_tensors(obj_id, first, NOBODY)


def test_target_buffers_are_filled(transport: YRTensorTransport, obj_id: str) -> None:
    """The buffers themselves come back, also ones that require a gradient."""
    metadata = transport.extract_tensor_transport_metadata(obj_id, [torch.arange(4.0)])
    target = torch.full((4,), -1.0, requires_grad=True)

    (back,) = transport.recv_multiple_tensors(obj_id, metadata, NOBODY, [target])

    assert back is target
    assert torch.equal(target, torch.arange(4.0))
    transport.garbage_collect(obj_id, metadata, [])


@pytest.mark.parametrize(
    "targets",
    [[], [torch.ones(5)], [torch.ones(4).double()], [torch.ones(4, device="meta")]],
    ids=["number", "shape", "dtype", "device"],
)
def test_target_buffers_must_fit(
    transport: YRTensorTransport, obj_id: str, targets: list[torch.Tensor]
) -> None:
    """A buffer of another number, shape, dtype or device is refused before anything is copied."""
    metadata = transport.extract_tensor_transport_metadata(obj_id, [torch.arange(4.0)])

    with pytest.raises(UnsupportedTensorError, match="target buffer"):
        transport.recv_multiple_tensors(obj_id, metadata, NOBODY, targets)

    transport.garbage_collect(obj_id, metadata, [])


@pytest.mark.parametrize(
    ("tensors", "kind"),
    [
        ([torch.ones(1), torch.ones(1, device="meta")], MixedDevicesError),
        ([torch.ones(1, device="meta")], UnsupportedTensorError),
        ([torch.eye(2).to_sparse()], UnsupportedTensorError),
    ],
    ids=["mixed", "meta", "sparse"],
)
def test_what_cannot_travel_is_refused(
    transport: YRTensorTransport,
    obj_id: str,
    tensors: list[torch.Tensor],
    kind: type[UnsupportedTensorError],
) -> None:
    """A clear ValueError, and nothing is stored."""
    with pytest.raises(kind):
        transport.extract_tensor_transport_metadata(obj_id, tensors)


def test_an_unregistered_device_is_refused(transport: YRTensorTransport, obj_id: str) -> None:
    """Tensors on a device that this process did not register for are not stored."""
    register_yr_tensor_transport(["npu"])

    with pytest.raises(UnsupportedDeviceError, match="registered the transport for \\['npu'\\]"):
        transport.extract_tensor_transport_metadata(obj_id, [torch.ones(1)])


def test_an_object_larger_than_the_pool(transport: YRTensorTransport, obj_id: str) -> None:
    """The error names the size and the setting, and the next object is stored."""
    large = torch.empty(1 << 28, dtype=torch.uint8)

    with pytest.raises(StoreFullError, match=r"(?s)268435456 bytes.*shared_memory_size_mb"):
        transport.extract_tensor_transport_metadata(obj_id, [large])

    metadata = transport.extract_tensor_transport_metadata(obj_id, [torch.ones(1)])
    transport.garbage_collect(obj_id, metadata, [])


def test_threads_may_use_it_at_once(transport: YRTensorTransport) -> None:
    """Storing, receiving and freeing from eight threads mixes nothing up."""

    def cycle(number: int) -> bool:
        name = f"{uuid.uuid4().hex}-{number}"
        metadata = transport.extract_tensor_transport_metadata(name, [torch.full((50,), number)])
        (back,) = transport.recv_multiple_tensors(name, metadata, NOBODY)
        transport.garbage_collect(name, metadata, [])
        return bool((back == number).all()) and exists(metadata) == [False]

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        results = list(pool.map(cycle, range(64)))

    assert all(results)


def test_aborting_makes_a_fetch_give_up(transport: YRTensorTransport, obj_id: str) -> None:
    """A fetch that waits for a dead worker ends when Ray aborts it; an unknown id is ignored."""
    metadata = transport.extract_tensor_transport_metadata(obj_id, [torch.ones(3)])
    kill_worker()
    request = transport.fetch_multiple_tensors(obj_id, metadata, NOBODY)
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(transport.wait_fetch_complete, request)
        wait_until(lambda: obj_id in transport._fetching or waiting.done())

        transport.abort_transport("unknown", NOBODY)
        transport.abort_transport(obj_id, NOBODY)

        with pytest.raises(TransferAbortedError, match=obj_id):
            waiting.result()


def test_a_dead_worker_ends_in_time_and_freeing_never_raises(
    transport: YRTensorTransport, obj_id: str
) -> None:
    """A fetch keeps its time limit, and what cannot be deleted now does not disturb anybody."""
    metadata = transport.extract_tensor_transport_metadata(obj_id, [torch.ones(3)])
    kill_worker()
    request = transport.fetch_multiple_tensors(obj_id, metadata, NOBODY)

    # Lost, if the worker was started again so quickly.
    with pytest.raises((TransferTimeoutError, ObjectLostError)):
        transport.wait_fetch_complete(request, timeout=0.1)
    transport.garbage_collect(obj_id, metadata, [])

    register_yr_tensor_transport(["cpu"])
    again = transport.extract_tensor_transport_metadata(obj_id, [torch.ones(3)])
    assert float(transport.recv_multiple_tensors(obj_id, again, NOBODY)[0].sum()) == 3.0
    transport.garbage_collect(obj_id, again, [])
