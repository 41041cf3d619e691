"""Mutants by source: a package of ours with a few lines changed, in a copy that is imported first.

    sources/<package>/<area>.toml

    [name_says_what_it_does_wrong]
    breaks = "One sentence."
    change = [["daemon/reading.py", "these lines, which stand there once", "these instead"]]
    noticed_by = ["KV-GET-01"]
    npus = true                       # if its clauses need them; false unless said

Workers, clients, `dscli` and Ray's actors all inherit the path, so every process is broken alike.
Nothing of the installed package is touched. Of yr_fake_cann the C++ is changed, below
packages/yr-fake-cann, and built again.
"""

from __future__ import annotations

import importlib.util
import pathlib
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

SOURCES = pathlib.Path(__file__).with_name("sources")
NATIVE = {"yr_fake_cann": pathlib.Path(__file__).resolve().parents[3] / "yr-fake-cann"}
"""Packages of which something else than Python is changed, and where that is."""
NATIVE_COPY = "native"
"""The directory of a broken copy of one of them, below a mutant's own."""
_NOT_SOURCES = shutil.ignore_patterns("__pycache__", "build", "tests", "docs", "dist")


class StaleMutantError(Exception):
    """The lines that a mutant changes are not there any more, or not once; says where."""


@dataclass(frozen=True)
class Change:
    """Lines of one file of the package, and what stands there instead."""

    file: str
    old: str
    new: str

    def apply(self, text: str) -> str:
        """Return the file's text with the change; StaleMutantError unless it fits once."""
        found = text.count(self.old)
        if found != 1:
            raise StaleMutantError(f"{self.file} has {found} times: {self.old}")
        return text.replace(self.old, self.new)


@dataclass(frozen=True)
class SourceMutant:
    """One defect of one package."""

    name: str
    package: str
    area: str
    breaks: str
    changes: tuple[Change, ...]
    noticed_by: tuple[str, ...]
    npus: bool = False

    def write_into(self, directory: pathlib.Path) -> None:
        """Put the broken package there; StaleMutantError if it has changed too much for that."""
        copy = directory / (NATIVE_COPY if self.is_native else self.package)
        shutil.copytree(directory_of(self.package), copy, ignore=_NOT_SOURCES)
        for change in self.changes:
            path = copy / change.file
            text = change.apply(path.read_text(encoding="utf-8"))
            path.write_text(text, encoding="utf-8")

    @property
    def is_native(self) -> bool:
        """Whether it has to be built before it does anything."""
        return self.package in NATIVE


def directory_of(package: str) -> pathlib.Path:
    """Find the package that would be imported, or the sources of what is built; imports nothing."""
    if package in NATIVE:
        return NATIVE[package]
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(f"{package} is not installed here")
    return pathlib.Path(spec.origin).parent


def load(package: str) -> list[SourceMutant]:
    """Read the mutants of a package, area by area."""
    return [mutant for file in sorted((SOURCES / package).glob("*.toml")) for mutant in _read(file)]


def _read(file: pathlib.Path) -> Iterator[SourceMutant]:
    for name, entry in tomllib.loads(file.read_text(encoding="utf-8")).items():
        changes = tuple(Change(*change) for change in entry["change"])
        noticed_by = tuple(sorted(entry["noticed_by"]))
        package = file.parent.name
        npus = entry.get("npus", False)
        yield SourceMutant(name, package, file.stem, entry["breaks"], changes, noticed_by, npus)
