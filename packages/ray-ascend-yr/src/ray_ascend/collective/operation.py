"""One operation of a group, in one rank: agreed on, begun, and waited for.

    with ends.operation("allreduce", ranks) as operation:
        check what was given        a refusal here is an error of the other ranks too
        operation.agree(plan)       the ranks compare; until now nothing has happened
        operation.finish(begin())   HCCL works; a failure from here on breaks the group

With a limit of 0 nothing is agreed or waited for: operations are queued, as torch's are.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator, Sequence
from typing import Any, Final

from ray_ascend.collective.agreement import Agreement, DisagreementError
from ray_ascend.collective.alarm import Alarm
from ray_ascend.collective.process_group import abandon, given_up_on_error
from ray_ascend.collective.roster import Roster
from ray_ascend.collective.watch import Watch, say_dead
from ray_ascend.errors import CollectiveError, RayAscendError

_END_SECONDS: Final = 10.0
_AGAIN: Final = "destroy the group in every actor and make it again"


class Operation:
    """What a method of the group does while it works on its tensors."""

    def __init__(self, operations: Operations, name: str, ranks: tuple[int, ...]) -> None:
        self._operations = operations
        self._name = name
        self.ranks = ranks
        self.agreed = False

    def agree(self, plan: str) -> None:
        """Wait until all ranks of the operation are there, with the same plan."""
        self._operations.agree(self.ranks, plan)
        self.agreed = True

    def finish(self, work: Any) -> None:
        """Wait for what was begun; only queue it behind the current stream without a limit."""
        self._operations.finish(self.ranks, work)


class Operations:
    """All operations of one rank in one group, and whether the group can still be used."""

    def __init__(self, rank: int, group: str, roster: Roster, store: Any, limit: float) -> None:
        self._rank = rank
        self._group = group
        self._roster = roster
        self._watched = limit > 0
        self._alarm = Alarm(store, rank)
        self._watch = Watch(roster, self._alarm, limit)
        self._agreement = Agreement(store, rank, self._watch)
        self._broken_by = ""
        self._under_way = 0
        self._idle = threading.Condition()

    @contextlib.contextmanager
    def begin(self, name: str, ranks: Sequence[int], process_group: Any) -> Iterator[Operation]:
        """Open an operation; every error of it leaves as one of this package's, with the rank."""
        operation = Operation(self, name, tuple(sorted(ranks)))
        self._refuse_if_broken(name)
        self._count(1)
        try:
            yield operation
        except DisagreementError as error:
            raise CollectiveError(self._say(name, error), error.ranks) from error
        except RuntimeError as error:
            raise self._break(name, ranks, error, process_group) from error
        except RayAscendError as error:
            if self._watched and not operation.agreed:
                self._agreement.refuse(operation.ranks, str(error))
            raise
        finally:
            self._count(-1)

    def agree(self, ranks: tuple[int, ...], plan: str) -> None:
        """Called by an operation."""
        if self._watched:
            self._agreement.reach(ranks, plan)

    def finish(self, ranks: tuple[int, ...], work: Any) -> None:
        """Called by an operation."""
        if self._watched:
            others = [rank for rank in ranks if rank != self._rank]
            with given_up_on_error(work):
                self._watch.wait(
                    work.is_completed,
                    lambda: others,
                    lambda _: "all ranks began it, but HCCL did not end it",
                )
        work.wait()

    def close(self, process_group: Any) -> None:
        """End what is under way, and let go of the communicator."""
        self._watch.give_up("the group was destroyed")
        with self._idle:
            self._idle.wait_for(lambda: not self._under_way, _END_SECONDS)
        # After an abort, `shutdown` never returns (torch_npu 2.13.0).
        if not self._broken_by:
            process_group.shutdown()

    def _count(self, change: int) -> None:
        with self._idle:
            self._under_way += change
            self._idle.notify_all()

    def _refuse_if_broken(self, name: str) -> None:
        if self._broken_by:
            raise CollectiveError(
                f"{name} of rank {self._rank} in the HCCL group {self._group!r} was not begun: "
                f"the group is broken ({self._broken_by}); {_AGAIN}"
            )

    def _break(
        self, name: str, ranks: Sequence[int], error: RuntimeError, process_group: Any
    ) -> CollectiveError:
        """Give up the communicator: what other ranks did of the operation nobody knows."""
        abandon(process_group)
        blamed = getattr(error, "ranks", ())
        cause = str(error).strip() or "HCCL lost a rank"
        if not blamed and (dead := self._roster.dead_soon(r for r in ranks if r != self._rank)):
            blamed, cause = tuple(dead), f"{say_dead(dead)} ({cause})"
        self._broken_by = self._say(name, cause)
        self._alarm.ring(cause, blamed)
        return CollectiveError(f"{self._broken_by}; {_AGAIN}", blamed)

    def _say(self, name: str, cause: object) -> str:
        return f"{name} of rank {self._rank} in the HCCL group {self._group!r} failed: {cause}"
