"""The target `fake`: the in-memory stand-in, active because the command runs under it."""

from __future__ import annotations

from collections.abc import Mapping

from yr_conformance.deviations import shipped
from yr_conformance.targets import TargetError, npus
from yr_conformance.targets.sdk_on_path import describe, find_sdk, version_of

DISTRIBUTION = "yr-fake-ds"
_REMEDY = "run: yr-fake-ds run -- yr-conformance run --target fake"


class FakeTarget:
    """yr-fake-ds on the path, as `yr-fake-ds run` puts it there."""

    name = "fake"

    def __init__(self) -> None:
        base = {"datasystem", "object-client", "dscli", "two-workers", "transfer-cpu"}
        self.capabilities = frozenset(base) | npus.capabilities()

    @property
    def version(self) -> str:
        """Version of the fake."""
        return version_of(DISTRIBUTION)

    def check_active(self) -> None:
        """Raise TargetError when the released SDK, another dscli, or none would be used."""
        sdk = find_sdk()
        if sdk.released:
            raise TargetError(
                f"target fake: yr.datasystem comes from {sdk.package}, which is the released SDK; "
                + _REMEDY
            )
        if sdk.dscli.resolve() != (sdk.root / "bin" / "dscli").resolve():
            raise TargetError(
                f"target fake: dscli is {sdk.dscli}, which does not belong to the SDK in "
                f"{sdk.root}; {_REMEDY}"
            )

    def versions(self) -> Mapping[str, str]:
        """Version and place of the fake."""
        return describe(DISTRIBUTION)

    def known_deviations(self) -> str:
        """The deviations that this package ships for it."""
        return shipped(self.name)
