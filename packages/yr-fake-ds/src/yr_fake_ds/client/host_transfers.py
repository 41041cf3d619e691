"""Device blobs to and from host values in the worker's arena: `mset_d2h` and `mget_h2d`.

    mset_d2h   exist? -> create what is missing -> device to arena -> publish
    mget_h2d   reference on the value -> arena to device -> reference dropped

A key that exists is left as it is, without a word (measured on openyuanrong-datasystem 0.8.1). Both
make the first key's device the calling thread's, and leave it so.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from yr_fake_ds import device_texts as texts
from yr_fake_ds.client import cann, host_values
from yr_fake_ds.client.allocation import Allocation
from yr_fake_ds.client.blobs import Blobs
from yr_fake_ds.client.keys import refuse
from yr_fake_ds.client.publication import allocate, publish
from yr_fake_ds.client.retrieval import take
from yr_fake_ds.client.session import Session

if TYPE_CHECKING:
    from yr_fake_ds.protocol import Parameters


def store(
    session: Session,
    rows: Sequence[tuple[str, Blobs]],
    parameters: "Parameters",
    *,
    only_if_absent: bool,
) -> None:
    """Store the blobs of each key."""
    if not rows:
        return
    _use_device([part for _key, part in rows])
    sizes = [host_values.offsets(part.sizes)[-1] for _key, part in rows]
    allocations = allocate(session, [key for key, _part in rows], sizes, parameters)
    for allocation, (_key, part) in zip(allocations, rows, strict=True):
        _copy_in(allocation, part)
    publish(session, "mset_buffer", allocations, parameters, only_if_absent=only_if_absent)


def load_found(
    session: Session, keys: Sequence[str], blobs: Sequence[Blobs], wait_ms: int
) -> list[str]:
    """Copy values to their blobs; returns the keys that have none."""
    found = take(session, keys, wait_ms)
    _use_device(blobs)
    present = [(one, part) for one, part in zip(found, blobs, strict=True) if one is not None]
    # An error counts what is there, not what was asked for (measured on 0.8.1).
    for index, (allocation, part) in enumerate(present):
        _check(allocation.view(), part, index)
    for allocation, part in present:
        _copy_out(allocation, part)
    return [key for key, allocation in zip(keys, found, strict=True) if allocation is None]


def blob_sizes(session: Session, keys: Sequence[str]) -> list[list[int] | None]:
    """Return the sizes of the blobs in values, None for what `mset_d2h` did not write."""
    found = take(session, keys, 0)
    return [None if part is None else host_values.stored_sizes(part.view()) for part in found]


def _copy_in(allocation: Allocation, blobs: Blobs) -> None:
    devices = cann.load()
    start = host_values.header(blobs.sizes)
    allocation.view()[: len(start)] = start
    base = allocation.address()
    for (address, size), offset in zip(
        blobs.pieces, host_values.offsets(blobs.sizes), strict=False
    ):
        devices.copy(base + offset, address, size, cann.DEVICE_TO_HOST)


def _copy_out(allocation: Allocation, blobs: Blobs) -> None:
    devices = cann.load()
    base = allocation.address()
    for (address, size), offset in zip(
        blobs.pieces, host_values.stored_offsets(allocation.view()), strict=False
    ):
        devices.copy(address, base + offset, size, cann.HOST_TO_DEVICE)


def _use_device(blobs: Sequence[Blobs]) -> None:
    devices = cann.load()
    for part in blobs:
        devices.check_device(part.device)
    devices.use_device(blobs[0].device)


def _check(value: memoryview, blobs: Blobs, index: int) -> None:
    sender, receiver = host_values.stored_count(value), len(blobs.pieces)
    if sender != receiver:
        raise refuse(texts.HOST_BLOB_COUNT, sender=sender, receiver=receiver, index=index)
    if host_values.stored_sizes(value) != blobs.sizes:
        raise refuse(texts.HOST_BLOB_SIZE)
