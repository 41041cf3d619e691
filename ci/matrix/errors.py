"""What can be wrong with the matrix; a message names file, table, key and what is allowed.

MatrixError
├── KeyMissingError     a table lacks a key that it must have
├── KeyUnknownError     a table has a key that means nothing
└── ValueRefusedError   a value is of another type, or none of those allowed
"""

from __future__ import annotations

from collections.abc import Iterable

SOURCE = "ci/matrix.toml"


class MatrixError(Exception):
    """The data of the matrix cannot be used as it is."""


class KeyMissingError(MatrixError):
    """A table lacks a key."""

    def __init__(self, table: str, key: str, allowed: str) -> None:
        super().__init__(f"{SOURCE}: [{table}] has no key `{key}`; write {allowed}")


class KeyUnknownError(MatrixError):
    """A table has a key that nothing reads."""

    def __init__(self, table: str, key: str, known: Iterable[str]) -> None:
        names = ", ".join(sorted(known))
        super().__init__(f"{SOURCE}: [{table}] has an unknown key `{key}`; known are: {names}")


class ValueRefusedError(MatrixError):
    """A value may not stand where it stands."""

    def __init__(self, table: str, key: str, value: object, allowed: str) -> None:
        self.table, self.key, self.value = table, key, value
        super().__init__(f"{SOURCE}: [{table}] {key} = {value!r}; allowed: {allowed}")
