"""Named memory of an NPU, through CANN alone; used in the processes that tests start."""

import ctypes
from typing import Any, Final

ACL: Final = ctypes.CDLL("libascendcl.so")
_TO_DEVICE, _TO_HOST = 1, 2


class NpuMemory:
    """What a process has on the device that is its thread's."""

    def __init__(self) -> None:
        self._places: dict[str, tuple[int, int]] = {}

    def __getitem__(self, name: str) -> tuple[int, int]:
        """Give address and size."""
        return self._places[name]

    def write(self, name: str, data: bytes) -> None:
        """Make memory of that size, or fill what there is."""
        if name not in self._places:
            address = ctypes.c_void_p()
            _check(ACL.aclrtMalloc(ctypes.byref(address), ctypes.c_size_t(len(data)), 0))
            self._places[name] = (address.value or 0, len(data))
        _copy(ctypes.c_void_p(self._places[name][0]), data, len(data), _TO_DEVICE)

    def read(self, name: str) -> bytes:
        """Give what is there."""
        address, size = self._places[name]
        host = ctypes.create_string_buffer(size)
        _copy(host, ctypes.c_void_p(address), size, _TO_HOST)
        return host.raw


def use_device(npu: int) -> None:
    """Change the thread's device."""
    ACL.aclrtSetDevice(npu)


def used_device() -> int:
    """Give the thread's device."""
    device = ctypes.c_int32()
    ACL.aclrtGetDevice(ctypes.byref(device))
    return device.value


def _copy(target: Any, source: Any, size: int, direction: int) -> None:
    count = ctypes.c_size_t(size)
    _check(ACL.aclrtMemcpy(target, count, source, count, direction))


def _check(code: int) -> None:
    if code:
        raise SystemExit(f"ACL: {code}")
