"""The pytest plugin, there wherever the package is installed, and inactive until it is asked for.

pytest --yr-fake-ds, or `yr_fake_ds = true` in pytest's settings
    the fake is `yr.datasystem` and `dscli` before any conftest is loaded, also in subprocesses,
    xdist workers and Ray workers
fixtures `yr_worker`, `yr_cluster`       workers of the fake, started and stopped for a test
fixtures `yr_no_leaked_keys`, `yr_faults`   called with a worker's address
"""

import contextlib
import os
import sys
import warnings
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest

from yr_fake_ds import activation
from yr_fake_ds.errors import ActivationError

if TYPE_CHECKING:
    from yr_fake_ds.faults.installation import InstalledFaults
    from yr_fake_ds.inspect import Inspection
    from yr_fake_ds.local_workers import Worker


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add ``--yr-fake-ds``."""
    group = parser.getgroup("yr-fake-ds")
    group.addoption(
        "--yr-fake-ds",
        action="store_true",
        default=False,
        help="let yr.datasystem and dscli be the in-memory fake, here and in all subprocesses",
    )
    parser.addini("yr_fake_ds", "always do what --yr-fake-ds does", type="bool", default=False)
    group.addoption(
        "--yr-fake-ds-faults",
        default="",
        metavar="PLAN",
        help="fault plan of all workers that are started: JSON, or a file with it",
    )


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(
    early_config: pytest.Config, parser: pytest.Parser, args: list[str]
) -> None:
    """Activate the fake before any conftest can import `yr`."""
    options = parser.parse_known_args(args)
    if options.yr_fake_ds_faults:
        _set_fault_plan(early_config, options.yr_fake_ds_faults)
    if not options.yr_fake_ds and not early_config.getini("yr_fake_ds"):
        return
    saved = {name: os.environ.get(name) for name in activation.variables(os.environ)}
    try:
        activation.activate()
    except ActivationError as error:
        raise pytest.UsageError(f"--yr-fake-ds: {error}") from error
    early_config.add_cleanup(lambda: _restore(saved))


@pytest.fixture
def yr_faults() -> "Iterator[Callable[..., InstalledFaults]]":
    """Let a running worker fail: ``yr_faults("127.0.0.1:31501", {"rules": [...]})``.

    The worker follows the plan until the test ends; ``.fired()`` of what is returned counts.
    """
    from yr_fake_ds.faults.installation import install_faults

    with contextlib.ExitStack() as stack:
        yield lambda address, plan: stack.enter_context(install_faults(address, plan))


def pytest_report_header() -> list[str]:
    """Say that the fake is active, if it is."""
    # Looking for the SDK would import whatever else is called `yr`.
    return [activation.active_sdk().describe()] if activation.SHIM_ROOT in sys.path else []


@pytest.fixture
def yr_worker() -> "Iterator[Worker]":
    """A worker of the fake for this test: `address`, `kv_client()`, `restart()`, `kill()`."""
    from yr_fake_ds.local_workers import worker

    _warn_of_another_sdk()
    with worker() as one:
        yield one


@pytest.fixture
def yr_cluster() -> "Iterator[Callable[..., list[Worker]]]":
    """Start workers that serve each other's values, for example two: ``yr_cluster(2)``."""
    from yr_fake_ds.local_workers import cluster

    _warn_of_another_sdk()
    with contextlib.ExitStack() as stack:
        yield lambda count, **flags: stack.enter_context(cluster(count, **flags))


@pytest.fixture
def yr_no_leaked_keys() -> Iterator[Callable[[str], None]]:
    """Watch workers: ``yr_no_leaked_keys("127.0.0.1:31501")`` at the beginning of a test.

    The test fails, after its other fixtures that depend on this one are gone, if the worker then
    holds keys that it did not hold at that moment.
    """
    from yr_fake_ds.inspect import inspect_worker, leaked_keys

    before: dict[str, Inspection] = {}

    def watch(address: str) -> None:
        before[address] = inspect_worker(address)

    yield watch
    leaks = {
        address: keys
        for address, state in before.items()
        if (keys := leaked_keys(state, inspect_worker(address)))
    }
    if leaks:
        pytest.fail(f"keys were left behind: {leaks}", pytrace=False)


def _warn_of_another_sdk() -> None:
    """Say before it is tried what the released client reports after its 60 s: it cannot connect."""
    sdk = activation.active_sdk()
    if sdk.kind == "real":
        warnings.warn(
            f"{sdk.describe()}, whose clients cannot talk to a worker of the fake; use the "
            "worker's kv_client() and object_client(), or pytest's option --yr-fake-ds",
            pytest.PytestWarning,
            stacklevel=2,
        )


def _set_fault_plan(config: pytest.Config, source: str) -> None:
    from yr_fake_ds.faults.plan import VARIABLE, FaultPlanError, load_plan

    try:
        load_plan(source)
    except FaultPlanError as error:
        raise pytest.UsageError(f"--yr-fake-ds-faults: {error}") from error
    saved = {VARIABLE: os.environ.get(VARIABLE)}
    is_file = not source.lstrip().startswith("{")
    os.environ[VARIABLE] = os.path.abspath(source) if is_file else source
    config.add_cleanup(lambda: _restore(saved))


def _restore(saved: dict[str, str | None]) -> None:
    for name, value in saved.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
