"""Fault plans for a worker that runs already: put in, counted, and taken out again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

import msgspec

from yr_fake_ds import protocol
from yr_fake_ds.faults.plan import Plan, plan_of
from yr_fake_ds.inspect import ask_worker, inspect_worker


class InstalledFaults:
    """A plan that a worker follows now; made by `install_faults`."""

    def __init__(self, address: str) -> None:
        self._address = address

    def fired(self) -> list[int]:
        """Return how often each rule has struck; OSError if the worker is gone."""
        return inspect_worker(self._address).faults

    def replace(self, plan: Plan | Mapping[str, Any]) -> None:
        """Let the worker follow another plan from now on; FaultPlanError if it is wrong."""
        _send(self._address, plan_of(plan))


@contextmanager
def install_faults(address: str, plan: Plan | Mapping[str, Any]) -> Iterator[InstalledFaults]:
    """Let the fake worker at ``host:port`` follow a plan during the block.

    FaultPlanError if the plan is wrong, OSError if no fake worker answers there. That it has died
    by the end of the block is no error.
    """
    installed = InstalledFaults(address)
    installed.replace(plan)
    try:
        yield installed
    finally:
        with suppress(OSError):
            installed.replace(Plan())


def _send(address: str, plan: Plan) -> None:
    request = protocol.SetFaults(plan=msgspec.json.encode(plan).decode())
    ask_worker(address, request, protocol.Done)
