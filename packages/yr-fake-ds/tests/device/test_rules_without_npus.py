"""What the device part decides without a device: keys, turns, layouts, and the lack of a CANN."""

import pytest
from npu_worker import NpuWorker

from yr_fake_ds import HeteroClient, device_texts
from yr_fake_ds.client import cann, host_values
from yr_fake_ds.device_protocol import DeviceBlob, DeviceObject
from yr_fake_ds.directory.device_objects import Client, DeviceObjects
from yr_fake_ds.sdk.device_blobs import Blob, DeviceBlobList
from yr_fake_ds.sdk.page_attention import PageAttnUtils, Tensor

OWNER, READER = Client("owner", "127.0.0.1:1"), Client("reader", "127.0.0.1:2")


def memory(npu: int, address: int = 4096) -> DeviceObject:
    """Describe ten bytes of a device as the memory of the key ``k``."""
    return DeviceObject("k", npu, [DeviceBlob(f"name-{npu}-{address}", address, 10)])


@pytest.fixture
def objects() -> DeviceObjects:
    """Give objects of which the owner offers one."""
    made = DeviceObjects()
    made.offer(OWNER, memory(0), moves=False)
    return made


def test_a_key_in_use_is_not_removed(objects: DeviceObjects) -> None:
    """A key goes when the last reader has said that it is done."""
    objects.begin(READER, "k")

    assert objects.remove("k") is False
    objects.fail(READER, "k")
    assert objects.remove("k") is True


def test_a_reader_that_is_gone_holds_nothing(objects: DeviceObjects) -> None:
    """Forgetting a client ends its reading."""
    objects.begin(READER, "k")

    objects.forget_client(READER.id)

    assert objects.remove("k") is True


def test_a_lost_worker_takes_its_clients_memory(objects: DeviceObjects) -> None:
    """Only the locations of that worker's clients go."""
    objects.begin(READER, "k")
    objects.receive(READER, memory(1))

    objects.forget_worker(OWNER.address)

    source = objects.begin(OWNER, "k")
    assert source is not None
    assert source.memory == memory(1)


def test_the_newest_location_serves_others_and_the_own_one_itself(objects: DeviceObjects) -> None:
    """A client reads its own location if it has one."""
    objects.begin(READER, "k")
    objects.receive(READER, memory(1))

    own, other = objects.begin(OWNER, "k"), objects.begin(Client("third", ""), "k")

    assert own is not None
    assert other is not None
    assert (own.memory, own.is_own) == (memory(0), True)
    assert (other.memory, other.is_own) == (memory(1), False)


def test_refusals_of_offers(objects: DeviceObjects) -> None:
    """The owner may repeat its offer, but not change it; others may not offer the key."""
    assert objects.offer(OWNER, memory(0), moves=False) is None
    assert objects.offer(OWNER, memory(0, 8192), moves=False) is device_texts.INCONSISTENT
    assert objects.offer(READER, memory(1), moves=False) is device_texts.NOT_THE_OWNER


def test_subscriptions_take_turns(objects: DeviceObjects) -> None:
    """The second is next when the first has ended or its client is gone."""
    objects.subscribe(OWNER, 1, ["k"])
    objects.subscribe(READER, 2, ["k"])
    assert objects.is_next(OWNER, 1, "k")
    assert not objects.is_next(READER, 2, "k")

    objects.forget_client(OWNER.id)

    assert objects.is_next(READER, 2, "k")


@pytest.mark.parametrize("count", [1, 6, 7, 5000])
def test_a_header_tells_the_sizes(count: int) -> None:
    """What a header says is read back, and the first blob begins at a multiple of 64."""
    sizes = [7 + index for index in range(count)]

    value = memoryview(host_values.header(sizes) + bytes(sum(sizes)))

    assert host_values.offsets(sizes)[0] % 64 == 0
    assert host_values.stored_sizes(value) == sizes


@pytest.mark.parametrize("value", [b"", b"x" * 100, bytes(100), b"\1" + bytes(63)])
def test_other_values_have_no_sizes(value: bytes) -> None:
    """A value that was not stored from a device has no blobs."""
    assert host_values.stored_sizes(memoryview(value)) is None


def test_the_layout_of_one_blob_is_the_released_one() -> None:
    """One blob of 4000 bytes: count, offset 64, end 4064, zeroes (measured on 0.8.1)."""
    words = [1, 64, 4064, 0, 0, 0, 0, 0]

    assert host_values.header([4000]) == b"".join(word.to_bytes(8, "little") for word in words)


def test_blocks_of_layers() -> None:
    """Blockwise lists have a blob for each layer, layerwise lists one for each block."""
    layers = [Tensor(1000, 4, [4, 16]), Tensor(9000, 2, [4, 8, 2])]

    by_block = PageAttnUtils.blockwise_dev_blob_lists(0, layers, [1, 3])
    by_layer = PageAttnUtils.layerwise_dev_blob_lists(0, layers, [1, 3])

    assert [blob.get_dev_ptr() for blob in by_block[1].get_blobs()] == [1192, 9096]
    assert [blob.get_dev_ptr() for blob in by_layer[1].get_blobs()] == [9032, 9096]
    assert [blob.get_size() for blob in by_layer[0].get_blobs()] == [64, 64]


def test_shapes_that_are_no_layers() -> None:
    """A layer has two to four dimensions."""
    with pytest.raises(RuntimeError, match="LayerTensorShape out of expected range 2-4"):
        PageAttnUtils.blockwise_dev_blob_lists(0, [Tensor(1000, 4, [4])], [0])
    with pytest.raises(RuntimeError, match="The tensor shape is empty"):
        PageAttnUtils.blockwise_dev_blob_lists(0, [Tensor(1000, 4, [])], [0])


def test_without_cann_device_calls_say_so(
    worker: NpuWorker, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a machine without an NPU everything but device calls works."""
    monkeypatch.setattr(cann, "MAIN_LIBRARY", "libno-such-cann.so")
    cann.load.cache_clear()
    client = HeteroClient("127.0.0.1", worker.port, 5000)
    client.init()
    blobs = [DeviceBlobList(0, [Blob(4096, 10)])]

    for call in (client.mset_d2h, client.dev_mset, client.dev_publish, client.dev_subscribe):
        with pytest.raises(RuntimeError, match="No device manager available"):
            call([key], blobs)
    assert client.dev_delete([key]) == []
    assert client.exist([key]) == [False]
