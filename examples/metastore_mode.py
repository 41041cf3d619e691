"""Configure the backend in the driver: metastore mode, ports, and arguments of the worker.

The variables are read in the driver alone, and must be set before `ray.init()`.
"""

import os
import socket

import ray
import torch

from ray_ascend import cleanup_yr_resources, register_yr_tensor_transport


def free_port() -> str:
    """Ask the system for a port, so that the example runs beside anything else."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


os.environ["YR_DS_INIT_MODE"] = "metastore"
os.environ["YR_DS_WORKER_PORT"] = free_port()
os.environ["YR_DS_METASTORE_PORT"] = free_port()
os.environ["YR_DS_WORKER_ARGS"] = "--shared_memory_size_mb 512"

ray.init()
register_yr_tensor_transport(["cpu"])


@ray.remote
class Sender:
    """An actor that needs no configuration of its own."""

    def __init__(self) -> None:
        register_yr_tensor_transport(["cpu"])

    @ray.method(tensor_transport="YR")
    def large(self) -> torch.Tensor:
        """Return 64 MiB, for which the worker's memory must be large enough."""
        return torch.ones(16, 1024, 1024)


sender = Sender.remote()
tensor = ray.get(sender.large.remote())

print("received MiB:", tensor.numel() * tensor.element_size() // 2**20)
print("sum:", int(tensor.sum(dtype=torch.float64)))

cleanup_yr_resources()
ray.shutdown()
