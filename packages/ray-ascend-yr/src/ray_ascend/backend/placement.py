"""Where the worker of one node listens, and where its cluster keeps the metadata."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Placement:
    """What the coordinator decides for one node's worker.

    The head keeps the metadata; `metastore` is its `host:port` for the others, "" in etcd mode.
    `port` 0 asks for any free port: another Ray node of the same host has the configured one.
    `cluster` names the backend, in an etcd too; it changes when the node of the head is lost.
    """

    is_head: bool = True
    metastore: str = ""
    port: int = 0
    cluster: str = ""

    def belongs_with(self, other: Placement) -> bool:
        """Tell whether workers with these placements share a backend and its metadata."""
        return (self.metastore, self.cluster) == (other.metastore, other.cluster)
