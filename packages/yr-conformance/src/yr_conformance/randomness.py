"""Randomness: one seed for a run, printed in its header; each test has a generator of its own.

The same `--seed` gives each test the same values, whatever else is run and in which process.
"""

from __future__ import annotations

import random
import secrets

import pytest

SEED_BITS = 32


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--seed`."""
    group = parser.getgroup("yr-conformance")
    group.addoption("--seed", type=int, help="seed of all random values (default: a new one)")


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Choose the seed in the process that was started; xdist hands it to the others."""
    if config.option.seed is None:
        config.option.seed = secrets.randbits(SEED_BITS)


@pytest.fixture
def rng(request: pytest.FixtureRequest) -> random.Random:
    """A random generator that depends on the seed and the test only."""
    return random.Random(f"{request.config.option.seed}:{request.node.name}")  # noqa: S311 - tests
