"""What a receiver asks the source of an object, where the datasystem cannot tell.

    receiver --Ray: copy_to_host(key)--> source --value--> worker --value--> receiver
    receiver --Ray: is_held(key)-------> source, before the first transfer from it and if one takes
                                         long

The datasystem waits for a key whose process died as for any other, and the receiver's client can
receive nothing else meanwhile, for up to 60 s (measured on openyuanrong-datasystem 0.8.1). So a
receiver asks a source that it does not know, and of those that it has asked Ray tells the deaths.

The copy is for two processes on one NPU, between which the datasystem refuses to transfer, for
pairs that cannot connect, and for receivers that want the tensors on the CPU. The calls run in the
source's `_ray_system_error` thread: its `_ray_system` thread may itself be waiting for this
receiver. An actor without a method of a transport, whose objects come from `ray.put`, has neither
thread (Ray 2.55 to 2.60) and answers between its own tasks.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import ray
from ray.exceptions import RayActorError, RayTaskError

from ray_ascend.errors import ObjectLostError, RayAscendError, StoreFullError, TransferError
from ray_ascend.npu import published
from ray_ascend.objects.metadata import NpuOrigin
from ray_ascend.objects.patience import Patience
from ray_ascend.ray_internals import has_transfer_threads, is_known_dead, load_actor_handle
from ray_ascend.store.retries import ROOM_PAUSE_S

_POLL_S = 0.2


def ask_for_host_copy(origin: NpuOrigin, key: str, patience: Patience) -> str:
    """Give the key of the copy when the source has made it; a driver makes it beforehand.

    While the worker has no room for it, asks again. Raises ObjectLostError if the source is gone,
    or the TransferError that it met.
    """
    waiting_for = f"the source on NPU {origin.npu} of {origin.host} to copy it to host"
    while origin.actor:
        answer = _ask(origin, published.copy_to_host, key)
        while not _is_there(answer, patience):
            patience.check(key, waiting_for)
        try:
            return str(_result(answer, key))
        except StoreFullError:
            patience.check_wanted(key)
            if patience.seconds < ROOM_PAUSE_S:
                raise
        time.sleep(ROOM_PAUSE_S)
    return origin.copy


class Acquaintances:
    """The sources that have answered this process; before that, none is received from."""

    def __init__(self) -> None:
        self._met: set[bytes] = set()

    def has_met(self, origin: NpuOrigin) -> bool:
        """Tell whether the source has answered, and has not died since as far as Ray knows."""
        return origin.actor in self._met and not is_known_dead(load_actor_handle(origin.actor))

    def check(self, origin: NpuOrigin, key: str, patience: Patience) -> None:
        """Raise ObjectLostError if the source has died, or is new and says that it is lost.

        A source that can only answer between its own tasks is not waited for.
        """
        source = load_actor_handle(origin.actor)
        if is_known_dead(source):
            raise ObjectLostError(
                f"the source of key {key!r} died, and its NPU's memory with it", key
            )
        if origin.actor in self._met or not has_transfer_threads(source):
            return
        inquiry = Inquiry(origin, key)
        while not inquiry.is_answered(patience):
            patience.check(key, f"the source on NPU {origin.npu} of {origin.host} to answer")
        inquiry.check()
        self._met.add(origin.actor)


class Inquiry:
    """Asks the source, without waiting, whether it lives and still has the object."""

    def __init__(self, origin: NpuOrigin, key: str) -> None:
        self._origin, self._key = origin, key
        self._answer = _ask(origin, published.is_held, key)

    def is_answered(self, patience: Patience) -> bool:
        """Wait a moment for the answer."""
        return _is_there(self._answer, patience)

    def check(self) -> None:
        """Raise ObjectLostError if the source has answered that it is lost."""
        if ray.wait([self._answer], timeout=0)[0] and not _result(self._answer, self._key):
            raise ObjectLostError(
                f"the object with key {self._key!r} has been freed by its source", self._key
            )

    def check_and_repeat(self) -> None:
        """Check, and ask again if there was an answer."""
        if ray.wait([self._answer], timeout=0)[0]:
            self.check()
            self._answer = _ask(self._origin, published.is_held, self._key)


def _ask(origin: NpuOrigin, question: Callable[[str], Any], key: str) -> Any:
    source = load_actor_handle(origin.actor)
    call = source.__ray_call__
    if has_transfer_threads(source):
        call = call.options(concurrency_group="_ray_system_error")
    return call.remote(_answer, question, key)


def _is_there(answer: Any, patience: Patience) -> bool:
    return bool(ray.wait([answer], timeout=min(_POLL_S, patience.seconds))[0])


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
