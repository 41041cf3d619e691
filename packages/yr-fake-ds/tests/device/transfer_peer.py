"""A process with a transfer engine on an emulated NPU, as tests see it."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any

from npu_process import NpuProcess

OK = [0, ""]
SIZE = 100_003


@dataclass(frozen=True)
class Peer:
    """A process with an engine, and where that listens."""

    process: NpuProcess
    port: int

    @property
    def endpoint(self) -> str:
        """The text by which others read from it."""
        return f"127.0.0.1:{self.port}"

    def ask(self, name: str, *arguments: Any) -> Any:
        """Do one thing there."""
        return self.process.ask(name, *arguments)

    def offer(self, name: str, data: bytes) -> int:
        """Make memory there and register it; returns its address."""
        address = self.make(name, data)
        assert self.ask("register_memory", address, len(data)) == OK
        return address

    def make(self, name: str, data: bytes) -> int:
        """Make memory there; returns its address."""
        self.ask("fill", name, data.hex())
        return int(self.ask("address", name))

    def holds(self, name: str) -> bytes:
        """Return what its memory holds."""
        return bytes.fromhex(self.ask("look", name))


def some_bytes(size: int = SIZE, seed: int = 1) -> bytes:
    """Return bytes that are not repeated anywhere."""
    return random.Random(seed).randbytes(size)  # noqa: S311 - to be repeatable
