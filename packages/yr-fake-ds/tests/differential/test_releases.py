"""The profiles are what the releases are, and the fake is what its profile says."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from yr_fake_ds import activation, profile

PROBE = str(Path(__file__).with_name("probe.py"))
PROFILES = Path(profile.__file__).with_name("profiles")


def probed(python: str, environ: dict[str, str], *options: str) -> dict[str, Any]:
    """Run the probe on an interpreter; AssertionError with what it says if it fails."""
    command = [python, PROBE, *options]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environ)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def shipped(release: str) -> dict[str, Any]:
    """Return a profile as it is shipped."""
    found: dict[str, Any] = json.loads((PROFILES / f"{release}.json").read_text(encoding="utf-8"))
    return found


def test_the_installed_release_is_its_profile(real_python: str, release: str) -> None:
    """What the probe finds out about it is what is shipped under its version."""
    environ = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}

    found = probed(real_python, environ)

    assert found["version"] == release
    assert found == shipped(release)


@pytest.mark.parametrize("release", profile.known())
def test_the_fake_is_observed_as_its_profile_says(release: str) -> None:
    """Names, defaults, texts and keys of a worker that is killed are those of the release."""
    environ = {**os.environ, **activation.variables(os.environ), profile.VARIABLE: release}
    dscli = os.path.join(activation.SHIM_ROOT, "bin", "dscli")

    found = probed(sys.executable, environ, "--observed", "--dscli", dscli)

    assert found == {name: shipped(release)[name] for name in found}
    assert len(found) == 8
