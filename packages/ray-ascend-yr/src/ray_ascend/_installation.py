"""Refuses to run beside a distribution of the same import name, and with a Ray that is too old."""

from __future__ import annotations

import functools
import re
import warnings
from importlib import metadata
from typing import Final

from ray_ascend.errors import InstallationError

OLDEST_RAY: Final = "2.55.1"
_TWIN = "ray-ascend"


def refuse_twin() -> None:
    """Raise InstallationError when `ray-ascend` is installed too: their files are mixed then."""
    try:
        version = metadata.version(_TWIN)
    except metadata.PackageNotFoundError:
        return
    raise InstallationError(
        f"both ray-ascend {version} and ray-ascend-yr are installed, and both provide the module "
        "`ray_ascend`; run: pip uninstall ray-ascend ray-ascend-yr && pip install ray-ascend-yr"
    )


def warn_of_old_ray() -> None:
    """Warn when Ray is too old: what it says itself, for instance of a decorator, does not tell."""
    if problem := _why_ray_is_too_old():
        warnings.warn(problem, RuntimeWarning, stacklevel=3)


def refuse_old_ray() -> None:
    """Raise InstallationError when Ray is too old, before anything is started."""
    if problem := _why_ray_is_too_old():
        raise InstallationError(problem)


@functools.lru_cache(maxsize=1)
def _why_ray_is_too_old() -> str:
    try:
        installed = metadata.version("ray")
    except metadata.PackageNotFoundError:
        return ""
    numbers = _numbers(installed or "")
    if not numbers or numbers >= _numbers(OLDEST_RAY):
        return ""
    return (
        f"Ray {installed} is too old for ray-ascend-yr; run: pip install 'ray>={OLDEST_RAY}', on "
        "every node"
    )


def _numbers(version: str) -> tuple[int, ...]:
    """Read major, minor and micro number; () for a version that begins with none."""
    found = re.match(r"(?:\d+!)?(\d+)\.(\d+)(?:\.(\d+))?", version)
    return tuple(int(number or 0) for number in found.groups()) if found else ()
