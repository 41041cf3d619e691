"""Fixtures of the server tests."""

from announcing import state
from cluster import cluster, fresh_cluster
from etcd_pair import pair
from etcd_process import etcd
from raw_client import connect
from served_worker import serve
from started_worker import worker

__all__ = ["cluster", "connect", "etcd", "fresh_cluster", "pair", "serve", "state", "worker"]
