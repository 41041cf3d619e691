"""Signatures of the bindings behind `KVClient`, read off openyuanrong-datasystem 0.8.1."""

from functools import partial
from typing import Final

from yr_fake_ds.sdk.binding_arguments import (
    BOOL,
    BUFFER,
    BUFFERS,
    INT32,
    PREFIX,
    SIZES,
    TEXT,
    TEXTS,
    UINT32,
    UINT64,
    Signature,
    instance_of,
    list_of,
)
from yr_fake_ds.sdk.binding_enums import ExistenceOpt, WriteMode
from yr_fake_ds.sdk.shared_buffers import StateValueBuffer

MODE: Final = instance_of("datasystem::WriteMode", WriteMode)
OPTION: Final = instance_of(f"{PREFIX}ExistenceOpt", ExistenceOpt)
# A pointer argument of the bindings accepts None.
STATE_VALUE_BUFFERS: Final = list_of(
    instance_of("datasystem::StateValueBuffer", StateValueBuffer, type(None))
)

_function = partial(Signature, owner="KVClient")
_KEYS_RESULT: Final = "Tuple[datasystem::Status, List[str]]"
_LIST_RESULT: Final = "Tuple[datasystem::Status, list]"

INIT: Final = Signature(
    "__init__",
    (TEXT, INT32, INT32, *[TEXT] * 7, BOOL, INT32, BOOL, UINT64),
    owner="KVClient",
    incompatible="constructor",
)
SET: Final = _function("Set", (TEXT, BUFFER, MODE, UINT32))
SET_VALUE: Final = _function("SetValue", (BUFFER, MODE, UINT32), "str")
MCREATE: Final = _function("MCreate", (TEXTS, SIZES, MODE, UINT32), _LIST_RESULT)
MSET_BUFFER: Final = _function("MSetBuffer", (STATE_VALUE_BUFFERS,))
MGET_BUFFER: Final = _function("MGetBuffer", (TEXTS, UINT32), _LIST_RESULT)
MSET: Final = _function("MSet", (TEXTS, BUFFERS, MODE, UINT32, OPTION), _KEYS_RESULT)
MSET_TX: Final = _function("MSetTx", (TEXTS, BUFFERS, MODE, UINT32, OPTION))
GET: Final = _function("Get", (TEXTS, UINT32), _LIST_RESULT)
GET_READ_ONLY_BUFFERS: Final = _function("GetReadOnlyBuffers", (TEXTS, UINT32), _LIST_RESULT)
DEL: Final = _function("Del", (TEXTS,), _KEYS_RESULT)
GENERATE_KEY: Final = _function("generate_key", (TEXT,), "Tuple[datasystem::Status, str]")
EXIST: Final = _function("exist", (TEXTS,), "Tuple[datasystem::Status, List[bool]]")
EXPIRE: Final = _function("expire", (TEXTS, UINT32), _KEYS_RESULT)
