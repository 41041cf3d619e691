"""Two workers, a client of each, and the transfers between them that a fault interrupts."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Iterator
from typing import Any

from yr_conformance.datasystem.clients import Elsewhere, Keys, connect
from yr_conformance.datasystem.cluster import Cluster
from yr_conformance.datasystem.statuses import told
from yr_conformance.datasystem.worker import Worker, free_ports, new_home
from yr_conformance.faults.trial import Trial

LIMIT_S = 1.5
"""The request timeout of all clients of the trials."""
BIG = 1024 * 1024
VALUE = b"x" * BIG


class Pair:
    """The first worker of a cluster and one that joined it; both may be killed and started."""

    def __init__(self, head: Worker, joined: Worker, elsewhere: Elsewhere) -> None:
        self.head, self.joined, self.elsewhere = head, joined, elsewhere
        head.start()
        joined.start()
        self.here, self.there = connect_briefly(head.port), connect_briefly(joined.port)

    @functools.cached_property
    def keys(self) -> Keys:
        """Keys that nobody else uses."""
        return Keys()

    def fresh(self) -> str:
        """Give a key that was not used before."""
        return self.keys(f"{len(self.keys.made)}")

    def transfer(self) -> bool:
        """Move a value from each worker to the other; RuntimeError if that fails."""
        for source, target in ((self.there, self.here), (self.here, self.there)):
            key = self.fresh()
            source.set(key, VALUE)
            if target.get([key]) != [VALUE]:
                return False
            source.delete([key])
        return True

    def finish(self, trial: Trial) -> None:
        """See that all is well again, and what of the keys of the trial cannot be deleted."""
        trial.recover(self.transfer)
        # A first read ends keys whose only copy went with its worker.
        for key in self.keys.made:
            told(self.here.get, [key])
        told(self.here.delete, self.keys.made)
        exist = told(self.here.exist, self.keys.made)
        if isinstance(exist, list):
            pairs = zip(self.keys.made, exist, strict=True)
            trial.left = [key for key, there in pairs if there]
        else:
            trial.left = [f"unknown keys: {exist}"]
        del self.keys


def connect_briefly(port: int) -> Any:
    """Make a client whose calls take no longer than the limit."""
    return connect(port, connect_timeout_ms=5_000, req_timeout_ms=int(LIMIT_S * 1000))


@contextlib.contextmanager
def running_pair(
    first: Cluster, second: Cluster, home: str, elsewhere: Elsewhere, *options: str
) -> Iterator[Pair]:
    """Start both workers, the second one perhaps by another way to the cluster; end both."""
    ports = free_ports(2)
    head = Worker(ports[0], first, new_home(home), options=options)
    joined = Worker(ports[1], second, new_home(home), head=False, options=options)
    try:
        yield Pair(head, joined, elsewhere)
    finally:
        joined.discard()
        head.discard()
