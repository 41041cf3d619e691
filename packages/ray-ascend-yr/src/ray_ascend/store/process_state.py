"""What the threads of one process share; the child of a fork begins with nothing.

    of_process(Clients) --> this process's Clients, made at first use

A child must not use what its parent has made: locks that another thread held when it was forked,
connections, keys that the parent answers for. Nor may it destroy that, since destructors of the SDK
would speak to the worker in the parent's name. So it is kept in the child, and never touched.
"""

from __future__ import annotations

import os
import threading
from typing import Any, Final, TypeVar

Part = TypeVar("Part")


class ProcessState:
    """One part of each kind, whose class takes no argument; any thread may ask."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._parts: dict[type, Any] = {}

    def part(self, kind: type[Part]) -> Part:
        """Give the one of this kind."""
        made: Part | None = self._parts.get(kind)
        if made is None:
            with self._lock:
                made = self._parts.setdefault(kind, kind())
        return made

    def made(self, kind: type[Part]) -> list[Part]:
        """Give it if there is one; takes no lock, which somebody in a parent may hold for ever."""
        return [self._parts[kind]] if kind in self._parts else []


_of_ancestors: Final[list[ProcessState]] = []
_current = ProcessState()


def of_process(kind: type[Part]) -> Part:
    """Give this process's part of a kind, for example its clients."""
    return _current.part(kind)


def of_ancestors(kind: type[Part]) -> list[Part]:
    """Give the parts that this process has from those that it was forked from."""
    return [part for state in _of_ancestors for part in state.made(kind)]


def _begin_anew() -> None:
    global _current  # noqa: PLW0603 - the one place where a process's state is changed for another
    _of_ancestors.append(_current)
    _current = ProcessState()


os.register_at_fork(after_in_child=_begin_anew)
