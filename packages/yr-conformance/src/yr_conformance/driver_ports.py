"""Driver ports: where Ray's core worker listens in the test process, as a driver of a cluster.

`ray.shutdown` ends what listens there. Once in about forty runs of the gate, the test process was
left with a port and no thread of a core worker (Ray 2.60.0, the released datasystem on emulated
NPUs), where nothing else than Ray listens in that process. Such a socket ends with the process, so
it is told and fails no test; a port that did not come with `ray.init` is a leak as before.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

from yr_conformance.listening import listening_ports
from yr_conformance.traces import described_port

_noted: set[int] = set()


@contextlib.contextmanager
def driver_ports_noted() -> Iterator[None]:
    """Take what this process listens on afterwards and not before as Ray's; for `ray.init` only."""
    before = _own_ports()
    yield
    _noted.update(_own_ports() - before)


def ports_of_ray() -> set[str]:
    """Give the ports on which Ray has listened in this process, as traces describe them."""
    return {described_port(os.getpid(), port) for port in _noted}


def _own_ports() -> frozenset[int]:
    pid = os.getpid()
    return listening_ports([pid])[pid]
