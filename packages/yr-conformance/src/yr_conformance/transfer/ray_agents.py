"""Ray's agents on a node, which may outlive their raylet.

They are children of the raylet and look themselves whether it is there; nobody else ends them.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from typing import Final

import psutil

RAYLET: Final = "raylet"
AGENTS: Final = ("DashboardAgent", "RuntimeEnvAgent", "dashboard/agent.py", "runtime_env/agent")


def end_stranded(processes: Iterable[psutil.Process]) -> None:
    """Kill the agents among these processes if there is no raylet among them."""
    commands = {process: _command_of(process) for process in processes}
    if any(_name_of(process) == RAYLET for process in commands):
        return
    for process, command in commands.items():
        if any(agent in command for agent in AGENTS):
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()


def _name_of(process: psutil.Process) -> str:
    with contextlib.suppress(psutil.Error):
        return process.name()
    return ""


def _command_of(process: psutil.Process) -> str:
    with contextlib.suppress(psutil.Error):
        return " ".join(process.cmdline())
    return ""
