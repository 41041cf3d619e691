"""The command that changes the condition of NPUs while a program uses them."""

import os
import pathlib
import subprocess
import sys

import pytest
from commands import PATIENCE_SECONDS, command, inactive

from yr_fake_cann.control import Control

PROGRAM = """
import sys, torch, torch_npu
x = torch.ones(4, device="npu")
for line in sys.stdin:
    try:
        print((x + 1).sum().item(), flush=True)
    except RuntimeError as error:
        print("507015" in str(error), flush=True)
"""


def test_a_running_program_meets_what_the_command_changes(tmp_path: pathlib.Path) -> None:
    """It fails and is healed without being started again; the file was made by `run`."""
    file = os.fspath(tmp_path / "control")
    words = [sys.executable, "-m", "yr_fake_cann", "run", "--control", file, "--"]
    with subprocess.Popen(
        [*words, sys.executable, "-c", PROGRAM],
        env=inactive(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as program:

        def answer() -> str:
            if program.stdin is None or program.stdout is None:
                raise AssertionError("the program has no pipes")
            program.stdin.write("\n")
            program.stdin.flush()
            return program.stdout.readline().strip()

        try:
            before = answer()
            assert command("control", file, "fail", "--npu", "0").returncode == 0
            failed, shown = answer(), command("control", file, "show").stdout
            assert command("control", file, "heal").returncode == 0
            after = answer()
        finally:
            if program.stdin is not None:
                program.stdin.close()
            program.wait(PATIENCE_SECONDS)

    assert (before, failed, after) == ("8.0", "True", "8.0")
    assert shown == "NPU 0: failed, 507015\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("hang",), "hang needs an NPU: --npu N"),
        (("hang", "--npu", "0", "--status", "5"), "hang has no status"),
        (("fail", "--npu", "64"), "NPU 64: they are numbered from 0 to 63"),
    ],
)
def test_what_is_missing_is_said(
    tmp_path: pathlib.Path, arguments: tuple[str, ...], message: str
) -> None:
    """The reason is on stderr."""
    file = Control.create(tmp_path / "control").path

    done = command("control", file, *arguments)

    assert (done.returncode, done.stderr) == (1, f"yr-fake-cann: {message}\n")


def test_a_machine_that_is_well_says_so(tmp_path: pathlib.Path) -> None:
    """And a file that is missing names the option that makes one."""
    file = Control.create(tmp_path / "control").path

    assert command("control", file, "show").stdout == "all NPUs are well\n"
    assert "run --control FILE" in command("control", "no-such-file", "show").stderr
