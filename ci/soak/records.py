"""What the soak has seen: transfers, errors, and which of them had no reason to be.

calm ----> fault ... mended ... every peer transfers again ----> calm
an error is expected only of a transfer that was under way outside the calm
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from dataclasses import dataclass, field

import ray

from ray_ascend.errors import RayAscendError

LIMIT_S = 60.0
"""A transfer that takes longer hangs: a chain puts and fetches twice, in 10 s each, and waits."""
_EXPECTED = (
    RayAscendError,
    ray.exceptions.RayActorError,
    ray.exceptions.ObjectFetchTimedOutError,
    ray.exceptions.RayDirectTransportError,
)
_RAYS_OWN_TIMEOUTS = ("RDT transfer failed after", "not found in RDT object store after")
_TEXT = 400


class WrongValueError(Exception):
    """What arrived is not what was sent."""


@dataclass
class Weather:
    """When it was calm; `storm` and `calm` are called by the thread that makes the faults."""

    _since: float = field(default_factory=time.monotonic)
    _calm: bool = True

    def storm(self) -> None:
        """A fault begins."""
        self._calm = False

    def calm(self) -> None:
        """All is well again."""
        self._since, self._calm = time.monotonic(), True

    def was_calm_since(self, begin: float) -> bool:
        """Tell whether no fault was there between `begin` (monotonic s) and now."""
        return self._calm and begin >= self._since


@dataclass
class Records:
    """Counted by all threads of the driver."""

    transfers: Counter[str] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)
    longest_s: dict[str, float] = field(default_factory=dict)
    faults: Counter[str] = field(default_factory=Counter)
    recovery_s: dict[str, float] = field(default_factory=dict)
    strikes: Counter[str] = field(default_factory=Counter)
    unexpected: list[str] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def succeeded(self, kind: str) -> None:
        """Count a transfer whose every byte was right."""
        with self._lock:
            self.transfers[kind] += 1

    def failed(self, kind: str, error: Exception, seconds: float, calm: bool) -> None:
        """Count an error, which is unexpected by its kind, its time, or in the calm."""
        name = name_of(error)
        with self._lock:
            self.errors[name] += 1
            self.longest_s[name] = max(self.longest_s.get(name, 0), round(seconds, 1))
        if calm:
            self.surprise(f"{kind}, without any fault: {name}: {error}")
        elif not is_expected(error) or seconds > LIMIT_S:
            self.surprise(f"{kind} after {seconds:.1f} s: {name}: {error}")

    def fault(self, name: str, recovered_s: float) -> None:
        """Count a fault and how long after it every peer transferred again."""
        with self._lock:
            self.faults[name] += 1
            self.recovery_s[name] = max(self.recovery_s.get(name, 0), round(recovered_s, 1))

    def struck(self, name: str, calls: int) -> None:
        """Count the calls that a fault plan has struck."""
        with self._lock:
            self.strikes[name] += calls

    def surprise(self, text: str) -> None:
        """Note what should not have happened."""
        with self._lock:
            self.unexpected.append(f"{time.strftime('%H:%M:%S')} {' '.join(text.split())[:_TEXT]}")


def cause_of(error: Exception) -> Exception:
    """Give the error that a task raised, out of Ray's wrapping."""
    cause = getattr(error, "cause", None)
    return cause if isinstance(cause, Exception) else error


def name_of(error: Exception) -> str:
    """Name the kind of an error."""
    cause = cause_of(error)
    status = getattr(cause, "status", "")
    return type(cause).__name__ + (f" [{status}]" if status else "")


def is_expected(error: Exception) -> bool:
    """Tell whether an error is one of those that a fault may cause: never a hang, never a crash."""
    cause = cause_of(error)
    if isinstance(cause, TimeoutError) and not isinstance(cause, _EXPECTED):
        return any(text in str(error) for text in _RAYS_OWN_TIMEOUTS)
    return isinstance(cause, _EXPECTED)
