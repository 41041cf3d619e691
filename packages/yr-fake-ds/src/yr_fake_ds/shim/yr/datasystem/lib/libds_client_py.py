"""`yr.datasystem.lib.libds_client_py`, provided by yr-fake-ds."""

from yr_fake_ds.sdk import bindings
from yr_fake_ds.sdk.bindings import *  # noqa: F403 - the same names, kept in one place

__all__ = bindings.__all__


def __getattr__(name: str) -> object:
    return getattr(bindings, name)
