"""The clients of a worker: who is registered, and what becomes of those that vanish."""

from __future__ import annotations

import threading
from collections.abc import Callable

from yr_fake_ds import texts
from yr_fake_ds.refusal import RefusedError


class Clients:
    """Registered client ids; used from all threads of the worker.

    `forget` is called with the id of a client whose references must go.
    """

    def __init__(self, limit: int, dead_timeout_s: float, forget: Callable[[str], None]) -> None:
        self._limit = limit
        self._dead_timeout_s = dead_timeout_s
        self._forget = forget
        self._lock = threading.Lock()
        self._present: set[str] = set()
        self._vanished: dict[str, threading.Timer] = {}

    def register(self, client_id: str) -> None:
        """Take a client in; RefusedError when there are too many."""
        with self._lock:
            timer = self._vanished.pop(client_id, None)
            if timer is not None:
                timer.cancel()
            if client_id not in self._present and len(self._present) >= self._limit:
                raise RefusedError(texts.TOO_MANY_CLIENTS)
            self._present.add(client_id)

    def knows(self, client_id: str) -> bool:
        """Tell whether a client is registered."""
        with self._lock:
            return client_id in self._present

    def leave(self, client_id: str) -> None:
        """Let a client go that said goodbye."""
        with self._lock:
            self._present.discard(client_id)
        self._forget(client_id)

    def vanish(self, client_id: str) -> None:
        """Drop a vanished client's references after the dead timeout."""
        with self._lock:
            if client_id not in self._present:
                return
            self._present.discard(client_id)
            timer = threading.Timer(self._dead_timeout_s, self._bury, [client_id])
            timer.daemon = True
            self._vanished[client_id] = timer
        timer.start()

    def ids(self) -> list[str]:
        """Return the registered clients."""
        with self._lock:
            return sorted(self._present)

    def _bury(self, client_id: str) -> None:
        with self._lock:
            if self._vanished.pop(client_id, None) is None:
                return
        self._forget(client_id)
