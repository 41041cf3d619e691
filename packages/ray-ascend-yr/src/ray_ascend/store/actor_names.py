"""Names of the backend's actors, by which every process of the Ray cluster finds them."""

from __future__ import annotations

NAMESPACE = "yr_backend"
COORDINATOR = "YRBackendCoordinator"


def supervisor_name(node_id: str) -> str:
    """Name of the actor that keeps the worker of a Ray node."""
    return f"YRSupervisor_{node_id}"
