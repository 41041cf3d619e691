"""What a machine has besides its cards, read from its files: versions, memory, ports."""

from __future__ import annotations

import pathlib
import re
from dataclasses import dataclass

HCCL_PORTS = range(60000, 60032)
"""Where HCCL listens on the host unless HCCL_IF_BASE_PORT says otherwise (its documentation)."""
_LISTENING = "0A"


@dataclass(frozen=True)
class Places:
    """Where things lie; tests and rehearsals lay them elsewhere."""

    ascend: pathlib.Path = pathlib.Path("/usr/local/Ascend")
    dev: pathlib.Path = pathlib.Path("/dev")
    proc: pathlib.Path = pathlib.Path("/proc")


def device_nodes(places: Places) -> list[str]:
    """List the nodes of chips, /dev/davinci0 and so on."""
    found = [path for path in places.dev.glob("davinci*") if path.name[7:].isdecimal()]
    return [str(path) for path in sorted(found, key=lambda path: int(path.name[7:]))]


def driver_version(places: Places) -> str:
    """Give the driver's version; empty where a container does not see it."""
    return _version(places.ascend / "driver" / "version.info")


def cann_versions(places: Places) -> dict[str, str]:
    """Give the version of each CANN that is installed, by its directory."""
    found = {}
    for directory in sorted(places.ascend.glob("*")):
        if directory.name != "driver":
            files = [*directory.glob("*_install.info"), *directory.glob("*/*/*_install.info")]
            files += [*directory.glob("*-linux/*_install.info"), *directory.glob("version.info")]
            versions = {_version(path) for path in files} - {""}
            found.update({str(directory): ", ".join(sorted(versions))} if versions else {})
    return found


def huge_pages(places: Places) -> dict[str, int]:
    """Give how many huge pages there are, how many are free, and the size of one in kB."""
    memory = _memory(places)
    names = {"total": "HugePages_Total", "free": "HugePages_Free", "size_kb": "Hugepagesize"}
    return {key: memory.get(name, 0) for key, name in names.items()}


def free_memory_mb(places: Places) -> int:
    """Give how much memory of the host can still be had."""
    return _memory(places).get("MemAvailable", 0) // 1024


def ports_in_use(places: Places) -> list[int]:
    """List the ports of HCCL on which somebody listens."""
    found = set()
    for table in ("tcp", "tcp6"):
        path = places.proc / "net" / table
        lines = path.read_text(encoding="utf-8").splitlines()[1:] if path.exists() else []
        for words in (line.split() for line in lines):
            if words[3] == _LISTENING:
                found.add(int(words[1].rpartition(":")[2], 16))
    return sorted(found.intersection(HCCL_PORTS))


def _memory(places: Places) -> dict[str, int]:
    text = (places.proc / "meminfo").read_text(encoding="utf-8")
    return {name: int(value) for name, value in re.findall(r"^(\w+): +(\d+)", text, re.MULTILINE)}


def _version(path: pathlib.Path) -> str:
    if not path.is_file():
        return ""
    text = path.read_text(encoding="utf-8", errors="replace")
    found = re.search(r"^version *= *(\S+)", text, re.MULTILINE | re.IGNORECASE)
    return found[1] if found else ""
