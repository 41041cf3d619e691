"""Order between queued work and kernels: devices made current, streams drained.

Copies and collectives are queued on streams and may complete later; kernels run at once, in the
calling thread. A kernel therefore waits for the current stream of its device, and for no other:
work of another stream that nobody waited for stays visible as missing data.
"""

from collections.abc import Callable
from typing import TypeVar

from yr_fake_cann.errors import StreamError
from yr_fake_cann.kernels import internals
from yr_fake_cann.native import last_error, wait_stream

Result = TypeVar("Result")


def current_device() -> int:
    """Return the index of the calling thread's current npu."""
    index: int = internals.current_device()
    return index


def drain(device: int) -> None:
    """Wait for the current stream of a device; raise StreamError if a task on it has failed."""
    status = wait_stream()(internals.current_raw_stream(device))
    if status:
        raise StreamError(device, status, last_error())


def on_device(device: int, call: Callable[[], Result]) -> Result:
    """Call with `device` as the current one, as torch's device guard does around a kernel."""
    before = current_device()  # 0, as with the real runtime, in a thread that has set none
    internals.exchange_device(device)
    try:
        return call()
    finally:
        internals.exchange_device(before)
