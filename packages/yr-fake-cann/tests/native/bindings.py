"""CANN's C functions as Python sees them through ctypes, and processes to call them in.

Settings are read once per process, so a test that needs others than the defaults runs its body with
`in_process`; ranks of HCCL are threads with a device each, or processes.
"""

import ctypes
import multiprocessing
import os
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any, Final

from yr_fake_cann import activation

LIBRARIES: Final = os.path.abspath(activation.library_directory())

HOST_TO_HOST, HOST_TO_DEVICE, DEVICE_TO_HOST, DEVICE_TO_DEVICE, DEFAULT = range(5)
INVALID_PARAMETER, INVALID_DEVICE, NO_CONTEXT = 107000, 107001, 107002
INVALID_HANDLE, NOT_SUPPORTED, OUT_OF_MEMORY, INTERNAL = 107017, 207000, 207001, 507000
REPORT_TIMEOUT, STREAM_TIMEOUT, EVENT_TIMEOUT, TASK_TIMEOUT = 507012, 507046, 507047, 507048
REMOTE_LOST = 507057
# A test that waits longer than this hangs.
PATIENCE: Final = 60.0


class CannError(Exception):
    """A function returned a status other than 0."""

    def __init__(self, function: str, status: int, message: str) -> None:
        super().__init__(f"{function} returned {status}: {message}")
        self.status = status
        self.message = message


class Cann:
    """The functions of one soname; every one that returns a status raises CannError."""

    def __init__(self, soname: str = "libascendcl.so") -> None:
        self.library = ctypes.CDLL(os.path.join(LIBRARIES, soname))
        self.library.aclGetRecentErrMsg.restype = ctypes.c_char_p
        self._owned = list[tuple[str, int]]()

    def __getattr__(self, function: str) -> Callable[..., None]:
        def call(*arguments: Any) -> None:
            status = getattr(self.library, function)(*map(_argument, arguments))
            if status:
                raise CannError(function, status, self.last_error())

        return call

    def last_error(self) -> str:
        """Return why this thread's last failed call failed."""
        return bytes(self.library.aclGetRecentErrMsg()).decode()

    def pointer(self, function: str, *arguments: Any) -> int:
        """Call a function whose first argument receives a pointer or handle; return that."""
        out = ctypes.c_void_p()
        getattr(self, function)(ctypes.byref(out), *arguments)
        return out.value or 0

    def number(self, function: str, *arguments: Any, kind: Any = ctypes.c_int32) -> Any:
        """Call a function whose last argument receives a number; return that."""
        out = kind()
        getattr(self, function)(*arguments, ctypes.byref(out))
        return out.value

    def malloc(self, size: int) -> int:
        """Return the address of new device memory on the thread's device."""
        return self._own("aclrtFree", self.pointer("aclrtMalloc", size, 0))

    def write(self, address: int, data: bytes) -> None:
        """Copy bytes of the host to the device, synchronously."""
        self.aclrtMemcpy(address, len(data), data, len(data), HOST_TO_DEVICE)

    def read(self, address: int, size: int) -> bytes:
        """Copy bytes of the device to the host, synchronously."""
        buffer = ctypes.create_string_buffer(size)
        self.aclrtMemcpy(buffer, size, address, size, DEVICE_TO_HOST)
        return buffer.raw

    def stream(self) -> int:
        """Return a new stream of the thread's device."""
        return self._own("aclrtDestroyStreamForce", self.pointer("aclrtCreateStream"))

    def event(self) -> int:
        """Return a new event."""
        return self._own("aclrtDestroyEvent", self.pointer("aclrtCreateEvent"))

    def flag_event(self, flag: int) -> int:
        """Return a new event of ``aclrtCreateEventWithFlag``."""
        return self._own("aclrtDestroyEvent", self.pointer("aclrtCreateEventWithFlag", flag))

    def capturing_event(self, flag: int = 0x1) -> int:
        """Return a new event of ``aclrtCreateEventExWithFlag``, as torch_npu uses them."""
        return self._own("aclrtDestroyEvent", self.pointer("aclrtCreateEventExWithFlag", flag))

    def release(self) -> None:
        """Destroy everything that `malloc`, `stream` and the events gave and that still exists."""
        for function, handle in self._owned:
            status = getattr(self.library, function)(ctypes.c_void_p(handle))
            if status not in {0, INVALID_HANDLE, INVALID_PARAMETER}:
                raise CannError(function, status, self.last_error())
        self._owned.clear()

    def _own(self, function: str, handle: int) -> int:
        self._owned.append((function, handle))
        return handle


@dataclass(frozen=True)
class Pinned:
    """Pinned host memory."""

    address: int
    size: int

    def read(self) -> bytes:
        """Return its bytes."""
        return ctypes.string_at(self.address, self.size)


@contextmanager
def pinned(cann: Cann, size: int) -> Iterator[Pinned]:
    """Give pinned host memory for the length of a block."""
    address = cann.pointer("aclrtMallocHost", size)
    yield Pinned(address, size)
    cann.aclrtFreeHost(address)


def opened(device: int = 0) -> Cann:
    """Return the functions, with a device set for the calling thread."""
    cann = Cann()
    cann.aclrtSetDevice(device)
    return cann


def in_process(
    body: Callable[..., Any], *arguments: Any, settings: dict[str, str] | None = None
) -> Any:
    """Return what the module-level function returns in a new process with these variables set."""
    return start(body, *arguments, settings=settings).result()


@dataclass(frozen=True)
class Started:
    """A process that runs one function."""

    process: multiprocessing.process.BaseProcess
    connection: Connection

    def result(self) -> Any:
        """Return what the function returned; raise AssertionError when it raised or died."""
        try:
            if not self.connection.poll(PATIENCE):
                raise AssertionError(f"process {self.process.pid} did not answer in {PATIENCE} s")
            good, value = self.connection.recv()
        except EOFError:
            self.process.join(PATIENCE)
            raise AssertionError(f"process died with {self.process.exitcode}") from None
        finally:
            self.end()
        if not good:
            raise AssertionError(value)
        return value

    def end(self) -> int | None:
        """Wait for the process, killing it when it does not end; return its exit status."""
        self.process.join(10)
        if self.process.is_alive():
            self.process.kill()
            self.process.join(PATIENCE)
        return self.process.exitcode


def start(
    body: Callable[..., Any], *arguments: Any, settings: dict[str, str] | None = None
) -> Started:
    """Start a process that runs the module-level function."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=_answer, args=(there, body, arguments, settings or {}))
    process.start()
    there.close()
    return Started(process, here)


def _answer(
    connection: Connection,
    body: Callable[..., Any],
    arguments: tuple[Any, ...],
    settings: dict[str, str],
) -> None:
    os.environ.update(settings)
    try:
        connection.send((True, body(*arguments)))
    except Exception:
        connection.send((False, traceback.format_exc()))


def _argument(value: Any) -> Any:
    # Addresses and sizes do not fit into the C int that ctypes would make of them.
    return ctypes.c_void_p(value) if isinstance(value, int) else value
