"""`HCCLTensorTransport`: Ray's interface of tensor transports, for Ray 2.56 and newer.

    source:   extract: can it travel?     send      garbage_collect: nothing is kept
    owner:    get_communicator_metadata
    receiver:                             receive   abort: from any side, when the other failed

Ray makes one instance a process. It sends, receives and frees in one thread of each actor, so that
an object is freed after it was sent; it aborts in another thread.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from ray.experimental import TensorTransportManager

from ray_ascend.collective.transfers import Transfers
from ray_ascend.errors import CollectiveError, ConfigurationError
from ray_ascend.hccl_transport.communicator import (
    TRANSPORT_NAME,
    HCCLCommunicatorMetadata,
    between,
    groups_of,
)
from ray_ascend.npu.dense import dense_on, empty_on
from ray_ascend.npu.streams import npus_of, wait_for_work
from ray_ascend.objects.metadata import YRTransportMetadata
from ray_ascend.objects.specs import TensorSpec, describe
from ray_ascend.transport.fetch import fetch_patience_s
from ray_ascend.transport.receivers import warn_if_it_may_hang
from ray_ascend.transport.validation import device_type_of


class HCCLTensorTransport(TensorTransportManager):
    """Moves tensors between actors of a group; what Ray is given as the transport's class.

    Its instances are `BetweenActors`: Ray asks them, or their class, about transfers, and this
    class only where somebody wants an object without one.
    """

    def __new__(cls) -> Any:
        """Make the instance that Ray works with."""
        return super().__new__(BetweenActors)

    @staticmethod
    def is_one_sided() -> bool:
        """Refuse `ray.get` and `ray.put`: Ray asks when one of them is called (2.56 to 2.60)."""
        raise ConfigurationError(
            "ray.get and ray.put cannot be used for objects of the transport HCCL, which go from "
            "actor to actor of a collective group only: pass the reference to a method of another "
            'actor, or make it with @ray.method(tensor_transport="YR"), whose objects ray.get can '
            "fetch in drivers and actors",
            "tensor_transport",
        )

    @staticmethod
    def can_abort_transport() -> bool:
        """Tell Ray that it need not kill the actors of a transfer that failed."""
        return True

    def tensor_transport_backend(self) -> str:
        """Name under which Ray knows the transport."""
        return TRANSPORT_NAME

    def actor_has_tensor_transport(self, actor: Any) -> bool:
        """Look for the actor's group, on each `.remote()`, in its thread.

        Raises ConfigurationError when there is none: Ray's own text knows no HCCL.
        """
        if groups_of(actor):
            return True
        raise ConfigurationError(
            f"{actor!r} is in no HCCL group that this process has made: call "
            "ray_ascend.create_collective_group([...]) here, with all actors that exchange "
            "tensors, before methods of the transport HCCL",
            "tensor_transport",
        )

    def extract_tensor_transport_metadata(
        self, obj_id: str, rdt_object: Sequence[torch.Tensor]
    ) -> YRTransportMetadata:
        """Check and describe the tensors, in the source's task thread; nothing is copied."""
        if not rdt_object:
            return YRTransportMetadata(())
        device = device_type_of(rdt_object, ["npu"])
        return YRTransportMetadata(describe(rdt_object), device)

    def get_communicator_metadata(
        self, src_actor: Any, dst_actor: Any, backend: str | None = None
    ) -> HCCLCommunicatorMetadata:
        """Choose the group of a transfer; in the process that passes the reference."""
        for actor in (src_actor, dst_actor):
            warn_if_it_may_hang(actor)
        return between(src_actor, dst_actor)

    def send_multiple_tensors(
        self,
        tensors: Sequence[torch.Tensor],
        tensor_transport_metadata: YRTransportMetadata,
        communicator_metadata: HCCLCommunicatorMetadata,
    ) -> None:
        """Send what the tensors hold now; returns when it has left. Raises CollectiveError."""
        if communicator_metadata.refusal or not any(tensor.numel() for tensor in tensors):
            return
        transfers, limit = _transfers_of(communicator_metadata.group)
        for index in npus_of(tensors):
            wait_for_work(index)
        parts = [_bytes_of(dense_on(tensor, transfers.npu)) for tensor in tensors if tensor.numel()]
        to = communicator_metadata.receiver
        transfers.send(to, communicator_metadata.identifier, parts, limit)

    def recv_multiple_tensors(
        self,
        obj_id: str,
        tensor_transport_metadata: YRTransportMetadata,
        communicator_metadata: HCCLCommunicatorMetadata,
        target_buffers: Sequence[torch.Tensor] | None = None,
    ) -> list[torch.Tensor]:
        """Receive into fresh tensors on the NPU of the group; Ray has no targets for two sides.

        Raises CollectiveError, which Ray gives to the task that waits for the object.
        """
        if communicator_metadata.refusal:
            raise CollectiveError(communicator_metadata.refusal)
        transfers, limit = _transfers_of(communicator_metadata.group)
        source, identifier = communicator_metadata.source, communicator_metadata.identifier
        specs = tensor_transport_metadata.specs
        try:
            tensors = _fresh(specs, transfers.npu)
        except Exception as error:
            # Ray tells the task that waits here, and not the source.
            transfers.refuse(source, identifier, f"it has no memory for the object: {error}")
            raise
        if parts := [_bytes_of(tensor) for tensor in tensors if tensor.numel()]:
            transfers.receive(source, identifier, parts, limit)
        for tensor, spec in zip(tensors, specs, strict=True):
            tensor.requires_grad_(spec.requires_grad)
        return tensors

    def garbage_collect(
        self,
        obj_id: str,
        tensor_transport_meta: YRTransportMetadata | None,
        tensors: Sequence[torch.Tensor] | None = None,
    ) -> None:
        """Do nothing: only Ray has kept the tensors."""

    def abort_transport(self, obj_id: str, communicator_metadata: HCCLCommunicatorMetadata) -> None:
        """End a transfer whose other side failed; the source and the receiver may go on."""
        if not communicator_metadata.refusal:
            transfers, _ = _transfers_of(communicator_metadata.group)
            reason = f"Ray gave the transfer of object {obj_id} up, since its other side failed"
            transfers.give_up(communicator_metadata.identifier, reason)


class BetweenActors(HCCLTensorTransport):
    """The same, as Ray sees it in a transfer."""

    @staticmethod
    def is_one_sided() -> bool:
        """Tell Ray to let the source send."""
        return False


def _transfers_of(group_name: str) -> tuple[Transfers, float]:
    """Give this process's end of the group, and how many seconds a transfer may take."""
    from ray.util import collective

    if not collective.is_group_initialized(group_name):
        raise CollectiveError(
            f"this actor is not in the HCCL group {group_name!r} any more: make the group again "
            "with ray_ascend.create_collective_group"
        )
    transfers: Transfers = collective.get_group_handle(group_name).transfers
    return transfers, fetch_patience_s()


def _fresh(specs: Sequence[TensorSpec], npu: int) -> list[torch.Tensor]:
    return [empty_on(spec, npu) for spec in specs]


def _bytes_of(tensor: torch.Tensor) -> torch.Tensor:
    """View memory as bytes: HCCL moves those of any dtype."""
    return tensor.detach().reshape(-1).view(torch.uint8)
