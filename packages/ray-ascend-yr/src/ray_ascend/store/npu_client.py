"""The only module that talks to the device part of `yr.datasystem`: NPU memory by address.

Unlike those of KVClient these calls release the GIL (openyuanrong-datasystem 0.8.1). A device index
must be the one that is current in the calling thread.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import Any

from ray_ascend.errors import ObjectLostError, StoreUnavailableError, TransferError
from ray_ascend.store.client import connected
from ray_ascend.store.endpoint import WorkerEndpoint
from ray_ascend.store.sdk import DeviceClient, DeviceFuture, sdk_module
from ray_ascend.store.status import classified
from ray_ascend.store.worker_life import WorkerLife

Block = tuple[int, int]
"""Address and size in bytes of device memory."""


class NpuClient:
    """One connected device client of a worker; any thread of its process may use it."""

    def __init__(self, endpoint: WorkerEndpoint) -> None:
        self.endpoint = endpoint
        self._api = sdk_module()
        self.sdk: DeviceClient = connected(self._api.HeteroClient, endpoint)
        self.worker = WorkerLife(endpoint.pid)

    def publish(self, key: str, device: int, blocks: Sequence[Block]) -> None:
        """Make memory of this process readable under a key; nothing is copied.

        The memory must stay as it is until the key is deleted. Raises a TransferError if it cannot
        be done, StoreUnavailableError if another attempt, with another key, may succeed.
        """
        with classified(key):
            failed = self.sdk.dev_mset([key], [self._blobs(device, blocks)])
        if failed:
            # The key is new, so it is not the key's fault: the worker restarts, or is overloaded.
            raise StoreUnavailableError(
                f"the datasystem did not take the NPU memory of key {key!r}", key
            )

    def subscribe(self, key: str, device: int, blocks: Sequence[Block]) -> Arrival:
        """Begin to copy a published key's memory into memory of this process, NPU to NPU.

        `dev_subscribe` and not `dev_mget`: that one makes the receiver a source for others, and a
        `dev_local_delete` right after it left 11 of 200 receivers registered and lost the key of
        13 (measured on openyuanrong-datasystem 0.8.1).
        """
        with classified(key):
            (future,) = self.sdk.dev_subscribe([key], [self._blobs(device, blocks)])
        return Arrival(key, future, self._api.FutureTimeoutException)

    def is_published(self, key: str) -> bool:
        """Tell whether some process offers memory under the key."""
        try:
            with classified(key):
                self.sdk.get_meta_info([key], True)
        except ObjectLostError:
            return False
        return True

    def withdraw(self, keys: Sequence[str]) -> list[str]:
        """Delete published keys, missing ones included; return those that are just being read."""
        with classified(keys[0]):
            return self.sdk.dev_delete(list(keys))

    def _blobs(self, device: int, blocks: Sequence[Block]) -> Any:
        blobs = [self._api.Blob(address, size) for address, size in blocks]
        return self._api.DeviceBlobList(device, blobs)


class Arrival:
    """A copy that is under way; its memory must stay until `wait` has returned True."""

    def __init__(self, key: str, future: DeviceFuture, timeout: type[Exception]) -> None:
        self._key, self._future, self._timeout = key, future, timeout
        self._ended = False
        self._error: TransferError | None = None

    def wait(self, milliseconds: int) -> bool:
        """Wait so long for the end; False if it is not there yet, TransferError if it failed."""
        if self._error is not None:
            raise self._error
        if not self._ended:
            self._ended = self._ends_within(milliseconds)
        return self._ended

    def has_ended(self) -> bool:
        """Tell, without waiting, whether nothing will be written any more, well or badly."""
        with contextlib.suppress(TransferError):
            self.wait(0)
        return self._ended

    def _ends_within(self, milliseconds: int) -> bool:
        try:
            with classified(self._key):
                self._future.get(milliseconds)
        except self._timeout:
            return False
        except TransferError as error:
            self._ended, self._error = True, error
            raise
        return True
