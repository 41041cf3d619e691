"""Whether a worker has room for a value, found out by storing one."""

from __future__ import annotations

from typing import Any

_KEY = "looking-for-room"


def has_room(client: Any, size: int) -> bool:
    """Tell whether the worker of a KVClient takes so many bytes, which go again at once.

    RuntimeError if it is not well for another reason than its memory. One attempt of a set that
    fails may yet be carried out, and its value would leave no room for the next question.
    """
    try:
        client.set(_KEY, bytes(size))
    except RuntimeError as error:
        if "memory" not in str(error).lower():
            raise
        return False
    finally:
        client.delete([_KEY])
    return True
