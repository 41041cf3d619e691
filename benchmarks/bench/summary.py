"""What several turns amount to: a median and a spread, and ratios of medians."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Summary:
    """Figures of one contender and work; the spread is that of the middle half."""

    median: float
    low: float
    high: float
    best: float
    turns: int

    @property
    def spread(self) -> float:
        """Give the middle half's width as a share of the median; 0 for a single turn."""
        return (self.high - self.low) / self.median if self.median else 0.0


def summary(figures: Sequence[float]) -> Summary:
    """Sum up at least one figure; ValueError for none."""
    if not figures:
        raise ValueError("there is nothing to sum up: a contender without a figure has a reason")
    if len(figures) == 1:
        low = high = figures[0]
    else:
        low, _, high = statistics.quantiles(figures, n=4, method="inclusive")
    return Summary(statistics.median(figures), low, high, min(figures), len(figures))


def ratio(one: Summary, other: Summary) -> float:
    """Say how many times the other's median the one's is; infinite where that is 0."""
    return one.median / other.median if other.median else float("inf")


def shown(value: float) -> str:
    """Write a figure with three digits, and with no more decimals than that needs."""
    if value >= 1000:
        return f"{value:,.0f}"
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"
