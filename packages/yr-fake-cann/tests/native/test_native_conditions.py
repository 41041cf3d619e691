"""NPUs that fail, hang, are full or lose their links while processes use them, and are healed."""

import ctypes
import os
import pathlib
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from bindings import (
    HOST_TO_DEVICE,
    OUT_OF_MEMORY,
    PATIENCE,
    STREAM_TIMEOUT,
    Cann,
    CannError,
    in_process,
    opened,
    start,
)
from ranks import FLOAT32, SUM, communicator, in_threads

from yr_fake_cann.control import (
    AICORE_EXCEPTION,
    HBM_ECC_ERROR,
    LINK_ERROR,
    VARIABLE,
    Condition,
    Control,
    ControlError,
)


@pytest.fixture
def control(tmp_path: pathlib.Path) -> Control:
    """Conditions of a machine, all well."""
    return Control.create(tmp_path / "control")


def run(body: Callable[..., Any], control: Control) -> Any:
    """Return what a function returns in a process of the machine, which changes the conditions."""
    return in_process(body, control.path, settings=control.environment())


def status_of(call: Callable[[], object]) -> int:
    """Return the status that a call fails with, 0 if it does not."""
    try:
        call()
    except CannError as error:
        return error.status
    return 0


def statuses_while_failed(path: str) -> list[list[int]]:
    """Return the statuses of what a process does before, while and after its NPU has failed."""
    control, cann = Control(path), opened()
    address, stream = cann.malloc(4), cann.stream()

    def work() -> list[int]:
        copied = status_of(lambda: cann.write(address, b"data"))
        allocated = status_of(lambda: cann.malloc(4))
        synchronised = status_of(lambda: cann.aclrtSynchronizeStream(stream))
        return [copied, allocated, synchronised, cann.number("aclrtQueryDeviceStatus", 0)]

    before = work()
    control.fail(0, HBM_ECC_ERROR)
    failed = work()
    control.heal(0)
    return [before, failed, work()]


def test_a_failed_npu_fails_with_its_status_until_it_is_healed(control: Control) -> None:
    """Copies, allocations and synchronisation; the query of its state says abnormal."""
    before, failed, after = run(statuses_while_failed, control)

    assert before == after == [0, 0, 0, 0]
    assert failed == [HBM_ECC_ERROR, HBM_ECC_ERROR, HBM_ECC_ERROR, 1]


def status_of_a_task(path: str) -> list[int]:
    """Return the statuses of a stream whose NPU fails between submission and execution."""
    control, cann = Control(path), opened()
    stream, address = cann.stream(), cann.malloc(4)
    control.hang(0)
    cann.aclrtMemcpyAsync(address, 4, b"data", 4, HOST_TO_DEVICE, stream)
    control.fail(0)
    first = status_of(lambda: cann.aclrtSynchronizeStream(stream))
    deadline = time.monotonic() + PATIENCE
    while cann.number("aclrtStreamQuery", stream) and time.monotonic() < deadline:
        time.sleep(0.001)
    control.heal()
    return [first, *(status_of(lambda: cann.aclrtSynchronizeStream(stream)) for _ in range(2))]


def test_a_task_of_a_failed_npu_is_told_once_it_is_healed(control: Control) -> None:
    """Its stream has failed, as with any failed task, and goes on after it was told."""
    assert run(status_of_a_task, control) == [AICORE_EXCEPTION, AICORE_EXCEPTION, 0]


def hung_work(path: str) -> tuple[int, bytes, int, bytes]:
    """Return what a copy and a wait with a time limit do while the NPU hangs, and afterwards."""
    control, cann = Control(path), opened()
    stream, address = cann.stream(), cann.malloc(4)
    cann.write(address, b"old!")
    view = ctypes.c_char * 4
    control.hang(0)
    cann.aclrtMemcpyAsync(address, 4, b"new!", 4, HOST_TO_DEVICE, stream)
    waited = status_of(lambda: cann.aclrtSynchronizeStreamWithTimeout(stream, 50))
    during = view.from_address(address).raw
    control.heal(0)
    cann.aclrtSynchronizeStream(stream)
    return waited, during, 0, cann.read(address, 4)


def test_a_hung_npu_does_nothing_until_it_is_healed(control: Control) -> None:
    """Nothing fails: a wait meets its own limit, and the work is done afterwards."""
    assert run(hung_work, control) == (STREAM_TIMEOUT, b"old!", 0, b"new!")


def destroyed_while_hung(path: str) -> int:
    """Destroy a stream by force while its NPU hangs, and use the NPU after it was healed."""
    control, cann = Control(path), opened()
    stream, address = cann.stream(), cann.malloc(4)
    control.hang(0)
    cann.aclrtMemcpyAsync(address, 4, b"data", 4, HOST_TO_DEVICE, stream)
    cann.aclrtDestroyStreamForce(stream)
    control.heal()
    return status_of(lambda: cann.write(address, b"data"))


def test_a_stream_can_be_destroyed_while_its_npu_hangs(control: Control) -> None:
    """By force, as programs do that give up."""
    assert run(destroyed_while_hung, control) == 0


def allocations(path: str) -> list[int]:
    """Return the statuses of allocating on a full NPU and its neighbour, and once it is healed."""
    control, cann = Control(path), opened()
    address = cann.malloc(4)
    control.exhaust(0)
    full, kept = status_of(lambda: cann.malloc(4)), status_of(lambda: cann.write(address, b"data"))
    cann.aclrtSetDevice(1)
    other = status_of(lambda: cann.malloc(4))
    cann.aclrtSetDevice(0)
    control.heal()
    return [full, kept, other, status_of(lambda: cann.malloc(4))]


def test_a_full_npu_keeps_what_it_has(control: Control) -> None:
    """Only allocations fail, only there, and only until it is healed."""
    assert run(allocations, control) == [OUT_OF_MEMORY, 0, 0, 0]


def reductions(path: str) -> list[list[int]]:
    """Return each rank's statuses of reducing with and without the links of NPU 1."""
    control = Control(path)

    def body(cann: Cann, rank: int, root: Any) -> list[int]:
        group = communicator(cann, 2, root, rank)
        stream, numbers = cann.stream(), cann.malloc(8)

        def reduce() -> int:
            operands = (numbers, numbers, 2, FLOAT32, SUM, group, stream)
            cann.HcclAllReduce(*map(_wide, operands))
            return status_of(lambda: cann.aclrtSynchronizeStream(stream))

        linked = reduce()
        if rank == 1:
            control.unlink(1)
        return [linked, reduce()]

    return in_threads(2, body)


def reductions_after_a_timeout(path: str) -> list[list[int]]:
    """Return each rank's statuses when rank 1 comes too late to one reduction, and of two more."""
    control = Control(path)
    met = threading.Barrier(2, timeout=PATIENCE)

    def body(cann: Cann, rank: int, root: Any) -> list[int]:
        group = communicator(cann, 2, root, rank)
        stream, numbers = cann.stream(), cann.malloc(8)

        def reduce() -> int:
            operands = (numbers, numbers, 2, FLOAT32, SUM, group, stream)
            cann.HcclAllReduce(*map(_wide, operands))
            return status_of(lambda: cann.aclrtSynchronizeStream(stream))

        if rank == 1:
            control.unlink(1)
        first = reduce()
        met.wait()
        control.heal()
        return [first, reduce(), reduce()]

    return in_threads(2, body)


def test_a_communicator_whose_operation_did_not_end_gives_errors_only(control: Control) -> None:
    """Never the numbers of an operation that was given up, which lie on its links."""
    settings = {**control.environment(), "HCCL_EXEC_TIMEOUT": "1"}

    statuses = in_process(reductions_after_a_timeout, control.path, settings=settings)

    assert all(all(of_rank) for of_rank in statuses), statuses


def _wide(value: int) -> Any:
    return ctypes.c_void_p(value)


def test_an_npu_without_links_fails_in_collectives(control: Control) -> None:
    """It fails with the link error; the other rank waits for it until its own limit."""
    settings = {**control.environment(), "HCCL_EXEC_TIMEOUT": "1"}

    first, second = in_process(reductions, control.path, settings=settings)

    assert first[0] == second[0] == 0
    assert second[1] == LINK_ERROR
    assert first[1] != 0


def status_in_process(_path: str) -> int:
    """Return the status of a copy."""
    cann = opened()
    address = cann.malloc(4)
    return status_of(lambda: cann.write(address, b"data"))


def test_conditions_hold_in_processes_that_start_later(control: Control) -> None:
    """They are the machine's, not a process's."""
    control.fail(0)
    with pytest.raises(AssertionError, match="aclrtMalloc returned 507015"):
        run(status_in_process, control)
    control.heal()

    assert run(status_in_process, control) == 0


def test_unwell_npus_can_be_listed(control: Control) -> None:
    """Each with its condition; healing one leaves the others."""
    control.fail(3, HBM_ECC_ERROR)
    control.hang(5)
    control.unlink(7)
    control.heal(5)

    expected = {3: Condition("failed", HBM_ECC_ERROR), 7: Condition("unlinked", LINK_ERROR)}
    assert control.unwell() == expected
    assert Control.create(control.path).unwell() == expected


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda control: control.fail(64), "NPU 64: they are numbered from 0 to 63"),
        (lambda control: control.fail(0, 0), "an ACL status is a positive number, not 0"),
        (lambda control: control.unlink(0, 1 << 31), "an ACL status is a positive number"),
        (lambda control: control.hang(True), "NPU True: they are numbered"),
    ],
)
def test_what_cannot_be_is_refused(
    control: Control, change: Callable[[Control], None], reason: str
) -> None:
    """Nothing is changed."""
    with pytest.raises(ControlError, match=reason):
        change(control)

    assert control.unwell() == {}


def test_other_files_are_refused(tmp_path: pathlib.Path) -> None:
    """One that is missing, and one that is something else, by Python and by a process."""
    other = tmp_path / "other"
    other.write_bytes(b"no records")

    with pytest.raises(ControlError, match="No such file"):
        Control(tmp_path / "missing")
    with pytest.raises(ControlError, match="is no control file"):
        Control(other)
    process = start(status_in_process, "", settings={VARIABLE: os.fspath(other)})
    with pytest.raises(AssertionError, match="process died with -6"):
        process.result()
