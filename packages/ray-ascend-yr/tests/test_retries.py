"""Attempts go on while there is hope, and end with the last error."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from ray_ascend.errors import NotInitializedError, StoreFullError, StoreUnavailableError
from ray_ascend.metrics.events import Retried
from ray_ascend.store import retries as tried
from ray_ascend.store.connection import Connection
from ray_ascend.store.endpoint import WorkerEndpoint
from ray_ascend.store.retries import Retries

FULL = StoreFullError("no space in arena", "some-key", "Out of memory")
SILENT = StoreUnavailableError("disconnected", "some-key", "RPC unavailable")
NO_WORKER = [NotInitializedError("the backend is not running"), SILENT]
BEGIN = 100.0


@dataclass
class World:
    """What an attempt sees of the process, on a clock that the test moves."""

    connection: Connection
    found: list[Any] = field(default_factory=list)
    """Workers that the coordinator names in turn, or errors; then the connection's own."""
    now: float = BEGIN
    slept: list[float] = field(default_factory=list)
    patience: list[float] = field(default_factory=list)
    recorded: list[Any] = field(default_factory=list)
    followed: list[WorkerEndpoint] = field(default_factory=list)
    late_s: float = 0.0
    """How much later than it was told the coordinator says that it has none."""
    recording_s: float = 0.0

    def monotonic(self) -> float:
        """Tell the time."""
        return self.now

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        assert seconds > 0
        self.slept.append(seconds)
        self.now += seconds

    def current(self, patience_s: float) -> Connection:
        """Give the connection."""
        self.patience.append(patience_s)
        return self.connection

    def find_worker(self, patience_s: float) -> WorkerEndpoint:
        """Name a worker, or have none in time."""
        self.patience.append(patience_s)
        found = self.found.pop(0) if self.found else self.connection.endpoint
        if isinstance(found, WorkerEndpoint):
            return found
        self.now += patience_s + self.late_s
        raise found

    def follow(self, connection: Connection, found: WorkerEndpoint) -> None:
        """Take note of another worker."""
        assert connection is self.connection
        self.followed.append(found)

    def record(self, event: Any) -> None:
        """Take note of an event."""
        self.recorded.append(event)
        self.now += self.recording_s


def endpoint(port: int) -> WorkerEndpoint:
    """Make the address of a worker."""
    return WorkerEndpoint("some-node", "127.0.0.1", port, "/some/home", 1)


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    """A process whose worker is known."""
    made = World(Connection(endpoint(1), ("job", "node")))
    for name in ("current", "follow", "record"):
        monkeypatch.setattr(tried, name, getattr(made, name))
    monkeypatch.setattr(tried, "time", made)
    monkeypatch.setattr(tried, "discovery", made)
    return made


def attempts(world: World, retries: Retries, *failing: tuple[Exception, float]) -> int:
    """Fail in these ways, which take so long, and then succeed; returns the attempts made."""
    for number in range(len(failing) + 1):
        with retries.attempt() as given:
            assert given is world.connection
            if number < len(failing):
                world.now += failing[number][1]
                raise failing[number][0]
    return number + 1


def test_a_store_waits_for_room(world: World) -> None:
    """What was freed a moment ago may not be there yet; the worker waits by itself, too."""
    assert attempts(world, Retries(BEGIN, room_s=60), *[(FULL, 0.0)] * 3) == 4

    assert world.slept == [0.5] * 3
    assert world.recorded == [Retried("no_room")] * 3


@pytest.mark.parametrize(
    ("room", "takes_s", "made"),
    [((), 0.0, 1), ((0.0,), 0.0, 1), ((1.0,), 0.0, 3), ((1.0,), 0.75, 2)],
)
def test_a_store_that_gets_no_room_is_an_error(
    world: World, room: tuple[float, ...], takes_s: float, made: int
) -> None:
    """At once where nobody waits, or when the time is over."""
    with pytest.raises(StoreFullError, match="no space in arena"):
        attempts(world, Retries(BEGIN + 60, *room), *[(FULL, takes_s)] * 9)

    assert len(world.patience) == made


def test_an_unreachable_worker_is_tried_until_the_deadline(world: World) -> None:
    """And no longer; the error says for how long, and what the last attempt's said."""
    with pytest.raises(StoreUnavailableError, match="disconnected; tried for 5 s, ") as caught:
        attempts(world, Retries(BEGIN + 5), (SILENT, 2.0), (SILENT, 2.95), (SILENT, 0.0))

    assert (caught.value.key, caught.value.status) == ("some-key", "RPC unavailable")
    assert world.slept == [0.05]
    assert world.recorded == [Retried("unreachable")]
    assert world.patience == pytest.approx([5.0, 3.0, 2.95])
    assert world.followed == []


def test_an_attempt_after_the_deadline_waits_for_nothing(world: World) -> None:
    """There is one all the same, in the connection that is there."""
    assert attempts(world, Retries(BEGIN - 2)) == 1

    assert world.patience == [0.0]


def test_another_worker_is_used_when_there_is_one(world: World) -> None:
    """The coordinator is asked after each attempt; for the same worker nothing is done."""
    other = endpoint(2)
    world.found = [world.connection.endpoint, other]

    assert attempts(world, Retries(BEGIN + 5), (SILENT, 0.0), (SILENT, 0.0)) == 3

    assert world.followed == [other]


@pytest.mark.parametrize("error", NO_WORKER, ids=["no backend", "no worker"])
def test_who_has_no_worker_before_the_deadline_is_told(world: World, error: Exception) -> None:
    """Nobody is asked again before the time is over."""
    world.found = [error]
    world.late_s = -5.0

    with pytest.raises(type(error), match=str(error)):
        attempts(world, Retries(BEGIN + 5), (SILENT, 0.0))


@pytest.mark.parametrize("late_s", [0.0, 2.0])
@pytest.mark.parametrize("error", NO_WORKER, ids=["no backend", "no worker"])
def test_who_waited_for_a_worker_until_the_deadline_tries_once_more(
    world: World, error: Exception, late_s: float
) -> None:
    """What that attempt says is the error."""
    world.found, world.late_s = [error], late_s

    with pytest.raises(StoreUnavailableError, match=f"tried for {5 + late_s:.0f} s, while"):
        attempts(world, Retries(BEGIN + 5), (SILENT, 0.0), (SILENT, 0.0))

    assert world.patience == [5.0, 5.0, 0.0]


def test_a_worker_is_not_waited_for_beyond_the_deadline(world: World) -> None:
    """Not even if it passes between the attempt and the question."""
    world.recording_s = 2.0

    assert attempts(world, Retries(BEGIN + 1), (SILENT, 0.5)) == 2

    assert world.patience == [1.0, 0.0, 0.0]
