"""Notifies, within a process, between processes, and from FFTS+ task launches."""

import ctypes
import struct
from typing import Final

import pytest
from bindings import NOT_SUPPORTED, Cann, CannError, in_process, opened

LAUNCH: Final = 3
NOTIFY_WAIT, WRITE_VALUE, SDMA = 3, 5, 8


def sdma(destination: int, source: int, size: int) -> bytes:
    """Return the context of a copy by the device's DMA engine."""
    context = bytearray(128)
    struct.pack_into("<H", context, 0, SDMA)
    struct.pack_into("<QI", context, 88, source, 0)
    struct.pack_into("<QI", context, 100, destination, 0)
    struct.pack_into("<I", context, 112, size)
    return bytes(context)


def notify_wait(identifier: int) -> bytes:
    """Return the context that waits for a notify."""
    context = bytearray(128)
    struct.pack_into("<H", context, 0, NOTIFY_WAIT)
    struct.pack_into("<H", context, 76, identifier)
    return bytes(context)


def write_value(address: int, value: int) -> bytes:
    """Return the context that stores a value, as a record of a notify does."""
    context = bytearray(128)
    struct.pack_into("<H", context, 0, WRITE_VALUE)
    struct.pack_into("<II", context, 80, address & 0xFFFFFFFF, address >> 32)
    struct.pack_into("<I", context, 96, value)
    return bytes(context)


def launch(cann: Cann, stream: int, *contexts: bytes) -> None:
    """Launch the contexts as one FFTS+ task."""
    data = ctypes.create_string_buffer(b"".join(contexts), 128 * len(contexts))
    info = (ctypes.c_uint64 * 3)(0, ctypes.addressof(data), len(data))
    cann.rtGeneralCtrl((ctypes.c_uint64 * 2)(ctypes.addressof(info), stream), 2, LAUNCH)


def record_imported(name: bytes) -> None:
    """Record a notify of another process."""
    cann = opened(1)
    notify = cann.pointer("rtIpcOpenNotify", name)
    stream = cann.stream()
    cann.rtNotifyRecord(notify, stream)
    cann.aclrtSynchronizeStream(stream)
    cann.rtNotifyDestroy(notify)


def test_a_wait_takes_the_notify(cann: Cann) -> None:
    """One record lets one wait pass."""
    notify = _create(cann)
    waiting, recording = cann.stream(), cann.stream()
    cann.rtNotifyWait(notify, waiting)
    cann.rtNotifyRecord(notify, recording)
    cann.aclrtSynchronizeStream(waiting)

    cann.rtNotifyWait(notify, waiting)
    busy = cann.number("aclrtStreamQuery", waiting)
    cann.rtNotifyRecord(notify, recording)
    cann.aclrtSynchronizeStream(waiting)

    assert busy == 1
    cann.rtNotifyDestroy(notify)


@pytest.mark.parametrize("strict", ["0", "1"])
def test_another_process_records_a_notify(cann: Cann, strict: str) -> None:
    """A notify has a name under which a peer opens it."""
    notify, stream = _create(cann), cann.stream()
    name = ctypes.create_string_buffer(65)
    cann.rtIpcSetNotifyName(notify, name, 65)
    cann.rtNotifyWait(notify, stream)

    in_process(record_imported, name.value, settings={"YR_FAKE_CANN_STRICT": strict})
    cann.aclrtSynchronizeStream(stream)

    assert cann.number("aclrtStreamQuery", stream) == 0
    cann.rtNotifyDestroy(notify)


def test_a_launch_waits_copies_and_records(cann: Cann) -> None:
    """Contexts run in order: the copy happens after the wait and before the record."""
    ready, done = _create(cann), _create(cann)
    source, destination = cann.malloc(8), cann.malloc(8)
    first, second = cann.stream(), cann.stream()
    address = cann.number("rtGetNotifyAddress", done, kind=ctypes.c_uint64)
    identifier = cann.number("rtGetNotifyID", ready, kind=ctypes.c_uint32)
    copy = sdma(destination, source, 8)
    launch(cann, first, notify_wait(identifier), copy, write_value(address, 1))
    cann.rtNotifyWait(done, second)

    cann.write(source, b"in order")
    cann.rtNotifyRecord(ready, cann.stream())
    cann.aclrtSynchronizeStream(second)

    assert cann.read(destination, 8) == b"in order"
    for notify in (ready, done):
        cann.rtNotifyDestroy(notify)


def test_a_device_copy_of_host_memory_is_refused(cann: Cann) -> None:
    """The DMA engine of the device reaches device memory only."""
    stream, destination = cann.stream(), cann.malloc(8)
    host = ctypes.create_string_buffer(8)

    launch(cann, stream, sdma(destination, ctypes.addressof(host), 8))
    with pytest.raises(CannError, match="FFTS\\+ SDMA: the source should be device memory"):
        cann.aclrtSynchronizeStream(stream)


def test_other_controls_are_refused(cann: Cann) -> None:
    """Only the launch of FFTS+ tasks is emulated."""
    with pytest.raises(CannError, match="type 4 is not emulated") as raised:
        cann.rtGeneralCtrl((ctypes.c_uint64 * 2)(), 2, 4)

    assert raised.value.status == NOT_SUPPORTED


def _create(cann: Cann) -> int:
    notify = ctypes.c_void_p()
    cann.rtNotifyCreate(0, ctypes.byref(notify))
    return notify.value or 0
