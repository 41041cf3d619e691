"""Clauses about several workers: all of them need a target that has more than one."""

from __future__ import annotations

import functools

from yr_conformance.clauses import MUST
from yr_conformance.clauses import clause as any_clause

__all__ = ["MUST", "clause"]

clause = functools.partial(any_clause, needs=("two-workers",))
