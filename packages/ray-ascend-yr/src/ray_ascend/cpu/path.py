"""Host tensors, packed into one value of the datasystem's shared memory.

source tensors --copy--> value --publish--> ... --get--> value --copy--> the receiver's tensors
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

import torch

from ray_ascend.cpu.packing import layout_of, pack, unpack
from ray_ascend.cpu.receiving import received
from ray_ascend.errors import TransferError
from ray_ascend.objects.device_path import UnderWay
from ray_ascend.objects.metadata import YRTransportMetadata
from ray_ascend.objects.patience import Patience
from ray_ascend.objects.specs import Specs, describe
from ray_ascend.store.client import READ_BATCH
from ray_ascend.store.connection import Connection
from ray_ascend.store.retries import ROOM_PATIENCE_S, Retries
from ray_ascend.store.worker_start import REPLACEMENT_S

_BYTES_AT_ONCE = 256 << 20
"""One call holds the GIL and must be over within the request time-out, from other nodes too."""


class CpuPath:
    """One create, one publish, one get, one delete for each object; see DevicePath."""

    def store(
        self, tensors: Sequence[torch.Tensor], new_key: Callable[[], str]
    ) -> tuple[Connection | None, YRTransportMetadata]:
        """See DevicePath."""
        specs = describe(tensors)
        layout = layout_of(specs)
        if not layout.total:
            return None, YRTransportMetadata(specs, "cpu")

        retries = Retries(time.monotonic() + REPLACEMENT_S, ROOM_PATIENCE_S)
        while True:
            with retries.attempt() as connection:
                key = new_key()
                with connection.new_value(key, layout.total) as memory:
                    pack(tensors, layout, memory)
                return connection, YRTransportMetadata(specs, "cpu", key, layout.total)

    def begin(
        self, connection: Connection, objects: Sequence[YRTransportMetadata]
    ) -> list[UnderWay | None]:
        """See DevicePath; one call of the SDK for as many as may be held at a time."""
        first = objects[: _how_many(objects)]
        try:
            values = connection.read_all([one.key for one in first])
        except TransferError:
            return [None] * len(objects)
        return [
            None if value is None else _Arrived(_tensors_of(connection, value, one.key, one.specs))
            for value, one in zip(values, first, strict=True)
        ]

    def receive(
        self,
        connection: Connection,
        metadata: YRTransportMetadata,
        targets: Sequence[torch.Tensor] | None,
        patience: Patience,
    ) -> list[torch.Tensor]:
        """See DevicePath; one call of the SDK, which is short."""
        return read_value(connection, metadata.key, metadata.specs, targets)

    def discard(self, connection: Connection, keys: Sequence[str]) -> None:
        """See DevicePath."""
        connection.discard(keys)

    def rebuild_empty(
        self, metadata: YRTransportMetadata, targets: Sequence[torch.Tensor] | None
    ) -> list[torch.Tensor]:
        """See DevicePath."""
        return unpack(None, layout_of(metadata.specs), targets)


def _how_many(objects: Sequence[YRTransportMetadata]) -> int:
    totals = accumulate(one.total for one in objects[:READ_BATCH])
    return max(1, sum(total <= _BYTES_AT_ONCE for total in totals))


@dataclass(frozen=True)
class _Arrived:
    """What was received at once: a value that is copied is held no longer; see UnderWay."""

    tensors: list[torch.Tensor]

    def finish(self, patience: Patience) -> list[torch.Tensor]:
        """See UnderWay."""
        return self.tensors

    def give_up(self) -> None:
        """See UnderWay."""


def read_value(
    connection: Connection,
    key: str,
    specs: Specs,
    targets: Sequence[torch.Tensor] | None,
) -> list[torch.Tensor]:
    """Give an object's tensors out of a value, in host memory, or in targets on any device."""
    return _tensors_of(connection, connection.read(key), key, specs, targets)


def _tensors_of(
    connection: Connection,
    value: Any,
    key: str,
    specs: Specs,
    targets: Sequence[torch.Tensor] | None = None,
) -> list[torch.Tensor]:
    layout = layout_of(specs)
    if memoryview(value).nbytes != layout.total:
        raise TransferError(
            f"the value of key {key!r} has {memoryview(value).nbytes} bytes instead of "
            f"{layout.total}; source and receiver run different versions of ray-ascend-yr",
            key,
        )
    if targets is not None:
        return unpack(value, layout, targets)
    return received(value, layout, connection.endpoint.pid)
