"""Where the worker of one node listens, and where its cluster keeps the metadata."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Placement:
    """What the coordinator decides for one node's worker.

    `metastore` is `host:port` of the node that keeps the metadata, "" in etcd mode and for that
    node itself, whose worker starts the service. `port` 0 asks for any free port: another Ray node
    of the same host has the configured one.
    """

    metastore: str = ""
    port: int = 0
