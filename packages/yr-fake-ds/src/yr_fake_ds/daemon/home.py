"""The files of a worker: where its socket and logs are, and the proof that they are its own.

    <rocksdb_store_dir>/cluster_info/LOCK   held as long as the process lives
    <unix_domain_socket_dir>/<8 hex>/client.sock
    <log_dir>/datasystem_worker.INFO.log
    <ready_check_path>, <health_check_path> written when it serves

A worker that stops in order removes its socket and the file that says it is ready; what a killed
one left is removed by the next one. Layout as measured on openyuanrong-datasystem 0.8.1.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import socket
import time
import uuid
from typing import Final

from yr_fake_ds.daemon.settings import WorkerSettings

MAX_SOCKET_PATH: Final = 107
LOG_NAME: Final = "datasystem_worker.INFO.log"
READY: Final = "health check success\n"
_STORES: Final = ("cluster_info", "object_metadata", "stream_meta_data", "pre-start")


class HomeError(Exception):
    """The directories cannot be used; the text is what the worker prints before it ends."""


class Home:
    """The files of one worker process; used by its main thread."""

    def __init__(self, settings: WorkerSettings) -> None:
        self._settings = settings
        self._sockets = os.path.join(settings.unix_domain_socket_dir, uuid.uuid4().hex[:8])
        self.socket_path = os.path.join(self._sockets, "client.sock")
        self._lock_fd = -1

    def take(self) -> None:
        """Make the directories, remove what a killed worker left; HomeError if they are taken."""
        try:
            self._make()
        except OSError as error:
            raise HomeError(f"Cannot use {error.filename}: {error.strerror}") from error
        self._lock()
        length = len(os.fsencode(self.socket_path))
        if length > MAX_SOCKET_PATH:
            raise HomeError(
                f"The domain socket is : {self.socket_path}, its len({length}) is greater than "
                f"linux max socket len({MAX_SOCKET_PATH + 1})"
            )
        self._remove_stale_sockets()
        os.makedirs(self._sockets, mode=0o700)

    def log(self, text: str) -> None:
        """Append a line to the worker's log."""
        stamp = time.strftime("%Y-%m-%dT%H:%M:%S")
        path = os.path.join(self._settings.log_dir, LOG_NAME)
        with open(path, "a", encoding="utf-8") as file:
            file.write(f"{stamp} | {os.getpid()} | {text}\n")

    def announce_ready(self) -> None:
        """Write the files that say that the worker serves."""
        for path in (self._settings.health_check_path, self._settings.ready_check_path):
            with open(path, "w", encoding="utf-8") as file:
                file.write(READY)

    def leave(self) -> None:
        """Remove what a stopped worker does not keep."""
        with contextlib.suppress(OSError):
            os.unlink(self._settings.ready_check_path)
        _remove_socket(self._sockets)

    def _make(self) -> None:
        settings = self._settings
        stores = [os.path.join(settings.rocksdb_store_dir, name) for name in _STORES]
        files = (settings.ready_check_path, settings.health_check_path)
        parents = [os.path.dirname(path) for path in files]
        for path in (settings.log_dir, settings.unix_domain_socket_dir, *stores, *parents):
            os.makedirs(path, mode=0o700, exist_ok=True)

    def _lock(self) -> None:
        path = os.path.join(self._settings.rocksdb_store_dir, "cluster_info", "LOCK")
        self._lock_fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._lock_fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise HomeError(
                f"Cannot create/open database: While lock file: {path}: {error.strerror}"
            ) from error

    def _remove_stale_sockets(self) -> None:
        parent = self._settings.unix_domain_socket_dir
        for name in os.listdir(parent):
            if not _is_served(os.path.join(parent, name, "client.sock")):
                _remove_socket(os.path.join(parent, name))


def _is_served(path: str) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(path)
        except OSError:
            return False
    return True


def _remove_socket(directory: str) -> None:
    with contextlib.suppress(OSError):
        os.unlink(os.path.join(directory, "client.sock"))
    with contextlib.suppress(OSError):
        os.rmdir(directory)
