"""Tensors on NPUs: offered in place by the source, read by the receiver's NPU, nothing between.

    source --dev_mset: addresses--> worker <--dev_subscribe-- receiver
       NPU memory ==================HCCS=================> NPU memory

A pair that cannot do that, and a receiver that wants the tensors on the CPU, goes through host
memory: on demand (`source`) the source packs a value there, as `cpu` does. The tensors are not
copied when the task returns: what the source writes into them before a receiver has read them, it
receives.

The memory under a key is one NPU's. So tensors on several are gathered on one by the source, and
scattered by the receiver.
"""

from __future__ import annotations

import contextlib
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeGuard

import torch

from ray_ascend.cpu.path import read_value
from ray_ascend.errors import TransferError, UnsupportedDeviceError
from ray_ascend.npu.arrivals import Landing, are_late
from ray_ascend.npu.dense import dense_on
from ray_ascend.npu.identity import is_same_npu, npu_module, origin_of
from ray_ascend.npu.published import Offers, Published, blocks_of
from ray_ascend.npu.reading import Reading
from ray_ascend.npu.refusals import Refusals
from ray_ascend.npu.source import Acquaintances, ask_for_host_copy
from ray_ascend.npu.streams import npus_of, wait_for_work
from ray_ascend.objects.device_path import UnderWay
from ray_ascend.objects.metadata import NpuOrigin, YRTransportMetadata
from ray_ascend.objects.patience import Patience
from ray_ascend.objects.specs import describe
from ray_ascend.store.connection import Connection
from ray_ascend.store.npu_keys import npu_key
from ray_ascend.store.process_state import of_process
from ray_ascend.store.retries import ROOM_PATIENCE_S, Retries
from ray_ascend.store.worker_start import REPLACEMENT_S

_ON_THE_CPU = (
    "to receive the object here on the CPU, call ray.experimental.set_target_device_for_ref("
    "reference, 'cpu') before ray.get (Ray 2.58 and newer)"
)


class NpuPath:
    """One key for each object, whatever the number of tensors: a list of NPU memory blocks."""

    def __init__(self) -> None:
        self._refusals = Refusals()
        self._sources = Acquaintances()

    def store(
        self, tensors: Sequence[torch.Tensor], new_key: Callable[[], str]
    ) -> tuple[Connection | None, YRTransportMetadata]:
        """See DevicePath; returns when all work on the tensors' NPUs is done."""
        specs, index = describe(tensors), _fullest_npu(tensors)
        kept = _kept_on(index, tensors)
        total = sum(size for _, size in blocks_of(kept))
        if not total:
            return None, YRTransportMetadata(specs, "npu")
        origin = origin_of(index)._replace(places=_places(tensors))

        retries = Retries(time.monotonic() + REPLACEMENT_S, ROOM_PATIENCE_S)
        while True:
            with retries.attempt() as connection:
                published = Published(connection, npu_key(new_key()), index, kept)
                of_process(Offers).offer(published, with_host_copy=not origin.actor)
                origin = origin._replace(copy=published.copy)
                metadata = YRTransportMetadata(specs, "npu", published.key, total, origin)
                return published.connection, metadata

    def begin(
        self, connection: Connection, objects: Sequence[YRTransportMetadata]
    ) -> list[UnderWay | None]:
        """See DevicePath; what comes from NPUs of sources that this process knows."""
        origins = {at: one.origin for at, one in enumerate(objects) if self._is_known(one.origin)}
        begun: list[UnderWay | None] = [None] * len(objects)
        landings = Landing.for_all([objects[at].specs for at in origins])
        with contextlib.suppress(TransferError):
            for (at, origin), landing in zip(origins.items(), landings, strict=True):
                reading = Reading.begin(connection, objects[at], origin, landing)
                begun[at] = _UnderWay(self, reading)
        return begun

    def receive(
        self,
        connection: Connection,
        metadata: YRTransportMetadata,
        targets: Sequence[torch.Tensor] | None,
        patience: Patience,
    ) -> list[torch.Tensor]:
        """See DevicePath; without targets, the tensors come to the NPU that is current.

        Or, if they were on several, each to the one that it was on, where there are as many.
        """
        origin = _known(metadata.origin, metadata.key)
        if targets is not None and any(target.device.type != "npu" for target in targets):
            return _through_host(connection, metadata, origin, targets, patience)
        index = _fullest_npu(targets) if targets else _own_npu()
        with npu_module().device(index):
            landing = self._read(connection, metadata, origin, patience)
            if landing is None:
                (landing,) = Landing.for_all([metadata.specs])
                _through_host(connection, metadata, origin, landing.tensors, patience)
            return landing.finish(targets, _places_here(origin))

    def discard(self, connection: Connection, keys: Sequence[str]) -> None:
        """See DevicePath."""
        of_process(Offers).retract(keys)

    def rebuild_empty(
        self, metadata: YRTransportMetadata, targets: Sequence[torch.Tensor] | None
    ) -> list[torch.Tensor]:
        """See DevicePath."""
        if targets is not None:
            return list(targets)
        index = _own_npu()
        with npu_module().device(index):
            (landing,) = Landing.for_all([metadata.specs])
            return landing.finish(None)

    def _read(
        self,
        connection: Connection,
        metadata: YRTransportMetadata,
        origin: NpuOrigin,
        patience: Patience,
    ) -> Landing | None:
        """Read from NPU to NPU; None where that is not possible, or not in time."""
        if not self._can_read(origin):
            return None
        self._sources.check(origin, metadata.key, patience)
        (landing,) = Landing.for_all([metadata.specs])
        try:
            reading = Reading.begin(connection, metadata, origin, landing)
        except TransferError as error:
            self._refuse(origin, error)
            return None
        return self.landed(reading, patience)

    def landed(self, reading: Reading, patience: Patience) -> Landing | None:
        """Wait for what was begun; None where it turns out to be impossible, or is too late."""
        try:
            landing = reading.finish(patience)
        except TransferError as error:
            self._refuse(reading.origin, error)
            return None
        if landing is not None:
            self._refusals.forget(reading.origin)
        return landing

    def _refuse(self, origin: NpuOrigin, error: TransferError) -> None:
        if type(error) is not TransferError:
            raise error
        self._refusals.note(origin, error)

    def _can_read(self, origin: NpuOrigin) -> bool:
        alone = bool(origin.actor) and not is_same_npu(origin, npu_module().current_device())
        return alone and not self._refusals.hold(origin) and not are_late()

    def _is_known(self, origin: NpuOrigin | None) -> TypeGuard[NpuOrigin]:
        if origin is None or origin.places:
            # What has places is copied once more here: one after the other takes less memory.
            return False
        return self._can_read(origin) and self._sources.has_met(origin)


@dataclass(frozen=True)
class _UnderWay:
    """See UnderWay."""

    path: NpuPath
    reading: Reading

    def finish(self, patience: Patience) -> list[torch.Tensor] | None:
        """See UnderWay; in the thread that began it."""
        with npu_module().device(self.reading.index):
            landing = self.path.landed(self.reading, patience)
            places = _places_here(self.reading.origin)
            return None if landing is None else landing.finish(None, places)

    def give_up(self) -> None:
        """See UnderWay."""
        self.reading.give_up()


def _through_host(
    connection: Connection,
    metadata: YRTransportMetadata,
    origin: NpuOrigin,
    targets: Sequence[torch.Tensor],
    patience: Patience,
) -> list[torch.Tensor]:
    """Fill tensors on any device from the source's copy in host memory."""
    copy = ask_for_host_copy(origin, metadata.key, patience)
    return read_value(connection, copy, metadata.specs, targets)


def _kept_on(index: int, tensors: Sequence[torch.Tensor]) -> list[torch.Tensor]:
    """Give contiguous tensors on one NPU: the source's own memory where that is possible."""
    npus = npus_of(tensors)
    for npu in npus:
        wait_for_work(npu)
    with npu_module().device(index):
        kept = [dense_on(tensor, index) for tensor in tensors]
    if any(map(_is_elsewhere, kept, tensors)):
        for npu in npus:
            npu_module().current_stream(npu).synchronize()
    return kept


def _is_elsewhere(kept: torch.Tensor, tensor: torch.Tensor) -> bool:
    return (kept.device, kept.data_ptr()) != (tensor.device, tensor.data_ptr())


def _fullest_npu(tensors: Sequence[torch.Tensor]) -> int:
    """Give the NPU that most of the bytes are on."""
    held = Counter[int]()
    for tensor in tensors:
        held[tensor.device.index] += tensor.nbytes
    return max(sorted(held), key=held.__getitem__)


def _places(tensors: Sequence[torch.Tensor]) -> tuple[int, ...]:
    several = len(npus_of(tensors)) > 1
    return tuple(tensor.device.index for tensor in tensors) if several else ()


def _places_here(origin: NpuOrigin) -> tuple[int, ...]:
    """Give the NPU of each tensor, if the source had them on several and there are as many here."""
    enough = max(origin.places, default=0) < npu_module().device_count()
    return origin.places if enough else ()


def _own_npu() -> int:
    try:
        return int(npu_module().current_device())
    except UnsupportedDeviceError as error:
        raise UnsupportedDeviceError(f"{error}; {_ON_THE_CPU}") from error


def _known(origin: NpuOrigin | None, key: str) -> NpuOrigin:
    if origin is None:
        raise TransferError(
            f"key {key!r} says nothing of its source's NPU; source and receiver run different "
            "versions of ray-ascend-yr",
            key,
        )
    return origin
