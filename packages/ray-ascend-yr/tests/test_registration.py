"""Registration: again and again, in any order, and nothing left afterwards."""

from __future__ import annotations

import logging
import pathlib
import socket
from typing import Any

import pytest
import ray
from conftest import HOST, Sandbox, free_port, wait_until
from sender import transfer

from ray_ascend import cleanup_yr_resources, register_yr_tensor_transport
from ray_ascend.errors import BackendStartError, ConfigurationError, NotInitializedError


@pytest.mark.parametrize("devices", [[], "cpu", ["tpu"], ["cpu", 7]], ids=repr)
def test_wrong_devices_are_refused(devices: Any) -> None:
    """Anything but a non-empty list of known device types is a ValueError that names them."""
    with pytest.raises(ConfigurationError, match=r"\['npu', 'cpu'\]"):
        register_yr_tensor_transport(devices)


def test_ray_must_run() -> None:
    """Registering before ray.init says what to do."""
    with pytest.raises(NotInitializedError, match=r"call ray\.init\(\) before"):
        register_yr_tensor_transport(["cpu"])


def test_cleaning_up_without_ray_does_nothing() -> None:
    """cleanup_yr_resources may be called at any time."""
    cleanup_yr_resources()


@pytest.mark.datasystem
def test_a_life_of_registrations(sandbox: Sandbox, working_directory: pathlib.Path) -> None:
    """Register twice, transfer, clean up twice, register again, and in a new Ray cluster too."""
    sandbox.start_ray()
    register_yr_tensor_transport(["cpu"])
    register_yr_tensor_transport(["npu", "cpu"])
    assert transfer() == 4950.0
    assert len(sandbox.processes("reaper")) == 1

    cleanup_yr_resources()
    cleanup_yr_resources()
    assert sandbox.leftovers() == []
    wait_until(lambda: ray.util.list_named_actors(all_namespaces=True) == [])

    register_yr_tensor_transport(["cpu"])
    assert transfer() == 4950.0
    sandbox.stop_ray()
    wait_until(lambda: sandbox.leftovers() == [])

    sandbox.start_ray()
    register_yr_tensor_transport(["cpu"])
    assert transfer() == 4950.0
    assert list(working_directory.iterdir()) == []


@pytest.mark.datasystem
def test_a_start_that_fails_leaves_nothing(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A taken port and a bad flag are errors that say why; a correct registration then works."""
    sandbox.start_ray()
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        taken.bind((HOST, sandbox.metastore_port))
        taken.listen()
        with pytest.raises(BackendStartError, match="YR_DS_METASTORE_PORT"):
            register_yr_tensor_transport(["cpu"])

    monkeypatch.setenv("YR_DS_METASTORE_PORT", str(free_port()))
    monkeypatch.setenv("YR_DS_WORKER_ARGS", "--no_such_flag 1")
    with pytest.raises(BackendStartError, match="no_such_flag"):
        register_yr_tensor_transport(["cpu"])

    assert sandbox.leftovers() == []
    wait_until(lambda: ray.util.list_named_actors(all_namespaces=True) == [])
    monkeypatch.setenv("YR_DS_WORKER_ARGS", "--shared_memory_size_mb 128")
    register_yr_tensor_transport(["cpu"])
    assert transfer() == 4950.0


@pytest.mark.datasystem
def test_other_settings_do_not_replace_the_running_ones(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A registration with other variables warns that the running backend's stay in force."""
    sandbox.start_ray()
    register_yr_tensor_transport(["cpu"])
    monkeypatch.setenv("YR_DS_WORKER_ARGS", "--shared_memory_size_mb 64")

    with caplog.at_level(logging.WARNING, logger="ray_ascend"):
        register_yr_tensor_transport(["cpu"])

    assert "other settings, which stay in force" in caplog.text
    assert "YR_DS_WORKER_ARGS is '--shared_memory_size_mb 128' there" in caplog.text
    assert "'--shared_memory_size_mb 64' here" in caplog.text
