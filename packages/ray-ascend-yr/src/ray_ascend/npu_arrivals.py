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
    """The tensors that the datasystem writes into, and that the user gets."""

    tensors: list[torch.Tensor]
    specs: Sequence[TensorSpec]
    fresh: bool

    @classmethod
    def for_(cls, specs: Sequence[TensorSpec], targets: Sequence[torch.Tensor] | None) -> Landing:
        """Take the targets, of which Ray has seen to it that they are contiguous, or allocate."""
        _forget_finished()
        if targets is not None:
            return cls(list(targets), specs, fresh=False)
        return cls([_fresh(spec) for spec in specs], specs, fresh=True)

    def finish(self) -> list[torch.Tensor]:
        """Give the tensors, all filled."""
        if self.fresh:
            for tensor, spec in zip(self.tensors, self.specs, strict=True):
                tensor.requires_grad_(spec.requires_grad)
        return self.tensors

    def keep_until(self, arrival: Arrival) -> None:
        """Keep the memory until a copy that was given up has ended."""
        with _lock:
            _unfinished.append((arrival, self.tensors))


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
