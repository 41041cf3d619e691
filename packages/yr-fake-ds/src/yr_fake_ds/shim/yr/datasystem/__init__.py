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

from yr_fake_ds.profile import active as _active_profile
from yr_fake_ds.sdk import newer_names as _newer
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


_NAMES = _active_profile().public_names
__all__ = [name for name in __all__ if name in _NAMES]
_newer.explain_missing_imports()


def __getattr__(name: str) -> object:
    if name in LAZY_NAMES and name in _NAMES:
        return getattr(_fake, name)
    text = f"module {__name__} has no attribute {name}"
    if name in LAZY_NAMES:
        text += "; optional transfer engine bindings failed to import: No module named "
        text += f"'{__name__}._transfer_engine'"
    if name in _newer.NEWER_MODULE_NAMES:
        text += f": {_newer.newness(name, _newer.NEWER_MODULE_NAMES[name])}"
    raise AttributeError(text)
