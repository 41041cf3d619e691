"""The target `transport`: any transport of Ray Direct Transport, with no datasystem beside it.

Clauses that look into a datasystem are unsupported there.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

from yr_conformance.targets import TargetError, npus
from yr_conformance.targets.sdk_on_path import NOT_INSTALLED, version_of
from yr_conformance.transfer.adapter import OURS, VARIABLE


class TransportTarget:
    """What `--transport` names, for tensors on the host."""

    name = "transport"

    def __init__(self) -> None:
        capabilities = {"transfer-cpu"} | (npus.capabilities() & {"transfer-npu"})
        self.capabilities = frozenset(capabilities)

    @property
    def version(self) -> str:
        """That of Ray, which has the transport in it or loads it."""
        return version_of("ray")

    def check_active(self) -> None:
        """Raise TargetError without Ray, or if no transport is named."""
        if self.version == NOT_INSTALLED:
            raise TargetError("target transport: Ray is not installed; run: pip install ray")
        if os.environ.get(VARIABLE, OURS) == OURS:
            raise TargetError(
                "target transport: name the module that registers yours, with --transport MODULE"
            )

    def versions(self) -> Mapping[str, str]:
        """The module that registers it."""
        return {"transport": os.environ.get(VARIABLE, OURS)}

    def known_deviations(self) -> str:
        """None are known."""
        return ""
