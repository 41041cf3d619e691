"""What scripts that ask npu-smi are told of emulated NPUs."""

import os
import pathlib
import subprocess
import sys

import pytest
from commands import command, inactive

from yr_fake_cann.control import Control


def test_cards_are_those_of_the_machine() -> None:
    """Count, chip and memory are what the libraries would say."""
    machine = {"YR_FAKE_CANN_DEVICES": "3", "YR_FAKE_CANN_SOC": "Ascend910B4"}

    info = command("npu-smi", "info", **machine, YR_FAKE_CANN_MEMORY_MB="1024").stdout
    mapping = command("npu-smi", "info", "-m", **machine).stdout

    assert info.count(" 910B4 ") == 3
    assert info.count("0    / 1024") == 3
    assert "No running processes found in NPU 2" in info
    assert [line.split()[:3] for line in mapping.splitlines()[1::2]] == [
        [str(number), "0", str(number)] for number in range(3)
    ]


def test_all_cards_are_shown_to_a_process_that_sees_few() -> None:
    """As the real one, it knows nothing of ASCEND_RT_VISIBLE_DEVICES."""
    machine = {"YR_FAKE_CANN_DEVICES": "4", "ASCEND_RT_VISIBLE_DEVICES": "1"}

    listed = command("npu-smi", "info", "-l", **machine).stdout

    assert listed.splitlines()[0].split() == ["Card", "Count", ":", "4"]


def test_conditions_are_shown(tmp_path: pathlib.Path) -> None:
    """One that failed, one that is full, one without links."""
    control = Control.create(tmp_path / "control")
    control.fail(0, 507054)
    control.exhaust(1)
    control.unlink(2)
    machine = {"YR_FAKE_CANN_DEVICES": "4", "YR_FAKE_CANN_MEMORY_MB": "64"}
    environ = {**machine, **control.environment()}

    rows = command("npu-smi", "info", **environ).stdout.splitlines()
    health = command("npu-smi", "info", "-t", "health", "-i", "0", "-c", "0", **environ).stdout
    topology = command("npu-smi", "info", "-t", "topo", **environ).stdout.splitlines()

    assert "| Alarm  " in rows[6]
    assert "64   / 64" in rows[10]
    assert "Health Status                  : Alarm" in health
    assert "Error Code                     : 507054" in health
    assert topology[1].split() == ["NPU0", "X", "HCCS", "NA", "HCCS"]


def test_one_that_hangs_does_not_answer(tmp_path: pathlib.Path) -> None:
    """Who asks for its health waits, and is answered about the others."""
    control = Control.create(tmp_path / "control")
    control.hang(1)
    words = [sys.executable, "-m", "yr_fake_cann", "npu-smi", "info", "-t", "health", "-i"]
    environ = inactive(YR_FAKE_CANN_DEVICES="2", **control.environment())

    done = subprocess.run([*words, "0"], env=environ, capture_output=True, check=True)
    with pytest.raises(subprocess.TimeoutExpired):
        subprocess.run([*words, "1"], env=environ, capture_output=True, timeout=3, check=False)

    assert b": OK" in done.stdout


def test_a_card_that_is_not_there() -> None:
    """A failure, with how many there are."""
    done = command("npu-smi", "info", "-t", "health", "-i", "9", YR_FAKE_CANN_DEVICES="2")

    assert (done.returncode, done.stdout) == (1, "card 9: there are 2" + os.linesep)
