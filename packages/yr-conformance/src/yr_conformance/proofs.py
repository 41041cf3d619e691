"""Proofs: a clause is proven once, or once for each kind of device, and counted accordingly.

clause XFER-P2P-01 --> proof "XFER-P2P-01 cpu" --> counted in the row "XFER cpu"
+-> proof "XFER-P2P-01 npu" --> counted in the row "XFER npu"
"""

from __future__ import annotations

import pytest

from yr_conformance.clauses import Clause
from yr_conformance.transfer.device_kind import DeviceKind


def device_of(item: pytest.Item) -> DeviceKind | None:
    """Give the kind of device that a collected test is about, None if it is about none."""
    callspec = getattr(item, "callspec", None)
    found = callspec.params.get("device") if callspec else None
    return found if isinstance(found, DeviceKind) else None


def proof_of(record: Clause, device: DeviceKind | None) -> str:
    """Name what a test proves, as reports and known deviations do."""
    return f"{record.id} {device.name}" if device else record.id


def row_of(proof: str) -> str:
    """Name the row of the table of chapters that a proof belongs to."""
    clause_id, _, device = proof.partition(" ")
    return f"{clause_id.split('-', 1)[0]} {device}".rstrip()


def clause_id_of(proof: str) -> str:
    """Give the id of the clause that was proven."""
    return proof.partition(" ")[0]
