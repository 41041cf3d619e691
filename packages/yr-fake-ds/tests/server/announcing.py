"""Announcements as a worker would make them, for the tests of the directory's state."""

from __future__ import annotations

import pytest

from yr_fake_ds.directory.messages import Announce, Entry
from yr_fake_ds.directory.state import State
from yr_fake_ds.protocol import Parameters, PublishCall

HERE, THERE, THIRD = "127.0.0.1:1", "127.0.0.1:2", "127.0.0.1:3"
PRAM, CAUSAL = Parameters(0, 0, 0, 0), Parameters(1, 0, 0, 0)
"""Of what is created without parameters, and of what `set` writes."""


def announcement(
    call: PublishCall,
    *keys: str,
    version: int = 1,
    size: int = 10,
    address: str = HERE,
    parameters: Parameters = CAUSAL,
    only_if_absent: bool = False,
    nested: tuple[str, ...] = (),
) -> Announce:
    """Make an announcement of values of `size` bytes."""
    return Announce(
        address=address,
        call=call,
        entries=[Entry(key, size, version) for key in keys],
        parameters=parameters,
        only_if_absent=only_if_absent,
        nested=list(nested),
    )


@pytest.fixture
def state() -> State:
    """An empty state in which time stands still."""
    return State(lambda: 100.0)
