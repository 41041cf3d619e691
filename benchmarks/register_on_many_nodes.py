"""Registration of many nodes and of many actors, beside what Ray itself needs, and how both grow.

One Ray cluster for each row, all nodes on this machine, on loopback. `Ray s` is the time to start
the actors with torch, `YR s` that of actors which register, so that each node's worker is started
too. `asked` is how often processes asked the coordinator, `checks` how often it asked supervisors
until then; `idle/s` how often it does so in a second in which nobody asks anything. The exponents
say how a column grows: 1 is in proportion. Runs on whatever `dscli` is on the path.

Arguments: NODESxACTORS (1x1 8x8 32x32 1x50); `--without-torch`, of which an actor takes 100 MiB, so
that 200 of them fit into memory; `--write DIRECTORY` for all figures, as JSON, and a drawing.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import pathlib
from collections.abc import Sequence
from typing import Any

import ray
from scale.cluster import loopback_cluster
from scale.curves import drawing, exponent
from scale.load import Load, load_of
from scale.residents import Kind, seconds_to_settle

from ray_ascend import cleanup_yr_resources

DEFAULT = ("1x1", "8x8", "32x32", "1x50")
ARGUMENTS = "--shared_memory_size_mb 64"
TITLES = ("actors", "Ray s", "YR s", "YR/Ray", "asked", "checks", "idle/s")
ENOUGH_FOR_A_CURVE = 2
GROWING = {
    "ray_s": "Ray, s",
    "yr_s": "YR, s",
    "questions": "questions",
    "checks_each_second": "idle checks/s",
}


@dataclasses.dataclass(frozen=True)
class Row:
    """One cluster: seconds to start its actors without and with the transport, and the load."""

    nodes: int
    actors: int
    ray_s: float
    yr_s: float
    actor_mib: float
    load: Load

    @property
    def is_even(self) -> bool:
        """Whether each node has one actor."""
        return self.nodes == self.actors

    def figure(self, name: str) -> float:
        """Give a figure of this or of the load."""
        return float(getattr(self if hasattr(self, name) else self.load, name))


def measure(nodes: int, actors: int, *, has_torch: bool) -> Row:
    """Measure in a new cluster, after one actor on each node for which Ray had made ready."""
    without, with_it = Kind(has_torch), Kind(has_torch, registers=True)
    with loopback_cluster(nodes) as node_ids:
        _kill(seconds_to_settle(node_ids, nodes, without)[1])
        plain, residents = seconds_to_settle(node_ids, actors, without)
        _kill(residents)
        try:
            registered, residents = seconds_to_settle(node_ids, actors, with_it)
            own = ray.get(residents[-1].own_mib.remote())
            load = load_of(node_ids, ray.get(residents[-1].actor_id.remote()))
        finally:
            cleanup_yr_resources()
    return Row(nodes, actors, plain, registered, own, load)


def _kill(residents: Sequence[Any]) -> None:
    for resident in residents:
        ray.kill(resident)


def show(row: Row) -> None:
    """Print one line."""
    load, ratio = row.load, row.yr_s / row.ray_s
    print(
        f"{row.nodes:>6}{row.actors:>9}{row.ray_s:>9.2f}{row.yr_s:>9.2f}{ratio:>9.2f}"
        f"{load.questions:>9}{load.checks:>9}{load.checks_each_second:>9.1f}",
        flush=True,
    )


def growth(rows: Sequence[Row], by: str) -> dict[str, list[tuple[float, float]]]:
    """Give the curves over the number of nodes with an actor each, or of actors on one node."""
    chosen = [row for row in rows if (row.nodes == 1 if by == "actors" else row.is_even)]
    if len(chosen) < ENOUGH_FOR_A_CURVE:
        return {}
    return {
        title: [(row.figure(by), row.figure(name)) for row in chosen]
        for name, title in GROWING.items()
    }


def write(rows: Sequence[Row], directory: pathlib.Path) -> None:
    """Write all figures and the drawings."""
    figures = json.dumps([dataclasses.asdict(row) for row in rows], indent=1)
    directory.joinpath("scale.json").write_text(figures + "\n", encoding="utf-8")
    for by in ("nodes", "actors"):
        if curves := growth(rows, by):
            svg = drawing(f"over the number of {by}", curves)
            directory.joinpath(f"scale-{by}.svg").write_text(svg, encoding="utf-8")


def main() -> None:
    """Print one line for each cluster, and the exponents."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sizes", nargs="*", default=DEFAULT)
    parser.add_argument("--without-torch", action="store_true")
    parser.add_argument("--write", type=pathlib.Path)
    options = parser.parse_args()
    os.environ.setdefault("YR_DS_WORKER_ARGS", ARGUMENTS)
    print(f"{'nodes':>6}{''.join(f'{title:>9}' for title in TITLES)}")
    rows: list[Row] = []
    for size in options.sizes:
        nodes, actors = map(int, size.split("x"))
        rows.append(measure(nodes, actors, has_torch=not options.without_torch))
        show(rows[-1])
        if options.write:
            write(rows, options.write)
    for by in ("nodes", "actors"):
        for name, points in growth(rows, by).items():
            print(f"{name} grows with {by} ** {exponent(points):.2f}")


main()
