"""The Prometheus page of a Ray node, and clusters that have one."""

from __future__ import annotations

import contextlib
import re
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass

from conftest import HOST, free_port, new_sandbox, wait_until

from ray_ascend import register_yr_tensor_transport

LINE = re.compile(r"(?P<name>ray_ascend_\w+)\{(?P<labels>.*)\} (?P<value>\S+)")
OURS = frozenset({"phase", "device", "reason", "le", "host"})


@dataclass(frozen=True)
class Page:
    """The page of metrics of a node."""

    port: int

    def text(self) -> str:
        """Read it over HTTP; empty while the agent does not listen yet."""
        try:
            with urllib.request.urlopen(f"http://{HOST}:{self.port}/metrics", timeout=20) as answer:
                text: str = answer.read().decode()
        except urllib.error.URLError:
            return ""
        return text

    def values(self, name: str) -> dict[str, float]:
        """Give a metric's values, of all processes together, by our labels' values."""
        values: dict[str, float] = {}
        for found in LINE.finditer(self.text()):
            if found["name"] == name:
                labels = re.findall(r'(\w+)="([^"]*)"', found["labels"])
                key = " ".join(value for label, value in sorted(labels) if label in OURS)
                values[key] = values.get(key, 0.0) + float(found["value"])
        return values

    def wait_for(self, name: str, **wanted: float) -> None:
        """Wait until a metric has exactly these values."""
        expected = {key.replace("_", " ", 1): value for key, value in wanted.items()}
        wait_until(lambda: self.values(name) == expected)


@contextlib.contextmanager
def cluster_with_page() -> Iterator[Page]:
    """Run a Ray cluster of one node whose agent serves its metrics, with a backend."""
    port = free_port()
    with new_sandbox() as box:
        box.start_ray(metrics_export_port=port, _system_config={"metrics_report_interval_ms": 1000})
        register_yr_tensor_transport(["cpu"])
        yield Page(port)
