"""docs/metrics.md and the dashboard are true: they name the metrics that there are."""

from __future__ import annotations

import json
import pathlib
import re
from typing import Any

import pytest

from ray_ascend.metrics.definitions import ALL, Definition

DOCS = pathlib.Path(__file__).parent.parent / "docs"
SERIES_OF_A_HISTOGRAM = ("_bucket", "_count", "_sum")


def panels() -> list[dict[str, Any]]:
    """Give the dashboard's panels."""
    dashboard = json.loads((DOCS / "grafana-dashboard.json").read_text(encoding="utf-8"))
    found: list[dict[str, Any]] = dashboard["panels"]
    return found


def series(metric: Definition) -> set[str]:
    """Name what Prometheus keeps of a metric."""
    if metric.kind == "histogram":
        return {metric.name + end for end in SERIES_OF_A_HISTOGRAM}
    return {metric.name}


QUERIES = [target["expr"] for panel in panels() for target in panel["targets"]]


@pytest.mark.parametrize("query", QUERIES)
def test_queries_of_the_dashboard_name_metrics_and_labels(query: str) -> None:
    """Each name of a query is a series that exists, and groups by labels that it has."""
    names = set(re.findall(r"\bray_\w+", query))
    (metric,) = [one for one in ALL if names & series(one)]
    grouped = set(re.findall(r"\w+", " ".join(re.findall(r"by \(([^)]*)\)", query))))

    assert names <= series(metric)
    assert grouped <= {*metric.labels, "le", "NodeAddress", "WorkerId"}


def test_the_dashboard_shows_every_metric() -> None:
    """None is counted in vain."""
    shown = {name for query in QUERIES for name in re.findall(r"\bray_\w+", query)}

    assert [metric.name for metric in ALL if not shown & series(metric)] == []


def test_the_page_lists_the_metrics_with_their_kinds_and_labels() -> None:
    """One row for each, and no others."""
    text = (DOCS / "metrics.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(ray_ascend_\w+)` \| (\w+) \|([^|]*)\|", text, re.MULTILINE)

    assert [(name, kind, tuple(re.findall("`(.+?)`", labels))) for name, kind, labels in rows] == [
        (metric.name, metric.kind, metric.labels) for metric in ALL
    ]
