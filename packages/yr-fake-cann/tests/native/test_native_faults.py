"""The fault plan: what it can say, and what the native library does with it."""

import ctypes
import signal
from collections.abc import Sequence

import pytest
from bindings import HOST_TO_DEVICE, INTERNAL, CannError, in_process, opened, start

from yr_fake_cann.faults import Fault, Plan


def statuses_of_copies(device: int, count: int) -> list[int]:
    """Return the statuses of several copies to a device."""
    cann = opened(device)
    address = cann.malloc(4)
    statuses = []
    for _ in range(count):
        status = cann.library.aclrtMemcpy(*map(_wide, (address, 4, b"data", 4, HOST_TO_DEVICE)))
        statuses.append(status)
    return statuses


def queued_copy() -> tuple[int, int]:
    """Return the state of an event behind a queued copy, and the status of synchronising."""
    cann = opened()
    stream, event, address = cann.stream(), cann.event(), cann.malloc(4)
    cann.aclrtMemcpyAsync(address, 4, b"data", 4, HOST_TO_DEVICE, stream)
    cann.aclrtRecordEvent(event, stream)
    try:
        cann.aclrtSynchronizeStream(stream)
    except CannError as error:
        return cann.number("aclrtQueryEventStatus", event), error.status
    return 1, 0


def status_of_synchronising(function: str) -> int:
    """Return the status of waiting for a stream, or for a device, that has nothing to do."""
    cann = opened()
    arguments = [ctypes.c_void_p(cann.stream())] if function.endswith("Stream") else []
    status: int = getattr(cann.library, function)(*arguments)
    return status


def make_stream() -> None:
    """Create one stream."""
    opened().stream()


def run(body: object, *arguments: object, faults: Sequence[Fault], seed: int = 0) -> object:
    """Return what a function returns in a process with these faults."""
    settings = Plan(faults, seed).environment()
    return in_process(body, *arguments, settings=settings)  # type: ignore[arg-type]


def _wide(value: object) -> object:
    return ctypes.c_void_p(value) if isinstance(value, int) else value


def test_the_nth_call_fails() -> None:
    """Calls before and after it work."""
    faults = [Fault("aclrtMemcpy", nth=2, code=507899)]

    assert run(statuses_of_copies, 0, 4, faults=faults) == [0, 507899, 0, 0]


def test_all_calls_from_the_nth_on_fail() -> None:
    """Without a code they fail with the runtime's internal error."""
    faults = [Fault("aclrtMemcpy", nth=3, onwards=True)]

    assert run(statuses_of_copies, 0, 4, faults=faults) == [0, 0, INTERNAL, INTERNAL]


@pytest.mark.parametrize(("device", "status"), [(0, 0), (1, INTERNAL)])
def test_a_fault_may_hold_for_one_device(device: int, status: int) -> None:
    """Other devices do not count."""
    faults = [Fault("aclrtMemcpy", device=1)]

    assert run(statuses_of_copies, device, 1, faults=faults) == [status]


@pytest.mark.parametrize("function", ["aclrtSynchronizeStream", "aclrtSynchronizeDevice"])
def test_a_call_without_a_time_limit_has_a_name_of_its_own(function: str) -> None:
    """A plan for it does not need to know that there is another one with a limit."""
    faults = [Fault(function, code=507899)]

    assert run(status_of_synchronising, function, faults=faults) == 507899


def test_a_task_that_fails_breaks_the_event_behind_it() -> None:
    """The call that queues the task succeeds."""
    faults = [Fault("aclrtMemcpyAsync", at="task", code=507013)]

    assert run(queued_copy, faults=faults) == (0, 507013)


def test_a_delay_only_delays() -> None:
    """The delayed call does its work."""
    faults = [Fault("aclrtMemcpy", action="delay", milliseconds=1)]

    assert run(statuses_of_copies, 0, 2, faults=faults) == [0, 0]


def test_the_seed_decides_which_calls_fail() -> None:
    """The same seed gives the same failures, another one others."""
    faults = [Fault("aclrtMemcpy", onwards=True, probability=0.5)]

    first, again, other = (
        run(statuses_of_copies, 0, 64, faults=faults, seed=seed) for seed in (1, 1, 2)
    )

    assert first == again != other


def test_a_kill_ends_the_process() -> None:
    """The process dies of SIGKILL in the call."""
    dying = start(make_stream, settings=Plan([Fault("aclrtCreate*", action="kill")]).environment())

    assert dying.end() == -signal.SIGKILL


def test_a_plan_that_cannot_be_read_ends_the_process() -> None:
    """A typo is not ignored."""
    dying = start(make_stream, settings={"YR_FAKE_CANN_FAULTS": "funktion=aclrtFree"})

    assert dying.end() == -signal.SIGABRT


@pytest.mark.parametrize(
    "values",
    [
        {"nth": 0},
        {"probability": 1.5},
        {"action": "delay"},
        {"milliseconds": 5},
        {"action": "kill", "code": 1},
        {"function": "two words"},
    ],
)
def test_a_fault_that_means_nothing_is_refused(values: dict[str, object]) -> None:
    """ValueError where the plan is written, not where it is read."""
    with pytest.raises(ValueError, match=r".+"):
        Fault(**values)  # type: ignore[arg-type]
