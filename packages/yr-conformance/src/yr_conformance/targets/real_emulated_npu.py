"""The target `real-emulated-npu`: the released datasystem on a machine with NPUs."""

from __future__ import annotations

from yr_conformance.targets import TargetError, npus
from yr_conformance.targets.real_cpu import RealCpuTarget


class RealEmulatedNpuTarget(RealCpuTarget):
    """openyuanrong-datasystem as released, in processes that have NPUs."""

    name = "real-emulated-npu"

    def __init__(self) -> None:
        self.capabilities = RealCpuTarget.capabilities | npus.capabilities()

    def check_active(self) -> None:
        """Raise TargetError when the SDK is not the released one or there are too few NPUs."""
        super().check_active()
        if "npu" not in self.capabilities:
            raise TargetError(
                f"target {self.name}: {npus.count()} NPUs found with torch_npu, {npus.LEAST} are "
                "needed; run: yr-fake-cann run --npus 8 -- yr-conformance run --target " + self.name
            )
