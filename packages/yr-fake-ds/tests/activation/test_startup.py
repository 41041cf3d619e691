"""The fake stays where PYTHONPATH and PATH are replaced after its activation."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib import metadata

import pytest

from yr_fake_ds import activation

WHERE = "import os, shutil, yr.datasystem; print(yr.datasystem.__file__, shutil.which('dscli'))"
OURS = f"{activation.SHIM_ROOT}/yr/datasystem/__init__.py {activation.SHIM_ROOT}/bin/dscli"


@pytest.fixture(autouse=True)
def _installed() -> None:
    """Only an installed distribution has the file that Python reads when it starts."""
    files = metadata.files("yr-fake-ds") or []
    if not any(file.name == "yr_fake_ds.pth" for file in files):
        pytest.skip("this yr-fake-ds is not installed as its wheel is")


def python(*options: str, **changes: str) -> str:
    """Run Python in an activated environment with changes, and give what it says of the SDK."""
    environ = {**os.environ, **activation.variables(os.environ), **changes}
    done = subprocess.run(
        [sys.executable, *options, "-c", WHERE],
        env=environ,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    return done.stdout.strip() or done.stderr


def test_a_replaced_pythonpath() -> None:
    """As Ray's runtime_env and many launch scripts do."""
    assert python(PYTHONPATH="/nowhere") == OURS


def test_a_replaced_path() -> None:
    """As an activated conda environment does."""
    assert python(PATH="/usr/bin:/bin") == OURS


@pytest.mark.parametrize("option", ["-I", "-E"])
def test_an_isolated_python(option: str) -> None:
    """It does not look at PYTHONPATH at all."""
    assert python(option) == OURS


def test_children_have_it_again() -> None:
    """What was put back is in the environment of what that Python starts."""
    child = "import os; print(os.environ['PYTHONPATH'])"
    script = f"import subprocess, sys; subprocess.run([sys.executable, '-S', '-c', {child!r}])"
    environ = {**os.environ, **activation.variables(os.environ), "PYTHONPATH": "/nowhere"}

    done = subprocess.run(
        [sys.executable, "-c", script], env=environ, capture_output=True, text=True, check=True
    )

    assert done.stdout.strip() == f"{activation.SHIM_ROOT}:/nowhere"


def test_what_others_put_first_stays_first() -> None:
    """Only what is lost is put back."""
    shim = activation.SHIM_ROOT

    assert python("-c", "import os; print(os.environ['PYTHONPATH'])", PYTHONPATH=f"/x:{shim}") == (
        f"/x:{shim}"
    )


def test_without_the_switch_nothing_is_changed() -> None:
    """Every other Python of the environment is as it was."""
    environ = {name: value for name, value in os.environ.items() if name != activation.SWITCH}
    environ["PYTHONPATH"] = "/nowhere"
    script = "import sys; print([name for name in sys.modules if name.startswith('yr')])"

    done = subprocess.run(
        [sys.executable, "-c", script], env=environ, capture_output=True, text=True, check=True
    )

    assert done.stdout.strip() == "[]"
