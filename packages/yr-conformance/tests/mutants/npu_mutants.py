"""Mutants of how NPU tensors travel: one defect each, noticed by the clauses about streams.

They are tried with NPUs, real or emulated, and need a way to let a stream work late.
"""

from __future__ import annotations

from collections.abc import Callable

from transport_mutants import Mutant

from ray_ascend.npu import arrivals, path
from ray_ascend.npu.identity import npu_module


def wait_for_the_current_stream_only() -> None:
    """The source offers an object when its current stream is done."""
    path.wait_for_work = _wait_for_the_current_stream


def receive_into_memory_in_use() -> None:
    """The receiver waits for its current stream only before memory is written."""
    arrivals.wait_for_work = _wait_for_the_current_stream


def make_contiguous_before_waiting() -> None:
    """The source copies what is not contiguous before the work on it is done."""
    wait, in_place = path.wait_for_work, path._in_place
    waits: list[Callable[[], None]] = []

    def later(index: int) -> None:
        waits.append(lambda: wait(index))

    def copied_at_once(tensor: object) -> object:
        copied = in_place(tensor)  # type: ignore[arg-type]  # passed on
        while waits:
            waits.pop()()
        return copied

    path.wait_for_work = later
    path._in_place = copied_at_once  # type: ignore[assignment]  # of the same arguments


def _wait_for_the_current_stream(index: int) -> None:
    npu_module().current_stream(index).synchronize()


MUTANTS = (
    Mutant(wait_for_the_current_stream_only, ("XFER-STREAM-01", "XFER-STREAM-02")),
    Mutant(receive_into_memory_in_use, ("XFER-STREAM-03", "XFER-STREAM-04")),
    Mutant(make_contiguous_before_waiting, ("XFER-STREAM-02",)),
)
