"""How a rank whose operation failed tells the others, who would wait for it in HCCL."""

from __future__ import annotations

import contextlib
from typing import Any, Final

_BROKEN: Final = "broken"


class Alarm:
    """One rank's bell in the group's store; a store that died with its rank rings none."""

    def __init__(self, store: Any, rank: int) -> None:
        self._store = store
        self._rank = rank

    def ring(self, cause: str, blamed: tuple[int, ...]) -> None:
        """Tell all ranks why the group is broken, and which are to blame, if that is known."""
        ranks = ",".join(map(str, blamed or (self._rank,)))
        with contextlib.suppress(RuntimeError):
            self._store.set(_BROKEN, f"{ranks} rank {self._rank} has failed: {cause}")

    def heard(self) -> tuple[tuple[int, ...], str] | None:
        """Give the ranks that are to blame, and what happened; None while nobody rang."""
        with contextlib.suppress(RuntimeError):
            if self._store.check([_BROKEN]):
                ranks, _, cause = self._store.get(_BROKEN).decode().partition(" ")
                return tuple(map(int, ranks.split(","))), cause
        return None
