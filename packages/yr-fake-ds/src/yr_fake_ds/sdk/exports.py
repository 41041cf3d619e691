"""Which public name of `yr.datasystem` lives in which module of this package."""

from typing import Final

_SDK: Final = "yr_fake_ds.sdk"

PUBLIC_NAMES: Final = {
    "Buffer": f"{_SDK}.object_buffer",
    "ConsistencyType": f"{_SDK}.enums",
    "DsClient": f"{_SDK}.ds_client",
    "HeteroClient": f"{_SDK}.hetero_client",
    "ObjectClient": f"{_SDK}.object_client",
    "KVClient": f"{_SDK}.kv_client",
    "Status": f"{_SDK}.status",
    "StreamClient": f"{_SDK}.stream_client",
    "SubconfigType": f"{_SDK}.enums",
    "WriteMode": f"{_SDK}.enums",
    "Context": f"{_SDK}.context",
    "FutureTimeoutException": f"{_SDK}.futures",
    "Blob": f"{_SDK}.device_blobs",
    "DeviceBlobList": f"{_SDK}.device_blobs",
    "DsTensorClient": f"{_SDK}.ds_tensor_client",
    "CopyRange": f"{_SDK}.ds_tensor_client",
    "MetaInfo": f"{_SDK}.device_blobs",
    "Future": f"{_SDK}.futures",
    "TransferEngine": f"{_SDK}.transfer_engine",
    "Result": f"{_SDK}.transfer_engine",
    "ErrorCode": f"{_SDK}.transfer_engine",
}

LAZY_NAMES: Final = ("DsTensorClient", "CopyRange", "TransferEngine", "Result", "ErrorCode")
"""Names that `yr.datasystem` looks up on first use: they need torch, or few programs use them."""
