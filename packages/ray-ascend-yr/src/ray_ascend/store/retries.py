"""What is tried again while there is hope: a worker that is being replaced, or has no room."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from typing import Final

from ray_ascend.errors import NotInitializedError, StoreFullError, StoreUnavailableError
from ray_ascend.metrics.events import Retried
from ray_ascend.metrics.recorder import record
from ray_ascend.store import discovery
from ray_ascend.store.connection import Connection, current, follow

ROOM_PATIENCE_S: Final = 10.0
"""For room in the worker: Ray frees objects some time after their last reference went."""
ROOM_PAUSE_S: Final = 0.5
"""Between attempts to store while the worker is full; the SDK itself waits for 2 s each time."""
_PAUSE_S: Final = 0.05


class Retries:
    """Attempts, while the worker is unreachable, until a deadline (monotonic seconds).

    And for `room_s` while it has no room.

        while True:
            with retries.attempt() as connection:
                return ...

    The worker may have been restarted at another address: each attempt finds out. In the end the
    error of the last attempt is raised, a StoreUnavailableError with how long that was tried.
    """

    def __init__(self, deadline: float, room_s: float = 0.0) -> None:
        self._deadline, self._begin = deadline, time.monotonic()
        self._room_until = self._begin + room_s
        self._pause_s = 0.0

    @contextlib.contextmanager
    def attempt(self) -> Iterator[Connection]:
        """Give a connection; swallow the block's two errors of the worker while there is time."""
        if self._pause_s:
            # Even a sleep of nothing gives the GIL away, and the processor.
            time.sleep(self._pause_s)
        self._pause_s = _PAUSE_S
        connection = current(max(0.0, self._deadline - time.monotonic()))
        try:
            yield connection
        except StoreFullError:
            if time.monotonic() >= self._room_until:
                raise
            self._pause_s = ROOM_PAUSE_S
            record(Retried("no_room"))
        except StoreUnavailableError as error:
            now = time.monotonic()
            if now >= self._deadline:
                raise _in_vain(error, connection, now - self._begin) from error
            record(Retried("unreachable"))
            _reconsider(connection, self._deadline)


def _reconsider(connection: Connection, deadline: float) -> None:
    """Use another worker if the coordinator names one; with the same one the SDK reconnects itself.

    Waits for a worker that is being started again, but not beyond the deadline.
    """
    try:
        found = discovery.find_worker(max(0.0, deadline - time.monotonic()))
    except (NotInitializedError, StoreUnavailableError):
        if time.monotonic() < deadline:
            raise
        return
    if found != connection.endpoint:
        follow(connection, found)


def _in_vain(
    error: StoreUnavailableError, connection: Connection, seconds: float
) -> StoreUnavailableError:
    endpoint = connection.endpoint
    return StoreUnavailableError(
        f"{error}; tried for {seconds:.0f} s, while the worker at {endpoint.address} of Ray node "
        f"{endpoint.node_id} neither answered nor was replaced by another one; "
        "`python -m ray_ascend doctor` tells what is wrong with it",
        error.key,
        error.status,
    )
