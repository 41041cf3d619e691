"""Fixtures of the chapter HCCL: four of the session's actors are the ranks of all groups.

An actor costs seconds, a group tenths of them: so each test makes its groups, of shared actors.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any, Protocol

import pytest

from yr_conformance.groups.group import BACKEND, Group, Outcome
from yr_conformance.results import NOTICE_PROPERTY

WORLDS = (2, 3, 4)

Notice = Callable[[str, dict[int, Outcome]], None]


class NewGroup(Protocol):
    """Makes a group of actors, in the order of their ranks; it is destroyed after the test."""

    def __call__(self, actors: list[Any], *, name: str | None = None, **options: Any) -> Group:
        """Make it; options are those of `ray_ascend.create_collective_group`."""
        ...


@pytest.fixture(params=WORLDS)
def world(request: pytest.FixtureRequest) -> int:
    """The number of ranks."""
    return int(request.param)


@pytest.fixture
def ranks(sender: Any, receiver: Any, third: Any, threaded_peer: Any) -> list[Any]:
    """Four shared actors with an NPU each."""
    return [sender, receiver, third, threaded_peer]


@pytest.fixture
def new_group() -> Iterator[NewGroup]:
    """Make groups by the call of the package."""
    from ray.experimental.collective import destroy_collective_group

    from ray_ascend import create_collective_group

    made: list[Any] = []

    def new(actors: list[Any], *, name: str | None = None, **options: Any) -> Group:
        made.append(create_collective_group(actors, BACKEND, name, **options))
        return Group(made[-1].name, actors)

    yield new
    for handle in made:
        # A clause may have destroyed it itself.
        with contextlib.suppress(ValueError):
            destroy_collective_group(handle)


@pytest.fixture
def group(new_group: NewGroup, ranks: list[Any]) -> Group:
    """A group of the first three."""
    return new_group(ranks[:3])


@pytest.fixture
def hccl_group(new_group: NewGroup, ranks: list[Any]) -> Group:
    """A group of the first three, whose actors may exchange tensors over HCCL."""
    from ray_ascend import register_hccl_tensor_transport

    register_hccl_tensor_transport()
    return new_group(ranks[:3])


@pytest.fixture
def notice(request: pytest.FixtureRequest) -> Notice:
    """Put what ranks have noticed, and after how long, into the table of the report."""

    def put(what: str, outcomes: dict[int, Outcome]) -> None:
        for rank, one in outcomes.items():
            row = f"| {what} | {rank} | {one.error or 'none'} | {one.took.real_s:.1f} s |"
            request.node.user_properties.append((NOTICE_PROPERTY, row))

    return put
