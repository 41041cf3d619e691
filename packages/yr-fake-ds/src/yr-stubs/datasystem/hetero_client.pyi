"""`yr.datasystem.hetero_client`, as the fake has it."""

from yr_fake_ds.shim.yr.datasystem.hetero_client import *
