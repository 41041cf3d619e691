"""`yr.datasystem.ds_client`, as the fake has it."""

from yr_fake_ds.shim.yr.datasystem.ds_client import *
