"""What is to be reached, as ratios of medians of one run, and whether it is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from bench.results import Results
from bench.summary import ratio, shown

_COPY, _MAP = "yr-released", "yr-released-map"


@dataclass(frozen=True)
class Goal:
    """`subject` does `work` in at most `limit` times what `against` takes for `against_work`.

    Without `against` the limit is a figure of the work's own unit.
    """

    work: str
    subject: str
    limit: float
    against: str = ""
    against_work: str = ""

    @property
    def text(self) -> str:
        """Say what is asked for."""
        if not self.against:
            return f"at most {shown(self.limit)} {_unit(self.work)}"
        if self.limit < 1:
            return f"{1 / self.limit:.3g} x faster"
        return "not slower" if self.limit == 1 else f"at most {self.limit:.3g} x its time"


@dataclass(frozen=True)
class Judged:
    """A goal and what was measured; `measured` is None where a figure is missing, and says why."""

    goal: Goal
    measured: float | None
    why_not: str = ""

    @property
    def is_reached(self) -> bool:
        """Tell whether it is; False where it could not be measured."""
        return self.measured is not None and self.measured <= self.goal.limit


def _unit(work: str) -> str:
    return "copies" if "held" in work else "ms"


def _goals() -> Iterator[Goal]:
    actor = "{}, actor to actor".format
    yield Goal(actor("1 element"), _COPY, 1.5, "noop")
    for size in ("64 MiB", "512 MiB"):
        yield Goal(actor(size), _MAP, 1.0, "store-numpy")
        yield Goal(actor(size), _COPY, 1.5, "store-numpy")
    for size, factor in (("64 MiB", 5), ("512 MiB", 8)):
        yield Goal(actor(size), _COPY, 1 / factor, "store-torch")
        yield Goal(actor(size), _COPY, 1 / 2, "gloo")
    for size in ("1,000 x 32 KiB", "9,216 x 32 KiB"):
        yield Goal(actor(size), _COPY, 1.0, "store-numpy")
        for other in ("store-torch", "gloo", "published"):
            yield Goal(actor(size), _COPY, 1 / 5, other)
    yield Goal("512 MiB, put alone", _COPY, 1.3, "copy-warm")
    yield Goal("512 MiB, get alone", _MAP, 2.0)
    yield Goal("512 MiB, held by 8 actors", _MAP, 1.2)
    yield Goal("100 submissions", _COPY, 1.2, "noop")
    for side in ("put", "get"):
        yield Goal(f"2 GiB {side}, longest stall of another thread", _COPY, 50.0)


GOALS: Final = tuple(_goals())


def judged(results: Results) -> list[Judged]:
    """Fill in the table of goals; those of works that were not tried, too."""
    return [_judge(goal, results) for goal in GOALS]


def _judge(goal: Goal, results: Results) -> Judged:
    subject = results.summary(goal.work, goal.subject)
    if subject is None:
        return Judged(goal, None, _why(results, goal.work, goal.subject))
    if not goal.against:
        return Judged(goal, subject.median)
    against = results.summary(goal.against_work or goal.work, goal.against)
    if against is None:
        return Judged(goal, None, _why(results, goal.work, goal.against))
    return Judged(goal, ratio(subject, against))


def _why(results: Results, work: str, contender: str) -> str:
    return f"{contender}: {results.reason(work, contender) or 'not in this run'}"
