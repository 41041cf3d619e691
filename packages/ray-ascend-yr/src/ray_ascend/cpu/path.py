"""Host tensors, packed into one value of the datasystem's shared memory.

source tensors --copy--> value --publish--> ... --get--> value --copy--> the receiver's tensors
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import torch

from ray_ascend.cpu.packing import layout_of, pack, unpack
from ray_ascend.errors import TransferError
from ray_ascend.objects.metadata import TensorSpec, YRTransportMetadata, describe
from ray_ascend.objects.patience import Patience
from ray_ascend.store.connection import Connection, Retries
from ray_ascend.store.worker_start import REPLACEMENT_S


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

        retries = Retries(time.monotonic() + REPLACEMENT_S)
        while True:
            with retries.attempt() as connection:
                key = new_key()
                with connection.new_value(key, layout.total) as memory:
                    pack(tensors, layout, memory)
                return connection, YRTransportMetadata(specs, "cpu", key, layout.total)

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
        return unpack(None, metadata.specs, layout_of(metadata.specs), targets)


def read_value(
    connection: Connection,
    key: str,
    specs: Sequence[TensorSpec],
    targets: Sequence[torch.Tensor] | None,
) -> list[torch.Tensor]:
    """Copy an object's tensors out of a value, into fresh memory or into targets on any device."""
    layout = layout_of(specs)
    value = connection.read(key)
    if memoryview(value).nbytes != layout.total:
        raise TransferError(
            f"the value of key {key!r} has {memoryview(value).nbytes} bytes instead of "
            f"{layout.total}; source and receiver run different versions of ray-ascend-yr",
            key,
        )
    return unpack(value, specs, layout, targets)
