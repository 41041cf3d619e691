"""On what a run was made: read from the kernel, so that a figure never stands alone."""

from __future__ import annotations

import datetime
import os
import pathlib
import platform
import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Machine:
    """A machine and a moment; `load` is the kernel's of the last minute, before the run began."""

    date: str
    cpu: str
    cpus: int
    memory_gib: float
    shm_gib: float
    kernel: str
    load: float
    versions: str = ""

    def described(self) -> str:
        """Say it in a line."""
        return (
            f"{self.date}, {self.cpus} x {self.cpu}, {self.memory_gib:.0f} GiB of memory, "
            f"Linux {self.kernel}, load {self.load:.1f} before the run"
        )


def this_machine(versions: str = "") -> Machine:
    """Read what this machine is and how busy."""
    import psutil

    now = datetime.datetime.now(tz=datetime.timezone.utc)
    shm = os.statvfs("/dev/shm")  # noqa: S108 - asked for its size
    return Machine(
        date=now.strftime("%Y-%m-%d %H:%M UTC"),
        cpu=_cpu(),
        cpus=len(os.sched_getaffinity(0)),
        memory_gib=psutil.virtual_memory().total / 2**30,
        shm_gib=shm.f_frsize * shm.f_blocks / 2**30,
        kernel=platform.release(),
        load=os.getloadavg()[0],
        versions=versions,
    )


def _cpu() -> str:
    text = pathlib.Path("/proc/cpuinfo").read_text(encoding="utf-8")
    found = re.search(r"^model name\s*:\s*(.+)$", text, re.MULTILINE)
    return found.group(1) if found else platform.machine()
