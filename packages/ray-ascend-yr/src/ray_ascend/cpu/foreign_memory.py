"""Torch views of memory that somebody else owns, read-only buffers included.

`torch.frombuffer` warns about a read-only buffer, once per process and in the user's name; the
only remedy would be to change the process-wide warning filters from one of several threads. The
address behind the buffer, asked for through the C API, says the same without a warning.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

_PLAIN_BYTES = 0  # PyBUF_SIMPLE: contiguous bytes, readable, no shape


class _PyBuffer(ctypes.Structure):
    """CPython's `Py_buffer` (stable ABI since 3.11, the same layout before)."""

    _fields_ = (
        ("buf", ctypes.c_void_p),
        ("obj", ctypes.py_object),
        ("len", ctypes.c_ssize_t),
        ("itemsize", ctypes.c_ssize_t),
        ("readonly", ctypes.c_int),
        ("ndim", ctypes.c_int),
        ("format", ctypes.c_char_p),
        ("shape", ctypes.c_void_p),
        ("strides", ctypes.c_void_p),
        ("suboffsets", ctypes.c_void_p),
        ("internal", ctypes.c_void_p),
    )


@contextmanager
def byte_tensor(buffer: Any) -> Iterator[torch.Tensor]:
    """Give a flat uint8 tensor over the buffer's own memory, valid only inside the block.

    The buffer stays exported meanwhile, so its owner cannot free or move the bytes. Nobody may
    write through the tensor unless the buffer is writable: torch cannot be told.
    """
    import torch

    view = _PyBuffer()
    ctypes.pythonapi.PyObject_GetBuffer(
        ctypes.py_object(buffer), ctypes.byref(view), ctypes.c_int(_PLAIN_BYTES)
    )
    try:
        memory = (ctypes.c_ubyte * view.len).from_address(view.buf)
        yield torch.frombuffer(memory, dtype=torch.uint8)
    finally:
        ctypes.pythonapi.PyBuffer_Release(ctypes.byref(view))
