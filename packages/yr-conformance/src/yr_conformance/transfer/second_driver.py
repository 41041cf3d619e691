"""Second driver: another process that joins the cluster, uses the transport, and tells what it saw.

As a module of its own process (`python -m yr_conformance.transfer.second_driver ADDRESS DEVICE`) it
also shows what a user's terminal and working directory look like after a plain program.
"""

from __future__ import annotations

import dataclasses
import json
import os
import pathlib
import subprocess
import sys
from typing import Any

from yr_conformance.transfer.device_kind import DeviceKind, kind_of
from yr_conformance.transfer.device_memory import use_last
from yr_conformance.transfer.ray_session import RaySession
from yr_conformance.waiting import PATIENCE_S

VALUES = [3.0, 1.0, 4.0]


@dataclasses.dataclass(frozen=True)
class DriverRun:
    """The outcome of one run; `received` by where it was received, `files` in its directory."""

    exit_code: int
    received: dict[str, Any]
    stderr: str
    files: tuple[str, ...]


def run_second_driver(session: RaySession, device: DeviceKind) -> DriverRun:
    """Run this module as a program in an empty directory; called by the test process."""
    directory = session.ray_directory / f"second-driver-{device.name}"
    directory.mkdir()
    done = subprocess.run(
        [sys.executable, "-W", "always", "-m", __name__, session.address, device.name],
        cwd=directory,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
        env={**os.environ, **device.environment},
    )
    received = json.loads(done.stdout.splitlines()[-1]) if done.returncode == 0 else {}
    files = tuple(str(path.relative_to(directory)) for path in sorted(directory.rglob("*")))
    return DriverRun(done.returncode, received, done.stderr, files)


def main(address: str, device: str) -> None:
    """Join the cluster, send a tensor, receive it in every way, and print what arrived."""
    import ray

    from yr_conformance.transfer.peer import peer_class
    from yr_conformance.transfer.registration import register_transport

    ray.init(
        address=address,
        logging_level="warning",
        log_to_driver=False,
        _node_ip_address=address.rpartition(":")[0],
    )
    register_transport()
    kind = kind_of(device)
    use_last(kind)
    sender, receiver = (peer_class(kind).remote() for _ in range(2))
    reference = sender.make.remote(_tensor)
    by_actor = ray.get(receiver.apply.remote(_as_list, reference))
    by_driver = ray.get(reference).tolist()
    received = {"actor": by_actor, "driver": by_driver, "files": os.listdir(pathlib.Path.cwd())}
    sys.stdout.write(json.dumps(received) + "\n")
    ray.shutdown()


def _tensor() -> Any:
    import torch

    return torch.tensor(VALUES)


def _as_list(tensor: Any) -> list[float]:
    values: list[float] = tensor.tolist()
    return values


if __name__ == "__main__":
    main(*sys.argv[1:3])
