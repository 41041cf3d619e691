"""The actors between which the soak moves tensors, and the pool that replaces those that died."""

from __future__ import annotations

import os
import random
import threading
from typing import Any

import psutil
import ray
from payloads import difference, tensors_of, tree_of

from yr_conformance.transfer.registration import register_transport

ANCHORS = 2
"""So many are never killed: what leaks, leaks in them."""


def _new_peer() -> Any:
    @ray.remote(num_cpus=0)
    class Peer:
        def __init__(self) -> None:
            register_transport()

        @ray.method(tensor_transport="YR")
        def make(self, seed: int) -> Any:
            return tree_of(seed)

        @ray.method(tensor_transport="YR")
        def make_list(self, seed: int) -> Any:
            return tensors_of(seed)

        @ray.method(tensor_transport="YR")
        def pass_on(self, value: Any) -> Any:
            return value

        def check(self, seed: int, value: Any) -> str:
            return difference(tree_of(seed), value)

        def vitals(self) -> tuple[int, int]:
            return os.getpid(), psutil.Process().num_fds()

    return Peer.remote()  # type: ignore[attr-defined]  # added by the decorator


class Pool:
    """A fixed number of peers; used by all threads of the driver."""

    def __init__(self, size: int) -> None:
        self._lock = threading.Lock()
        self._peers = [_new_peer() for _ in range(size)]

    def all(self) -> list[Any]:
        """Give the peers of this moment."""
        with self._lock:
            return list(self._peers)

    def mortal(self, drawn: random.Random) -> Any:
        """Draw one that may be killed."""
        return drawn.choice(self.all()[ANCHORS:])

    def replace(self, dead: Any) -> None:
        """Put a new one in the place of one that died, unless that has been done."""
        with self._lock:
            for place, peer in enumerate(self._peers):
                if peer is dead:
                    self._peers[place] = _new_peer()

    def replace_dead(self) -> None:
        """Put new ones in the places of all that do not answer any more because they died."""
        for peer in self.all():
            try:
                ray.get(peer.vitals.remote(), timeout=60)
            except ray.exceptions.RayActorError:
                self.replace(peer)
