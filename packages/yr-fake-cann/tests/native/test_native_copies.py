"""Copies: directions, bounds, batches, fills."""

import ctypes

import pytest
from bindings import (
    DEFAULT,
    DEVICE_TO_DEVICE,
    DEVICE_TO_HOST,
    HOST_TO_DEVICE,
    HOST_TO_HOST,
    INVALID_PARAMETER,
    Cann,
    CannError,
)

SIZE = 64


def test_bytes_survive_the_way_to_two_devices_and_back(cann: Cann) -> None:
    """Host to device 0, to device 1, to host."""
    data = bytes(range(SIZE))
    first = cann.malloc(SIZE)
    cann.aclrtSetDevice(1)
    second = cann.malloc(SIZE)

    cann.write(first, data)
    cann.aclrtMemcpy(second, SIZE, first, SIZE, DEVICE_TO_DEVICE)
    seen = cann.read(second, SIZE)

    assert seen == data


@pytest.mark.parametrize(
    ("kind", "wrong"),
    [
        (HOST_TO_HOST, "destination should be host memory, but .* is memory of npu:0"),
        (DEVICE_TO_HOST, "destination should be host memory, but .* is memory of npu:0"),
        (DEVICE_TO_DEVICE, "source should be device memory, but .* is host memory"),
    ],
)
def test_a_copy_in_a_wrong_direction_is_refused(cann: Cann, kind: int, wrong: str) -> None:
    """From the host to the device, every other direction names the end that does not fit."""
    device = cann.malloc(SIZE)
    host = ctypes.create_string_buffer(SIZE)

    with pytest.raises(CannError, match=wrong) as raised:
        cann.aclrtMemcpy(device, SIZE, host, SIZE, kind)

    assert raised.value.status == INVALID_PARAMETER


def test_the_default_direction_is_found_from_the_addresses(cann: Cann) -> None:
    """ACL_MEMCPY_DEFAULT takes both kinds of memory."""
    device = cann.malloc(SIZE)
    host = ctypes.create_string_buffer(b"x" * SIZE, SIZE)

    cann.aclrtMemcpy(device, SIZE, host, SIZE, DEFAULT)

    assert cann.read(device, SIZE) == b"x" * SIZE


def test_a_copy_past_the_end_of_an_allocation_is_refused(cann: Cann) -> None:
    """The message names the allocation and the offset in it."""
    device = cann.malloc(SIZE)
    block = 2 << 20

    with pytest.raises(CannError, match=f"past the end of memory of npu:0: byte {block - 1}"):
        cann.write(device + block - 1, b"xy")


def test_a_copy_from_freed_memory_is_refused(cann: Cann) -> None:
    """A stale device address is recognised."""
    device = cann.malloc(SIZE)
    cann.aclrtFree(device)

    with pytest.raises(CannError, match="freed memory of npu:0"):
        cann.read(device, SIZE)


def test_a_copy_that_does_not_fit_is_refused(cann: Cann) -> None:
    """The destination's size is checked before anything is written."""
    device = cann.malloc(SIZE)

    with pytest.raises(CannError, match="64 bytes do not fit into 63"):
        cann.aclrtMemcpy(device, SIZE - 1, b"x" * SIZE, SIZE, HOST_TO_DEVICE)


def test_a_batch_copies_each_part_in_its_own_direction(cann: Cann) -> None:
    """Attributes hold from the copy that their index names; the failing copy is reported."""
    device = cann.malloc(SIZE)
    host = ctypes.create_string_buffer(4)
    pair = ctypes.c_void_p * 2
    two = ctypes.c_size_t * 2
    to = pair(device, ctypes.addressof(host))
    source = ctypes.create_string_buffer(b"abcd", 4)
    origin = pair(ctypes.addressof(source), device)
    # Two attributes of 32 bytes: to the device, from the device.
    attributes = (ctypes.c_uint32 * 16)(0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0)
    failed = ctypes.c_size_t()

    cann.aclrtMemcpyBatch(
        to, two(4, 4), origin, two(4, 4), 2, attributes, two(0, 1), 2, ctypes.byref(failed)
    )

    assert host.raw == b"abcd"


def test_a_fill_writes_device_memory_only(cann: Cann) -> None:
    """Filling refuses host memory."""
    device = cann.malloc(SIZE)
    host = ctypes.create_string_buffer(SIZE)

    cann.aclrtMemset(device, SIZE, 7, 3)
    with pytest.raises(CannError, match="device memory expected"):
        cann.aclrtMemset(host, SIZE, 7, 3)

    assert cann.read(device, 4) == b"\7\7\7\0"
