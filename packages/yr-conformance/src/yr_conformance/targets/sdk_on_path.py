"""Which SDK and which dscli this process would use, found without importing either."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import pathlib
import shutil
from collections.abc import Mapping
from dataclasses import dataclass

from yr_conformance.targets import TargetError

NOT_INSTALLED = "not installed"
_REAL_EXTENSION = "libds_client_py"


@dataclass(frozen=True)
class SdkOnPath:
    """Where `yr.datasystem` and `dscli` would come from."""

    package: pathlib.Path
    dscli: pathlib.Path

    @property
    def released(self) -> bool:
        """Whether the package carries the released SDK's native client."""
        return any((self.package / "lib").glob(f"{_REAL_EXTENSION}*.so"))

    @property
    def root(self) -> pathlib.Path:
        """The directory on the module search path that the package was found in."""
        return self.package.parent.parent


def find_sdk() -> SdkOnPath:
    """Look both up; TargetError says what is missing."""
    try:
        spec = importlib.util.find_spec("yr.datasystem")
    except ModuleNotFoundError:
        spec = None
    if spec is None or spec.origin is None:
        raise TargetError("no module yr.datasystem can be found by this interpreter")
    dscli = shutil.which("dscli")
    if dscli is None:
        raise TargetError("no dscli can be found on PATH")
    return SdkOnPath(pathlib.Path(spec.origin).parent, pathlib.Path(dscli))


def installed_files(distribution: str) -> frozenset[pathlib.Path]:
    """Give the real paths of what a distribution installed; nothing if it is not installed."""
    try:
        files = importlib.metadata.distribution(distribution).files or []
    except importlib.metadata.PackageNotFoundError:
        return frozenset()
    return frozenset(pathlib.Path(str(file.locate())).resolve() for file in files)


def describe(distribution: str) -> Mapping[str, str]:
    """Describe what is active, for the header of the report."""
    sdk = find_sdk()
    return {
        distribution: version_of(distribution),
        "yr.datasystem": str(sdk.package),
        "dscli": str(sdk.dscli),
    }


def version_of(distribution: str) -> str:
    """Give the version of an installed distribution, or say that it is not installed."""
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return NOT_INSTALLED
