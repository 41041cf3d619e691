"""What there is at one moment: keys, memory, file descriptors, processes, directories."""

from __future__ import annotations

import contextlib
import os
import pathlib
import tempfile
from collections import Counter
from dataclasses import dataclass

import psutil
import ray
from peers import ANCHORS, Pool

from yr_conformance.transfer.ray_session import RaySession, marked_processes
from yr_fake_ds.inspect import inspect_worker

_ROLES = (
    "ray::Coordinator",
    "ray::Supervisor",
    "ray::Peer",
    "ray_ascend.backend.reaper",
    "yr_fake_ds",
)
_MIB = 1024 * 1024


@dataclass(frozen=True)
class Census:
    """Counted when no transfer is under way and every reference has been dropped."""

    figures: dict[str, int]

    def excess(self, begin: Census) -> list[str]:
        """Name what there is more of than at the beginning, beyond what is allowed."""
        return [
            f"{name}: {begin.figures.get(name, 0)} at the beginning, {value} at the end"
            for name, value in self.figures.items()
            if value > begin.figures.get(name, 0) + _allowance(name)
        ]


_ALLOWED = {
    # A new worker's interpreter and buffers need not be those of the first to the byte.
    "worker RSS (MiB)": 32,
    # A driver and an actor keep the client of each kind of worker that died.
    "driver file descriptors": 16,
    "actors' file descriptors": 16,
    "worker file descriptors": 8,
}


def _allowance(name: str) -> int:
    return _ALLOWED.get(name, 0)


def take_census(session: RaySession, pool: Pool) -> Census:
    """Count; the peers and the worker have to answer."""
    (pid,) = session.datasystem_pids()
    worker = psutil.Process(pid)
    state = inspect_worker(f"{session.host}:{session.worker_port}")
    anchors = pool.all()[:ANCHORS]
    vitals = ray.get([peer.vitals.remote() for peer in anchors], timeout=60)
    figures = {
        "keys": len(state.objects),
        "shared memory used (bytes)": state.used_bytes,
        "references held": state.held_references,
        "keys in ledgers": _owned_keys(),
        "worker RSS (MiB)": worker.memory_info().rss // _MIB,
        "worker file descriptors": worker.num_fds(),
        "driver file descriptors": psutil.Process().num_fds(),
        "actors' file descriptors": sum(descriptors for _, descriptors in vitals),
        "directories of workers": len(_homes()),
        **{f"processes {role}": count for role, count in _processes(session).items()},
    }
    return Census(figures)


def _processes(session: RaySession) -> Counter[str]:
    found: Counter[str] = Counter(dict.fromkeys(_ROLES, 0))
    for process in marked_processes(session.mark):
        with contextlib.suppress(psutil.Error):
            command = " ".join(process.cmdline())
            role = next((role for role in _ROLES if role in command), None)
            if role is not None:
                found[role] += 1
    return found


def _homes() -> list[str]:
    parent = tempfile.gettempdir()
    return [os.path.join(parent, name) for name in os.listdir(parent) if name.startswith("yr-")]


def _owned_keys() -> int:
    paths = (path for home in _homes() for path in pathlib.Path(home, "ledger").glob("*/*"))
    return sum(not path.name.startswith(".") for path in paths)
