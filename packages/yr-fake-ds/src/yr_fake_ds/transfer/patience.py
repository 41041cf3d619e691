"""How long one side of a transfer waits for the other."""

import os
from typing import Final

from yr_fake_ds.client.device_memory import TIMEOUT_VARIABLE

TRANSFER_TIMEOUT_MS: Final = 60_000
"""The real one waits 30 s for a peer to connect and 10 s for each item, and for ever for the answer
of one that hangs."""


def transfer_timeout_s() -> float:
    """Return how long an answer of the other side, or the end of its copying, may take.

    YR_FAKE_DS_TRANSFER_TIMEOUT_MS makes it shorter for tests.
    """
    return int(os.environ.get(TIMEOUT_VARIABLE, TRANSFER_TIMEOUT_MS)) / 1000
