"""The chips that can be emulated; their properties are data of the native library."""

import ctypes
import os

from yr_fake_cann import activation


def chips() -> tuple[str, ...]:
    """Return the names that ``YR_FAKE_CANN_SOC`` may have; called where nothing is activated yet.

    Loads the library into the calling process. Raises ActivationError when it is not there.
    """
    path = os.path.join(activation.library_directory(), activation.MAIN_LIBRARY)
    function = ctypes.CDLL(path).yr_fake_cann_chips
    function.restype = ctypes.c_char_p
    names: bytes = function()
    return tuple(names.decode().split(", "))
