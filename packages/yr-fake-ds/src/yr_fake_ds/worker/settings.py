"""What a worker is started with, as `dscli start` passes it on its command line.

python -m yr_fake_ds.worker -worker_address=127.0.0.1:31501 -home=/tmp/ds ...
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class WorkerSettings:
    """Checked settings of one worker process."""

    worker_address: str
    home: str
    metastore_address: str
    start_metastore_service: bool = False
    shared_memory_size_mb: int = 1024
    oc_shm_transfer_threshold_kb: int = 500
    client_dead_timeout_s: float = 120
    max_client_num: int = 200

    def arguments(self) -> list[str]:
        """Write them as arguments; the form by which `dscli stop` finds the process."""
        return [f"-{name}={value}" for name, value in vars(self).items()]


def parse_settings(arguments: Sequence[str]) -> WorkerSettings:
    """Read what `arguments` wrote; ValueError or TypeError for anything else."""
    texts = dict(argument.removeprefix("-").split("=", 1) for argument in arguments)
    return WorkerSettings(
        worker_address=texts.pop("worker_address"),
        home=texts.pop("home"),
        metastore_address=texts.pop("metastore_address"),
        start_metastore_service=texts.pop("start_metastore_service") == "True",
        client_dead_timeout_s=float(texts.pop("client_dead_timeout_s")),
        **{name: int(value) for name, value in texts.items()},
    )


def split_address(address: str) -> tuple[str, int]:
    """Split host:port."""
    host, _, port = address.rpartition(":")
    return host, int(port)
