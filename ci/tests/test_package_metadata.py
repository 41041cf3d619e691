"""What a registry shows of the packages, as far as it can be read from their pyproject.toml."""

from __future__ import annotations

import pathlib
import re
import sys
from typing import Any

import pytest
from contents import IMPORT_NAMES, REPOSITORY

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

PACKAGES = pathlib.Path(__file__).resolve().parent.parent.parent / "packages"
FEW = 8
"""Keywords are for searches: more of them find less."""


@pytest.mark.parametrize("package", IMPORT_NAMES)
def test_every_address_is_below_the_one_of_the_repository(package: str) -> None:
    """Who moves the repository changes one line here, and is told of every other place."""
    text = _file(package).read_text(encoding="utf-8")

    addresses = re.findall(r"https://[^\s\"']+", text.replace("(?!https://", ""))

    assert addresses
    assert [one for one in addresses if not one.startswith(f"{REPOSITORY}")] == []


@pytest.mark.parametrize("package", IMPORT_NAMES)
def test_a_package_can_be_found_and_says_for_whom_it_is(package: str) -> None:
    """Addresses, keywords, a licence, and the Pythons that the matrix runs."""
    project = _project(package)

    assert {"Repository", "Documentation", "Changelog", "Issues"} <= project["urls"].keys()
    assert 0 < len(project["keywords"]) <= FEW
    assert project["license"] == "Apache-2.0"
    pythons = {f"Programming Language :: Python :: 3.{minor}" for minor in (10, 11, 12)}
    assert pythons <= set(project["classifiers"])


@pytest.mark.parametrize("package", IMPORT_NAMES)
def test_documents_link_to_what_exists(package: str) -> None:
    """The README and each document, in the repository; the wheels are looked at by `build`."""
    room = PACKAGES / package
    for page in (room / "README.md", *room.glob("docs/*.md")):
        for link in re.findall(r"\]\(([^)#]+)", page.read_text(encoding="utf-8")):
            assert link.startswith("https://") or (page.parent / link).exists(), (page, link)


def _project(package: str) -> dict[str, Any]:
    project: dict[str, Any] = tomllib.loads(_file(package).read_text(encoding="utf-8"))["project"]
    return project


def _file(package: str) -> pathlib.Path:
    return PACKAGES / package / "pyproject.toml"
