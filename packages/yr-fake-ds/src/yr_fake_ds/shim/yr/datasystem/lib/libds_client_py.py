"""`yr.datasystem.lib.libds_client_py`, provided by yr-fake-ds."""

from yr_fake_ds.sdk.bindings import *  # noqa: F403 - the same names, kept in one place
from yr_fake_ds.sdk.bindings import __all__, __getattr__

__all__ = __all__  # noqa: PLW0127 - marks the re-export
