"""torch_npu's `ProcessGroupHCCL`: how it is made, and given up.

By default its watchdog thread ends the whole process as soon as HCCL reports that a peer is lost
(measured on torch_npu 2.13.0). With TORCH_HCCL_BLOCKING_WAIT, which it reads when a group is made,
there is no such thread, and the loss is an error of the operation.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any, Final

from ray_ascend.errors import InstallationError

_BLOCKING_WAIT: Final = "TORCH_HCCL_BLOCKING_WAIT"
_MARGIN_SECONDS: Final = 60
"""torch_npu's own limit comes after this package's, whose message says more."""
_STREAMS: Final = 3
_making: Final = threading.Lock()


def make_process_group(store: Any, rank: int, world_size: int, name: str, limit: float) -> Any:
    """Make the group of one rank; a limit of 0 leaves everything as torch_npu has it.

    Raises InstallationError without torch_npu.
    """
    from torch._C._distributed_c10d import PrefixStore

    try:
        from torch_npu._C._distributed_c10d import ProcessGroupHCCL
    except ImportError as error:
        raise InstallationError(
            f"HCCL groups need torch_npu in every actor: {error}; install the torch_npu that "
            "belongs to this torch"
        ) from error
    options = ProcessGroupHCCL.Options()
    options.global_ranks_in_group = list(range(world_size))
    options.group_id = name
    if not limit:
        return ProcessGroupHCCL(PrefixStore(name, store), rank, world_size, options)
    options._timeout = timedelta(seconds=limit + _MARGIN_SECONDS)  # noqa: SLF001 - no other name
    with _without_watchdog():
        return ProcessGroupHCCL(PrefixStore(name, store), rank, world_size, options)


def current_npu() -> int:
    """Give the NPU that the calling thread works on, as this process calls it."""
    import torch_npu

    return int(torch_npu.npu.current_device())


@contextlib.contextmanager
def given_up_on_error(work: Any) -> Iterator[None]:
    """Take what is under way off its stream when the wait for it fails.

    Only torch_npu's own time-out of a wait does that: after `abort` alone it runs on, and a wait
    for the device would not return (torch_npu 2.13.0).
    """
    try:
        yield
    except RuntimeError:
        with contextlib.suppress(RuntimeError):
            work.wait(timedelta(milliseconds=1))
        raise


def abandon(process_group: Any) -> None:
    """Give the communicator up, and take the failure of its last operation off the streams."""
    import torch_npu

    process_group.abort()
    # A stream reports once what failed on it, HCCL's and those that waited for it: whatever comes
    # next would get that error.
    for _ in range(_STREAMS):
        with contextlib.suppress(RuntimeError):
            torch_npu.npu.synchronize()
            return


@contextlib.contextmanager
def _without_watchdog() -> Iterator[None]:
    with _making:
        before = os.environ.get(_BLOCKING_WAIT)
        os.environ[_BLOCKING_WAIT] = "1"
        try:
            yield
        finally:
            if before is None:
                del os.environ[_BLOCKING_WAIT]
            else:
                os.environ[_BLOCKING_WAIT] = before
