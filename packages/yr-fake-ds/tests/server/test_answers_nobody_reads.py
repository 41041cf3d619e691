"""What a worker gives to a client that has stopped waiting, it takes back."""

from __future__ import annotations

import json
import os
import signal
import socket
from typing import Any

import pytest
from raw_client import PLAIN, Connect, RawClient, ask, inspect
from served_worker import Serve, wait_until
from started_worker import Started

from yr_fake_ds import framing, protocol
from yr_fake_ds.client import worker_link
from yr_fake_ds.client.connection import Connection, connect_unix
from yr_fake_ds.client.worker_link import open_link
from yr_fake_ds.faults.plan import call_name

GET = protocol.Get(keys=["k"], wait_ms=0, timeout_ms=1000)
CREATE = protocol.Create(keys=["new"], sizes=[100], parameters=PLAIN, timeout_ms=1000)
REQUESTS = pytest.mark.parametrize("request_", [GET, CREATE], ids=["get", "create"])


def client_with_value(port: int, connect: Connect) -> RawClient:
    """Make a client that has stored 100 bytes under `k`, and holds nothing."""
    client = connect(port)
    client.put("k", b"x" * 100)
    return client


def was_served(port: int, request: Any) -> bool:
    """Tell whether the worker has finished with such a request."""
    return type(request).__name__ in {entry.call for entry in inspect(port).journal}


@REQUESTS
def test_an_answer_that_is_not_read_gives_nothing(
    serve: Serve, connect: Connect, request_: Any
) -> None:
    """Memory of a get or a create whose client closed its end without reading is free again."""
    served = serve()
    client = client_with_value(served.port, connect)
    other, fd = client.attach()
    os.close(fd)

    framing.send_frame(other, protocol.encode(request_))
    wait_until(lambda: inspect(served.port).held_references == 1, "it is carried out")
    other.close()

    wait_until(lambda: inspect(served.port).held_references == 0, "it is taken back")
    assert served.used == 128


@REQUESTS
@pytest.mark.parametrize("action", ["drop", "status"])
def test_what_a_fault_plan_keeps_from_a_client_is_taken_back(
    serve: Serve, connect: Connect, request_: Any, action: str
) -> None:
    """A call that is carried out and then dropped, or answered as failed, holds no memory."""
    served = serve()
    client = client_with_value(served.port, connect)
    rule = {"action": action, "when": "after", "call": call_name(request_)}
    if action == "status":
        rule["status"] = "Runtime error"
    with socket.create_connection(("127.0.0.1", served.port)) as sock:
        ask(sock, protocol.SetFaults(plan=json.dumps({"rules": [rule]})))

    framing.send_frame(client.socket, protocol.encode(request_))

    wait_until(lambda: was_served(served.port, request_), "it is served")
    found = inspect(served.port)
    assert (found.faults, found.held_references, served.used) == ([1], 0, 128)


def test_a_release_waits_for_a_worker_that_does_not_answer(
    worker: Started, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Memory that is given back while the worker is stopped is free once it goes on."""
    link = open_link("me", worker.host, worker.port, 5)
    slots = link.ask(CREATE, protocol.Created, 1000).slots
    link.start_releasing()
    link._idle.pop().close()
    attempts: list[str] = []

    def counted(path: str, timeout_s: float) -> Connection:
        attempts.append(path)
        return connect_unix(path, timeout_s)

    monkeypatch.setattr(worker_link, "connect_unix", counted)
    monkeypatch.setattr(worker_link, "GRACE_S", 0.05)
    os.kill(worker.pid, signal.SIGSTOP)
    try:
        link.release(slots[0].id)
        wait_until(lambda: len(attempts) > 2, "it is tried again")
    finally:
        os.kill(worker.pid, signal.SIGCONT)

    wait_until(lambda: inspect(worker.port).held_references == 0, "it is released")
    link.close()
