"""Workers that the tests of this directory share."""

from collections.abc import Iterator

import pytest
from worker import workers


@pytest.fixture(scope="session")
def worker() -> Iterator[str]:
    """Give the address of one worker."""
    with workers(1) as (address,):
        yield address


# Tests that share workers run in one process of pytest-xdist, which starts them once.
PAIRS = [
    pytest.param(name, marks=pytest.mark.xdist_group(name))
    for name in ("one worker", "two workers", "p2p transfer")
]


@pytest.fixture(scope="session", params=PAIRS)
def pair(request: pytest.FixtureRequest) -> Iterator[tuple[str, str]]:
    """Give the addresses of the workers that provider and consumer connect to."""
    options = ["--enable_p2p_transfer", "true"] if request.param == "p2p transfer" else []
    with workers(2 if request.param == "two workers" else 1, *options) as addresses:
        yield addresses[0], addresses[-1]
