"""The fault plan: which call into the emulated CANN, or which task of a stream, goes wrong.

    Plan([Fault("aclrtMemcpyAsync", nth=3), Fault("HcclSend", action="kill")], seed=7)
        ── environment() ──► YR_FAKE_CANN_FAULTS ──► the native library of a process started with it

The native library reads the plan once per process, so it takes effect in processes started after it
was set, and occurrences are counted in each process by itself.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal

VARIABLE: Final = "YR_FAKE_CANN_FAULTS"


@dataclass(frozen=True)
class Fault:
    """One rule of a plan.

    `function` is a name of CANN's or a pattern (``Hccl*``). `device` is the physical NPU. `at`
    says whether the call fails when it is made or, for a function that queues work, when its task
    runs: events behind a failed task never complete. `nth` counts from 1; `onwards` means that one
    and all after it. `code` is the status to fail with (0: the internal error of the function's
    library), `milliseconds` the length of a delay. ``kill`` ends the process with SIGKILL.

    Raises ValueError when a value could not mean anything.
    """

    function: str = "*"
    action: Literal["fail", "delay", "kill"] = "fail"
    device: int | None = None
    at: Literal["call", "task"] = "call"
    nth: int = 1
    onwards: bool = False
    probability: float = 1.0
    code: int = 0
    milliseconds: int = 0

    def __post_init__(self) -> None:
        if not self.function or any(character in self.function for character in " ;=#\n"):
            raise ValueError(f"function={self.function!r} is no name or pattern of a function")
        if self.nth < 1:
            raise ValueError(f"nth={self.nth}: occurrences are counted from 1")
        if not 0 <= self.probability <= 1:
            raise ValueError(f"probability={self.probability} is not between 0 and 1")
        if (self.action == "delay") != (self.milliseconds > 0):
            raise ValueError(f"action={self.action!r} with milliseconds={self.milliseconds}")
        if self.code and self.action != "fail":
            raise ValueError(f"code={self.code} has no meaning for action={self.action!r}")

    def rule(self) -> str:
        """Return the rule as the native library reads it."""
        words = {
            "function": self.function,
            "device": self.device,
            "at": self.at,
            "nth": f"{self.nth}{'+' if self.onwards else ''}",
            "probability": self.probability if self.probability < 1 else None,
            "action": self.action,
            "code": self.code or None,
            "ms": self.milliseconds or None,
        }
        return " ".join(f"{name}={value}" for name, value in words.items() if value is not None)


@dataclass(frozen=True)
class Plan:
    """Rules, all of which see every call, and the seed of those with a probability."""

    faults: tuple[Fault, ...]
    seed: int = 0

    def __init__(self, faults: Iterable[Fault], seed: int = 0) -> None:
        object.__setattr__(self, "faults", tuple(faults))
        object.__setattr__(self, "seed", seed)

    def text(self) -> str:
        """Return the plan as the native library reads it, from a file or from the variable."""
        return "\n".join([f"seed={self.seed}", *(fault.rule() for fault in self.faults)])

    def environment(self) -> dict[str, str]:
        """Return the variable to start a process with so that the plan holds in it."""
        return {VARIABLE: self.text()}
