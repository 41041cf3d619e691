"""Clauses about the life of a backend, which need a transport and several nodes.

An experiment of several nodes and drivers takes longer than other clauses.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeVar

import pytest

from yr_conformance.clauses import MUST, Level
from yr_conformance.clauses import clause as any_clause

__all__ = ["DESIGN", "GUIDE", "MUST", "clause"]

Test = TypeVar("Test", bound=Callable[..., Any])

GUIDE: Final = "user guide: registration and cleanup"
DESIGN: Final = "design: a backend lives as long as somebody uses it, whatever dies meanwhile"
_EXPERIMENT_S: Final = 400


def clause(clause_id: str, level: Level, *, source: str) -> Callable[[Test], Test]:
    """Make a test the proof of a clause that needs several nodes."""
    made = any_clause(clause_id, level, source=source, needs=("transfer-cpu", "two-workers"))

    def decorate(test: Test) -> Test:
        limited: Test = pytest.mark.timeout(_EXPERIMENT_S)(made(test))
        return limited

    return decorate
