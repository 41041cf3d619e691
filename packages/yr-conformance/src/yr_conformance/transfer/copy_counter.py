"""Copy counter: the bytes that torch's copying operators write in one thread.

torch's own dispatch mode shows every operator of the thread that started the counter; the operators
run as always.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch.utils._python_dispatch import TorchDispatchMode

COPYING = ("copy_", "clone", "_to_copy", "cat", "stack", "contiguous")


class CopyCounter(TorchDispatchMode):
    """Counts between `start` and `stop`, both called in the thread that copies."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.copied_bytes = 0

    def start(self) -> None:
        """Begin to count in this thread."""
        self.__enter__()  # type: ignore[no-untyped-call]

    def stop(self) -> None:
        """End counting; `copied_bytes` is the sum."""
        self.__exit__(None, None, None)  # type: ignore[no-untyped-call]

    def __torch_dispatch__(
        self, function: Any, types: Any, arguments: Sequence[Any] = (), named: Any = None
    ) -> Any:
        """Let the operator run and add what it wrote; called by torch."""
        result = function(*arguments, **(named or {}))
        if function.overloadpacket.__name__ in COPYING:
            self.copied_bytes += result.nbytes
        return result
