"""The target `real-cpu`: the released datasystem on a machine without an NPU."""

from __future__ import annotations

from collections.abc import Mapping

from yr_conformance.deviations import shipped
from yr_conformance.targets import TargetError
from yr_conformance.targets.sdk_on_path import describe, find_sdk, installed_files, version_of

DISTRIBUTION = "openyuanrong-datasystem"
_REMEDY = f"run: pip install {DISTRIBUTION}, without yr-fake-ds run, its environment's bin on PATH"


class RealCpuTarget:
    """openyuanrong-datasystem as released, with its worker started by dscli."""

    name = "real-cpu"
    capabilities = frozenset(
        {"datasystem", "object-client", "dscli", "two-workers", "transfer-cpu"}
    )

    @property
    def version(self) -> str:
        """Version of the released SDK."""
        return version_of(DISTRIBUTION)

    def check_active(self) -> None:
        """Raise TargetError when anything but the released SDK and its dscli would be used."""
        sdk = find_sdk()
        if not sdk.released:
            raise TargetError(
                f"target {self.name}: yr.datasystem comes from {sdk.package}, which is not the "
                f"released SDK; {_REMEDY}"
            )
        if sdk.dscli.resolve() not in installed_files(DISTRIBUTION):
            raise TargetError(
                f"target {self.name}: dscli is {sdk.dscli}, which {DISTRIBUTION} did not install; "
                + _REMEDY
            )

    def versions(self) -> Mapping[str, str]:
        """Version and place of the released SDK."""
        return describe(DISTRIBUTION)

    def known_deviations(self) -> str:
        """The deviations that this package ships for it."""
        return shipped(self.name)
