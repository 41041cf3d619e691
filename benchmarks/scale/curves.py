"""How figures grow: the exponent of the nearest power law, and a drawing with logarithmic axes."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence

Points = Sequence[tuple[float, float]]

_WIDTH, _HEIGHT, _MARGIN = 560, 320, 48
_COLOURS = ("#1f77b4", "#d62728", "#2ca02c", "#9467bd")


def exponent(points: Points) -> float:
    """Give b of y = a * x**b, fitted to the logarithms: 0 stays, 1 is in proportion."""
    logs = [(math.log(x), math.log(y)) for x, y in points]
    return statistics.linear_regression(*zip(*logs, strict=True)).slope


def drawing(title: str, curves: Mapping[str, Points]) -> str:
    """Draw curves as an SVG, with logarithmic axes."""
    xs = [x for points in curves.values() for x, _ in points]
    ys = [y for points in curves.values() for _, y in points]
    parts = [_text(_WIDTH / 2, 20, title, "middle")]
    for (name, points), colour in zip(curves.items(), _COLOURS, strict=False):
        placed = [
            (_place(x, xs, _MARGIN, _WIDTH - 150), _place(y, ys, _HEIGHT - _MARGIN, 40))
            for x, y in points
        ]
        line = " ".join(f"{x:.0f},{y:.0f}" for x, y in placed)
        parts.append(f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"/>')
        for (x, y), (_, value) in zip(placed, points, strict=True):
            parts.append(f'<circle cx="{x:.0f}" cy="{y:.0f}" r="3" fill="{colour}"/>')
            parts.append(_text(x, y - 7, f"{value:.3g}", "middle"))
        last_x, last_y = placed[-1]
        parts.append(_text(last_x + 16, last_y + 4, name, "start", colour))
    for x in sorted(set(xs)):
        place = _place(x, xs, _MARGIN, _WIDTH - 150)
        parts.append(_text(place, _HEIGHT - 16, f"{x:g}", "middle"))
    body = "\n".join(parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{_HEIGHT}" '
        f'font-family="sans-serif" font-size="12">\n'
        f'<rect width="100%" height="100%" fill="white"/>\n{body}\n</svg>\n'
    )


def _place(value: float, among: Sequence[float], low: float, high: float) -> float:
    first, last = math.log(min(among)), math.log(max(among))
    return low + (high - low) * (math.log(value) - first) / (last - first)


def _text(x: float, y: float, words: str, anchor: str, colour: str = "black") -> str:
    return f'<text x="{x:.0f}" y="{y:.0f}" text-anchor="{anchor}" fill="{colour}">{words}</text>'
