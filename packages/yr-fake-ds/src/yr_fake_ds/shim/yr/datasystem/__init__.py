"""`yr.datasystem`, provided by yr-fake-ds: found here because the shim root is on the path."""

import os
import sys
from typing import TYPE_CHECKING

try:
    import yr_fake_ds as _fake
except ModuleNotFoundError:
    # A child may run another interpreter than the one that activated the fake.
    sys.path.append(os.path.abspath(os.path.join(os.path.dirname(__file__), *[os.pardir] * 4)))
    import yr_fake_ds as _fake

from yr.datasystem import (
    ds_client,
    hetero_client,
    kv_client,
    object_client,
    stream_client,
    util,
)
from yr.datasystem.ds_client import DsClient
from yr.datasystem.hetero_client import Blob, DeviceBlobList, Future, HeteroClient, MetaInfo
from yr.datasystem.kv_client import KVClient
from yr.datasystem.lib.libds_client_py import FutureTimeoutException
from yr.datasystem.object_client import Buffer, ConsistencyType, ObjectClient, WriteMode
from yr.datasystem.stream_client import StreamClient, SubconfigType
from yr.datasystem.util import Context, Status

from yr_fake_ds.sdk.exports import LAZY_NAMES

if TYPE_CHECKING:
    from yr.datasystem.ds_tensor_client import CopyRange, DsTensorClient

    from yr_fake_ds.sdk.transfer_engine import ErrorCode, Result, TransferEngine

__all__ = [
    "Blob",
    "Buffer",
    "ConsistencyType",
    "Context",
    "CopyRange",
    "DeviceBlobList",
    "DsClient",
    "DsTensorClient",
    "ErrorCode",
    "Future",
    "FutureTimeoutException",
    "HeteroClient",
    "KVClient",
    "MetaInfo",
    "ObjectClient",
    "Result",
    "Status",
    "StreamClient",
    "SubconfigType",
    "TransferEngine",
    "WriteMode",
    "ds_client",
    "hetero_client",
    "kv_client",
    "object_client",
    "stream_client",
    "util",
]


def __getattr__(name: str) -> object:
    if name in LAZY_NAMES:
        return getattr(_fake, name)
    raise AttributeError(f"module {__name__} has no attribute {name}")
