"""Mutants of how NPU tensors travel: one defect each, noticed by the clauses about streams.

They are tried with NPUs, real or emulated, and need a way to let a stream work late.
"""

from __future__ import annotations

import torch
from transport_mutants import Mutant

from ray_ascend.npu import arrivals, path
from ray_ascend.npu.identity import npu_module

_WAIT = "wait_for_work"


def wait_for_the_current_stream_only() -> None:
    """The source offers an object when its current stream is done."""
    setattr(path, _WAIT, _wait_for_the_current_stream)


def receive_into_memory_in_use() -> None:
    """The receiver waits for its current stream only before memory is written."""
    setattr(arrivals, _WAIT, _wait_for_the_current_stream)


def make_contiguous_before_waiting() -> None:
    """The source copies what is not contiguous before the work on it is done."""
    wait, in_place = getattr(path, _WAIT), path._in_place
    waits: list[int] = []

    def copied_at_once(tensor: torch.Tensor) -> torch.Tensor:
        copied = in_place(tensor)
        while waits:
            wait(waits.pop())
        return copied

    setattr(path, _WAIT, waits.append)
    path._in_place = copied_at_once


def _wait_for_the_current_stream(index: int) -> None:
    npu_module().current_stream(index).synchronize()


MUTANTS = (
    Mutant(wait_for_the_current_stream_only, ("XFER-STREAM-01", "XFER-STREAM-02")),
    Mutant(receive_into_memory_in_use, ("XFER-STREAM-03", "XFER-STREAM-04")),
    Mutant(make_contiguous_before_waiting, ("XFER-STREAM-02",)),
)
