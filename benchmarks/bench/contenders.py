"""Who takes part: the transport, what else moves a tensor between Ray actors, and the limits.

    stage       Python environment with     contenders
    released    the released datasystem     yr-released, yr-released-map
    fake        yr-fake-ds                  yr-fake, yr-fake-map
    published   ray-ascend 0.1.1            published
    ray         (that of `released`)        store-*, gloo, noop, copy-*

Two datasystems cannot be in one environment, so each stage is a process with a Ray cluster of its
own; the stages take turns.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Contender:
    """One way to move tensors; `transport` is what Ray knows it as, None for the object store."""

    name: str
    label: str
    stage: str
    transport: str | None = None
    receive: str = ""
    """Of this project's transport: the mode in which a receiver gets its tensors."""
    is_numpy: bool = False
    is_zero_copy: bool = False
    is_copy: str = ""
    """Of what is no transfer at all: the memory that is copied into, warm or fresh."""

    @property
    def is_ours(self) -> bool:
        """Tell whether it is the transport of this repository."""
        return bool(self.receive)

    def does(self, kind: str) -> bool:
        """Tell whether a kind of work is one at all for this contender: a copy is no transfer."""
        return not self.is_copy or kind in {"actor", "put"}

    @property
    def moves_nothing(self) -> bool:
        """Tell whether the receiver gets memory that nobody has written."""
        return self.transport == "NOOP"


_YR: Final = "YR"
CONTENDERS: Final = (
    Contender("yr-released", "YR, released datasystem", "released", _YR, "copy"),
    Contender("yr-released-map", "YR, released, map", "released", _YR, "map"),
    Contender("yr-fake", "YR, fake datasystem", "fake", _YR, "copy"),
    Contender("yr-fake-map", "YR, fake, map", "fake", _YR, "map"),
    Contender("published", "ray-ascend 0.1.1, receive repaired", "published", _YR),
    Contender("store-torch", "object store, torch", "ray"),
    Contender("store-numpy", "object store, numpy", "ray", is_numpy=True),
    Contender("store-zero-copy", "object store, zero-copy torch", "ray", is_zero_copy=True),
    Contender("gloo", "GLOO", "ray", "GLOO"),
    Contender("noop", "no-op transport (Ray's floor)", "ray", "NOOP"),
    Contender("copy-warm", "copy_ into warm memory", "ray", is_copy="warm"),
    Contender("copy-fresh", "copy_ into fresh memory", "ray", is_copy="fresh"),
)
STAGES: Final = tuple(dict.fromkeys(one.stage for one in CONTENDERS))


def contender(name: str) -> Contender:
    """Give the contender of a name; KeyError for another one."""
    return {one.name: one for one in CONTENDERS}[name]
