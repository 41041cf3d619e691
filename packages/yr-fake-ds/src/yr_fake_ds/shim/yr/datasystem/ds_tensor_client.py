"""`yr.datasystem.ds_tensor_client`, provided by yr-fake-ds; needs torch, as the real one does."""

from yr.datasystem.lib import libds_client_py as ds

from yr_fake_ds.sdk.device_blobs import Blob, DeviceBlobList
from yr_fake_ds.sdk.ds_tensor_client import CopyRange, DsTensorClient
from yr_fake_ds.sdk.enums import WriteMode
from yr_fake_ds.sdk.futures import Future
from yr_fake_ds.sdk.hetero_client import HeteroClient
from yr_fake_ds.sdk.page_attention import PageAttnUtils
from yr_fake_ds.sdk.parameters import SetParam
from yr_fake_ds.sdk.validator import Validator as validator  # noqa: N813 - the SDK's name

__all__ = [
    "Blob",
    "CopyRange",
    "DeviceBlobList",
    "DsTensorClient",
    "Future",
    "HeteroClient",
    "PageAttnUtils",
    "SetParam",
    "WriteMode",
    "ds",
    "validator",
]
