"""Fixtures of the native libraries' own tests."""

from collections.abc import Iterator

import pytest
from bindings import Cann, opened


@pytest.fixture
def cann() -> Iterator[Cann]:
    """Give the functions, device 0 set; destroy what the test made with them at its end."""
    functions = opened()
    yield functions
    functions.release()
