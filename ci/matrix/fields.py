"""One table of the file, read key by key: whatever is wrong with a key names it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from matrix.errors import KeyMissingError, KeyUnknownError, ValueRefusedError


class Table:
    """Gives the values of a table, checked, and knows at the end which nobody asked for."""

    def __init__(self, name: str, content: object) -> None:
        if not isinstance(content, Mapping):
            raise ValueRefusedError(*_parent(name), content, "a table")
        self.name = name
        self._content: Mapping[str, Any] = content
        self._asked: set[str] = set()

    def text(self, key: str, allowed: Collection[str] | None = None) -> str:
        """Give a string, one of those allowed if any are named."""
        value = self._value(key, _of(allowed, "a string"))
        if not isinstance(value, str) or not value or (allowed and value not in allowed):
            raise ValueRefusedError(self.name, key, value, _of(allowed, "a string"))
        return value

    def number(self, key: str, least: int, most: int) -> int:
        """Give a whole number within bounds."""
        allowed = f"a whole number from {least} to {most}"
        value = self._value(key, allowed)
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise ValueRefusedError(self.name, key, value, allowed)
        return value

    def flag(self, key: str) -> bool:
        """Give true or false."""
        value = self._value(key, "true or false")
        if not isinstance(value, bool):
            raise ValueRefusedError(self.name, key, value, "true or false")
        return value

    def texts(
        self, key: str, allowed: Collection[str] | None = None, *, least: int = 1
    ) -> tuple[str, ...]:
        """Give a list of different strings, each of those allowed if any are named."""
        expected = f"a list of at least {least}, each once, of {_of(allowed, 'strings')}"
        value = self._value(key, expected)
        if (
            not isinstance(value, list)
            or len(value) < least
            or len(set(map(str, value))) < len(value)
        ):
            raise ValueRefusedError(self.name, key, value, expected)
        for one in value:
            if not isinstance(one, str) or not one or (allowed and one not in allowed):
                raise ValueRefusedError(self.name, key, one, expected)
        return tuple(value)

    def has(self, key: str) -> bool:
        """Whether the key is there."""
        return key in self._content

    def raw(self, key: str, allowed: str) -> object:
        """Give a value as it is, for who checks it."""
        return self._value(key, allowed)

    def end(self) -> None:
        """Refuse what nobody asked for: a misspelt key must not be ignored."""
        for key in self._content.keys() - self._asked:
            raise KeyUnknownError(self.name, key, self._asked)

    def _value(self, key: str, allowed: str) -> object:
        self._asked.add(key)
        if key not in self._content:
            raise KeyMissingError(self.name, key, allowed)
        return self._content[key]


def _of(allowed: Collection[str] | None, otherwise: str) -> str:
    return ", ".join(sorted(allowed)) if allowed else otherwise


def _parent(name: str) -> tuple[str, str]:
    before, _, last = name.rpartition(".")
    return before or "the file", last
