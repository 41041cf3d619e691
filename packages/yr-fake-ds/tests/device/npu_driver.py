"""Runs device calls of `yr.datasystem` that come as JSON lines; needs CANN, but no torch.

["fill", "x", 7, 100]            hundred bytes of device memory called x, all 7
["look", "x"]                    the first byte, the last byte, and how many there are
["dev_mset", ["k"], ["x"]]       a call of HeteroClient on the memory called x
["dev_mset", ["k"], [["x", 4]]]  the same on x as four blobs
["later", "f", "dev_publish", ["k"], ["x"]]     keep its futures as f
["wait", "f", 500]               the results of the futures
"""

import json
import sys
from collections.abc import Callable
from typing import Any

from npu_memory import NpuMemory, use_device, used_device
from yr.datasystem import Blob, DeviceBlobList, HeteroClient


class Driver:
    """One client, named device memory, and named futures."""

    def __init__(self, port: int, npu: int) -> None:
        use_device(npu)
        self.npu = npu
        self.client = HeteroClient("127.0.0.1", port, 5000, req_timeout_ms=5000)
        self.client.init()
        self.memory = NpuMemory()
        self.futures: dict[str, list[Any]] = {}

    def do(self, name: str, arguments: list[Any]) -> Any:
        """Do one thing."""
        if hasattr(self, name):
            return getattr(self, name)(*arguments)
        if name in {"exist", "delete", "dev_delete", "dev_local_delete"}:
            return getattr(self.client, name)(*arguments)
        keys, names, *rest = arguments
        return getattr(self.client, name)(keys, [self._blobs(part) for part in names], *rest)

    def fill(self, name: str, value: int, size: int) -> None:
        """Make memory, or fill what there is."""
        self.memory.write(name, bytes([value]) * size)

    def look(self, name: str) -> list[int]:
        """Return the first byte, the last one, and the size."""
        data = self.memory.read(name)
        return [data[0], data[-1], len(data)]

    def use(self, npu: int) -> None:
        """Change the thread's device."""
        use_device(npu)

    def device(self) -> int:
        """Return the thread's device."""
        return used_device()

    def sizes(self, keys: list[str], is_dev_key: bool) -> Any:
        """Return failed keys and blob sizes."""
        failed, infos = self.client.get_meta_info(keys, is_dev_key)
        return [failed, [info.blob_size_list for info in infos]]

    def on_device(self, npu: int, call: str, keys: list[str], names: list[Any]) -> Any:
        """Make a call that says another device."""
        lists = [DeviceBlobList(npu, self._blobs(part).blob_list) for part in names]
        return getattr(self.client, call)(keys, lists)

    def part(self, keys: list[str], name: str, offset: int) -> Any:
        """Get what lies behind an offset of the stored bytes."""
        blobs = self._blobs(name)
        blobs.set_src_offset(offset)
        return self.client.dev_mget(keys, [blobs], 0)

    def later(self, name: str, call: str, *arguments: Any) -> int:
        """Keep the futures of a call."""
        futures = self.do(call, list(arguments))
        self.futures[name] = futures if isinstance(futures, list) else [futures]
        return len(self.futures[name])

    def wait(self, name: str, timeout_ms: int) -> Any:
        """Return what the futures give."""
        return [future.get(timeout_ms) for future in self.futures[name]]

    def _blobs(self, part: Any) -> DeviceBlobList:
        name, count = part if isinstance(part, list) else (part, 1)
        address, size = self.memory[name]
        step = size // count
        blobs = [Blob(address + index * step, step) for index in range(count)]
        return DeviceBlobList(self.npu, blobs)


def outcome(call: Callable[[str, list[Any]], Any], name: str, arguments: list[Any]) -> Any:
    """Return the result of a call, or its error's type and text."""
    try:
        return call(name, arguments)
    except Exception as error:
        return f"error: {type(error).__name__}: {error}"


def main() -> None:
    """Serve until the end of the input."""
    driver = Driver(int(sys.argv[1]), int(sys.argv[2]))
    for line in sys.stdin:
        name, *arguments = json.loads(line)
        sys.stdout.write(json.dumps(outcome(driver.do, name, arguments)) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
