"""What a clause needs of a target because of the fixtures that it takes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import pytest

DATASYSTEM: Final = "datasystem"
"""The capability to be looked into by a client of the SDK, beside what a transport does."""
_OF: Final[Mapping[str, str]] = dict.fromkeys(
    ("host_keys", "key_space", "room", "worker"), DATASYSTEM
)


def needs_of(item: pytest.Item) -> frozenset[str]:
    """Give the capabilities that a collected test's fixtures need, also those of fixtures' own."""
    names = getattr(item, "fixturenames", ())
    return frozenset(_OF[name] for name in names if name in _OF)
