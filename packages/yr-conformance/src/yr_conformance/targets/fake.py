"""The target `fake`: the in-memory stand-in, active because the command runs under it."""

from __future__ import annotations

from collections.abc import Mapping

from yr_conformance.targets import TargetError
from yr_conformance.targets.sdk_on_path import describe, find_sdk

DISTRIBUTION = "yr-fake-ds"


class FakeTarget:
    """yr-fake-ds on the path, as `yr-fake-ds run` puts it there."""

    name = "fake"
    capabilities = frozenset({"sdk", "two-workers", "transfer-cpu"})

    def check_active(self) -> None:
        """Raise TargetError when the released SDK, or none, would be used."""
        sdk = find_sdk()
        if sdk.released:
            raise TargetError(
                f"target fake: yr.datasystem comes from {sdk.package}, which is the released SDK; "
                "run: yr-fake-ds run -- yr-conformance run --target fake"
            )

    def versions(self) -> Mapping[str, str]:
        """Version and place of the fake."""
        return describe(DISTRIBUTION)
