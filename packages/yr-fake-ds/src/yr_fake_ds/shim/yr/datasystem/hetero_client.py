"""`yr.datasystem.hetero_client`, provided by yr-fake-ds."""

from yr.datasystem.lib import libds_client_py as ds

from yr_fake_ds.sdk.device_blobs import Blob, DeviceBlobList, MetaInfo
from yr_fake_ds.sdk.futures import Future
from yr_fake_ds.sdk.hetero_client import HeteroClient
from yr_fake_ds.sdk.parameters import SetParam
from yr_fake_ds.sdk.validator import Validator as validator  # noqa: N813 - the SDK's name

__all__ = [
    "Blob",
    "DeviceBlobList",
    "Future",
    "HeteroClient",
    "MetaInfo",
    "SetParam",
    "ds",
    "validator",
]
