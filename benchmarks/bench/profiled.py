"""Transfers between processes whose functions are measured: in a stage, for `--profile`.

The actors are others than those that are timed; the driver's process is measured from now on, which
is why this comes last.
"""

from __future__ import annotations

import time
from collections import defaultdict
from typing import Any, Final

import ray

from bench import hooks, payload, phases
from bench.contenders import Contender
from bench.registration import register
from bench.spans import RECORDING, Span
from bench.works import Work

_WARM: Final = 3
_PAUSE_S: Final = 0.05
"""After each transfer, in which its object is freed."""
_ANSWER_S: Final = 100.0


class ProfiledPeer:
    """A source or a receiver that records."""

    def __init__(self, contender: Contender) -> None:
        hooks.count_locks()
        register(contender)
        self._missing = hooks.install()
        self._tensors: list[Any] = []

    def missing(self) -> list[str]:
        """Give the places that are not there."""
        return self._missing

    def make(self, count: int, elements: int) -> list[Any]:
        """Give tensors that are there already, after the first time."""
        RECORDING.mark(phases.METHOD_BEGINS)
        if len(self._tensors) != count or len(self._tensors[0]) != elements:
            self._tensors = payload.made(count, elements)
        RECORDING.mark(phases.METHOD_ENDS)
        return self._tensors

    def read(self, tensors: list[Any]) -> float:
        """Touch what arrived."""
        RECORDING.mark(phases.READ_BEGINS)
        value = payload.read_little(tensors)
        RECORDING.mark(phases.READ_ENDS)
        return value

    def take(self) -> tuple[list[Span], dict[str, int]]:
        """Give what was recorded since the last time."""
        return RECORDING.take()


class Profiler:
    """Profiles contenders in the driver of a stage."""

    def __init__(self) -> None:
        self._pairs: dict[str, tuple[Any, Any]] = {}
        self._is_measured = False

    def profile(self, contender: Contender, work: Work, rounds: int) -> dict[str, Any]:
        """Give the phases of the work in milliseconds, what was counted, and what is missing."""
        if not self._is_measured:
            register(contender)
            hooks.install()
            self._is_measured = True
        source, receiver = self._pair(contender)
        for _ in range(_WARM):
            _transfer(contender, source, receiver, work)
        found = [_transfer(contender, source, receiver, work) for _ in range(rounds)]
        counts: dict[str, float] = defaultdict(float)
        for _, counted in found:
            for name, number in counted.items():
                counts[name] += number / rounds
        missing = ray.get(source.missing.remote(), timeout=_ANSWER_S)
        transfers = [transfer for transfer, _ in found]
        return {"phases": phases.phases(transfers), "counts": counts, "missing": missing}

    def _pair(self, contender: Contender) -> tuple[Any, Any]:
        if contender.name not in self._pairs:
            kind = ray.remote(num_cpus=0, enable_tensor_transport=True)(ProfiledPeer)
            self._pairs[contender.name] = (kind.remote(contender), kind.remote(contender))
        return self._pairs[contender.name]


def _transfer(
    contender: Contender, source: Any, receiver: Any, work: Work
) -> tuple[phases.Transfer, dict[str, int]]:
    make = source.make.options(tensor_transport=contender.transport)
    RECORDING.mark(phases.BEGIN)
    reference = make.remote(work.count, work.elements)
    answer = receiver.read.remote(reference)
    ray.get(answer, timeout=_ANSWER_S)
    RECORDING.mark(phases.END)
    del reference, answer
    RECORDING.mark(phases.DROPPED)
    time.sleep(_PAUSE_S)
    driver, of_driver = RECORDING.take()
    (of_source, counted), (of_receiver, more) = ray.get(
        [source.take.remote(), receiver.take.remote()], timeout=_ANSWER_S
    )
    kernel = hooks.kernel_times(counted, more)
    counts = _named("driver", of_driver, driver)
    counts |= _named("source", counted, of_source) | _named("receiver", more, of_receiver)
    return phases.Transfer(driver, of_source, of_receiver, kernel), counts


def _named(process: str, counted: dict[str, int], spans: list[Span]) -> dict[str, int]:
    named = {f"{process}: {name}": n for name, n in counted.items() if not hooks.is_time(name)}
    for span in spans:
        if span.end > span.begin:
            name = f"{process}: calls, {span.name}"
            named[name] = named.get(name, 0) + 1
    return named
