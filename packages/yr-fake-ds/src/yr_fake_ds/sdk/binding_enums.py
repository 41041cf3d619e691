"""Enumerations as the SDK's C++ bindings show them (`yr.datasystem.lib.libds_client_py`).

Values were read off openyuanrong-datasystem 0.8.1. Members convert with ``int()`` but, as there,
do not compare equal to an ``int``.
"""

from enum import Enum

from yr_fake_ds.sdk.identity import BINDINGS, known_as


class BindingEnum(Enum):
    """An enumeration whose members convert to their number."""

    def __int__(self) -> int:
        number: int = self.value
        return number

    __index__ = __int__


@known_as(BINDINGS)
class WriteMode(BindingEnum):
    """Modes of writing."""

    NONE_L2_CACHE = 0
    WRITE_THROUGH_L2_CACHE = 1
    WRITE_BACK_L2_CACHE = 2
    NONE_L2_CACHE_EVICT = 3
    WRITE_BACK_L2_CACHE_EVICT = 4


@known_as(BINDINGS)
class ConsistencyType(BindingEnum):
    """Kinds of consistency."""

    PRAM = 0
    CAUSAL = 1


@known_as(BINDINGS)
class CacheType(BindingEnum):
    """Places of a cached value."""

    MEMORY = 0
    DISK = 1


@known_as(BINDINGS)
class ExistenceOpt(BindingEnum):
    """Conditions of a set."""

    NONE = 0
    NX = 1


@known_as(BINDINGS)
class LifetimeType(BindingEnum):
    """Lifetimes of a device object."""

    REFERENCE = 0
    MOVE = 1


@known_as(BINDINGS)
class DataType(BindingEnum):
    """Element types of device data."""

    DATA_TYPE_INT8 = 0
    DATA_TYPE_INT16 = 1
    DATA_TYPE_INT32 = 2
    DATA_TYPE_FP16 = 3
    DATA_TYPE_FP32 = 4
    DATA_TYPE_INT64 = 5
    DATA_TYPE_UINT64 = 6
    DATA_TYPE_UINT8 = 7
    DATA_TYPE_UINT16 = 8
    DATA_TYPE_UINT32 = 9
    DATA_TYPE_FP64 = 10
    DATA_TYPE_BFP16 = 11
    DATA_TYPE_RESERVED = 12
