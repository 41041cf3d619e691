"""Listening: which TCP ports processes listen on, from one reading of the system's table.

psutil reads and parses the whole table again for each process that it is asked about.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Iterator
from typing import Final

_TABLES: Final = ("/proc/net/tcp", "/proc/net/tcp6")
_LISTEN: Final = "0A"
_SOCKET: Final = "socket:["


def listening_ports(pids: Iterable[int]) -> dict[int, frozenset[int]]:
    """Give the ports of each of these processes; none for those that have ended meanwhile."""
    ports = dict(_table())
    return {pid: frozenset(ports[one] for one in _sockets(pid) if one in ports) for pid in pids}


def _table() -> Iterator[tuple[str, int]]:
    """Yield the inode and the port of every listening socket."""
    for name in _TABLES:
        # A kernel without IPv6 has no table of it.
        with contextlib.suppress(FileNotFoundError), open(name, encoding="ascii") as table:
            for line in table:
                (
                    _,
                    local,
                    _,
                    state,
                    *_,
                ) = fields = line.split(None, 10)
                if state == _LISTEN:
                    yield fields[9], int(local.rpartition(":")[2], 16)


def _sockets(pid: int) -> Iterator[str]:
    directory = f"/proc/{pid}/fd"
    with contextlib.suppress(OSError):
        for descriptor in os.listdir(directory):
            with contextlib.suppress(OSError):
                target = os.readlink(f"{directory}/{descriptor}")
                if target.startswith(_SOCKET):
                    yield target[len(_SOCKET) : -1]
