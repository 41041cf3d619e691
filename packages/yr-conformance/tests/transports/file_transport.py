"""A transport that copies tensors through files, and its adapter: the example of the docs."""

from __future__ import annotations

import dataclasses
import os
import pathlib
from typing import Any

import torch
from ray.experimental import register_tensor_transport
from ray.experimental.rdt.tensor_transport_manager import (
    CommunicatorMetadata,
    TensorTransportManager,
    TensorTransportMetadata,
)

NAME = "FILES"
_registered: list[str] = []


@dataclasses.dataclass
class FileMetadata(TensorTransportMetadata):
    """Where the tensors of an object are."""

    path: str = ""


class FileTransport(TensorTransportManager):
    """Stores an object in a file, from which each receiver reads it."""

    def tensor_transport_backend(self) -> str:
        """Name it."""
        return NAME

    @staticmethod
    def is_one_sided() -> bool:
        """Receivers come by themselves."""
        return True

    @staticmethod
    def can_abort_transport() -> bool:
        """A receiver that gives up harms nobody."""
        return True

    def actor_has_tensor_transport(self, actor: Any) -> bool:
        """Every actor can read files."""
        return True

    def extract_tensor_transport_metadata(self, obj_id: str, rdt_object: list[Any]) -> FileMetadata:
        """Store an object when its task has returned it; it may have no tensors."""
        _check(rdt_object)
        path = pathlib.Path(os.environ["RAY_TMPDIR"]) / f"{obj_id}.pt"
        torch.save([_copy_of(tensor) for tensor in rdt_object], path)
        kinds = [(tensor.shape, tensor.dtype) for tensor in rdt_object]
        return FileMetadata(kinds, rdt_object[0].device.type if rdt_object else None, str(path))

    def get_communicator_metadata(
        self, src_actor: Any, dst_actor: Any, backend: str | None = None
    ) -> CommunicatorMetadata:
        """Say nothing: there is no connection."""
        return CommunicatorMetadata()

    def recv_multiple_tensors(
        self,
        obj_id: str,
        tensor_transport_metadata: Any,
        communicator_metadata: Any,
        target_buffers: list[Any] | None = None,
    ) -> list[Any]:
        """Read an object, into the tensors that the user prepared if there are any."""
        received: list[Any] = torch.load(tensor_transport_metadata.path)
        if not target_buffers:
            return received
        return [target.copy_(one) for target, one in zip(target_buffers, received, strict=True)]

    def send_multiple_tensors(self, *arguments: Any) -> None:
        """Never called, since receivers come by themselves."""
        raise NotImplementedError(NAME)

    def garbage_collect(self, obj_id: str, tensor_transport_meta: Any, tensors: list[Any]) -> None:
        """Remove the file."""
        pathlib.Path(tensor_transport_meta.path).unlink(missing_ok=True)

    def abort_transport(self, obj_id: str, communicator_metadata: Any) -> None:
        """Do nothing: reading ends by itself."""


def _check(tensors: list[torch.Tensor]) -> None:
    """Refuse what a receiver would not get as it was, before anything is stored."""
    odd = [one for one in tensors if one.layout is not torch.strided or one.is_nested]
    odd += [one for one in tensors if one.is_quantized or one.is_meta]
    if odd or len({one.device for one in tensors}) > 1:
        raise ValueError(
            f"{NAME} takes strided tensors of one device, no nested, no quantised ones"
        )


def _copy_of(tensor: torch.Tensor) -> torch.Tensor:
    """Copy it, so that tensors that share memory are independent at the receiver."""
    return tensor.detach().clone().requires_grad_(tensor.requires_grad)


def register(devices: list[str]) -> None:
    """Register the transport, once in each process."""
    if not _registered:
        _registered.append(NAME)
        register_tensor_transport(NAME, ["cpu"], FileTransport, torch.Tensor)


def cleanup() -> None:
    """Do nothing: Ray's directory goes with its files."""
