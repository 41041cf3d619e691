"""Who refers to objects: clients, and parents that nest them.

Pure, like the state that uses it. Measured on openyuanrong-datasystem 0.8.1: a client
counts for itself and is one reference in the cluster; an object lives as long as a client
or a parent refers to it, if one ever did.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable


class References:
    """References of a whole cluster."""

    def __init__(self) -> None:
        self._clients: dict[str, Counter[str]] = {}
        self._children: dict[str, frozenset[str]] = {}

    def change(self, client_id: str, keys: Iterable[str], *, increase: bool) -> list[str]:
        """Change a client's counts; returns the keys that lost their last reference."""
        orphans: list[str] = []
        for key in keys:
            counts = self._clients.setdefault(key, Counter())
            if increase:
                counts[client_id] += 1
            elif counts[client_id]:
                counts[client_id] -= 1
                orphans += self._orphans(key)
        return orphans

    def forget_client(self, client_id: str) -> list[str]:
        """Drop all references of a client; returns the keys that lost their last one."""
        orphans: list[str] = []
        for key in [key for key, counts in self._clients.items() if client_id in counts]:
            del self._clients[key][client_id]
            orphans += self._orphans(key)
        return orphans

    def count(self, key: str) -> int:
        """Return how many clients refer to an object."""
        return len(+self._clients.get(key, Counter()))

    def is_held(self, key: str) -> bool:
        """Tell whether a client or a parent refers to an object."""
        return bool(self.count(key)) or any(key in keys for keys in self._children.values())

    def nest(self, parent: str, children: Iterable[str]) -> None:
        """Note that a parent refers to its children."""
        nested = frozenset(children)
        if nested:
            self._children[parent] = nested

    def children(self, parent: str) -> frozenset[str]:
        """Return what a parent refers to."""
        return self._children.get(parent, frozenset())

    def unnest(self, parent: str) -> list[str]:
        """Forget a parent; returns the children to which nothing refers any more."""
        children = self._children.pop(parent, frozenset())
        return [key for key in sorted(children) if not self.is_held(key)]

    def _orphans(self, key: str) -> list[str]:
        if self.count(key):
            return []
        del self._clients[key]
        return [] if self.is_held(key) else [key]
