"""The command: run, env and which, their exit codes and refusals."""

import os
import pathlib
import shutil
import sys

import pytest
from commands import command, finished, inactive, python

from yr_fake_cann import activation
from yr_fake_cann.errors import ActivationError

PRINT_COUNT = "import torch_npu; print(torch_npu.npu.device_count())"


def test_run_gives_the_asked_number_of_npus() -> None:
    """``--npus`` is what torch_npu counts."""
    assert python(PRINT_COUNT, "--npus", "3") == "3"


def test_run_hands_the_exit_code_through() -> None:
    """The command's exit code is the program's."""
    assert command("run", "--", "sh", "-c", "exit 7").returncode == 7


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("run",), 2, "needs a command"),
        (("run", "--npus", "0", "--", "true"), 2, "not a positive number"),
        (("run", "--npus", "65", "--", "true"), 2, "at most 64"),
        (("run", "--", "no-such-program"), 127, "command not found"),
        (("run", "--", os.devnull), 126, "cannot execute"),
    ],
)
def test_what_cannot_be_run_is_said(arguments: tuple[str, ...], code: int, message: str) -> None:
    """Exit codes are those of a shell, and the reason is on stderr."""
    done = command(*arguments)

    assert done.returncode == code
    assert message in done.stderr


def test_env_activates_a_shell() -> None:
    """The printed exports do in a shell what ``run`` does for a command."""
    exports = command("env", "--npus", "5").stdout

    done = finished(["sh", "-c", f"{exports}\n{sys.executable} -c '{PRINT_COUNT}'"], inactive())

    assert done.stdout.splitlines()[-1] == "5"


def test_env_twice_changes_nothing() -> None:
    """Activating an activated environment gives the same variables."""
    once = activation.variables(inactive(), activation.Machine(npus=2))
    twice = activation.variables({**inactive(), **once}, activation.Machine(npus=2))

    assert twice == once


def test_which_describes_the_machine() -> None:
    """One line says what is active and what is visible."""
    inside = command(
        "run", "--npus", "4", "--", sys.executable, "-m", "yr_fake_cann", "which",
        ASCEND_RT_VISIBLE_DEVICES="1,2",
    )  # fmt: skip

    assert command("which").stdout == "CANN: yr-fake-cann is not active\n"
    assert "4 NPUs on host memory, visible: 1,2" in inside.stdout


def test_a_shell_prepared_for_a_real_cann_is_refused() -> None:
    """Two CANNs in one process would be neither."""
    done = command("run", "--", "true", ASCEND_HOME_PATH="/usr/local/Ascend/latest")

    assert done.returncode == 1
    assert "ASCEND_HOME_PATH=/usr/local/Ascend/latest is set" in done.stderr


def test_missing_libraries_are_named(tmp_path: pathlib.Path) -> None:
    """A directory without the libraries is refused with its name."""
    done = command("run", "--", "true", YR_FAKE_CANN_LIBRARIES=str(tmp_path))

    assert done.returncode == 1
    assert str(tmp_path) in done.stderr


def test_activating_after_torch_npu_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Too late is said, not ignored."""
    monkeypatch.setitem(sys.modules, "torch_npu", sys)

    with pytest.raises(ActivationError, match="already imported"):
        activation.activate(activation.Machine(), inactive())


def test_the_machine_is_described_by_options() -> None:
    """Memory, chip and modes reach the runtime."""
    script = (
        "from torch_npu import npu; npu.set_device(0); p = npu.get_device_properties(0); "
        "print(p.name, p.total_memory >> 20)"
    )

    printed = python(script, "--memory-mb", "512", "--soc", "Ascend910B2")

    assert printed == "Ascend910B2 512"


def test_a_chip_that_is_not_known_is_refused(tmp_path: pathlib.Path) -> None:
    """The error lists those that are, before the command runs."""
    done = command("run", "--soc", "Ascend910X", "--", "touch", str(tmp_path / "ran"))

    assert done.returncode == 2
    assert "'Ascend910X' is not emulated, but Ascend910B1, Ascend910B2," in done.stderr
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("npu.get_device_properties(1).vector_core_num", "40"),
        ("npu.mem_get_info()[1] >> 30", "32"),
        ("npu.mem_get_info(1)[1] >> 30", "32"),
        ("npu.get_device_name(1)", "Ascend910B4"),
    ],
)
def test_the_first_question_may_be_about_a_device(question: str, answer: str) -> None:
    """Nothing has to be computed before it; torch_npu names a default device when it begins."""
    script = f"from torch_npu import npu; print({question})"

    assert python(script, "--soc", "Ascend910B4") == answer


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become somebody else")
def test_an_ordinary_user_needs_nothing_more() -> None:
    """Without any privilege tensors are made, moved and computed with."""
    script = (
        "import os, torch; os.setgroups([]); os.setgid(65534); os.setuid(65534)\n"
        "print((torch.ones(3).to('npu:1') * 2).sum().item(), os.getuid())"
    )

    assert python(script) == "6.0 65534"


def test_the_package_need_not_be_installed_where_it_runs(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A child gets the kernels from the package that activated it, whatever is installed there."""
    elsewhere = tmp_path / "yr_fake_cann"
    shutil.copytree(activation.PACKAGE_ROOT, elsewhere)
    monkeypatch.setattr(activation, "PACKAGE_ROOT", str(elsewhere))
    monkeypatch.setattr(activation, "SHIM_ROOT", str(elsewhere / "shim"))
    script = (
        "import torch, yr_fake_cann;"
        "print((torch.ones(2, device='npu') + 1).tolist(), yr_fake_cann.__file__)"
    )

    changed = activation.variables(inactive(PYTHONPATH=""), activation.Machine())
    printed = finished([sys.executable, "-c", script], {**inactive(), **changed}).stdout

    assert printed.splitlines()[-1] == f"[2.0, 2.0] {elsewhere / '__init__.py'}"
