"""What a forked child may use of its parent's: nothing, and nothing of it is destroyed there."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable

import pytest
from conftest import PATIENCE_S, Sandbox
from sender import transfer

from ray_ascend import register_yr_tensor_transport
from ray_ascend.store.clients import Clients, _leave, client_of
from ray_ascend.store.connection import current
from ray_ascend.store.discovery import find_worker
from ray_ascend.store.ledger import orphans
from ray_ascend.store.process_state import of_ancestors, of_process

SIZE = 1 << 16


class Held:
    """A part with a lock, as all have."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.notes: list[str] = []


def in_child(answer: Callable[[], str]) -> str:
    """Fork, and give what the child answers; it has ended then, without any exit handler."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        try:
            os.write(writing, answer().encode())
        except BaseException as error:  # whatever it is, the parent has to hear of it
            os.write(writing, repr(error).encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        said = pipe.read()
    os.waitpid(child, 0)
    return said


def test_a_part_is_made_once() -> None:
    """Every thread of a process gets the same one."""
    found: list[Held] = []
    threads = [threading.Thread(target=lambda: found.append(of_process(Held))) for _ in range(8)]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert {id(one) for one in found} == {id(of_process(Held))}


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_child_begins_anew_whatever_its_parent_holds() -> None:
    """A lock that a thread of the parent holds is free in the child, and the parent's part kept."""
    held = of_process(Held)
    held.notes.append("of the parent")

    def answer() -> str:
        with of_process(Held).lock:
            return f"{of_process(Held).notes} {[one.notes for one in of_ancestors(Held)]}"

    with held.lock:
        said = in_child(answer)

    assert said == "[] [['of the parent']]"


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_child_can_leave_whatever_its_parent_holds() -> None:
    """At its end it leaves its parent's clients alone, though a thread of the parent has locked."""
    clients = of_process(Clients)

    with clients._lock:  # as a thread does that makes a client
        said = in_child(lambda: str(_leave()))

    assert said == "None"


@pytest.mark.datasystem
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_fork_while_a_transfer_is_under_way(sandbox: Sandbox) -> None:
    """The child has clients of its own; the parent goes on, and answers for its keys as before."""
    sandbox.start_ray()
    register_yr_tensor_transport(["cpu"])
    assert transfer() == 4950.0
    worker, connection, half_done, may_end = find_worker(), current(), *two_events()

    def store_slowly() -> None:
        with connection.new_value("slow", SIZE) as memory:
            memory[:4] = b"half"
            half_done.set()
            may_end.wait(PATIENCE_S)
            memory[4:8] = b"done"

    def answer() -> str:
        client = client_of(worker)
        with client.new_value("of-the-child", SIZE) as memory:
            memory[:4] = b"here"
        return bytes(memoryview(client.read("of-the-child"))[:4]).decode()

    storing = threading.Thread(target=store_slowly)
    storing.start()
    assert half_done.wait(PATIENCE_S)

    said = in_child(answer)

    may_end.set()
    storing.join()
    ledgers = os.path.join(worker.home, "ledger")
    assert said == "here"
    assert bytes(memoryview(connection.read("slow"))[:8]) == b"halfdone"
    # A process that asks for its own lock gets it, and gives it up.
    left = in_child(lambda: " ".join(os.path.basename(one.path) for one in orphans(ledgers)))
    assert f"{os.getpid()}-" not in left
    assert connection.discard(["slow", "of-the-child"])
    assert transfer() == 4950.0


def two_events() -> tuple[threading.Event, threading.Event]:
    """Make two."""
    return threading.Event(), threading.Event()
