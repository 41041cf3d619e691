"""When nobody uses the backend any more, and what the coordinator asks of Ray to know it."""

from __future__ import annotations

from typing import Any

import pytest

from ray_ascend import ray_internals
from ray_ascend.backend.users import Users
from ray_ascend.store.actor_names import COORDINATOR

JOB = "01000000"


class Tables:
    """Ray's tables of jobs and actors, and which of them were read."""

    def __init__(self) -> None:
        self.driver_ended = False
        self.rows: dict[str, dict[str, Any]] = {}
        self.read: list[str] = []

    def add(self, actor_id: str, *, name: str = "", detached: bool = True) -> None:
        """Let there be an actor of the job."""
        row = {"ActorID": actor_id, "Name": name, "IsDetached": detached}
        self.rows[actor_id] = {**row, "JobID": JOB, "State": "ALIVE"}

    def jobs(self) -> list[dict[str, Any]]:
        """Give the one job."""
        self.read.append("jobs")
        return [{"JobID": JOB, "IsDead": self.driver_ended}]

    def actors(self) -> list[dict[str, Any]]:
        """Give all actors."""
        self.read.append("actors")
        return list(self.rows.values())

    def actor(self, actor_id: str) -> dict[str, Any] | None:
        """Give one actor."""
        self.read.append(actor_id)
        return self.rows.get(actor_id)


@pytest.fixture
def tables(monkeypatch: pytest.MonkeyPatch) -> Tables:
    """The tables that are read instead of Ray's."""
    tables = Tables()
    for name in ("jobs", "actors", "actor"):
        monkeypatch.setattr(ray_internals, name, getattr(tables, name))
    monkeypatch.setattr(ray_internals, "read_key", lambda *_: None)
    monkeypatch.setattr(ray_internals, "write_key", lambda *_: None)
    return tables


@pytest.fixture
def users(tables: Tables) -> Users:
    """The backend of one job."""
    users = Users("yr-test")
    users.add(JOB)
    return users


def test_while_a_driver_runs_no_actor_is_looked_at(tables: Tables, users: Users) -> None:
    """However many there are."""
    tables.add("a")

    assert not users.are_gone()
    assert tables.read == ["jobs"]


def test_one_detached_actor_is_found_once_and_then_looked_at_alone(
    tables: Tables, users: Users
) -> None:
    """After the driver's end the whole table is read once, and then one row each time."""
    tables.driver_ended = True
    tables.add("a", detached=False)
    tables.add("b")
    assert not users.are_gone()
    tables.read.clear()

    assert not users.are_gone()
    assert tables.read == ["jobs", "b"]


@pytest.mark.parametrize("forgotten", [False, True])
def test_after_its_death_another_one_is_looked_for(
    tables: Tables, users: Users, forgotten: bool
) -> None:
    """Until there is none, whether or not Ray still has the dead one in its table."""
    tables.driver_ended = True
    tables.add("a")
    assert not users.are_gone()
    tables.add("b")

    for dead in ("a", "b"):
        tables.rows[dead]["State"] = "DEAD"
        if forgotten:
            del tables.rows[dead]
        assert users.are_gone() == (dead == "b")


def test_the_backend_s_own_actors_are_no_users(tables: Tables, users: Users) -> None:
    """They are detached, of the first job, and would keep each other alive."""
    tables.driver_ended = True
    tables.add("a", name=COORDINATOR)

    assert users.are_gone()
