"""Two ranks of a group, and the communicator that only their transfers use.

The group's own is for what the actors' methods do, in another thread: HCCL does not tell two sends
between the same ranks apart, and each side might begin with another one. A communicator is made
when both are there, and again when a transfer has failed in one: it is named by the transfer that
it was made in, and two ranks that name different ones make a new one.

A transfer has a stream of its own, too: what fails in HCCL fails on the streams that wait for it,
and the default one is also that of the actor's methods.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from ray_ascend.collective.process_group import abandon, make_process_group
from ray_ascend.collective.transfer import Transfer

if TYPE_CHECKING:
    import torch


class Pair:
    """This process's end; any thread, one transfer at a time."""

    def __init__(self, store: Any, rank: int, peer: int, group_name: str, npu: int) -> None:
        self._store = store
        self._end, self._other = int(rank > peer), int(peer > rank)
        self._group_name = group_name
        self._npu = npu
        self._lock = threading.Lock()
        self._communicator: Any = None
        self._name = ""

    def send(self, transfer: Transfer, tensors: Sequence[torch.Tensor]) -> None:
        """Send contiguous tensors; raises CollectiveError."""
        self._move(transfer, lambda made: [made.send([one], self._other, 0) for one in tensors])

    def receive(self, transfer: Transfer, tensors: Sequence[torch.Tensor]) -> None:
        """Receive into contiguous tensors of the same sizes; raises CollectiveError."""
        self._move(transfer, lambda made: [made.recv([one], self._other, 0) for one in tensors])
        transfer.forget()

    def close(self) -> None:
        """Let go of the communicator."""
        if self._communicator is not None:
            self._communicator.shutdown()
        self._communicator, self._name = None, ""

    def _move(self, transfer: Transfer, begin: Callable[[Any], list[Any]]) -> None:
        with self._lock, _on_own_stream(self._npu) as stream:
            try:
                theirs = transfer.meet(self._name)
            except RuntimeError as error:
                raise transfer.explain(error) from error
            try:
                self._agree_on(theirs, transfer)
                transfer.finish(begin(self._communicator))
                stream.synchronize()
            except RuntimeError as error:
                self._abandon()
                explained = transfer.explain(error)
                transfer.ring(str(explained))
                raise explained from error

    def _agree_on(self, theirs: str, transfer: Transfer) -> None:
        if self._name and self._name == theirs:
            return
        self._abandon()
        name = f"{self._group_name}/{transfer.identifier}"
        made = make_process_group(self._store, self._end, 2, name, transfer.limit)
        self._communicator, self._name = made, transfer.identifier

    def _abandon(self) -> None:
        if self._communicator is not None:
            abandon(self._communicator)
        self._communicator, self._name = None, ""


@contextlib.contextmanager
def _on_own_stream(npu: int) -> Iterator[Any]:
    """Work on a stream of the block's own, after all that is queued on the current one."""
    import torch_npu

    with torch_npu.npu.device(npu):
        stream = torch_npu.npu.Stream()
        stream.wait_stream(torch_npu.npu.current_stream())
        with torch_npu.npu.stream(stream):
            yield stream
