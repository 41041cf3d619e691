"""The pytest plugin: run a suite on emulated NPUs without changing how it is started.

    pytest -p yr_fake_cann.pytest --yr-fake-cann --yr-fake-cann-npus 8

The emulator is in place before any conftest can import torch; subprocesses, xdist workers and Ray
workers inherit it. The datasystem's look for /dev/davinci* is answered in those only: for device
calls of the datasystem in the test process itself use ``yr-fake-cann run -- pytest``.
"""

import os

import pytest

from yr_fake_cann import activation
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
    group.addoption(
        "--yr-fake-cann-npus", type=int, metavar="N", help="NPUs of the emulated machine"
    )


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(
    early_config: pytest.Config, parser: pytest.Parser, args: list[str]
) -> None:
    """Activate the emulator before any conftest can import torch_npu."""
    options = parser.parse_known_args(args)
    if not options.yr_fake_cann:
        return
    saved = dict(os.environ)
    try:
        activation.activate(activation.Machine(npus=options.yr_fake_cann_npus))
    except ActivationError as error:
        raise pytest.UsageError(f"--yr-fake-cann: {error}") from error
    early_config.add_cleanup(lambda: _restore(saved))


def pytest_report_header() -> str:
    """Say whether emulated NPUs are active."""
    return activation.describe()


def _restore(saved: dict[str, str]) -> None:
    os.environ.clear()
    os.environ.update(saved)
