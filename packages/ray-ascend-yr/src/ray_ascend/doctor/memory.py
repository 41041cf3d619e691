"""Memory and huge pages against what the worker is told to take.

The released worker maps its memory as a memfd: it counts as the machine's (or container's) memory,
not as space in /dev/shm, which Ray's object store uses (openyuanrong-datasystem 0.8.1).
"""

from __future__ import annotations

import contextlib
import pathlib
import shutil
from collections.abc import Iterator

import psutil

from ray_ascend.backend.config import BackendConfig
from ray_ascend.doctor.finding import Finding

_SIZE_FLAG, _HUGE_FLAG = "shared_memory_size_mb", "enable_huge_tlb"
_DEFAULT_MB = 1024
"""The worker's own default (openyuanrong-datasystem 0.8.1)."""
_SHM = "/dev/shm"  # noqa: S108 - nothing is written there
_MIB = 1024 * 1024
_CGROUPS = (
    ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current"),
    (
        "/sys/fs/cgroup/memory/memory.limit_in_bytes",
        "/sys/fs/cgroup/memory/memory.usage_in_bytes",
    ),
)
_HUGE_NEEDED_MB = 21 * 1024
"""Above this the device cannot map ordinary pages on a 910B (the transport's guide)."""


def check_memory(config: BackendConfig) -> Iterator[Finding]:
    """Give one finding for the memory, one for /dev/shm and one for huge pages of this machine."""
    flags = dict(config.worker_args)
    text = flags.get(_SIZE_FLAG, str(_DEFAULT_MB))
    if not (text.isascii() and text.isdigit() and int(text) > 0):
        problem = f"--{_SIZE_FLAG} {text}: must be a number of MiB, 1 or more"
        yield Finding("memory", "error", problem, "correct it in YR_DS_WORKER_ARGS")
        return
    yield _memory(int(text))
    yield _shm()
    yield _huge_pages(int(text), flags.get(_HUGE_FLAG, "false").lower() in {"true", "yes", "1"})


def _memory(wanted: int) -> Finding:
    machine = psutil.virtual_memory()
    total, available = machine.total // _MIB, machine.available // _MIB
    for limit, used in _cgroup_limits():
        total, available = min(total, limit), min(available, limit - used)
    details = {"wanted_mib": wanted, "available_mib": available, "total_mib": total}
    text = f"{available} of {total} MiB available; the worker may take {wanted} MiB"
    advice = f"lower --{_SIZE_FLAG} in YR_DS_WORKER_ARGS"
    if wanted > total:
        return Finding("memory", "error", text, advice, details)
    if wanted > available:
        return Finding("memory", "warning", text, f"{advice} or free memory", details)
    return Finding("memory", "ok", text, details=details)


def _cgroup_limits() -> Iterator[tuple[int, int]]:
    """Give the limit and the use, in MiB, of this process's container, if there is a limit."""
    for limit, used in _CGROUPS:
        with contextlib.suppress(OSError, ValueError):
            yield (
                int(pathlib.Path(limit).read_text(encoding="ascii")) // _MIB,
                int(pathlib.Path(used).read_text(encoding="ascii")) // _MIB,
            )


def _shm() -> Finding:
    try:
        space = shutil.disk_usage(_SHM)
    except OSError as error:
        return Finding(_SHM, "warning", f"cannot be used: {error}", "Ray needs it")
    free, total = space.free // _MIB, space.total // _MIB
    text = f"{free} of {total} MiB free, for Ray's object store; the worker's memory is not there"
    return Finding(_SHM, "ok", text, details={"free_mib": free, "total_mib": total})


def _huge_pages(wanted: int, enabled: bool) -> Finding:
    page_kib, free = (_meminfo(field) for field in ("Hugepagesize", "HugePages_Free"))
    free_mib = page_kib * free // 1024
    details = {"enabled": enabled, "free_mib": free_mib}
    if enabled and free_mib < wanted:
        return Finding(
            "huge pages",
            "error",
            f"{free_mib} MiB free, but --{_HUGE_FLAG} true needs all {wanted} MiB of the worker",
            f"run as root: sysctl vm.nr_hugepages={-(-wanted * 1024 // max(page_kib, 1))}, or "
            f"leave out --{_HUGE_FLAG}",
            details,
        )
    if enabled:
        return Finding("huge pages", "ok", f"{free_mib} MiB free", details=details)
    if wanted > _HUGE_NEEDED_MB:
        text = f"not used; with NPUs a worker of more than {_HUGE_NEEDED_MB} MiB needs them"
        advice = f"add --{_HUGE_FLAG} true to YR_DS_WORKER_ARGS"
        return Finding("huge pages", "warning", text, advice, details)
    return Finding("huge pages", "skipped", f"not used (--{_HUGE_FLAG})", details=details)


def _meminfo(field: str) -> int:
    for line in pathlib.Path("/proc/meminfo").read_text(encoding="ascii").splitlines():
        name, _, value = line.partition(":")
        if name == field:
            return int(value.split()[0])
    return 0
