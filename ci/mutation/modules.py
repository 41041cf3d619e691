"""The modules that are changed, and the tests of each: modules.toml."""

from __future__ import annotations

import pathlib
import sys
from dataclasses import dataclass

from contents import IMPORT_NAMES

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
FILE = pathlib.Path(__file__).with_name("modules.toml")


@dataclass(frozen=True)
class Module:
    """One module of a package, and its tests; paths are below the package's own directories."""

    package: str
    path: str
    tests: tuple[str, ...]

    @property
    def name(self) -> str:
        """How tables and the command line know it."""
        return f"{IMPORT_NAMES[self.package]}/{self.path}"

    @property
    def source(self) -> str:
        """Where it is below the package's directory."""
        return f"src/{self.name}"

    @property
    def directory(self) -> pathlib.Path:
        """Where the package is."""
        return ROOT / "packages" / self.package


def read(file: pathlib.Path = FILE) -> list[Module]:
    """Read the list."""
    packages = tomllib.loads(file.read_text(encoding="utf-8"))
    return [
        Module(package, path, tuple(tests))
        for package, modules in packages.items()
        for path, tests in modules.items()
    ]
