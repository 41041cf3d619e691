#!/usr/bin/env python3
"""Look at the machine before a job: which NPUs it may use, and what else matters.

Asks npu-smi, with a time limit for every question, and reads /dev, /proc and /usr/local/Ascend. It
changes nothing. An NPU that is stuck, unhealthy or busy is reported with the reason and left out of
ASCEND_RT_VISIBLE_DEVICES. The status is 1 if fewer are usable than --npus asks for.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import pathlib
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import machine
import npu_smi
from commands import Answer, ask
from machine import Places

LIMIT_S = 20.0
"""How long npu-smi may take for an answer; on a machine in order it is one second or two."""
IDLE_SHARE = 0.15
"""Of a chip's memory: idle chips of all kinds seen use 2.9 to 3.5 GB of 64; more is somebody's."""


@dataclass(frozen=True)
class Finding:
    """One chip: its number for CANN, what npu-smi says, and why it is not usable, if it is not."""

    number: int
    card: int
    chip: int
    name: str
    health: str
    used_mb: int
    total_mb: int
    pids: tuple[int, ...]
    reason: str

    @property
    def usable(self) -> bool:
        """Whether a job may use it."""
        return not self.reason


def main(arguments: Sequence[str]) -> int:
    """Look, tell, and write what was seen."""
    options = _options(arguments)
    places = Places(ascend=options.ascend, dev=options.dev)
    report = look(options.npu_smi, places, options.limit)
    usable = report["usable"]
    _tell(report)
    if options.output:
        options.output.parent.mkdir(parents=True, exist_ok=True)
        options.output.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
        print(f"written: {options.output}")
    if len(usable) < options.npus:
        print(f"NOT ENOUGH: {options.npus} NPUs are needed, {len(usable)} are usable")
        return 1
    print(f"usable: {len(usable)} NPUs, {options.npus} are needed")
    return 0


def look(program: str, places: Places, limit_s: float) -> dict[str, Any]:
    """Ask all questions; called by `main` and by tests. Problems are in the report, not raised."""
    info = ask((program, "info"), limit_s)
    mapping = ask((program, "info", "-m"), limit_s) if not info.problem else info
    topology = ask((program, "info", "-t", "topo"), limit_s) if not info.problem else info
    findings = _findings(program, info, mapping, limit_s)
    usable = [finding.number for finding in findings if finding.usable]
    nodes = machine.device_nodes(places)
    return {
        "npu_smi": npu_smi.version_of(info.output),
        "driver": machine.driver_version(places),
        "cann": machine.cann_versions(places),
        "nodes": nodes,
        "chips": [dataclasses.asdict(finding) for finding in findings],
        "links": npu_smi.links_of(topology.output),
        "huge_pages": machine.huge_pages(places),
        "free_memory_mb": machine.free_memory_mb(places),
        "shared_memory_mb": _shared_memory_mb(places),
        "ports_in_use": machine.ports_in_use(places),
        "problems": _problems((info, mapping, topology), nodes, findings),
        "usable": usable,
        "environment": {"ASCEND_RT_VISIBLE_DEVICES": ",".join(map(str, usable))},
    }


def _findings(program: str, info: Answer, mapping: Answer, limit_s: float) -> list[Finding]:
    numbers = npu_smi.device_numbers(mapping.output)
    processes = npu_smi.processes_of(info.output)
    found = []
    for position, chip in enumerate(npu_smi.chips_of(info.output)):
        pids = tuple(one.pid for one in processes if (one.card, one.chip) == chip.place)
        reason = _reason(program, chip, pids, limit_s)
        # Without a mapping CANN counts the chips as the table does.
        number = numbers.get(chip.place, position)
        finding = Finding(
            number=number,
            card=chip.card,
            chip=chip.chip,
            name=chip.name,
            health=chip.health,
            used_mb=chip.used_mb,
            total_mb=chip.total_mb,
            pids=pids,
            reason=reason,
        )
        found.append(finding)
    return found


def _reason(program: str, chip: npu_smi.Chip, pids: tuple[int, ...], limit_s: float) -> str:
    """Say why a chip may not be used; empty if it may."""
    if chip.health != "OK":
        return f"unhealthy: {chip.health}"
    if pids:
        return f"busy: process {', '.join(map(str, pids))}"
    if chip.total_mb and chip.used_mb > IDLE_SHARE * chip.total_mb:
        return f"busy: {chip.used_mb} of {chip.total_mb} MB used, by nobody who can be seen here"
    place = ("-i", str(chip.card), "-c", str(chip.chip))
    answer = ask((program, "info", "-t", "health", *place), limit_s)
    if answer.is_stuck:
        return f"stuck: {answer.problem} about its health"
    state, error = npu_smi.health_of(answer.output)
    # Not every driver answers this question; the table has answered it then.
    return f"unhealthy: {state} {error}".rstrip() if state not in {"", "OK"} else ""


def _problems(
    answers: Sequence[Answer], nodes: Sequence[str], findings: Sequence[Finding]
) -> list[str]:
    said = dict.fromkeys(
        f"{' '.join(one.command)}: {one.problem}" for one in answers if one.problem
    )
    found = list(said)
    if not nodes:
        found.append("no /dev/davinci*: the runner gave no NPU to this container, or has no driver")
    if not answers[0].problem and not findings:
        found.append("npu-smi lists no chip")
    return found


def _shared_memory_mb(places: Places) -> int:
    path = places.dev / "shm"
    return shutil.disk_usage(path).free // 2**20 if path.exists() else 0


def _tell(report: dict[str, Any]) -> None:
    cann = ", ".join(f"{path}: {version}" for path, version in report["cann"].items())
    print(f"driver {report['driver'] or 'not seen'}, npu-smi {report['npu_smi'] or 'not seen'}")
    print(f"CANN {cann or 'not seen'}")
    for chip in report["chips"]:
        where = f"NPU {chip['number']} (card {chip['card']}, chip {chip['chip']}, {chip['name']})"
        print(f"{where}: {chip['used_mb']} of {chip['total_mb']} MB: {chip['reason'] or 'usable'}")
    for name, links in report["links"].items():
        print(f"links of {name}: {', '.join(f'{other} {how}' for other, how in links.items())}")
    pages = report["huge_pages"]
    print(f"huge pages: {pages['free']} of {pages['total']} free, {pages['size_kb']} kB each")
    free = f"{report['free_memory_mb']} MB, and {report['shared_memory_mb']} MB in /dev/shm"
    print(f"free memory of the host: {free}")
    print(f"ports of HCCL in use: {report['ports_in_use'] or 'none'}")
    for problem in report["problems"]:
        print(f"PROBLEM: {problem}")


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="probe.py", description=__doc__)
    parser.add_argument("--npus", type=int, default=0, help="so many are needed (default: 0)")
    parser.add_argument("--output", type=pathlib.Path, help="JSON file for run.py")
    parser.add_argument("--limit", type=float, default=LIMIT_S, help="seconds for an answer")
    parser.add_argument("--npu-smi", default="npu-smi", help="the program to ask")
    parser.add_argument("--ascend", type=pathlib.Path, default=Places.ascend)
    parser.add_argument("--dev", type=pathlib.Path, default=Places.dev)
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
