"""`yr.datasystem._transfer_engine`, as the fake has it."""

from yr_fake_ds.shim.yr.datasystem._transfer_engine import *
