"""What the panels of a Grafana dashboard ask for, with Grafana's own variables filled in."""

from __future__ import annotations

import json
import pathlib
from dataclasses import dataclass
from typing import Any

from prometheus import SCRAPE_S

# Grafana takes four scrapes at least; Ray reports less often than that.
_VARIABLES = {"$__rate_interval": f"{max(30, 4 * SCRAPE_S)}s", "$SessionName": ".+"}


@dataclass(frozen=True)
class Target:
    """An expression of PromQL, and how its series are named in the legend."""

    expression: str
    legend: str


@dataclass(frozen=True)
class Panel:
    """One diagram; `unit` is Grafana's word for that of its axis."""

    title: str
    unit: str
    targets: tuple[Target, ...]


def panels(dashboard: pathlib.Path) -> list[Panel]:
    """Read a dashboard as Grafana exports it."""
    return [_panel(one) for one in json.loads(dashboard.read_text(encoding="utf-8"))["panels"]]


def _panel(described: dict[str, Any]) -> Panel:
    unit = described["fieldConfig"]["defaults"]["unit"]
    targets = (Target(_filled(one["expr"]), one["legendFormat"]) for one in described["targets"])
    return Panel(described["title"], unit, tuple(targets))


def _filled(expression: str) -> str:
    for variable, value in _VARIABLES.items():
        expression = expression.replace(variable, value)
    return expression
