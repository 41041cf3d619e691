"""What this process offers to others in place: NPU memory under datasystem keys.

Any thread may use it. The tensors of an object are kept here until its key is deleted.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import torch

from ray_ascend.client_cache import has_ended
from ray_ascend.connection import Connection, with_retries
from ray_ascend.errors import (
    ObjectLostError,
    StoreFullError,
    StoreUnavailableError,
    TransferError,
)
from ray_ascend.npu_client import Block
from ray_ascend.npu_identity import npu_module
from ray_ascend.npu_keys import host_key

_OFFER_PATIENCE_S = 5.0
ROOM_PAUSE_S = 0.5
"""Between attempts to store a copy in host memory while that is full."""


def blocks_of(tensors: Sequence[torch.Tensor]) -> list[Block]:
    """Addresses and sizes of contiguous tensors, without the empty ones."""
    return [(tensor.data_ptr(), tensor.nbytes) for tensor in tensors if tensor.nbytes]


@dataclass
class Published:
    """One object: its key, its memory, and whether a copy of it lies in host memory."""

    connection: Connection
    key: str
    device: int
    tensors: Sequence[torch.Tensor]
    copied: bool = False
    withdrawn: bool = False
    # Reentrant: a reference dropped inside a locked section may free the object at once.
    lock: threading.RLock = field(default_factory=threading.RLock)

    def publish(self) -> None:
        """Offer the memory to others; after any failure the supervisor may have to delete it."""
        self.connection.own(self.key)
        with npu_module().device(self.device):
            self.connection.npu_client.publish(self.key, self.device, blocks_of(self.tensors))

    def copy_to_host(self) -> None:
        """Store a copy in the worker's memory, once."""
        with self.lock, npu_module().device(self.device):
            if self.copied:
                return
            key = host_key(self.key)
            self.connection.own(key)
            self.connection.npu_client.copy_to_host(key, self.device, blocks_of(self.tensors))
            self.copied = True

    def offer_again(self) -> None:
        """Publish anew, under the same key, if the worker was restarted and knows it no more."""

        def attempt(connection: Connection) -> None:
            self.connection, self.copied = connection, False
            self.publish()

        with self.lock:
            if not self.withdrawn and not self._is_known():
                with_retries(attempt, time.monotonic() + _OFFER_PATIENCE_S)

    def _is_known(self) -> bool:
        try:
            return self.connection.npu_client.is_published(self.key)
        except StoreUnavailableError:
            return False

    def withdraw(self) -> bool:
        """Delete the key and the copy, for good; False if that must be tried again."""
        with self.lock:
            self.withdrawn = True
        if self.copied:
            self.connection.discard([host_key(self.key)])
        try:
            return not self.connection.npu_client.withdraw([self.key])
        except StoreUnavailableError:
            # With its worker, the key is gone.
            return has_ended(self.connection.endpoint)
        except TransferError:
            # All keys failed: somebody is reading.
            return not self.connection.npu_client.is_published(self.key)


_lock = threading.Lock()
_published: dict[str, Published] = {}
_withdrawn: set[str] = set()


def offer(published: Published, host_copy_until: float | None) -> None:
    """Publish an object, and a copy in host memory if asked to; keep its tensors.

    For the copy it waits until there is room, at most until then (monotonic seconds). After an
    error nothing is published.
    """
    with _lock:
        _published[published.key] = published
    try:
        published.publish()
        if host_copy_until is not None:
            _copy_when_there_is_room(published, host_copy_until)
    except BaseException:
        retract([published.key])
        raise


def retract(keys: Sequence[str]) -> None:
    """Delete objects, and those that could not be deleted before; never raises a TransferError.

    A key that is just being read stays, with its tensors, until the next occasion.
    """
    with _lock:
        _withdrawn.update(keys)
        waiting = [_published[name] for name in _withdrawn if name in _published]
    gone = [one for one in waiting if one.withdraw()]
    for one in gone:
        one.connection.disown(one.key)
    with _lock:
        for one in gone:
            _withdrawn.discard(one.key)
            _published.pop(one.key, None)


def copy_to_host(key: str) -> None:
    """Make a host copy of an object of this process; ObjectLostError if it has been freed."""
    with _lock:
        published = _published.get(key)
    if published is None:
        raise ObjectLostError(f"the object with key {key!r} has been freed by its source", key)
    published.offer_again()
    published.copy_to_host()


def is_held(key: str) -> bool:
    """Tell whether this process has an object of that key, which is then on offer (again)."""
    with _lock:
        published = None if key in _withdrawn else _published.get(key)
    if published is None:
        return False
    published.offer_again()
    return True


def _copy_when_there_is_room(published: Published, deadline: float) -> None:
    while True:
        try:
            return published.copy_to_host()
        except StoreFullError:
            if time.monotonic() + ROOM_PAUSE_S > deadline:
                raise
        time.sleep(ROOM_PAUSE_S)
