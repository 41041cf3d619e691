"""`KVClient` against a fake worker."""

from collections.abc import Callable

import pytest

from yr_fake_ds import KVClient, WriteMode
from yr_fake_ds.sdk.enums import ExistenceOpt
from yr_fake_ds.sdk.parameters import ReadParam

Key = Callable[[], str]
BIG = 700 * 1024
NX = ExistenceOpt.NX


@pytest.mark.parametrize("size", [1, 100, BIG])
def test_a_value_comes_back(kv: KVClient, key: Key, size: int) -> None:
    """`set` then `get` gives equal bytes, below and above the shared memory threshold."""
    name = key()
    kv.set(name, b"v" * size)

    assert kv.get([name]) == [b"v" * size]


def test_text_comes_back_as_text(kv: KVClient, key: Key) -> None:
    """Text is stored as utf-8 and decoded on request."""
    name = key()
    kv.set(name, "é")

    assert kv.get([name], convert_to_str=True) == ["é"]


def test_a_missing_key_is_none_beside_a_present_one(kv: KVClient, key: Key) -> None:
    """Only if all are missing the call raises."""
    present, missing = key(), key()
    kv.set(present, b"1")

    assert kv.get([missing, present]) == [None, b"1"]
    with pytest.raises(RuntimeError, match=r"code: \[Key not found\].*Cannot get objects"):
        kv.get([missing])


def test_bytes_are_keys_too(kv: KVClient, key: Key) -> None:
    """Inside a list the bindings take utf-8 bytes for a key."""
    name = key()
    kv.mset([name.encode()], [b"1"])

    assert kv.exist([name]) == [True]


@pytest.mark.parametrize("size", [10, BIG])
def test_a_created_value_exists_when_published(kv: KVClient, key: Key, size: int) -> None:
    """`mcreate` alone is invisible."""
    name = key()
    buffers = kv.mcreate([name], [size])
    buffers[0].MutableData()[:] = b"m" * size

    assert kv.exist([name]) == [False]
    kv.mset_buffer(buffers)
    assert kv.get([name]) == [b"m" * size]


def test_a_created_buffer_is_aligned_and_writable(kv: KVClient, key: Key) -> None:
    """`MutableData` is 64-byte aligned, one-dimensional bytes."""
    numpy = pytest.importorskip("numpy")
    for size in (10, BIG):
        view = kv.mcreate([key()], [size])[0].MutableData()

        assert (view.format, view.readonly, view.nbytes) == ("B", False, size)
        assert numpy.frombuffer(view, "u1").ctypes.data % 64 == 0


def test_buffers_of_one_value_share_memory(kv: KVClient, key: Key) -> None:
    """Two `get_buffers` of a key show the same address."""
    numpy = pytest.importorskip("numpy")
    name = key()
    kv.set(name, b"shared" * 100)

    first, second = (kv.get_buffers([name])[0] for _index in range(2))

    addresses = {numpy.frombuffer(part, "u1").ctypes.data for part in (first, second)}
    assert len(addresses) == 1


def test_a_held_buffer_outlives_its_key(kv: KVClient, key: Key) -> None:
    """Overwrite and delete leave the bytes of a held buffer alone."""
    name = key()
    kv.set(name, b"old" * 300000)
    view = memoryview(kv.get_buffers([name])[0])

    kv.set(name, b"new" * 300000)
    kv.delete([name])
    kv.set(key(), b"XXX" * 300000)

    assert bytes(view) == b"old" * 300000


def test_a_buffer_has_a_size_but_no_length(kv: KVClient, key: Key) -> None:
    """`GetSize` answers, ``len()`` does not."""
    name = key()
    kv.set(name, b"12345")
    buffer = kv.get_buffers([name])[0]

    assert buffer is not None
    assert buffer.GetSize() == 5
    assert not hasattr(buffer, "__len__")


def test_read_takes_parts(kv: KVClient, key: Key) -> None:
    """Offsets skip, sizes are cut at the end, 0 means up to there."""
    name, missing = key(), key()
    kv.set(name, b"0123456789")

    parts = kv.read([ReadParam(name, 8, 100), ReadParam(missing, 0, 1)])

    assert bytes(parts[0].immutable_data()) == b"89"
    assert parts[1] is None
    whole = kv.read([ReadParam(name, 7, 0)])[0]
    assert bytes(whole.immutable_data()) == b"789"


def test_reading_behind_the_end_is_out_of_range(kv: KVClient, key: Key) -> None:
    """An offset at the end is refused with the value's size."""
    name = key()
    kv.set(name, b"0123456789")

    with pytest.raises(RuntimeError, match=r"Out of range.*Read offset 10 out of range \[0, 10\)"):
        kv.read([ReadParam(name, 10, 1)])


def test_mset_returns_repeated_keys(kv: KVClient, key: Key) -> None:
    """The first value of a repeated key wins."""
    name = key()

    assert kv.mset([name, name, name], [b"1", b"2", b"3"]) == [name, name]
    assert kv.get([name]) == [b"1"]


def test_msettx_stores_all_or_nothing(kv: KVClient, key: Key) -> None:
    """One existing key refuses the whole call."""
    old, new = key(), key()
    kv.set(old, b"1")

    with pytest.raises(RuntimeError, match=r"Object already exist error.*already exist"):
        kv.msettx([new, old], [b"2", b"2"], existence_opt=NX)

    assert kv.exist([new, old]) == [False, True]


def test_deleting_twice_succeeds(kv: KVClient, key: Key) -> None:
    """A missing key is no failed key."""
    name = key()
    kv.set(name, b"1")

    assert kv.delete([name]) == []
    assert kv.delete([name]) == []


def test_expire_reports_missing_keys(kv: KVClient, key: Key) -> None:
    """Some missing: their names, once each; all missing: an error."""
    present, missing = key(), key()
    kv.set(present, b"1")

    assert kv.expire([missing, present, missing], 100) == [missing]
    with pytest.raises(RuntimeError, match="Some object can not be found in metaTable_"):
        kv.expire([missing], 100)


def test_write_paths_do_not_mix(kv: KVClient, key: Key) -> None:
    """A key made by `set` refuses `mset_buffer`, one made by `mcreate` refuses `set`."""
    plain, shared = key(), key()
    kv.set(plain, b"1")
    kv.mset_buffer(kv.mcreate([shared], [1]))

    with pytest.raises(RuntimeError, match="Inconsistency in publish or set cache"):
        kv.mset_buffer(kv.mcreate([plain], [1]))
    with pytest.raises(RuntimeError, match="cannot be modified"):
        kv.set(shared, b"1")


def test_a_mode_without_its_cache_is_refused(kv: KVClient, key: Key) -> None:
    """There is no L2 cache, and the text of the retried call says how often it was tried."""
    with pytest.raises(RuntimeError, match=r"(?s)L2_cache_type is set to none.*RPC Retry"):
        kv.set(key(), b"1", WriteMode.WRITE_THROUGH_L2_CACHE)


def test_generated_keys_name_their_worker(kv: KVClient) -> None:
    """Prefix or uuid, then the worker's uuid."""
    prefixed, plain = kv.generate_key("p"), kv.generate_key()

    assert prefixed.split(";")[0] == "p"
    assert prefixed.split(";")[1] == plain.split(";")[1]
    assert len(plain) == 73


def test_set_value_returns_a_key_or_nothing(kv: KVClient) -> None:
    """A failure is silent, as measured."""
    name = kv.set_value(b"1")

    assert kv.get([name]) == [b"1"]
    assert kv.delete([name]) == []
    assert kv.set_value(b"") == ""


def test_health_is_a_status(kv: KVClient) -> None:
    """`health_check` returns, it does not raise."""
    status = kv.health_check()

    assert status.is_ok()
    assert status.to_string() == "code: [OK], msg: []"
