"""A tensor transport that moves nothing: what Ray itself spends on an object, Ray's floor."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from ray.experimental import (
    CommunicatorMetadata,
    TensorTransportManager,
    TensorTransportMetadata,
    register_tensor_transport,
)

NAME = "NOOP"


class NoOpTransport(TensorTransportManager):
    """Answers every question of Ray's at once; receivers get memory that nobody has written."""

    def tensor_transport_backend(self) -> str:
        """Name under which Ray knows it."""
        return NAME

    @staticmethod
    def is_one_sided() -> bool:
        """As the transport under test."""
        return True

    @staticmethod
    def can_abort_transport() -> bool:
        """As the transport under test."""
        return True

    def actor_has_tensor_transport(self, actor: Any) -> bool:
        """Answer without asking the actor."""
        return True

    def extract_tensor_transport_metadata(
        self, obj_id: str, rdt_object: Sequence[torch.Tensor]
    ) -> TensorTransportMetadata:
        """Describe the tensors in the form that Ray reads."""
        meta = [(tensor.shape, tensor.dtype) for tensor in rdt_object]
        return TensorTransportMetadata(meta, "cpu" if meta else None)

    def get_communicator_metadata(
        self, src_actor: Any, dst_actor: Any, backend: str | None = None
    ) -> CommunicatorMetadata:
        """Nothing needs to be agreed."""
        return CommunicatorMetadata()

    def recv_multiple_tensors(
        self,
        obj_id: str,
        tensor_transport_metadata: TensorTransportMetadata,
        communicator_metadata: CommunicatorMetadata,
        target_buffers: Sequence[torch.Tensor] | None = None,
    ) -> list[torch.Tensor]:
        """Give memory of the right shapes."""
        if target_buffers is not None:
            return list(target_buffers)
        return [torch.empty(shape, dtype=t) for shape, t in tensor_transport_metadata.tensor_meta]

    def send_multiple_tensors(
        self,
        tensors: Sequence[torch.Tensor],
        tensor_transport_metadata: TensorTransportMetadata,
        communicator_metadata: CommunicatorMetadata,
    ) -> None:
        """Never called for a one-sided transport."""

    def garbage_collect(
        self,
        obj_id: str,
        tensor_transport_meta: TensorTransportMetadata,
        tensors: Sequence[torch.Tensor] | None = None,
    ) -> None:
        """There is nothing to free."""

    def abort_transport(self, obj_id: str, communicator_metadata: CommunicatorMetadata) -> None:
        """There is nothing under way."""


def register() -> None:
    """Make the transport known in this process; once."""
    register_tensor_transport(NAME, ["cpu"], NoOpTransport, torch.Tensor)
