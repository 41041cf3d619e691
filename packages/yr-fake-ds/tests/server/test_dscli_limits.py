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


def test_etcd_mode_says_that_it_is_missing() -> None:
    """Mode etcd is refused by name."""
    outcome = dscli("start", "-w", "--etcd_address", f"127.0.0.1:{free_port()}")

    assert outcome.returncode == 1
    assert "etcd mode is not supported by this version of yr-fake-ds" in outcome.stderr


@pytest.mark.parametrize("command", ["up", "down", "generate_config", "collect_log"])
def test_other_commands_say_why_they_do_nothing(command: str) -> None:
    """Commands that deploy things are refused with the reason."""
    outcome = dscli(command)

    assert outcome.returncode == 1
    assert "supports only start and stop" in outcome.stderr
