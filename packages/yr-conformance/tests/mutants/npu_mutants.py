"""Mutants of how NPU tensors travel: one defect each, noticed by the clauses about streams.

They are tried with NPUs, real or emulated, and need a way to let a stream work late.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence

import torch
from transport_mutants import Mutant, receive_one_after_the_other

from ray_ascend.npu import arrivals, path, reading, streams
from ray_ascend.npu.dense import dense_on
from ray_ascend.npu.identity import npu_module
from ray_ascend.transport import fetch

_WAIT = "wait_for_work"
_KEPT = "_kept_on"
_AT_REST = "at_rest"
_PLACES = "_places_here"
_NPUS = "npus_of"
_ARRIVES = "_arrives"


def wait_for_the_current_stream_only() -> None:
    """The source offers an object when its current stream is done."""
    setattr(path, _WAIT, _wait_for_the_current_stream)


def receive_into_memory_in_use() -> None:
    """The receiver waits for its current stream only before memory is written."""
    for module in (arrivals, streams):
        setattr(module, _WAIT, _wait_for_the_current_stream)


def make_contiguous_before_waiting() -> None:
    """The source copies what is not contiguous before the work on it is done."""
    setattr(path, _KEPT, _copied_at_once)


def write_targets_in_use() -> None:
    """The receiver writes a host object into buffers on an NPU whatever still uses them."""
    setattr(fetch, _AT_REST, _as_they_are)


def use_the_current_npu_only() -> None:
    """The receiver leaves all tensors of an object on its current NPU."""
    setattr(path, _PLACES, lambda _origin: ())


def wait_for_one_npu_only() -> None:
    """The source waits for the NPU on which it gathers an object, and for no other."""
    setattr(path, _NPUS, lambda tensors: [path._fullest_npu(tensors)])


def end_before_the_transfer() -> None:
    """The receiver takes a transfer for ended that has begun."""
    setattr(reading, _ARRIVES, lambda *_: True)


def _copied_at_once(index: int, tensors: Sequence[torch.Tensor]) -> list[torch.Tensor]:
    kept = [dense_on(tensor, index) for tensor in tensors]
    for npu in streams.npus_of(tensors):
        streams.wait_for_work(npu)
    return kept


@contextlib.contextmanager
def _as_they_are(_targets: object) -> Iterator[None]:
    yield


def _wait_for_the_current_stream(index: int) -> None:
    npu_module().current_stream(index).synchronize()


MUTANTS = (
    Mutant(wait_for_the_current_stream_only, ("XFER-STREAM-01", "XFER-STREAM-02")),
    Mutant(receive_into_memory_in_use, ("XFER-STREAM-03", "XFER-STREAM-04")),
    Mutant(make_contiguous_before_waiting, ("XFER-STREAM-02",)),
    Mutant(write_targets_in_use, ("XFER-KIND-07",)),
    Mutant(use_the_current_npu_only, ("XFER-NPUS-01",)),
    Mutant(wait_for_one_npu_only, ("XFER-NPUS-06",)),
    Mutant(end_before_the_transfer, ("XFER-TARGET-01",)),
    # On the fake a source that is stopped keeps nobody waiting.
    Mutant(receive_one_after_the_other, ("COST-WAIT-05",), only_on="real-emulated-npu"),
)
