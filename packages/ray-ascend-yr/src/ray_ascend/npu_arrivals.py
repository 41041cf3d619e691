"""Where the tensors of an object land in the receiver: fresh memory, or the user's own."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass

import torch

from ray_ascend.errors import TransferError
from ray_ascend.metadata import TensorSpec
from ray_ascend.npu_client import Arrival

_lock = threading.Lock()
_unfinished: list[tuple[Arrival, list[torch.Tensor]]] = []
"""Memory that a copy may still write into although nobody waits for it any more."""


@dataclass(frozen=True)
class Landing:
    """`memory` is what the datasystem writes into; `tensors` is what the user gets."""

    memory: list[torch.Tensor]
    tensors: list[torch.Tensor]
    specs: Sequence[TensorSpec]
    fresh: bool

    @classmethod
    def for_(cls, specs: Sequence[TensorSpec], targets: Sequence[torch.Tensor] | None) -> Landing:
        """Allocate on the current NPU what is needed; targets that are contiguous need nothing."""
        _forget_finished()
        if targets is None:
            tensors = [_fresh(spec) for spec in specs]
            return cls(tensors, tensors, specs, fresh=True)
        memory = [
            target.detach() if target.is_contiguous() else _fresh(spec)
            for target, spec in zip(targets, specs, strict=True)
        ]
        return cls(memory, list(targets), specs, fresh=False)

    def finish(self) -> list[torch.Tensor]:
        """Give the user's tensors, all filled."""
        with torch.no_grad():
            for memory, tensor, spec in zip(self.memory, self.tensors, self.specs, strict=True):
                if self.fresh:
                    tensor.requires_grad_(spec.requires_grad)
                elif memory.data_ptr() != tensor.data_ptr():
                    tensor.copy_(memory)
        return self.tensors

    def keep_until(self, arrival: Arrival) -> None:
        """Keep the memory until a copy that was given up has ended."""
        with _lock:
            _unfinished.append((arrival, self.memory))


def _forget_finished() -> None:
    with _lock:
        _unfinished[:] = [one for one in _unfinished if not _has_ended(one[0])]


def _has_ended(arrival: Arrival) -> bool:
    try:
        return arrival.wait(0)
    except TransferError:
        return True


def _fresh(spec: TensorSpec) -> torch.Tensor:
    return torch.empty(spec.shape, dtype=getattr(torch, spec.dtype), device="npu")
