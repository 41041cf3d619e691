"""The metrics, as a Prometheus page shows them: docs/metrics.md says when each moves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

SECONDS_BOUNDARIES: Final = (
    *(0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 60.0),
)
"""From a small object in shared memory to Ray's own time-out for a fetch."""


@dataclass(frozen=True)
class Definition:
    """One metric; `name` has Ray's own prefix `ray_`, which Ray puts before every name."""

    name: str
    kind: Literal["counter", "gauge", "histogram"]
    labels: tuple[str, ...]
    description: str


TRANSFERS: Final = Definition(
    "ray_ascend_transfers_total",
    "counter",
    ("phase", "device"),
    "Objects stored, received and freed.",
)
BYTES: Final = Definition(
    "ray_ascend_transfer_bytes_total",
    "counter",
    ("phase", "device"),
    "Bytes of the tensors of these objects.",
)
SECONDS: Final = Definition(
    "ray_ascend_transfer_seconds",
    "histogram",
    ("phase", "device"),
    "Seconds that storing or receiving one object took.",
)
FAILURES: Final = Definition(
    "ray_ascend_transfer_failures_total",
    "counter",
    ("phase", "reason"),
    "Transfers that ended with an error, by its class.",
)
RETRIES: Final = Definition(
    "ray_ascend_transfer_retries_total",
    "counter",
    ("reason",),
    "Attempts that were made again: the worker was unreachable, or had no room.",
)
KEYS_OWNED: Final = Definition(
    "ray_ascend_keys_owned",
    "gauge",
    (),
    "Keys of the datasystem whose deletion a process answers for.",
)
WORKER_RESTARTS: Final = Definition(
    "ray_ascend_worker_restarts_total",
    "counter",
    ("host",),
    "Datasystem workers that were started again on a node.",
)
ALL: Final = (TRANSFERS, BYTES, SECONDS, FAILURES, RETRIES, KEYS_OWNED, WORKER_RESTARTS)
