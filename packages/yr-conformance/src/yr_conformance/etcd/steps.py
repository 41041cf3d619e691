"""Steps on the way to an etcd in a container: how long each may take, what to say if it fails.

load -> engine -> image -> image of the reaper -> reaper -> start -> health
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any, Final

from yr_conformance.dialogue import NoAnswerError, Partner, RefusalError
from yr_conformance.etcd.errors import UnavailableError
from yr_conformance.waiting import PATIENCE_S

_EXPECTED: Final = f"{UnavailableError.__name__}: "
_MOST_CAUSE: Final = 400


@dataclass(frozen=True)
class Limits:
    """Times in seconds; none of them is spent where the engine works."""

    answer_s: float = 10.0
    """For one answer of the engine, which takes milliseconds; starting an image below a second."""
    step_s: float = 30.0
    """For one step, which takes several answers."""
    pull_s: float = PATIENCE_S
    """For pulling an image."""
    reaper_s: float = 30.0
    """For starting and reaching the reaper container.

    testcontainers itself gives one up after 25 s that refuses, after 75 s that says nothing.
    """
    health_s: float = 30.0
    """Until an etcd that was started is healthy."""
    total_s: float = PATIENCE_S
    """For all steps together."""


@dataclass(frozen=True)
class Step:
    """One step: what failed, on what, and what the user can do; {} is the subject's place."""

    failure: str
    remedy: str

    def reason(self, subject: str, cause: str) -> str:
        """Say it in one line."""
        shown = cause if len(cause) <= _MOST_CAUSE else f"{cause[:_MOST_CAUSE]}..."
        return f"{self.failure.format(subject)} ({shown}): {self.remedy}"


LOAD: Final = Step(
    "testcontainers cannot be used",
    "pip install 'yr-conformance[etcd]' if it is not there, else look at its settings "
    "(TESTCONTAINERS_*, TC_*, ~/.testcontainers.properties)",
)
ENGINE: Final = Step(
    "no container engine at {}", "start one that this user may use, or name it with DOCKER_HOST"
)
IMAGE: Final = Step(
    "no image {}", "load it into the engine, or name another with YR_CONFORMANCE_ETCD_IMAGE"
)
REAPER_IMAGE: Final = Step(
    "no image {} of testcontainers' reaper",
    "load it into the engine, name another with RYUK_CONTAINER_IMAGE, or do without with "
    "TESTCONTAINERS_RYUK_DISABLED=true",
)
REAPER: Final = Step(
    "the reaper container, of {}, does not work",
    "name the address of the engine's ports with TESTCONTAINERS_HOST_OVERRIDE, or do without with "
    "TESTCONTAINERS_RYUK_DISABLED=true",
)
START: Final = Step(
    "the engine cannot start {}",
    "give the engine what it lacks, or name another engine with DOCKER_HOST",
)
HEALTH: Final = Step(
    "the etcd in {} does not answer",
    "the engine has to publish ports on this machine's loopback, and the image to have etcd",
)


class Way:
    """Goes the steps with a keeper, and stops at the first that fails."""

    def __init__(self, keeper: Partner, limits: Limits) -> None:
        self._keeper, self._limits = keeper, limits
        self._deadline = time.monotonic() + limits.total_s
        self.hangs = False
        """Whether the keeper did not answer, so that it cannot remove anything either."""

    def take(
        self,
        step: Step,
        subject: str,
        question: str,
        *arguments: Any,
        within_s: float | None = None,
    ) -> Any:
        """Ask the keeper; UnavailableError with the step's reason if it fails or takes too long."""
        try:
            return self._keeper.ask(question, *arguments, within_s=self.left_s(within_s))
        except NoAnswerError as error:
            self.hangs = True
            raise UnavailableError(step.reason(subject, error.cause)) from None
        except RefusalError as error:
            cause = error.cause.removeprefix(_EXPECTED)
            raise UnavailableError(step.reason(subject, cause)) from None

    def left_s(self, most_s: float | None = None) -> float:
        """Give the seconds of the next step: those of any step, or all that are left, if less."""
        left_s = max(0.0, self._deadline - time.monotonic())
        return min(self._limits.step_s if most_s is None else most_s, left_s)
