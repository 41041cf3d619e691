"""Clauses about how a backend is set up, which need a transport."""

from __future__ import annotations

import functools
from typing import Final

from yr_conformance.clauses import MUST
from yr_conformance.clauses import clause as any_clause

__all__ = ["DESIGN", "GUIDE", "MUST", "clause"]

GUIDE: Final = "user guide: environment variables"
DESIGN: Final = "design: settings are the driver's alone, and a bad one is an error before a start"

clause = functools.partial(any_clause, needs=("transfer-cpu", "two-workers"))
