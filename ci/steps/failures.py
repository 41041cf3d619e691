"""What a log says of a failure, short enough for the last screen of a run."""

from __future__ import annotations

import pathlib
import re

_TELLING = re.compile(r"^(E  |_{3,} .+ _{3,}$|FAILED |ERROR |\S+:\d+: )")
_NOISE = re.compile(r"^(SKIPPED |\[gw\d+\] )")
_TELLING_LINES = 50
_LAST_LINES = 25


def excerpt(log: pathlib.Path) -> list[str]:
    """Give what pytest says of the tests that failed, and the end of the log.

    A service that runs the gate may keep only the end of its output, and a lane that ends later
    prints hundreds of lines after the failure.
    """
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    lines = [line for line in lines if not _NOISE.match(line)]
    before, last = lines[:-_LAST_LINES], lines[-_LAST_LINES:]
    return [*(line for line in before if _TELLING.match(line))][-_TELLING_LINES:] + last
