"""Adapter: what a transport brings so that the clauses about transfers run on it.

    --transport my_package.my_adapter     a module with these three names; see docs/own-transport.md

Every process of a session inherits the variable, and so registers the same transport. Without it
that is ray_ascend's, ours or the published one.
"""

from __future__ import annotations

import importlib
import os
from typing import Final, Protocol, cast

VARIABLE: Final = "YR_CONFORMANCE_TRANSPORT"
OURS: Final = "yr_conformance.transfer.yr_transport"


class Adapter(Protocol):
    """The names of the module."""

    NAME: str
    """What `@ray.method(tensor_transport=...)` is given."""

    def register(self, devices: list[str]) -> None:
        """Make the transport available in this process; called in the driver and in actors.

        May be called more than once in a process.
        """
        ...

    def cleanup(self) -> None:
        """End what the transport started beside Ray; called in the driver, before Ray ends."""
        ...


class AdapterError(Exception):
    """The module cannot be imported or lacks a name; the text says which."""


def adapter() -> Adapter:
    """Import the adapter of this process."""
    name = os.environ.get(VARIABLE, OURS)
    try:
        module = importlib.import_module(name)
    except ImportError as error:
        raise AdapterError(f"--transport {name} cannot be imported: {error}") from error
    missing = [one for one in ("NAME", "register", "cleanup") if not hasattr(module, one)]
    if missing:
        raise AdapterError(f"--transport {name} has no {', '.join(missing)}")
    return cast("Adapter", module)
