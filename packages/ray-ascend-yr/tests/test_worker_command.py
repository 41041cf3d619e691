"""The command line and the environment of a worker, and what is looked at before it starts."""

from __future__ import annotations

import itertools
import socket

import pytest

from ray_ascend.backend import worker_command
from ray_ascend.backend.config import BackendConfig
from ray_ascend.backend.placement import Placement
from ray_ascend.backend.worker_command import (
    check_ports,
    start_command,
    worker_environment,
)
from ray_ascend.errors import BackendStartError


def test_the_users_flag_wins() -> None:
    """A flag of the user's replaces ours; values with blanks stay one word."""
    config = BackendConfig.from_env({"YR_DS_WORKER_ARGS": "--minloglevel 0 --log_dir '/a b'"})

    command = start_command(config, Placement(), "h", "/home")

    assert command.count("--minloglevel") == 1
    assert command[command.index("--minloglevel") + 1] == "0"
    assert command[command.index("--log_dir") + 1] == "/a b"


@pytest.mark.parametrize(
    ("mode", "arguments", "names"),
    [
        ("etcd", "", ["yr-1"]),
        ("etcd", "--cluster_name mine", ["mine"]),
        ("metastore", "", []),
    ],
)
def test_a_backend_in_etcd_has_a_cluster_of_its_own(
    mode: str, arguments: str, names: list[str]
) -> None:
    """Its name is the backend's unless the user has given one."""
    config = BackendConfig.from_env(
        {
            "YR_DS_INIT_MODE": mode,
            "YR_DS_ETCD_ADDRESS": "127.0.0.1:2379",
            "YR_DS_WORKER_ARGS": arguments,
        }
    )

    command = start_command(config, Placement(cluster="yr-1"), "h", "/home")

    given = [after for flag, after in itertools.pairwise(command) if flag == "--cluster_name"]
    assert given == names


def test_a_free_port_is_not_one_for_outgoing_connections() -> None:
    """Linux may give those to anybody until the worker is started again; Ray has those below."""
    with open("/proc/sys/net/ipv4/ip_local_port_range", encoding="ascii") as file:
        lowest = int(file.read().split()[0])

    port = worker_command.free_port("127.0.0.1")

    assert 20_000 <= port < max(lowest, 20_001) or lowest <= 20_000


@pytest.mark.parametrize(
    ("arguments", "visible"),
    [
        ("--remote_h2d_device_ids=1,0", {"ASCEND_RT_VISIBLE_DEVICES": "1,0"}),
        ("--remote_h2d_device_ids ''", {}),
        ("", {}),
    ],
)
def test_npus_for_remote_copies_are_visible(arguments: str, visible: dict[str, str]) -> None:
    """The worker sees the NPUs that it is to use, and otherwise what its node sees."""
    config = BackendConfig.from_env({"YR_DS_WORKER_ARGS": arguments})

    assert worker_environment(config) == visible


def test_the_users_variables_reach_the_worker() -> None:
    """They are there beside the NPUs that a flag makes visible."""
    config = BackendConfig.from_env(
        {
            "YR_DS_WORKER_ENV": "UCX_TLS=rc,tcp",
            "YR_DS_WORKER_ARGS": "--remote_h2d_device_ids 2",
        }
    )

    assert worker_environment(config) == {
        "UCX_TLS": "rc,tcp",
        "ASCEND_RT_VISIBLE_DEVICES": "2",
    }


def test_npus_for_remote_copies_are_counted_within_the_visible() -> None:
    """The worker is given places in its ASCEND_RT_VISIBLE_DEVICES, not numbers of the node."""
    config = BackendConfig.from_env({"YR_DS_WORKER_ARGS": "--remote_h2d_device_ids 6,2,3"})

    command = start_command(config, Placement(), "h", "/home")

    assert command[command.index("--remote_h2d_device_ids") + 1] == "0,1,2"


def test_every_taken_port_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """One error tells about both ports, so that both can be changed at once."""
    monkeypatch.setattr(worker_command, "_PORT_PATIENCE_S", 0.1)

    with (
        socket.create_server(("127.0.0.1", 0)) as one,
        socket.create_server(("127.0.0.1", 0)) as two,
    ):
        worker_port, metastore_port = one.getsockname()[1], two.getsockname()[1]
        config = BackendConfig(worker_port=worker_port, metastore_port=metastore_port)
        with pytest.raises(BackendStartError) as raised:
            check_ports(config, Placement(port=worker_port), "127.0.0.1")

    for variable, port in (("WORKER", worker_port), ("METASTORE", metastore_port)):
        assert f"port {port} on 127.0.0.1 cannot be used" in str(raised.value)
        assert f"set YR_DS_{variable}_PORT to a free one" in str(raised.value)
