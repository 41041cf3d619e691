"""The seam between the transport and a kind of device.

    transport --> DevicePath of "cpu": packed into one value of shared memory
                              "npu": read in place by the receiver's NPU

What a receiver needs to know travels in the metadata.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

import torch

from ray_ascend.objects.metadata import YRTransportMetadata
from ray_ascend.objects.patience import Patience
from ray_ascend.store.connection import Connection


class UnderWay(Protocol):
    """A copy that began before its object is waited for; one of these is called, once."""

    def finish(self, patience: Patience) -> list[torch.Tensor] | None:
        """Give the tensors, as `receive` does; None where `receive` should be called instead."""
        ...

    def give_up(self) -> None:
        """Let go of it, in any thread."""
        ...


class DevicePath(Protocol):
    """How the tensors of one kind of device reach the datasystem and come back."""

    def store(
        self, tensors: Sequence[torch.Tensor], new_key: Callable[[], str]
    ) -> tuple[Connection | None, YRTransportMetadata]:
        """Store all tensors under one new key; nothing is stored if there is no byte to store.

        Runs in the source's thread that finished the task. Raises a TransferError, after which
        nothing is left in the datasystem.
        """
        ...

    def begin(
        self, connection: Connection, objects: Sequence[YRTransportMetadata]
    ) -> list[UnderWay | None]:
        """Begin to copy several objects into fresh memory at the same time.

        The first will be waited for first. None stands for one that does not allow it; the list is
        shorter where the others should begin later. Never raises for the sake of one object: it is
        received again when it is waited for, and what is wrong with it is told then.
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
