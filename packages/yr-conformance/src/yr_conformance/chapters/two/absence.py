"""Absence: a worker that joined a cluster crashes, comes back and is stopped, seen by its peer.

head ------- joined worker     "alone": only here; "read": the head has a replica
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from yr_conformance.datasystem.clients import Keys, connect
from yr_conformance.datasystem.statuses import told
from yr_conformance.datasystem.worker import Worker
from yr_conformance.waiting import wait_until

BIG = 1024 * 1024
VALUE = b"x" * BIG
IMPATIENT_MS = 1000
"""Of the client that asks for what nobody can give any more: a request then takes all its time."""


@dataclass(frozen=True)
class Crash:
    """What a client of the head was told after the crash: answers, or texts of errors."""

    get: Any
    batch: Any
    delete: Any
    replica: Any
    exist: Any
    fresh: Any


@dataclass(frozen=True)
class Absence:
    """What it was told at each step."""

    crash: Crash
    returned_get: Any
    returned_exist: Any
    stopped_exist: Any
    stopped_get: Any
    stopped_replica: Any


def be_absent(head: Worker, joined: Worker) -> Absence:
    """Crash the worker, start it again and stop it; the head stays as it was."""
    keys = Keys()
    client, impatient = connect(head.port), connect(head.port, req_timeout_ms=IMPATIENT_MS)
    alone, read = _fill(joined, client, keys, "crash")
    joined.kill()
    crash = _look_after_the_crash(client, impatient, (alone, read, keys("fresh")))
    joined.start()
    returned_get, returned_exist = told(client.get, [alone]), told(client.exist, [alone])
    alone, read = _fill(joined, client, keys, "stop")
    joined.stop()
    absence = Absence(
        crash=crash,
        returned_get=returned_get,
        returned_exist=returned_exist,
        stopped_exist=told(client.exist, [alone]),
        stopped_get=told(client.get, [alone]),
        stopped_replica=told(client.get, [read]),
    )
    told(client.delete, keys.made)
    return absence


def _fill(joined: Worker, client: Any, keys: Keys, when: str) -> tuple[str, str]:
    alone, read = keys(f"{when}-alone"), keys(f"{when}-read")
    there = connect(joined.port)
    there.set(alone, VALUE)
    there.set(read, VALUE)
    wait_until(lambda: client.exist([alone, read]) == [True, True], "the head knows the keys")
    client.get([read])
    return alone, read


def _look_after_the_crash(client: Any, impatient: Any, keys: tuple[str, str, str]) -> Crash:
    alone, read, fresh = keys
    get = told(impatient.get, [alone])
    batch = told(impatient.get, [read, alone])
    delete = told(impatient.delete, [alone])
    told(client.set, fresh, b"x")
    return Crash(
        get=get,
        batch=batch,
        delete=delete,
        replica=told(client.get, [read]),
        exist=told(client.exist, [read, alone]),
        fresh=told(client.get, [fresh]),
    )
