"""A transfer engine of the released datasystem on an emulated NPU; started by its tests.

    python engine.py PORT NPU

It makes a tensor of 1,000 numbers on its NPU, all different, and offers what is asked for:

    ["offer", 3000]                 registers so many bytes of it -> its address
    ["withdraw"]                    takes them back -> [code, message]
    ["read", PORT, ADDRESSES, LENGTHS, FIRST]
                                    reads from another one into a new tensor -> [code, message,
                                    whether the numbers from FIRST on have arrived]
"""

import json
import sys
from typing import Any, Final

import torch
import torch_npu
from yr.datasystem import Result, TransferEngine

COUNT: Final = 1000
BYTES_OF_ONE: Final = 4


class Engine:
    """One engine and its memory."""

    def __init__(self, port: int, npu: int) -> None:
        torch_npu.npu.set_device(npu)
        self._numbers = torch.arange(COUNT, dtype=torch.int32, device="npu")
        self._engine = TransferEngine()
        started = self._engine.initialize(f"127.0.0.1:{port}", "ascend", f"npu:{npu}")
        if started.is_error():
            raise SystemExit(started.to_string())

    def offer(self, size: int) -> int:
        """Let others read the first bytes; returns where they are."""
        address = self._numbers.data_ptr()
        if (registered := self._engine.register_memory(address, size)).is_error():
            raise SystemExit(registered.to_string())
        return address

    def withdraw(self) -> list[Any]:
        """Let nobody read any more."""
        return _said(self._engine.unregister_memory(self._numbers.data_ptr()))

    def read(self, port: int, addresses: list[int], lengths: list[int], first: int) -> list[Any]:
        """Read into a new tensor, one range behind the other, that should begin with a number."""
        target = torch.zeros(COUNT, dtype=torch.int32, device="npu")
        places = [target.data_ptr() + sum(lengths[:index]) for index in range(len(lengths))]
        ranges = places, addresses, lengths
        result = self._engine.batch_transfer_sync_read(f"127.0.0.1:{port}", *ranges)
        count = sum(lengths) // BYTES_OF_ONE
        wanted = torch.arange(first, first + count, dtype=torch.int32)
        return [*_said(result), torch.equal(target[:count].cpu(), wanted)]


def _said(result: Result) -> list[Any]:
    return [int(result.get_code()), result.get_msg()]


def main() -> None:
    """Serve until the end of the input."""
    engine = Engine(int(sys.argv[1]), int(sys.argv[2]))
    print(json.dumps({"ready": True}), flush=True)  # noqa: T201
    for line in sys.stdin:
        name, *arguments = json.loads(line)
        print(json.dumps({"said": getattr(engine, name)(*arguments)}), flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
