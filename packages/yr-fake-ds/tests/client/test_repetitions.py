"""What may be done twice, at the fake alone; `done_twice.txt` has it for both systems."""

import gc
from collections.abc import Callable

import pytest
from worker_fixture import FakeWorker

from yr_fake_ds import KVClient, ObjectClient

Key = Callable[[], str]
BIG = 700 * 1024
SIZES = pytest.mark.parametrize("size", [16, BIG])


def test_no_memory_is_made_for_a_large_sealed_object(
    objects: ObjectClient, kv: KVClient, key: Key
) -> None:
    """Calls of one key and transactions are refused at once, `mcreate` and `mset` are not."""
    name = key()
    objects.create(name, BIG).seal()
    value = b"x" * BIG

    calls: list[Callable[[], object]] = [
        lambda: objects.create(name, BIG),
        lambda: objects.put(name, value),
        lambda: kv.set(name, value),
    ]
    for call in calls:
        with pytest.raises(RuntimeError, match=r"Cannot create sealed object\.\nLine of code : 99"):
            call()
    assert len(kv.mcreate([name], [BIG])) == 1
    with pytest.raises(RuntimeError, match="Some objects set failed in worker"):
        kv.mset([name], [value])
    kv.delete([name])
    objects.create(name, BIG).publish()


@SIZES
def test_an_invalidated_object_is_missed_by_its_reader(
    objects: ObjectClient, kv: KVClient, key: Key, size: int
) -> None:
    """It may be invalidated again and exists, until somebody gets it; then it may be put anew."""
    name = key()
    buffer = objects.create(name, size)
    buffer.publish()

    buffer.invalidate_buffer()
    buffer.invalidate_buffer()

    assert kv.exist([name]) == [True]
    with pytest.raises(RuntimeError, match="Key not found"):
        objects.get([name], 0)
    assert kv.exist([name]) == [False]
    buffer.invalidate_buffer()
    objects.put(name, b"x" * size)
    assert kv.get([name]) == [b"x" * size]


@SIZES
def test_an_invalidated_sealed_object_is_final(
    objects: ObjectClient, kv: KVClient, key: Key, size: int
) -> None:
    """Nobody stores anything under its key until it is deleted."""
    name = key()
    buffer = objects.create(name, size)
    buffer.seal()
    buffer.invalidate_buffer()

    with pytest.raises(RuntimeError, match=r"already be sealed|Cannot create sealed"):
        objects.put(name, b"x" * size)
    with pytest.raises(RuntimeError, match="Key not found"):
        kv.get([name])
    with pytest.raises(RuntimeError, match=r"Already sealed\nLine of code : 564"):
        objects.put(name, b"x" * size)
    kv.delete([name])
    objects.put(name, b"x" * size)


def test_an_object_that_a_value_became_is_sealed_with_its_parameters(
    objects: ObjectClient, kv: KVClient, key: Key
) -> None:
    """What `set` stored may be got as an object and sealed."""
    name = key()
    kv.set(name, b"1")

    objects.get([name], 0)[0].seal()

    with pytest.raises(RuntimeError, match="already be sealed"):
        kv.set(name, b"2")


def test_a_buffer_gives_back_only_its_own_latches(objects: ObjectClient, key: Key) -> None:
    """Two buffers of one client on one object are strangers."""
    name = key()
    objects.put(name, b"1")
    one, other = (objects.get([name], 0)[0] for _number in range(2))
    one.wlatch(1)

    other.unwlatch()

    with pytest.raises(RuntimeError, match=r"futex wait timeout.*WLatch timeout"):
        other.rlatch(1)
    one.unwlatch()
    one.unwlatch()
    other.rlatch(1)
    one.unrlatch()
    with pytest.raises(RuntimeError, match=r"futex wait timeout.*WLatch timeout"):
        one.wlatch(1)


def test_shared_memory_of_a_refused_publish_is_not_latched(
    objects: ObjectClient, kv: KVClient, key: Key
) -> None:
    """Until a later publish is taken; memory of the process's own may be."""
    name = key()
    kv.set(name, b"1")
    large, small = objects.create(name, BIG), objects.create(name, 8)

    for buffer in (large, small):
        with pytest.raises(RuntimeError, match="cannot be modified"):
            buffer.publish()

    for latch in (large.rlatch, large.wlatch):
        with pytest.raises(RuntimeError, match="Buffer publish/seal failed, unable to visit"):
            latch(1)
    large.unwlatch()
    small.rlatch(1)
    kv.delete([name])
    large.publish()
    large.rlatch(1)


@SIZES
def test_a_value_of_mcreate_is_published_once(kv: KVClient, key: Key, size: int) -> None:
    """In shared memory; neither again, nor when its key is deleted."""
    name = key()
    buffers = kv.mcreate([name], [size])
    kv.mset_buffer(buffers)
    kv.delete([name])

    if size == BIG:
        with pytest.raises(RuntimeError, match="Get a not found shm: 00000000-0000-0000-0000-"):
            kv.mset_buffer(buffers)
    else:
        kv.mset_buffer(buffers)

    assert kv.exist([name]) == [size != BIG]


@SIZES
def test_buffers_end_with_their_client(worker: FakeWorker, key: Key, size: int) -> None:
    """Whatever is done with them, sealed or not, is refused where the real one refuses it."""
    client = ObjectClient("127.0.0.1", worker.port, 3000, req_timeout_ms=2000)
    client.init()
    sealed, fresh = client.create(key(), size), client.create(key(), size)
    sealed.seal()
    del client
    gc.collect()

    for buffer in (sealed, fresh):
        for call, line in (
            (lambda: buffer.memory_copy(b"1"), 201),  # noqa: B023 - called at once
            (buffer.publish, 234),
            (buffer.seal, 266),
            (buffer.invalidate_buffer, 344),
            (buffer.rlatch, 362),
            (buffer.wlatch, 362),
            (buffer.unrlatch, 362),
            (buffer.unwlatch, 362),
        ):
            text = rf"Client already destroyed or Shutdown.*\nLine of code : {line}\n"
            with pytest.raises(RuntimeError, match=text):
                call()
        assert buffer.get_size() == size
