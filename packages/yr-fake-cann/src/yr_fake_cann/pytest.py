"""The pytest plugin, there wherever the package is installed, and inactive until it is asked for.

    pytest --yr-fake-cann --yr-fake-cann-npus 8, or in pytest's settings
        yr_fake_cann = true
        yr_fake_cann_npus = 8
    fixture `yr_npus`       how many NPUs there are; a test that asks for it fails without any

The emulator is in place before any conftest can import torch; subprocesses, xdist workers and Ray
workers inherit it. The datasystem's look for /dev/davinci* is answered in those only: for device
calls of the datasystem in the test process itself use ``yr-fake-cann run -- pytest``.
"""

import argparse
import os

import pytest

from yr_fake_cann import activation
from yr_fake_cann.cli import npu_count
from yr_fake_cann.errors import ActivationError


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add ``--yr-fake-cann`` and ``--yr-fake-cann-npus``."""
    group = parser.getgroup("yr-fake-cann")
    group.addoption(
        "--yr-fake-cann",
        action="store_true",
        default=False,
        help="put emulated NPUs below torch_npu, here and in all subprocesses",
    )
    group.addoption("--yr-fake-cann-npus", metavar="N", help="NPUs of the emulated machine")
    parser.addini("yr_fake_cann", "always do what --yr-fake-cann does", type="bool", default=False)
    parser.addini("yr_fake_cann_npus", "NPUs of the emulated machine", default="")


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(
    early_config: pytest.Config, parser: pytest.Parser, args: list[str]
) -> None:
    """Activate the emulator before any conftest can import torch_npu."""
    options = parser.parse_known_args(args)
    if not options.yr_fake_cann and not early_config.getini("yr_fake_cann"):
        return
    given = options.yr_fake_cann_npus or early_config.getini("yr_fake_cann_npus")
    saved = dict(os.environ)
    try:
        npus = npu_count(given) if given else None
        activation.activate(activation.Machine(npus=npus))
    except (ActivationError, argparse.ArgumentTypeError) as error:
        raise pytest.UsageError(f"--yr-fake-cann: {error}") from error
    early_config.add_cleanup(lambda: _restore(saved))


def pytest_report_header() -> list[str]:
    """Say that emulated NPUs are active, if they are."""
    return [activation.describe()] if os.environ.get(activation.SWITCH) == "1" else []


@pytest.fixture
def yr_npus() -> int:
    """How many emulated NPUs this process sees; `torch.device("npu", 0)` is the first."""
    if os.environ.get(activation.SWITCH) != "1":
        pytest.fail(
            "no emulated NPUs: they have to be there before torch is imported, so run pytest with "
            "--yr-fake-cann, or set yr_fake_cann = true in its settings",
            pytrace=False,
        )
    import torch_npu

    count: int = torch_npu.npu.device_count()
    return count


def _restore(saved: dict[str, str]) -> None:
    os.environ.clear()
    os.environ.update(saved)
