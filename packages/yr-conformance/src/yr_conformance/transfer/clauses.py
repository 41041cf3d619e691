"""Clauses about transfers: those that take the fixture `device` hold for every kind of device.

What only holds for objects that are copies, or for devices with streams, is marked so.
"""

from __future__ import annotations

import pytest

from yr_conformance.clauses import MAY, MUST, SHOULD, clause

__all__ = [
    "BETWEEN_KINDS",
    "BY_VALUE",
    "MAY",
    "MUST",
    "OF_DEVICES",
    "ON_STREAMS",
    "SHOULD",
    "clause",
]

BY_VALUE = pytest.mark.by_value
"""Holds where the object is a copy that the datasystem keeps."""

BETWEEN_KINDS = pytest.mark.between_kinds
"""Is about a device and the host, so that it is proven once, for the device."""

ON_STREAMS = pytest.mark.on_streams
"""Holds where the device works on what is queued on its streams, after the call that queued it."""

OF_DEVICES = pytest.mark.of_devices
"""Is about what only devices have, so that it holds for none of the host."""
