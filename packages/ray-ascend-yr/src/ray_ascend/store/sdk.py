"""The calls of `yr.datasystem` that this package makes, and nothing else of it.

Shapes as in openyuanrong-datasystem 0.8.1, which carries no types of its own; every call raises
RuntimeError, which `status.classified` turns into an error of this package.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Any, Final, Protocol, cast

from ray_ascend.errors import InstallationError

_FAKE_WANTED: Final = "YR_FAKE_DS"
"""Set to 1 by `yr-fake-ds run` for all that it starts, whatever interpreter that is."""


class Value(Protocol):
    """A value in the worker's memory; the memory is the client's while the buffer lives."""

    def MutableData(self) -> memoryview:  # noqa: N802 - the SDK's name
        """Give its bytes, to be written."""
        ...


class Client(Protocol):
    """What every kind of client has."""

    def init(self) -> None:
        """Connect."""
        ...

    def exist(self, keys: list[str]) -> list[bool]:
        """Tell which keys there are."""
        ...


class KeyValueClient(Client, Protocol):
    """`KVClient`: values in host memory."""

    def mcreate(self, keys: list[str], sizes: list[int]) -> Sequence[Value]:
        """Create values that nobody else sees yet."""
        ...

    def mset_buffer(self, buffers: Sequence[Value]) -> None:
        """Make created values visible."""
        ...

    def get_buffers(self, keys: list[str]) -> Sequence[Any]:
        """Give a read-only buffer for each key, None where it is missing."""
        ...

    def delete(self, keys: list[str]) -> list[str]:
        """Delete keys, and give those that could not be deleted."""
        ...

    def health_check(self) -> Any:
        """Ask the worker for its state."""
        ...


class DeviceFuture(Protocol):
    """A copy between NPUs that is under way."""

    def get(self, timeout_ms: int) -> Any:
        """Wait for its end; `FutureTimeoutException` if it is not there yet."""
        ...


class DeviceClient(Client, Protocol):
    """`HeteroClient`: NPU memory by address, as lists of blobs."""

    def dev_mset(self, keys: list[str], data_blob_list: list[Any]) -> list[str]:
        """Offer memory, and give the keys that were not taken."""
        ...

    def dev_subscribe(self, keys: list[str], data_blob_list: list[Any]) -> list[DeviceFuture]:
        """Begin to receive memory that is offered."""
        ...

    def dev_delete(self, keys: list[str]) -> list[str]:
        """End an offer, and give the keys that are just being read."""
        ...

    def get_meta_info(self, keys: list[str], is_dev_key: bool) -> Sequence[Any]:
        """Describe keys; RuntimeError if none of them is there."""
        ...


class Sdk(Protocol):
    """The module `yr.datasystem`."""

    __file__: str | None
    KVClient: type[Any]
    HeteroClient: type[Any]
    Context: type[Any]
    Blob: type[Any]
    DeviceBlobList: type[Any]
    FutureTimeoutException: type[Exception]


def sdk_module() -> Sdk:
    """Give `yr.datasystem`; InstallationError, with the remedy, if it cannot be imported."""
    try:
        from yr import datasystem
    except ImportError as error:
        raise InstallationError(
            f"the openYuanrong datasystem SDK cannot be imported: {error}; run: {remedy()}"
        ) from error
    return cast("Sdk", datasystem)


def remedy() -> str:
    """Give the command that brings the datasystem which this environment asks for."""
    if os.environ.get(_FAKE_WANTED) == "1":
        # It is active in the environment, and this interpreter does not have it.
        return f"{sys.executable} -m pip install yr-fake-ds"
    return "pip install 'openyuanrong-datasystem>=0.8.0'"
