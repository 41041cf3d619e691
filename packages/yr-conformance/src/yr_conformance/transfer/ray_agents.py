"""Ray's agents on a node, which may come after their raylet and outlive it.

They are children of the raylet and look themselves whether it is there; nobody else ends them.
Nobody waits for them either: under load they listen seconds after `ray.init` (2.60.0).
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from functools import partial
from typing import Final

import psutil

from yr_conformance.listening import listening_ports
from yr_conformance.waiting import wait_until

RAYLET: Final = "raylet"
_LISTENING: Final = "ray::RuntimeEnvAgent"
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


def wait_for_agents(raylets: Iterable[psutil.Process]) -> None:
    """Wait until the agents of these raylets listen, so that no later look finds them new."""
    for raylet in raylets:
        wait_until(partial(_listens, raylet), f"the agent of raylet {raylet.pid} listens")


def _listens(raylet: psutil.Process) -> bool:
    """Ask for the agent of runtime environments: without `ray[default]` the other never does."""
    agents = [child.pid for child in raylet.children() if _LISTENING in _command_of(child)]
    return bool(agents) and all(listening_ports(agents).values())


def _name_of(process: psutil.Process) -> str:
    with contextlib.suppress(psutil.Error):
        return process.name()
    return ""


def _command_of(process: psutil.Process) -> str:
    with contextlib.suppress(psutil.Error):
        return " ".join(process.cmdline())
    return ""
