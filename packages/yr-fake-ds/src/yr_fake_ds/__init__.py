"""An in-memory, multi-process, drop-in fake of openYuanrong datasystem 0.8.1.

Importing this package gives the fake's own classes under their SDK names and activates nothing;
``yr-fake-ds run -- COMMAND`` puts them in the place of `yr.datasystem` (see `activation`).
`worker` and `cluster` start workers for a test or a script.

PYTEST_DONT_REWRITE: while the fake is active, this package is imported before pytest is.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from yr_fake_ds._version import __version__
from yr_fake_ds.sdk.exports import PUBLIC_NAMES

if TYPE_CHECKING:
    from yr_fake_ds.local_workers import cluster as cluster
    from yr_fake_ds.local_workers import worker as worker

_OWN = {"cluster": "yr_fake_ds.local_workers", "worker": "yr_fake_ds.local_workers"}
_NAMES = {**PUBLIC_NAMES, **_OWN}

__all__ = ["__version__", *_NAMES]  # noqa: PLE0604 - the names come from two tables


def __getattr__(name: str) -> Any:
    if name not in _NAMES:
        raise AttributeError(f"module {__name__} has no attribute {name}")
    value = getattr(import_module(_NAMES[name]), name)
    globals()[name] = value
    return value
