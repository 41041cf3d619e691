"""Which versions are installed, and whether they can work together.

Read from the installed distributions' metadata; nothing is imported, so that a broken package
cannot break the check.
"""

from __future__ import annotations

import platform
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata

from packaging.requirements import Requirement
from packaging.version import Version

from ray_ascend._installation import OLDEST_RAY
from ray_ascend._version import __version__, commit
from ray_ascend.doctor.finding import Finding

NEWEST_PYTHON = (3, 12)
"""The SDK has no wheels for newer interpreters (openyuanrong-datasystem 0.8.1)."""


@dataclass(frozen=True)
class Support:
    """Versions of a distribution: what this package declares, and what it was tested with."""

    name: str
    oldest: Version
    tested: Version | None = None


SUPPORTED = (
    Support("ray", Version(OLDEST_RAY), Version("2.60.0")),
    Support("torch", Version("2.7.1")),
)
_COLLECTIVES = Version("2.56")


def check_versions() -> Iterator[Finding]:
    """Give one finding for each of python, ray-ascend-yr, ray, torch and torch_npu."""
    yield _python()
    yield _ourselves()
    for support in SUPPORTED:
        yield _supported(support)
    yield _torch_npu()


def installed(name: str) -> str:
    """Give the version of an installed distribution, or an empty string."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""


def _ourselves() -> Finding:
    built_from = commit()
    text = f"{__version__}, commit {built_from}" if built_from else __version__
    return Finding("ray-ascend-yr", "ok", text, details={"version": __version__})


def _python() -> Finding:
    version = platform.python_version()
    text = f"{version} at {sys.executable}"
    details = {"version": version}
    if sys.version_info[:2] > NEWEST_PYTHON:
        newest = ".".join(map(str, NEWEST_PYTHON))
        text = f"{text}: openyuanrong-datasystem has no wheels for it"
        return Finding("python", "warning", text, f"use Python {newest} or older", details)
    return Finding("python", "ok", text, details=details)


def _supported(support: Support) -> Finding:
    name, version = support.name, installed(support.name)
    advice = f"run: pip install '{name}>={support.oldest}'"
    if not version:
        return Finding(name, "error", "not installed", advice)
    details = {"version": version}
    if Version(version) < support.oldest:
        return Finding(name, "error", f"{version} is too old", advice, details)
    if support.tested and Version(version) > support.tested:
        text = f"{version}; this package was tested with {support.tested} at most"
        return Finding(name, "warning", text, details=details)
    text = f"{version} ({support.oldest} or newer is needed)"
    if name == "ray" and Version(version) < _COLLECTIVES:
        text = f"{text}; collective groups need {_COLLECTIVES}"
    return Finding(name, "ok", text, details=details)


def _torch_npu() -> Finding:
    version = installed("torch_npu")
    if not version:
        return Finding("torch_npu", "skipped", "not installed: tensors on the CPU only")
    details = {"version": version}
    torch = installed("torch")
    for text in metadata.requires("torch_npu") or []:
        needed = Requirement(text)
        is_torch = needed.name == "torch" and (not needed.marker or needed.marker.evaluate())
        if is_torch and torch and not needed.specifier.contains(torch, prereleases=True):
            problem = f"{version} needs torch{needed.specifier}, but torch {torch} is installed"
            return Finding("torch_npu", "error", problem, f"run: pip install '{text}'", details)
    return Finding("torch_npu", "ok", version, details=details)
