"""Clauses about groups over HCCL: Ray's groups take a backend of others from 2.56 on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from yr_conformance.clauses import MUST, Level, Test
from yr_conformance.clauses import clause as any_clause
from yr_conformance.transfer.clauses import OF_DEVICES

__all__ = ["DESIGN", "MUST", "RAY", "RDT", "clause"]

RAY: Final = "ray.util.collective, Ray 2.56 to 2.60"
RDT: Final = "Ray RDT: collective transports, Ray 2.56 to 2.60"
DESIGN: Final = "design: what goes wrong in a group is everybody's error, in time"


def clause(clause_id: str, level: Level, *, source: str) -> Callable[[Test], Test]:
    """Declare a clause that needs NPUs with HCCL, and Ray's registry of backends."""
    declare = any_clause(clause_id, level, source=source, needs=("hccl",))

    def decorate(test: Test) -> Test:
        marked: Test = OF_DEVICES(declare(test))
        return marked

    return decorate
