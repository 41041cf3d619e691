"""What the coordinator tells about the backend to somebody who only wants to know."""

from __future__ import annotations

from dataclasses import dataclass

from ray_ascend.backend.config import BackendConfig
from ray_ascend.store.endpoint import WorkerEndpoint


@dataclass(frozen=True)
class NodeReport:
    """One Ray node that has been asked for a worker; no `endpoint` while that is being started."""

    node_id: str
    host: str
    endpoint: WorkerEndpoint | None


@dataclass(frozen=True)
class BackendReport:
    """Settings in force (None when no backend runs), the metadata's node, and every node."""

    config: BackendConfig | None
    head: str
    nodes: tuple[NodeReport, ...]
