"""MODE-BAD: values that no backend can be started with are refused before anything is."""

from __future__ import annotations

from typing import Final

import pytest

from yr_conformance.chapters.mode.clauses import DESIGN, MUST, clause
from yr_conformance.settings.attempt import Attempt
from yr_conformance.settings.backend import Backends
from yr_conformance.settings.driver_process import DriverProcess
from yr_conformance.settings.variables import (
    ETCD_ADDRESS,
    GRACE,
    METASTORE_PORT,
    MODE,
    WORKER_ARGS,
    WORKER_ENV,
    WORKER_PORT,
)

PORT = "must be a port number from 1 to 65535"
ADDRESS = "must be HOST:PORT"
SECONDS = "must be a number of seconds, 0 or more"
VALUES: Final[dict[str, dict[str, tuple[str, ...]]]] = {
    MODE: {"'metastore' or 'etcd'": ("foo", "metastore,etcd", "1")},
    WORKER_PORT: {
        PORT: ("abc", "0", "65536", "-1", "31501.0", "0x7b0d", "127.0.0.1:31501"),
        "must differ": ("2379",),
    },
    METASTORE_PORT: {PORT: ("abc", "0", "65536", "2379 2380"), "must differ": ("31501",)},
    ETCD_ADDRESS: {
        "without a scheme": ("http://127.0.0.1:2379", "https://etcd:2379"),
        ADDRESS: ("127.0.0.1", ":2379", "127.0.0.1:", "127.0.0.1:0", "etcd:2379/path"),
        "separated by commas": ("etcd:2379,", "127.0.0.1:2379 127.0.0.2:2379"),
        "IPv6 in brackets": ("::1:2379",),
    },
    WORKER_ARGS: {
        "is not a flag": ("shared_memory_size_mb 64", "-v 1", "--v 1 2"),
        "has no value": ("--shared_memory_size_mb", "--v --minloglevel 1"),
        "is there twice": ("--v 1 --v 2", "--v=1 --v 1"),
        "No closing quotation": ("--log_dir '/a",),
        "YR_DS_WORKER_PORT": ("--worker_address 127.0.0.1:1",),
        "YR_DS_METASTORE_PORT": ("--metastore_address=127.0.0.1:1",),
        "YR_DS_INIT_MODE": ("--start_metastore_service true",),
        "YR_DS_ETCD_ADDRESS": ("--etcd_address 127.0.0.1:1",),
        "numbers of NPUs": (
            "--remote_h2d_device_ids npu:0",
            "--remote_h2d_device_ids=0,,1",
            "--remote_h2d_device_ids '0, 1'",
            "--remote_h2d_device_ids 0,0",
        ),
    },
    WORKER_ENV: {
        "is no NAME=VALUE": ("UCX_TLS", "A=1 B", "1A=2", "=3"),
        "is there twice": ("A=1 B=2 A=1",),
        "No closing quotation": ("A='b",),
    },
    GRACE: {SECONDS: ("soon", "-1", "nan", "inf")},
}
CASES = [
    (name, value, hint)
    for name, hints in VALUES.items()
    for hint, values in hints.items()
    for value in values
]


@pytest.fixture(scope="module")
def refusals(backends: Backends) -> dict[tuple[str, str], Attempt]:
    """Every bad value, given to a driver that registers with nothing else set."""
    driver = backends.idle_driver()
    return {(name, value): driver.register({name: value}) for name, value, _ in CASES}


@clause("MODE-BAD-01", MUST, source=DESIGN)
@pytest.mark.parametrize(("name", "value", "hint"), CASES)
def test_a_bad_value_is_named(
    refusals: dict[tuple[str, str], Attempt], name: str, value: str, hint: str
) -> None:
    """A bad value is a ConfigurationError with variable, value, and what is allowed instead."""
    refused = refusals[name, value]

    assert refused.error == "ConfigurationError", refused
    assert name in refused.text
    assert value in refused.text
    assert hint in refused.text


@clause("MODE-BAD-02", MUST, source=DESIGN)
def test_a_bad_value_starts_nothing(refusals: dict[tuple[str, str], Attempt]) -> None:
    """Nothing is started before a value is refused: no actor, no `dscli`, no directory."""
    for case, refused in refusals.items():
        assert refused.error == "ConfigurationError", case
        assert not refused.actors, f"{case}: {refused}"
        assert not refused.starts, f"{case}: {refused}"
        assert not refused.left, f"{case}: {refused}"


@clause("MODE-BAD-03", MUST, source=DESIGN)
@pytest.mark.parametrize("address", [{}, {ETCD_ADDRESS: " "}], ids=["unset", "blank"])
def test_etcd_mode_needs_an_address(driver: DriverProcess, address: dict[str, str]) -> None:
    """Mode etcd without an address is a ConfigurationError that names the missing variable."""
    refused = driver.register({MODE: "etcd", **address})

    refused.check_refused("ConfigurationError", f"{ETCD_ADDRESS} is not set", f"{MODE}=etcd")
    assert not refused.actors
    assert not refused.starts


@clause("MODE-BAD-04", MUST, source=DESIGN)
@pytest.mark.parametrize(
    ("mode", "other"), [("etcd", METASTORE_PORT), ("metastore", ETCD_ADDRESS)], ids=["etcd", "meta"]
)
def test_a_variable_of_the_other_mode(driver: DriverProcess, mode: str, other: str) -> None:
    """A bad value is refused in the mode too that would not use it."""
    refused = driver.register({ETCD_ADDRESS: "127.0.0.1:2379", MODE: mode, other: "wrong"})

    refused.check_refused("ConfigurationError", f"{other}='wrong'")
    assert not refused.starts
