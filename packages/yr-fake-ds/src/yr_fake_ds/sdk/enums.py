"""Enumerations of the SDK: the bindings' own, and the public ones that wrap them.

The real SDK has each twice: an enumeration of the C++ bindings and a Python `Enum` whose values are
its members, so ``WriteMode.NONE_L2_CACHE.value`` is again called ``WriteMode.NONE_L2_CACHE``. User
code sees the public ones; `yr.datasystem.lib.libds_client_py` offers the others.
"""

from enum import Enum

from yr_fake_ds.sdk import binding_enums as bindings
from yr_fake_ds.sdk.identity import known_as


@known_as("yr.datasystem.object_client")
class WriteMode(Enum):
    """How a value is kept; without an L2 cache only the two NONE_ modes work."""

    NONE_L2_CACHE = bindings.WriteMode.NONE_L2_CACHE
    WRITE_THROUGH_L2_CACHE = bindings.WriteMode.WRITE_THROUGH_L2_CACHE
    WRITE_BACK_L2_CACHE = bindings.WriteMode.WRITE_BACK_L2_CACHE
    NONE_L2_CACHE_EVICT = bindings.WriteMode.NONE_L2_CACHE_EVICT
    WRITE_BACK_L2_CACHE_EVICT = bindings.WriteMode.WRITE_BACK_L2_CACHE_EVICT


@known_as("yr.datasystem.object_client")
class ConsistencyType(Enum):
    """Consistency of an object: PRAM (mcreate, ObjectClient by default) or CAUSAL (set, mset)."""

    PRAM = bindings.ConsistencyType.PRAM
    CAUSAL = bindings.ConsistencyType.CAUSAL


@known_as("yr.datasystem.object_client")
class CacheType(Enum):
    """Where a value is cached. The spelling MEMEORY is the SDK's."""

    MEMEORY = bindings.CacheType.MEMORY
    DISK = bindings.CacheType.DISK


@known_as("yr.datasystem.kv_client")
class ExistenceOpt(Enum):
    """NX sets only keys that do not exist; only `KVClient.msettx` supports it."""

    NONE = bindings.ExistenceOpt.NONE
    NX = bindings.ExistenceOpt.NX


@known_as("yr.datasystem.stream_client")
class SubconfigType(Enum):
    """Kinds of stream subscription; streams themselves are not part of the fake."""

    STREAM = 0
    ROUND_ROBIN = 1
    KEY_PARTITIONS = 2
