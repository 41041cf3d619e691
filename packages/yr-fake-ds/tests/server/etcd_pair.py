"""Two workers that meet in etcd."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from cluster import Member
from etcd_process import EtcdProcess

NODE_TIMEOUT_S = 1
NODE_DEAD_TIMEOUT_S = 3


@dataclass
class EtcdMember(Member):
    """A worker whose cluster meets in etcd."""

    def cluster_flags(self) -> list[str]:
        """Say where the cluster meets; its times are short."""
        return [
            *("--etcd_address", self.metastore, "--cluster_name", "tests"),
            *("--node_timeout_s", str(NODE_TIMEOUT_S)),
            *("--node_dead_timeout_s", str(NODE_DEAD_TIMEOUT_S)),
        ]


@dataclass
class Pair:
    """Two workers; the first keeps the directory."""

    first: EtcdMember
    second: EtcdMember


@pytest.fixture
def pair(etcd: EtcdProcess) -> Iterator[Pair]:
    """Two workers that a test may kill."""
    with contextlib.ExitStack() as stack:
        members = []
        for _ in range(2):
            home = stack.enter_context(tempfile.TemporaryDirectory(prefix="yrm-", dir="/tmp"))
            member = EtcdMember(etcd.address, False, home)
            member.start()
            stack.callback(member.kill)
            members.append(member)
        yield Pair(*members)
