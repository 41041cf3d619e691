"""What is done once in a turn, and how often: names, sizes and kinds of work, nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

Kind = Literal[
    "actor", "driver", "read", "fan", "flight", "target", "submit", "put", "get", "memory"
]
Pause = Literal["put", "get"]

FLOAT: Final = 4
"""Bytes of an element; all tensors are float32."""
KIB: Final = 1 << 10
MIB: Final = 1 << 20


@dataclass(frozen=True)
class Work:
    """One kind of transfer of one object; `rounds` turns a contender, `quick` of them by --quick.

    actor, driver   to another actor, and to the driver; one element of the first and one of the
                    last tensor are read
    read            to another actor, which reads all of it
    fan, flight     one object to eight actors; fifty objects at a time
    target          into tensors of the driver's
    submit          a hundred calls, without what they do
    put, get        storing and receiving alone, in the process that does it; in `get` nothing is
                    read. With `stall`, not their time but the longest one in which another thread
                    of the process did nothing
    memory          what eight actors that hold and have read one object take, in copies of it
    """

    name: str
    kind: Kind
    count: int
    elements: int
    rounds: int
    quick: int = 0
    stall: bool = False

    @property
    def size(self) -> int:
        """Give the object's bytes."""
        return self.count * self.elements * FLOAT

    @property
    def unit(self) -> str:
        """Say what the figures are."""
        return "copies" if self.kind == "memory" else "ms"


def _elements(size: int) -> int:
    return size // FLOAT


_SIZES: Final = {
    "1 element": (1, 1, 30, 7),
    "1 MiB": (1, _elements(MIB), 30, 5),
    "64 MiB": (1, _elements(64 * MIB), 15, 3),
    "512 MiB": (1, _elements(512 * MIB), 7, 2),
    "1,000 x 32 KiB": (1000, _elements(32 * KIB), 11, 3),
    "9,216 x 32 KiB": (9216, _elements(32 * KIB), 7, 2),
}


def _large(name: str, kind: Kind, rounds: int, quick: int = 0, *, stall: bool = False) -> Work:
    gigabytes = 4 if stall else 1
    return Work(name, kind, 1, gigabytes * _elements(512 * MIB), rounds, quick, stall)


WORKS: Final = (
    *(Work(f"{name}, actor to actor", "actor", *size) for name, size in _SIZES.items()),
    _large("512 MiB, put alone", "put", 7, 2),
    _large("512 MiB, get alone", "get", 7, 2),
    Work("100 submissions", "submit", 1, 1, 9, 3),
    Work("50 objects of 1 element in flight", "flight", 1, 1, 9, 2),
    _large("2 GiB put, longest stall of another thread", "put", 3, stall=True),
    _large("2 GiB get, longest stall of another thread", "get", 3, stall=True),
    *(Work(f"{name}, driver get", "driver", *size[:3]) for name, size in _SIZES.items()),
    Work("64 MiB, actor to actor, all read", "read", 1, _elements(64 * MIB), 9),
    _large("512 MiB, actor to actor, all read", "read", 5),
    Work("64 MiB, target buffers", "target", 1, _elements(64 * MIB), 9),
    Work("50 objects of 1 MiB in flight", "flight", 1, _elements(MIB), 7),
    # Last, since eight receivers a contender stay.
    Work("64 MiB, one object to 8 actors", "fan", 1, _elements(64 * MIB), 7),
    _large("512 MiB, held by 8 actors", "memory", 1),
)
"""In the order in which they are done: what goals are about comes first."""


def work(name: str) -> Work:
    """Give the work of a name; KeyError for another one."""
    return {one.name: one for one in WORKS}[name]
