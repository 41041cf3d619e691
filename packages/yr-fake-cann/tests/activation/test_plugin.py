"""The pytest plugin: active before any conftest, gone afterwards, refused when too late."""

import pathlib
import subprocess
import sys

from commands import finished, inactive

TEST = """
import subprocess, sys, torch

def test_here():
    assert (torch.ones(2, device="npu:3") + 1).tolist() == [2, 2]

def test_in_a_child():
    script = "import torch_npu; print(torch_npu.npu.device_count())"
    printed = subprocess.check_output([sys.executable, "-c", script], text=True)
    assert printed.splitlines()[-1] == "4"
"""


def run_pytest(directory: pathlib.Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Run the suite in a directory with the plugin loaded."""
    words = [sys.executable, "-m", "pytest", "-p", "yr_fake_cann.pytest", "-p", "no:cacheprovider"]
    return finished([*words, *options, str(directory)], inactive())


def test_a_suite_runs_on_npus(tmp_path: pathlib.Path) -> None:
    """Tests, their conftest and their children find NPUs."""
    (tmp_path / "conftest.py").write_text("import torch\nassert torch.npu.is_available()\n")
    (tmp_path / "test_npus.py").write_text(TEST)

    done = run_pytest(tmp_path, "--yr-fake-cann", "--yr-fake-cann-npus", "4")

    assert "2 passed" in done.stdout, done.stdout + done.stderr
    assert "CANN: yr-fake-cann" in done.stdout


def test_loading_the_plugin_activates_nothing(tmp_path: pathlib.Path) -> None:
    """Without the option the environment is as it was."""
    (tmp_path / "test_inactive.py").write_text(
        "import os\ndef test_inactive():\n    assert 'YR_FAKE_CANN' not in os.environ\n"
    )

    done = run_pytest(tmp_path)

    assert done.returncode == 0, done.stdout
    assert "CANN:" not in done.stdout


def test_a_setting_and_a_fixture(tmp_path: pathlib.Path) -> None:
    """A suite's settings are enough; the fixture says how many NPUs there are."""
    (tmp_path / "pytest.ini").write_text("[pytest]\nyr_fake_cann = true\nyr_fake_cann_npus = 3\n")
    (tmp_path / "test_npus.py").write_text("def test_count(yr_npus):\n    assert yr_npus == 3\n")

    done = run_pytest(tmp_path)

    assert "1 passed" in done.stdout, done.stdout + done.stderr


def test_the_fixture_alone_says_what_to_do(tmp_path: pathlib.Path) -> None:
    """It is too late for NPUs then."""
    (tmp_path / "test_npus.py").write_text("def test_count(yr_npus):\n    pass\n")

    done = run_pytest(tmp_path)

    assert "run pytest with --yr-fake-cann, or set yr_fake_cann = true" in done.stdout
