"""Fixtures of the server tests."""

from cluster import cluster, fresh_cluster
from raw_client import connect
from served_worker import serve
from started_worker import worker

__all__ = ["cluster", "connect", "fresh_cluster", "serve", "worker"]
