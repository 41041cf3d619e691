"""`yr.datasystem`, as the fake has it."""

from yr_fake_ds.shim.yr.datasystem import *
