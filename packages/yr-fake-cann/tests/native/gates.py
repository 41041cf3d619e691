"""Host functions with which a test holds a stream up, and whether one is."""

import ctypes
import threading

from bindings import PATIENCE, STREAM_TIMEOUT, Cann, CannError

HOST_FUNCTION = ctypes.CFUNCTYPE(None, ctypes.c_void_p)


class Gate:
    """A host function that keeps its stream busy until it is opened."""

    def __init__(self) -> None:
        self.open = threading.Event()
        self.function = HOST_FUNCTION(lambda _: self.wait())

    def wait(self) -> None:
        """Block until the gate is opened."""
        self.open.wait(PATIENCE)


def is_held_up(cann: Cann, stream: int) -> bool:
    """Tell whether the stream does not get past what is queued in it."""
    try:
        cann.aclrtSynchronizeStreamWithTimeout(stream, 100)
    except CannError as error:
        if error.status != STREAM_TIMEOUT:
            raise
        return True
    return False
