"""The target `real-cpu`: the released datasystem on a machine without an NPU."""

from __future__ import annotations

from collections.abc import Mapping

from yr_conformance.targets import TargetError
from yr_conformance.targets.sdk_on_path import describe, find_sdk

DISTRIBUTION = "openyuanrong-datasystem"


class RealCpuTarget:
    """openyuanrong-datasystem as released, with its worker started by dscli."""

    name = "real-cpu"
    capabilities = frozenset({"sdk", "two-workers", "transfer-cpu"})

    def check_active(self) -> None:
        """Raise TargetError when anything but the released SDK would be used."""
        sdk = find_sdk()
        if not sdk.released:
            raise TargetError(
                f"target real-cpu: yr.datasystem comes from {sdk.package}, which is not the "
                f"released SDK; run: pip install {DISTRIBUTION}, without yr-fake-ds run"
            )

    def versions(self) -> Mapping[str, str]:
        """Version and place of the released SDK."""
        return describe(DISTRIBUTION)
