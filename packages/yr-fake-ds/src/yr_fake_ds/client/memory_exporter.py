"""Objects that export a piece of memory through the buffer protocol, without copying it.

    exporter (ours)  <--- view.obj ---  memoryview / numpy array / torch tensor
        |                               (each keeps the exporter alive)
        v
    address, size in a mapped arena

Python 3.12 has `__buffer__`. Before that only C types can export a buffer, so the base type is made
with `PyType_FromSpec` and its ``bf_getbuffer`` slot is a callback that fills the view with
`PyBuffer_FillInfo`: format 'B', one dimension, contiguous, read-only, no ``len()``.
"""

import ctypes
import sys
from typing import Any, Final

PyBUF_WRITABLE: Final = 1


class PyBuffer(ctypes.Structure):
    """The `Py_buffer` of CPython's C API."""

    _fields_ = (
        ("buf", ctypes.c_void_p),
        ("obj", ctypes.c_void_p),
        ("len", ctypes.c_ssize_t),
        ("itemsize", ctypes.c_ssize_t),
        ("readonly", ctypes.c_int),
        ("ndim", ctypes.c_int),
        ("format", ctypes.c_char_p),
        ("shape", ctypes.POINTER(ctypes.c_ssize_t)),
        ("strides", ctypes.POINTER(ctypes.c_ssize_t)),
        ("suboffsets", ctypes.POINTER(ctypes.c_ssize_t)),
        ("internal", ctypes.c_void_p),
    )


_fill_info = ctypes.pythonapi.PyBuffer_FillInfo
_fill_info.argtypes = (
    ctypes.c_void_p,
    ctypes.py_object,
    ctypes.c_void_p,
    ctypes.c_ssize_t,
    ctypes.c_int,
    ctypes.c_int,
)
_fill_info.restype = ctypes.c_int


def _make_exporter_before_312() -> type:
    class Slot(ctypes.Structure):
        _fields_ = (("slot", ctypes.c_int), ("function", ctypes.c_void_p))

    class Spec(ctypes.Structure):
        _fields_ = (
            ("name", ctypes.c_char_p),
            ("basicsize", ctypes.c_int),
            ("itemsize", ctypes.c_int),
            ("flags", ctypes.c_uint),
            ("slots", ctypes.POINTER(Slot)),
        )

    slots = (Slot * 2)()
    slots[0].slot = 1  # Py_bf_getbuffer
    slots[0].function = ctypes.cast(_getbuffer_callback, ctypes.c_void_p)
    default_and_basetype = (1 << 10) | (1 << 18)
    spec = Spec(b"yr_fake_ds.ExporterBase", object.__basicsize__, 0, default_and_basetype, slots)
    from_spec = ctypes.pythonapi.PyType_FromSpec
    from_spec.argtypes = (ctypes.c_void_p,)
    from_spec.restype = ctypes.py_object
    made: type = from_spec(ctypes.byref(spec))
    # The type keeps pointers into the spec's memory.
    _kept_alive.extend((slots, spec))
    return made


def _getbuffer(exporter: Any, view: int, flags: int) -> int:
    # A Python callback cannot leave an exception set, so a refusal is a bare -1: callers that
    # fall back to a read-only view (numpy, torch, "w*" parsing) behave as with any other type.
    if view and (flags & PyBUF_WRITABLE):
        PyBuffer.from_address(view).obj = None
        return -1
    _fill_info(view, exporter, exporter._address, exporter._size, 1, flags)  # noqa: SLF001
    return 0


_kept_alive: list[object] = []
_getbuffer_callback = ctypes.PYFUNCTYPE(
    ctypes.c_int, ctypes.py_object, ctypes.c_void_p, ctypes.c_int
)(_getbuffer)


class _ExporterBase312:
    """The same with `__buffer__`, which hands out a view whose `obj` is the exporter."""

    _address: int
    _size: int

    __slots__ = ()

    def __buffer__(self, flags: int) -> memoryview:
        if flags & PyBUF_WRITABLE:
            raise BufferError("Object is not writable.")
        array = (ctypes.c_ubyte * self._size).from_address(self._address)
        return memoryview(array).cast("B").toreadonly()


ExporterBase: Any = _make_exporter_before_312() if sys.version_info < (3, 12) else _ExporterBase312


class MemoryExporter(ExporterBase):  # the base is made at run time
    """Exports `size` bytes at `address`, read-only; whoever holds a view holds this object.

    Made by the client process from any thread. `owner` is kept alive as long as the object is: it
    owns the memory.
    """

    __slots__ = ("__weakref__", "_address", "_owner", "_size")

    def __init__(self, address: int, size: int, owner: object) -> None:
        self._address = address
        self._size = size
        self._owner = owner
