"""Clauses that a target fulfils only most of the time, with the measured rate, as data.

    [[unsteady]]
    clause = "KV-GET-07"        # or one proof of it: "XFER-GET-01 cpu"
    failed = 3                  # of so many runs of it
    of = 200
    measured = 2026-11-28
    reason = "what of the target's makes it fail, and where that is"
    source = "where that is known from"
    until = "0.9.0"             # as of a known deviation

A failure of such a clause is its own state. It fails the run all the same when it fails more often
than its rate explains: when a rate that the measurement does not exclude gives so many failures
with a probability of less than 1 %.
"""

from __future__ import annotations

import datetime
import math
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from yr_conformance.deviations import Deviation, DeviationError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

DOUBT: Final = 0.01
_STEPS: Final = 50


@dataclass(frozen=True)
class Unsteady:
    """One clause, or proof, that failed in some of many runs, for a reason that is the target's."""

    deviation: Deviation
    failed: int
    of: int
    measured: datetime.date

    def __post_init__(self) -> None:
        if not 0 < self.failed < self.of:
            raise DeviationError(
                f"{self.deviation.clause}: failed in {self.failed} of {self.of} runs; an unsteady "
                "clause fails in some and not in all"
            )

    @property
    def rate(self) -> str:
        """What reports say of it."""
        return f"failed in {self.failed} of {self.of} runs, {self.measured:%Y-%m}"

    def explains(self, failed: int, of: int) -> bool:
        """Tell whether so many failures in so many runs are no more than was measured."""
        return at_least(failed, of, self._highest_rate()) >= DOUBT

    def _highest_rate(self) -> float:
        """Give the highest rate that the measurement leaves possible (Clopper and Pearson)."""
        low, high = self.failed / self.of, 1.0
        for _ in range(_STEPS):
            middle = (low + high) / 2
            at_most = 1.0 - at_least(self.failed + 1, self.of, middle)
            low, high = (middle, high) if at_most > DOUBT else (low, middle)
        return high


def at_least(failed: int, of: int, rate: float) -> float:
    """Give the probability of so many failures or more in so many runs at that rate."""
    fewer = (
        math.comb(of, number) * rate**number * (1.0 - rate) ** (of - number)
        for number in range(failed)
    )
    return max(0.0, 1.0 - math.fsum(fewer))


def parse(text: str) -> Mapping[str, Unsteady]:
    """Read unsteady clauses from a target's TOML, by clause or proof; DeviationError if wrong."""
    found: dict[str, Unsteady] = {}
    for row in tomllib.loads(text).get("unsteady", []):
        unsteady = _of(dict(row))
        name = unsteady.deviation.clause
        if name in found:
            raise DeviationError(f"{name}: listed twice")
        found[name] = unsteady
    return found


def _of(row: dict[str, object]) -> Unsteady:
    own = {name: row.pop(name, None) for name in ("failed", "of", "measured")}
    try:
        return Unsteady(Deviation(**row), **own)  # type: ignore[arg-type]  # checked by use
    except TypeError as error:
        raise DeviationError(f"{row.get('clause', 'an unsteady clause')}: {error}") from error
