"""Keys: what clients do to values as a whole, without their bytes."""

from __future__ import annotations

import contextlib

from yr_fake_ds import protocol
from yr_fake_ds.daemon.memory import Memory
from yr_fake_ds.daemon.patience import deadline_of, patiently
from yr_fake_ds.directory.remote import DirectoryLostError
from yr_fake_ds.directory.service import Directory


class Keys:
    """How the clients of one worker delete, expire and count; used from all its threads."""

    def __init__(self, address: str, memory: Memory, directory: Directory) -> None:
        self._address = address
        self._memory = memory
        self._directory = directory

    def delete(self, keys: list[str], timeout_ms: int) -> list[str]:
        """Delete keys everywhere; returns those that are still referred to."""
        failed = patiently(deadline_of(timeout_ms), lambda: self._directory.delete(keys))
        self._memory.forget_survivors(keys)
        return failed

    def expire(self, keys: list[str], ttl_s: int, timeout_ms: int) -> list[str]:
        """Set times to live anew; returns missing keys."""
        return patiently(deadline_of(timeout_ms), lambda: self._directory.rearm(keys, ttl_s))

    def invalidate(self, key: str) -> None:
        """Give up this worker's copy of a value; the key exists until somebody here asks for it."""
        version = self._directory.void(self._address, key)
        self._memory.void(key, version)

    def change_references(self, request: protocol.ChangeGlobalReferences, client_id: str) -> None:
        """Change cluster-wide counts of objects."""
        patiently(
            deadline_of(request.timeout_ms),
            lambda: self._directory.change_references(
                client_id, request.keys, increase=request.increase
            ),
        )

    def count_references(self, request: protocol.QueryGlobalReferences) -> int:
        """Return a cluster-wide count."""
        deadline = deadline_of(request.timeout_ms)
        return patiently(deadline, lambda: self._directory.count_references(request.key))

    def forget_client(self, client_id: str) -> None:
        """Drop what a client has here and what it refers to in the cluster."""
        self._memory.release_all(client_id)
        with contextlib.suppress(DirectoryLostError):
            self._directory.forget_client(client_id)
