"""Descriptions of device memory: `Blob`, `DeviceBlobList`, `MetaInfo`."""

from typing import Any

from yr_fake_ds.sdk import binding_blobs as bindings
from yr_fake_ds.sdk.identity import known_as


@known_as("yr.datasystem.hetero_client")
class Blob:
    """A piece of device memory: its address and its size in bytes."""

    def __init__(self, dev_ptr: int, size: int) -> None:
        self.dev_ptr = dev_ptr
        self.size = size

    def to_ds_blob(self) -> bindings.Blob:
        """Return the bindings' form of this blob."""
        return bindings.Blob.build(self.dev_ptr, self.size)

    def set_dev_ptr(self, dev_ptr: int) -> None:
        """Change the address."""
        self.dev_ptr = dev_ptr

    def set_size(self, size: int) -> None:
        """Change the size."""
        self.size = size


@known_as("yr.datasystem.hetero_client")
class DeviceBlobList:
    """The blobs of one key on one device; `src_offset` skips bytes of the stored value."""

    blob: list[Blob]

    def __init__(self, dev_idx: int, blob_list: list[Blob], src_offset: int = 0) -> None:
        self.dev_idx = dev_idx
        self.blob_list = blob_list
        self.src_offset = src_offset

    def to_ds_blob_list(self) -> bindings.DeviceBlobList:
        """Return the bindings' form of this list."""
        blobs = [blob.to_ds_blob() for blob in self.blob_list]
        return bindings.DeviceBlobList.build(blobs, self.dev_idx, self.src_offset)

    def append_blob(self, blob: Blob) -> None:
        """Raise AttributeError: broken in openyuanrong-datasystem 0.8.1 (measured)."""
        self.blob.append(blob)

    def set_dev_idx(self, dev_idx: int) -> None:
        """Change the device."""
        self.dev_idx = dev_idx

    def set_src_offset(self, src_offset: int) -> None:
        """Change the offset into the stored value."""
        self.src_offset = src_offset

    def get_blob_list(self) -> list[Blob]:
        """Return the blobs."""
        return self.blob_list


@known_as("yr.datasystem.hetero_client")
class MetaInfo:
    """The blob sizes of a device key."""

    blob_size_list: list[Any]

    def __init__(self, blob_size_list: list[Any]) -> None:
        self.blob_size_list = blob_size_list
