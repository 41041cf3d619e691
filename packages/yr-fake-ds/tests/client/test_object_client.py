"""`ObjectClient` against a fake worker."""

from collections.abc import Callable

import pytest
from worker_fixture import FakeWorker

from yr_fake_ds import KVClient, ObjectClient
from yr_fake_ds.sdk.enums import ConsistencyType

Key = Callable[[], str]
BIG = 700 * 1024


def _content(client: ObjectClient, name: str) -> bytes:
    buffer = client.get([name], 0)[0]
    assert buffer is not None
    return bytes(buffer.immutable_data())


@pytest.mark.parametrize("size", [16, BIG])
def test_a_published_buffer_is_an_object(objects: ObjectClient, key: Key, size: int) -> None:
    """`create`, write, `publish`, then `get`."""
    name = key()
    buffer = objects.create(name, size)
    buffer.memory_copy(b"x" * size)

    with pytest.raises(RuntimeError, match="Key not found"):
        objects.get([name], 0)
    buffer.publish()

    assert _content(objects, name) == b"x" * size
    assert buffer.get_size() == size


def test_a_sealed_object_is_final(objects: ObjectClient, key: Key) -> None:
    """After `seal` neither this buffer nor anybody else publishes."""
    name = key()
    buffer = objects.create(name, 4)
    buffer.memory_copy(b"done")
    buffer.seal()

    for again in (buffer.seal, buffer.publish):
        with pytest.raises(RuntimeError, match="Client object is already sealed"):
            again()
    with pytest.raises(RuntimeError, match=r"Object already sealed error.*already be sealed"):
        objects.put(name, b"new")


def test_a_copy_must_fit(objects: ObjectClient, key: Key) -> None:
    """Nothing and too much are refused; less is copied to the beginning."""
    buffer = objects.create(key(), 4)

    for wrong in (b"", b"12345"):
        with pytest.raises(RuntimeError, match="Data length must be in"):
            buffer.memory_copy(wrong)
    buffer.memory_copy(b"ab")

    assert bytes(buffer.immutable_data()) == b"ab\0\0"


@pytest.mark.parametrize("size", [16, BIG])
def test_a_write_latch_excludes(objects: ObjectClient, key: Key, size: int) -> None:
    """A second write latch times out, an unlatched buffer is free."""
    buffer = objects.create(key(), size)
    buffer.wlatch(1)

    with pytest.raises(RuntimeError, match=r"Runtime error.*futex wait timeout.*WLatch timeout"):
        buffer.wlatch(1)
    buffer.unwlatch()
    buffer.rlatch(1)
    buffer.rlatch(1)


def test_references_decide_about_life(objects: ObjectClient, key: Key) -> None:
    """A client counts once in the cluster; the last decrease deletes the object."""
    name = key()
    objects.g_increase_ref([name])
    objects.put(name, b"1")

    assert objects.query_global_ref_num(name) == 1
    assert objects.g_decrease_ref([name]) == []
    assert objects.query_global_ref_num(name) == 0
    with pytest.raises(RuntimeError, match="Key not found"):
        objects.get([name], 0)


def test_consistency_cannot_change(objects: ObjectClient, key: Key) -> None:
    """A second put with another consistency is refused."""
    name = key()
    objects.put(name, b"1")

    with pytest.raises(RuntimeError, match="cannot be modified"):
        objects.put(name, b"2", {"consistency_type": ConsistencyType.CAUSAL})


def test_an_invalidated_object_is_gone(objects: ObjectClient, key: Key) -> None:
    """`invalidate_buffer` drops the value; an unpublished buffer has none."""
    name = key()
    objects.put(name, b"1")
    objects.get([name], 0)[0].invalidate_buffer()

    with pytest.raises(RuntimeError, match="Key not found"):
        objects.get([name], 0)
    with pytest.raises(RuntimeError, match="Object does not exist"):
        objects.create(key(), 8).invalidate_buffer()


def test_kv_clients_see_objects(objects: ObjectClient, kv: KVClient, key: Key) -> None:
    """Objects and values live under the same keys."""
    name = key()
    objects.put(name, b"seen")

    assert kv.get([name]) == [b"seen"]


@pytest.mark.parametrize(
    ("param", "text"),
    [(1, "param has invalid type"), ({}, "does not exist"), ({"consistency_type": 1}, "consist")],
)
def test_a_bad_parameter_is_a_type_error(objects: ObjectClient, param: object, text: str) -> None:
    """The dictionary of parameters is checked first."""
    with pytest.raises(TypeError, match=text):
        objects.create("k", 1, param)


def test_create_without_a_size_names_its_own_line(
    objects: ObjectClient, key: Callable[[], str]
) -> None:
    """The line of the sources is that of `create`, not that of `set` (0.8.1)."""
    with pytest.raises(RuntimeError, match=r"bigger than zero\.\nLine of code : 1686\n"):
        objects.create(key(), 0)


def test_a_tenant_hears_its_own_names(worker: FakeWorker, key: Callable[[], str]) -> None:
    """What `delete` and `mset` could not do they name as the tenant did (0.8.1)."""
    objects = ObjectClient("127.0.0.1", worker.port, 3000, tenant_id="red")
    values = KVClient("127.0.0.1", worker.port, 3000, tenant_id="red")
    objects.init()
    values.init()
    kept, gone = key(), key()
    objects.g_increase_ref([kept])

    failed = (values.delete([gone, kept]), values.mset([gone, gone], [b"x", b"y"]))

    objects.g_decrease_ref([kept])
    values.delete([gone])
    assert failed == ([kept], [gone])
