"""Clauses about transfers: all of them need a target that moves CPU tensors between Ray actors."""

from __future__ import annotations

import functools

from yr_conformance.clauses import MAY, MUST, SHOULD
from yr_conformance.clauses import clause as any_clause

__all__ = ["MAY", "MUST", "SHOULD", "clause"]

clause = functools.partial(any_clause, needs=("transfer-cpu",))
