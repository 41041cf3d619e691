"""Key watch: from the keys that an actor created to the proof that they are gone.

journal in the actor --note()--> keys --exist() by a client of the test's own--> there / gone
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from yr_conformance.transfer.call_journal import (
    created_and_stored_keys,
    created_keys,
    start_journal,
)
from yr_conformance.transfer.key_space import KeySpace
from yr_conformance.waiting import PATIENCE_S, wait_until


class KeyWatch:
    """The keys of one test, in the key space of its device."""

    def __init__(self, space: KeySpace) -> None:
        self._space = space
        self._noted: list[str] = []

    def start(self, actor: Any) -> None:
        """Begin to note the keys that an actor creates."""
        import ray

        ray.get(actor.apply.remote(start_journal))

    def start_here(self) -> None:
        """Begin to note the keys that the test process creates."""
        start_journal()

    def note(self, actor: Any) -> list[str]:
        """Return the keys created by the actor since the last note; they are watched from now."""
        import ray

        return self._noted_now(ray.get(actor.apply.remote(created_keys)))

    def exist_of(self, actor: Any) -> list[str]:
        """Note the actor's keys and check that there are some and all that were stored exist."""
        import ray

        return self._all_exist(*ray.get(actor.apply.remote(created_and_stored_keys)))

    def exist_here(self) -> list[str]:
        """Note the test process's keys and check that there are some and all stored ones exist."""
        return self._all_exist(*created_and_stored_keys())

    def existing(self, keys: Sequence[str] | None = None) -> list[str]:
        """Return those of the keys (default: of all noted) that exist now."""
        asked = list(self._noted if keys is None else keys)
        if not asked:
            return []
        found = self._space.exist(asked)
        return [key for key, there in zip(asked, found, strict=True) if there]

    def vanish(self, keys: Sequence[str] | None = None, seconds: float = PATIENCE_S) -> None:
        """Wait until none of the keys (default: all noted, at least one) exists any more."""
        asked = list(self._noted if keys is None else keys)
        assert asked, "no key was noted, so none can have gone"
        wait_until(lambda: not self.existing(asked), f"the keys are gone: {asked[:3]}...", seconds)

    def _noted_now(self, keys: list[str]) -> list[str]:
        self._noted += keys
        return keys

    def _all_exist(self, created: list[str], stored: list[str]) -> list[str]:
        self._noted_now(created)
        assert stored, "the actor stored no key"
        assert self.existing(stored) == stored
        return stored
