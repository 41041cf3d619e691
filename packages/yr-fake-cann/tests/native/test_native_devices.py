"""Logical devices and the current one of a thread."""

import threading

import pytest
from bindings import INVALID_DEVICE, NO_CONTEXT, Cann, CannError, in_process


def count_devices() -> int:
    """Return how many devices a new process sees."""
    return int(Cann().number("aclrtGetDeviceCount"))


def physical_devices() -> list[int]:
    """Return the physical index of each device that a new process sees."""
    cann = Cann("libruntime.so")
    return [cann.number("rtGetDevicePhyIdByIndex", index) for index in range(count_devices())]


def test_the_machine_has_the_configured_number_of_devices() -> None:
    """YR_FAKE_CANN_DEVICES is the number of NPUs."""
    count = in_process(count_devices, settings={"YR_FAKE_CANN_DEVICES": "3"})

    assert count == 3


@pytest.mark.parametrize(
    ("visible", "physical"),
    [("2,0", [2, 0]), ("", []), ("1,7,0", [1]), ("1,x", [1]), ("3,3", [3]), ("-1", [])],
)
def test_visible_devices_are_filtered_and_renumbered(visible: str, physical: list[int]) -> None:
    """ASCEND_RT_VISIBLE_DEVICES selects NPUs in its order, up to its first bad entry."""
    settings = {"YR_FAKE_CANN_DEVICES": "4", "ASCEND_RT_VISIBLE_DEVICES": visible}

    assert in_process(physical_devices, settings=settings) == physical


def test_a_thread_has_no_device_until_it_sets_one(cann: Cann) -> None:
    """The current device belongs to a thread; another thread's is not inherited."""
    statuses = []

    def ask() -> None:
        try:
            cann.number("aclrtGetDevice")
        except CannError as error:
            statuses.append(error.status)

    thread = threading.Thread(target=ask)
    thread.start()
    thread.join()

    assert statuses == [NO_CONTEXT]


def test_a_device_that_does_not_exist_cannot_be_set(cann: Cann) -> None:
    """The error names the device and how many there are."""
    with pytest.raises(CannError, match="no NPU 99") as raised:
        cann.aclrtSetDevice(99)

    assert raised.value.status == INVALID_DEVICE


def test_setting_a_context_sets_its_device(cann: Cann) -> None:
    """A context is the primary one of its device."""
    context = cann.pointer("aclrtGetCurrentContext")
    cann.aclrtSetDevice(1)

    cann.aclrtSetCurrentContext(context)

    assert cann.number("aclrtGetDevice") == 0


def test_a_setting_that_cannot_be_read_ends_the_process() -> None:
    """A number that is none is refused, not replaced by a default."""
    with pytest.raises(AssertionError, match="died with -6"):
        in_process(count_devices, settings={"YR_FAKE_CANN_DEVICES": "eight"})
