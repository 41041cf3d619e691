"""The two SDKs: the real one in another interpreter (or this one), the fake in this one."""

import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator

import pytest
from sdk_process import SdkProcess

from yr_fake_ds import activation

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


@pytest.fixture(scope="session")
def real(real_python: str) -> Iterator[SdkProcess]:
    """Give a worker and a driver of the real SDK."""
    environ = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    directory = tempfile.mkdtemp(prefix="yrl")
    environ["DATASYSTEM_CLIENT_LOG_DIR"] = directory
    bindir = os.path.dirname(real_python)
    environ["PATH"] = os.pathsep.join([bindir, environ.get("PATH", os.defpath)])
    with SdkProcess(real_python, os.path.join(bindir, "dscli"), environ) as process:
        yield process
    shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture(scope="session")
def fake() -> Iterator[SdkProcess]:
    """Give a worker and a driver of the fake."""
    environ = {**os.environ, **activation.variables(os.environ)}
    dscli = os.path.join(activation.SHIM_ROOT, "bin", "dscli")
    with SdkProcess(sys.executable, dscli, environ) as process:
        yield process
