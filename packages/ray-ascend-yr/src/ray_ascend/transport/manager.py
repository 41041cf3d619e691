"""The implementation of Ray's tensor transport interface, for Ray 2.55 and newer.

    source:   extract --store--> key in metadata --Ray--> receiver: recv/fetch+wait --copy--> user
              garbage_collect --delete--> gone

Ray makes one instance a process, and calls it from several threads: a task's own thread (extract),
its `_ray_system` thread (recv, garbage_collect), its `_ray_system_error` thread (abort), and in a
driver the caller's and the core worker's threads.
"""

from __future__ import annotations

import logging
import re
import threading
import time
import uuid
from collections import defaultdict
from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from ray.experimental import CommunicatorMetadata, TensorTransportManager

from ray_ascend.announcement import TRANSPORT_NAME
from ray_ascend.errors import TransferError
from ray_ascend.metrics.events import Freed
from ray_ascend.metrics.measurement import Measurement
from ray_ascend.metrics.recorder import record
from ray_ascend.objects.device_path import DevicePath
from ray_ascend.objects.metadata import YRTransportMetadata
from ray_ascend.store.connection import Connection
from ray_ascend.store.trace import Trace
from ray_ascend.transport.device_paths import path_of
from ray_ascend.transport.fetch import PendingFetch, fetch_patience_s
from ray_ascend.transport.first_use import ensure_backend
from ray_ascend.transport.ray_registry import registered_devices
from ray_ascend.transport.receivers import warn_if_it_may_hang
from ray_ascend.transport.siblings import Siblings
from ray_ascend.transport.validation import check_targets, device_type_of

logger = logging.getLogger(__name__)

_NOT_IN_KEYS = re.compile(r"[^0-9A-Za-z_-]")


class _Stored(NamedTuple):
    path: DevicePath
    connection: Connection
    metadata: YRTransportMetadata


class YRTensorTransport(TensorTransportManager):
    """Moves the tensors of RDT objects through the node's openYuanrong datasystem worker."""

    def __init__(self) -> None:
        # Reentrant: a reference dropped inside a locked section may free an object at once.
        self._lock = threading.RLock()
        self._stored: dict[str, list[_Stored]] = defaultdict(list)
        self._fetching: dict[str, set[PendingFetch]] = defaultdict(set)
        self._siblings = Siblings()

    def tensor_transport_backend(self) -> str:
        """Name under which Ray knows the transport."""
        return TRANSPORT_NAME

    @staticmethod
    def is_one_sided() -> bool:
        """Tell Ray that receivers fetch on their own: the data outlive even the source."""
        return True

    @staticmethod
    def can_abort_transport() -> bool:
        """Tell Ray that a late fetch can be given up without killing any actor."""
        return True

    def actor_has_tensor_transport(self, actor: Any) -> bool:
        """Answer without asking the actor: Ray wants to know on every `.remote()`, in its thread.

        The first time it starts the backend if nobody has. One that was taken down shows when the
        actor stores its first tensor, as a NotInitializedError.
        """
        ensure_backend()
        return True

    def extract_tensor_transport_metadata(
        self, obj_id: str, rdt_object: Sequence[torch.Tensor]
    ) -> YRTransportMetadata:
        """Store a snapshot of the tensors, in the source's task thread.

        A retried task calls it again with the same obj_id; each call stores under a new key.
        Without tensors (Ray 2.55 does that for every task that raises) it only says so.
        """
        if not rdt_object:
            return YRTransportMetadata(())
        with Measurement("store") as measured:
            path = path_of(device_type_of(rdt_object, registered_devices()))
            ensure_backend()
            with Trace(obj_id):
                connection, metadata = path.store(rdt_object, lambda: _new_key(obj_id))
            measured.moved(metadata.tensor_device, metadata.total)
        if connection is not None:
            with self._lock:
                self._stored[obj_id].append(_Stored(path, connection, metadata))
        return metadata

    def get_communicator_metadata(
        self, src_actor: Any, dst_actor: Any, backend: str | None = None
    ) -> CommunicatorMetadata:
        """Nothing needs to be agreed between the two sides; Ray asks where a transfer begins."""
        if dst_actor is not None:
            warn_if_it_may_hang(dst_actor)
        return CommunicatorMetadata()

    def recv_multiple_tensors(
        self,
        obj_id: str,
        tensor_transport_metadata: YRTransportMetadata,
        communicator_metadata: CommunicatorMetadata,
        target_buffers: Sequence[torch.Tensor] | None = None,
    ) -> list[torch.Tensor]:
        """Fetch an object: fresh tensors that nobody else sees, or `target_buffers` filled.

        Runs in the receiver's `_ray_system` thread or under ray.get; returns or raises a
        TransferError before Ray's own fetch time-out.
        """
        request = self.fetch_multiple_tensors(
            obj_id, tensor_transport_metadata, communicator_metadata, target_buffers
        )
        return self.wait_fetch_complete(request)

    def fetch_multiple_tensors(
        self,
        obj_id: str,
        tensor_transport_metadata: YRTransportMetadata,
        communicator_metadata: CommunicatorMetadata,
        target_buffers: Sequence[torch.Tensor] | None = None,
    ) -> PendingFetch:
        """Announce a fetch (Ray 2.56 and newer, under ray.get); see `siblings`."""
        if target_buffers is not None:
            wanted = tensor_transport_metadata.tensor_meta
            with self._siblings.until_one_fails(), Measurement("receive"):
                check_targets(target_buffers, wanted, registered_devices())
        fetch = PendingFetch(obj_id, tensor_transport_metadata, target_buffers)
        self._siblings.announce(fetch)
        return fetch

    def wait_fetch_complete(
        self, fetch_request: PendingFetch, timeout: float = -1
    ) -> list[torch.Tensor]:
        """Finish a fetch within `timeout` seconds (-1: Ray's own limit); else TimeoutError."""
        patience = fetch_patience_s()
        deadline = time.monotonic() + (patience if timeout < 0 else min(timeout, patience))
        obj_id = fetch_request.obj_id
        with self._lock:
            self._fetching[obj_id].add(fetch_request)
        try:
            with self._siblings.until_one_fails():
                return self._completed(fetch_request, deadline)
        finally:
            with self._lock:
                self._fetching[obj_id].discard(fetch_request)
                if not self._fetching[obj_id]:
                    del self._fetching[obj_id]

    def _completed(self, fetch: PendingFetch, deadline: float) -> list[torch.Tensor]:
        with Measurement("receive", fetch.began) as measured, Trace(fetch.obj_id):
            self._siblings.begin(fetch, deadline)
            tensors = fetch.complete(deadline)
            measured.moved(fetch.metadata.tensor_device, fetch.metadata.total)
        return tensors

    def send_multiple_tensors(
        self,
        tensors: Sequence[torch.Tensor],
        tensor_transport_metadata: YRTransportMetadata,
        communicator_metadata: CommunicatorMetadata,
    ) -> None:
        """Never called by Ray for a one-sided transport."""
        raise TransferError("YR is one-sided: the receiver fetches, nothing is sent")

    def garbage_collect(
        self,
        obj_id: str,
        tensor_transport_meta: YRTransportMetadata | None,
        tensors: Sequence[torch.Tensor] | None = None,
    ) -> None:
        """Delete all keys of an object; any thread, any number of times, never raises."""
        try:
            with self._lock:
                stored = self._stored.pop(obj_id, [])
            batches: dict[tuple[int, int], list[_Stored]] = defaultdict(list)
            for one in stored:
                batches[id(one.path), id(one.connection)].append(one)
            for batch in batches.values():
                keys = [one.metadata.key for one in batch]
                with Trace(obj_id):
                    batch[0].path.discard(batch[0].connection, keys)
                for one in batch:
                    record(Freed(one.metadata.tensor_device or "cpu", one.metadata.total))
        except Exception:  # Ray up to 2.58 would keep the tensors for ever
            logger.exception("object %s could not be freed in the datasystem", obj_id)

    def abort_transport(self, obj_id: str, communicator_metadata: CommunicatorMetadata) -> None:
        """Make the fetches of this object that are under way in this process give up."""
        with self._lock:
            requests = list(self._fetching.get(obj_id, ()))
        for request in requests:
            request.abort()


def _new_key(obj_id: str) -> str:
    return f"rdt-{_NOT_IN_KEYS.sub('_', obj_id)[:80]}-{uuid.uuid4().hex[:12]}"
