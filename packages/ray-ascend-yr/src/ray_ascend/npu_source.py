"""What a receiver asks the source of an object, where the datasystem cannot tell.

    receiver --Ray: copy_to_host(key)--> source --mset_d2h--> worker --mget_h2d--> receiver
    receiver --Ray: is_held(key)-------> source, if a transfer takes long

The copy is for two processes on one NPU, between which the datasystem refuses to transfer, and for
pairs that cannot connect. The calls run in the source's `_ray_system_error` thread: its
`_ray_system` thread may itself be waiting for this receiver. An actor without a method of a
transport, whose objects come from `ray.put`, has neither thread (Ray 2.55 to 2.60) and answers
between its own tasks.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ray
from ray.exceptions import RayActorError, RayTaskError

from ray_ascend import npu_published
from ray_ascend.errors import ObjectLostError, RayAscendError, TransferError
from ray_ascend.metadata import NpuOrigin
from ray_ascend.patience import Patience

_POLL_S = 0.2


def ask_for_host_copy(origin: NpuOrigin, key: str, patience: Patience) -> None:
    """Return when the source has made the copy; a driver makes it beforehand.

    Raises ObjectLostError if the source is gone, or the TransferError that it met.
    """
    if not origin.actor:
        return
    answer = _ask(origin, npu_published.copy_to_host, key)
    while not ray.wait([answer], timeout=min(_POLL_S, patience.seconds))[0]:
        patience.check(key, f"the source on NPU {origin.npu} of {origin.host} to copy it to host")
    _result(answer, key)


class Inquiry:
    """Asks the source, without waiting, whether it lives and still has the object."""

    def __init__(self, origin: NpuOrigin, key: str) -> None:
        self._origin, self._key = origin, key
        self._answer = _ask(origin, npu_published.is_held, key)

    def check(self) -> None:
        """Raise ObjectLostError if the source has answered that it is lost; else ask again."""
        if not ray.wait([self._answer], timeout=0)[0]:
            return
        if not _result(self._answer, self._key):
            raise ObjectLostError(
                f"the object with key {self._key!r} has been freed by its source", self._key
            )
        self._answer = _ask(self._origin, npu_published.is_held, self._key)


def _ask(origin: NpuOrigin, question: Callable[[str], Any], key: str) -> Any:
    source: Any = ray.cloudpickle.loads(origin.actor)
    call = source.__ray_call__
    if source._ray_enable_tensor_transport:  # noqa: SLF001 - Ray tells it nowhere else
        call = call.options(concurrency_group="_ray_system_error")
    return call.remote(_answer, question, key)


def _answer(_actor: Any, question: Callable[[str], Any], key: str) -> Any:
    return question(key)


def _result(answer: Any, key: str) -> Any:
    try:
        return ray.get(answer)
    except RayTaskError as error:
        if isinstance(error.cause, RayAscendError):
            raise error.cause from error
        raise TransferError(f"the source of key {key!r} could not answer: {error}", key) from error
    except RayActorError as error:
        raise ObjectLostError(
            f"the source of key {key!r} died, and its NPU's memory with it: {error}", key
        ) from error
