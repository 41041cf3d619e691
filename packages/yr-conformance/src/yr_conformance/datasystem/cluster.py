"""Where the workers of one cluster find each other: the two modes of the datasystem.

metastore    the head worker hosts it on a port; the others are told that port
etcd         all are told the same etcd, and a name that keeps clusters in it apart
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Protocol


class Cluster(Protocol):
    """One cluster, to which no worker belongs yet."""

    def flags(self, *, is_head: bool) -> list[str]:
        """Give the flags of `dscli start` for its first worker or for another one."""
        ...

    @property
    def head_ports(self) -> frozenset[int]:
        """The ports on which the first worker listens besides its own."""
        ...


@dataclass(frozen=True)
class MetastoreCluster:
    """Its metastore is in the first worker."""

    host: str
    port: int

    def flags(self, *, is_head: bool) -> list[str]:
        """See Cluster."""
        address = ["--metastore_address", f"{self.host}:{self.port}"]
        return [*address, "--start_metastore_service", "true"] if is_head else address

    @property
    def head_ports(self) -> frozenset[int]:
        """See Cluster."""
        return frozenset({self.port})


@dataclass(frozen=True)
class EtcdCluster:
    """Its workers are equals."""

    address: str
    name: str

    def flags(self, *, is_head: bool) -> list[str]:
        """See Cluster."""
        return ["--etcd_address", self.address, "--cluster_name", self.name]

    @property
    def head_ports(self) -> frozenset[int]:
        """See Cluster."""
        return frozenset()


def cluster_in(etcd_address: str) -> EtcdCluster:
    """Make a cluster of a name that nobody else uses."""
    return EtcdCluster(etcd_address, f"c{uuid.uuid4().hex[:12]}")
