"""Memory of this process that others may read, and reading that of others.

The receiver opens the sender's memory by its name and copies; the sender's threads take no part,
but its process must live. If it does not, the receiver waits as long as the real one does, 60 s or
the time of the call if that is longer (measured on openyuanrong-datasystem 0.8.1).
"""

import os
import threading
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from yr_fake_ds import device_texts as texts
from yr_fake_ds.client import cann
from yr_fake_ds.client.blobs import Blobs
from yr_fake_ds.client.keys import refuse

if TYPE_CHECKING:
    from yr_fake_ds.device_protocol import DeviceBlob, DeviceObject, DeviceSource

TIMEOUT_VARIABLE: Final = "YR_FAKE_DS_TRANSFER_TIMEOUT_MS"
TRANSFER_TIMEOUT_MS: Final = 60_000


def transfer_deadline(wait_ms: int) -> float:
    """Return when a transfer that begins now is given up, in monotonic seconds.

    YR_FAKE_DS_TRANSFER_TIMEOUT_MS replaces the 60 s, so that tests of lost senders need not wait.
    """
    timeout_ms = int(os.environ.get(TIMEOUT_VARIABLE, TRANSFER_TIMEOUT_MS))
    return time.monotonic() + max(timeout_ms, wait_ms) / 1000


def exported(key: str, blobs: Blobs) -> "DeviceObject":
    """Describe the memory of a key so that other processes can open it."""
    from yr_fake_ds.device_protocol import DeviceBlob, DeviceObject

    devices = cann.load()
    parts = [
        DeviceBlob(devices.export(address, size), address, size) for address, size in blobs.pieces
    ]
    return DeviceObject(key, devices.physical(blobs.device), parts)


def is_complete(source: "DeviceSource", target: Blobs) -> bool:
    """Tell whether a target takes all bytes of its source."""
    return target.source_offset == 0 and target.sizes == source.memory.sizes


def fetch(source: "DeviceSource", target: Blobs, deadline: float) -> None:
    """Copy a source to a target, which may take a part of it; StatusError if it cannot be."""
    if source.is_own and not target.source_offset:
        _copy_locally(source.memory, target)
        return
    _check_count(source.memory.blobs, target)
    for blob, size in zip(source.memory.blobs, target.sizes, strict=True):
        _check_range(blob.size, target.source_offset, size)
    if source.memory.npu == cann.load().physical(target.device):
        raise refuse(texts.SAME_NPU, device=source.memory.npu)
    for blob, piece in zip(source.memory.blobs, target.pieces, strict=True):
        _copy_blob(blob, piece, target.source_offset, deadline)


def _copy_blob(blob: "DeviceBlob", piece: tuple[int, int], offset: int, deadline: float) -> None:
    if not blob.name:
        raise refuse(texts.NO_DEVICE_MEMORY, address=blob.address)
    devices = cann.load()
    with devices.opened(blob.name) as address:
        if address is None:
            threading.Event().wait(max(deadline - time.monotonic(), 0))
            raise refuse(texts.TRANSFER_TIMEOUT)
        devices.copy(piece[0], address + offset, piece[1], cann.DEVICE_TO_DEVICE)


def _copy_locally(memory: "DeviceObject", target: Blobs) -> None:
    """Copy within the process; sizes are not compared, as in the real one (measured).

    What lies behind a shorter source is not copied, where the real one copies whatever is there.
    A target of more blobs keeps its last ones; one of fewer is filled, and refused (measured).
    """
    devices = cann.load()
    for blob, (address, size) in zip(memory.blobs, target.pieces, strict=False):
        devices.copy(address, blob.address, min(size, blob.size), cann.DEVICE_TO_DEVICE)
    if len(target.pieces) < len(memory.blobs):
        raise refuse(texts.LOCAL_COPY_FAILED)


def _check_count(blobs: "Sequence[DeviceBlob]", target: Blobs) -> None:
    if len(blobs) != len(target.pieces):
        counts = {"source": len(blobs), "target": len(target.pieces)}
        raise refuse(texts.BLOB_COUNT, **counts)


def _check_range(available: int, offset: int, size: int) -> None:
    if offset + size > available:
        values = {"available": available, "offset": offset, "size": size, "end": offset + size}
        raise refuse(texts.DATA_RANGE, **values)
