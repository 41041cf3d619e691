"""The few functions of the emulated runtime that the kernels call besides torch_npu.

They are exported by libascendcl.so next to CANN's own names, so whoever loads torch_npu has them.
"""

import ctypes
import functools
import os
from collections.abc import Callable


@functools.cache
def wait_stream() -> Callable[[int], int]:
    """Return the function that drains a stream and gives the ACL status of its first failed task.

    The argument is the address of the stream's handle (0: the default stream). Called by every
    kernel in the thread that calls the operator, with the interpreter's lock released.
    """
    function = _library().yr_fake_cann_wait_stream
    function.argtypes, function.restype = [ctypes.c_void_p], ctypes.c_int
    return function


def last_error() -> str:
    """Return why the calling thread's last call into the runtime failed."""
    function = _library().aclGetRecentErrMsg
    function.restype = ctypes.c_char_p
    return bytes(function() or b"").decode()


@functools.cache
def host_address() -> Callable[[int], int]:
    """Return the function that gives the host's address of a byte of device memory.

    Outside strict mode both addresses are the same and nothing is called.
    """
    if os.environ.get("YR_FAKE_CANN_STRICT", "0") in {"", "0"}:
        return _same
    function = _library().yr_fake_cann_host_alias
    function.argtypes, function.restype = [ctypes.c_void_p, ctypes.c_size_t], ctypes.c_void_p
    return lambda address: function(address, 1)


def _same(address: int) -> int:
    return address


@functools.cache
def _library() -> ctypes.CDLL:
    return ctypes.CDLL("libascendcl.so")
