"""`yr.datasystem.object_client`, as the fake has it."""

from yr_fake_ds.shim.yr.datasystem.object_client import *
