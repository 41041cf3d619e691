"""The trace: calls and tasks of one or several processes, as text and as a Chrome trace."""

import json
from pathlib import Path

import pytest
from bindings import HOST_TO_DEVICE, CannError, in_process, opened

from yr_fake_cann import trace


def work() -> int:
    """Queue one copy, fail one call; return the address of the memory."""
    cann = opened(1)
    stream, address = cann.stream(), cann.malloc(4)
    cann.aclrtMemcpyAsync(address, 4, b"data", 4, HOST_TO_DEVICE, stream)
    cann.aclrtSynchronizeStream(stream)
    try:
        cann.aclrtSetDevice(99)
    except CannError:
        return address
    return 0


@pytest.mark.parametrize("extension", ["txt", "json"])
def test_calls_and_tasks_are_recorded(tmp_path: Path, extension: str) -> None:
    """Both formats read back as the same records."""
    target = str(tmp_path / f"calls.{extension}")

    address = in_process(work, settings={trace.VARIABLE: target})
    records = trace.read(target)

    seen = [(record.kind, record.name, record.device, record.status) for record in records]
    assert seen == [
        ("call", "aclrtSetDevice", -1, 0),
        ("call", "aclrtCreateStream", 1, 0),
        ("call", "aclrtMalloc", 1, 0),
        ("call", "aclrtMemcpyAsync", 1, 0),
        ("task", "aclrtMemcpyAsync", 1, 0),
        ("call", "aclrtSynchronizeStream", 1, 0),
        ("call", "aclrtSetDevice", 1, 107001),
    ]
    assert records[3].arguments["to"] == hex(address)


def test_traces_of_several_processes_become_one(tmp_path: Path) -> None:
    """Each process has its file, and the merged trace is what a viewer opens."""
    target, merged = str(tmp_path / "calls.json"), tmp_path / "all.json"
    for _ in range(2):
        in_process(work, settings={trace.VARIABLE: target})

    count = trace.merge(target, str(merged))

    events = json.loads(merged.read_text())["traceEvents"]
    assert count == len(events) == 14
    assert len({event["pid"] for event in events}) == 2


def test_a_call_stands_before_the_task_that_it_queued(tmp_path: Path) -> None:
    """A task that began in the same instant and was written first is read second."""
    (tmp_path / "calls.1.txt").write_text(
        "1.5 7/3 npu:0 task aclrtMemcpyAsync() = 0 in 1.0 us\n"
        "1.5 7/8 npu:0 call aclrtMemcpyAsync() = 0 in 2.0 us\n"
    )

    records = trace.read(str(tmp_path / "calls.txt"))

    assert [record.kind for record in records] == ["call", "task"]


def test_a_torn_last_line_is_left_out(tmp_path: Path) -> None:
    """What a killed process left is readable."""
    (tmp_path / "calls.1.txt").write_text(
        "1.5 7/8 npu:0 call aclrtFree() = 0 in 2.0 us\n1.6 7/8 np"
    )

    records = trace.read(str(tmp_path / "calls.txt"))

    assert [(record.name, record.duration) for record in records] == [("aclrtFree", 2e-6)]


def test_a_trace_that_cannot_be_written_ends_the_process(tmp_path: Path) -> None:
    """A bad path is not ignored."""
    with pytest.raises(AssertionError, match="died with -6"):
        in_process(work, settings={trace.VARIABLE: str(tmp_path / "missing" / "calls.txt")})
