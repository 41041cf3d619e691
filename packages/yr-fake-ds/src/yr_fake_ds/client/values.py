"""The bytes that a value given to `set`, `mset` or `put` stores.

The bindings take the *number of elements* of a buffer for its number of bytes and copy that many
from its start, so a buffer of wider elements or with strides is silently truncated: 4x4 float32
store 16 bytes (measured on openyuanrong-datasystem 0.8.1, and kept: it is a trap worth finding in a
test). Bytes beyond the buffer's memory, which the real one reads past its end, are zeros here.
"""

import ctypes
from math import prod
from typing import Any

from yr_fake_ds.client.memory_exporter import PyBuffer

_FULL_READ_ONLY = 0x11C

_get_buffer = ctypes.pythonapi.PyObject_GetBuffer
_get_buffer.argtypes = (ctypes.py_object, ctypes.c_void_p, ctypes.c_int)
_get_buffer.restype = ctypes.c_int
_release_buffer = ctypes.pythonapi.PyBuffer_Release
_release_buffer.argtypes = (ctypes.c_void_p,)
_release_buffer.restype = None


def stored_bytes(value: Any) -> bytes | memoryview:
    """Return what the SDK stores of `value`; a view if the value is plain contiguous bytes."""
    if type(value) is bytes:
        return value
    view = memoryview(value)
    if view.itemsize == 1 and view.c_contiguous:
        return view.cast("B") if view.nbytes else b""
    return _first_bytes(value)


def _first_bytes(value: Any) -> bytes:
    buffer = PyBuffer()
    _get_buffer(value, ctypes.byref(buffer), _FULL_READ_ONLY)
    try:
        count = prod(buffer.shape[: buffer.ndim])
        available = min(count, _extent(buffer))
        return ctypes.string_at(buffer.buf, available).ljust(count, b"\0")
    finally:
        _release_buffer(ctypes.byref(buffer))


def _extent(buffer: PyBuffer) -> int:
    """Return how many bytes from the buffer's first element on belong to it."""
    last: int = buffer.itemsize
    for size, stride in zip(
        buffer.shape[: buffer.ndim], buffer.strides[: buffer.ndim], strict=True
    ):
        last += max(0, (size - 1) * stride)
    return last
