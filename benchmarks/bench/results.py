"""What a run has found: figures or a reason for each contender and work; to JSON and back."""

from __future__ import annotations

import json
import pathlib
from collections import defaultdict
from dataclasses import asdict, dataclass, field
from typing import Any

from bench.machine import Machine
from bench.summary import Summary, summary


@dataclass
class Results:
    """The figures of a run, by work and contender, in the order in which they were taken."""

    machine: Machine
    figures: dict[str, dict[str, list[float]]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(list))
    )
    reasons: dict[str, dict[str, str]] = field(default_factory=lambda: defaultdict(dict))
    counts: dict[str, dict[str, float]] = field(default_factory=dict)
    """Of what was counted instead of timed: by contender and name."""

    def summary(self, work: str, contender: str) -> Summary | None:
        """Sum up the figures; None where there are none, then there is a reason or nobody tried."""
        figures = self.figures.get(work, {}).get(contender)
        return summary(figures) if figures else None

    def reason(self, work: str, contender: str) -> str:
        """Say why there are no figures."""
        return self.reasons.get(work, {}).get(contender, "")

    @property
    def turns(self) -> int:
        """Say how many turns of one contender and work were measured at most."""
        rows = [figures for row in self.figures.values() for figures in row.values()]
        return max(map(len, rows), default=0)

    def write(self, path: pathlib.Path) -> None:
        """Write everything, and summaries for whoever reads only those."""
        summaries = {
            work: {name: asdict(summary(figures)) for name, figures in row.items() if figures}
            for work, row in self.figures.items()
        }
        content = {
            "machine": asdict(self.machine),
            "summaries": summaries,
            "reasons": self.reasons,
            "counts": self.counts,
            "figures": self.figures,
        }
        path.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def read(path: pathlib.Path) -> Results:
    """Read what `write` wrote."""
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    results = Results(Machine(**content["machine"]), counts=content.get("counts", {}))
    for work, row in content["figures"].items():
        for contender, figures in row.items():
            results.figures[work][contender] = list(figures)
    for work, row in content["reasons"].items():
        results.reasons[work].update(row)
    return results
