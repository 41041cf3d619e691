"""Agents of Ray are ended when their raylet is gone, and only then."""

import contextlib
import pathlib
import shutil
from collections.abc import Iterator

import psutil
import pytest

from yr_conformance.transfer.ray_agents import end_stranded
from yr_conformance.waiting import wait_until


@contextlib.contextmanager
def running(name: str, command: list[str]) -> Iterator[psutil.Process]:
    """Run a command for the block, from when its process has that name."""
    with psutil.Popen(command) as process:
        try:
            wait_until(lambda: process.cmdline()[:1] == [name], f"{name} runs")
            yield process
        finally:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()


def agent(name: str) -> contextlib.AbstractContextManager[psutil.Process]:
    """Run a process that looks like an agent of Ray."""
    return running(name, ["bash", "-c", f"exec -a {name} sleep 600"])


@pytest.mark.parametrize("name", ["ray::DashboardAgent", "ray::RuntimeEnvAgent"])
def test_an_agent_without_a_raylet_is_ended(name: str) -> None:
    """Nobody else would end it."""
    with agent(name) as stranded:
        end_stranded([stranded])

        assert stranded.wait(20) != 0


def test_other_processes_are_left_alone() -> None:
    """What is no agent must end by itself, or it is a leak."""
    with running("sleep", ["sleep", "600"]) as other:
        end_stranded([other])

        assert other.status() != psutil.STATUS_ZOMBIE


def test_an_agent_with_its_raylet_is_left_alone(tmp_path: pathlib.Path) -> None:
    """While the raylet lives, the agent is not stranded."""
    raylet = str(tmp_path / "raylet")
    shutil.copy("/bin/sleep", raylet)

    with running(raylet, [raylet, "600"]) as head, agent("ray::DashboardAgent") as one:
        end_stranded([head, one])

        assert one.status() != psutil.STATUS_ZOMBIE
