"""Clauses about the object client: all of them need a target that has it."""

from __future__ import annotations

import functools

from yr_conformance.clauses import MUST
from yr_conformance.clauses import clause as any_clause

__all__ = ["MUST", "clause"]

clause = functools.partial(any_clause, needs=("object-client",))
