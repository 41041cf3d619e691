"""One transfer by phase: from the spans of driver, source and receiver to milliseconds.

    driver     |submit|                                                      |answer|
    source            |method| |---- store ----|                    . . . |free|
    receiver                                      |--- receive ---| |read|
                     Ray      Ray             Ray                Ray     Ray

What is in between is Ray's. The phases up to `answer` add up to the whole.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from bench.spans import Span, own_times

BEGIN, END, DROPPED = "begin", "end", "dropped"
METHOD_BEGINS, METHOD_ENDS = "method begins", "method ends"
READ_BEGINS, READ_ENDS = "read begins", "read ends"
WHOLE: Final = "whole transfer"
LATER: Final = "later: "
FAULTS: Final = "page faults"
_STORE: Final = ("transport: store, rest",)
_RECEIVE: Final = ("transport: receive, rest", "transport: announce")
_FREE: Final = ("transport: free, rest",)


@dataclass(frozen=True)
class Transfer:
    """What three processes recorded of one transfer; `kernel_ns` in copies, by their phase."""

    driver: Sequence[Span]
    source: Sequence[Span]
    receiver: Sequence[Span]
    kernel_ns: Mapping[str, int]


def phases(transfers: Iterable[Transfer]) -> dict[str, float]:
    """Give the median of each phase in milliseconds, in the order in which they happen."""
    rows = [_phases(one) for one in transfers]
    names = dict.fromkeys(name for row in rows for name in row)
    return {name: statistics.median(row.get(name, 0.0) for row in rows) for name in names}


def _phases(one: Transfer) -> dict[str, float]:
    store, receive = _block(one.source, _STORE), _block(one.receiver, _RECEIVE)
    begin, end = _moment(one.driver, BEGIN), _moment(one.driver, END)
    reads = _moment(one.receiver, READ_BEGINS)
    found = {
        WHOLE: end - begin,
        "Ray: call to method": _moment(one.source, METHOD_BEGINS) - begin,
        "method": _moment(one.source, METHOD_ENDS) - _moment(one.source, METHOD_BEGINS),
        "Ray: method to store": store.begin - _moment(one.source, METHOD_ENDS),
        **_inside(one.source, store, one.kernel_ns),
        "Ray: store to receive": receive.begin - store.end,
        **_inside(one.receiver, receive, one.kernel_ns),
        "Ray: receive to read": reads - receive.end,
        "read": _moment(one.receiver, READ_ENDS) - reads,
        "Ray: read to answer": end - _moment(one.receiver, READ_ENDS),
        **_freed(one),
    }
    return {name: nanoseconds / 1e6 for name, nanoseconds in found.items()}


def _inside(spans: Sequence[Span], block: Span, kernel_ns: Mapping[str, int]) -> dict[str, int]:
    """Give the own times of a block of a thread; what the kernel does in a copy is page faults."""
    own = own_times(_within(spans, block))
    # A block may be of several calls of Ray's, one after the other, and Ray's time between them.
    first = next(name for name in own if name in (*_STORE, *_RECEIVE))
    own[first] += (block.end - block.begin) - sum(own.values())
    found: dict[str, int] = {}
    for name, taken in own.items():
        faults = min(kernel_ns.get(name, 0), taken)
        found[name] = taken - faults
        if name in kernel_ns:
            found[f"{name}: {FAULTS}"] = faults
    return found


def _within(spans: Sequence[Span], block: Span) -> list[Span]:
    return [
        one
        for one in spans
        if one.thread == block.thread and block.begin <= one.begin and one.end <= block.end
    ]


def _freed(one: Transfer) -> dict[str, int]:
    frees = [span for span in one.source if span.name in _FREE]
    dropped = _moment(one.driver, DROPPED)
    block = next((span for span in frees if span.begin >= dropped), None)
    if block is None:
        return {}
    own = own_times(_within(one.source, block))
    inside = {LATER + name: taken for name, taken in own.items()}
    return {f"{LATER}Ray: dropped to free": block.begin - dropped, **inside}


def _block(spans: Sequence[Span], names: Sequence[str]) -> Span:
    found = [one for one in spans if one.name in names]
    if not found:
        raise ValueError(f"nothing was recorded of {names}: the transport has other functions now")
    thread = found[0].thread
    ours = [one for one in found if one.thread == thread]
    return Span("", thread, min(one.begin for one in ours), max(one.end for one in ours))


def _moment(spans: Sequence[Span], name: str) -> int:
    found = next((one.begin for one in spans if one.name == name), None)
    if found is None:
        raise ValueError(f"the moment {name!r} was not recorded")
    return found
