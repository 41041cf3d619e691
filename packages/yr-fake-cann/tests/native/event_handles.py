"""Handles of events between processes, as bytes that a test sends to another process."""

import ctypes
from typing import Final

from bindings import Cann

IPC: Final = 0x40


class EventHandle(ctypes.Structure):
    """``aclrtIpcEventHandle``, which is passed by value."""

    _fields_ = (("reserved", ctypes.c_char * 64),)


def export_event(cann: Cann, event: int) -> bytes:
    """Return the handle under which another process opens the event."""
    handle = EventHandle()
    cann.aclrtIpcGetEventHandle(event, ctypes.byref(handle))
    return bytes(handle)


def import_event(cann: Cann, handle: bytes) -> int:
    """Return the event of a handle; the caller destroys it."""
    event = ctypes.c_void_p()
    cann.aclrtIpcOpenEventHandle(EventHandle.from_buffer_copy(handle), ctypes.byref(event))
    return event.value or 0
