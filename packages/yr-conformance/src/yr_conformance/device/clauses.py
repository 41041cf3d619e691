"""Clauses about device memory: all of them need a target with NPUs."""

from __future__ import annotations

import functools

from yr_conformance.clauses import MUST, SHOULD
from yr_conformance.clauses import clause as any_clause

__all__ = ["EMULATED", "MUST", "SHOULD", "clause"]

EMULATED = "measured on openyuanrong-datasystem 0.8.1 with emulated NPUs"

clause = functools.partial(any_clause, needs=("npu",))
