"""IPv6, as far as the released datasystem has it (measured on 0.8.1)."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from yr_fake_ds.addresses import is_address, split_address
from yr_fake_ds.directory.remote import RemoteDirectory
from yr_fake_ds.inspect import inspect_worker
from yr_fake_ds.sdk.kv_client import KVClient


def dscli(*words: str) -> subprocess.CompletedProcess[str]:
    """Run the fake's dscli."""
    command = [sys.executable, "-m", "yr_fake_ds.dscli", *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def free_ports() -> list[int]:
    """Give three ports of the loopback address."""
    with contextlib.ExitStack() as stack:
        probes = [stack.enter_context(socket.socket(socket.AF_INET6)) for _ in range(3)]
        for probe in probes:
            try:
                probe.bind(("::1", 0))
            except OSError as error:
                pytest.skip(f"no IPv6 here: {error}")
        return [probe.getsockname()[1] for probe in probes]


@contextlib.contextmanager
def worker(port: int, metastore: int, *flags: str) -> Iterator[str]:
    """Run a worker at ::1 for a block."""
    address = f"[::1]:{port}"
    own = ("--worker_address", address, "--metastore_address", f"[::1]:{metastore}")
    with tempfile.TemporaryDirectory(prefix="yr6-", dir="/tmp") as home:
        dscli("start", "-d", home, "-w", *own, *flags).check_returncode()
        try:
            yield address
        finally:
            dscli("stop", "--worker_address", address).check_returncode()


def test_two_workers_share_values_over_ipv6() -> None:
    """Addresses of workers and metastore have brackets, the clients' host has none."""
    first, second, metastore = free_ports()
    with (
        worker(first, metastore, "--start_metastore_service", "true") as address,
        worker(second, metastore),
    ):
        one, other = KVClient("::1", first), KVClient("::1", second)
        one.init()
        other.init()
        one.set("key", "value")

        assert other.get(["key"], convert_to_str=True) == ["value"]
        assert [state.key for state in inspect_worker(address).objects] == ["key"]


@pytest.mark.parametrize(
    "wrong",
    [
        "::1:31501",
        "[::1]",
        "[::1:31501",
        "[127.0.0.1]:1",
        "[::g]:1",
        "[fe80::1%lo]:1",
        "127.0.0.1:99999",
    ],
)
def test_what_is_no_address(tmp_path: Path, wrong: str) -> None:
    """A worker does not start there."""
    home = ("-d", str(tmp_path))

    assert not is_address(wrong)
    assert dscli("start", *home, "-w", "--worker_address", wrong).returncode == 1


def test_a_worker_that_follows_knows_its_keeper_by_the_same_address() -> None:
    """Otherwise it would join again at every sign of life."""
    address = "[fd79::1]:31501"

    assert RemoteDirectory(*split_address(address)).address == address


def test_an_address_and_its_parts() -> None:
    """Brackets belong to the address, not to the host."""
    assert split_address("[fd79::1]:31501") == ("fd79::1", 31501)
    assert split_address("10.0.0.1:31501") == ("10.0.0.1", 31501)
    assert is_address("[fd79::1]:31501")
