"""A driver that registers as it is told to, in a process and a Ray cluster of its own.

    test <--dialogue--> driver -- Ray -- nodes -- workers

Started with `-m yr_conformance.settings.driver HOST...`, one Ray node for each address; it ends
when its standard input does. Public methods of Driver are what a test may ask for.
"""

from __future__ import annotations

import contextlib
import logging
import os
import pathlib
import sys
import tempfile
import time
from typing import Any, Final

import psutil

from yr_conformance.datasystem.room import has_room
from yr_conformance.dialogue import answers, serve
from yr_conformance.fair_time import Stopwatch
from yr_conformance.leaks import RAY_VARIABLE
from yr_conformance.nodes.remains import left_after
from yr_conformance.settings.attempt import Attempt, RunningWorker
from yr_conformance.settings.ray_nodes import Spy, ray_nodes
from yr_conformance.settings.running import workers_among
from yr_conformance.settings.variables import OURS
from yr_conformance.transfer.call_journal import created_keys, start_journal
from yr_conformance.transfer.ray_session import marked_processes
from yr_conformance.waiting import PATIENCE_S, wait_until

_VALUES: Final = [3.0, 1.0, 4.0]


class Driver:
    """Registers, transfers, looks and cleans up; one call at a time."""

    def __init__(self, directory: pathlib.Path, spy: Spy) -> None:
        self._directory, self._spy = directory, spy
        self._said: list[str] = []
        self._living: list[Any] = []
        handler = logging.Handler(logging.WARNING)
        handler.emit = lambda record: self._said.append(record.getMessage())  # type: ignore[method-assign]
        logging.getLogger("ray_ascend").addHandler(handler)

    def register(self, settings: dict[str, str]) -> Attempt:
        """Register with exactly these variables; a failure is part of the answer."""
        from yr_conformance.transfer.registration import register_transport

        for name in OURS:
            os.environ.pop(name, None)
        os.environ.update(settings)
        self._said.clear()
        self._spy.starts()
        actors, before, watch = _actors_made(), self.traces(), Stopwatch()
        failure: Exception | None = None
        try:
            register_transport()
        except Exception as error:
            failure = error
        took = watch.read()
        return Attempt(
            error=type(failure).__name__ if failure else "",
            text=str(failure) if failure else "",
            variable=getattr(failure, "name", ""),
            took=took,
            warnings=tuple(self._said),
            actors=_actors_made() - actors,
            starts=tuple(self._spy.starts()),
            left=tuple(self._left_since(before)) if failure else (),
        )

    def cleanup(self) -> list[str]:
        """Take the backend down; gives what is left of it."""
        from ray_ascend.utils import cleanup_yr_resources

        self._living.clear()
        cleanup_yr_resources()
        return self._left_since([])

    def workers(self) -> list[RunningWorker]:
        """Look at the workers of this cluster, in the order of their addresses."""
        return workers_among(_processes())

    def transfer(self) -> list[float]:
        """Get a tensor, here on the first node, from an actor on the last; gives its values."""
        import ray

        values: list[float] = ray.get(
            self._sender.make.remote(_tensor), timeout=PATIENCE_S
        ).tolist()
        return values

    def transfer_error(self) -> str:
        """Tell how a transfer fails, "" if it does not; a new actor makes the next one."""
        import ray

        try:
            self.transfer()
        except ray.exceptions.RayError as error:
            self._living.clear()
            return str(error)
        return ""

    def environment_of_actors(self, names: list[str]) -> list[dict[str, str]]:
        """Tell what variables are in an actor on each node."""
        import ray

        actors = [_new_peer(0), self._sender]
        answers = [actor.apply.remote(_variables, names) for actor in actors]
        return list(ray.get(answers, timeout=PATIENCE_S))

    def fits(self, address: str, megabytes: int) -> bool:
        """Tell whether the worker takes a value of that size; RuntimeError if it is not well."""
        return has_room(_client_at(address), megabytes * 2**20)

    def key_outlives_its_actor_s(self, address: str, at_most_s: float) -> float:
        """Kill an actor whose tensor is stored; gives after how long its key is gone."""
        import ray

        client = _client_at(address)
        sender = self._sender
        ray.get(sender.apply.remote(start_journal), timeout=PATIENCE_S)
        reference = sender.make.remote(_tensor)
        keys = ray.get(sender.apply.remote(created_keys), timeout=PATIENCE_S)
        assert client.exist(keys) == [True], keys
        self._living.clear()
        ray.kill(sender)
        begin = time.monotonic()
        wait_until(lambda: not any(client.exist(keys)), f"{reference} is gone", at_most_s)
        return time.monotonic() - begin

    def traces(self) -> list[str]:
        """Name everything of a backend that there is: actors, processes, directories."""
        import ray

        actors = [f"actor {one['name']}" for one in ray.util.list_named_actors(all_namespaces=True)]
        mark = str(self._directory / "yr-")
        processes = [
            f"process {process.pid} ({command})"
            for process in _processes()
            if mark in (command := _command_of(process))
        ]
        directories = [str(path) for path in self._directory.glob("yr-*")]
        return sorted([*actors, *processes, *directories])

    @property
    def _sender(self) -> Any:
        """The actor on the last node, which lives as long as the backend."""
        if not self._living:
            self._living.append(_new_peer(-1))
        return self._living[0]

    def _left_since(self, before: list[str]) -> list[str]:
        return left_after(lambda: [one for one in self.traces() if one not in before])


def main(hosts: list[str]) -> None:
    """Answer until nobody asks any more; what Ray prints goes to standard error."""
    to = answers()
    directory = pathlib.Path(tempfile.gettempdir())
    spy = Spy(directory)
    with ray_nodes(hosts, directory, spy):
        driver = Driver(directory, spy)
        serve(driver, to)
        driver.cleanup()


def _processes() -> list[psutil.Process]:
    return marked_processes(os.environ[RAY_VARIABLE])


def _command_of(process: psutil.Process) -> str:
    with contextlib.suppress(psutil.Error):
        return " ".join(process.cmdline())
    return ""


def _client_at(address: str) -> Any:
    from yr.datasystem import KVClient

    host, _, port = address.rpartition(":")
    client = KVClient(host, int(port), connect_timeout_ms=5_000, req_timeout_ms=1_500)
    client.init()
    return client


def _new_peer(node: int) -> Any:
    """Make an actor on a node, counted in the order of their addresses."""
    import ray
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    from yr_conformance.transfer.peer import peer_class

    nodes = sorted(ray.nodes(), key=lambda found: str(found["NodeManagerAddress"]))
    affinity = NodeAffinitySchedulingStrategy(nodes[node]["NodeID"], soft=False)
    return peer_class().options(scheduling_strategy=affinity).remote()


def _actors_made() -> int:
    from ray._private.state import actors

    return len(actors())


def _variables(names: list[str]) -> dict[str, str]:
    return {name: os.environ[name] for name in names}


def _tensor() -> Any:
    import torch

    return torch.tensor(_VALUES)


if __name__ == "__main__":
    main(sys.argv[1:])
