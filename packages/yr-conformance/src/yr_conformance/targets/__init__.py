"""Targets: the systems that the same clauses run on, as plug-ins of the group `TARGETS_GROUP`.

A target says what it is called, what it can do, and whether the process is really set up for it.
Another distribution adds its own by an entry point that names a class with these members.
"""

from __future__ import annotations

import importlib.metadata
from collections.abc import Mapping
from typing import Final, Protocol

TARGETS_GROUP: Final = "yr_conformance.targets"


class TargetError(Exception):
    """The target is unknown, or the process is not set up for it; the text says what to do."""


class Target(Protocol):
    """One system under test."""

    name: str
    capabilities: frozenset[str]
    """What clauses may need: "datasystem", "object-client", "dscli", "two-workers",
    "transfer-cpu", "npu", "transfer-npu", "hccl"."""

    @property
    def version(self) -> str:
        """Its release; known deviations may end with one."""
        ...

    def check_active(self) -> None:
        """Raise TargetError unless the SDK and the dscli on the path are the target's own."""
        ...

    def versions(self) -> Mapping[str, str]:
        """What the report's header shows of the target."""
        ...

    def known_deviations(self) -> str:
        """What it is known not to fulfil, as TOML (`yr_conformance.deviations`); may be empty."""
        ...


def load(name: str) -> Target:
    """Make the target of that name; TargetError lists the known ones if there is none."""
    known = {entry.name: entry for entry in importlib.metadata.entry_points(group=TARGETS_GROUP)}
    if name not in known:
        installed = ", ".join(sorted(known)) or "none: is yr-conformance itself installed?"
        raise TargetError(f"unknown target {name!r}; installed: {installed}")
    target: Target = known[name].load()()
    return target
