"""FAULT-MEM: the memory of a worker is full."""

from __future__ import annotations

from typing import Any

from yr_conformance.chapters.fault.clauses import MUST, clause
from yr_conformance.datasystem.clients import Keys
from yr_conformance.datasystem.fixtures import SMALL_CLIENT_S
from yr_conformance.datasystem.sources import MEASURED
from yr_conformance.datasystem.statuses import told
from yr_conformance.faults.fixtures import Row
from yr_conformance.faults.pair import VALUE
from yr_conformance.faults.trial import Trial

CHUNK = VALUE * 4


@clause("FAULT-MEM-01", MUST, source=MEASURED)
def test_full_memory(small_client: Any, own_keys: Keys, fault_row: Row) -> None:
    """`set` into a full worker fails within its time, and works once something was deleted."""
    trial, stored = Trial("full memory"), []
    for number in range(64):
        key = own_keys(f"{number}")
        if told(small_client.set, key, CHUNK) is not None:
            break
        stored.append(key)

    trial.call("set", SMALL_CLIENT_S, small_client.set, own_keys("more"), CHUNK)
    trial.call("get", SMALL_CLIENT_S, lambda: small_client.get(stored[:1]) == [CHUNK])
    small_client.delete(stored[:2])
    trial.mended()
    trial.recover(lambda: small_client.set(own_keys("again"), VALUE) is None)
    fault_row(trial)

    assert [one.failed for one in trial.seen] == [True, False], trial.seen
    trial.check()
