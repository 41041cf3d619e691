"""The one table of error texts of the SDK and its worker, with named placeholders.

Every text is the fixed part of what openyuanrong-datasystem 0.8.1 was measured to say, together
with the status it comes with and, when the real one prints where it was raised, that place. Client
and worker raise from here and from nowhere else:

    KEY_ILLEGAL.message(trace_id, key="a.b", length=3)
        -> "Thread ID 1405… Invalid parameter. The key contains … Line of code : …"      (shape B)
    KEY_NOT_FOUND.message(trace_id)
        -> "Cannot get objects from worker, traceId: …"                                  (shape A)

A status and a message make the exception's text, ``code: [<status>], msg: [<message>]``.
"""

import threading
from typing import Final, NamedTuple

_TAG: Final = "{recv_timeout}"


class Text(NamedTuple):
    """One error text: a status name, a template, and the source place that the real one prints.

    Used by the client process and by the worker process, from any thread; immutable.
    """

    status: str
    template: str
    file: str = ""
    line: int = 0

    def fill(self, **values: object) -> str:
        """Return the fixed text with its placeholders filled and nothing around it."""
        if _TAG in self.template:
            # Texts are known to processes that never need a profile.
            from yr_fake_ds.profile import active

            values["recv_timeout"] = active().recv_timeout_tag
        return self.template.format(**values)

    def message(self, trace_id: str, **values: object) -> str:
        """Return the text as the real one decorates it: shape B if it has a place, else shape A."""
        text = self.fill(**values)
        if not self.file:
            return f"{text}, traceId: {trace_id}"
        place = f"\nLine of code : {self.line}\nFile         : {self.file}\n"
        trace = f"traceId      : {trace_id}" if trace_id else ""
        return f"Thread ID {threading.get_ident()} {self.status}. {text}{place}{trace}"


OK: Final = "OK"
INVALID: Final = "Invalid parameter"
NOT_FOUND: Final = "Key not found"
DUPLICATED: Final = "Key duplicated"
UNKNOWN_ERROR: Final = "Unknown error"
RUNTIME_ERROR: Final = "Runtime error"
OUT_OF_MEMORY: Final = "Out of memory"
NOT_READY: Final = "Not ready"
OUT_OF_RANGE: Final = "Out of range"
NO_SPACE: Final = "No space available"
TRY_AGAIN: Final = "Try again"
SHUTTING_DOWN: Final = "Shutting down"
BUFFER_DEPRECATED: Final = "Buffer deprecated"
RPC_UNAVAILABLE: Final = "RPC unavailable"
RPC_DEADLINE: Final = "RPC deadline exceeded"
SEALED: Final = "Object already sealed error"
ALREADY_EXISTS: Final = "Object already exist error"

KEY_REGEX: Final = r"^[a-zA-Z0-9\-_!@#%\^\*\(\)\+\=\:;]*$"

_CLIENT: Final = "object_client_impl.cpp"
_CLIENT_H: Final = "object_client_impl.h"
_BUFFER: Final = "buffer.cpp"
_API: Final = "client_worker_common_api.cpp"
_PUBLISH: Final = "worker_oc_service_publish_impl.cpp"
_MULTI: Final = "worker_oc_service_multi_publish_impl.cpp"

# Raised in the client, before anything is sent.
NOT_INITIALIZED: Final = Text(NOT_READY, "The client has not been initialized yet", _CLIENT_H, 789)
INIT_FAILED: Final = Text(
    NOT_READY, "The client initialization failed and needs to be reinitialized.", _CLIENT_H, 789
)
NO_ADDRESS: Final = Text(
    INVALID, "ConnectOptions was not configured with a host and port or serviceDiscovery"
)
BAD_ADDRESS: Final = Text(
    INVALID, "Invalid IP address/port. Host {host}, port: {port}", _CLIENT, 489
)
CONNECT_TIMEOUT_TOO_SMALL: Final = Text(
    INVALID,
    "The connectTimeoutMs({timeout_ms}) should be greater than or equal to 500 milliseconds.",
    _API,
    289,
)
REQUEST_TIMEOUT_NEGATIVE: Final = Text(
    INVALID,
    "The requestTimeoutMs({timeout_ms}) should be greater than or equal to 0 milliseconds.",
    _API,
    293,
)
CONNECT_TIMEOUT_NEGATIVE: Final = Text(
    INVALID, "The connection timeout must be a positive integer.", _CLIENT, 368
)
KEYS_EMPTY: Final = Text(INVALID, "The keys are empty", _CLIENT_H, 1015)
FIRST_KEY_EMPTY: Final = Text(INVALID, "keys[0] can not be empty", _CLIENT_H, 1017)
KEYS_SHOULD_NOT_BE_EMPTY: Final = Text(INVALID, "The keys should not be empty.", _CLIENT, 3126)
KEY_SHOULD_NOT_BE_EMPTY: Final = Text(INVALID, "The key should not be empty.", _CLIENT, 3130)
OBJECT_KEY_SHOULD_NOT_BE_EMPTY: Final = Text(
    INVALID, "The objectKey should not be empty.", _CLIENT, 2113
)
OBJECT_KEY_EMPTY: Final = Text(INVALID, "The objectKey is empty", _CLIENT, 1684)
KEY_ILLEGAL: Final = Text(
    INVALID,
    "The key contains illegal char(s), allowed regex format: "
    + KEY_REGEX
    + " or the length of key must be no more than 255. Current key: {key}, length: {length}.",
    _CLIENT,
    2957,
)
SIZE_ZERO: Final = Text(INVALID, "The dataSize value should be bigger than zero.", _CLIENT, 2116)
CREATE_SIZE_ZERO: Final = Text(
    INVALID, "The dataSize value should be bigger than zero.", _CLIENT, 1686
)
KEYS_VALUES_LENGTH: Final = Text(
    INVALID, "The number of key and value is not the same.", _CLIENT, 3127
)
TOO_MANY_OBJECT_KEYS: Final = Text(INVALID, "The objectKeys size exceed {limit}.", _CLIENT, 2287)
TOO_MANY_CREATE_KEYS: Final = Text(INVALID, "The key size cannot exceed {limit}.", _CLIENT, 3308)
TOO_MANY_BUFFERS: Final = Text(INVALID, "The buffer size cannot exceed {limit}.", _CLIENT, 3061)
TOO_MANY_TX_KEYS: Final = Text(
    INVALID, "The maximum size of keys in single operation is {limit}.", _CLIENT, 3161
)
BUFFERS_EMPTY: Final = Text(INVALID, "The buffer list must not be empty.", _CLIENT, 3060)
TX_ONLY_NX: Final = Text(
    INVALID, "The MSetTx only supports set not existence key now.", _CLIENT, 3158
)
TX_DUPLICATE: Final = Text(
    INVALID, "The input parameter contains duplicate key {key}.", _CLIENT, 3170
)
WAIT_OUT_OF_RANGE: Final = Text(
    INVALID,
    "subTimeoutMs {timeout_ms} is out of range, which should be between[0, 2147483647]",
    "client_worker_base_api.cpp",
    318,
)
NESTED_LOOP: Final = Text(
    UNKNOWN_ERROR, "Nested object references cannot be nested in a loop.", _CLIENT, 2117
)
COPY_LENGTH: Final = Text(INVALID, "Data length must be in (0, buffer_size].", _BUFFER, 210)
PUBLISH_SEALED: Final = Text(SEALED, "Client object is already sealed", _BUFFER, 239)
SEAL_SEALED: Final = Text(SEALED, "Client object is already sealed", _BUFFER, 271)
LATCH_SEALED: Final = Text(SEALED, "Client object is already sealed", _BUFFER, 288)
_DESTROYED: Final = "Client already destroyed or Shutdown() invoked, buffer invalidated."
CLIENT_DESTROYED: Final = Text(RUNTIME_ERROR, _DESTROYED, _BUFFER, 362)
COPY_DESTROYED: Final = Text(RUNTIME_ERROR, _DESTROYED, _BUFFER, 201)
PUBLISH_DESTROYED: Final = Text(RUNTIME_ERROR, _DESTROYED, _BUFFER, 234)
SEAL_DESTROYED: Final = Text(RUNTIME_ERROR, _DESTROYED, _BUFFER, 266)
INVALIDATE_DESTROYED: Final = Text(RUNTIME_ERROR, _DESTROYED, _BUFFER, 344)
LATCH_UNPUBLISHED: Final = Text(
    RUNTIME_ERROR, "Buffer publish/seal failed, unable to visit", _BUFFER, 401
)
BUFFER_IS_DEPRECATED: Final = Text(
    BUFFER_DEPRECATED, "The buffer is deprecated, please destruct it!", _BUFFER, 60
)
BUFFER_IS_USELESS: Final = Text(
    RUNTIME_ERROR, "The buffer is useless, please destruct it!", _BUFFER, 369
)
"""What 0.8.0 says instead."""
LATCH_TIMEOUT: Final = Text(RUNTIME_ERROR, "futex wait timeout")
LATCH_SUFFIX: Final = ". WLatch timeout"
"""Behind the text of either latch: it is a writer that is in the way, or wants to be."""
TRACE_ID_LENGTH: Final = Text(
    INVALID, "The length of trace id should less than 36", "context.cpp", 35
)
TRACE_ID_ILLEGAL: Final = Text(
    INVALID,
    "The trace id contains illegal char(s). traceId not match regex "
    r'"^[a-zA-Z0-9\~\.\-\/_!@#%\^\&\*\(\)\+\=\:;]*$"',
    "context.cpp",
    32,
)
NO_RESPONSE: Final = Text(
    RPC_UNAVAILABLE,
    f"{_TAG}Rpc service for client {{client}} has not responded within the allowed time."
    " Detail: no answer within {timeout_ms} ms",
)
DISCONNECTED: Final = Text(RPC_UNAVAILABLE, "Client {client} disconnected from worker.")
FORKED_CLIENT: Final = Text(
    RUNTIME_ERROR,
    "This client was created in process {owner} and inherited by the forked process {current}. "
    "The real client hangs here; create and init() a new client in the child",
)
RETRY_DETAIL: Final = ". RPC Retry detail: [ {statuses} ] with {times} times in {elapsed_ms} ms."

# Raised in the worker.
KEY_NOT_FOUND: Final = Text(NOT_FOUND, "Cannot get objects from worker")
EXPIRE_NOT_FOUND: Final = Text(
    NOT_FOUND,
    "[Expire] Some object can not be found in metaTable_, size: {count}, object: {keys}",
)
OBJECT_DOES_NOT_EXIST: Final = Text(NOT_FOUND, "Object does not exist.", "safe_table.h", 467)
SHM_NOT_FOUND: Final = Text(NOT_FOUND, "Get a not found shm: {shm_id} ", "object_ref_info.cpp", 94)
MSET_TOO_MANY_KEYS: Final = Text(INVALID, "The objectKeys size exceed {limit}", _MULTI, 95)
MSET_NX_UNSUPPORTED: Final = Text(
    RUNTIME_ERROR, "The MSet doesn't support ntx_{existence}", _MULTI, 112
)
TX_PAYLOAD: Final = Text(RUNTIME_ERROR, "Small object doesn't match the payload size")
TX_EXISTS_LOCALLY: Final = Text(ALREADY_EXISTS, "object[{key}] already exists in local worker")
TX_EXISTS: Final = Text(
    ALREADY_EXISTS, "object[{key}] already exist", "oc_metadata_manager.cpp", 628
)
TX_SEALED: Final = Text(SEALED, "already be sealed.", _MULTI, 279)
PUBLISH_DUPLICATE: Final = Text(
    DUPLICATED, "Multi publish with duplicate object key: {keys}", _MULTI, 243
)
PUBLISH_INCONSISTENT: Final = Text(
    INVALID,
    "Inconsistency in publish or set cache whose key already exists in datasystem, please delete"
    " the old cache or keep parameter the same as the old cache, newMeta: (consistency_type,"
    " write_mode, cache_type), {new}; old: {old}",
    "oc_metadata_manager.cpp",
    556,
)
PARAMETERS_FIXED: Final = Text(
    INVALID,
    "The write mode, consistency type or cache type cannot be modified.",
    _PUBLISH,
    77,
)
WORKER_SEALED: Final = Text(SEALED, "already be sealed.", _PUBLISH, 71)
METADATA_SEALED: Final = Text(SEALED, "Already sealed", "oc_metadata_manager.cpp", 564)
CREATE_SEALED: Final = Text(
    SEALED, "Cannot create sealed object.", "worker_oc_service_create_impl.cpp", 99
)
NO_L2_CACHE: Final = Text(
    INVALID,
    "The key is set to WRITE_THROUGH_L2_CACHE, WRITE_BACK_L2_CACHE or WRITE_BACK_L2_CACHE_EVICT,"
    " but L2_cache_type is set to none.",
    "worker_oc_service_crud_common_api.cpp",
    185,
)
READ_OUT_OF_RANGE: Final = Text(
    OUT_OF_RANGE, "Read offset {offset} out of range [0, {size})", "object_kv.h", 117
)
READ_DUPLICATE: Final = Text(
    INVALID,
    "Duplicate offset read for objectKey {key}",
    "worker_request_manager.cpp",
    103,
)
STILL_REFERENCED: Final = Text(RUNTIME_ERROR, "Object global reference count not 0")
SOME_FAILED: Final = Text(RUNTIME_ERROR, "Some objects set failed in worker")
NESTED_MISMATCH: Final = Text(
    RUNTIME_ERROR, "Nested keys not match", "oc_metadata_manager.cpp", 567
)
CREATE_META_MISMATCH: Final = Text(
    RUNTIME_ERROR,
    "CreateMeta failed, objectKey: {key}, status: Runtime error. Nested keys not match",
)
META_NOT_FOUND: Final = Text(NOT_FOUND, "Key not found")
NO_SPACE_IN_ARENA: Final = Text(OUT_OF_MEMORY, "Shared memory no space in arena: {arena}")
OVER_THRESHOLD: Final = Text(
    OUT_OF_MEMORY,
    "Resource allocation has reached the threshold limit."
    "Total allocated {allocated}, required size {required}, threshold size: {threshold}",
    "resource_pool.cpp",
    33,
)
PROTOCOL_VERSION: Final = Text(
    RUNTIME_ERROR,
    "The client speaks version {theirs} of the fake's protocol and the worker version {ours}; "
    "install the same yr-fake-ds for both",
)
STRANGER: Final = Text(
    RUNTIME_ERROR,
    "yr-fake-ds serves only the machine that it runs on, since it checks no identity, and {peer} "
    "is not an address of it; start this worker with {variable}=1 to serve every machine",
)
FAULT_PLAN_WRONG: Final = Text(INVALID, "{reason}")
UNEXPECTED_REQUEST: Final = Text(RUNTIME_ERROR, "The worker does not serve {request} here")
TOO_MANY_CLIENTS: Final = Text(RUNTIME_ERROR, "Client number upper to the limit")
NO_COPY_EXISTS: Final = Text(
    RUNTIME_ERROR, "Fail to get objects from remote worker, no object copy exists."
)
TRY_READ_LATCH: Final = Text(RUNTIME_ERROR, "Try read latch failed", "shm_guard.cpp", 48)
MASTER_UNREACHABLE: Final = Text(
    RPC_UNAVAILABLE,
    f"Create meta to master failed. {_TAG}Rpc service of {{address}} has not responded"
    " within the allowed time.",
)
REMOTE_UNREACHABLE: Final = Text(
    RPC_UNAVAILABLE,
    f"{_TAG}Rpc service of {{address}} has not responded within the allowed time.",
)
REPLICA_NO_SPACE: Final = Text(
    RPC_UNAVAILABLE, "No space for the replica of {keys} in the shared memory of this worker"
)

# Raised by the Python layer of the SDK and by its bindings: the whole text of the exception.
ARGUMENT_TYPE: Final = "The input of {name} has invalid type, valid type: {types}"
ARGUMENT_RANGE: Final = (
    "Invalid {name} size {value} is set, which should be between [{minimum},{maximum}]"
)
ARGUMENTS_NOT_A_LIST: Final = "The input of args should be a list, error type: {found}"
ARGUMENT_NOT_A_LIST: Final = (
    "Each element of the input of args should be a list, error type: {found}"
)
ARGUMENT_TOO_SHORT: Final = (
    "Each element of the input of args should have the length at least 3, which "
    "contains an argument name, the argument value and its expected valid types."
)
PARAM_NOT_A_DICT: Final = "The input of args should be dict, error type: {found}"
PARAM_KEYS_NOT_A_LIST: Final = "The input of keys should be list, error type: {found}"
PARAM_KEY_MISSING: Final = "The key '{key}' of the input param does not exist"
INCOMPATIBLE_ARGUMENTS: Final = (
    "{function}(): incompatible {kind} arguments. The following argument types are supported:\n"
    "    1. {signature}\n\nInvoked with: {arguments}"
)
KEYS_NONE: Final = "The input of keys list should not be empty"
READ_PARAMS_NONE: Final = "The input of read_param list should not be empty"
OBJECT_KEYS_EMPTY: Final = "The input of object_keys list should not be empty"
HETERO_ARGUMENTS_EMPTY: Final = "The input of keys and data_blob_list should not be empty"
HETERO_KEYS_EMPTY: Final = "The input of keys should not be empty"
NESTED_KEYS_TYPE: Final = (
    "The input of nested_object_keys should be a list of strings. There exists error type."
)
BUFFER_NONE: Final = "The buffer is None, please create it first."
VIEW_NONE: Final = "The memory view buffer is none, we fail in rlatch"
STATE_VALUE_BUFFER_TYPE: Final = "The state value buffer is incorrect."
COPY_RANGES_LENGTH: Final = (
    "The length of keys and copy_ranges do not match, keys:{keys}, copy_ranges:{ranges}"
)
NOT_AN_NPU_TENSOR: Final = "{device_type} tensor, not a npu/Ascend tensor"
NOT_CONTIGUOUS: Final = (
    "Tensor memory is not contiguous. Possible solutions:\n"
    "1. Call tensor.contiguous() to create a contiguous copy\n"
    "2. Check if the tensor was created with non-contiguous operations"
    " (e.g. transpose, narrow, expand)\n"
    "3. Verify tensor creation parameters (order='C' for C-contiguous)"
)
NULL_DATA_PTR: Final = (
    "The input tensor has no valid data storage (data_ptr is null). "
    "Please ensure the tensor is properly initialized and not empty."
)
TORCH_MISSING: Final = (
    "DsTensorClient requires either torch or mindspore to be installed. "
    "Please install the required package."
)
PAGE_ATTENTION_BROKEN: Final = (
    "DsTensorClient._page_attn_blockwise_dbls() missing 1 required positional argument: 'device_id'"
)
OTHER_DEVICES: Final = "Tensors not from a same device"
NO_LAYER_TENSOR: Final = "No layer tensor"
NO_BLOCK_ID: Final = "No block id"
