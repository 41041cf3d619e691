"""Attempts go on while there is hope, and end with the last error."""

from __future__ import annotations

import time
from typing import Any

import pytest

from ray_ascend.errors import StoreFullError
from ray_ascend.store import retries as tried
from ray_ascend.store.retries import Retries

FULL = StoreFullError("no space in arena", "some-key")


@pytest.fixture(autouse=True)
def _connected(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process whose worker is known."""
    monkeypatch.setattr(tried, "current", lambda _patience_s: "the connection")
    monkeypatch.setattr(tried, "ROOM_PAUSE_S", 0.01)


def attempts(retries: Retries, full: int) -> list[Any]:
    """Store something in a worker that has no room so many times."""
    made: list[Any] = []
    while True:
        with retries.attempt() as given:
            made.append(given)
            if len(made) <= full:
                raise FULL
            return made


def test_a_store_waits_for_room() -> None:
    """What was freed a moment ago may not be there yet."""
    assert len(attempts(Retries(time.monotonic() + 60, room_s=60), full=3)) == 4


@pytest.mark.parametrize("room_s", [0.0, 0.05])
def test_a_store_that_gets_no_room_is_an_error(room_s: float) -> None:
    """At once where nobody waits, or when the time is over."""
    with pytest.raises(StoreFullError, match="no space in arena"):
        attempts(Retries(time.monotonic() + 60, room_s), full=1_000_000)
