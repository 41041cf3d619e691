"""Host functions with which a test holds a stream up."""

import ctypes
import threading

from bindings import PATIENCE

HOST_FUNCTION = ctypes.CFUNCTYPE(None, ctypes.c_void_p)


class Gate:
    """A host function that keeps its stream busy until it is opened."""

    def __init__(self) -> None:
        self.open = threading.Event()
        self.function = HOST_FUNCTION(lambda _: self.wait())

    def wait(self) -> None:
        """Block until the gate is opened."""
        self.open.wait(PATIENCE)
