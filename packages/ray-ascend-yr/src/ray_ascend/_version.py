"""Which version of the distribution this is, and from which commit it was built."""

from __future__ import annotations

import importlib

__version__ = "0.1.0"


def commit() -> str:
    """Give the commit, with `-dirty` when files differed from it; "" where the build knew none."""
    try:
        module = importlib.import_module("ray_ascend._commit")
    except ModuleNotFoundError:
        return ""
    return str(module.COMMIT)
