"""The pytest plugin, in pytest processes of its own."""

import os
import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path

import pytest

from yr_fake_ds import activation

TEST = """
import subprocess, sys
import yr.datasystem

def test_here():
    assert "yr_fake_ds" in yr.datasystem.__file__

def test_child():
    code = "import yr.datasystem; print(yr.datasystem.__file__)"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout
    assert "yr_fake_ds" in out
"""


def _pytest(directory: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environ = {key: value for key, value in os.environ.items() if "PYTEST" not in key}
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "yr_fake_ds.pytest", "-c", os.devnull, *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        cwd=directory,
        env=environ,
    )


def test_the_option_activates_the_fake_for_tests_and_children(tmp_path: Path) -> None:
    """Tests and what they start import the shim."""
    (tmp_path / "test_it.py").write_text(TEST, encoding="utf-8")

    done = _pytest(tmp_path, "--yr-fake-ds", str(tmp_path))

    assert done.returncode == 0, done.stdout + done.stderr
    assert "yr.datasystem: yr-fake-ds" in done.stdout


def test_a_conftest_that_imports_the_sdk_gets_the_fake(tmp_path: Path) -> None:
    """Activation comes before conftests are loaded."""
    line = "import yr.datasystem\nassert 'yr_fake_ds' in yr.datasystem.__file__\n"
    (tmp_path / "conftest.py").write_text(line, encoding="utf-8")
    (tmp_path / "test_it.py").write_text("def test_it(): pass\n", encoding="utf-8")

    done = _pytest(tmp_path, "--yr-fake-ds", str(tmp_path))

    assert done.returncode == 0, done.stdout + done.stderr


def test_without_the_option_nothing_is_activated(tmp_path: Path) -> None:
    """The plugin alone changes no path."""
    text = f"import sys\ndef test_it(): assert {activation.SHIM_ROOT!r} not in sys.path\n"
    (tmp_path / "test_it.py").write_text(text, encoding="utf-8")

    done = _pytest(tmp_path, str(tmp_path))

    assert done.returncode == 0, done.stdout + done.stderr


def test_a_real_sdk_that_is_imported_already_is_refused(tmp_path: Path) -> None:
    """The run ends with the reason."""
    plugin = "import sys, types\nm = types.ModuleType('yr.datasystem')\nm.__file__ = '/real.py'\n"
    (tmp_path / "early.py").write_text(
        plugin + "sys.modules.update({'yr.datasystem': m})\n", encoding="utf-8"
    )

    done = _pytest(tmp_path, "-p", "early", "--yr-fake-ds", str(tmp_path))

    assert done.returncode != 0
    assert "already imported" in done.stderr


FAULTY = """
import pytest, subprocess, sys

def test_it(yr_faults, tmp_path):
    import os
    assert os.environ["YR_FAKE_DS_FAULTS"].endswith("plan.json")
    with pytest.raises(OSError):
        yr_faults("127.0.0.1:1", {"rules": []})
"""


def test_a_fault_plan_reaches_all_workers(tmp_path: Path) -> None:
    """The option sets the variable that workers read, with an absolute path."""
    (tmp_path / "plan.json").write_text("{}", encoding="utf-8")
    (tmp_path / "test_it.py").write_text(FAULTY, encoding="utf-8")

    done = _pytest(tmp_path, "--yr-fake-ds", "--yr-fake-ds-faults", "plan.json", "test_it.py")

    assert done.returncode == 0, done.stdout + done.stderr


def test_a_wrong_fault_plan_ends_the_run(tmp_path: Path) -> None:
    """The mistake is named before any test runs."""
    plan = '{"rules": [{"action": "explode"}]}'

    done = _pytest(tmp_path, "--yr-fake-ds", "--yr-fake-ds-faults", plan, str(tmp_path))

    assert done.returncode == 4
    assert "--yr-fake-ds-faults: the fault plan is wrong" in done.stderr


OUTSIDE = """
from yr.datasystem import KVClient

def test_a_value_comes_back(yr_worker):
    client = KVClient("127.0.0.1", yr_worker.port)
    client.init()
    client.set("key", b"value")
    assert bytes(client.get(["key"])[0]) == b"value"
    yr_worker.restart()
    assert yr_worker.inspect().objects == []

def test_two_workers(yr_cluster):
    one, other = yr_cluster(2)
    one.kv_client().set("key", b"value")
    assert bytes(other.kv_client().get(["key"])[0]) == b"value"
"""


def _is_installed() -> bool:
    return any(point.value == "yr_fake_ds.pytest" for point in entry_points(group="pytest11"))


def test_a_test_file_outside(tmp_path: Path) -> None:
    """Installed, the plugin is there without `-p`; a setting activates it for good."""
    if not _is_installed():
        pytest.skip("this yr-fake-ds is not installed as its wheel is")
    (tmp_path / "pytest.ini").write_text("[pytest]\nyr_fake_ds = true\n", encoding="utf-8")
    (tmp_path / "test_it.py").write_text(OUTSIDE, encoding="utf-8")
    environ = {key: value for key, value in os.environ.items() if "PYTEST" not in key}

    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        cwd=tmp_path,
        env=environ,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 passed" in done.stdout


@pytest.mark.parametrize(("option", "warnings"), [("", 1), ("--yr-fake-ds", 0)])
def test_clients_of_another_sdk_are_warned_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, option: str, warnings: int
) -> None:
    """A worker of the fake, where `yr.datasystem` is not the fake's, says so before it is tried."""
    sdk = tmp_path / "site" / "yr" / "datasystem"
    sdk.mkdir(parents=True)
    (sdk / "__init__.py").touch()
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "site"), prepend=os.pathsep)
    test = "def test_it(yr_worker): yr_worker.kv_client().set('key', b'value')\n"
    (tmp_path / "test_it.py").write_text(test, encoding="utf-8")

    done = _pytest(tmp_path, *filter(None, [option]), "test_it.py")

    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("cannot talk to a worker of the fake") == warnings
