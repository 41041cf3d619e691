"""`yr-fake-ds run --npus`: the fake and emulated NPUs in one command."""

import importlib.util
import os
import subprocess
import sys

import pytest

from yr_fake_ds import npus
from yr_fake_ds.errors import ActivationError

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
    monkeypatch.setitem(sys.modules, CANN, None)

    with pytest.raises(ActivationError, match="pip install yr-fake-cann"):
        npus.variables({}, 2)
