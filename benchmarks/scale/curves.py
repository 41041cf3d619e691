"""How figures grow: the exponent of the nearest power law, and a drawing with logarithmic axes."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence

Points = Sequence[tuple[float, float]]

_WIDTH, _HEIGHT, _MARGIN, _LEGEND = 560, 320, 48, 150
_COLOURS = ("#1f77b4", "#d62728", "#2ca02c", "#9467bd")


def exponent(points: Points) -> float:
    """Give b of y = a * x**b, fitted to the logarithms: 0 stays, 1 is in proportion."""
    logs = [(math.log(x), math.log(y)) for x, y in points]
    return statistics.linear_regression(*zip(*logs, strict=True)).slope


def drawing(title: str, curves: Mapping[str, Points]) -> str:
    """Draw curves as an SVG, with logarithmic axes, each point with its value."""
    xs = [x for points in curves.values() for x, _ in points]
    ys = [y for points in curves.values() for _, y in points]
    parts = [_text(_WIDTH / 2, 20, title, "middle")]
    for number, (name, points) in enumerate(curves.items()):
        colour = _COLOURS[number]
        places = [(_across(x, xs), _up(y, ys)) for x, y in points]
        parts += [
            _curve(places, colour),
            _text(_WIDTH - 120, 60 + 18 * number, name, "start", colour),
        ]
        for (x, y), (_, value) in zip(places, points, strict=True):
            parts.append(
                _text(x, y - 7 if number % 2 else y + 15, f"{value:.3g}", "middle", colour)
            )
    parts += [_text(_across(x, xs), _HEIGHT - 12, f"{x:g}", "middle") for x in sorted(set(xs))]
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{_HEIGHT}" '
        'font-family="sans-serif" font-size="12">'
    )
    return "\n".join([head, '<rect width="100%" height="100%" fill="white"/>', *parts, "</svg>\n"])


def _across(x: float, among: Sequence[float]) -> float:
    return _place(x, among, _MARGIN, _WIDTH - _LEGEND)


def _up(y: float, among: Sequence[float]) -> float:
    return _place(y, among, _HEIGHT - _MARGIN, _MARGIN)


def _curve(places: Points, colour: str) -> str:
    line = " ".join(f"{x:.0f},{y:.0f}" for x, y in places)
    return f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"/>'


def _place(value: float, among: Sequence[float], low: float, high: float) -> float:
    first, last = math.log(min(among)), math.log(max(among))
    return low + (high - low) * (math.log(value) - first) / (last - first)


def _text(x: float, y: float, words: str, anchor: str, colour: str = "black") -> str:
    return f'<text x="{x:.0f}" y="{y:.0f}" text-anchor="{anchor}" fill="{colour}">{words}</text>'
