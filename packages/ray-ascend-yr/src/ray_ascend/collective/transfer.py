"""One object on its way between two ranks of a group: they meet, and then HCCL works.

    each of the two:  store["transfer/<id>/<rank>"] = the communicator that it has
                      store["transfer/<id>/came"] += 1 ──► wait for the other ──► HCCL

Whoever gives up counts itself out, so that the other one need not wait for it. All that a transfer
leaves in the store is under its own id: one that fails disturbs none of those after it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import Any, Final

from ray_ascend.collective.alarm import Alarm
from ray_ascend.collective.process_group import given_up_on_error
from ray_ascend.collective.roster import Roster
from ray_ascend.collective.watch import Watch, say_dead
from ray_ascend.errors import CollectiveError

_CAME: Final = "came"
_WHY: Final = "why"
_BOTH: Final = 2
_OUT: Final = 1000


class Transfer:
    """One rank's side of a transfer, for one thread; `give_up` may be called from another."""

    def __init__(
        self, store: Any, rank: int, peer: int, roster: Roster, identifier: str, limit: float
    ) -> None:
        self.identifier = identifier
        self.limit = limit
        self._store = store
        self._rank = rank
        self._peer = peer
        self._roster = roster
        self._alarm = Alarm(store, rank)
        self._watch = Watch(roster, self._alarm, limit)

    def give_up(self, reason: str) -> None:
        """Let the wait that the transfer is in end with an error that says why."""
        self._watch.give_up(reason)

    def refuse(self, reason: str) -> None:
        """Let the other side know why this one does not take part."""
        with contextlib.suppress(RuntimeError):
            self._store.set(_WHY, f"rank {self._rank}: {reason}")
            self._store.add(_CAME, _OUT)

    def meet(self, communicator: str) -> str:
        """Give the name of the other's communicator, once both are there.

        Raises CollectiveError when the other one refuses, has died, or does not come.
        """
        self._store.set(str(self._rank), communicator)
        try:
            self._store.add(_CAME, 1)
            self._watch.wait(
                self._has_met,
                lambda: [self._peer],
                lambda _: f"rank {self._peer} did not come to this transfer",
            )
        except CollectiveError as error:
            self.refuse(str(error))
            # If the other came in this moment it is in HCCL already.
            self.ring(str(error))
            raise
        theirs: bytes = self._store.get(str(self._peer))
        return theirs.decode()

    def finish(self, works: Sequence[Any]) -> None:
        """Wait for what both have begun."""
        with contextlib.ExitStack() as stack:
            for work in works:
                stack.enter_context(given_up_on_error(work))
            self._watch.wait(
                lambda: all(work.is_completed() for work in works),
                lambda: [self._peer],
                lambda _: "both ranks began it, but HCCL did not end it",
            )
        for work in works:
            work.wait()

    def ring(self, cause: str) -> None:
        """Tell the other side that HCCL will not end it."""
        self._alarm.ring(cause, (self._rank,))

    def explain(self, error: RuntimeError) -> CollectiveError:
        """Give the error, with the rank that has died, or taken the group's store away, if any."""
        from torch.distributed import DistNetworkError, DistStoreError

        blamed, cause = getattr(error, "ranks", ()), str(error).strip() or "HCCL lost a rank"
        if not blamed and (dead := self._roster.dead_soon({self._peer, 0} - {self._rank})):
            blamed, cause = tuple(dead), f"{say_dead(dead)} ({cause})"
        elif isinstance(error, DistNetworkError | DistStoreError):
            blamed, cause = (0,), f"rank 0, which keeps the group's store, has left ({cause})"
        return CollectiveError(cause, blamed)

    def forget(self) -> None:
        """Take what the transfer has left in the store away; by the receiver, when it is done."""
        # The object is here, whatever became of rank 0 and its store since.
        with contextlib.suppress(RuntimeError):
            for key in (_CAME, str(self._rank), str(self._peer)):
                self._store.delete_key(key)

    def _has_met(self) -> bool:
        came = self._store.add(_CAME, 0)
        if came >= _OUT:
            raise CollectiveError(self._store.get(_WHY).decode(), (self._peer,))
        return bool(came == _BOTH)
