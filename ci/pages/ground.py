"""What all pages stand on while their blocks run: one Ray cluster, one backend of the transport.

Another process holds both, as the driver that came first; it ends when its standard input does.
"""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
from collections.abc import Iterator

CPUS = 16


@contextlib.contextmanager
def prepared() -> Iterator[dict[str, str]]:
    """Start it, and give the variables with which a program finds it; all gone afterwards."""
    ports = _free_ports(2)
    settings = {"YR_DS_WORKER_PORT": ports[0], "YR_DS_METASTORE_PORT": ports[1]}
    with subprocess.Popen(
        [sys.executable, __file__],
        env={**os.environ, **settings},
        # Ray's workers begin where it does: not in the folder of a page, which will be removed.
        cwd=os.path.dirname(__file__),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as holder:
        if holder.stdin is None or holder.stdout is None:
            raise RuntimeError("the process that holds the cluster has no pipes")
        address = holder.stdout.readline().strip()
        if not address:
            raise RuntimeError("the Ray cluster of the pages did not start; see above")
        yield {**settings, "RAY_ADDRESS": address}
        holder.stdin.close()


def _free_ports(count: int) -> list[str]:
    with contextlib.ExitStack() as stack:
        probes = [stack.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [str(probe.getsockname()[1]) for probe in probes]


def _hold() -> None:
    import ray

    import ray_ascend

    context = ray.init(address="local", num_cpus=CPUS, include_dashboard=False)
    ray_ascend.register_yr_tensor_transport(["npu", "cpu"])
    print(context.address_info["gcs_address"], flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    _hold()
