"""The fake's dscli: what it refuses besides what the real one refuses."""

from __future__ import annotations

import os
import tempfile

import pytest
from started_worker import Started, dscli, free_port


def test_an_address_of_another_machine() -> None:
    """Nobody can listen there."""
    addresses = ("--worker_address", "203.0.113.1:1", "--metastore_address", "127.0.0.1:2")

    with tempfile.TemporaryDirectory(prefix="yrs-", dir="/tmp") as home:
        outcome = dscli("start", "-d", home, "-w", *addresses)

    assert outcome.returncode == 1
    assert "bind to tcp://203.0.113.1:1 unsuccessful: Cannot assign" in outcome.stderr


def test_an_address_where_a_worker_lives(worker: Started) -> None:
    """In its home too the port is what is in the way; the start takes back that it was ready."""
    addresses = (
        "--worker_address",
        f"127.0.0.1:{worker.port}",
        "--metastore_address",
        "127.0.0.1:2",
    )
    ready = os.path.join(worker.home, "datasystem", "probe", "ready")
    was_ready = os.path.exists(ready)

    outcome = dscli("start", "-d", worker.home, "-w", *addresses)

    assert outcome.returncode == 1
    assert f"bind to tcp://127.0.0.1:{worker.port} unsuccessful: Address already" in outcome.stderr
    assert (was_ready, os.path.exists(ready)) == (True, False)


def test_a_worker_is_stopped_once(worker: Started) -> None:
    """The second time there is none, and the address may be used again."""
    address = f"127.0.0.1:{worker.port}"

    outcomes = [dscli("stop", "--worker_address", address) for _number in range(2)]

    assert [outcome.returncode for outcome in outcomes] == [0, 1]
    assert "No matching process found for" in outcomes[1].stderr


@pytest.mark.parametrize("address", ["nowhere", "127.0.0.1:1,oops", "127.0.0.1:99999"])
def test_an_etcd_address_is_checked(address: str) -> None:
    """Each of the addresses needs a host and a port."""
    outcome = dscli("start", "-w", "--etcd_address", address)

    assert outcome.returncode == 1
    assert f"illegal value '{address}' specified for flag 'etcd_address'" in outcome.stderr


@pytest.mark.parametrize(
    ("flags", "name"),
    [
        (["--etcd_username", "me", "--etcd_password", "it"], "etcd_username"),
        (["--enable_etcd_auth", "true"], "enable_etcd_auth"),
    ],
)
def test_a_metastore_knows_no_users(flags: list[str], name: str) -> None:
    """What keeps a released worker from its metastore is refused at once, with the flag."""
    address = f"127.0.0.1:{free_port()}"

    outcome = dscli("start", "-w", "--metastore_address", address, *flags)

    assert outcome.returncode == 1
    assert f"leave --{name} out" in outcome.stderr


@pytest.mark.parametrize("command", ["up", "down", "generate_config", "collect_log"])
def test_other_commands_say_why_they_do_nothing(command: str) -> None:
    """Commands that deploy things are refused with the reason."""
    outcome = dscli(command)

    assert outcome.returncode == 1
    assert "supports only start and stop" in outcome.stderr
