"""Reads the traces that processes on the emulated CANN write.

    YR_FAKE_CANN_TRACE=/tmp/calls.json ── each process ──► /tmp/calls.<pid>.json
                                       ── merge() ──► one Chrome trace of all of them

A record is a call into CANN or the execution of a task by a stream. Clocks of all processes of a
machine agree, so records of several processes can be compared.
"""

import glob
import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final, Literal

VARIABLE: Final = "YR_FAKE_CANN_TRACE"

TEXT_LINE: Final = re.compile(
    r"(?P<begin>[\d.]+) (?P<process>\d+)/(?P<lane>\d+) npu:(?P<device>-?\d+) (?P<kind>call|task) "
    r"(?P<name>\w+)\((?P<arguments>.*)\) = (?P<status>-?\d+) in (?P<duration>[\d.]+) us$"
)


@dataclass(frozen=True)
class Record:
    """One call or task.

    `lane` is the id of the calling thread, or of the stream that ran the task; `device` is the
    physical NPU, -1 without one. `begin` and `duration` are seconds of the machine's monotonic
    clock.
    """

    kind: Literal["call", "task"]
    name: str
    process: int
    lane: int
    device: int
    status: int
    begin: float
    duration: float
    arguments: dict[str, str] = field(default_factory=dict)


def files(target: str) -> list[str]:
    """Return the files that processes wrote for a value of ``YR_FAKE_CANN_TRACE``."""
    stem, extension = os.path.splitext(target)
    pattern = re.compile(re.escape(stem) + r"\.\d+" + re.escape(extension))
    return sorted(path for path in glob.glob(f"{glob.escape(stem)}.*") if pattern.fullmatch(path))


def read(target: str) -> list[Record]:
    """Return the records of all processes in the order in which they began, a call before its task.

    `target` is the value that ``YR_FAKE_CANN_TRACE`` had. The last line of a killed process may be
    torn; it is left out.
    """
    found = [record for path in files(target) for record in _records(path)]
    return sorted(found, key=lambda record: (record.begin, record.kind))


def merge(target: str, output: str) -> int:
    """Write one Chrome trace of all processes' JSON traces; return how many records it has."""
    events = [event for path in files(target) for event in _events(path)]
    with open(output, "w", encoding="utf-8") as file:
        json.dump({"traceEvents": events, "displayTimeUnit": "ns"}, file)
    return len(events)


def _records(path: str) -> Iterator[Record]:
    return _json_records(path) if path.endswith(".json") else _text_records(path)


def _text_records(path: str) -> Iterator[Record]:
    with open(path, encoding="utf-8", errors="replace") as file:
        for line in file:
            match = TEXT_LINE.match(line)
            if match is not None:
                yield _text_record(match)


def _text_record(match: re.Match[str]) -> Record:
    pairs = (pair.split("=", 1) for pair in match["arguments"].split(", ") if pair)
    return Record(
        kind="call" if match["kind"] == "call" else "task",
        name=match["name"],
        process=int(match["process"]),
        lane=int(match["lane"]),
        device=int(match["device"]),
        status=int(match["status"]),
        begin=float(match["begin"]),
        duration=float(match["duration"]) / 1e6,
        arguments={name: value for name, value in pairs},  # noqa: C416 - pairs are lists
    )


def _json_records(path: str) -> Iterator[Record]:
    for event in _events(path):
        arguments = dict(event["args"])
        device, status = int(arguments.pop("npu")), int(arguments.pop("result"))
        yield Record(
            kind=event["cat"],
            name=event["name"],
            process=event["pid"],
            lane=event["tid"],
            device=device,
            status=status,
            begin=event["ts"] / 1e6,
            duration=event["dur"] / 1e6,
            arguments=arguments,
        )


def _events(path: str) -> Iterator[dict[str, Any]]:
    with open(path, encoding="utf-8", errors="replace") as file:
        for line in file:
            if line.startswith("{") and line.endswith("},\n"):
                yield json.loads(line.rstrip(",\n"))
