"""The order of a run: work after work, and in each of them the contenders one after the other.

warm-up    a b c    one turn each, not counted; who cannot run says why
round 1    a b c
round 2    b c a    so that nobody always comes after the same one
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from bench.contenders import Contender
from bench.results import Results
from bench.works import Work


class Asked(Protocol):
    """What takes turns: a stage."""

    def ask(self, question: Mapping[str, str]) -> dict[str, Any]:
        """Give {"figure": ...} or {"reason": ...}."""
        ...


@dataclass(frozen=True)
class Rounds:
    """How many rounds a work has: fewer with `is_quick`, and never more than `most`."""

    is_quick: bool = False
    most: int = 1000

    def of(self, work: Work) -> int:
        """Say how many; 0 where --quick leaves a work out."""
        return min(self.most, work.quick if self.is_quick else work.rounds)

    def turns(self, works: Iterable[Work], contenders: Sequence[Contender]) -> int:
        """Say how many turns a run has at most, warm-ups included."""
        rounds = [self.of(one) for one in works]
        return len(contenders) * sum(1 + number for number in rounds if number)


@dataclass(frozen=True)
class _Turns:
    """Who answers, where figures and reasons go, and who hears of each turn before it begins."""

    stages: Mapping[str, Asked]
    results: Results
    told: Callable[[str], None]

    def take(self, work: Work, contender: Contender) -> float | None:
        """Let a contender do a work once; None, with the reason in the results, if it cannot."""
        self.told(f"{work.name}: {contender.label}")
        question = {"contender": contender.name, "work": work.name}
        reply = self.stages[contender.stage].ask(question)
        if "figure" not in reply:
            reason = reply.get("reason") or "no answer"
            self.results.reasons[work.name][contender.name] = reason
            return None
        return float(reply["figure"])

    def count(self, work: Work, contender: Contender) -> None:
        """Let it do the work once more, unless it could not before, and keep the figure."""
        if self.results.reason(work.name, contender.name):
            return
        figure = self.take(work, contender)
        if figure is not None:
            self.results.figures[work.name][contender.name].append(figure)

    def leave(self, work: Work, stages: Iterable[str]) -> None:
        """Let stages give back what a work has taken."""
        for stage in stages:
            self.stages[stage].ask({"work": work.name})


def run(
    works: Iterable[Work],
    contenders: Sequence[Contender],
    stages: Mapping[str, Asked],
    results: Results,
    rounds: Rounds,
    told: Callable[[str], None],
) -> None:
    """Let every contender do every work; `told` hears of each turn before it begins."""
    turns = _Turns(stages, results, told)
    for work in works:
        if number := rounds.of(work):
            doing = [one for one in contenders if one.does(work.kind)]
            (_run_alone if work.stall else _run_in_turns)(turns, work, number, doing)
            turns.leave(work, stages)


def _run_in_turns(turns: _Turns, work: Work, rounds: int, contenders: Sequence[Contender]) -> None:
    able = [one for one in contenders if turns.take(work, one) is not None]
    for number in range(rounds):
        first = number % max(1, len(able))
        for one in able[first:] + able[:first]:
            turns.count(work, one)


def _run_alone(turns: _Turns, work: Work, rounds: int, contenders: Sequence[Contender]) -> None:
    """Let each do all its turns and give the memory back: nobody is compared with anybody."""
    for one in contenders:
        turns.take(work, one)
        for _ in range(rounds):
            turns.count(work, one)
        turns.leave(work, [one.stage])
