"""All transfers of one rank in one group: which are under way, and the pairs that they use.

thread of transfers    send(peer, id, tensors) | receive(peer, id, tensors)
any other              give_up(id)      before it has begun, too
whoever destroys       close()
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

from ray_ascend.collective.pair import Pair
from ray_ascend.collective.roster import Roster
from ray_ascend.collective.transfer import Transfer
from ray_ascend.errors import CollectiveError

if TYPE_CHECKING:
    import torch

_END_SECONDS: Final = 10.0
_REMEMBERED: Final = 256
"""Ray gives up both sides of a transfer, and so one perhaps that has ended already."""


class Transfers:
    """Made by the group; each transfer has an id that both its ranks know it by."""

    def __init__(self, store: Any, rank: int, group_name: str, roster: Roster, npu: int) -> None:
        self._store = store
        self._rank = rank
        self._group_name = group_name
        self._roster = roster
        self.npu = npu
        """The NPU that the group works on, as this process calls it."""
        self._pairs: dict[int, Pair] = {}
        self._under_way: dict[str, Transfer] = {}
        self._given_up: dict[str, str] = {}
        self._closed = ""
        self._change = threading.Condition()

    def send(
        self, peer: int, identifier: str, tensors: Sequence[torch.Tensor], limit: float
    ) -> None:
        """Send contiguous tensors to another rank; returns when they have left.

        Both this and `receive` raise CollectiveError when the other one does not come in `limit`
        seconds, when HCCL takes longer than that, or when one has died or given up.
        """
        with self._transfer("send to", peer, identifier, limit) as transfer:
            self._pair(peer).send(transfer, tensors)

    def receive(
        self, peer: int, identifier: str, tensors: Sequence[torch.Tensor], limit: float
    ) -> None:
        """Receive into contiguous tensors what another rank sends under that id."""
        with self._transfer("receive from", peer, identifier, limit) as transfer:
            self._pair(peer).receive(transfer, tensors)

    def refuse(self, peer: int, identifier: str, reason: str) -> None:
        """Let the other rank know why this one does not take part; it need not wait then."""
        self._new(peer, identifier, 0.0).refuse(reason)

    def give_up(self, identifier: str, reason: str) -> None:
        """End a transfer that is under way, or will begin, with an error that says why."""
        with self._change:
            if transfer := self._under_way.get(identifier):
                transfer.give_up(reason)
            else:
                self._given_up[identifier] = reason
                for oldest in list(self._given_up)[:-_REMEMBERED]:
                    del self._given_up[oldest]

    def close(self) -> None:
        """End what is under way, and let go of the communicators."""
        with self._change:
            self._closed = "the group was destroyed"
            for transfer in self._under_way.values():
                transfer.give_up(self._closed)
            self._change.wait_for(lambda: not self._under_way, _END_SECONDS)
        for pair in self._pairs.values():
            pair.close()

    @contextlib.contextmanager
    def _transfer(self, what: str, peer: int, identifier: str, limit: float) -> Iterator[Transfer]:
        transfer = self._begun(peer, identifier, limit)
        try:
            yield transfer
        except CollectiveError as error:
            raise CollectiveError(
                f"{what} rank {peer} by rank {self._rank} in the HCCL group {self._group_name!r} "
                f"failed: {error}",
                error.ranks,
            ) from error
        finally:
            with self._change:
                self._under_way.pop(identifier, None)
                self._change.notify_all()

    def _new(self, peer: int, identifier: str, limit: float) -> Transfer:
        from torch._C._distributed_c10d import PrefixStore

        store = PrefixStore(f"transfer/{identifier}", self._store)
        return Transfer(store, self._rank, peer, self._roster, identifier, limit)

    def _begun(self, peer: int, identifier: str, limit: float) -> Transfer:
        transfer = self._new(peer, identifier, limit)
        with self._change:
            self._under_way[identifier] = transfer
            if reason := self._given_up.pop(identifier, self._closed):
                transfer.give_up(reason)
        return transfer

    def _pair(self, peer: int) -> Pair:
        with self._change:
            if peer not in self._pairs:
                made = Pair(self._store, self._rank, peer, self._group_name, self.npu)
                self._pairs[peer] = made
            return self._pairs[peer]
