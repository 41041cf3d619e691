"""Actor memory: what a clause leaves in an actor's process between two calls.

The functions run in the actor (`actor.apply.remote(keep, "name", ref)`); the dictionary is that
process's own.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any

import torch

_kept: dict[str, Any] = {}
_watched: dict[str, weakref.ref[torch.Tensor]] = {}


def keep(name: str, value: Any) -> None:
    """Keep a value, for example a received tensor, alive in this process."""
    _kept[name] = value


def keep_new(name: str, make: Callable[..., Any], *arguments: Any) -> None:
    """Keep what a function makes in this process, where nobody else has it."""
    keep(name, make(*arguments))


def recall(name: str) -> Any:
    """Return the very object that was kept."""
    return _kept[name]


def forget(name: str) -> None:
    """Drop what was kept under the name, if anything."""
    _kept.pop(name, None)


def make_watched(name: str, count: int) -> torch.Tensor:
    """Return a new tensor that nothing of ours keeps alive, and watch whether it lives."""
    tensor = torch.arange(count, dtype=torch.float32)
    _watched[name] = weakref.ref(tensor)
    return tensor


def is_alive(name: str) -> bool:
    """Tell whether the watched tensor still exists in this process."""
    return _watched[name]() is not None
