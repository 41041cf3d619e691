"""Distribution: which tests one process of xdist runs together, and which of them come first.

    tests --group_of--> groups --longest first--> whichever process has nothing left to do

What shares a Ray cluster or a costly situation stays in one process: a second cluster for the same
clauses costs more than the process saves. xdist's own groups (`--dist loadgroup`) are known before
the kind of device is, and go to processes in the order of collection, the longest perhaps last.
"""

from __future__ import annotations

import pathlib
import re
from collections.abc import Iterable
from typing import Any, Final

import pytest
from xdist.scheduler import LoadScopeScheduling

TRANSFERS: Final = frozenset({"xfer", "gc", "cost", "hccl"})
"""Chapters whose clauses share one Ray cluster and its actors."""
TOGETHER: Final = frozenset({"mode"})
"""Chapters that have one costly situation for all of their files."""
SECONDS: Final = {
    "fault": 6.0,
    "mode": 2.3,
    "gc": 2.0,
    "cost": 1.7,
    "xfer": 0.7,
    "hccl": 0.6,
    "test_lost_sides": 4.0,
    "dev": 0.6,
    "test_lost_senders": 30.0,
    "life": 8.0,
    "test_apart": 30.0,
    "test_cut": 19.0,
    "test_departure": 15.0,
    "test_drivers": 12.0,
    "test_transport": 12.0,
}
"""What one test takes, about, by file or else by chapter; measured on the fake and two CPUs."""
OTHER_SECONDS: Final = 0.35
REPLACED: Final = frozenset({"load", "loadfile"})
_DEVICE = re.compile(r"\[(?:.*-)?(?P<name>cpu|npu)(?:-.*)?\]$")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Distribute by groups, unless the user asked for another of xdist's ways."""
    return GroupScheduling(config, log) if config.getvalue("dist") in REPLACED else None


class GroupScheduling(LoadScopeScheduling):
    """Hands out whole groups, the longest first."""

    def _split_scope(self, nodeid: str) -> str:
        return group_of(nodeid)

    def _assign_work_unit(self, node: Any) -> None:
        longest = max(self.workqueue, key=lambda group: seconds_of(self.workqueue[group]))
        self.workqueue.move_to_end(longest, last=False)
        super()._assign_work_unit(node)


def group_of(nodeid: str) -> str:
    """Give the name of the group of a test: its chapter or file, and its kind of device."""
    file = pathlib.PurePath(nodeid.partition("::")[0])
    chapter = file.parent.name
    device = _DEVICE.search(nodeid)
    kind = f" {device['name']}" if device else ""
    if chapter in TRANSFERS:
        return f"transfers{kind or ' cpu'}"
    return chapter if chapter in TOGETHER else f"{file}{kind}"


def seconds_of(nodeids: Iterable[str]) -> float:
    """Estimate how long these tests take together."""
    files = (pathlib.PurePath(nodeid.partition("::")[0]) for nodeid in nodeids)
    return sum(_seconds_in(file) for file in files)


def _seconds_in(file: pathlib.PurePath) -> float:
    return SECONDS.get(file.stem, SECONDS.get(file.parent.name, OTHER_SECONDS))
