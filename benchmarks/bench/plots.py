"""Pictures of a run, by matplotlib: throughput, share of the limit, time by phase."""

from __future__ import annotations

import pathlib
from collections.abc import Mapping
from typing import Any, Final

import matplotlib

matplotlib.use("agg")

import matplotlib.pyplot as plt

from bench.contenders import CONTENDERS, Contender
from bench.results import Results
from bench.works import WORKS, Work

# Words stay words, and the same figures give the same file.
matplotlib.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "bench"})

_LIMIT: Final = "copy-warm"
_SIZE: Final = (9, 5.5)
_COLOURS: Final = 10
_BESIDE: Final[dict[str, Any]] = {
    "fontsize": "x-small",
    "loc": "upper left",
    "bbox_to_anchor": (1.01, 1),
}
"""Where a legend hides nothing."""


def draw(results: Results, directory: pathlib.Path) -> list[pathlib.Path]:
    """Draw what there are figures for; give the files."""
    pictures = {
        "throughput.svg": _throughput(results),
        "share-of-the-limit.svg": _share_of_the_limit(results),
    }
    return [_saved(figure, directory / name) for name, figure in pictures.items() if figure]


def draw_phases(
    times: Mapping[str, Mapping[str, float]], title: str, path: pathlib.Path
) -> pathlib.Path:
    """Draw a bar for each kind of run, of phases one after the other; milliseconds."""
    figure, axes = plt.subplots(figsize=(_SIZE[0], 1.6 + 0.6 * len(times)))
    phases = list(dict.fromkeys(phase for row in times.values() for phase in row))
    colours = plt.get_cmap("tab10")
    for number, phase in enumerate(phases):
        left = [sum(_until(row, phases[:number])) for row in times.values()]
        width = [row.get(phase, 0.0) for row in times.values()]
        colour = colours(number % _COLOURS)
        axes.barh(list(times), width, left=left, label=phase, color=colour)
    axes.set_xlabel("ms")
    axes.set_title(title)
    axes.legend(**_BESIDE)
    return _saved(figure, path)


def _until(row: Mapping[str, float], phases: list[str]) -> list[float]:
    return [row.get(phase, 0.0) for phase in phases]


def _throughput(results: Results) -> Any:
    works = [one for one in WORKS if one.kind == "actor" and one.count == 1]
    figure, axes = plt.subplots(figsize=_SIZE)
    for one in CONTENDERS:
        if points := _points(results, works, one):
            style = "--" if one.is_copy else "-"
            sizes, rates = zip(*points, strict=True)
            axes.plot(sizes, rates, style, marker="o", markersize=4, label=one.label)
    if not axes.lines:
        return _nothing(figure)
    axes.set(xscale="log", yscale="log", xlabel="bytes of one tensor", ylabel="GB/s")
    axes.set_title("Actor to actor: throughput against size (medians)")
    axes.grid(alpha=0.3)
    axes.legend(**_BESIDE)
    return figure


def _points(results: Results, works: list[Work], one: Contender) -> list[tuple[int, float]]:
    points = []
    for work in works:
        found = results.summary(work.name, one.name)
        if found and found.median and not one.moves_nothing:
            points.append((work.size, work.size / (found.median * 1e6)))
    return points


def _share_of_the_limit(results: Results) -> Any:
    works = [
        one
        for one in WORKS
        if one.kind == "actor" and one.size > 1 << 20 and results.summary(one.name, _LIMIT)
    ]
    if not works:
        return None
    figure, axes = plt.subplots(figsize=_SIZE)
    shown = [one for one in CONTENDERS if _shares(results, works, one)]
    height = 0.8 / max(1, len(shown))
    for number, one in enumerate(shown):
        places = [place - number * height for place in range(len(works), 0, -1)]
        axes.barh(places, _shares(results, works, one), height, label=one.label)
    axes.set_yticks(range(len(works), 0, -1), [one.name.partition(", actor")[0] for one in works])
    axes.set_xlabel("speed as a share of one copy_ into warm memory (%)")
    axes.set_title("Actor to actor: share of the limit")
    axes.set_xscale("log")
    axes.legend(**_BESIDE)
    return figure


def _shares(results: Results, works: list[Work], one: Contender) -> list[float]:
    """Give nothing for what moves nothing, and for the limit itself."""
    if one.moves_nothing or one.name == _LIMIT:
        return []
    shares = []
    for work in works:
        limit, found = results.summary(work.name, _LIMIT), results.summary(work.name, one.name)
        shares.append(100 * limit.median / found.median if limit and found else 0.0)
    return shares if any(shares) else []


def _nothing(figure: Any) -> None:
    plt.close(figure)


def _saved(figure: Any, path: pathlib.Path) -> pathlib.Path:
    figure.savefig(path, bbox_inches="tight", metadata={"Date": None})
    plt.close(figure)
    return path
