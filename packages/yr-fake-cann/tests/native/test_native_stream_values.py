"""Values that one stream writes into device memory and another waits for."""

import struct
from typing import Final

import pytest
from bindings import INVALID_PARAMETER, Cann, CannError, in_process, opened
from gates import is_held_up

AT_LEAST, EQUAL, ANY_BIT_OF, ANY_BIT_MISSING = range(4)
ALL: Final = 2**64 - 1


def value_at(cann: Cann, address: int) -> int:
    """Return the number of 64 bits there."""
    return int(struct.unpack("<Q", cann.read(address, 8))[0])


def new_value(cann: Cann, value: int = 0) -> int:
    """Return the address of device memory that holds the number."""
    address = cann.malloc(8)
    cann.write(address, struct.pack("<Q", value))
    return address


@pytest.mark.parametrize(
    ("comparison", "wanted", "too_early", "enough"),
    [
        (AT_LEAST, 5, 4, 6),
        (EQUAL, 5, 6, 5),
        (ANY_BIT_OF, 0b110, 0b001, 0b010),
        (ANY_BIT_MISSING, ALL - 1, 1, 2),
    ],
)
def test_a_stream_waits_until_the_value_is_there(
    cann: Cann, comparison: int, wanted: int, too_early: int, enough: int
) -> None:
    """Another value does not do; the one that does is written by another stream."""
    waiter, writer = cann.stream(), cann.stream()
    address = new_value(cann, too_early)
    cann.aclrtValueWait(address, wanted, comparison, waiter)
    before = is_held_up(cann, waiter)

    cann.aclrtValueWrite(address, enough, 0, writer)
    cann.aclrtSynchronizeStream(waiter)

    assert before
    assert value_at(cann, address) == enough


def test_what_is_written_has_64_bits(cann: Cann) -> None:
    """No half of the number is lost."""
    stream, address = cann.stream(), new_value(cann)

    cann.aclrtValueWrite(address, ALL - 7, 0, stream)
    cann.aclrtSynchronizeStream(stream)

    assert value_at(cann, address) == ALL - 7


@pytest.mark.parametrize("function", ["aclrtValueWait", "aclrtValueWrite"])
def test_an_address_between_two_values_is_refused(cann: Cann, function: str) -> None:
    """Addresses are aligned to 8 bytes."""
    with pytest.raises(CannError, match="not aligned to 8 bytes") as raised:
        getattr(cann, function)(cann.malloc(16) + 4, 1, 0, cann.stream())

    assert raised.value.status == INVALID_PARAMETER


@pytest.mark.parametrize(("function", "flag"), [("aclrtValueWait", 4), ("aclrtValueWrite", 1)])
def test_an_unknown_flag_is_refused(cann: Cann, function: str, flag: int) -> None:
    """Four ways to compare exist, and none to write."""
    with pytest.raises(CannError) as raised:
        getattr(cann, function)(cann.malloc(8), 1, flag, cann.stream())

    assert raised.value.status == INVALID_PARAMETER


@pytest.mark.parametrize("function", ["aclrtValueWait", "aclrtValueWrite"])
def test_memory_of_the_host_is_refused(cann: Cann, function: str) -> None:
    """Only a device's memory is watched by a device."""
    with pytest.raises(CannError, match="host memory") as raised:
        getattr(cann, function)(4096, 1, 0, cann.stream())

    assert raised.value.status == INVALID_PARAMETER


def test_memory_that_is_freed_while_it_is_waited_for_fails_the_stream() -> None:
    """The stream does not read what is not the program's any more."""
    assert in_process(free_while_waiting) == INVALID_PARAMETER


def free_while_waiting() -> int:
    """Free what a stream waits for; return the status of the stream."""
    cann = opened()
    stream, address = cann.stream(), new_value(cann)
    cann.aclrtValueWait(address, 1, EQUAL, stream)
    cann.aclrtFree(address)
    try:
        cann.aclrtSynchronizeStream(stream)
    except CannError as error:
        return error.status
    return 0


def test_a_destroyed_stream_does_not_go_on_waiting(cann: Cann) -> None:
    """Forcing it away ends the wait, and its memory can be freed."""
    stream, address = cann.pointer("aclrtCreateStream"), new_value(cann)
    cann.aclrtValueWait(address, 1, EQUAL, stream)

    cann.aclrtDestroyStreamForce(stream)

    assert value_at(cann, address) == 0
