"""The panels as a picture, two in a row, as on the dashboard."""

from __future__ import annotations

import math
import pathlib
from collections.abc import Sequence

import matplotlib
from panels import Panel
from prometheus import Series

_WIDTH, _HEIGHT = 7.0, 3.2


def draw(answers: Sequence[tuple[Panel, Sequence[Series]]], path: pathlib.Path) -> None:
    """Write a PNG; time is in seconds from the first point of all."""
    matplotlib.use("Agg")  # draws without a display
    from matplotlib import pyplot

    rows = math.ceil(len(answers) / 2)
    figure, grid = pyplot.subplots(rows, 2, figsize=(2 * _WIDTH, rows * _HEIGHT), squeeze=False)
    times = [when for _, found in answers for one in found for when, _ in one.points]
    first = min(times, default=0.0)
    axes = [axis for row in grid for axis in row]
    for axis, (panel, found) in zip(axes, answers, strict=False):
        axis.set_title(f"{panel.title} ({panel.unit})", fontsize=10)
        for one in found:
            seconds = [when - first for when, _ in one.points]
            axis.plot(seconds, [value for _, value in one.points], label=one.legend)
        axis.legend(fontsize=7)
    for axis in axes[len(answers) :]:
        axis.axis("off")
    figure.tight_layout()
    figure.savefig(path, dpi=90)
