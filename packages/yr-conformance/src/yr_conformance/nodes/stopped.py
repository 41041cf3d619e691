"""A cluster with a backend that `ray stop` ends, all in a PID namespace of its own.

    test -- unshare --pid -- this program -- nodes, driver, `ray stop`

`ray stop` ends every Ray process that it sees, so it must see no others. Started with
`-m yr_conformance.nodes.stopped PARENT SETTINGS`, it prints what it saw as JSON.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import asdict, dataclass
from typing import Any, Final

from yr_conformance.nodes.ray_cluster import ray_cluster
from yr_conformance.nodes.remains import left_after
from yr_conformance.waiting import PATIENCE_S

NAMESPACE: Final = ("unshare", "--pid", "--fork", "--kill-child", "--mount-proc")


@dataclass(frozen=True)
class Stopped:
    """What there was of the backend before `ray stop`, what it said, and what is left."""

    before: list[str]
    output: str
    left: list[str]


def why_not() -> str:
    """Say why this user cannot have a PID namespace, "" if there is no reason."""
    try:
        done = subprocess.run([*NAMESPACE, "true"], capture_output=True, text=True, check=False)
    except FileNotFoundError as error:
        return str(error)
    return done.stderr.strip()


def run(parent: str, settings: dict[str, Any]) -> Stopped:
    """Carry it out; called by the test process."""
    command = [sys.executable, "-m", __name__, parent, json.dumps(settings)]
    done = subprocess.run(
        [*NAMESPACE, *command], capture_output=True, text=True, timeout=3 * PATIENCE_S, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return Stopped(**json.loads(done.stdout.splitlines()[-1]))


def main(parent: str, settings: str) -> None:
    """Start a node with a backend, stop Ray, and look."""
    with ray_cluster(parent, 1) as cluster:
        driver = cluster.driver(cluster.hosts[0], json.loads(settings))
        driver.ask("register")
        driver.ask("get", cluster.hosts[0])
        before = cluster.backend.remains()
        ray = os.path.join(os.path.dirname(sys.executable), "ray")
        done = subprocess.run(
            [ray, "stop", "--grace-period=3"],
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=False,
        )
        stopped = Stopped(before, done.stdout + done.stderr, left_after(cluster.backend.remains))
    sys.stdout.write(json.dumps(asdict(stopped)) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:3])
