"""The only module that talks to `yr.datasystem`: put, read and delete one object's bytes.

Every call of the SDK's client holds the GIL until it returns (openyuanrong-datasystem 0.8.1), so
all of them are bounded by short time-outs; waiting is done here, between calls.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from ray_ascend.store.endpoint import WorkerEndpoint
from ray_ascend.store.idle_threads import yield_to_others
from ray_ascend.store.sdk import KeyValueClient, sdk_module
from ray_ascend.store.status import classified, transfer_error

CONNECT_TIMEOUT_MS = 2_000
REQUEST_TIMEOUT_MS = 2_000
READ_BATCH = DELETE_BATCH = 10_000
"""Most keys that one call takes (measured on openyuanrong-datasystem 0.8.1)."""

_LOG_DIR_VARIABLE = "DATASYSTEM_CLIENT_LOG_DIR"


class StoreClient:
    """One connected client of a worker; any thread of the process that made it may use it."""

    def __init__(self, endpoint: WorkerEndpoint) -> None:
        self.endpoint = endpoint
        self.sdk: KeyValueClient = connected(sdk_module().KVClient, endpoint)

    @contextmanager
    def new_value(self, key: str, size: int) -> Iterator[memoryview]:
        """Create a value of `size` bytes, to be filled in the block, and make it visible after it.

        Raises a TransferError, after which the key may or may not exist.
        """
        with classified(key, size):
            (value,) = self.sdk.mcreate([key], [size])
            try:
                yield value.MutableData()
                self.sdk.mset_buffer([value])
            finally:
                # A published value's buffer pins nothing and may alias another key's memory.
                del value

    def read(self, key: str) -> Any:
        """Give a read-only buffer over the value's bytes; they stay while the buffer lives.

        The client must outlive the buffer: the worker recycles the memory when the client goes.
        """
        with classified(key):
            (buffer,) = self.sdk.get_buffers([key])
        if buffer is None:
            raise transfer_error(RuntimeError("code: [Key not found], msg: [no data]"), key)
        return buffer

    def read_all(self, keys: Sequence[str]) -> list[Any]:
        """Give what `read` gives for each of at most READ_BATCH keys, None for missing ones.

        One call: eight keys of 1 MiB come from another node's worker in a third of the time of
        eight calls (measured on openyuanrong-datasystem 0.8.1, both workers on one machine). Raises
        a TransferError, also where all keys are missing.
        """
        with classified(keys[0]):
            return list(self.sdk.get_buffers(list(keys)))

    def delete(self, keys: Sequence[str]) -> list[str]:
        """Delete keys, missing ones included; return those that could not be deleted."""
        failed: list[str] = []
        for start in range(0, len(keys), DELETE_BATCH):
            batch = list(keys[start : start + DELETE_BATCH])
            with classified(batch[0]):
                failed += self.sdk.delete(batch)
        return failed


def connected(sdk_class: Any, endpoint: WorkerEndpoint) -> Any:
    """Make a client of the SDK and connect it; StoreUnavailableError if the worker is not there."""
    sdk = sdk_class(
        endpoint.host,
        endpoint.port,
        connect_timeout_ms=CONNECT_TIMEOUT_MS,
        req_timeout_ms=REQUEST_TIMEOUT_MS,
    )
    with _client_logs(endpoint), classified(""):
        sdk.init()
    yield_to_others()
    return sdk


_environment_lock = threading.Lock()


@contextmanager
def _client_logs(endpoint: WorkerEndpoint) -> Iterator[None]:
    """Send the SDK's log files to the worker's directory unless the user chose another.

    The SDK reads the variable when its first client connects. It is taken back at once, so that
    child processes do not inherit a directory that goes away with the backend.
    """
    with _environment_lock:
        if os.environ.get(_LOG_DIR_VARIABLE):
            yield
            return
        os.environ[_LOG_DIR_VARIABLE] = os.path.join(endpoint.home, "clients", str(os.getpid()))
        try:
            yield
        finally:
            del os.environ[_LOG_DIR_VARIABLE]
