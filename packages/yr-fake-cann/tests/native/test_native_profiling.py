"""What profilers call: it succeeds as documented, and no activity of a device is recorded."""

import ctypes
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from bindings import Cann, CannError, in_process, opened

from yr_fake_cann import trace

PROFILING_PARAMETER = 100000
MSPTI_PARAMETER, SECOND_SUBSCRIBER, NO_MORE_RECORDS, QUEUE_EMPTY, NO_KIND = 1, 2, 3, 5, 8
KERNEL, COMMUNICATION = 2, 9
CUSTOM, OTHER = 2, 3
NOTICE = "yr-fake-cann: a profiler records no activity of an emulated NPU"


def returning(cann: Cann, function: str, kind: Any) -> Callable[..., Any]:
    """Return a function that returns something other than a status."""
    found = getattr(cann.library, function)
    found.restype = kind
    return found  # type: ignore[no-any-return]


def configuration(cann: Cann) -> int:
    """Return a new configuration of a profiling session on NPU 0."""
    device = ctypes.c_uint32(0)
    create = returning(cann, "aclprofCreateConfig", ctypes.c_void_p)
    return create(ctypes.byref(device), 1, 0xFF, None, ctypes.c_uint64(1))  # type: ignore[no-any-return]


def profile_twice() -> None:
    """Run two profiling sessions and ask MSPTI for records."""
    cann = opened()
    for _ in range(2):
        session = configuration(cann)
        cann.aclprofInit(b"/nowhere", 8)
        cann.aclprofWarmup(session)
        cann.aclprofStart(session)
        cann.aclprofStop(session)
        cann.aclprofDestroyConfig(session)
        cann.aclprofFinalize()
        cann.msptiActivityFlushAll(1)


def make_ranges() -> None:
    """Make two marks and a range in a range."""
    cann = opened(1)
    create = returning(cann, "mstxDomainCreateA", ctypes.c_void_p)
    domain = ctypes.c_void_p(create(b"loader"))
    outer = returning(cann, "mstxRangeStartA", ctypes.c_uint64)(b'step "1", \xc3\xa9\n', None)
    begin = returning(cann, "mstxDomainRangeStartA", ctypes.c_uint64)
    inner = begin(domain, b"read", ctypes.c_void_p(cann.stream()))
    cann.library.mstxMarkA(b"here", None)
    cann.aclprofMarkEx(b"there and more", 5, None)
    cann.library.mstxDomainRangeEnd(domain, ctypes.c_uint64(inner))
    cann.library.mstxRangeEnd(ctypes.c_uint64(outer))


def test_a_session_says_once_what_it_does_not_record(capfd: pytest.CaptureFixture[str]) -> None:
    """Two sessions in a process, and one line on stderr that names what to use instead."""
    in_process(profile_twice)

    said = [line for line in capfd.readouterr().err.splitlines() if "yr-fake-cann" in line]
    assert len(said) == 1
    assert said[0].startswith(NOTICE)
    assert "YR_FAKE_CANN_TRACE" in said[0]


def test_a_configuration_that_was_destroyed_is_refused(cann: Cann) -> None:
    """The error names the function that makes one."""
    session = configuration(cann)
    cann.aclprofDestroyConfig(session)

    with pytest.raises(CannError, match="no configuration of aclprofCreateConfig") as caught:
        cann.aclprofStop(session)
    assert caught.value.status == PROFILING_PARAMETER


def test_features_are_listed_where_a_reader_expects_them(cann: Cann) -> None:
    """Names stand behind the pointer to a class, 272 bytes apart."""
    count, features = ctypes.c_size_t(), ctypes.c_void_p()
    cann.aclprofGetSupportedFeaturesV2(ctypes.byref(count), ctypes.byref(features))

    names = [
        ctypes.string_at((features.value or 0) + 272 * index + 8) for index in range(count.value)
    ]
    assert names == [b"ATTR", b"MemoryAccess", b"AICORE_SHAPE"]


def test_there_is_one_subscriber_at_a_time(cann: Cann) -> None:
    """A second one is refused until the first has gone."""
    first = cann.pointer("msptiSubscribe", None, None)

    with pytest.raises(CannError, match="this process has a subscriber") as caught:
        cann.pointer("msptiSubscribe", None, None)
    cann.msptiUnsubscribe(first)

    assert caught.value.status == SECOND_SUBSCRIBER
    again = cann.pointer("msptiSubscribe", None, None)
    cann.msptiUnsubscribe(again)


def test_a_kind_is_enabled_until_it_is_disabled(cann: Cann) -> None:
    """Each kind by itself."""
    enabled = returning(cann, "msptiActivityIsEnabled", ctypes.c_bool)
    cann.msptiActivityEnable(KERNEL)
    during = enabled(KERNEL), enabled(COMMUNICATION)
    cann.msptiActivityDisable(KERNEL)

    assert during == (True, False)
    assert not enabled(KERNEL)


@pytest.mark.parametrize("kind", [0, 64, -1])
def test_a_kind_that_does_not_exist_is_refused(cann: Cann, kind: int) -> None:
    """It is named."""
    with pytest.raises(CannError, match=f"{kind} is no kind of activity") as caught:
        cann.msptiActivityEnable(ctypes.c_int(kind))
    assert caught.value.status == NO_KIND


def test_half_a_pair_of_functions_is_refused(cann: Cann) -> None:
    """Buffers have to be given and taken back."""
    with pytest.raises(CannError, match="both functions are needed") as caught:
        cann.msptiActivityRegisterCallbacks(1, 0)
    assert caught.value.status == MSPTI_PARAMETER


def test_a_buffer_holds_no_record(cann: Cann) -> None:
    """Its end is where it begins."""
    buffer, record = ctypes.create_string_buffer(64), ctypes.c_void_p()

    with pytest.raises(CannError) as caught:
        cann.msptiActivityGetNextRecord(buffer, 64, ctypes.byref(record))

    assert caught.value.status == NO_MORE_RECORDS
    assert record.value is None


def test_operations_of_a_framework_nest(cann: Cann) -> None:
    """The last one entered is the first one left, in each kind, and none is left over."""
    for kind, operation in [(CUSTOM, 1), (OTHER, 9), (CUSTOM, 2)]:
        cann.msptiActivityPushExternalCorrelationId(kind, operation)

    left = [
        cann.number("msptiActivityPopExternalCorrelationId", kind, kind=ctypes.c_uint64)
        for kind in (CUSTOM, CUSTOM, OTHER)
    ]

    assert left == [2, 1, 9]
    with pytest.raises(CannError) as caught:
        cann.msptiActivityPopExternalCorrelationId(CUSTOM, 0)
    assert caught.value.status == QUEUE_EMPTY


@pytest.mark.parametrize("extension", ["txt", "json"])
def test_ranges_and_marks_stand_in_the_trace(tmp_path: Path, extension: str) -> None:
    """With their words, in which what ends an argument or a line is replaced."""
    target = str(tmp_path / f"calls.{extension}")
    in_process(make_ranges, settings={trace.VARIABLE: target})

    seen = [
        (record.name, *(record.arguments.get(name) for name in ("message", "domain", "range")))
        for record in trace.read(target)
        if record.name.startswith(("mstx", "aclprofMark"))
    ]

    assert seen == [
        ("mstxRangeStartA", "step _1__ é_", "default", "1"),
        ("mstxDomainRangeStartA", "read", "loader", "2"),
        ("mstxMarkA", "here", "default", None),
        ("aclprofMarkEx", "there", "default", None),
        ("mstxDomainRangeEnd", None, None, "2"),
        ("mstxRangeEnd", None, None, "1"),
    ]


def test_a_range_without_words_is_none(cann: Cann) -> None:
    """It gets the number that stands for no range."""
    begin = returning(cann, "mstxRangeStartA", ctypes.c_uint64)

    assert begin(None, None) == 0
    assert "no message" in cann.last_error()


def test_a_driver_does_not_know_its_card(cann: Cann) -> None:
    """It has an old version, and no property that only hardware has."""
    assert cann.number("halGetAPIVersion") == 0
    with pytest.raises(CannError, match="halGetDeviceInfo is not emulated"):
        cann.number("halGetDeviceInfo", 0, 24, kind=ctypes.c_int64)
