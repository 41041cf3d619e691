"""Call journal: which public methods of the SDK's clients a process called, with which keys.

The methods of `KVClient` and `HeteroClient` are wrapped where they are looked up, and each call
goes on to the real one: nothing is replaced, so the same journal works on every target.

    transport -> KVClient.mcreate (ours: note name and keys) -> KVClient.mcreate (the SDK's)
"""

from __future__ import annotations

import dataclasses
import functools
import threading
from collections.abc import Callable, Sequence
from typing import Any

from yr_conformance.fair_time import Elapsed, Stopwatch

CREATES = ("mcreate", "set", "mset", "msettx", "set_value", "dev_mset")
PUBLISHES = ("mset_buffer",)
GETS = ("get", "get_buffers", "get_read_only_buffers", "read", "dev_subscribe", "dev_mget")
DELETES = ("delete", "dev_delete")
STAGING = ("mset_d2h", "mget_h2d")
OTHERS = ("exist", "expire", "health_check", "generate_key", "init", "get_meta_info")

LATE_S = 1.0
"""What fails sooner was refused; what fails later has run out of the time that a request has."""


@dataclasses.dataclass(frozen=True)
class Call:
    """One call of a client's method; `sizes` in bytes where the call names them.

    `refused` are the keys that a deleting call gave back: they are there still.
    """

    name: str
    keys: tuple[str, ...] = ()
    sizes: tuple[int, ...] = ()
    refused: tuple[str, ...] = ()
    failed_after: Elapsed | None = None


class CallJournal:
    """The calls of this process; appended to from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._calls: list[Call] = []
        self._asked = 0
        self._installed = False

    def install(self, *client_classes: Any) -> None:
        """Wrap the methods of the classes, once in this process."""
        with self._lock:
            if self._installed:
                return
            self._installed = True
        for name in (*CREATES, *PUBLISHES, *GETS, *DELETES, *STAGING, *OTHERS):
            for one in client_classes:
                if method := getattr(one, name, None):
                    setattr(one, name, self._noting(name, method))

    def take(self) -> list[Call]:
        """Return the calls since the last time and forget them.

        TooBusyError if one failed on a machine that gave nobody time: the transport repeats it.
        """
        return _in_time(self.forget())

    def forget(self) -> list[Call]:
        """Return the calls since the last time and forget them, whatever became of them."""
        with self._lock:
            calls, self._calls, self._asked = self._calls, [], 0
        return calls

    def created_keys(self) -> list[str]:
        """Return keys of creating calls since this was last asked; TooBusyError as in `take`."""
        return _created(self._new())

    def created_and_stored_keys(self) -> tuple[list[str], list[str]]:
        """Return the same, and those of them that were stored.

        What could not be stored is deleted and stored again under another key.
        """
        new = self._new()
        created = _created(new)
        if not any(call.failed_after for call in new if call.name in (*CREATES, *PUBLISHES)):
            return created, created
        deleted = {key for call in new if call.name in DELETES for key in call.keys}
        return created, [key for key in created if key not in deleted]

    def _new(self) -> list[Call]:
        with self._lock:
            new, self._asked = self._calls[self._asked :], len(self._calls)
        return _in_time(new)

    def _noting(self, name: str, method: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(method)
        def noted(*arguments: Any, **named: Any) -> Any:
            call, watch = _call(name, arguments[1:], named), Stopwatch()
            with self._lock:
                self._calls.append(call)
            try:
                result = method(*arguments, **named)
            except Exception:
                refused = call.keys if name in DELETES else ()
                self._note(call, failed_after=watch.read(), refused=refused)
                raise
            if name in DELETES and isinstance(result, list):
                self._note(call, refused=tuple(result))
            return result

        return noted

    def _note(self, call: Call, **changes: Any) -> None:
        noted = dataclasses.replace(call, **changes)
        with self._lock:
            self._calls = [noted if one is call else one for one in self._calls]


_journal = CallJournal()


def start_journal() -> None:
    """Begin to note calls in this process; run in the actor or in the test."""
    from yr.datasystem import HeteroClient, KVClient

    _journal.install(KVClient, HeteroClient)
    _journal.forget()


def take_calls() -> list[Call]:
    """Return and forget the calls that this process made."""
    return _journal.take()


def calls_for_new_objects() -> list[Call]:
    """Return and forget the calls, less deletes of keys that were created before the journal.

    References that earlier clauses dropped are collected at any time, also in one call with others.
    """
    return without_older_keys(take_calls())


def without_older_keys(calls: Sequence[Call]) -> list[Call]:
    """Take keys that none of the calls created out of deletes, and deletes of nothing else out."""
    created = {key for call in calls if call.name in CREATES for key in call.keys}
    newer = [
        dataclasses.replace(call, keys=tuple(key for key in call.keys if key in created))
        if call.name in DELETES
        else call
        for call in calls
    ]
    return [call for call in newer if call.name not in DELETES or call.keys]


def created_keys() -> list[str]:
    """Return the keys that this process created since this was last asked; calls stay noted."""
    return _journal.created_keys()


def created_and_stored_keys() -> tuple[list[str], list[str]]:
    """Return the keys as `created_keys` does, and those that were stored."""
    return _journal.created_and_stored_keys()


def _created(calls: list[Call]) -> list[str]:
    return [key for call in calls if call.name in CREATES for key in call.keys]


def _in_time(calls: list[Call]) -> list[Call]:
    for call in calls:
        if call.failed_after and call.failed_after.real_s > LATE_S:
            call.failed_after.check_fair(f"{call.name} failed")
    return calls


def _call(name: str, arguments: tuple[Any, ...], named: dict[str, Any]) -> Call:
    first = arguments[0] if arguments else named.get("keys", named.get("key"))
    second = arguments[1] if len(arguments) > 1 else named.get("sizes")
    if isinstance(first, str):
        return Call(name, (first,), (len(second),) if isinstance(second, bytes) else ())
    keys = tuple(key for key in _items(first) if isinstance(key, str))
    sizes = tuple(size for item in _items(second) for size in _sizes(item))
    return Call(name, keys, sizes)


def _sizes(item: Any) -> list[int]:
    """Give the size that a call names, or those of a list of device memory."""
    if isinstance(item, int):
        return [item]
    return [blob.size for blob in item.get_blob_list()] if hasattr(item, "get_blob_list") else []


def _items(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list | tuple) else ()
