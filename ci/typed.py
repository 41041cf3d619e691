"""What mypy is run on, and where it finds our packages."""

from __future__ import annotations

import os
import pathlib

from contents import IMPORT_NAMES
from environments import PACKAGES


def source_path(*more: pathlib.Path) -> dict[str, str]:
    """Give the variable by which mypy finds the sources of all packages, and what tests share."""
    sources = [str(PACKAGES / package / "src") for package in IMPORT_NAMES]
    sources += map(str, more)
    return {"MYPYPATH": os.pathsep.join(sources)}


def test_directories(package: str) -> list[pathlib.Path]:
    """List directories of tests: each with a conftest is a program of its own to mypy."""
    tests_of = PACKAGES / package / "tests"
    directories = [path for path in sorted(tests_of.iterdir()) if any(path.glob("*.py"))]
    return [tests_of, *directories] if any(tests_of.glob("*.py")) else directories
