"""Whether a worker has room for a value, found out by storing one; what it says of its memory."""

from __future__ import annotations

import contextlib
import pathlib
from collections.abc import Iterable
from typing import Any

import psutil

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


def accounts(pids: Iterable[int]) -> str:
    """Give the last line of the resource.log of each of these workers, without its head.

    Its first numbers are shared memory: used, held, limit (openyuanrong-datasystem 0.8.1, which
    writes a line every 10 s).
    """
    return "; ".join(filter(None, map(_account, pids))) or "nothing is known of its memory"


def _account(pid: int) -> str:
    with contextlib.suppress(psutil.Error, OSError):
        for word in psutil.Process(pid).cmdline():
            if word.startswith("--log_dir="):
                log = pathlib.Path(word.partition("=")[2], "resource.log")
                lines = log.read_text(encoding="utf-8").splitlines()
                return f"worker {pid}: " + "".join(lines[-1:]).partition("|  |")[2].strip()
    return ""
