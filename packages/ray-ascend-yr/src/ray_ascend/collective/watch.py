"""A rank's wait for something that other ranks do: until it is done, too late, or in vain."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from ray_ascend.collective.alarm import Alarm
from ray_ascend.collective.roster import Roster
from ray_ascend.errors import CollectiveError

_FIRST_PAUSE: Final = 0.0001
_LONGEST_PAUSE: Final = 0.005
_ROLL_CALL_SECONDS: Final = 1.0


class Watch:
    """The patience of one group; `give_up` may be called from another thread than waits."""

    def __init__(self, roster: Roster, alarm: Alarm, limit: float) -> None:
        self.limit = limit
        self._roster = roster
        self._alarm = alarm
        self._given_up = ""

    def give_up(self, reason: str) -> None:
        """Let every wait of the group end now, and those that begin later."""
        self._given_up = reason

    def wait(
        self,
        done: Callable[[], bool],
        awaited: Callable[[], Sequence[int]],
        complaint: Callable[[Sequence[int]], str],
    ) -> None:
        """Return when `done()` is true; `awaited` tells the ranks that it depends on.

        Raises CollectiveError when the limit is over, when one of those has died, when a rank's own
        operation failed, or when somebody gave up.
        """
        begin = time.monotonic()
        pause, roll_call = _FIRST_PAUSE, begin + _ROLL_CALL_SECONDS
        while not done():
            now = time.monotonic()
            if self._given_up:
                raise CollectiveError(self._given_up)
            if now > begin + self.limit:
                ranks = tuple(awaited())
                raise CollectiveError(f"{complaint(ranks)} within {self.limit:g} s", ranks)
            if now > roll_call:
                self._call_roll(awaited())
                roll_call = now + _ROLL_CALL_SECONDS
            time.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)

    def _call_roll(self, ranks: Sequence[int]) -> None:
        if heard := self._alarm.heard():
            blamed, cause = heard
            raise CollectiveError(cause, blamed)
        if dead := self._roster.dead(ranks):
            raise CollectiveError(say_dead(dead), tuple(dead))


def say_dead(ranks: Iterable[int]) -> str:
    """Say which ranks have died, for a message."""
    return f"the actor of {say_ranks(ranks)} has died"


def say_ranks(ranks: Iterable[int]) -> str:
    """Name ranks in a message: "rank 2", "ranks 0, 2"."""
    numbers = sorted(ranks)
    return f"rank{'s' if len(numbers) > 1 else ''} {', '.join(map(str, numbers))}"
