"""`yr.datasystem.kv_client`, provided by yr-fake-ds."""

from yr.datasystem.lib import libds_client_py as ds

from yr_fake_ds.sdk.enums import CacheType, ExistenceOpt, WriteMode
from yr_fake_ds.sdk.kv_client import (
    DEFAULT_FAST_TRANSPORT_MEM_SIZE,
    MAX_FAST_TRANSPORT_MEM_SIZE,
    KVClient,
)
from yr_fake_ds.sdk.parameters import ReadParam, SetParam
from yr_fake_ds.sdk.read_only_buffer import ReadOnlyBuffer
from yr_fake_ds.sdk.validator import Validator as validator  # noqa: N813 - the SDK's name

__all__ = [
    "DEFAULT_FAST_TRANSPORT_MEM_SIZE",
    "MAX_FAST_TRANSPORT_MEM_SIZE",
    "CacheType",
    "ExistenceOpt",
    "KVClient",
    "ReadOnlyBuffer",
    "ReadParam",
    "SetParam",
    "WriteMode",
    "ds",
    "validator",
]
