"""The directory as a worker sees it whose cluster meets in etcd: kept by one of the workers.

    this worker keeps it      calls go to the service in this process
    another worker keeps it   calls go there, as in metastore mode to the head
    nobody does at present    DirectoryLostError, and whoever is patient tries again

Who keeps it may change; the member (`membership.member`) says so by `keep` and `follow`.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable

from yr_fake_ds.addresses import split_address
from yr_fake_ds.daemon.memory import Memory
from yr_fake_ds.device_protocol import DeviceAnswer, DeviceCall
from yr_fake_ds.directory.messages import Announce, Entry, Located
from yr_fake_ds.directory.remote import DirectoryLostError, RemoteDirectory
from yr_fake_ds.directory.server import DirectoryServer
from yr_fake_ds.directory.service import Directory, DirectoryService


class ElectedDirectory:
    """Implements the Directory protocol; used from all threads of the worker."""

    def __init__(self, address: str, memory: Memory) -> None:
        self._address = address
        self._memory = memory
        self._lock = threading.Lock()
        self._remote: RemoteDirectory | None = None
        self._kept: DirectoryService | None = None
        self._last_keeper = ""

    def keep(self) -> None:
        """Keep the directory from now on; it begins empty, and so does this worker."""
        with self._lock:
            self._let_go()
            self._memory.forget_copies()
            service = DirectoryService()
            service.join(self._address, self._memory.drop)
            self._kept = service

    def follow(self, keeper: str) -> None:
        """Use another worker's from now on; DirectoryLostError if it does not answer.

        If it kept the directory before, it learns what is here; a new keeper wants none of it
        (measured on openyuanrong-datasystem 0.8.1).
        """
        with self._lock:
            self._let_go()
            remote = RemoteDirectory(*split_address(keeper), in_worker=True)
            remote.follow(self._address, self._memory.drop, lambda: self._is_lost(remote))
            if keeper != self._last_keeper:
                self._memory.forget_copies()
            remote.restore(self._address, self._entries())
            self._remote, self._last_keeper = remote, keeper

    def serves(self, keeper: str) -> bool:
        """Tell whether calls go to that worker now."""
        with self._lock:
            if keeper == self._address:
                return self._kept is not None
            return self._remote is not None and self._remote.address == keeper

    def serve(self, sock: socket.socket, introduced: Callable[[], None]) -> None:
        """Serve another worker's connection, if the directory is kept here."""
        with self._lock:
            kept = self._kept
        if kept is not None:
            DirectoryServer(kept).serve(sock, introduced)

    def announce(self, request: Announce) -> list[str]:
        """See Directory."""
        return self._current().announce(request)

    def locate(self, keys: list[str], wait_s: float) -> list[Located | None]:
        """See Directory."""
        return self._current().locate(keys, wait_s)

    def add_copy(self, address: str, key: str, version: int) -> bool:
        """See Directory."""
        return self._current().add_copy(address, key, version)

    def drop_copies(self, address: str, names: list[tuple[str, int]]) -> None:
        """See Directory."""
        self._current().drop_copies(address, names)

    def void(self, address: str, key: str) -> int:
        """See Directory."""
        return self._current().void(address, key)

    def remove(self, keys: list[str]) -> None:
        """See Directory."""
        self._current().remove(keys)

    def delete(self, keys: list[str]) -> list[str]:
        """See Directory."""
        return self._current().delete(keys)

    def rearm(self, keys: list[str], ttl_s: int) -> list[str]:
        """See Directory."""
        return self._current().rearm(keys, ttl_s)

    def change_references(self, client_id: str, keys: list[str], *, increase: bool) -> None:
        """See Directory."""
        self._current().change_references(client_id, keys, increase=increase)

    def forget_client(self, client_id: str) -> None:
        """See Directory."""
        self._current().forget_client(client_id)

    def count_references(self, key: str) -> int:
        """See Directory."""
        return self._current().count_references(key)

    def call_device(self, call: DeviceCall) -> DeviceAnswer:
        """See Directory."""
        return self._current().call_device(call)

    def leave(self, address: str) -> None:
        """See Directory."""
        self._current().leave(address)

    def _current(self) -> Directory:
        with self._lock:
            current = self._kept or self._remote
        if current is None:
            raise DirectoryLostError("no worker keeps the directory")
        return current

    def _let_go(self) -> None:
        if self._kept is not None or self._remote is not None:
            self._memory.survive()
        if self._remote is not None:
            self._remote.close()
        self._kept = self._remote = None

    def _is_lost(self, remote: RemoteDirectory) -> None:
        """Note that a keeper went away; runs in the thread that listened to it."""
        with self._lock:
            if self._remote is remote:
                self._let_go()

    def _entries(self) -> list[Entry]:
        blocks = self._memory.restore_survivors()
        return [Entry(block.name[0], block.size, block.name[1]) for block in blocks if block.name]
