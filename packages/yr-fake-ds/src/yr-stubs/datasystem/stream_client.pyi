"""`yr.datasystem.stream_client`, as the fake has it."""

from yr_fake_ds.shim.yr.datasystem.stream_client import *
