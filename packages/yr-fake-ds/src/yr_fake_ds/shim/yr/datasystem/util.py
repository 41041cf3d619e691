"""`yr.datasystem.util`, provided by yr-fake-ds."""

from yr.datasystem.lib import libds_client_py as ds

from yr_fake_ds.sdk.context import Context
from yr_fake_ds.sdk.status import Status
from yr_fake_ds.sdk.validator import Validator

__all__ = ["Context", "Status", "Validator", "ds"]
