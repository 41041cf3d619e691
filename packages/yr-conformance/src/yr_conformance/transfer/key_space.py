"""Key spaces: which keys of objects exist, asked by a client of the test's own.

Values and device memory have separate keys, at one worker (measured on openyuanrong-datasystem
0.8.1).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol


class KeySpace(Protocol):
    """The keys of one kind of device."""

    def exist(self, keys: Sequence[str]) -> list[bool]:
        """Tell of each key whether there is an object."""
        ...

    def delete(self, keys: Sequence[str]) -> None:
        """Take the objects away, behind their makers' backs."""
        ...


class ValueKeys:
    """The keys of values; `client` is a connected `KVClient`."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def exist(self, keys: Sequence[str]) -> list[bool]:
        """See KeySpace."""
        return list(self._client.exist(list(keys)))

    def delete(self, keys: Sequence[str]) -> None:
        """See KeySpace."""
        self._client.delete(list(keys))


class DeviceKeys:
    """The keys of device memory, and of values into which some of it was copied.

    `client` is a connected `HeteroClient`.
    """

    def __init__(self, client: Any, copies: ValueKeys) -> None:
        self._client, self._copies = client, copies

    def exist(self, keys: Sequence[str]) -> list[bool]:
        """See KeySpace; one question a key, as one that is missing fails all of them."""
        copied = self._copies.exist(keys)
        return [there or self._is_there(key) for key, there in zip(keys, copied, strict=True)]

    def delete(self, keys: Sequence[str]) -> None:
        """See KeySpace."""
        self._client.dev_delete(list(keys))

    def _is_there(self, key: str) -> bool:
        try:
            self._client.get_meta_info([key], True)
        except RuntimeError as error:
            if "not found" in str(error).lower():
                return False
            raise
        return True
