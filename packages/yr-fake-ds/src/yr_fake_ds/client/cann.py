"""The CANN runtime of this process, as the device calls use it: devices, copies, shared memory.

Only C functions that CANN itself has are called, so nothing here knows who provides them; on a
machine without NPUs that is yr-fake-cann. Memory of another process is opened by the name under
which that process exported it, and then read without its help.

producer  rtIpcSetMemoryName(address) -> name ---(worker)---> name -> rtIpcOpenMemory  receiver
"""

import ctypes
import functools
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from yr_fake_ds import device_texts as texts
from yr_fake_ds.client.keys import refuse

MAIN_LIBRARY: Final = "libascendcl.so"
RUNTIME_LIBRARY: Final = "libruntime.so"
HOST_TO_DEVICE, DEVICE_TO_HOST, DEVICE_TO_DEVICE = 1, 2, 3
NAME_BYTES: Final = 65


class Cann:
    """CANN's functions with statuses as StatusError; one for the process, used from any thread."""

    def __init__(self, acl: ctypes.CDLL, runtime: ctypes.CDLL) -> None:
        self._acl = acl
        self._runtime = runtime
        acl.aclGetRecentErrMsg.restype = ctypes.c_char_p

    def current_device(self) -> int | None:
        """Return the calling thread's device, None if it has chosen none."""
        device = ctypes.c_int32()
        failed = self._acl.aclrtGetDevice(ctypes.byref(device))
        return None if failed else device.value

    def context_code(self) -> int:
        """Return with which code CANN says that the calling thread has no context, 0 if it has."""
        return int(self._acl.aclrtGetCurrentContext(ctypes.byref(ctypes.c_void_p())))

    def use_device(self, device: int) -> None:
        """Make `device` the calling thread's."""
        self._check(self.device_code(device))

    def device_code(self, device: int) -> int:
        """Do the same and return CANN's code, 0 if it went well."""
        return int(self._acl.aclrtSetDevice(ctypes.c_int32(device)))

    def check_device(self, device: int) -> None:
        """Refuse an index that this process has no device for."""
        status = ctypes.c_int32()
        code = self._acl.aclrtQueryDeviceStatus(ctypes.c_int32(device), ctypes.byref(status))
        if code or status.value:
            values = {"device": device, "code": code, "status": status.value}
            raise refuse(texts.ABNORMAL_DEVICE, **values)

    def physical(self, device: int) -> int:
        """Return the machine's number of a device, which other processes may number otherwise."""
        number = ctypes.c_uint32()
        index = ctypes.c_uint32(device)
        self._check(self._runtime.rtGetDevicePhyIdByIndex(index, ctypes.byref(number)))
        return number.value

    def copy(self, target: int, source: int, size: int, direction: int) -> None:
        """Copy bytes and wait for the end; the direction says which address is the host's."""
        count = ctypes.c_size_t(size)
        pointers = ctypes.c_void_p(target), count, ctypes.c_void_p(source), count
        self._check(self._acl.aclrtMemcpy(*pointers, ctypes.c_int(direction)))

    def export(self, address: int, size: int) -> str:
        """Return the name by which other processes open device memory; empty if it is none."""
        name = ctypes.create_string_buffer(NAME_BYTES)
        arguments = ctypes.c_void_p(address), ctypes.c_uint64(size), name, NAME_BYTES
        failed = self._runtime.rtIpcSetMemoryName(*arguments)
        return "" if failed else name.value.decode()

    @contextmanager
    def opened(self, name: str) -> Iterator[int | None]:
        """Give the address here of another process's memory; None when that process is gone."""
        address = ctypes.c_void_p()
        failed = self._runtime.rtIpcOpenMemory(ctypes.byref(address), name.encode())
        try:
            yield None if failed else address.value
        finally:
            if not failed:
                self._runtime.rtIpcCloseMemory(address)

    def _check(self, code: int) -> None:
        if code:
            message = self._acl.aclGetRecentErrMsg() or b""
            detail = message.decode(errors="replace").strip()
            raise refuse(texts.ACL_FAILED, code=code, detail=detail)


@functools.cache
def load() -> Cann:
    """Return the process's CANN; StatusError "No device manager available" if it has none.

    A failure is not cached, as CANN may be loaded later.
    """
    try:
        libraries: list[Any] = [ctypes.CDLL(name) for name in (MAIN_LIBRARY, RUNTIME_LIBRARY)]
    except OSError:
        raise refuse(texts.NO_DEVICE_MANAGER) from None
    return Cann(*libraries)
