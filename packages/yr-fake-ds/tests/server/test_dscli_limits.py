"""The fake's dscli: what it refuses besides what the real one refuses."""

from __future__ import annotations

import tempfile

import pytest
from started_worker import dscli, free_port


def test_an_address_of_another_machine() -> None:
    """Nobody can listen there."""
    addresses = ("--worker_address", "203.0.113.1:1", "--metastore_address", "127.0.0.1:2")

    with tempfile.TemporaryDirectory(prefix="yrs-", dir="/tmp") as home:
        outcome = dscli("start", "-d", home, "-w", *addresses)

    assert outcome.returncode == 1
    assert "bind to tcp://203.0.113.1:1 unsuccessful: Cannot assign" in outcome.stderr


@pytest.mark.parametrize("address", ["nowhere", "127.0.0.1:1,oops", "127.0.0.1:99999"])
def test_an_etcd_address_is_checked(address: str) -> None:
    """Each of the addresses needs a host and a port."""
    outcome = dscli("start", "-w", "--etcd_address", address)

    assert outcome.returncode == 1
    assert f"illegal value '{address}' specified for flag 'etcd_address'" in outcome.stderr


def test_etcd_credentials_are_refused() -> None:
    """The fake speaks plain HTTP to etcd, and says so instead of leaving the flags out."""
    address = f"127.0.0.1:{free_port()}"

    outcome = dscli("start", "-w", "--etcd_address", address, "--etcd_username", "me")

    assert outcome.returncode == 1
    assert "yr-fake-ds does not support --etcd_username me" in outcome.stderr


@pytest.mark.parametrize("command", ["up", "down", "generate_config", "collect_log"])
def test_other_commands_say_why_they_do_nothing(command: str) -> None:
    """Commands that deploy things are refused with the reason."""
    outcome = dscli(command)

    assert outcome.returncode == 1
    assert "supports only start and stop" in outcome.stderr
