"""A collective group as a clause sees it: its ranks run one function at the same time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from yr_conformance.fair_time import Elapsed, Stopwatch
from yr_conformance.waiting import PATIENCE_S

BACKEND: Final = "HCCL"


@dataclass(frozen=True)
class Outcome:
    """How a rank's part ended: its result, or what its error says, and after how long."""

    result: Any
    error: str
    text: str
    ranks: tuple[int, ...]
    took: Elapsed


class Group:
    """Actors in the order of their ranks; a function gets its rank and the group's name first."""

    def __init__(self, name: str, actors: Sequence[Any]) -> None:
        self.name = name
        self.actors = list(actors)

    def begin(self, function: Callable[..., Any], *arguments: Any) -> list[Any]:
        """Let all ranks run a function at the same time; gives what their outcomes will be in."""
        return [
            actor.apply.remote(attempt, function, rank, self.name, *arguments)
            for rank, actor in enumerate(self.actors)
        ]

    def attempts(self, function: Callable[..., Any], *arguments: Any) -> list[Outcome]:
        """Give how it ended in each of them."""
        import ray

        return list(ray.get(self.begin(function, *arguments), timeout=PATIENCE_S))

    def results(self, function: Callable[..., Any], *arguments: Any) -> list[Any]:
        """Give what it returned in each of them; AssertionError if it raised in one."""
        outcomes = self.attempts(function, *arguments)
        failed = {rank: one.text for rank, one in enumerate(outcomes) if one.error}
        assert not failed, failed
        return [one.result for one in outcomes]

    def check_works(self) -> None:
        """AssertionError unless the ranks can count themselves together."""
        size = len(self.actors)
        assert self.results(count_ranks) == [size] * size


def attempt(function: Callable[..., Any], *arguments: Any) -> Outcome:
    """Run a function in an actor and tell how it ended."""
    watch, result, error = Stopwatch(), None, None
    try:
        result = function(*arguments)
    except Exception as caught:
        error = caught
    name = type(error).__name__ if error else ""
    ranks = tuple(getattr(error, "ranks", ()))
    return Outcome(result, name, str(error or ""), ranks, watch.read())


def count_ranks(_rank: int, group: str) -> int:
    """Add up one from each rank."""
    import torch
    from ray.util import collective

    tensor = torch.ones(1)
    collective.allreduce(tensor, group)
    return int(tensor)
