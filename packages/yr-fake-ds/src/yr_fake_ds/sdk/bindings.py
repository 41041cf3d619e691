"""Names of the SDK's C++ bindings, as `yr.datasystem.lib.libds_client_py` offers them.

Enumerations, records and buffers are real classes; the bindings' clients are refused, their Python
wrappers are what to use.
"""

from typing import Any

from yr_fake_ds.client import trace
from yr_fake_ds.errors import NotSupportedError, StatusError
from yr_fake_ds.sdk import page_attention
from yr_fake_ds.sdk.binding_arguments import TEXT, Signature, as_text
from yr_fake_ds.sdk.binding_blobs import Blob, DeviceBlobList, ReadParam
from yr_fake_ds.sdk.binding_enums import (
    CacheType,
    ConsistencyType,
    DataType,
    ExistenceOpt,
    LifetimeType,
    WriteMode,
)
from yr_fake_ds.sdk.futures import FutureTimeoutException
from yr_fake_ds.sdk.identity import BINDINGS, known_as
from yr_fake_ds.sdk.page_attention import Tensor
from yr_fake_ds.sdk.shared_buffers import ReadOnlyMemoryViewBuffer, StateValueBuffer
from yr_fake_ds.sdk.status import BindingStatus as Status

__all__ = [
    "CAUSAL",
    "DISK",
    "MEMORY",
    "MOVE",
    "NONE",
    "NONE_L2_CACHE",
    "NONE_L2_CACHE_EVICT",
    "NX",
    "PRAM",
    "REFERENCE",
    "WRITE_BACK_L2_CACHE",
    "WRITE_BACK_L2_CACHE_EVICT",
    "WRITE_THROUGH_L2_CACHE",
    "Blob",
    "CacheType",
    "ConsistencyType",
    "Context",
    "DataType",
    "DeviceBlobList",
    "ExistenceOpt",
    "FutureTimeoutException",
    "LifetimeType",
    "PageAttnUtils",
    "ReadOnlyMemoryViewBuffer",
    "ReadParam",
    "SetParam",
    "StateValueBuffer",
    "Status",
    "Tensor",
    "WriteMode",
]

REFUSED = (
    "AsyncResultFuture",
    "Buffer",
    "Consumer",
    "Element",
    "Future",
    "HeteroClient",
    "KVClient",
    "MetaInfo",
    "ObjectClient",
    "Producer",
    "ReadOnlyBuffer",
    "StreamClient",
)

PRAM, CAUSAL = ConsistencyType
MEMORY, DISK = CacheType
NONE, NX = ExistenceOpt
REFERENCE, MOVE = LifetimeType
NONE_L2_CACHE = WriteMode.NONE_L2_CACHE
WRITE_THROUGH_L2_CACHE = WriteMode.WRITE_THROUGH_L2_CACHE
WRITE_BACK_L2_CACHE = WriteMode.WRITE_BACK_L2_CACHE
NONE_L2_CACHE_EVICT = WriteMode.NONE_L2_CACHE_EVICT
WRITE_BACK_L2_CACHE_EVICT = WriteMode.WRITE_BACK_L2_CACHE_EVICT


@known_as(BINDINGS)
class Context:
    """Settings of the calling thread; returns statuses instead of raising."""

    _SET_TRACE_ID = Signature("set_trace_id", (TEXT,))

    @staticmethod
    def set_trace_id(trace_id: str, /) -> Status:
        """Prefix the trace ids of this thread's calls."""
        Context._SET_TRACE_ID.check(None, trace_id)
        try:
            trace.set_prefix(as_text(trace_id))
        except StatusError as error:
            return Status(error.status, error.message)
        return Status()


@known_as(BINDINGS)
class PageAttnUtils(page_attention.PageAttnUtils):
    """The same calls as those of `yr.datasystem.ds_tensor_client`."""


@known_as(BINDINGS)
class SetParam:
    """How a value is stored, in the bindings' own enumerations."""

    def __init__(self) -> None:
        self.write_mode = WriteMode.NONE_L2_CACHE
        self.ttl_second = 0
        self.existence = ExistenceOpt.NONE
        self.cache_type = CacheType.MEMORY


def __getattr__(name: str) -> Any:
    if name in REFUSED:
        reason = "it is an inner part of the SDK, use the classes of yr.datasystem"
        raise NotSupportedError(f"libds_client_py.{name}", reason)
    if name.startswith("DATA_TYPE_") and name in DataType.__members__:
        return DataType[name]
    raise AttributeError(f"module {__name__} has no attribute {name}")
