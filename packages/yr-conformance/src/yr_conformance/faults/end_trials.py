"""Ends of a driver whose worker was killed or frozen, each with a Ray cluster of its own.

    tests --start--> this driver -- Ray -- actors in a ring, each with a client of the worker
          <--JSON---             worker killed, frozen ... ray.shutdown(), Ray's node ends

Started with `-m yr_conformance.faults.end_trials FILE [ETCD_ADDRESS]`, it writes one JSON object a
line into the file: an end, how many seconds all processes took for it, and which were left.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, Final

from yr_conformance.fair_time import Elapsed, Stopwatch, with_elapsed
from yr_conformance.faults.transport_driver import REPLY_S, ones, total_of
from yr_conformance.living import freeze, kill
from yr_conformance.transfer.ray_session import RaySession, ray_session

ACTORS: Final = 4
ELEMENTS: Final = 10
GONE_S: Final = 10.0


@dataclass(frozen=True)
class End:
    """How long a session's processes took to end, and what of them had to be killed."""

    name: str
    took: Elapsed
    left: str


class Ring:
    """Actors that send a tensor each to the next one."""

    def __init__(self) -> None:
        from yr_conformance.transfer.peer import peer_class

        # An actor may end with its worker, which FAULT-XFER-01 counts; then it begins anew here.
        lasting = peer_class().options(max_restarts=-1, max_task_retries=-1)
        self._actors: list[Any] = [lasting.remote() for _ in range(ACTORS)]
        self.turn()

    def turn(self) -> None:
        """Let every tensor arrive."""
        import ray

        following = [*self._actors[1:], self._actors[0]]
        totals = [
            receiver.apply.remote(total_of, sender.make.remote(ones, ELEMENTS))
            for sender, receiver in zip(self._actors, following, strict=True)
        ]
        assert ray.get(totals, timeout=REPLY_S) == [ELEMENTS] * ACTORS


def worker_killed(session: RaySession) -> Ring:
    """The worker is killed, and the driver leaves at once."""
    ring = Ring()
    _kill_worker(session)
    return ring


def worker_replaced(session: RaySession) -> Ring:
    """The worker is killed, and all actors transfer through the next one."""
    ring = Ring()
    _kill_worker(session)
    ring.turn()
    return ring


def backend_renewed(session: RaySession) -> tuple[Ring, Ring]:
    """The worker is killed, the driver cleans up and registers again, with other actors too."""
    from ray_ascend.utils import cleanup_yr_resources
    from yr_conformance.transfer.registration import register_transport

    first = Ring()
    _kill_worker(session)
    cleanup_yr_resources()
    register_transport()
    return first, Ring()


def worker_frozen(session: RaySession) -> Ring:
    """The worker stops answering, and the driver leaves at once."""
    ring = Ring()
    freeze(_worker_of(session))
    return ring


def cleaned_up_under_a_frozen_worker(session: RaySession) -> Ring:
    """The worker stops answering, and the driver cleans up before it leaves."""
    return worker_frozen(session)


ENDS: Final = (
    worker_killed,
    worker_replaced,
    worker_frozen,
    cleaned_up_under_a_frozen_worker,
    backend_renewed,
)
CLEANING_UP: Final = (cleaned_up_under_a_frozen_worker,)


def main(path: str, etcd_address: str = "") -> None:
    """Come to every end once and write down what was seen."""
    with open(path, "w", encoding="utf-8") as file:
        for before in ENDS:
            file.write(json.dumps(asdict(_ended(before, etcd_address))) + "\n")
            file.flush()


def read_ends(path: str) -> dict[str, End]:
    """Read what such a driver wrote."""
    with open(path, encoding="utf-8") as file:
        ends = [End(**with_elapsed(json.loads(line))) for line in file]
    return {end.name: end for end in ends}


def _ended(before: Callable[[RaySession], object], etcd_address: str) -> End:
    left, watch, kept = "", Stopwatch(), object()
    try:
        with ray_session(etcd_address, cleans_up=before in CLEANING_UP) as session:
            kept = before(session)
            watch = Stopwatch()
    except AssertionError as error:
        left = str(error)
    took = watch.read()
    del kept
    return End(before.__name__.replace("_", " "), took, left)


def _kill_worker(session: RaySession) -> None:
    kill(_worker_of(session))


def _worker_of(session: RaySession) -> int:
    (pid,) = session.datasystem_pids()
    return pid


if __name__ == "__main__":
    main(*sys.argv[1:3])
