"""What this process offers to others in place: NPU memory under datasystem keys.

Any thread may use it. The tensors of an object are kept here until its key is deleted.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import torch

from ray_ascend.cpu.packing import layout_of, pack
from ray_ascend.errors import (
    ObjectLostError,
    StoreUnavailableError,
    TransferError,
)
from ray_ascend.npu.identity import npu_module
from ray_ascend.objects.specs import describe
from ray_ascend.store.clients import has_ended
from ray_ascend.store.connection import Connection
from ray_ascend.store.npu_client import Block
from ray_ascend.store.npu_keys import new_host_key
from ray_ascend.store.process_state import of_process
from ray_ascend.store.retries import Retries

_OFFER_PATIENCE_S = 5.0


def blocks_of(tensors: Sequence[torch.Tensor]) -> list[Block]:
    """Addresses and sizes of contiguous tensors, without the empty ones."""
    return [(tensor.data_ptr(), tensor.nbytes) for tensor in tensors if tensor.nbytes]


@dataclass
class Published:
    """One object: its key, its memory, and the key of its copy in host memory if there is one."""

    connection: Connection
    key: str
    device: int
    tensors: Sequence[torch.Tensor]
    copy: str = ""
    withdrawn: bool = False
    gone: bool = False
    # Reentrant: a reference dropped inside a locked section may free the object at once.
    lock: threading.RLock = field(default_factory=threading.RLock)

    def publish(self) -> None:
        """Offer the memory to others; after any failure the supervisor may have to delete it."""
        self.connection.own(self.key)
        with npu_module().device(self.device):
            self.connection.npu_client.publish(self.key, self.device, blocks_of(self.tensors))

    def copy_to_host(self) -> str:
        """Store a copy in the worker's memory, packed as CPU tensors are, once; gives its key.

        ObjectLostError if the object has been deleted meanwhile.
        """
        with self.lock, npu_module().device(self.device):
            if self.gone:
                raise _freed(self.key)
            if not self.copy:
                key, layout = new_host_key(self.key), layout_of(describe(self.tensors))
                with self.connection.new_value(key, layout.total) as memory:
                    pack(self.tensors, layout, memory)
                self.copy = key
            return self.copy

    def offer_again(self) -> None:
        """Publish anew, under the same key, if the worker was restarted and knows it no more."""
        with self.lock:
            if not self.withdrawn and not self._is_known():
                self._publish_elsewhere(Retries(time.monotonic() + _OFFER_PATIENCE_S))

    def _publish_elsewhere(self, retries: Retries) -> None:
        while True:
            with retries.attempt() as connection:
                self._discard_copy()
                self.connection = connection
                self.publish()
                return

    def _is_known(self) -> bool:
        try:
            return self.connection.npu_client.is_published(self.key)
        except StoreUnavailableError:
            return False

    def withdraw(self) -> bool:
        """Delete the key and the copy, for good; False if that must be tried again."""
        with self.lock:
            self.withdrawn = True
        gone = self._withdraw()
        with self.lock:
            self.gone = gone
            if gone:
                self._discard_copy()
        return gone

    def _discard_copy(self) -> None:
        if self.copy:
            self.connection.discard([self.copy])
        self.copy = ""

    def _withdraw(self) -> bool:
        try:
            return not self.connection.npu_client.withdraw([self.key])
        except StoreUnavailableError:
            # With its worker, the key is gone.
            return has_ended(self.connection.endpoint)
        except TransferError:
            # All keys failed: somebody is reading.
            return not self.connection.npu_client.is_published(self.key)


class Offers:
    """The objects of this process, and those that still have to be deleted."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._published: dict[str, Published] = {}
        self._withdrawn: set[str] = set()
        self._in_hand: set[str] = set()

    def offer(self, published: Published, with_host_copy: bool) -> None:
        """Publish an object, and a copy in host memory if asked to; keep its tensors.

        After an error, a StoreFullError of the copy for example, nothing is published.
        """
        with self._lock:
            self._published[published.key] = published
        try:
            published.publish()
            if with_host_copy:
                published.copy_to_host()
        except BaseException:
            self.retract([published.key])
            raise

    def retract(self, keys: Sequence[str]) -> None:
        """Delete objects, and those that could not be deleted before; never raises a TransferError.

        A key that is just being read stays, with its tensors, until the next occasion.
        """
        waiting = self._take_in_hand(keys)
        gone: list[Published] = []
        try:
            gone = [one for one in waiting if one.withdraw()]
        finally:
            self._put_down(waiting, gone)

    def _take_in_hand(self, keys: Sequence[str]) -> list[Published]:
        """Give what is to be deleted, less what another thread is deleting."""
        with self._lock:
            self._withdrawn.update(keys)
            free = [key for key in self._withdrawn - self._in_hand if key in self._published]
            self._in_hand.update(free)
            return [self._published[key] for key in free]

    def _put_down(self, waiting: Sequence[Published], gone: Sequence[Published]) -> None:
        for one in gone:
            one.connection.disown(one.key)
        with self._lock:
            self._in_hand.difference_update(one.key for one in waiting)
            for one in gone:
                self._withdrawn.discard(one.key)
                self._published.pop(one.key, None)

    def find(self, key: str) -> Published | None:
        """Give an object of this process, also one that has been freed and is still being read."""
        with self._lock:
            return self._published.get(key)

    def held(self, key: str) -> Published | None:
        """Give an object of this process that has not been freed."""
        with self._lock:
            return None if key in self._withdrawn else self._published.get(key)


def copy_to_host(key: str) -> str:
    """Make a host copy of an object of this process, and give the copy's key.

    ObjectLostError if the object has been freed.
    """
    published = of_process(Offers).find(key)
    if published is None:
        raise _freed(key)
    published.offer_again()
    return published.copy_to_host()


def is_held(key: str) -> bool:
    """Tell whether this process has an object of that key, which is then on offer (again)."""
    published = of_process(Offers).held(key)
    if published is None:
        return False
    published.offer_again()
    return True


def _freed(key: str) -> ObjectLostError:
    return ObjectLostError(f"the object with key {key!r} has been freed by its source", key)
