"""Who the ranks of a group are: the id of each rank's actor, and whether Ray knows it to be dead.

HCCL tells that a peer is lost, not which; Ray knows that of every actor.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any, Final

import ray

from ray_ascend import ray_internals

_DEATH_SECONDS: Final = 3.0
"""How long Ray may take to learn that a process has ended, seen from its peers."""
_POLL_SECONDS: Final = 0.1


class Roster:
    """The actors of a group by rank; made once all ranks have signed in."""

    def __init__(self, store: Any, world_size: int) -> None:
        named = store.multi_get([_key(rank) for rank in range(world_size)])
        self._actors = {rank: actor_id.decode() for rank, actor_id in enumerate(named) if actor_id}

    def dead(self, ranks: Iterable[int]) -> list[int]:
        """Give those of the ranks whose actors have died."""
        return [rank for rank in ranks if rank in self._actors and _is_dead(self._actors[rank])]

    def dead_soon(self, ranks: Iterable[int]) -> list[int]:
        """Give them, after waiting a moment for Ray to learn of it; called after a failure."""
        asked = list(ranks)
        deadline = time.monotonic() + _DEATH_SECONDS
        while not (found := self.dead(asked)) and time.monotonic() < deadline:
            time.sleep(_POLL_SECONDS)
        return found


def sign_in(store: Any, rank: int) -> None:
    """Write down which actor the rank is; before it says that it has come."""
    store.set(_key(rank), ray.get_runtime_context().get_actor_id() or "")


def _key(rank: int) -> str:
    return f"actor/{rank}"


def _is_dead(actor_id: str) -> bool:
    row = ray_internals.actor(actor_id)
    return row is None or row["State"] == "DEAD"
