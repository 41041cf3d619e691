"""What happens in a process, and which metrics it moves.

A transfer makes one of these and is done; a thread that has the time asks for the samples.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, NamedTuple, Protocol

from ray_ascend.metrics.definitions import (
    BYTES,
    FAILURES,
    RETRIES,
    SECONDS,
    TRANSFERS,
    WORKER_RESTARTS,
    Definition,
)

Phase = Literal["store", "receive", "free"]


class Sample(NamedTuple):
    """A number for one metric; `labels` in the order of its definition."""

    metric: Definition
    labels: tuple[str, ...]
    value: float


class Event(Protocol):
    """Something that moves metrics."""

    def samples(self) -> Iterator[Sample]:
        """Give the numbers by which they move."""


class Transferred(NamedTuple):
    """An object of `size` bytes, on one kind of device at its source, was stored or received."""

    phase: Phase
    device: str
    size: int
    seconds: float

    def samples(self) -> Iterator[Sample]:
        """See Event."""
        labels = (self.phase, self.device)
        yield Sample(TRANSFERS, labels, 1)
        yield Sample(BYTES, labels, self.size)
        yield Sample(SECONDS, labels, self.seconds)


class Freed(NamedTuple):
    """The last reference to an object of `size` bytes has gone, and its deletion was asked for."""

    device: str
    size: int

    def samples(self) -> Iterator[Sample]:
        """See Event."""
        labels = ("free", self.device)
        yield Sample(TRANSFERS, labels, 1)
        yield Sample(BYTES, labels, self.size)


class Failed(NamedTuple):
    """A transfer ended with an error; `reason` is the name of its class."""

    phase: Phase
    reason: str

    def samples(self) -> Iterator[Sample]:
        """See Event."""
        yield Sample(FAILURES, (self.phase, self.reason), 1)


class Retried(NamedTuple):
    """An attempt will be made again."""

    reason: Literal["unreachable", "no_room"]

    def samples(self) -> Iterator[Sample]:
        """See Event."""
        yield Sample(RETRIES, (self.reason,), 1)


class WorkerRestarted(NamedTuple):
    """The worker of a node, at this address, is another one than before."""

    host: str

    def samples(self) -> Iterator[Sample]:
        """See Event."""
        yield Sample(WORKER_RESTARTS, (self.host,), 1)
