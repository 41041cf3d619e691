"""`yr.datasystem.lib.libds_client_py`, as the fake has it."""

from yr_fake_ds.shim.yr.datasystem.lib.libds_client_py import *
