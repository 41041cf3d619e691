"""Patience with the head worker: what needs it is tried again until the request's time is over."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final, TypeVar

from yr_fake_ds import texts
from yr_fake_ds.directory.remote import DirectoryLostError
from yr_fake_ds.refusal import RefusedError
from yr_fake_ds.texts import Text

RETRY_PAUSE_S: Final = 0.05

Answer = TypeVar("Answer")


def patiently(
    deadline: float, operation: Callable[[], Answer], text: Text = texts.REMOTE_UNREACHABLE
) -> Answer:
    """Carry out `operation` until the cluster lets it, at most until `deadline` (monotonic s).

    RefusedError with `text` when the head, or a worker that the operation needs, stays away.
    """
    while True:
        try:
            return operation()
        except DirectoryLostError as error:
            address = str(error)
        except RefusedError as error:
            if error.text is not texts.REMOTE_UNREACHABLE:
                raise
            address = error.values["address"]
        if time.monotonic() >= deadline:
            raise RefusedError(text, address=address)
        time.sleep(RETRY_PAUSE_S)


def deadline_of(timeout_ms: int) -> float:
    """Return when a request of now is too late, in monotonic seconds."""
    return time.monotonic() + timeout_ms / 1000
