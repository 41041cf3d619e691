"""Error texts of device calls, in the form of the table in `texts`.

All were measured on openyuanrong-datasystem 0.8.1 with emulated NPUs, except where a row says so.
"""

from typing import Final

from yr_fake_ds.texts import INVALID, NOT_FOUND, RUNTIME_ERROR, TRY_AGAIN, Text

ACL_ERROR: Final = "Acl api error"
FUTURE_TIMEOUT: Final = "The future is timeout"

_CLIENT: Final = "object_client_impl.cpp"
_SUBSCRIBE: Final = "p2p_subscribe.cpp"
_MASTER: Final = "master_dev_oc_directory.cpp"

# Raised in the client.
NO_DEVICE_MANAGER: Final = Text(
    RUNTIME_ERROR,
    "No device manager available. Enable heterogeneous support or use the mock test path.",
)
ABNORMAL_DEVICE: Final = Text(
    INVALID,
    "Got Error/ABNORMAL device, deviceId: {device}. Detail: acl api failed with error code {code},"
    " deviceStatus: {status}",
    _CLIENT,
    1210,
)
OTHER_DEVICE: Final = Text(
    RUNTIME_ERROR,
    "The input deviceIdx({given}) is not the same as the deviceIdx which client used({current}).",
    "client_device_object_manager.cpp",
    108,
)
NO_CONTEXT: Final = Text(
    INVALID,
    "May not create context or set device in this thread. Detail: acl api failed with error code"
    " 107002",
    "acl_device_manager.cpp",
    277,
)
ACL_FAILED: Final = Text(
    ACL_ERROR, "acl api failed with error code {code}. {detail}", "acl_device_manager.cpp", 39
)
LOCAL_COPY_FAILED: Final = Text(
    ACL_ERROR,
    "ACL api failed with error code 107000, please refer to ACL documentation for detailed error"
    " information. ",
    "acl_device_manager.cpp",
    311,
)
SET_LENGTHS: Final = Text(
    INVALID,
    "The size of objKeys({keys}) and devBlobList({lists}) does not match",
    _CLIENT,
    1624,
)
DEV_SET_LENGTHS: Final = Text(
    INVALID, "The size of keys and devBlobList does not match", _CLIENT, 3785
)
DEV_GET_LENGTHS: Final = Text(
    INVALID, "The size of objectKeys and blob2dList does not match", _CLIENT, 3808
)
SEND_LENGTHS: Final = Text(
    INVALID, "The size of objectKeys and devBlobList does not match", _CLIENT, 3695
)
NO_BLOB: Final = Text(
    INVALID,
    "DeviceBlobList.blobs array cannot be empty. Please ensure at least one blob is provided for"
    " processing.",
    _CLIENT,
    3760,
)
BLOB_SIZE_ZERO: Final = Text(INVALID, "The size value should be bigger than zero.", _CLIENT, 3765)
HOST_BLOB_COUNT: Final = Text(
    INVALID,
    "Blobs count mismatch in devBlobList between sender and receiver, sender count is: {sender},"
    " receiver count is: {receiver}, mismatch devBlobList index: {index}, mismatch key index:"
    " {index}",
    "device_batch_copy_helper.h",
    82,
)
HOST_BLOB_SIZE: Final = Text(
    RUNTIME_ERROR,
    "The data size of device and host is not equal.",
    "device_batch_copy_helper.h",
    102,
)
BLOB_COUNT: Final = Text(
    INVALID,
    "The number of data blobs corresponding to the same key is inconsistent between sender and"
    " receiver, src size is: {source}, dst size is: {target}",
    _SUBSCRIBE,
    690,
)
DATA_RANGE: Final = Text(
    INVALID,
    "The requested data range of receiver exceeds the available data of sender. Available data"
    " size: {available}, Requested: offset={offset}, size={size}, end={end}",
    _SUBSCRIBE,
    640,
)
SAME_NPU: Final = Text(
    RUNTIME_ERROR,
    "Comm is nullptr, create communication domain failed. Detail:code: [Acl api error], msg: [HCCL"
    " api failed with error code 1: sender and receiver are both on NPU {device}]",
)
OBJECTS_NOT_FOUND: Final = Text(NOT_FOUND, "can't find objects")
TRANSFER_TIMEOUT: Final = Text(FUTURE_TIMEOUT, "can't find objects")
FUTURE_PENDING: Final = Text(
    FUTURE_TIMEOUT,
    "The future with objectKey: {key} get is timeout ({timeout_ms} ms), still waiting for promise"
    " setting value, please try again.",
    "device_future.cpp",
    90,
)
TASK_PENDING: Final = "Future get timeout, timeoutMs: {timeout_ms}"
LAYER_SHAPE: Final = Text(
    INVALID, "LayerTensorShape out of expected range 2-4", "page_attn_utils.cpp", 44
)
LAYER_SHAPE_EMPTY: Final = Text(INVALID, "The tensor shape is empty", "page_attn_utils.cpp", 40)
NO_L2_FOR_DEVICES: Final = Text(
    INVALID, "not support L2 CACHE write mode,current writeMode is {mode}", _CLIENT, 1629
)
FUTURE_ABANDONED: Final = Text(RUNTIME_ERROR, "StatusPromise destruct without set value")
NO_DEVICE_MEMORY: Final = Text(
    ACL_ERROR, "The sender's blob at {address:#x} is no device memory that others may open"
)

# Raised in the worker.
INCONSISTENT: Final = Text(
    RUNTIME_ERROR,
    "The ID already exists, and the data to be deposited is inconsistent with the existing.ID:"
    "{key}",
    _SUBSCRIBE,
    560,
)
NOT_THE_OWNER: Final = Text(
    INVALID,
    "The objectKey {key} already exists,and does not belong to the client, Delete it and try again"
    " or using a new object key to put.",
    _MASTER,
    45,
)
IN_USE: Final = Text(TRY_AGAIN, "The object {key} is being transferred", _MASTER, 215)
