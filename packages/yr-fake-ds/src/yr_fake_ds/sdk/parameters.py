"""Parameter records of the SDK: `ReadParam` of `KVClient.read`, `SetParam` of `mset_d2h`."""

from typing import NamedTuple

from yr_fake_ds.sdk.enums import CacheType, ExistenceOpt, WriteMode
from yr_fake_ds.sdk.identity import known_as


@known_as("yr.datasystem.kv_client")
class ReadParam(NamedTuple):
    """A part of a value: skip `offset` bytes, take `size`; 0 means up to the end."""

    key: str
    offset: int
    size: int


@known_as("yr.datasystem.kv_client")
class SetParam:
    """How `HeteroClient.mset_d2h` stores a value; attributes are set after construction."""

    write_mode: WriteMode
    ttl_second: int
    existence: ExistenceOpt
    cache_type: CacheType

    def __init__(self) -> None:
        self.write_mode = WriteMode.NONE_L2_CACHE
        self.ttl_second = 0
        self.existence = ExistenceOpt.NONE
        self.cache_type = CacheType.MEMEORY
