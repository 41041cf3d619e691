"""The lowest dependencies that the packages' metadata promise, as requirements for pip.

pip takes the newest of everything; what `>=1.2` promises shows only when it becomes `==1.2`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import nox.project
from environments import PACKAGES
from packaging.requirements import Requirement


def dependencies(package: str) -> tuple[str, ...]:
    """Give the lowest of what the package needs on this interpreter, without extras."""
    return tuple(_lowest(_project(package)["project"]["dependencies"]))


def build_tools(package: str) -> tuple[str, ...]:
    """Give the lowest of what its build needs."""
    return tuple(_lowest(_project(package)["build-system"]["requires"]))


def lowest_of(requirement: Requirement) -> str:
    """Pin a requirement to the version at which its range begins.

    Raises ValueError for a requirement without one, which would promise every release ever made.
    """
    begins = [one.version for one in requirement.specifier if one.operator in {">=", "=="}]
    if len(begins) != 1:
        raise ValueError(f"{requirement} does not say which version is the lowest: write >=")
    return f"{requirement.name}=={begins[0]}"


def _lowest(lines: Iterable[str]) -> Iterator[str]:
    for line in lines:
        requirement = Requirement(line)
        if requirement.marker is None or requirement.marker.evaluate():
            yield lowest_of(requirement)


def _project(package: str) -> dict[str, dict[str, list[str]]]:
    read: dict[str, dict[str, list[str]]]
    read = nox.project.load_toml(PACKAGES / package / "pyproject.toml")
    return read
