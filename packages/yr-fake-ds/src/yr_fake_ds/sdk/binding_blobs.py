"""Device memory as the SDK's bindings describe it (`yr.datasystem.lib.libds_client_py`)."""

from typing import Any

from yr_fake_ds.client.blobs import Blobs
from yr_fake_ds.sdk.binding_arguments import (
    INT32,
    PREFIX,
    TEXT,
    UINT64,
    Signature,
    as_text,
    instance_of,
    list_of,
)
from yr_fake_ds.sdk.identity import BINDINGS, known_as


@known_as(BINDINGS)
class Blob:
    """A piece of device memory."""

    _BUILD = Signature("build", (UINT64, UINT64), f"{PREFIX}Blob")

    def __init__(self) -> None:
        self._dev_ptr = 0
        self._size = 0

    @staticmethod
    def build(dev_ptr: int, size: int, /) -> "Blob":
        """Make a blob; TypeError unless both are unsigned 64-bit numbers."""
        Blob._BUILD.check(None, dev_ptr, size)
        blob = Blob()
        blob._dev_ptr, blob._size = dev_ptr, size
        return blob

    def get_dev_ptr(self) -> int:
        """Return the address."""
        return self._dev_ptr

    def get_size(self) -> int:
        """Return the size in bytes."""
        return self._size


@known_as(BINDINGS)
class DeviceBlobList:
    """The blobs of one key on one device."""

    _BUILD = Signature(
        "build",
        (list_of(instance_of(f"{PREFIX}Blob", Blob)), INT32, UINT64),
        f"{PREFIX}DeviceBlobList",
    )

    def __init__(self) -> None:
        self._blobs: list[Blob] = []
        self._dev_idx = 0
        self._src_offset = 0

    @staticmethod
    def build(blobs: list[Blob], dev_idx: int, src_offset: int, /) -> "DeviceBlobList":
        """Make a list; TypeError unless the arguments convert."""
        DeviceBlobList._BUILD.check(None, blobs, dev_idx, src_offset)
        made = DeviceBlobList()
        made._blobs, made._dev_idx, made._src_offset = list(blobs), dev_idx, src_offset
        return made

    def _for_client(self) -> Blobs:
        pieces = [(blob.get_dev_ptr(), blob.get_size()) for blob in self._blobs]
        return Blobs(self._dev_idx, pieces, self._src_offset)

    def get_blobs(self) -> list[Blob]:
        """Return the blobs."""
        return self._blobs

    def get_dev_idx(self) -> int:
        """Return the device."""
        return self._dev_idx


def binding_lists(lists: list[Any]) -> list[Any]:
    """Turn the Python records among `lists` into the bindings'; what is neither stays."""
    return [part.to_ds_blob_list() if hasattr(part, "to_ds_blob_list") else part for part in lists]


def for_client(lists: list[DeviceBlobList]) -> list[Blobs]:
    """Return the lists as the client layer takes them."""
    return [part._for_client() for part in lists]  # noqa: SLF001 - of this module


@known_as(BINDINGS)
class ReadParam:
    """A part of a value to read."""

    _BUILD = Signature("build", (TEXT, UINT64, UINT64), f"{PREFIX}ReadParam")

    def __init__(self) -> None:
        self._key = ""
        self._offset = 0
        self._size = 0

    @staticmethod
    def build(key: str, offset: int, size: int, /) -> "ReadParam":
        """Make a part; TypeError unless the numbers are unsigned."""
        ReadParam._BUILD.check(None, key, offset, size)
        made = ReadParam()
        made._key, made._offset, made._size = as_text(key), offset, size
        return made

    def get_key(self) -> str:
        """Return the key."""
        return self._key

    def get_offset(self) -> int:
        """Return how many bytes to skip."""
        return self._offset

    def get_size(self) -> int:
        """Return how many bytes to take; 0 means up to the end."""
        return self._size
