"""What is installed beside this package, and what it says of it."""

from __future__ import annotations

import pathlib
import subprocess
import sys

import pytest

from ray_ascend.store.sdk import remedy

OLD_RAY = "Ray 2.54.1 is too old for ray-ascend-yr; run: pip install 'ray>=2.55.1', on every node"
REGISTER = "import ray_ascend; ray_ascend.register_yr_tensor_transport()"


@pytest.fixture
def with_old_ray(tmp_path: pathlib.Path) -> pathlib.Path:
    """A directory that tells whoever has it on the path that Ray 2.54.1 is installed."""
    record = tmp_path / "ray-2.54.1.dist-info" / "METADATA"
    record.parent.mkdir()
    record.write_text("Metadata-Version: 2.1\nName: ray\nVersion: 2.54.1\n", encoding="utf-8")
    return tmp_path


def run(directory: pathlib.Path, code: str) -> subprocess.CompletedProcess[str]:
    """Run a line of Python with that directory first on the path."""
    line = f"import sys; sys.path.insert(0, {str(directory)!r}); {code}"
    return subprocess.run(
        [sys.executable, "-c", line], capture_output=True, text=True, timeout=120, check=False
    )


def test_a_ray_that_is_too_old_is_refused(with_old_ray: pathlib.Path) -> None:
    """Registering says which version is needed, before anything is started."""
    done = run(with_old_ray, REGISTER)

    assert done.returncode == 1
    assert f"ray_ascend.errors.InstallationError: {OLD_RAY}" in done.stderr


def test_importing_with_an_old_ray_is_a_warning(with_old_ray: pathlib.Path) -> None:
    """Ray's own words about the decorator would not tell; a Ray that will do is not spoken of."""
    old, new = run(with_old_ray, "import ray_ascend"), run(with_old_ray / "no", "import ray_ascend")

    assert f"RuntimeWarning: {OLD_RAY}" in old.stderr
    assert (old.returncode, new.returncode, new.stderr) == (0, 0, "")


@pytest.mark.parametrize(
    ("wanted", "command"),
    [
        ("", "pip install 'openyuanrong-datasystem>=0.8.0'"),
        ("1", f"{sys.executable} -m pip install yr-fake-ds"),
    ],
)
def test_what_to_install_where_there_is_no_datasystem(
    monkeypatch: pytest.MonkeyPatch, wanted: str, command: str
) -> None:
    """The released one, or the fake, for this interpreter, where that is active around it."""
    monkeypatch.setenv("YR_FAKE_DS", wanted)

    assert remedy() == command
