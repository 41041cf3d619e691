"""Objects that export memory through the buffer protocol."""

import ctypes
import gc
import sys
import threading
import weakref

import pytest

from yr_fake_ds.client.memory_exporter import MemoryExporter

SIZE = 64


@pytest.fixture
def memory() -> ctypes.Array[ctypes.c_ubyte]:
    """Give 64 numbered bytes."""
    return (ctypes.c_ubyte * SIZE)(*range(SIZE))


def _exporter(memory: ctypes.Array[ctypes.c_ubyte]) -> MemoryExporter:
    return MemoryExporter(ctypes.addressof(memory), SIZE, memory)


def test_a_view_is_read_only_contiguous_bytes(memory: ctypes.Array[ctypes.c_ubyte]) -> None:
    """A view has format B, one dimension and no write access."""
    view = memoryview(_exporter(memory))

    assert (view.format, view.shape, view.strides, view.readonly) == ("B", (SIZE,), (1,), True)
    assert bytes(view) == bytes(range(SIZE))


def test_a_view_shows_the_memory_itself(memory: ctypes.Array[ctypes.c_ubyte]) -> None:
    """Nothing is copied: a later write to the memory is seen."""
    view = memoryview(_exporter(memory))

    memory[3] = 200

    assert view[3] == 200


def test_an_exporter_has_no_length(memory: ctypes.Array[ctypes.c_ubyte]) -> None:
    """len() is refused, as for the real SDK's buffers."""
    with pytest.raises(TypeError, match="has no len"):
        len(_exporter(memory))


def test_a_writer_is_refused(memory: ctypes.Array[ctypes.c_ubyte]) -> None:
    """What wants to write gets an error and nothing is written."""
    exporter = _exporter(memory)

    with open("/dev/zero", "rb") as zeros, pytest.raises((TypeError, BufferError)):
        zeros.readinto(exporter)
    assert memory[1] == 1


def test_a_slice_of_a_view_keeps_the_exporter(memory: ctypes.Array[ctypes.c_ubyte]) -> None:
    """The exporter lives as long as any view of it, and no longer."""
    exporter = _exporter(memory)
    gone = weakref.ref(exporter)
    part = memoryview(exporter)[3:7]

    del exporter
    gc.collect()

    assert gone() is not None
    assert part[0] == 3
    del part
    assert gone() is None


def test_a_numpy_array_keeps_the_exporter(memory: ctypes.Array[ctypes.c_ubyte]) -> None:
    """numpy.frombuffer is zero-copy, read-only and holds the exporter."""
    numpy = pytest.importorskip("numpy")
    exporter = _exporter(memory)
    gone = weakref.ref(exporter)
    array = numpy.frombuffer(exporter, "u1")

    del exporter

    assert gone() is not None
    assert not array.flags.writeable
    del array
    assert gone() is None


@pytest.mark.filterwarnings("ignore:The given buffer is not writable")
def test_a_torch_tensor_keeps_the_exporter(memory: ctypes.Array[ctypes.c_ubyte]) -> None:
    """torch.frombuffer is zero-copy and holds the exporter."""
    torch = pytest.importorskip("torch")
    exporter = _exporter(memory)
    gone = weakref.ref(exporter)
    tensor = torch.frombuffer(exporter, dtype=torch.uint8)

    del exporter

    assert gone() is not None
    assert tensor.data_ptr() == ctypes.addressof(memory)
    del tensor
    assert gone() is None


def test_many_threads_leak_no_references(memory: ctypes.Array[ctypes.c_ubyte]) -> None:
    """Views made and dropped by eight threads leave every reference count as it was."""
    before = sys.getrefcount(MemoryExporter), sys.getrefcount(memory)

    def hammer() -> None:
        for _round in range(2000):
            part = memoryview(_exporter(memory))[3:7]
            assert bytes(part) == b"\3\4\5\6"

    threads = [threading.Thread(target=hammer) for _index in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    del hammer
    gc.collect()

    assert (sys.getrefcount(MemoryExporter), sys.getrefcount(memory)) == before
