"""What must be done on an NPU before others read its memory, or it is written into.

    source      all work on the NPU, then the object is offered
    receiver    all work on the NPU, then memory is written: fresh memory and targets may still be
                in use by what was queued before

Of the stream that a tensor was written on, nothing is known; so all of them are waited for, as by
Ray's NIXL transport, unless the user names one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ray_ascend.errors import ConfigurationError
from ray_ascend.npu.device_wait import wait_for_device
from ray_ascend.npu.identity import npu_module
from ray_ascend.store.process_state import of_process

if TYPE_CHECKING:
    import torch


class _Chosen:
    """The stream that the user has named, if any."""

    stream: Any = None


def set_yr_npu_stream(stream: Any) -> None:
    """Wait only for this stream, a `torch.npu.Stream`, before objects are offered or received.

    Called in an actor or a driver, for all transfers of this process from now on that are about its
    NPU; None waits for all streams again. Whoever names one promises that nothing queued on others
    still writes a tensor that is returned, or uses one that is a target. An idle stream says that
    the user has waited. With a collective in flight that cannot end before the transfer does, one
    must be named: waiting for all would wait for that. Raises ConfigurationError for anything else.
    """
    if stream is not None and not isinstance(stream, npu_module().Stream):
        raise ConfigurationError(
            f"set_yr_npu_stream takes a torch.npu.Stream or None, not {stream!r}", "stream"
        )
    of_process(_Chosen).stream = stream


def wait_for_work(index: int) -> None:
    """Return when what matters of the work on the process's NPU `index` is done: see the call."""
    stream = of_process(_Chosen).stream
    if stream is None or stream.device.index != index:
        wait_for_device(index)
    else:
        stream.synchronize()


def npus_of(tensors: Sequence[torch.Tensor]) -> list[int]:
    """Give the indices of the NPUs that some of the tensors are on, in this process."""
    return sorted({tensor.device.index for tensor in tensors if tensor.device.type == "npu"})


@contextmanager
def at_rest(tensors: Sequence[torch.Tensor]) -> Iterator[None]:
    """Let the block write tensors, some on NPUs perhaps, when nothing uses them any more.

    What the block has queued on current streams is done afterwards, also after an error.
    """
    npus = npus_of(tensors)
    for index in npus:
        wait_for_work(index)
        # Fresh memory is ordered on the current stream.
        npu_module().current_stream(index).synchronize()
    try:
        yield
    finally:
        for index in npus:
            npu_module().current_stream(index).synchronize()
