"""How the tensors of one kind of device reach the datasystem and come back.

    transport --> device_path.of("cpu") --> CpuPath: packed into one value of shared memory
                              "npu"     --> NpuPath: read in place by the receiver's NPU

What a receiver needs to know travels in the metadata.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Protocol

import torch

from ray_ascend.connection import Connection, with_retries
from ray_ascend.errors import TransferError, UnsupportedDeviceError
from ray_ascend.metadata import YRTransportMetadata
from ray_ascend.packing import describe, layout_of, pack, unpack
from ray_ascend.patience import REPLACEMENT_S, Patience


class DevicePath(Protocol):
    """The seam between the transport and a kind of device."""

    def store(
        self, tensors: Sequence[torch.Tensor], new_key: Callable[[], str]
    ) -> tuple[Connection | None, YRTransportMetadata]:
        """Store all tensors under one new key; nothing is stored if there is no byte to store.

        Runs in the source's thread that finished the task. Raises a TransferError, after which
        nothing is left in the datasystem.
        """
        ...

    def receive(
        self,
        connection: Connection,
        metadata: YRTransportMetadata,
        targets: Sequence[torch.Tensor] | None,
        patience: Patience,
    ) -> list[torch.Tensor]:
        """Copy the object's tensors into fresh memory, or into `targets`.

        Runs in the thread that waits for them. Raises a TransferError, in time.
        """
        ...

    def discard(self, connection: Connection, keys: Sequence[str]) -> None:
        """Delete keys that `store` made, in the source; at the next occasion if not now."""
        ...

    def rebuild_empty(
        self, metadata: YRTransportMetadata, targets: Sequence[torch.Tensor] | None
    ) -> list[torch.Tensor]:
        """Make the tensors of an object that has no byte."""
        ...


class CpuPath:
    """Host tensors, packed into one value: one create, one publish, one get, one delete."""

    def store(
        self, tensors: Sequence[torch.Tensor], new_key: Callable[[], str]
    ) -> tuple[Connection | None, YRTransportMetadata]:
        """See DevicePath."""
        specs = describe(tensors)
        layout = layout_of(specs)
        if not layout.total:
            return None, YRTransportMetadata(specs, "cpu")

        def attempt(connection: Connection) -> tuple[Connection, str]:
            key = new_key()
            connection.publish(key, layout.total, lambda memory: pack(tensors, layout, memory))
            return connection, key

        connection, key = with_retries(attempt, time.monotonic() + REPLACEMENT_S)
        return connection, YRTransportMetadata(specs, "cpu", key, layout.total)

    def receive(
        self,
        connection: Connection,
        metadata: YRTransportMetadata,
        targets: Sequence[torch.Tensor] | None,
        patience: Patience,
    ) -> list[torch.Tensor]:
        """See DevicePath; one call of the SDK, which is short."""
        layout = layout_of(metadata.specs)
        value = connection.read(metadata.key)
        if memoryview(value).nbytes != layout.total:
            raise TransferError(
                f"the value of key {metadata.key!r} has {memoryview(value).nbytes} bytes instead "
                f"of {layout.total}; source and receiver run different versions of ray-ascend-yr",
                metadata.key,
            )
        return unpack(value, metadata.specs, layout, targets)

    def discard(self, connection: Connection, keys: Sequence[str]) -> None:
        """See DevicePath."""
        connection.discard(keys)

    def rebuild_empty(
        self, metadata: YRTransportMetadata, targets: Sequence[torch.Tensor] | None
    ) -> list[torch.Tensor]:
        """See DevicePath."""
        return unpack(None, metadata.specs, layout_of(metadata.specs), targets)


def of(device_type: str) -> DevicePath:
    """Choose the path for a torch device type; UnsupportedDeviceError if there is none."""
    if device_type == "cpu":
        return _CPU
    if device_type == "npu":
        from ray_ascend.npu_path import NPU

        return NPU
    raise UnsupportedDeviceError(
        f"tensors on device type {device_type!r} cannot be transferred by this version of "
        "ray-ascend-yr, only those on: cpu, npu; move them with .cpu()"
    )


_CPU = CpuPath()
