"""Copy counter: the bytes that torch's copying operators write in one thread.

torch's own dispatch mode shows every operator of the thread that started the counter; the operators
run as always.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch.utils._python_dispatch import TorchDispatchMode

COPYING = ("copy_", "clone", "_to_copy", "cat", "stack", "contiguous", "unbind_copy")
COPYING_INTO_A_LIST = "_foreach_copy_"


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
        name = function.overloadpacket.__name__
        if name in COPYING:
            self.copied_bytes += _bytes_of(result)
        elif name == COPYING_INTO_A_LIST:
            self.copied_bytes += _bytes_of(arguments[0])
        return result


def _bytes_of(tensors: Any) -> int:
    """Count those of one tensor, or of all in a list or tuple."""
    return sum(map(_bytes_of, tensors)) if isinstance(tensors, list | tuple) else tensors.nbytes
