"""Walks: random steps that are taken by the fake and the released worker side by side.

Both sides take a step at the same time. What a walk must not depend on is kept out of it here:
a value near the end of its life is not looked at until that is over, and readers at another worker
may be late for as long as the known difference `stale-reads` says.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import time
from collections import Counter
from collections.abc import Sequence
from typing import Any, ClassVar

from areas import NAMES, Area, Step
from known_differences import load
from sdk_process import SdkProcess

_RUN = itertools.count()
_UNSURE_S = (0.5, 1.0)
"""A value is not looked at so long before its end, and so long after it."""
_DELAY_S = 0.1
_LOOKS = frozenset({"get", "exist"})


class DifferenceError(AssertionError):
    """A step that both sides took differently; knows the steps until then, and their prefix."""

    def __init__(self, prefix: str, steps: Sequence[Step], fake: Any, real: Any) -> None:
        super().__init__(
            f"{steps[-1]!r:.300}: the fake gave {fake!r:.600}, the real one {real!r:.600}"
        )
        self.prefix = prefix
        self.steps = list(steps)


class Walk:
    """One walk through an area."""

    seen: ClassVar[Counter[str]] = Counter()
    """How often a known difference was met, by its id, in all walks of this process."""
    steps_taken: ClassVar[int] = 0

    def __init__(self, area: Area, sides: tuple[SdkProcess, SdkProcess]) -> None:
        self._area = area
        self._sides = sides
        self._prefix = f"{os.getpid()}-{next(_RUN)}-"
        self._ends: dict[str, float] = {}
        self._stale = load().get("stale-reads")

    def take(self, steps: Sequence[Step]) -> None:
        """Take the steps; DifferenceError at the first that differs."""
        try:
            for number, step in enumerate(steps):
                self._settle(step)
                begin = time.monotonic()
                fake, real = self._both("play", self._prefix, step)
                Walk.steps_taken += 1
                self._note_end(step, begin)
                if fake != real and not self._is_known(step, begin):
                    raise DifferenceError(self._prefix, steps[: number + 1], fake, real)
        finally:
            self._both("clear", self._prefix, list(NAMES))

    def _both(self, *call: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        for side in self._sides:
            side.begin(*call)
        fake, real = (side.end() for side in self._sides)
        return fake, real

    def _is_known(self, step: Step, begin: float) -> bool:
        return self._was_at_its_end(step, begin) or self._is_stale(step)

    def _is_stale(self, step: Step) -> bool:
        """Ask again until both agree, where a reader may be late."""
        if not self._area.is_stale_elsewhere or self._stale is None:
            return False
        if step[1] not in self._stale.tolerated:
            return False
        deadline = time.monotonic() + self._stale.window_s
        while time.monotonic() < deadline:
            fake, real = self._both("play", self._prefix, step)
            if fake == real:
                Walk.seen[self._stale.id] += 1
                return True
        return False

    def _settle(self, step: Step) -> None:
        """Wait until it is certain whether what the step looks at is there."""
        for name in _looked_at(step):
            end = self._ends.get(name)
            before, after = _UNSURE_S
            if end is not None and end - before < time.monotonic() < end + after:
                time.sleep(max(0.0, end + after - time.monotonic()))

    def _was_at_its_end(self, step: Step, begin: float) -> bool:
        """Tell whether the step took so long that a value may have ended meanwhile."""
        now, before = time.monotonic(), _UNSURE_S[0]
        ends = [self._ends[name] for name in _looked_at(step) if name in self._ends]
        return any(begin < end - before < now for end in ends)

    def _note_end(self, step: Step, begin: float) -> None:
        match step:
            case [_, "set_for", name, _, seconds] | [_, "expire", name, seconds]:
                if int(seconds):
                    self._ends[name] = begin + int(seconds) + _DELAY_S
                elif step[1] == "set_for":
                    self._ends.pop(name, None)
            case [_, "set" | "delete", names, *_]:
                for name in names.split(","):
                    with contextlib.suppress(KeyError):
                        del self._ends[name]


def _looked_at(step: Step) -> list[str]:
    match step:
        case [_, "get" | "exist" | "delete" | "expire", names, *_]:
            return str(names).split(",")
        case [_, "call", _, _, list(keys), *_]:
            return [key.removeprefix("=") for key in keys if isinstance(key, str)]
    return []
