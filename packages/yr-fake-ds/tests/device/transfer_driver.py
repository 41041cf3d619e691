"""Runs calls of a `TransferEngine` that come as JSON lines; needs CANN, but no torch.

["fill", "x", "00ff"]                   device memory called x, with these bytes
["address", "x"]                        where it is
["look", "x"]                           its bytes
["register_memory", 4096, 10]           a call of the engine: [code, message]
["at_once", 3, "finalize"]              the same in three threads of this NPU: their answers
["on_thread", "finalize"]               the same in one thread that has chosen no NPU
"""

import json
import sys
import threading
from collections.abc import Callable
from typing import Any

from npu_memory import NpuMemory, use_device, used_device
from yr.datasystem import TransferEngine

PATIENCE_S = 30.0


class Driver:
    """One engine and named device memory."""

    def __init__(self, port: int, npu: int) -> None:
        self._npu = npu
        use_device(npu)
        self.engine = TransferEngine()
        result = self.engine.initialize(f"127.0.0.1:{port}", "ascend", f"npu:{npu}")
        if result.is_error():
            raise SystemExit(result.to_string())
        self.memory = NpuMemory()

    def do(self, name: str, arguments: list[Any]) -> Any:
        """Do one thing."""
        if hasattr(self, name):
            return getattr(self, name)(*arguments)
        result = getattr(self.engine, name)(*arguments)
        return result if isinstance(result, int) else [int(result.get_code()), result.get_msg()]

    def fill(self, name: str, content: str) -> None:
        """Make memory, or fill what there is."""
        self.memory.write(name, bytes.fromhex(content))

    def look(self, name: str) -> str:
        """Return what is there."""
        return self.memory.read(name).hex()

    def address(self, name: str) -> int:
        """Return where it is."""
        return self.memory[name][0]

    def use(self, npu: int) -> None:
        """Change the thread's device."""
        use_device(npu)

    def device(self) -> int:
        """Return the thread's device."""
        return used_device()

    def threads(self) -> list[str]:
        """Return the names of the threads that Python knows."""
        return sorted(thread.name for thread in threading.enumerate())

    def at_once(self, count: int, name: str, *arguments: Any) -> list[Any]:
        """Make the same call in several threads."""
        return _in_threads([lambda: self._chosen(name, arguments)] * count)

    def on_thread(self, name: str, *arguments: Any) -> Any:
        """Make a call in a thread without a device."""
        return _in_threads([lambda: self.do(name, list(arguments))])[0]

    def _chosen(self, name: str, arguments: tuple[Any, ...]) -> Any:
        use_device(self._npu)
        return self.do(name, list(arguments))


def _in_threads(calls: list[Callable[[], Any]]) -> list[Any]:
    answers: list[Any] = [None] * len(calls)
    begin = threading.Barrier(len(calls))

    def run(number: int) -> None:
        begin.wait(PATIENCE_S)
        answers[number] = calls[number]()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(len(calls))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE_S)
    return answers


def main() -> None:
    """Serve until the end of the input."""
    driver = Driver(int(sys.argv[1]), int(sys.argv[2]))
    for line in sys.stdin:
        name, *arguments = json.loads(line)
        sys.stdout.write(json.dumps(driver.do(name, arguments)) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
