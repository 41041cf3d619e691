"""KV-CONN: what clients see of a worker that is full of clients, dies and comes back."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from yr_conformance.chapters.kv.casualty import MAX_CLIENTS, VALUE, Casualty, suffer
from yr_conformance.clauses import MUST, clause
from yr_conformance.datasystem.cluster import Cluster
from yr_conformance.datasystem.sources import MEASURED
from yr_conformance.datasystem.statuses import split_status
from yr_conformance.datasystem.worker import head_worker, new_home


@pytest.fixture(scope="module")
def casualty(
    process_mark: str, process_home: str, new_cluster: Callable[[], Cluster]
) -> Iterator[Casualty]:
    """One death of a worker, over when the first clause looks at it."""
    worker = head_worker(
        new_cluster(), new_home(process_home), "--max_client_num", str(MAX_CLIENTS)
    )
    try:
        yield suffer(worker)
    finally:
        worker.discard()


@clause("KV-CONN-09", MUST, source=MEASURED)
def test_a_dead_worker(casualty: Casualty) -> None:
    """After the worker was killed, a call fails within its time-out, with a status of RPC."""
    code, _ = split_status(casualty.first_call)

    assert code in {"RPC unavailable", "RPC deadline exceeded"}


@clause("KV-CONN-10", MUST, source=MEASURED)
def test_a_client_reconnects(casualty: Casualty) -> None:
    """A client goes on by itself when the worker is back at its address; the data is gone."""
    assert split_status(casualty.health_again) == ("OK", "")
    assert casualty.kept == [False]


@clause("KV-CONN-11", MUST, source=MEASURED)
def test_held_bytes_survive_the_worker(casualty: Casualty) -> None:
    """Bytes that a reader holds stay readable when the worker is killed and when it is back."""
    assert casualty.held == VALUE
    assert casualty.held_at_last == VALUE


@clause("KV-CONN-12", MUST, source=MEASURED)
def test_clients_are_limited(casualty: Casualty) -> None:
    """A worker takes `max_client_num` clients, and a place is free again when a client goes."""
    code, message = split_status(casualty.one_client_too_many)

    assert code == "Runtime error"
    assert "Client number upper to the limit" in message


@clause("KV-CONN-13", MUST, source=MEASURED)
@pytest.mark.parametrize(
    "call", ["get", "get_buffers", "set", "mcreate", "exist", "delete", "expire"]
)
def test_a_noticed_death(casualty: Casualty, call: str) -> None:
    """Once the client has noticed that its worker is dead, every call says `disconnected`."""
    code, message = split_status(casualty.later_calls[call])

    assert code == "RPC unavailable"
    assert "disconnected from worker" in message


@clause("KV-CONN-14", MUST, source=MEASURED)
def test_the_health_of_a_dead_worker(casualty: Casualty) -> None:
    """`health_check` does not raise when the worker is dead: it returns RPC unavailable."""
    assert split_status(casualty.health)[0] == "RPC unavailable"


@clause("KV-CONN-15", MUST, source=MEASURED)
def test_buffers_of_a_former_worker(casualty: Casualty) -> None:
    """A buffer made before the worker was restarted cannot be published: Buffer deprecated."""
    code, message = split_status(casualty.old_buffer)

    assert code == "Buffer deprecated"
    assert "The buffer is deprecated, please destruct it!" in message
