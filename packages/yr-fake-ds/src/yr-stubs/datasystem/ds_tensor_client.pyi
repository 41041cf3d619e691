"""`yr.datasystem.ds_tensor_client`, as the fake has it."""

from yr_fake_ds.shim.yr.datasystem.ds_tensor_client import *
