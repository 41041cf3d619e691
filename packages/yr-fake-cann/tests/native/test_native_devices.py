"""Logical devices and the current one of a thread."""

import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from bindings import INVALID_DEVICE, NO_CONTEXT, Cann, CannError, in_process, opened


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


def device_of_a_new_thread(options: str) -> int | str:
    """Initialise with these options; return the device of a thread that sets none, or its error."""
    cann = Cann()
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        file.write(options)
        file.flush()
        try:
            cann.aclInit(file.name.encode())
            return int(cann.number("aclrtGetDevice"))
        except CannError as error:
            return str(error)


@pytest.mark.parametrize(
    ("options", "device"),
    [
        ('{"defaultDevice": {"default_device": "1"}}', 1),
        ('{"dump": {}, "defaultDevice":{"default_device":"0"}}', 0),
    ],
)
def test_a_default_device_is_that_of_threads_that_set_none(options: str, device: int) -> None:
    """torch_npu names device 0 so; a first question about a device needs no other call."""
    assert in_process(device_of_a_new_thread, options) == device


def test_without_a_default_device_there_is_none() -> None:
    """Other options change nothing."""
    assert "this thread has set no device" in in_process(device_of_a_new_thread, '{"dump": {}}')


def test_a_default_device_must_exist() -> None:
    """The error names it and how many there are."""
    options, settings = '{"defaultDevice": {"default_device": "3"}}', {"YR_FAKE_CANN_DEVICES": "2"}

    error = in_process(device_of_a_new_thread, options, settings=settings)

    assert "no NPU 3, this process sees 2" in error


def test_options_that_cannot_be_read_are_an_error(cann: Cann) -> None:
    """The error names the file."""
    with pytest.raises(CannError, match=r"/nowhere/acl.json: No such file"):
        cann.aclInit(b"/nowhere/acl.json")


def test_a_device_set_by_a_thread_goes_before_the_default() -> None:
    """Only who has set none has the default one."""
    options = '{"defaultDevice": {"default_device": "1"}}'

    assert in_process(set_and_ask, options) == (0, 1)


def set_and_ask(options: str) -> tuple[int, int]:
    """Return the device of a thread that sets 0, and then that of one that sets none."""
    default = device_of_a_new_thread(options)
    cann = opened(0)
    with ThreadPoolExecutor(1) as another:
        other = another.submit(cann.number, "aclrtGetDevice").result()
    assert other == default
    return int(cann.number("aclrtGetDevice")), int(other)


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
