"""The command `dscli`, run as a user runs it."""

from __future__ import annotations

import subprocess
import time
from dataclasses import dataclass

from yr_conformance.waiting import PATIENCE_S


@dataclass(frozen=True)
class Outcome:
    """What a run of dscli said and how it ended."""

    command: tuple[str, ...]
    status: int
    output: str
    errors: str
    seconds: float

    @property
    def text(self) -> str:
        """Both streams, for assertions on what the user reads."""
        return self.output + self.errors


def dscli(*arguments: str, timeout_s: float = PATIENCE_S) -> Outcome:
    """Run dscli to its end; subprocess.TimeoutExpired after so many seconds."""
    command = ("dscli", *arguments)
    begin = time.monotonic()
    finished = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=timeout_s,
        check=False,
    )
    seconds = time.monotonic() - begin
    return Outcome(command, finished.returncode, finished.stdout, finished.stderr, seconds)
