"""Device memory: pools, limits, descriptions, sharing between processes."""

import ctypes

import pytest
from bindings import INVALID_PARAMETER, OUT_OF_MEMORY, Cann, CannError, in_process, opened, pinned

MEGABYTE = 1 << 20


def allocate_until_full(size: int) -> tuple[int, int, str]:
    """Return how many blocks a device of 16 MB holds, the status after that, and the message."""
    cann = opened()
    count = 0
    try:
        while count < 100:
            cann.malloc(size)
            count += 1
    except CannError as error:
        return count, error.status, error.message
    return count, 0, ""


def memory_information() -> tuple[int, int]:
    """Return free and total bytes of a device with one block of 2 MB."""
    cann = opened()
    cann.malloc(1)
    free, total = ctypes.c_size_t(), ctypes.c_size_t()
    cann.aclrtGetMemInfo(0, ctypes.byref(free), ctypes.byref(total))
    return free.value, total.value


def increment_shared(key: bytes) -> bytes:
    """Add one to each of four bytes of another process's device memory; return them."""
    cann = opened(1)
    address = cann.pointer("aclrtIpcMemImportByKey", key, 0)
    data = bytes(byte + 1 for byte in cann.read(address, 4))
    cann.write(address, data)
    return data


def test_a_device_runs_out_of_memory_at_its_configured_size() -> None:
    """Blocks are rounded up to 2 MB, and the pool ends at YR_FAKE_CANN_MEMORY_MB."""
    settings = {"YR_FAKE_CANN_MEMORY_MB": "16"}

    count, status, message = in_process(allocate_until_full, 3 * MEGABYTE, settings=settings)

    assert (count, status) == (4, OUT_OF_MEMORY)
    assert "npu:0 is out of memory: 3145728 bytes asked" in message


def test_memory_information_counts_what_is_allocated() -> None:
    """The free bytes are the rest of the pool."""
    free, total = in_process(memory_information, settings={"YR_FAKE_CANN_MEMORY_MB": "16"})

    assert (free, total) == (14 * MEGABYTE, 16 * MEGABYTE)


def test_freed_memory_can_be_allocated_again(cann: Cann) -> None:
    """A pool does not wear out: many times its size may be allocated one after the other."""
    before = cann.library.yr_fake_cann_memory_used(0)

    for _ in range(100):
        address = cann.malloc(2 << 30)
        cann.write(address, b"x")
        cann.aclrtFree(address)

    assert cann.library.yr_fake_cann_memory_used(0) == before


def test_freeing_twice_is_an_error(cann: Cann) -> None:
    """The message names the freed allocation."""
    address = cann.malloc(10)
    cann.aclrtFree(address)

    with pytest.raises(CannError, match="freed memory of npu:0: byte 0") as raised:
        cann.aclrtFree(address)

    assert raised.value.status == INVALID_PARAMETER


def test_an_address_knows_its_device(cann: Cann) -> None:
    """The attributes tell device from pinned and from unknown memory."""
    cann.aclrtSetDevice(1)
    address = cann.malloc(10)
    attributes = (ctypes.c_uint32 * 7)()
    seen = []

    with pinned(cann, 10) as block:
        for pointer in (address, block.address, ctypes.addressof(attributes)):
            cann.aclrtPointerGetAttributes(pointer, attributes)
            seen.append((attributes[0], attributes[1]))

    assert seen == [(1, 1), (0, 0), (0, 2)]


@pytest.mark.parametrize("strict", ["0", "1"])
def test_another_process_reads_and_writes_exported_memory(cann: Cann, strict: str) -> None:
    """An exported block is the same bytes in both processes, interior pointers included."""
    address = cann.malloc(4096)
    cann.write(address + 100, b"\1\2\3\4")
    key = ctypes.create_string_buffer(65)
    cann.aclrtIpcMemGetExportKey(address + 100, 4, key, 65, 0)

    seen = in_process(increment_shared, key.value, settings={"YR_FAKE_CANN_STRICT": strict})

    assert seen == cann.read(address + 100, 4) == b"\2\3\4\5"


def test_a_key_of_a_process_that_is_gone_cannot_be_imported(cann: Cann) -> None:
    """The message says what may be wrong with the key."""
    with pytest.raises(CannError, match="is no exported memory, or its process is gone"):
        cann.pointer("aclrtIpcMemImportByKey", b"yrfc:999999999:3:0:1000:0", 0)
