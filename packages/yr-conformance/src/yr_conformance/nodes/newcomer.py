"""The first program of somebody who has just installed the package, on a machine of its own.

    test -- unshare --net --pid -- this program HOW
                                     ray.init() | ray start --head, then ray.init(address="auto")
                                     registers | registers nothing

None of our variables and none of Ray's is set. Started with `-m yr_conformance.nodes.newcomer`, it
prints what it saw as JSON; whatever it leaves ends with the namespace of its processes.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass
from typing import Any, Final

from yr_conformance.nodes import stopped
from yr_conformance.waiting import PATIENCE_S

_NOT_SET: Final = ("RAY_", "YR_DS_")


@dataclass(frozen=True)
class Seen:
    """What the program saw."""

    node: str
    by_driver: list[float]
    by_actor: float
    log: str = ""


def run(parent: str, machine: list[str], *options: str) -> Seen:
    """Carry it out on a machine of `network_card`; called by the test process."""
    command = [*machine, *stopped.NAMESPACE, sys.executable, "-m", __name__, *options]
    with tempfile.TemporaryDirectory(dir=parent, prefix="n", ignore_cleanup_errors=True) as home:
        done = subprocess.run(
            command,
            env={**_plain(os.environ), "TMPDIR": home, "HOME": home},
            cwd=home,
            capture_output=True,
            text=True,
            timeout=3 * PATIENCE_S,
            check=False,
        )
    assert done.returncode == 0, (done.stdout + done.stderr)[-3000:]
    # Ray may print a line of an actor behind it.
    (said,) = [line for line in done.stdout.splitlines() if line.startswith("{")]
    return Seen(**{**json.loads(said), "log": done.stderr})


def main(*options: str) -> None:
    """Send weights from one actor to this driver and to another actor."""
    import ray

    if "joined" in options:
        ray_command = os.path.join(os.path.dirname(sys.executable), "ray")
        subprocess.run([ray_command, "start", "--head"], check=True, stdout=sys.stderr)
    ray.init(address="auto" if "joined" in options else None)
    if "unregistered" not in options:
        from ray_ascend import register_yr_tensor_transport

        register_yr_tensor_transport(["cpu"])
    seen = asdict(_transfers("replaced" in options))
    sys.stdout.write(json.dumps(seen) + "\n")


def _transfers(replaced: bool) -> Seen:
    import ray

    from yr_conformance.nodes.newcomer_actors import Trainer

    actor: Any = Trainer
    if replaced:
        variables = {"PYTHONPATH": tempfile.gettempdir(), "PATH": "/usr/bin:/bin"}
        actor = actor.options(runtime_env={"env_vars": variables})
    one, other = actor.remote(), actor.remote()
    by_driver = ray.get(one.weights.remote())
    by_actor = ray.get(other.total.remote(one.weights.remote()))
    return Seen(ray.util.get_node_ip_address(), by_driver.tolist(), by_actor)


def _plain(environ: Any) -> dict[str, str]:
    return {name: value for name, value in environ.items() if not name.startswith(_NOT_SET)}


if __name__ == "__main__":
    main(*sys.argv[1:])
