"""`yr-fake-ds run --npus`: the fake and emulated NPUs in one command."""

import importlib.util
import os
import pathlib
import subprocess
import sys

import pytest

from yr_fake_ds import npus
from yr_fake_ds.errors import ActivationError
from yr_fake_ds.npus import ACTIVATION_MODULE

CANN = "yr_fake_cann"
needs_cann = pytest.mark.skipif(not importlib.util.find_spec(CANN), reason=f"without {CANN}")
PROGRAM = """
import ctypes, yr.datasystem
count = ctypes.c_uint32()
ctypes.CDLL("libascendcl.so").aclrtGetDeviceCount(ctypes.byref(count))
print(count.value, "yr_fake_ds" in yr.datasystem.__file__)
"""


def run(*arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """Run the command line."""
    command = [sys.executable, "-m", "yr_fake_ds", "run", *arguments]
    environ = {**os.environ, **settings}
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environ)


@needs_cann
def test_a_command_has_the_fake_and_npus() -> None:
    """The command finds the fake SDK and as many NPUs as it was given."""
    done = run("--npus", "3", "--", sys.executable, "-c", PROGRAM)

    assert done.stdout.strip() == "3 True", done.stderr


@needs_cann
def test_a_real_cann_is_in_the_way() -> None:
    """A shell that is prepared for a real CANN is refused with the reason."""
    done = run("--npus", "2", "--", "true", ASCEND_HOME_PATH="/usr/local/Ascend")

    assert done.returncode == 1
    assert "ASCEND_HOME_PATH" in done.stderr


def test_without_the_emulator_it_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever has not installed the emulator of NPUs is told its name."""
    monkeypatch.setitem(sys.modules, ACTIVATION_MODULE, None)

    with pytest.raises(ActivationError, match="pip install yr-fake-cann"):
        npus.variables({}, 2)


@pytest.fixture
def torch_npu(tmp_path: pathlib.Path) -> dict[str, str]:
    """Variables of an environment in which a torch_npu is installed."""
    (tmp_path / "torch_npu.py").write_text("", encoding="utf-8")
    return {"PYTHONPATH": str(tmp_path)}


def test_torch_works_where_torch_npu_has_no_cann(torch_npu: dict[str, str]) -> None:
    """The command runs without NPUs, and one line says how it would have some."""
    script = "import os; print(os.environ['TORCH_DEVICE_BACKEND_AUTOLOAD'])"

    done = run("--", sys.executable, "-c", script, **torch_npu)

    assert done.stdout == "0\n"
    assert done.stderr == f"yr-fake-ds: {npus.WITHOUT_CANN}\n"


def test_what_the_user_has_decided_stays(torch_npu: dict[str, str]) -> None:
    """A value of torch's own variable is neither changed nor remarked on."""
    script = "import os; print(os.environ['TORCH_DEVICE_BACKEND_AUTOLOAD'])"

    done = run("--", sys.executable, "-c", script, TORCH_DEVICE_BACKEND_AUTOLOAD="1", **torch_npu)

    assert (done.stdout, done.stderr) == ("1\n", "")


def test_without_torch_npu_nothing_is_said() -> None:
    """Which is the case of most."""
    if importlib.util.find_spec("torch_npu"):
        pytest.skip("torch_npu is installed here")

    assert run("--", "true").stderr == ""


@needs_cann
def test_the_emulator_below_is_not_hampered() -> None:
    """What was set since there was no CANN does not outlast one that is activated after it."""
    script = "import os; print(os.environ['TORCH_DEVICE_BACKEND_AUTOLOAD'])"
    nested = [sys.executable, "-m", "yr_fake_cann", "run", "--npus", "2", "--", sys.executable]

    done = run("--", *nested, "-c", script, YR_FAKE_DS_WITHOUT_CANN="1")

    assert done.stdout == "1\n", done.stderr
