"""How ranks make sure, before HCCL is asked, that all of them are there and mean the same.

    rank r, n-th operation of these ranks:
    store["<ranks>/<n>/<r>"] = what it is about to do ──► wait for the others' ──► compare

HCCL itself waits for ranks that do not come, and so it may for ranks that disagree. A rank that
cannot take part says that instead, so that the error is everybody's at once. It costs four calls
to the group's store, 0.1 ms in all on one machine.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterable
from typing import Any, Final

from ray_ascend.collective.watch import Watch, say_ranks
from ray_ascend.errors import CollectiveError

_REFUSAL: Final = "!"


class DisagreementError(CollectiveError):
    """The ranks want different things, or one refused; nothing was begun, the group is intact."""


class Agreement:
    """The agreements of one rank with the others; any thread."""

    def __init__(self, store: Any, rank: int, watch: Watch) -> None:
        self._store = store
        self._rank = rank
        self._watch = watch
        self._turns: Counter[str] = Counter()
        self._lock = threading.Lock()

    def reach(self, ranks: tuple[int, ...], plan: str) -> None:
        """Return when all the ranks have the same plan; called by each of them, once each time.

        Raises DisagreementError, with everybody's plan, when they have not, and CollectiveError
        when one does not come or has died.
        """
        prefix, before = self._next_turn(ranks)
        self._store.set(f"{prefix}{self._rank}", plan)
        self._watch.wait(
            lambda: bool(self._store.check([f"{prefix}{rank}" for rank in ranks])),
            lambda: self._absent(prefix, ranks),
            lambda absent: (
                f"only {len(ranks) - len(absent)} of {len(ranks)} ranks came, and not "
                f"{say_ranks(absent)},"
            ),
        )
        plans = self._store.multi_get([f"{prefix}{rank}" for rank in ranks])
        if before:
            # All have come to this turn, so that all have read what was said in the one before.
            self._store.delete_key(f"{before}{self._rank}")
        _compare(dict(zip(ranks, (plan.decode() for plan in plans), strict=True)))

    def refuse(self, ranks: tuple[int, ...], reason: str) -> None:
        """Let the others know, instead of a plan, why this rank does not take part."""
        prefix, _ = self._next_turn(ranks)
        self._store.set(f"{prefix}{self._rank}", _REFUSAL + reason)

    def _next_turn(self, ranks: tuple[int, ...]) -> tuple[str, str]:
        channel = "-".join(map(str, ranks))
        with self._lock:
            turn = self._turns[channel]
            self._turns[channel] = turn + 1
        return f"{channel}/{turn}/", f"{channel}/{turn - 1}/" if turn else ""

    def _absent(self, prefix: str, ranks: Iterable[int]) -> list[int]:
        return [rank for rank in ranks if not self._store.check([f"{prefix}{rank}"])]


def _compare(plans: dict[int, str]) -> None:
    refusals = {rank: plan[1:] for rank, plan in plans.items() if plan.startswith(_REFUSAL)}
    if refusals:
        reasons = "; ".join(f"rank {rank}: {reason}" for rank, reason in refusals.items())
        raise DisagreementError(f"not every rank can take part. {reasons}", tuple(refusals))
    if len(set(plans.values())) > 1:
        said = "; ".join(f"rank {rank} does {plan}" for rank, plan in plans.items())
        raise DisagreementError(f"the ranks disagree: {said}", tuple(plans))
