"""Whether concurrent calls on one key were answered as if they had happened one after the other.

The search of Wing and Gong, with Lowe's memory of what was tried: the calls done so far, and the
value then. A key is checked alone, which is enough (Herlihy and Wing: linearizability is local).
The maintained checker, Porcupine, is a library for Go, which nothing else here needs.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

Value = str | None


@dataclass(frozen=True)
class Call:
    """One call on one key: when it began and ended, what was asked and what was answered."""

    begin: float
    end: float
    what: str
    argument: str = ""
    result: str = ""


MISSING = "missing"


def follows(value: Value, call: Call) -> Iterator[Value]:
    """Give the values that a key may have after a call on it, none if the answer is impossible."""
    match call.what:
        case "set":
            yield call.argument
        case "delete":
            yield None
        case "add":
            # Only a key that does not exist is stored.
            if call.result != ("ok" if value is None else "exists"):
                return
            yield call.argument if value is None else value
        case "get" if call.result == (MISSING if value is None else value):
            yield value
        case "exist" if call.result == str(value is not None):
            yield value


def is_linearizable(calls: Iterable[Call], value: Value = None) -> bool:
    """Tell whether there is an order of all calls that explains every answer."""
    pending = tuple(sorted(calls, key=lambda call: call.begin))
    tried: set[tuple[frozenset[int], Value]] = set()
    stack: list[tuple[frozenset[int], Value]] = [(frozenset(range(len(pending))), value)]
    while stack:
        state = stack.pop()
        left, now = state
        if not left:
            return True
        if state in tried:
            continue
        tried.add(state)
        for number in _first(pending, left):
            stack += [(left - {number}, after) for after in follows(now, pending[number])]
    return False


def relaxed(calls: Sequence[Call], window_s: float, readers: Iterable[int]) -> list[Call]:
    """Let some calls see what was so up to `window_s` earlier, as readers at another worker may."""
    late = set(readers)
    return [
        Call(call.begin - window_s, call.end, call.what, call.argument, call.result)
        if number in late and call.what in {"get", "exist"}
        else call
        for number, call in enumerate(calls)
    ]


def _first(calls: Sequence[Call], left: frozenset[int]) -> list[int]:
    """Give the calls that may come next: no other one that is left ended before they began."""
    earliest_end = min(calls[number].end for number in left)
    return [number for number in left if calls[number].begin <= earliest_end]
