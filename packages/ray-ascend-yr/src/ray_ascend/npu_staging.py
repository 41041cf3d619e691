"""A receiver asks the source for a copy in host memory, where it cannot read the source's NPU.

    receiver --Ray: copy_to_host(key)--> source --mset_d2h--> worker --mget_h2d--> receiver

For two processes on one NPU, between which the datasystem refuses to transfer, and for pairs that
cannot connect. The call runs in the source's `_ray_system_error` thread: its `_ray_system` thread
may itself be waiting for this receiver.
"""

from __future__ import annotations

from typing import Any

import ray
from ray.exceptions import RayActorError, RayTaskError

from ray_ascend.errors import ObjectLostError, RayAscendError, TransferError
from ray_ascend.metadata import NpuOrigin
from ray_ascend.npu_published import copy_to_host
from ray_ascend.patience import Patience

_POLL_S = 0.2


def ask_for_host_copy(origin: NpuOrigin, key: str, patience: Patience) -> None:
    """Return when the source has made the copy; a driver makes it beforehand.

    Raises ObjectLostError if the source is gone, or the TransferError that it met.
    """
    if not origin.actor:
        return
    source: Any = ray.cloudpickle.loads(origin.actor)
    answer = source.__ray_call__.options(concurrency_group="_ray_system_error").remote(
        _copy_in_source, key
    )
    while not ray.wait([answer], timeout=min(_POLL_S, patience.seconds))[0]:
        patience.check(key, f"the source on NPU {origin.npu} of {origin.host} to copy it to host")
    try:
        ray.get(answer)
    except RayTaskError as error:
        if isinstance(error.cause, RayAscendError):
            raise error.cause from error
        raise TransferError(
            f"the source could not copy key {key!r} to host: {error}", key
        ) from error
    except RayActorError as error:
        raise ObjectLostError(
            f"the source of key {key!r} died, and its NPU's memory with it: {error}", key
        ) from error


def _copy_in_source(_actor: Any, key: str) -> None:
    copy_to_host(key)
