"""The target `real-npu`: the released datasystem on a machine with Ascend cards."""

from __future__ import annotations

from yr_conformance.deviations import shipped
from yr_conformance.targets import TargetError, npus
from yr_conformance.targets.real_cpu import RealCpuTarget


class RealNpuTarget(RealCpuTarget):
    """openyuanrong-datasystem as released, in processes whose CANN is Ascend's own.

    Not run on a card yet: what is known not to hold is what holds nowhere with this release.
    """

    name = "real-npu"

    def __init__(self) -> None:
        self.capabilities = RealCpuTarget.capabilities | npus.capabilities()

    def check_active(self) -> None:
        """Raise TargetError when the SDK is not the released one or no card is to be seen."""
        super().check_active()
        if npus.count() == 0:
            raise TargetError(
                f"target {self.name}: no NPU found: {npus.missing()}. In a container, are "
                "/dev/davinci* there and CANN's set_env.sh read? ci/hardware/probe.py tells more"
            )
        if npus.is_emulated():
            raise TargetError(
                f"target {self.name}: the NPUs are those of yr-fake-cann; leave out `yr-fake-cann "
                "run --`, or take --target real-emulated-npu"
            )

    def known_deviations(self) -> str:
        """The deviations of the released datasystem, wherever it runs."""
        return shipped(RealCpuTarget.name)
