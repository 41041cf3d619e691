"""The fake's dscli: what it refuses besides what the real one refuses."""

from __future__ import annotations

import pytest
from started_worker import dscli, free_port


def test_other_addresses_need_permission() -> None:
    """A worker off loopback is refused, with the variable that allows it."""
    outcome = dscli(
        "start", "-w", "--worker_address", "10.0.0.1:1", "--metastore_address", "10.0.0.1:2"
    )

    assert outcome.returncode == 1
    assert "YR_FAKE_DS_ALLOW_REMOTE=1" in outcome.stderr


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
