"""Spans of time by name, recorded in one process, and what of each is its own.

    |---------- store ----------|
       |-ledger-| |--- copy ---|        store's own time is what these leave of it

Times are `time.perf_counter_ns`, which on Linux is one clock for all processes of a machine.
"""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any, Final, NamedTuple


class Span(NamedTuple):
    """A block of a thread of a process; nanoseconds."""

    name: str
    thread: int
    begin: int
    end: int


class Recording:
    """The spans and counts of this process since they were last taken; any thread."""

    def __init__(self) -> None:
        self._spans: list[tuple[str, int, int, int]] = []
        self._counts: dict[str, int] = defaultdict(int)

    def mark(self, name: str) -> None:
        """Record a moment."""
        now = time.perf_counter_ns()
        self._spans.append((name, threading.get_ident(), now, now))

    def count(self, name: str, number: int = 1) -> None:
        """Add to a count."""
        self._counts[name] += number

    def timed(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """Wrap a function so that its calls are recorded."""
        spans, clock, thread = self._spans, time.perf_counter_ns, threading.get_ident

        def call(*arguments: Any, **named: Any) -> Any:
            begin = clock()
            try:
                return function(*arguments, **named)
            finally:
                spans.append((name, thread(), begin, clock()))

        return call

    def take(self) -> tuple[list[Span], dict[str, int]]:
        """Give what was recorded, and begin anew."""
        spans = [Span(*one) for one in self._spans]
        counts = dict(self._counts)
        self._spans.clear()
        self._counts.clear()
        return spans, counts


RECORDING: Final = Recording()
"""That of this process."""


def own_times(spans: Iterable[Span]) -> dict[str, int]:
    """Give the nanoseconds that each name has for itself: without the spans inside its own."""
    total: dict[str, int] = defaultdict(int)
    threads: dict[int, list[Span]] = defaultdict(list)
    for span in spans:
        threads[span.thread].append(span)
    for of_thread in threads.values():
        around: list[Span] = []
        # Of two that begin at once, the longer one is around the other.
        for span in sorted(of_thread, key=lambda one: (one.begin, -one.end)):
            while around and around[-1].end <= span.begin:
                around.pop()
            length = span.end - span.begin
            total[span.name] += length
            if around:
                total[around[-1].name] -= length
            around.append(span)
    return dict(total)
