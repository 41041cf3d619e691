"""What the probe tells of a machine whose npu-smi is played by recorded outputs."""

from __future__ import annotations

import json
import pathlib
import time
from collections.abc import Callable
from typing import Any

import pytest
from conftest import RECORDED, Script


class Machine:
    """An npu-smi that prints files, device nodes, and a directory in the form of CANN's."""

    def __init__(self, root: pathlib.Path, script: Script) -> None:
        self.root, self._script = root, script
        self._answers: list[tuple[str, str]] = []
        for name in ("dev", "ascend/driver", "ascend/ascend-toolkit/latest/aarch64-linux"):
            (root / name).mkdir(parents=True)
        for number in range(8):
            (root / f"dev/davinci{number}").touch()
        (root / "dev/davinci_manager").touch()
        self.write("ascend/driver/version.info", "Version=25.2.0\n")
        cann = "ascend/ascend-toolkit/latest/aarch64-linux/ascend_toolkit_install.info"
        self.write(cann, "package_name=Ascend-cann-toolkit\nversion=8.3.RC2\n")

    def write(self, name: str, text: str) -> None:
        """Write a file of the machine."""
        (self.root / name).write_text(text, encoding="utf-8")

    def answers(self, question: str, command: str) -> None:
        """Let a question be answered by a command of the shell; the first that fits does."""
        self._answers.append((question, command))

    def prints(self, question: str, text: str) -> None:
        """Let a question be answered by a text."""
        name = f"answer-{len(self._answers)}.txt"
        self.write(name, text)
        self.answers(question, f"cat {self.root / name}")

    def probe(self, npus: int, limit_s: float = 10.0) -> tuple[int, str, dict[str, Any]]:
        """Run the probe; gives its status, what it said, and its report."""
        cases = "\n".join(f'"{question}"*) {command};;' for question, command in self._answers)
        self.write("npu-smi", f'#!/bin/sh\ncase "$*" in\n{cases}\n*) exit 9;;\nesac\n')
        (self.root / "npu-smi").chmod(0o755)
        places = ("--ascend", str(self.root / "ascend"), "--dev", str(self.root / "dev"))
        program = ("--npu-smi", str(self.root / "npu-smi"), "--limit", str(limit_s))
        done = self._script(
            "probe", "--npus", str(npus), "--output", "reports/probe.json", *program, *places
        )
        report = json.loads((self.root / "reports/probe.json").read_text(encoding="utf-8"))
        return done.returncode, done.stdout + done.stderr, report


@pytest.fixture
def machine(tmp_path: pathlib.Path, script: Script) -> Machine:
    """A machine that answers nothing yet."""
    return Machine(tmp_path, script)


def _eight(machine: Machine, info: str) -> None:
    machine.prints("info -m", (RECORDED / "910b3-mapping.txt").read_text(encoding="utf-8"))
    machine.prints("info -t topo", (RECORDED / "a3-topology.txt").read_text(encoding="utf-8"))
    machine.prints("info -t health", (RECORDED / "health.txt").read_text(encoding="utf-8"))
    machine.prints("info", info)


def test_a_busy_chip_is_left_out(machine: Machine, recorded: Callable[[str], str]) -> None:
    """Of eight chips one is in use: seven are usable, and the report says by whom."""
    _eight(machine, recorded("910b3-info.txt"))

    status, said, report = machine.probe(npus=7)

    assert status == 0, said
    assert report["usable"] == [0, 1, 3, 4, 5, 6, 7]
    assert report["environment"] == {"ASCEND_RT_VISIBLE_DEVICES": "0,1,3,4,5,6,7"}
    assert "NPU 2 (card 2, chip 0, 910B3): 41052 of 65536 MB: busy: process 1333928" in said
    assert (report["driver"], report["npu_smi"], len(report["nodes"])) == ("25.2.0", "25.2.0", 8)
    assert list(report["cann"].values()) == ["8.3.RC2"]
    assert report["links"]["Phy-ID12"]["Phy-ID13"] == "SIO"
    assert report["problems"] == []


def test_too_few_usable_chips_end_the_job(machine: Machine, recorded: Callable[[str], str]) -> None:
    """A job that needs eight does not start on seven."""
    _eight(machine, recorded("910b3-info.txt"))

    status, said, _ = machine.probe(npus=8)

    assert status == 1
    assert "NOT ENOUGH: 8 NPUs are needed, 7 are usable" in said


def test_memory_in_use_by_nobody_who_is_seen(
    machine: Machine, recorded: Callable[[str], str]
) -> None:
    """In a container processes of others are not listed, and their memory is still in use."""
    row = "| 2       0                 | 1333928       |                          | 37709 "
    info = recorded("910b3-info.txt").replace(row, "| No running processes found in NPU 2 ")
    _eight(machine, info)

    _, said, report = machine.probe(npus=1)

    assert report["usable"] == [0, 1, 3, 4, 5, 6, 7]
    assert "busy: 41052 of 65536 MB used, by nobody who can be seen here" in said


def test_an_unhealthy_chip_is_left_out(machine: Machine, recorded: Callable[[str], str]) -> None:
    """The word of the table is enough, and the chip is asked nothing more."""
    before, after = recorded("910b3-info.txt").split("| 5     910B3               | OK    ")
    _eight(machine, f"{before}| 5     910B3               | Alarm {after}")

    _, said, report = machine.probe(npus=1)

    assert report["usable"] == [0, 1, 3, 4, 6, 7]
    assert "NPU 5 (card 5, chip 0, 910B3): 3400 of 65536 MB: unhealthy: Alarm" in said


def test_a_stuck_chip_is_left_out(machine: Machine, recorded: Callable[[str], str]) -> None:
    """A chip that does not answer in time costs that time, once, and is named."""
    machine.answers("info -t health -i 6", "sleep 600")
    _eight(machine, recorded("910b3-info.txt"))
    begin = time.monotonic()

    status, said, report = machine.probe(npus=6, limit_s=1.0)

    assert status == 0, said
    assert report["usable"] == [0, 1, 3, 4, 5, 7]
    assert "stuck: no answer in 1 s about its health" in said
    assert time.monotonic() - begin < 20


def test_a_driver_that_hangs_is_reported(machine: Machine) -> None:
    """If npu-smi says nothing at all, no chip is usable, and the job does not start."""
    machine.answers("info", "sleep 600")

    status, said, report = machine.probe(npus=1, limit_s=1.0)

    assert status == 1
    assert report["usable"] == []
    assert "npu-smi info: no answer in 1 s" in said


def test_a_machine_without_cards_says_so(machine: Machine) -> None:
    """An error of npu-smi and absent nodes are problems with a name, and no crash."""
    machine.answers("info", "echo dcmi model initialized failed; exit 255")
    for node in (machine.root / "dev").glob("davinci*"):
        node.unlink()

    status, said, _ = machine.probe(npus=1)

    assert status == 1
    assert "status 255: dcmi model initialized failed" in said
    assert "no /dev/davinci*: the runner gave no NPU to this container" in said


def test_numbers_are_those_of_cann(machine: Machine, recorded: Callable[[str], str]) -> None:
    """Where the mapping names a number it is used, else chips are counted in their order."""
    machine.prints(
        "info -m", "NPU ID Chip ID Chip Logic ID Chip Name\n3 0 0 Ascend\n4 0 1 Ascend\n"
    )
    machine.prints("info -t health", recorded("health.txt"))
    head, rows = recorded("910b3-info.txt").split("| 0     910B3", 1)
    _, rest = rows.split("| 3     910B3", 1)
    rest, processes = rest.split("| 5     910B3", 1)[0], "| NPU Chip | Process id |\n"
    machine.prints("info", f"{head}| 3     910B3{rest}{processes}")

    _, said, report = machine.probe(npus=2)

    assert report["usable"] == [0, 1], said
