"""Waiting for all work on an NPU, but not for a transfer whose other side hangs.

    device    what any stream of this process has queued: as a rule that is over at once
    streams   torch's own, one after the other, when the device is not done in a second

The datasystem sends and receives on streams of its own. One of them may wait for 60 s for a process
that died or was stopped (measured on openyuanrong-datasystem 0.8.1), and a device with it.
"""

from __future__ import annotations

import threading
from concurrent import futures
from typing import Any

from ray_ascend.npu.identity import npu_module
from ray_ascend.store.process_state import of_process

_GRACE_S = 1.0
_STREAMS_OF_A_POOL = 32
"""Of each priority, in torch_npu 2.13."""
_DRAWS = 16 * _STREAMS_OF_A_POOL
_PRIORITIES = (0, -1)


def wait_for_device(index: int) -> None:
    """Return when all work on this process's NPU `index` is done, or all that torch has queued."""
    if not of_process(_DeviceWaits).end_in_time(index):
        for stream in of_process(_Streams).of_torch(index):
            stream.synchronize()


class _DeviceWaits:
    """Waits for whole NPUs, each in a thread of its own, as they cannot be given up."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._latest: dict[int, futures.Future[None]] = {}

    def end_in_time(self, index: int) -> bool:
        """Tell whether the NPU is done soon; at once no, where it is already waited for."""
        with self._lock:
            if index in self._latest and not self._latest[index].done():
                return False
            wait = self._latest[index] = _begun(index)
        futures.wait([wait], _GRACE_S)
        if not wait.done():
            return False
        wait.result()
        return True


def _begun(index: int) -> futures.Future[None]:
    future = futures.Future[None]()

    def wait() -> None:
        try:
            # A new thread's current NPU is the first one, which this process may not use at all.
            npu_module().set_device(index)
            npu_module().synchronize(index)
        except BaseException as error:  # whoever waits raises it
            future.set_exception(error)
        else:
            future.set_result(None)

    threading.Thread(target=wait, name="ray-ascend-npu-wait", daemon=True).start()
    return future


class _Streams:
    """Torch's own streams of each NPU: it hands them out in turn, to all threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._pools: dict[int, list[Any]] = {}

    def of_torch(self, index: int) -> list[Any]:
        """Give the current stream, the default one, and those of torch's pools."""
        npu = npu_module()
        with self._lock:
            if index not in self._pools:
                self._pools[index] = _pools_of(index)
        return [npu.current_stream(index), npu.default_stream(index), *self._pools[index]]


def _pools_of(index: int) -> list[Any]:
    """Draw streams until all have been drawn, also while other threads draw."""
    found: dict[int, Any] = {}
    for priority in _PRIORITIES:
        wanted, draws = len(found) + _STREAMS_OF_A_POOL, 0
        while len(found) < wanted and draws < _DRAWS:
            stream = npu_module().Stream(index, priority=priority)
            found[stream.npu_stream] = stream
            draws += 1
    return [*found.values()]
