"""Whether the members of the configured etcd can be reached from here, and have a leader."""

from __future__ import annotations

import contextlib
import http.client
import json

from ray_ascend.backend.config import ETCD_ADDRESS, BackendConfig
from ray_ascend.doctor.finding import Finding, State

_TIMEOUT_S = 3.0


def check_etcd_members(config: BackendConfig) -> list[Finding]:
    """Give one finding for each member; one that answers makes a dead one a warning."""
    if config.mode != "etcd":
        return [Finding("etcd", "skipped", "not used in metastore mode")]
    members = config.etcd_address.split(",")
    problems = {member: _problem_of(member) for member in members}
    state: State = "warning" if "" in problems.values() else "error"
    return [
        Finding(f"etcd {member}", state, problem, f"start it, or correct {ETCD_ADDRESS}")
        if problem
        else Finding(f"etcd {member}", "ok", "reachable")
        for member, problem in problems.items()
    ]


def _problem_of(member: str) -> str:
    connection = http.client.HTTPConnection(member, timeout=_TIMEOUT_S)
    with contextlib.closing(connection):
        try:
            connection.connect()
        except OSError as error:
            return f"cannot be reached: {error}"
        try:
            connection.request("GET", "/health")
            health = json.loads(connection.getresponse().read())["health"]
        except (OSError, http.client.HTTPException, ValueError, LookupError, TypeError) as error:
            return f"accepts connections, but does not answer as an etcd does: {error!r}"
    return "" if health in {"true", True} else "answers that it is not healthy (no leader?)"
