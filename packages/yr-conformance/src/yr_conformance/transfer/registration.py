"""Registration: how the driver and every actor of the chapters make the transport available.

`YR_CONFORMANCE_MUTANT=module:function` names a function that breaks the installed transport on
purpose. It is called first in every process that registers, since all of them inherit the variable.
"""

from __future__ import annotations

import importlib
import os

from yr_conformance.transfer.adapter import adapter

VARIABLE = "YR_CONFORMANCE_MUTANT"
DEVICES_VARIABLE = "YR_CONFORMANCE_DEVICES"

_broken: set[str] = set()


def register_transport() -> None:
    """Register the transport; called in the driver and in the constructor of every peer."""
    _break_on_purpose(os.environ.get(VARIABLE, ""))
    adapter().register(registered_devices())


def registered_devices() -> list[str]:
    """Give the device types that the session registers in each of its processes."""
    return os.environ.get(DEVICES_VARIABLE, "cpu").split(",")


def _break_on_purpose(mutant: str) -> None:
    if not mutant or mutant in _broken:
        return
    _broken.add(mutant)
    module, _, function = mutant.partition(":")
    getattr(importlib.import_module(module), function)()
