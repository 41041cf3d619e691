"""Clauses about transfers: those that take the fixture `device` hold for every kind of device.

What only holds for objects that are copies is marked so.
"""

from __future__ import annotations

import pytest

from yr_conformance.clauses import MAY, MUST, SHOULD, clause

__all__ = ["BY_VALUE", "MAY", "MUST", "SHOULD", "clause"]

BY_VALUE = pytest.mark.by_value
"""Holds where the object is a copy that the datasystem keeps."""
