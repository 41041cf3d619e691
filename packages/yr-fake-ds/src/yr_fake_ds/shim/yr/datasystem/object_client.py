"""`yr.datasystem.object_client`, provided by yr-fake-ds."""

from yr.datasystem.lib import libds_client_py as ds

from yr_fake_ds.sdk.enums import CacheType, ConsistencyType, WriteMode
from yr_fake_ds.sdk.object_buffer import Buffer
from yr_fake_ds.sdk.object_client import ObjectClient
from yr_fake_ds.sdk.validator import Validator as validator  # noqa: N813 - the SDK's name

__all__ = [
    "Buffer",
    "CacheType",
    "ConsistencyType",
    "ObjectClient",
    "WriteMode",
    "ds",
    "validator",
]
