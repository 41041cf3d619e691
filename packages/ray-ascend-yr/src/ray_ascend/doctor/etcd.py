"""Whether the configured etcd can be used from here, as the workers would, and has a leader."""

from __future__ import annotations

import contextlib
import http.client
import json

from ray_ascend.backend.config import CLUSTER_NAME, ETCD_ADDRESS, BackendConfig
from ray_ascend.backend.etcd_access import EtcdAccess
from ray_ascend.backend.etcd_check import problem_of
from ray_ascend.doctor.finding import Finding, State

_CLUSTER = "yr-ray-ascend-doctor"
"""As a backend would name one; nothing is stored there."""


def check_etcd_members(config: BackendConfig) -> list[Finding]:
    """Give one finding for each member; one that answers makes a dead one a warning."""
    if config.mode != "etcd":
        return [Finding("etcd", "skipped", "not used in metastore mode")]
    try:
        access = EtcdAccess.of(config)
    except OSError as error:
        advice = "correct the paths of --etcd_ca, --etcd_cert, --etcd_key in YR_DS_WORKER_ARGS"
        return [Finding("etcd", "error", f"certificates cannot be read: {error}", advice)]
    cluster = dict(config.worker_args).get(CLUSTER_NAME, _CLUSTER)
    found = {
        member: _problem_of(member, access, cluster) for member in config.etcd_address.split(",")
    }
    state: State = "warning" if ("", "") in found.values() else "error"
    return [
        Finding(f"etcd {member}", state, problem, advice)
        if problem
        else Finding(f"etcd {member}", "ok", "reachable")
        for member, (problem, advice) in found.items()
    ]


def _problem_of(member: str, access: EtcdAccess, cluster: str) -> tuple[str, str]:
    """Give what is wrong with a member and what to do, both "" if nothing is."""
    problem = problem_of(member, access, cluster)
    if problem is None:
        return _health_of(member, access)
    if problem.remedy == ETCD_ADDRESS:
        return f"cannot be reached: {problem.text}", f"start it, or correct {ETCD_ADDRESS}"
    return problem.text, f"correct {problem.remedy}"


def _health_of(member: str, access: EtcdAccess) -> tuple[str, str]:
    advice = f"start it, or correct {ETCD_ADDRESS}"
    try:
        with contextlib.closing(access.connect(member)) as connection:
            connection.request("GET", "/health")
            health = json.loads(connection.getresponse().read())["health"]
    except (OSError, http.client.HTTPException, ValueError, LookupError, TypeError) as error:
        return f"accepts connections, but does not answer as an etcd does: {error!r}", advice
    if health in {"true", True}:
        return "", ""
    return "answers that it is not healthy (no leader?)", advice
