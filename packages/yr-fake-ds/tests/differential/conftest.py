"""The two SDKs: the real one in another interpreter (or this one), the fake in this one."""

import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from night import Night
from sdk_process import SdkProcess, fixed_text, placed_text

from yr_fake_ds import activation, profile

REAL_PYTHON_VARIABLE = "YR_FAKE_DS_REAL_PYTHON"
ACTORS = str(Path(__file__).with_name("actors.py"))
STAGE = str(Path(__file__).with_name("stage.py"))


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
def real_sdk(real_python: str) -> Iterator[Callable[..., SdkProcess]]:
    """Give a maker of workers and drivers of the real SDK."""
    environ = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    directory = tempfile.mkdtemp(prefix="yrl")
    environ["DATASYSTEM_CLIENT_LOG_DIR"] = directory
    bindir = os.path.dirname(real_python)
    environ["PATH"] = os.pathsep.join([bindir, environ.get("PATH", os.defpath)])
    yield partial(SdkProcess, real_python, os.path.join(bindir, "dscli"), environ)
    shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture(scope="session")
def release(real_python: str) -> str:
    """Return the version of the real SDK."""
    environ = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    code = "import importlib.metadata as m; print(m.version('openyuanrong-datasystem'))"
    command = [real_python, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environ)
    return done.stdout.strip()


@pytest.fixture(scope="session")
def fake_environ(release: str) -> dict[str, str]:
    """Return the environment in which the fake is active as that release."""
    return {**os.environ, **activation.variables(os.environ), profile.VARIABLE: release}


@pytest.fixture(scope="session")
def fake_sdk(fake_environ: dict[str, str]) -> Callable[..., SdkProcess]:
    """Give a maker of workers and drivers of the fake."""
    dscli = os.path.join(activation.SHIM_ROOT, "bin", "dscli")
    return partial(SdkProcess, sys.executable, dscli, fake_environ)


@pytest.fixture(scope="session")
def real(real_sdk: Callable[..., SdkProcess]) -> Iterator[SdkProcess]:
    """Give a worker and a driver of the real SDK."""
    with real_sdk() as process:
        yield process


@pytest.fixture(scope="session")
def fake(fake_sdk: Callable[..., SdkProcess]) -> Iterator[SdkProcess]:
    """Give a worker and a driver of the fake."""
    with fake_sdk() as process:
        yield process


@pytest.fixture(scope="session")
def shown(release: str) -> Callable[[str], str]:
    """Return what is compared of an error's text: places in the sources are those of 0.8.1."""
    return placed_text if release == profile.DEFAULT else fixed_text


@pytest.fixture(scope="session")
def real_actors(
    real_sdk: Callable[..., SdkProcess], shown: Callable[[str], str]
) -> Iterator[SdkProcess]:
    """Give two workers and the actors of the real SDK."""
    with real_sdk(driver=ACTORS, workers=2, shown=shown) as process:
        yield process


@pytest.fixture(scope="session")
def fake_actors(
    fake_sdk: Callable[..., SdkProcess], shown: Callable[[str], str]
) -> Iterator[SdkProcess]:
    """Give two workers and the actors of the fake."""
    with fake_sdk(driver=ACTORS, workers=2, shown=shown) as process:
        yield process


@pytest.fixture(scope="session")
def real_stage(
    real_sdk: Callable[..., SdkProcess], shown: Callable[[str], str]
) -> Iterator[SdkProcess]:
    """Give two workers and the stage of the real SDK."""
    with real_sdk(driver=STAGE, workers=2, shown=shown) as process:
        yield process


@pytest.fixture(scope="session")
def fake_stage(
    fake_sdk: Callable[..., SdkProcess], shown: Callable[[str], str]
) -> Iterator[SdkProcess]:
    """Give two workers and the stage of the fake."""
    with fake_sdk(driver=STAGE, workers=2, shown=shown) as process:
        yield process


@pytest.fixture
def fake_environ_of_any_release() -> dict[str, str]:
    """Return the environment in which the fake is active, where no real SDK is needed."""
    return {**os.environ, **activation.variables(os.environ)}


@pytest.fixture(scope="session")
def night() -> Night:
    """Return the record of what this night has done."""
    return Night()
