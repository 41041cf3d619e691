"""The variables of a driver as the clauses set them, one dictionary for each mode."""

from __future__ import annotations

from typing import Any, Final

from yr_conformance.datasystem.worker import few_threads, free_ports

MODE: Final = "YR_DS_INIT_MODE"
WORKER_PORT: Final = "YR_DS_WORKER_PORT"
METASTORE_PORT: Final = "YR_DS_METASTORE_PORT"
ETCD_ADDRESS: Final = "YR_DS_ETCD_ADDRESS"
WORKER_ARGS: Final = "YR_DS_WORKER_ARGS"
WORKER_ENV: Final = "YR_DS_WORKER_ENV"
GRACE: Final = "RAY_ASCEND_DEAD_ACTOR_GRACE_S"
OURS: Final = (MODE, WORKER_PORT, METASTORE_PORT, ETCD_ADDRESS, WORKER_ARGS, WORKER_ENV, GRACE)

DEFAULT_WORKER_PORT: Final = 31501
DEFAULT_METASTORE_PORT: Final = 2379
MEMORY_MB: Final = 96

Variables = dict[str, Any]

_FEW_THREADS: Final = " ".join(few_threads())


def in_metastore_mode(arguments: str = "") -> Variables:
    """Ask for a metastore, at ports that nobody uses."""
    worker_port, metastore_port = free_ports(2)
    return {
        MODE: "metastore",
        WORKER_PORT: worker_port,
        METASTORE_PORT: metastore_port,
        WORKER_ARGS: f"--shared_memory_size_mb {MEMORY_MB} {_FEW_THREADS} {arguments}",
    }


def in_etcd_mode(address: str, arguments: str = "") -> Variables:
    """Ask for that etcd, in which each backend has a cluster of its own."""
    (worker_port,) = free_ports(1)
    return {
        MODE: "etcd",
        WORKER_PORT: worker_port,
        ETCD_ADDRESS: address,
        WORKER_ARGS: f"--shared_memory_size_mb {MEMORY_MB} {_FEW_THREADS} {arguments}",
    }
