"""Where the datasystem worker of a Ray node is, as the coordinator tells every process."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class WorkerEndpoint:
    """One running worker; `home` is its private directory on that node, `pid` its process."""

    node_id: str
    host: str
    port: int
    home: str
    pid: int

    @property
    def address(self) -> str:
        """The worker's address in the form that `dscli` takes."""
        return address_of(self.host, self.port)


def address_of(host: str, port: int) -> str:
    """Write host and port as `dscli` takes them, an IPv6 address in brackets (0.8.1)."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
