"""An in-memory, multi-process, drop-in fake of openYuanrong datasystem 0.8.1.

Importing this package gives the fake's own classes under their SDK names and activates nothing;
``yr-fake-ds run -- COMMAND`` puts them in the place of `yr.datasystem` (see `activation`).
"""

from importlib import import_module
from typing import Any

from yr_fake_ds._version import __version__
from yr_fake_ds.sdk.exports import PUBLIC_NAMES

__all__ = ["__version__", *PUBLIC_NAMES]  # noqa: PLE0604 - the names come from one table


def __getattr__(name: str) -> Any:
    if name not in PUBLIC_NAMES:
        raise AttributeError(f"module {__name__} has no attribute {name}")
    value = getattr(import_module(PUBLIC_NAMES[name]), name)
    globals()[name] = value
    return value
