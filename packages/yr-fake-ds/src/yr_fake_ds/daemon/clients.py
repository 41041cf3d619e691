r"""The clients of a worker: who is registered, and what becomes of those that vanish.

register --leave (goodbye)----------------------------> forgotten
      \--vanish--> waited for --client_dead_timeout_s--> forgotten
                          \--register again--> registered
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable

from yr_fake_ds import texts
from yr_fake_ds.refusal import RefusedError


class Clients:
    """Registered client ids; used from all threads of the worker.

    `forget` is called with the id of a client whose references must go. A registration is known by
    its ticket, so that the late end of an earlier one does not end its successor.
    """

    def __init__(self, limit: int, dead_timeout_s: float, forget: Callable[[str], None]) -> None:
        self._limit = limit
        self._dead_timeout_s = dead_timeout_s
        self._forget = forget
        self._lock = threading.Lock()
        self._tickets = itertools.count(1)
        self._present: dict[str, int] = {}
        self._vanished: dict[str, tuple[int, threading.Timer]] = {}

    def register(self, client_id: str) -> int:
        """Take a client in and return its ticket; RefusedError when there are too many."""
        with self._lock:
            if client_id not in self._present and len(self._present) >= self._limit:
                raise RefusedError(texts.TOO_MANY_CLIENTS)
            _ticket, timer = self._vanished.pop(client_id, (0, None))
            if timer is not None:
                timer.cancel()
            ticket = next(self._tickets)
            self._present[client_id] = ticket
            return ticket

    def remembers(self, client_id: str) -> bool:
        """Tell whether a client is registered, or vanished so lately that it may come back."""
        with self._lock:
            return client_id in self._present or client_id in self._vanished

    def leave(self, client_id: str, ticket: int) -> None:
        """Let a client go that said goodbye."""
        with self._lock:
            if self._present.get(client_id) != ticket:
                return
            del self._present[client_id]
        self._forget(client_id)

    def vanish(self, client_id: str, ticket: int) -> None:
        """Drop a vanished client's references after the dead timeout."""
        with self._lock:
            if self._present.get(client_id) != ticket:
                return
            del self._present[client_id]
            timer = threading.Timer(self._dead_timeout_s, self._bury, [client_id, ticket])
            timer.daemon = True
            self._vanished[client_id] = (ticket, timer)
        timer.start()

    def ids(self) -> list[str]:
        """Return the registered clients."""
        with self._lock:
            return sorted(self._present)

    def _bury(self, client_id: str, ticket: int) -> None:
        with self._lock:
            waiting = self._vanished.get(client_id)
            if waiting is None or waiting[0] != ticket:
                return
            del self._vanished[client_id]
        self._forget(client_id)
