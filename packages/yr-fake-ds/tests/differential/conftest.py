"""The two SDKs: the real one in another interpreter (or this one), the fake in this one."""

import importlib.util
import os
import subprocess
import sys

import pytest

REAL_PYTHON_VARIABLE = "YR_FAKE_DS_REAL_PYTHON"


def _has_real_sdk(python: str) -> bool:
    environ = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    code = "import importlib.metadata as m; m.version('openyuanrong-datasystem')"
    done = subprocess.run([python, "-c", code], capture_output=True, check=False, env=environ)
    return done.returncode == 0


@pytest.fixture(scope="session")
def real_python() -> str:
    """Return an interpreter that can import the real SDK, or skip with the reason."""
    given = os.environ.get(REAL_PYTHON_VARIABLE)
    if given:
        if not _has_real_sdk(given):
            pytest.fail(f"{REAL_PYTHON_VARIABLE}={given} has no openyuanrong-datasystem")
        return given
    if importlib.util.find_spec("yr") is None or not _has_real_sdk(sys.executable):
        pytest.skip(
            "openyuanrong-datasystem is not installed here; set "
            f"{REAL_PYTHON_VARIABLE} to an interpreter that has it"
        )
    return sys.executable
