"""Refuses to run beside another distribution that owns the same import name."""

from __future__ import annotations

from importlib import metadata

from ray_ascend.errors import InstallationError

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
