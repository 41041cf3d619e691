"""What the tests of this directory need: the released wheels."""

import importlib.metadata
from typing import Final

import pytest

WHEELS: Final = ("torch_npu", "openyuanrong-datasystem")


@pytest.fixture(scope="session", autouse=True)
def wheels() -> None:
    """Skip where a released wheel is not installed."""
    for wheel in WHEELS:
        if not any(importlib.metadata.distributions(name=wheel)):
            pytest.skip(f"{wheel} is not installed")
