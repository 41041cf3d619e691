"""The released datasystem on emulated NPUs: each side of a transfer on a worker of its own."""

from collections.abc import Iterator

import pytest
from processes import IN_MODES, provided_and_fetched
from worker import workers

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def pair() -> Iterator[list[str]]:
    """Give the addresses of two workers that share a metastore."""
    with workers(2) as addresses:
        yield addresses


@pytest.mark.parametrize("mode", IN_MODES)
def test_tensors_go_from_device_to_device_across_workers(pair: list[str], mode: str) -> None:
    """The consumer's worker finds what the provider told its own."""
    provided, fetched = provided_and_fetched(pair[0], pair[1], mode)

    assert provided == dict.fromkeys(provided, True)
    assert fetched == dict.fromkeys(fetched, True)
