"""Clauses about faults of a cluster, which need a target with two workers."""

from __future__ import annotations

import functools

from yr_conformance.clauses import MUST
from yr_conformance.clauses import clause as any_clause

__all__ = ["MUST", "clause"]

clause = functools.partial(any_clause, needs=("two-workers",))
