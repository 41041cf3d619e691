"""`yr.datasystem.util`, as the fake has it."""

from yr_fake_ds.shim.yr.datasystem.util import *
