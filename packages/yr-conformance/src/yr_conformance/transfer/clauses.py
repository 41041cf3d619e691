"""Clauses about transfers: those that take the fixture `device` hold for every kind of device.

What only holds for objects that are copies, or only for those that are not, is marked so.
"""

from __future__ import annotations

import functools

import pytest

from yr_conformance.clauses import MAY, MUST, SHOULD
from yr_conformance.clauses import clause as any_clause

__all__ = ["BY_REFERENCE", "BY_VALUE", "MAY", "MUST", "SHOULD", "clause"]

clause = functools.partial(any_clause, needs=())

BY_VALUE = pytest.mark.by_value
"""Holds where the object is a copy that the datasystem keeps."""
BY_REFERENCE = pytest.mark.by_reference
"""Holds where the object is the memory of its source."""
