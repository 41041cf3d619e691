"""What takes a moment after the call that caused it has returned.

A key is in use until both sides have told the worker that a transfer is over; until then deletions
answer Try again (measured on openyuanrong-datasystem 0.8.1).
"""

from __future__ import annotations

from typing import Any

from yr_conformance.device.station_process import StationProcess
from yr_conformance.waiting import wait_until


def settled(station: StationProcess, call: str, keys: list[str]) -> Any:
    """Make a call about device keys, again while it says that they are in use."""
    answers: list[Any] = []

    def has_answered() -> bool:
        try:
            answer = station.ask(call, keys)
        except RuntimeError as error:
            if "code: [Try again]" in str(error):
                return False
            raise
        answers.append(answer)
        return True

    wait_until(has_answered, f"{call} of {keys} is not in the way of a transfer")
    return answers[-1]


def await_gone(station: StationProcess, key: str) -> None:
    """Wait until a client knows a device key no more."""

    def is_gone() -> bool:
        try:
            station.ask("sizes", [key], of_devices=True)
        except RuntimeError as error:
            return "Key not found" in str(error)
        return False

    wait_until(is_gone, f"the device key {key} is gone")
