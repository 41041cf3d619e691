"""`yr.datasystem.kv_client`, as the fake has it."""

from yr_fake_ds.shim.yr.datasystem.kv_client import *
