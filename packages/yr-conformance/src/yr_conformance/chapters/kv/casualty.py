"""Casualty: a worker that is filled with clients, is killed and comes back, seen by its clients."""

from __future__ import annotations

import gc
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from yr_conformance.datasystem.clients import connect
from yr_conformance.datasystem.statuses import told
from yr_conformance.datasystem.worker import Worker
from yr_conformance.waiting import wait_until

MAX_CLIENTS = 2
KEY, VALUE = "casualty", b"x" * 600_000
REQUEST_TIMEOUT_MS = 5000
_DISCONNECTED = "disconnected from worker"


@dataclass(frozen=True)
class Casualty:
    """What the clients were told: answers, statuses, or texts of errors."""

    one_client_too_many: Any
    first_call: Any
    later_calls: Mapping[str, Any]
    health: str
    held: bytes
    kept: list[bool]
    health_again: str
    old_buffer: Any
    held_at_last: bytes


def suffer(worker: Worker) -> Casualty:
    """Start the worker, kill it, start it again."""
    worker.start()
    client = connect(worker.port, req_timeout_ms=REQUEST_TIMEOUT_MS)
    one_client_too_many = _crowd(worker)
    client.set(KEY, VALUE)
    (held,) = client.get_buffers([KEY])
    unpublished = client.mcreate(["unpublished"], [len(VALUE)])
    worker.kill()
    first_call = told(client.get, [KEY])
    wait_until(lambda: _DISCONNECTED in str(told(client.get, [KEY])), "the client has noticed")
    seen = {
        "later_calls": _try_all(client),
        "health": client.health_check().to_string(),
        "held": bytes(memoryview(held)),
    }
    worker.start()
    wait_until(lambda: _works(client), "the client has reconnected")
    return Casualty(
        one_client_too_many=one_client_too_many,
        first_call=first_call,
        **seen,
        kept=client.exist([KEY]),
        health_again=client.health_check().to_string(),
        old_buffer=told(client.mset_buffer, unpublished),
        held_at_last=bytes(memoryview(held)),
    )


def _crowd(worker: Worker) -> Any:
    """Take all places, try one more, and wait until the others are free again."""
    others = [connect(worker.port) for _ in range(MAX_CLIENTS - 1)]
    refused = told(_connect, worker)
    others.clear()
    gc.collect()
    wait_until(lambda: _can_connect(worker), "a place is free")
    return refused


def _connect(worker: Worker) -> None:
    connect(worker.port)


def _can_connect(worker: Worker) -> bool:
    try:
        _connect(worker)
    except RuntimeError:
        return False
    return True


def _try_all(client: Any) -> Mapping[str, Any]:
    return {
        "get": told(client.get, [KEY]),
        "get_buffers": told(client.get_buffers, [KEY]),
        "set": told(client.set, KEY, b"x"),
        "mcreate": told(client.mcreate, [KEY], [len(VALUE)]),
        "exist": told(client.exist, [KEY]),
        "delete": told(client.delete, [KEY]),
        "expire": told(client.expire, [KEY], 1),
    }


def _works(client: Any) -> bool:
    try:
        client.set("probe", b"x")
    except RuntimeError:
        return False
    return True
