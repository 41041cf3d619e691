"""Tensors on NPUs: offered in place by the source, read by the receiver's NPU, nothing between.

    source --dev_mset: addresses--> worker <--dev_subscribe-- receiver
       NPU memory ==================HCCS=================> NPU memory

A pair that cannot do that goes through host memory (`source`). The tensors are not copied when
the task returns: what the source writes into them before a receiver has read them, it receives.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import torch

from ray_ascend.errors import MixedDevicesError, TransferError
from ray_ascend.npu.arrivals import Landing, are_late
from ray_ascend.npu.identity import is_same_npu, npu_module, origin_of
from ray_ascend.npu.published import Offers, Published, blocks_of
from ray_ascend.npu.source import Acquaintances, Inquiry, ask_for_host_copy
from ray_ascend.npu.streams import wait_for_work
from ray_ascend.objects.metadata import NpuOrigin, YRTransportMetadata, describe
from ray_ascend.objects.patience import Patience
from ray_ascend.store.connection import Connection, Retries
from ray_ascend.store.npu_client import Arrival
from ray_ascend.store.npu_keys import host_key, npu_key
from ray_ascend.store.process_state import of_process
from ray_ascend.store.worker_start import REPLACEMENT_S

_POLL_MS = 100
_ASK_AFTER_S = 0.5
_SHARE_OF_PATIENCE = 1 / 3
_ROOM_PATIENCE_S = 10.0


class NpuPath:
    """One key for each object, whatever the number of tensors: a list of NPU memory blocks."""

    def __init__(self) -> None:
        self._unreachable: set[tuple[str, int]] = set()
        self._sources = Acquaintances()

    def store(
        self, tensors: Sequence[torch.Tensor], new_key: Callable[[], str]
    ) -> tuple[Connection | None, YRTransportMetadata]:
        """See DevicePath; returns when all work on the tensors' NPU is done."""
        specs, index = describe(tensors), _index_of(tensors)
        with npu_module().device(index):
            wait_for_work(index)
            kept = [_in_place(tensor) for tensor in tensors]
            if any(map(_is_elsewhere, kept, tensors)):
                npu_module().current_stream().synchronize()
        total = sum(size for _, size in blocks_of(kept))
        if not total:
            return None, YRTransportMetadata(specs, "npu")
        origin = origin_of(index)

        retries = Retries(time.monotonic() + REPLACEMENT_S)
        while True:
            with retries.attempt() as connection:
                published = Published(connection, npu_key(new_key()), index, kept)
                room_until = time.monotonic() + _ROOM_PATIENCE_S
                of_process(Offers).offer(published, None if origin.actor else room_until)
                metadata = YRTransportMetadata(specs, "npu", published.key, total, origin)
                return published.connection, metadata

    def receive(
        self,
        connection: Connection,
        metadata: YRTransportMetadata,
        targets: Sequence[torch.Tensor] | None,
        patience: Patience,
    ) -> list[torch.Tensor]:
        """See DevicePath; the tensors come to the NPU that is current, or to the targets'."""
        origin = _known(metadata.origin, metadata.key)
        index = _index_of(targets) if targets else npu_module().current_device()
        with npu_module().device(index):
            landing = self._read(connection, metadata, origin, patience)
            if landing is None:
                ask_for_host_copy(origin, metadata.key, patience)
                landing = Landing.for_(metadata.specs)
                blocks = blocks_of(landing.tensors)
                connection.npu_client.copy_from_host(host_key(metadata.key), index, blocks)
            return landing.finish(targets)

    def discard(self, connection: Connection, keys: Sequence[str]) -> None:
        """See DevicePath."""
        of_process(Offers).retract(keys)

    def rebuild_empty(
        self, metadata: YRTransportMetadata, targets: Sequence[torch.Tensor] | None
    ) -> list[torch.Tensor]:
        """See DevicePath."""
        npu_module()
        return Landing.for_(metadata.specs).finish(targets)

    def _read(
        self,
        connection: Connection,
        metadata: YRTransportMetadata,
        origin: NpuOrigin,
        patience: Patience,
    ) -> Landing | None:
        """Read from NPU to NPU; None where that is not possible, or not in time."""
        index, key = npu_module().current_device(), metadata.key
        if not self._can_read(origin, index):
            return None
        self._sources.check(origin, key, patience)
        landing = Landing.for_(metadata.specs)
        try:
            arrival = connection.npu_client.subscribe(key, index, blocks_of(landing.tensors))
            with landing.kept_until(arrival):
                return landing if _arrives(arrival, origin, key, patience) else None
        except TransferError as error:
            if type(error) is not TransferError:
                raise
            self._unreachable.add((origin.host, origin.npu))
            return None

    def _can_read(self, origin: NpuOrigin, index: int) -> bool:
        refused = (origin.host, origin.npu) in self._unreachable
        alone = bool(origin.actor) and not is_same_npu(origin, index)
        return alone and not refused and not are_late()


def _arrives(arrival: Arrival, origin: NpuOrigin, key: str, patience: Patience) -> bool:
    """Wait for the end; False when it takes so long that another way should be tried."""
    ask_at, inquiry = time.monotonic() + _ASK_AFTER_S, None
    give_up_at = time.monotonic() + patience.seconds * _SHARE_OF_PATIENCE
    while not arrival.wait(_POLL_MS):
        patience.check(key, f"NPU {origin.npu} of {origin.host}")
        # The datasystem waits for a key that was deleted, or whose process died, as for any other.
        if inquiry is not None:
            inquiry.check_and_repeat()
        elif time.monotonic() > ask_at:
            inquiry = Inquiry(origin, key)
        if time.monotonic() > give_up_at:
            return False
    return True


def _in_place(tensor: torch.Tensor) -> torch.Tensor:
    dense = tensor.detach().resolve_conj().resolve_neg()
    if dense.is_contiguous():
        return dense
    # Not contiguous(): torch_npu 2.13 warns there, in the user's name, about internal formats.
    return torch.empty(dense.shape, dtype=dense.dtype, device=dense.device).copy_(dense)


def _is_elsewhere(kept: torch.Tensor, tensor: torch.Tensor) -> bool:
    return kept.data_ptr() != tensor.data_ptr()


def _index_of(tensors: Sequence[torch.Tensor]) -> int:
    indices = sorted({tensor.device.index for tensor in tensors})
    if len(indices) > 1:
        raise MixedDevicesError(
            "all tensors in an RDT object must be on one NPU, but these are on "
            + " and ".join(f"npu:{index}" for index in indices)
        )
    return int(indices[0])


def _known(origin: NpuOrigin | None, key: str) -> NpuOrigin:
    if origin is None:
        raise TransferError(
            f"key {key!r} says nothing of its source's NPU; source and receiver run different "
            "versions of ray-ascend-yr",
            key,
        )
    return origin
