"""Fixtures of the native libraries' own tests."""

from collections.abc import Iterator

import pytest
from bindings import Cann, opened


@pytest.fixture
def cann() -> Iterator[Cann]:
    """The functions, device 0 set; what a test made with them is destroyed at its end."""
    functions = opened()
    yield functions
    functions.release()
