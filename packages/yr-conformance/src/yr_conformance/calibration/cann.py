"""CANN's C functions as the loader of this process finds them, through ctypes."""

from __future__ import annotations

import ctypes
from typing import Any, Final

from yr_conformance.calibration.errors import UnpreparedError

HOST_TO_DEVICE, DEVICE_TO_HOST = 1, 2
HBM: Final = 1
"""ACL_HBM_MEM, what aclrtGetMemInfo is asked about."""
ROOT_INFO_BYTES: Final = 4108
_ACL: Final = "libascendcl.so"
_HCCL: Final = "libhccl.so"


class Cann:
    """The functions of both libraries. They are loaded with the first call: fork before that."""

    def __init__(self) -> None:
        self._libraries: dict[str, ctypes.CDLL] = {}
        self.said = ""
        """What aclGetRecentErrMsg told of the last call that failed."""

    def function(self, name: str) -> Any:
        """Give a function; UnpreparedError if there is no such library, or it has none."""
        soname = _HCCL if name.startswith("Hccl") else _ACL
        try:
            if soname not in self._libraries:
                self._libraries[soname] = ctypes.CDLL(soname)
            return getattr(self._libraries[soname], name)
        except OSError as error:
            raise UnpreparedError(f"CANN cannot be loaded: {error}") from error
        except AttributeError as error:
            raise UnpreparedError(f"{soname} has no {name}") from error

    def status(self, name: str, *arguments: Any) -> int:
        """Call a function and give its status."""
        status = int(self.function(name)(*map(_argument, arguments)))
        if status:
            self.said = self.recent_message() or ""
        return status

    def must(self, name: str, *arguments: Any) -> None:
        """Make a call that a question needs to succeed; UnpreparedError with its status else."""
        if status := self.status(name, *arguments):
            raise UnpreparedError(f"{name} gave {status} while it was prepared: {self.said}")

    def made(self, name: str, *arguments: Any) -> int:
        """Call what gives a pointer or handle by its first argument; the call must succeed."""
        out = ctypes.c_void_p()
        self.must(name, ctypes.byref(out), *arguments)
        return out.value or 0

    def recent_message(self) -> str | None:
        """Give what aclGetRecentErrMsg gives; None is CANN's null pointer, and its empty text."""
        function = self.function("aclGetRecentErrMsg")
        function.restype = ctypes.c_char_p
        message = function()
        return message.decode(errors="replace").strip() if message else None

    def open(self, device: int = 0) -> None:
        """Initialise ACL, and set the device of this thread."""
        self.must("aclInit", None)
        self.must("aclrtSetDevice", device)

    def count(self) -> int:
        """Give the number of NPUs."""
        found = ctypes.c_uint32()
        self.must("aclrtGetDeviceCount", ctypes.byref(found))
        return found.value

    def malloc(self, size: int) -> int:
        """Give the address of device memory."""
        return self.made("aclrtMalloc", size, 0)

    def memory(self) -> tuple[int, int]:
        """Give the free and all bytes of this thread's NPU."""
        free, total = ctypes.c_size_t(), ctypes.c_size_t()
        self.must("aclrtGetMemInfo", HBM, ctypes.byref(free), ctypes.byref(total))
        return free.value, total.value

    def stream(self) -> int:
        """Give a new stream of this thread's NPU."""
        return self.made("aclrtCreateStream")

    def endless_stream(self) -> int:
        """Give a stream that waits for an event (ACL_EVENT_SYNC) that nobody will record."""
        stream, event = self.stream(), self.made("aclrtCreateEventWithFlag", 1)
        self.must("aclrtStreamWaitEvent", stream, event)
        return stream

    def root_info(self) -> ctypes.Array[ctypes.c_char]:
        """Give what the ranks of a new group need to meet."""
        root = ctypes.create_string_buffer(ROOT_INFO_BYTES)
        self.must("HcclGetRootInfo", root)
        return root

    def group(self, ranks: int, root: Any, rank: int) -> int:
        """Give this rank's communicator once all ranks are there."""
        made = ctypes.c_void_p()
        self.must("HcclCommInitRootInfo", ranks, root, rank, ctypes.byref(made))
        return made.value or 0


def _argument(value: Any) -> Any:
    # Addresses and sizes do not fit into the C int that ctypes would make of them.
    return ctypes.c_void_p(value) if isinstance(value, int) else value
